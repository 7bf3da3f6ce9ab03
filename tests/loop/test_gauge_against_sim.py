"""The flight gauge with the shipped mission's pack against the simulator's pack and its own circuit."""

from __future__ import annotations

import random

import pytest

from fsw.mission import load_mission
from fsw.sense.gauge import SIGMA_SOC, BatteryGauge
from hal.clock import SECOND_NS
from sim.battery import Battery, BatteryConfig

MISSION = load_mission("owned.toml")
ORBIT_S, DARK_S, ARRAY_W = 5_668, 2_130, 72.0


@pytest.mark.parametrize(("dark_w", "sun_w"), [(20.0, 20.0), (25.0, 40.0), (40.0, 60.0), (20.0, 78.0)])
def test_two_orbits_of_the_simulated_pack_stay_inside_sigma(dark_w: float, sun_w: float) -> None:
    assert MISSION.battery is not None
    pack, gauge, noise = Battery(BatteryConfig()), BatteryGauge(MISSION.battery), random.Random(1)
    worst = 0.0
    for second in range(2 * ORBIT_S):
        in_sun = second % ORBIT_S < ORBIT_S - DARK_S
        power_w = max(sun_w - ARRAY_W, -pack.charge_acceptance_w(1.0)) if in_sun else dark_w
        pack.step(power_w, 1.0)
        voltage_v = pack.voltage_v + noise.gauss(0.00125, 0.001)  # INA226: offset and noise at their typical values
        current_a = pack.current_a + noise.gauss(0.002, 0.001)
        worst = max(worst, abs(gauge.update(second * SECOND_NS, voltage_v, current_a) - pack.soc))
    assert worst < SIGMA_SOC

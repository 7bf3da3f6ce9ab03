"""The gauge stays within its margins over two orbits of a pack that is not quite the one in the mission file."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Iterator

import pytest

from fsw.mission import Battery, load_mission
from fsw.sense.gauge import SIGMA_SOC, BatteryGauge
from hal.clock import SECOND_NS

MISSION = load_mission("owned.toml")
assert MISSION.battery is not None
BATTERY: Battery = MISSION.battery
ORBIT_S, DARK_S = 5_668, 2_130
CURRENT_NOISE_A, CURRENT_OFFSET_A = 0.001, 0.002  # INA226 on 5 mOhm: 2.5 uV a bit, 10 uV offset at most
VOLTAGE_NOISE_V, VOLTAGE_OFFSET_V = 0.001, 0.00125


class Pack:
    """A pack by its own integration: terminal voltage and current for a power, positive while it discharges."""

    def __init__(self, battery: Battery, soc: float) -> None:
        self.battery, self.soc = battery, soc

    def draw(self, power_w: float, seconds: float) -> tuple[float, float]:
        ocv_v, ohm = self.battery.ocv_at_v(self.soc), self.battery.resistance_ohm
        current_a = (ocv_v - math.sqrt(ocv_v * ocv_v - 4.0 * ohm * power_w)) / (2.0 * ohm)
        share = self.battery.coulombic_efficiency if current_a < 0.0 else 1.0
        self.soc = min(1.0, self.soc - current_a * share * seconds / (self.battery.capacity_ah * 3600.0))
        return self.battery.ocv_at_v(self.soc) - current_a * ohm, current_a


def orbits(pack: Pack, dark_w: float, sun_w: float, seconds: int = 2 * ORBIT_S) -> Iterator[tuple[int, float, float]]:
    """Time, voltage and current as sensors show them, second by second."""
    noise = random.Random(7)
    for second in range(seconds):
        in_sun = second % ORBIT_S < ORBIT_S - DARK_S
        power_w = max(sun_w, -200.0 * (1.0 - pack.soc)) if in_sun else dark_w  # a full pack takes little
        voltage_v, current_a = pack.draw(power_w, 1.0)
        yield (
            second * SECOND_NS,
            voltage_v + noise.gauss(VOLTAGE_OFFSET_V, VOLTAGE_NOISE_V),
            current_a + noise.gauss(CURRENT_OFFSET_A, CURRENT_NOISE_A),
        )


@pytest.mark.parametrize(("dark_w", "sun_w"), [(22.0, -30.0), (45.0, -15.0), (30.0, 5.0)])
def test_two_orbits_of_the_characterised_pack_stay_inside_sigma(dark_w: float, sun_w: float) -> None:
    pack, gauge = Pack(BATTERY, 0.9), BatteryGauge(BATTERY)
    errors = [gauge.update(*row) - pack.soc for row in orbits(pack, dark_w, sun_w)]
    assert max(map(abs, errors)) < SIGMA_SOC


@pytest.mark.parametrize(("ohm", "ah"), [(1.06, 1.0), (0.94, 1.0), (1.0, 1.02), (1.0, 0.98), (1.03, 0.98)])
def test_a_pack_that_differs_stays_inside_what_the_guard_sets_aside(ohm: float, ah: float) -> None:
    true = dataclasses.replace(
        BATTERY, resistance_ohm=BATTERY.resistance_ohm * ohm, capacity_ah=BATTERY.capacity_ah * ah
    )
    pack, gauge = Pack(true, 0.9), BatteryGauge(BATTERY)
    optimism = max(gauge.update(*row) - pack.soc for row in orbits(pack, 40.0, -25.0))
    assert optimism < SIGMA_SOC + MISSION.guard.soc_margin


def test_a_wrong_beginning_is_forgotten_within_a_few_orbits() -> None:
    """The first reading falls on a surge: the voltage alone is off, the long run is not."""
    pack, gauge = Pack(BATTERY, 0.9), BatteryGauge(BATTERY)
    gauge.update(0, 14.0, 0.0)
    assert abs((gauge.soc or 0.0) - 0.2) < 0.01
    for row in orbits(pack, 22.0, -30.0, 4 * ORBIT_S):
        gauge.update(*row)
    assert gauge.soc == pytest.approx(pack.soc, abs=0.01)


@pytest.mark.parametrize("draw_w", [15.0, 45.0, 80.0])
def test_without_a_current_sensor_the_gauge_never_says_more_than_there_is(draw_w: float) -> None:
    """Coasting through an eclipse on the draw alone, after a last good pair of readings."""
    pack, gauge = Pack(BATTERY, 0.9), BatteryGauge(BATTERY)
    gauge.update(0, *pack.draw(draw_w, 1.0))
    for second in range(1, DARK_S):
        pack.draw(draw_w, 1.0)
        gauge.coast(second * SECOND_NS, draw_w)
        assert (gauge.soc or 0.0) - SIGMA_SOC < pack.soc + MISSION.guard.soc_margin
    assert gauge.soc is not None and gauge.soc - SIGMA_SOC - MISSION.guard.soc_margin <= pack.soc


def test_charge_stays_between_empty_and_full() -> None:
    gauge = BatteryGauge(BATTERY)
    gauge.update(0, BATTERY.ocv_v[-1] + 1.0, 0.0)
    assert gauge.soc == 1.0
    assert gauge.update(SECOND_NS, BATTERY.ocv_v[-1] + 1.0, -400.0) == 1.0
    gauge.coast(10_000 * SECOND_NS, 500.0)
    assert gauge.soc == 0.0


def test_charge_that_was_never_measured_is_unknown() -> None:
    gauge = BatteryGauge(BATTERY)
    gauge.coast(SECOND_NS, 40.0)
    assert gauge.soc is None

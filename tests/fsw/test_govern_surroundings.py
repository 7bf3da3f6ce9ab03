"""The planner learns what the payload takes up from its surroundings; broken sensors teach it nothing."""

from __future__ import annotations

import dataclasses

import pytest

from fsw.govern.surroundings import MOST, Surroundings
from fsw.messages import Plant
from fsw.mission import load_mission
from hal.clock import SECOND_NS
from hal.constants import STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K

PAYLOAD = load_mission("owned.toml").payload
PLANT = Plant(
    time_ns=0, soc=0.9, worst_soc=0.9, energy_above_floor_j=1e5, worst_energy_above_floor_j=1e5, battery_power_w=0.0,
    worst_battery_temp_c=20.0, array_power_w=75.0, bus_power_w=40.0, worst_bus_power_w=40.0, payload_power_w=20.0,
    worst_payload_power_w=20.0, payload_temp_c=30.0, worst_payload_temp_c=30.0, radiator_temp_c=30.0,
    dose_rate_ugy_s=0.0, upsets=0,
)  # fmt: skip


def looks(surroundings_w: float, minutes: int) -> list[Plant]:
    """A payload of one temperature in these surroundings, drawing 20 W, seen every ten seconds."""
    temp_c, plants = 30.0, []
    emission = PAYLOAD.radiator_emissivity * PAYLOAD.radiator_area_m2 * STEFAN_BOLTZMANN_W_M2K4
    for second in range(minutes * 60):
        if second % 10 == 0:
            seen = dataclasses.replace(PLANT, time_ns=second * SECOND_NS, payload_temp_c=temp_c, radiator_temp_c=temp_c)
            plants.append(seen)
        net_w = 20.0 + surroundings_w - emission * (temp_c + ZERO_CELSIUS_K) ** 4
        temp_c += net_w / (PAYLOAD.computer_j_k + PAYLOAD.radiator_j_k)
    return plants


@pytest.mark.parametrize("surroundings_w", [12.0, 31.0])
def test_an_hour_of_sun_teaches_what_the_sun_brings(surroundings_w: float) -> None:
    watch = Surroundings(PAYLOAD)
    for plant in looks(surroundings_w, 90):
        watch.learn(plant, sunlit=True)
    assert watch.watts(sunlit=True) == pytest.approx(surroundings_w, abs=0.5)
    assert watch.watts(sunlit=False) == PAYLOAD.environment_dark_w


def test_nothing_is_learnt_without_sensors_or_across_a_gap() -> None:
    watch = Surroundings(PAYLOAD)
    plants = looks(31.0, 30)
    for plant in plants:
        watch.learn(dataclasses.replace(plant, radiator_temp_c=None), sunlit=True)
    for plant in plants[::10]:
        watch.learn(plant, sunlit=True)
    assert watch.watts(sunlit=True) == PAYLOAD.environment_sun_w


def test_what_no_surroundings_can_be_is_held_at_a_bound() -> None:
    watch = Surroundings(PAYLOAD)
    for plant in looks(500.0, 60):
        watch.learn(plant, sunlit=True)
    assert watch.watts(sunlit=True) <= MOST * PAYLOAD.environment_sun_w

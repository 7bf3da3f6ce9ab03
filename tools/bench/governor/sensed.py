"""What is sensed of the reference plant: the truth, or the truth through a fault of one sensor at a time.

The faults are seeded and inside the margins that the mission states: a channel that says nothing for up to ten
minutes, and counts as the worst that it may have become by then; a charge off by 0.1 %; a noisy thermometer.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fsw.messages import Plant
from hal.clock import SECOND_NS
from hal.constants import ZERO_CELSIUS_K
from tools.bench.governor import reference

DELIVERED = reference.EFFICIENCY  # joules at the bus for one stored
KINDS = ("payload_temp", "payload_power", "array_power", "radiator_temp", "charge", "noise")
MEAN_GAP_S, LONGEST_S = 1_200.0, 600.0
FASTEST_K_S = 0.05  # of the payload's temperature, twice what full load does
CHARGE_OFF, NOISE_K = 0.001, 0.03
MOST_W = reference.IDLE_W + 52.0


def sensed(plant: reference.Plant, now_ns: int) -> Plant:
    """Every sensor tells the truth."""
    above_j = (plant.stored_j - reference.FLOOR_SOC * reference.CAPACITY_J) * DELIVERED
    payload_w = reference.IDLE_W + plant.load_w
    temp_c = plant.temp_k - ZERO_CELSIUS_K
    return Plant(
        time_ns=now_ns,
        soc=plant.soc,
        worst_soc=plant.soc,
        energy_above_floor_j=above_j,
        worst_energy_above_floor_j=above_j,
        battery_power_w=payload_w + reference.BUS_W - plant.array_w,
        worst_battery_temp_c=20.0,
        array_power_w=plant.array_w,
        bus_power_w=reference.BUS_W + payload_w,
        worst_bus_power_w=reference.BUS_W + payload_w,
        payload_power_w=payload_w,
        worst_payload_power_w=payload_w,
        payload_temp_c=temp_c,
        worst_payload_temp_c=temp_c,
        radiator_temp_c=temp_c,
        dose_rate_ugy_s=0.0,
        upsets=0,
    )


class FaultySensors:
    """The faults of one run, and what they make of what is sensed."""

    def __init__(self, seed: int, duration_s: float) -> None:
        self._rng = np.random.default_rng([seed, 0x5E45])
        self._schedule = self._drawn(duration_s)
        self._well: Plant | None = None  # the last before the present fault

    def apply(self, plant: Plant) -> Plant:
        """The plant as the sensors show it."""
        now_s = plant.time_ns / SECOND_NS
        while self._schedule and self._schedule[0][1] <= now_s:
            self._schedule.pop(0)
        if not self._schedule or self._schedule[0][0] > now_s:
            self._well = plant
            return plant
        return self._through(self._schedule[0][2], plant)

    def _drawn(self, duration_s: float) -> list[tuple[float, float, str]]:
        rows, at_s = [], 0.0
        while at_s < duration_s:
            at_s += 60.0 + float(self._rng.exponential(MEAN_GAP_S))
            end_s = at_s + float(self._rng.uniform(10.0, LONGEST_S))
            rows.append((at_s, end_s, str(self._rng.choice(KINDS))))
            at_s = end_s
        return rows

    def _through(self, kind: str, plant: Plant) -> Plant:
        well = self._well or plant
        if kind == "payload_temp":
            silent_s = (plant.time_ns - well.time_ns) / SECOND_NS
            worst_c = well.worst_payload_temp_c + FASTEST_K_S * silent_s
            return replace(plant, payload_temp_c=None, worst_payload_temp_c=worst_c, stale=("payload_temp_c",))
        if kind == "payload_power":
            return replace(plant, payload_power_w=None, worst_payload_power_w=MOST_W, stale=("payload_power_w",))
        if kind == "array_power":
            return replace(plant, array_power_w=None)
        if kind == "radiator_temp":
            return replace(plant, radiator_temp_c=None)
        if kind == "noise":
            temp_c = plant.worst_payload_temp_c + float(self._rng.normal(0.0, NOISE_K))
            return replace(plant, payload_temp_c=temp_c, worst_payload_temp_c=temp_c, radiator_temp_c=temp_c)
        soc, above_j = plant.soc or 0.0, plant.energy_above_floor_j or 0.0
        above_j += CHARGE_OFF * reference.CAPACITY_J * DELIVERED
        return replace(
            plant, soc=soc + CHARGE_OFF, worst_soc=soc + CHARGE_OFF,
            energy_above_floor_j=above_j, worst_energy_above_floor_j=above_j,
        )  # fmt: skip

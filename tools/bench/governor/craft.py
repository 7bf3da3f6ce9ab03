"""A spacecraft as the clairvoyant bound sees it: lumps and limits, each where it errs on the generous side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsw.govern.programme import Floats

COLDEST_K = 250.0  # the lower end of the chord of the T^4 law


@dataclass(frozen=True, slots=True, kw_only=True)
class Craft:
    """One spacecraft over a run. Arrays have an entry a slot; joules of the battery count from empty.

    `reserve_j` is what must be stored above the floor at each slot's end so that idling alone leads to sunrise.
    """

    slot_s: float
    array_w: Floats
    base_w: float  # what draws with no job: bus and payload idle
    idle_w: float  # of that, the payload
    start_j: float
    floor_j: float
    full_j: float
    charge: float  # stored of a joule that enters
    discharge: float  # delivered of a joule that leaves
    reserve_j: Floats
    heat_j_k: float
    start_k: float
    ceiling_k: float
    emission_w_k4: float
    surroundings_w: Floats
    leak_w_k: float = 0.0  # to what is at `leak_k`
    leak_k: Floats | float = 0.0
    room_w: float = float("inf")  # for jobs, under the limit of the bus

    @property
    def slots(self) -> int:
        """Slots of the run."""
        return len(self.array_w)

    @property
    def chord(self) -> tuple[float, float]:
        """What is radiated at `COLDEST_K` in watts, and watts a kelvin from there to the ceiling."""
        low_w, high_w = (self.emission_w_k4 * kelvin**4 for kelvin in (COLDEST_K, self.ceiling_k))
        return low_w, (high_w - low_w) / (self.ceiling_k - COLDEST_K)


def idle_reserve_j(net_w: Floats, slot_s: float, charge: float, discharge: float) -> Floats:
    """Joules above the floor at each slot's end from which idling never falls under it, by the watts that array less
    idling bring in every slot; what follows the last slot needs nothing."""
    stored_w = np.where(net_w > 0.0, net_w * charge, net_w / discharge)
    need_j = np.zeros(len(net_w))
    for index in range(len(net_w) - 2, -1, -1):
        need_j[index] = max(0.0, need_j[index + 1] - stored_w[index + 1] * slot_s)
    return need_j

"""Family `reference`: the small plant, its arrivals, and what is held against it.

Orbit 5,700 s, dark for the first 2,140 s; a run of 284 slots of 120 s. Array 75 W in the Sun, bus 15 W, payload idle
6 W; battery 110 Wh, floor 70 %, start 90 %, 0.95 into and 0.95 out of it. One thermal node of 2,500 J/K with a
radiator of 0.085 m2 and emissivity 0.85, 16 W of surroundings in the Sun and 8 W in the dark, start 25 C, ceiling
45 C. Late work is worth nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from fsw.govern.programme import Floats
from fsw.mission import Mission, load_mission
from hal.constants import STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K
from sim.arrivals import Arrival, Demand, arrivals
from tools.bench.governor.craft import Craft

MISSION = Path(__file__).parent / "reference.toml"
ORBIT_S, DARK_S = 5_700.0, 2_140.0
SLOT_S = 120.0
ARRAY_W, BUS_W, IDLE_W = 75.0, 15.0, 6.0
CAPACITY_J, FLOOR_SOC, START_SOC, EFFICIENCY = 110.0 * 3600.0, 0.70, 0.90, 0.95
HEAT_J_K, START_C, CEILING_C = 2_500.0, 25.0, 45.0
EMISSION_W_K4 = 0.085 * 0.85 * STEFAN_BOLTZMANN_W_M2K4
SUN_W, SHADE_W = 16.0, 8.0  # heat from the surroundings
SUB_SLOTS = 12  # points a slot at which sunlight is looked up: 10 s of 120 s, exact for this plant


def slots(orbits: float) -> int:
    """Whole slots that begin and end inside a run: 284 of six orbits, as in the study."""
    return int(orbits * ORBIT_S / SLOT_S) - (1 if (orbits * ORBIT_S) % SLOT_S == 0.0 else 0)


def is_sunlit(time_s: float) -> bool:
    """True in the Sun."""
    return time_s % ORBIT_S >= DARK_S


@cache
def mission(load: float = 1.0) -> Mission:
    """What the flight software is told: rates of arrival times `load`."""
    told = load_mission(MISSION)
    rows = tuple(
        replace(row, per_minute_sun=row.per_minute_sun * load, per_minute_dark=row.per_minute_dark * load)
        for row in told.demand
    )
    return replace(told, demand=rows)


def demand(load: float) -> tuple[Demand, ...]:
    """The four classes, their rates times `load`."""
    return tuple(
        Demand(
            kind=row.kind,
            model=row.model,
            value=row.value,
            per_minute_sun=row.per_minute_sun,
            per_minute_dark=row.per_minute_dark,
            deadline_s=row.deadline_s,
        )
        for row in mission(load).demand
    )


def asked(seed: int, load: float, duration_s: float) -> Iterator[Arrival]:
    """The arrivals of one run in time order."""
    return arrivals(demand(load), seed, duration_s, is_sunlit)


def craft(slots: int, sun_factor: float = 1.0, start_soc: float = START_SOC) -> Craft:
    """The plant as the bound sees it."""
    sun = _sun_share(slots)
    return Craft(
        slot_s=SLOT_S,
        array_w=ARRAY_W * sun_factor * sun,
        base_w=BUS_W + IDLE_W,
        idle_w=IDLE_W,
        start_j=start_soc * CAPACITY_J,
        floor_j=FLOOR_SOC * CAPACITY_J,
        full_j=CAPACITY_J,
        charge=EFFICIENCY,
        discharge=EFFICIENCY,
        reserve_j=_to_sunrise_j(slots, sun_factor),
        heat_j_k=HEAT_J_K,
        start_k=START_C + ZERO_CELSIUS_K,
        ceiling_k=CEILING_C + ZERO_CELSIUS_K,
        emission_w_k4=EMISSION_W_K4,
        surroundings_w=SHADE_W + (SUN_W - SHADE_W) * sun,
    )


def _sun_share(slots: int) -> Floats:
    step_s = SLOT_S / SUB_SLOTS
    lit = [is_sunlit((index + 0.5) * step_s) for index in range(slots * SUB_SLOTS)]
    share: Floats = np.array(lit, dtype=float).reshape(slots, SUB_SLOTS).mean(axis=1)
    return share


def _to_sunrise_j(slots: int, sun_factor: float) -> Floats:
    """Joules that must be stored above the floor at each slot's end so that idling leads to sunrise."""
    idle_w = BUS_W + IDLE_W
    gain_w = (ARRAY_W * sun_factor - idle_w) * EFFICIENCY
    need = []
    for index in range(slots):
        into_s = ((index + 1) * SLOT_S) % ORBIT_S
        dark_j = idle_w * max(0.0, DARK_S - into_s) / EFFICIENCY
        if into_s >= DARK_S:
            dark_j = idle_w * DARK_S / EFFICIENCY - gain_w * (ORBIT_S - into_s)
        need.append(max(0.0, dark_j))
    return np.array(need)


@dataclass(slots=True)
class Plant:
    """The plant at simulator truth; `sun_factor` is what the array gives over what the forecast says."""

    sun_factor: float = 1.0
    time_s: float = 0.0
    stored_j: float = START_SOC * CAPACITY_J
    temp_k: float = START_C + ZERO_CELSIUS_K
    load_w: float = 0.0  # of the running job, above idle
    drawn_j: float = 0.0  # by jobs
    lowest_soc: float = START_SOC
    hottest_c: float = START_C

    @property
    def soc(self) -> float:
        return self.stored_j / CAPACITY_J

    @property
    def array_w(self) -> float:
        """What the array gives now."""
        return ARRAY_W * self.sun_factor if is_sunlit(self.time_s) else 0.0

    def advance(self, time_s: float) -> None:
        """To a time with the present load, in steps that end where light changes; none longer than two seconds."""
        while self.time_s < time_s:
            edge_s = DARK_S if self.time_s % ORBIT_S < DARK_S else ORBIT_S
            until_s = min(time_s, self.time_s + 2.0, self.time_s - self.time_s % ORBIT_S + edge_s)
            self._step(max(1e-9, until_s - self.time_s))
            self.time_s = until_s

    def _step(self, seconds: float) -> None:
        net_w = self.array_w - BUS_W - IDLE_W - self.load_w
        flow_w = net_w * EFFICIENCY if net_w > 0.0 else net_w / EFFICIENCY
        self.stored_j = min(CAPACITY_J, self.stored_j + flow_w * seconds)
        surroundings_w = SUN_W if is_sunlit(self.time_s) else SHADE_W
        heat_w = self.load_w + IDLE_W + surroundings_w - EMISSION_W_K4 * self.temp_k**4
        self.temp_k += heat_w * seconds / HEAT_J_K
        self.drawn_j += self.load_w * seconds
        self.lowest_soc = min(self.lowest_soc, self.stored_j / CAPACITY_J)
        self.hottest_c = max(self.hottest_c, self.temp_k - ZERO_CELSIUS_K)

    @property
    def broken(self) -> tuple[str, ...]:
        """Which of the two limits were broken."""
        floor = ("battery_floor_soc",) if self.lowest_soc < FLOOR_SOC else ()
        return floor + (("payload_high_c",) if self.hottest_c > CEILING_C else ())

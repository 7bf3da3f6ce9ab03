"""Demand: which jobs come when. Seeded Poisson arrivals whose rate depends on sunlight."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from hal.clock import SECOND_NS
from sim import draws

SCENES = 1 << 31  # scene seeds are 31 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A class of jobs: what one is worth at best, how many come a minute, how long a result is of use."""

    kind: str
    model: str
    value: float
    per_minute_sun: float
    per_minute_dark: float
    deadline_s: float

    def __post_init__(self) -> None:
        if self.per_minute_sun < 0.0 or self.per_minute_dark < 0.0:
            raise ValueError(f"{self.kind}: rates must not be negative")
        if self.deadline_s <= 0.0 or self.value < 0.0:
            raise ValueError(f"{self.kind}: deadline_s must be positive and value not negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One job asked for. `ref` names its input: `scene:N` is the generated scene of seed N."""

    time_ns: int
    kind: str
    model: str
    value: float
    deadline_s: float
    ref: str


def arrivals(
    demands: tuple[Demand, ...], seed: int, duration_s: float, is_sunlit: Callable[[float], bool]
) -> Iterator[Arrival]:
    """The arrivals of a flight in time order.

    Thinning: class after class, exponential gaps at the larger of its rates, each candidate kept when one uniform
    draw is below the rate at that time over the larger rate (Lewis and Shedler 1979).
    """
    generator = np.random.default_rng(seed)
    times = [_times(demand, generator, duration_s, is_sunlit) for demand in demands]
    merged = heapq.merge(*([(time_s, index) for time_s in row] for index, row in enumerate(times)))
    stream = draws.key(seed, "arrivals/scenes")
    for number, (time_s, index) in enumerate(merged):
        demand = demands[index]
        yield Arrival(
            time_ns=round(time_s * SECOND_NS),
            kind=demand.kind,
            model=demand.model,
            value=demand.value,
            deadline_s=demand.deadline_s,
            ref=f"scene:{int(draws.uniform(stream, number) * SCENES)}",
        )


def _times(
    demand: Demand, generator: np.random.Generator, duration_s: float, is_sunlit: Callable[[float], bool]
) -> list[float]:
    larger = max(demand.per_minute_sun, demand.per_minute_dark) / 60.0
    kept: list[float] = []
    time_s = 0.0
    while larger > 0.0:
        time_s += float(generator.exponential(1.0 / larger))
        if time_s >= duration_s:
            break
        rate = (demand.per_minute_sun if is_sunlit(time_s) else demand.per_minute_dark) / 60.0
        if generator.random() < rate / larger:
            kept.append(time_s)
    return kept

"""A constellation flown for a time: block after block through all steps, counted at regular samples.

A block of satellites flies from the first step to the last before the next begins, so that its state stays in the cache
and memory does not grow with the number of satellites. Nothing depends on how satellites are divided.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from sim.constellation.coefficients import Coefficients
from sim.constellation.executors import Executor, Piece, executor
from sim.constellation.fleet import Calendar
from sim.constellation.layers import Layer, place_of
from sim.constellation.rows import Rows, first_rows
from sim.constellation.statistics import Counts, Statistics, measure, quantities, reduce
from sim.sun import sidereal_angle_rad

MOST_SAMPLES = 1000  # 64 kB of counts each, for every thread
Progress = Callable[[int], None]  # told how many satellite-steps were flown since the last call; from any thread


def silent(steps: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One sample and the way to the next: the coefficients at the sample, the Earth's turn, the pieces to fly."""

    coefficients: Coefficients
    earth: tuple[float, float]
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """What to fly. Samples are taken at the start and after every `sample_s`; the map after `map_s` (the end).

    `executor` and `block` change the speed and nothing else; None takes what suits the machine.
    """

    layers: tuple[Layer, ...]
    epoch_unix_s: float
    duration_s: float = 86_400.0
    step_s: float = 10.0
    sample_s: float = 600.0
    map_s: float | None = None
    executor: str | None = None
    block: int | None = None

    def __post_init__(self) -> None:
        if not self.layers:
            raise ValueError("there is nothing to fly")
        self.calendar(0)  # which refuses a step that does not fit
        if not 0.0 < self.sample_s <= self.duration_s or not (self.sample_s / self.step_s).is_integer():
            raise ValueError(f"samples every {self.sample_s:g} s must be whole steps and not beyond the duration")
        if self.samples > MOST_SAMPLES:
            raise ValueError(f"{self.samples} samples are more than {MOST_SAMPLES}: take them less often")
        if self.map_s is not None and not 0.0 <= self.map_s <= self.duration_s:
            raise ValueError(f"the map must lie within the duration, is at {self.map_s:g} s")

    @property
    def satellites(self) -> int:
        return sum(layer.shell.satellites for layer in self.layers)

    @property
    def samples(self) -> int:
        """The first at the epoch; what is left of the duration after the last is not flown."""
        return int(self.duration_s / self.sample_s + 1e-9) + 1

    @property
    def steps_a_sample(self) -> int:
        return round(self.sample_s / self.step_s)

    @property
    def steps(self) -> int:
        return (self.samples - 1) * self.steps_a_sample

    @property
    def map_sample(self) -> int:
        """The sample at which the map is drawn."""
        return self.samples - 1 if self.map_s is None else min(round(self.map_s / self.sample_s), self.samples - 1)

    def hours(self) -> NDArray[np.float64]:
        """The samples' times since the epoch."""
        return np.arange(self.samples, dtype=np.float64) * (self.sample_s / 3600.0)

    def calendar(self, number: int) -> Calendar:
        """Of a layer."""
        layer = self.layers[number]
        return Calendar(
            shell=layer.shell,
            design=layer.design,
            epoch_unix_s=self.epoch_unix_s,
            step_s=self.step_s,
            with_dose=True,
        )

    def legs(self, number: int) -> tuple[Leg, ...]:
        """The whole flight of a layer; the last leg has no pieces."""
        calendar, stride = self.calendar(number), self.steps_a_sample
        return tuple(
            Leg(
                coefficients=calendar.coefficients(step),
                earth=self._earth(step),
                pieces=tuple(calendar.pieces(step, min(step + stride, self.steps))),
            )
            for step in range(0, self.steps + 1, stride)
        )

    def _earth(self, step: int) -> tuple[float, float]:
        angle = sidereal_angle_rad(self.epoch_unix_s + (step + 0.5) * self.step_s)
        return cos(angle), sin(angle)


def count(campaign: Campaign, counts: Counts, sample: int, leg: Leg, rows: Rows) -> None:
    """Take a sample of some satellites, and the map where it is due."""
    counts.add(sample, leg.coefficients, rows)
    if sample == campaign.map_sample:
        counts.add_map(leg.coefficients, rows, leg.earth)


def fly_part(campaign: Campaign, number: int, first: int, end: int, progress: Progress = silent) -> Counts:
    """Fly the satellites `first` to `end` of a layer in one thread."""
    return _fly_part(campaign, number, (first, end), (campaign.legs(number), executor(campaign.executor)), progress)


def _fly_part(
    campaign: Campaign,
    number: int,
    span: tuple[int, int],
    means: tuple[tuple[Leg, ...], Executor],
    progress: Progress,
) -> Counts:
    layer, (legs, runner) = campaign.layers[number], means
    counts = Counts(quantities(layer.design), campaign.samples)
    counts.satellites = span[1] - span[0]
    block = campaign.block or runner.block
    for start in range(*span, block):
        indices = np.arange(start, min(start + block, span[1]))
        rows = first_rows(layer.shell, layer.design, campaign.epoch_unix_s, campaign.step_s, indices)
        for sample, leg in enumerate(legs):
            count(campaign, counts, sample, leg, rows)
            if leg.pieces:
                runner.run(rows, leg.pieces)
                progress(campaign.steps_a_sample * len(indices))
    return counts


def parts(satellites: int, number: int) -> list[tuple[int, int]]:
    """`satellites` in at most `number` spans of nearly equal length."""
    number = max(min(number, satellites), 1)
    ends = [satellites * index // number for index in range(number + 1)]
    return list(pairwise(ends))


def fly_layer(campaign: Campaign, number: int, workers: int = 1, progress: Progress = silent) -> Statistics:
    """Fly a layer in `workers` threads."""
    if workers < 1 or (campaign.block or 1) < 1:
        raise ValueError("workers and block must be at least 1")
    means = campaign.legs(number), executor(campaign.executor)
    spans = parts(campaign.layers[number].shell.satellites, workers)
    total = Counts(quantities(campaign.layers[number].design), campaign.samples)
    with ThreadPoolExecutor(workers) as pool:
        for counts in pool.map(lambda span: _fly_part(campaign, number, span, means, progress), spans):
            total.merge(counts)
    return reduce(total)


def fly(campaign: Campaign, workers: int = 1, progress: Progress = silent) -> tuple[Statistics, ...]:
    """Fly all layers, one after the other."""
    return tuple(fly_layer(campaign, number, workers, progress) for number in range(len(campaign.layers)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One satellite: its quantities at every sample (samples, quantities), and its nine rows at the end."""

    layer: int
    index: int
    values: NDArray[np.float64]
    rows: Rows


def replay(campaign: Campaign, satellite: int) -> Track:
    """Fly one satellite of all alone; every number of it is the one that it has in the whole, to the last bit."""
    number, index = place_of(campaign.layers, satellite)
    layer, runner = campaign.layers[number], executor(campaign.executor)
    rows = first_rows(layer.shell, layer.design, campaign.epoch_unix_s, campaign.step_s, np.array([index]))
    values = []
    for leg in campaign.legs(number):
        values.append([float(part[0]) for part in measure(leg.coefficients, rows)])
        runner.run(rows, leg.pieces)
    return Track(layer=number, index=index, values=np.array(values), rows=rows)

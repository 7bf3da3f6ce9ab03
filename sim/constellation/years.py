"""The statistics of a flight of years in event mode: what each satellite went through between two samples.

As in `statistics.py`, whole numbers are counted: the result is the same for any block and thread count.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np

from sim.constellation.design import Design
from sim.constellation.events import DAYS_A_YEAR, Sample, fly_years
from sim.constellation.executors import Name
from sim.constellation.layers import Layer
from sim.constellation.statistics import Counts, Growing, Quantity, Statistics, Values, quantities, reduce

MOST_SAMPLES = 1000
MINUTE_S = 60.0
TEMPERATURES = ("array_low_c", "array_high_c", "payload_low_c", "payload_high_c", "body_low_c", "body_high_c")


def year_quantities(design: Design) -> tuple[Quantity, ...]:
    """What is counted of a satellite at the end of each window of days, in this order."""
    share = {name: Quantity(name=name, unit="", low=0.0, high=1.0) for name in ("sunlit", "soc_low", "capacity")}
    known = {quantity.name: quantity for quantity in quantities(design)}
    temperature = known["array_c"]
    return (
        share["sunlit"],
        known["array_w"],
        known["compute_w"],
        share["soc_low"],
        share["capacity"],
        Quantity(name="umbra_min", unit="min", low=0.0, high=64.0),  # a low orbit has 36 at most
        *(Quantity(name=name, unit="C", low=temperature.low, high=temperature.high) for name in TEMPERATURES),
        Growing(name="dose_gy", unit="Gy", low=0.0, high=float("inf")),
    )


def samples_of(years: float, every_days: int) -> int:
    """How many samples of each layer a flight has; ValueError where that is too many to keep."""
    if every_days < 1:
        raise ValueError("there must be at least a day between samples")
    number = ceil(max(1, round(years * DAYS_A_YEAR)) / every_days)
    if number > MOST_SAMPLES:
        raise ValueError(f"{number} samples are more than {MOST_SAMPLES}: take them less often")
    return number


def fly_for_years(
    layers: tuple[Layer, ...],
    epoch_unix_s: float,
    years: float,
    *,
    executor_name: Name | None = None,
    workers: int = 1,
    every_days: int = 10,
    block: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[float], tuple[Statistics, ...]]:
    """The days at which samples were taken, and the statistics of each layer. `progress`: days flown, days in all."""
    number = samples_of(years, every_days)
    counts = [Counts(year_quantities(layer.design), number) for layer in layers]
    taken = [0] * len(layers)
    days: list[float] = []
    for sample in fly_years(
        [layer.shell for layer in layers],
        [layer.design for layer in layers],
        epoch_unix_s,
        years,
        executor_name=executor_name,
        workers=workers,
        every_days=every_days,
        block=block,
        observer=progress,
    ):
        index = sample.shell_index
        counts[index].satellites = len(sample.indices)
        counts[index].tally(taken[index], _measure(sample))
        taken[index] += 1
        if index == 0:
            days.append(float(sample.end_day))
    return days, tuple(reduce(one) for one in counts)


def _measure(sample: Sample) -> tuple[Values, ...]:
    seen = sample.observe()
    return (
        seen.sunlit,
        seen.array_w,
        seen.compute_w,
        seen.soc_low,
        seen.capacity,
        seen.umbra_s / MINUTE_S,
        *(getattr(seen, name) for name in TEMPERATURES),
        np.full(len(sample.indices), sample.dose_gy),
    )

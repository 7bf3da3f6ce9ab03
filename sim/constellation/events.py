"""A constellation for years: orbit by orbit in closed form, a million satellites for a year in minutes.

    for sample in fly_years(shells, designs, epoch_unix_s, 1.0, every_days=10):
        fold(sample.shell_index, sample.end_day, sample.observe())

The model is `events_model.py`, in three executors that agree to the last bit; a satellite's rows are the same for any
block, thread count or subset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from hal.constants import ZERO_CELSIUS_K
from sim.constellation.design import Design
from sim.constellation.events_cell import cell, hour_shares
from sim.constellation.events_executors import Block, Executor, executor
from sim.constellation.events_model import Rows
from sim.constellation.events_wear import LEAST_SHARE, array_share, calendar_fade, dose_gy_year
from sim.constellation.executors import Name
from sim.constellation.shells import Shell
from sim.orbit import nodal_period_s
from sim.sun import DAY_S, sun_at

Floats = NDArray[np.float64]
DAYS_A_YEAR = 365.25
ROWS = len(Rows._fields)
BYTES_PER_SATELLITE = 8 * ROWS
_WINDOW = Rows._fields.index("elapsed_s")  # the first row that an observation starts anew
MOST_YEARS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Since the last one, for each satellite of a shell: arrays of shape (satellites,)."""

    elapsed_s: Floats
    sunlit: Floats  # mean illumination
    array_w: Floats  # mean
    compute_w: Floats  # mean, delivered
    eclipses: Floats
    umbra_s: Floats  # the longest
    soc: Floats  # now, at noon
    soc_low: Floats
    depth: Floats  # of the deepest cycle, as a share of the capacity
    capacity: Floats  # now, as a share of the new battery's
    array_low_c: Floats
    array_high_c: Floats
    payload_low_c: Floats
    payload_high_c: Floats
    body_low_c: Floats
    body_high_c: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A shell at the end of a window of days."""

    shell_index: int
    shell: Shell
    indices: NDArray[np.int64]  # of the satellites in the shell
    start_day: int  # since the epoch
    end_day: int
    start_unix_s: float
    end_unix_s: float
    dose_gy: float  # since the epoch, the same for every satellite
    array_share: float  # of its first power that the years have left
    rows: Block  # valid until the shell's next sample; shape (len(Rows._fields), satellites)
    capacity_j: float  # of the new battery
    fade: float  # share of the capacity that age alone has taken

    def observe(self) -> Observation:
        """The rows in units that people use."""
        rows = Rows(*self.rows)
        elapsed_s = np.maximum(rows.elapsed_s, 1e-9)
        capacity = np.maximum(1.0 - self.fade - rows.fade, LEAST_SHARE)
        low = {f"{name}_c": getattr(rows, f"{name}_k") - ZERO_CELSIUS_K for name in _EXTREMES}
        return Observation(
            elapsed_s=rows.elapsed_s.copy(),
            sunlit=rows.sunlit_s / elapsed_s,
            array_w=rows.array_j / elapsed_s,
            compute_w=rows.compute_j / elapsed_s,
            eclipses=rows.cycles.copy(),
            umbra_s=rows.umbra_s.copy(),
            soc=rows.stored_j / (self.capacity_j * capacity),
            soc_low=rows.soc_low.copy(),
            depth=rows.depth.copy(),
            capacity=capacity,
            **low,
        )


_EXTREMES = ("array_low", "array_high", "payload_low", "payload_high", "body_low", "body_high")


class YearFleet:
    """Some satellites of a shell (all, unless `indices` are given) and their rows, a day at a time."""

    def __init__(
        self,
        shell: Shell,
        design: Design,
        epoch_unix_s: float,
        *,
        indices: NDArray[np.int64] | None = None,
        executor_: Executor | None = None,
        block: int | None = None,
        workers: int = 1,
        with_wear: bool = True,
    ) -> None:
        self.shell, self.design, self.epoch_unix_s = shell, design, epoch_unix_s
        self.executor = executor_ or executor()
        self.block = block or self.executor.block
        self.workers = workers
        self.with_wear = with_wear
        self.day = 0
        if self.block < 1 or workers < 1:
            raise ValueError("block and workers must be at least 1")
        self.indices = np.arange(shell.satellites) if indices is None else indices
        self.rows = first_rows(shell, design, epoch_unix_s, self.indices)
        self._shares = hour_shares(design)

    def advance(self, days: int) -> None:
        """Fly `days` days, block after block."""
        cells = [
            cell(self.shell, self.design, self.epoch_unix_s, self.day + n, with_wear=self.with_wear)
            for n in range(days)
        ]
        blocks = [self.rows[:, start : start + self.block] for start in range(0, self.rows.shape[1], self.block)]
        if self.workers == 1:
            for rows in blocks:
                self.executor.run(rows, cells, self._shares)
        else:
            with ThreadPoolExecutor(self.workers) as pool:
                list(pool.map(lambda rows: self.executor.run(rows, cells, self._shares), blocks))
        self.day += days

    def sample(self, shell_index: int, start_day: int) -> Sample:
        """The satellites as they are, and their window since `start_day`."""
        years = self.day / DAYS_A_YEAR
        return Sample(
            shell_index=shell_index,
            shell=self.shell,
            indices=self.indices,
            start_day=start_day,
            end_day=self.day,
            start_unix_s=self.epoch_unix_s + start_day * DAY_S,
            end_unix_s=self.epoch_unix_s + self.day * DAY_S,
            dose_gy=dose_gy_year(self.shell) * years,
            array_share=array_share(self.shell, self.design, years) if self.with_wear else 1.0,
            rows=self.rows,
            capacity_j=self.design.storage.capacity_wh * 3600.0,
            fade=calendar_fade(years) if self.with_wear else 0.0,
        )

    def open_window(self) -> None:
        """Sums at zero, extremes at the state as it is."""
        _open_window(self.rows, self.design)


def _open_window(rows: Block, design: Design) -> None:
    rows[_WINDOW:] = 0.0
    names = Rows._fields
    rows[names.index("soc_low")] = 1.0
    for node in ("array_k", "payload_k", "body_k"):
        for side in ("low", "high"):
            rows[names.index(node.replace("_k", f"_{side}_k"))] = rows[names.index(node)]


def first_rows(shell: Shell, design: Design, epoch_unix_s: float, indices: NDArray[np.int64]) -> Block:
    """The satellites at their first noon after the epoch, as they are at the epoch."""
    node, latitude = shell.phases(epoch_unix_s, indices)
    sun, inclination = sun_at(epoch_unix_s), shell.inclination_rad
    across = np.cos(node) * sun.y - np.sin(node) * sun.x
    ahead = across * np.cos(inclination) + np.sin(inclination) * sun.z
    noon = np.arctan2(ahead, np.cos(node) * sun.x + np.sin(node) * sun.y) / (2.0 * pi)
    rows = np.zeros((ROWS, len(indices)))
    rows[0] = (noon - latitude / (2.0 * pi)) % 1.0 * nodal_period_s(shell.semi_major_axis_m, inclination)
    rows[1], rows[2], rows[3] = noon % 1.0, np.cos(node), np.sin(node)
    rows[4] = design.storage.start_soc * design.storage.capacity_wh * 3600.0
    rows[5] = design.heat.array.start_c + ZERO_CELSIUS_K
    rows[6] = design.heat.payload.start_c + ZERO_CELSIUS_K
    rows[7] = design.heat.structure.start_c + ZERO_CELSIUS_K
    _open_window(rows, design)
    return rows


def fly_years(
    shells: Sequence[Shell],
    designs: Design | Sequence[Design],
    epoch_unix_s: float,
    years: float,
    *,
    executor_name: Name | None = None,
    workers: int = 1,
    every_days: int = 10,
    block: int | None = None,
    indices: Sequence[NDArray[np.int64]] | None = None,
    observer: Callable[[int, int], None] | None = None,
) -> Iterator[Sample]:
    """Fly shells for years (`designs`: one for all, or one a shell); a sample of every shell every `every_days` days.

    `indices` picks satellites of each shell. `observer` is called with days flown and days in all, for a progress bar.
    A sample's rows are the fleet's own: fold them before the shell's next. ValueError for what cannot be flown.
    """
    if not 0.0 < years <= MOST_YEARS or every_days < 1:
        raise ValueError(f"years must be in 0..{MOST_YEARS:.0f} and every_days at least 1")
    of_shells = [designs] * len(shells) if isinstance(designs, Design) else list(designs)
    chosen = [None] * len(shells) if indices is None else list(indices)
    fleets = [
        YearFleet(
            shell, design, epoch_unix_s, indices=some, executor_=executor(executor_name), block=block, workers=workers
        )
        for shell, design, some in zip(shells, of_shells, chosen, strict=True)
    ]
    days = max(1, round(years * DAYS_A_YEAR))
    for start in range(0, days, every_days):
        end = min(days, start + every_days)
        for index, fleet in enumerate(fleets):
            fleet.open_window()
            fleet.advance(end - start)
            yield fleet.sample(index, start)
        if observer is not None:
            observer(end, days)

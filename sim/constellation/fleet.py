"""The satellites of one shell, advanced together: blocks, threads and the calendar of cells and doses.

A step falls into the same cell and has the same dose however the satellites or the steps are divided, so any subset,
down to one satellite, gives the rows that it has in the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import cos, gcd, sin

import numpy as np
from numpy.typing import NDArray

from sim.constellation.coefficients import CELL_S, Coefficients, coefficients
from sim.constellation.design import Design
from sim.constellation.doses import DOSE_S
from sim.constellation.executors import Executor, Piece, executor
from sim.constellation.rows import Rows, first_rows
from sim.constellation.shells import Shell
from sim.constellation.statistics import observe
from sim.sun import sidereal_angle_rad


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When steps, cells and doses fall, for one shell and design. `step_s` divides a minute: 1, 2, 5, 10, .. 60."""

    shell: Shell
    design: Design = field(default_factory=Design)
    epoch_unix_s: float
    step_s: float = 10.0
    with_dose: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.step_s <= DOSE_S or not (DOSE_S / self.step_s).is_integer():
            raise ValueError(f"step_s must divide {DOSE_S:.0f}, is {self.step_s}")

    @property
    def steps_a_cell(self) -> int:
        return round(CELL_S / self.step_s)

    @property
    def steps_a_dose(self) -> int:
        return round(DOSE_S / self.step_s)

    def coefficients(self, step: int) -> Coefficients:
        """Of the cell that holds a step."""
        return coefficients(self.shell, self.design, self.epoch_unix_s, step // self.steps_a_cell, self.step_s)

    def pieces(self, first: int, end: int) -> Iterator[Piece]:
        """The steps `first` to `end`, cut where a cell ends or a dose falls."""
        stride = gcd(self.steps_a_cell, self.steps_a_dose) if self.with_dose else self.steps_a_cell
        step, k = first, self.coefficients(first)
        while step < end:
            after = min(end, (step // stride + 1) * stride)
            ends_cell = after % self.steps_a_cell == 0
            has_dose = self.with_dose and after % self.steps_a_dose == 0
            yield Piece(
                coefficients=k,
                steps=after - step,
                earth=self._earth(after) if has_dose else None,
                ends_cell=ends_cell,
            )
            step = after
            if ends_cell and step < end:
                k = self.coefficients(step)

    def _earth(self, step: int) -> tuple[float, float]:
        """Sidereal time where the position is: in the middle of the coming step."""
        angle = sidereal_angle_rad(self.epoch_unix_s + (step + 0.5) * self.step_s)
        return cos(angle), sin(angle)


class Fleet:
    """Some satellites of a shell (all, unless `indices` are given) and their rows."""

    def __init__(
        self,
        calendar: Calendar,
        *,
        indices: NDArray[np.int64] | None = None,
        executor_: Executor | None = None,
        block: int | None = None,
        workers: int = 1,
    ) -> None:
        self.calendar = calendar
        self.executor = executor_ or executor()
        self.block = block or self.executor.block
        self.workers = workers
        self.step = 0
        if self.block < 1 or workers < 1:
            raise ValueError("block and workers must be at least 1")
        chosen = np.arange(calendar.shell.satellites) if indices is None else indices
        self.rows: Rows = first_rows(calendar.shell, calendar.design, calendar.epoch_unix_s, calendar.step_s, chosen)

    @property
    def time_s(self) -> float:
        """Seconds since the epoch."""
        return self.step * self.calendar.step_s

    def advance(self, steps: int) -> None:
        """Fly `steps` steps, block after block; a block flies through all of them while the cache holds it."""
        plan = list(self.calendar.pieces(self.step, self.step + steps))
        starts = range(0, self.rows.shape[1], self.block)
        if self.workers == 1:
            for start in starts:
                self._run(start, plan)
        else:
            with ThreadPoolExecutor(self.workers) as pool:
                list(pool.map(lambda start: self._run(start, plan), starts))
        self.step += steps

    def _run(self, start: int, plan: list[Piece]) -> None:
        self.executor.run(self.rows[:, start : start + self.block], plan)

    def observe(self) -> tuple[Rows, Rows, Rows]:
        """Illumination, watts of the arrays and watts of the compute loads in the coming step."""
        return observe(self.calendar.coefficients(self.step), self.rows)

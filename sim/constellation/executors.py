"""The three ways to run the model over rows in place: `python`, `numpy` and `c`, with one interface.

A plan is a run of pieces, none of which crosses a cell; each piece holds the coefficients of its cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from sim.constellation import arrays, compiled, scalar
from sim.constellation.coefficients import Coefficients
from sim.constellation.rows import Rows

Name = Literal["python", "numpy", "c"]
NAMES: tuple[Name, ...] = ("python", "numpy", "c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Steps within a cell, and what comes after the last: a dose (`earth`: see `arrays.dose_ugy`), the next cell."""

    coefficients: Coefficients
    steps: int
    earth: tuple[float, float] | None = None
    ends_cell: bool = False


class Executor(Protocol):
    """Runs a plan over some satellites."""

    name: Name
    block: int  # satellites a call that suit it

    def run(self, rows: Rows, plan: Iterable[Piece]) -> None: ...


class PythonExecutor:
    """One satellite after the other."""

    name: Name = "python"
    block = 1024

    def run(self, rows: Rows, plan: Iterable[Piece]) -> None:
        pieces = list(plan)
        for index in range(rows.shape[1]):
            state: scalar.State = tuple(rows[:, index].tolist())
            for piece in pieces:
                state = scalar.advance(piece.coefficients, state, piece.steps)
                if piece.earth is not None:
                    state = scalar.irradiate(piece.coefficients, state, piece.earth)
                if piece.ends_cell:
                    state = scalar.end_cell(piece.coefficients, state)
            rows[:, index] = state


class NumpyExecutor:
    """The functional source on NumPy; a block of 16,384 is long enough for two threads to share the interpreter."""

    name: Name = "numpy"
    block = 16_384

    def run(self, rows: Rows, plan: Iterable[Piece]) -> None:
        state = tuple(rows)
        for piece in plan:
            state = arrays.advance(np, piece.coefficients, state, piece.steps)
            if piece.earth is not None:
                state = arrays.irradiate(np, piece.coefficients, state, piece.earth)
            if piece.ends_cell:
                state = arrays.end_cell(piece.coefficients, state)
        for row, values in zip(rows, state, strict=True):
            row[:] = values


class CompiledExecutor:
    """The C kernel; it takes its own blocks, and a call of 8,192 keeps the rows in the cache from piece to piece."""

    name: Name = "c"
    block = 8192

    def run(self, rows: Rows, plan: Iterable[Piece]) -> None:
        for piece in plan:
            compiled.advance(piece.coefficients, rows, piece.steps)
            if piece.earth is not None:
                compiled.irradiate(piece.coefficients, rows, piece.earth)
            if piece.ends_cell:
                compiled.end_cell(piece.coefficients, rows)


def available() -> tuple[Name, ...]:
    """The executors that run here, the fastest last."""
    return NAMES if compiled.IS_BUILT else NAMES[:-1]


def executor(name: Name | None = None) -> Executor:
    """The executor of that name, or the fastest; ValueError where it does not run here."""
    chosen = name or available()[-1]
    if chosen not in available():
        raise ValueError(f"executor {chosen!r} does not run here; there are {', '.join(available())}")
    made: dict[Name, Executor] = {"python": PythonExecutor(), "numpy": NumpyExecutor(), "c": CompiledExecutor()}
    return made[chosen]

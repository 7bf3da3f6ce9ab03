"""The three ways to fly days of event mode over rows in place: `python`, `numpy` and `c`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.constellation import events_model as model
from sim.constellation.events_cell import Cell
from sim.constellation.executors import Name, available

Block = NDArray[np.float64]  # (len(Rows._fields), satellites), each row contiguous
Shares = tuple[float, ...]


class Executor(Protocol):
    """Flies days over some satellites, each row in place."""

    name: Name
    block: int  # satellites a call that suit it

    def run(self, rows: Block, cells: Sequence[Cell], shares: Shares) -> None: ...


class PythonExecutor:
    """One satellite after the other, on floats: the functional source with the functions of `math`."""

    name: Name = "python"
    block = 1024

    def run(self, rows: Block, cells: Sequence[Cell], shares: Shares) -> None:
        for index in range(rows.shape[1]):
            state = model.Rows(*rows[:, index].tolist())
            for cell in cells:
                state = model.fly_day(model.Scalars, cell, shares, state)
            rows[:, index] = state


class NumpyExecutor:
    """The functional source on NumPy."""

    name: Name = "numpy"
    block = 8192

    def run(self, rows: Block, cells: Sequence[Cell], shares: Shares) -> None:
        state, table = model.Rows(*rows), np.array(shares)
        for cell in cells:
            state = model.fly_day(np, cell, table, state)
        for row, values in zip(rows, state, strict=True):
            row[:] = values


def _lib() -> Any:
    from sim.constellation import _native

    return _native


class CompiledExecutor:
    """`events.c`; it takes its own blocks."""

    name: Name = "c"
    block = 8192

    def run(self, rows: Block, cells: Sequence[Cell], shares: Shares) -> None:
        if rows.dtype != "float64" or rows.shape[0] != len(model.Rows._fields) or rows.strides[0] % 8:
            raise ValueError("rows must be rows of float64, one for each field of Rows")
        if rows.shape[1] > 1 and rows.strides[1] != 8:
            raise ValueError("rows must be contiguous")
        native = _lib()
        table = native.ffi.new("double[]", shares)
        place = native.ffi.cast("double *", rows.ctypes.data)
        for cell in cells:
            numbers = native.ffi.new("double[]", cell)  # kept alive by its name while the kernel reads it
            structure = native.ffi.cast("penumbra_cell *", numbers)
            native.lib.penumbra_fly_day(structure, table, place, rows.strides[0] // 8, rows.shape[1])


def executor(name: Name | None = None) -> Executor:
    """The executor of that name, or the fastest; ValueError where it does not run here."""
    chosen = name or available()[-1]
    if chosen not in available():
        raise ValueError(f"executor {chosen!r} does not run here; there are {', '.join(available())}")
    made: dict[Name, Executor] = {"python": PythonExecutor(), "numpy": NumpyExecutor(), "c": CompiledExecutor()}
    return made[chosen]

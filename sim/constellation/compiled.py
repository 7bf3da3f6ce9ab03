"""The model as compiled from `kernel.c`; without a compiler `IS_BUILT` is False and none of these may be used."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sim.constellation.coefficients import Coefficients
from sim.constellation.doses import dose_map
from sim.constellation.rows import Rows

try:
    from sim.constellation._native import ffi, lib

    IS_BUILT = True
except ImportError:
    IS_BUILT = False


def advance(k: Coefficients, rows: Rows, steps: int) -> None:
    """`steps` steps within a cell, in place; the interpreter lock is free meanwhile."""
    lib.penumbra_advance(_structure(k), *_place(rows), steps)


def end_cell(k: Coefficients, rows: Rows) -> None:
    """The node moves on by a cell, and the position is brought back to length one."""
    lib.penumbra_end_cell(_structure(k), *_place(rows))


def irradiate(k: Coefficients, rows: Rows, earth: tuple[float, float]) -> None:
    """Add the dose of a minute."""
    lib.penumbra_irradiate(_structure(k), *_place(rows), *earth, _doses(k.dose_altitude_km, k.dose_year))


@lru_cache(maxsize=64)  # every block of a plan asks for the same few
def _structure(k: Coefficients) -> Any:
    return ffi.new("penumbra_coefficients *", tuple(k))


@lru_cache(maxsize=64)
def _doses(altitude_km: float, year: float) -> Any:
    """The grid's address, which keeps the grid."""
    return ffi.from_buffer("double[]", dose_map(altitude_km, year))


def _place(rows: Rows) -> tuple[Any, int, int]:
    """Address of the first number, distance of the rows and length of each, in numbers."""
    count = rows.shape[1]
    if rows.dtype != "float64" or (count > 1 and rows.strides[1] != 8) or rows.strides[0] % 8 or rows.shape[0] != 9:
        raise ValueError("rows must be nine contiguous rows of float64")
    return ffi.cast("double *", rows.ctypes.data), rows.strides[0] // 8, count

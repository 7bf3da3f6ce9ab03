"""The ways to run the model over rows in place, with one interface: `python`, `numpy`, `c`, and array libraries.

`torch` and `cupy` run the functional source on a GPU where there is one, in float64. Each of its operations is one that
IEEE 754 rounds correctly, so a library that runs them one by one gives the rows of the other executors to the last bit;
one that fuses multiplication with addition differs by rounding.

A plan is a run of pieces, none of which crosses a cell; each piece holds the coefficients of its cell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol

import numpy as np

from sim.constellation import arrays, compiled, scalar
from sim.constellation.coefficients import Coefficients
from sim.constellation.rows import Rows

Name = Literal["python", "numpy", "c"]
NAMES: tuple[Name, ...] = ("python", "numpy", "c")
LIBRARIES = ("torch", "cupy")  # by their wrappers in array-api-compat


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Steps within a cell, and what comes after the last: a dose (`earth`: see `arrays.dose_ugy`), the next cell."""

    coefficients: Coefficients
    steps: int
    earth: tuple[float, float] | None = None
    ends_cell: bool = False


class Executor(Protocol):
    """Runs a plan over some satellites."""

    @property
    def name(self) -> str: ...

    block: int  # satellites a call that suit it

    def run(self, rows: Rows, plan: Iterable[Piece]) -> None: ...


class PythonExecutor:
    """One satellite after the other."""

    name = "python"
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

    name = "numpy"
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

    name = "c"
    block = 8192

    def run(self, rows: Rows, plan: Iterable[Piece]) -> None:
        for piece in plan:
            compiled.advance(piece.coefficients, rows, piece.steps)
            if piece.earth is not None:
                compiled.irradiate(piece.coefficients, rows, piece.earth)
            if piece.ends_cell:
                compiled.end_cell(piece.coefficients, rows)


class ArrayExecutor:
    """The functional source on another library's arrays: rows go there, fly through the whole plan and come back."""

    block = 1 << 20  # a GPU starts some sixty operations a step; each must be worth the start

    def __init__(self, name: str, namespace: Any, device: Any = None) -> None:
        self.name = name if device is None else f"{name} on {device}"
        self._xp, self._device = namespace, device

    def run(self, rows: Rows, plan: Iterable[Piece]) -> None:
        xp = self._xp
        # Copies: a library that shares memory with NumPy must not see its rows change under it.
        state = tuple(xp.asarray(row.copy(), dtype=xp.float64, device=self._device) for row in rows)
        for piece in plan:
            state = arrays.advance(xp, piece.coefficients, state, piece.steps)
            if piece.earth is not None:
                state = arrays.irradiate(xp, piece.coefficients, state, piece.earth)
            if piece.ends_cell:
                state = arrays.end_cell(piece.coefficients, state)
        for row, values in zip(rows, state, strict=True):
            row[:] = _on_host(values)


def _on_host(values: Any) -> Any:
    """An array of any library as one that NumPy can read."""
    if hasattr(values, "get"):  # CuPy
        return values.get()
    return np.asarray(values.to("cpu")) if hasattr(values, "is_cuda") else np.asarray(values)


def _library(name: str) -> ArrayExecutor:
    try:
        namespace = import_module(f"array_api_compat.{name}")
    except ImportError as error:
        raise ValueError(
            f"executor {name!r} needs the packages {name} and array-api-compat: pip install {name} array-api-compat"
        ) from error
    if name == "torch":
        return ArrayExecutor(name, namespace, "cuda" if namespace.cuda.is_available() else "cpu")
    return ArrayExecutor(name, namespace)


def available() -> tuple[Name, ...]:
    """The executors that run here without another library, the fastest last."""
    return NAMES if compiled.IS_BUILT else NAMES[:-1]


def executor(name: str | None = None) -> Executor:
    """The executor of that name, or the fastest; ValueError where it does not run here."""
    chosen = name or available()[-1]
    if chosen in LIBRARIES:
        return _library(chosen)
    if chosen not in available():
        raise ValueError(f"executor {chosen!r} does not run here; there are {', '.join(available())}")
    made: dict[str, Executor] = {"python": PythonExecutor(), "numpy": NumpyExecutor(), "c": CompiledExecutor()}
    return made[chosen]

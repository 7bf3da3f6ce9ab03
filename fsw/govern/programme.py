"""A linear programme collected block by block and handed to HiGHS; only its row prices are wanted back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

INFINITY = float(highspy.kHighsInf)
MOST_ITERATIONS = 20_000  # a plan takes some 1,500 simplex steps; a run-away stops here
AFTER_A_CHANGE = 1  # dual: a basis that was the best stays feasible for it when bounds are moved
OPTIONS: dict[str, bool | int | str] = {
    "output_flag": False,
    "threads": 1,
    "simplex_iteration_limit": MOST_ITERATIONS,
    "simplex_strategy": 4,  # primal: no work at all is feasible from the start, 44 ms a plan became 30
    "presolve": "off",
}


@dataclass(frozen=True, slots=True)
class Change:
    """Other upper bounds for some columns, and for some rows that have no lower one: a variation of a programme."""

    columns: Indices
    column_upper: Floats
    rows: Indices
    row_upper: Floats


class Programme:
    """Minimise cost over columns between bounds, with rows between bounds. Numbers of rows and columns are arrays."""

    def __init__(self) -> None:
        self._rows = self._columns = 0
        self._entries: list[tuple[Indices, Indices, Floats]] = []
        self._row_bounds: list[tuple[Floats, Floats]] = []
        self._column_parts: list[tuple[Floats, Floats, Floats]] = []

    def columns(self, cost: Floats, *, lower: Floats | float = 0.0, upper: Floats | float = INFINITY) -> Indices:
        """New columns, shaped as `cost`; returns their numbers in the same shape."""
        numbers = np.arange(self._columns, self._columns + cost.size).reshape(cost.shape)
        self._columns += cost.size
        low, high = (np.broadcast_to(np.asarray(bound, dtype=float), cost.shape).ravel() for bound in (lower, upper))
        self._column_parts.append((cost.ravel(), low, high))
        return numbers

    def rows(self, lower: Floats, upper: Floats) -> Indices:
        """New rows with these bounds, shaped as they; returns their numbers."""
        numbers = np.arange(self._rows, self._rows + lower.size).reshape(lower.shape)
        self._rows += lower.size
        self._row_bounds.append((lower.ravel(), upper.ravel()))
        return numbers

    def put(self, rows: Indices, columns: Indices, values: Floats | float) -> None:
        """Coefficients, broadcast together."""
        full = np.broadcast_arrays(rows, columns, np.asarray(values, dtype=float))
        self._entries.append((full[0].ravel(), full[1].ravel(), full[2].ravel()))

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._rows, self._columns

    def row_prices(self, *changes: Change) -> Floats | None:
        """What the cost falls by when a row's bound is raised by one, negated; None without an optimum. With changes
        the mean of the programme's and of those of its variations that have an optimum: each of those begins where the
        one before ended, which takes a few steps."""
        solver = self._solved(OPTIONS)
        if solver is None:
            return None
        found = [np.array(solver.getSolution().row_dual)]
        solver.setOptionValue("simplex_strategy", AFTER_A_CHANGE)
        for change in changes:
            _apply(solver, change)
            solver.run()
            if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                found.append(np.array(solver.getSolution().row_dual))
        mean: Floats = np.mean(found, axis=0)
        return mean

    def optimum(self) -> float | None:
        """The least cost, however long it takes: for the desk, not for flight. None without an optimum."""
        solver = self._solved({"output_flag": False, "threads": 1})
        return None if solver is None else float(solver.getInfo().objective_function_value)

    def _solved(self, options: Mapping[str, bool | int | str]) -> highspy.Highs | None:
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in options.items():
            solver.setOptionValue(option, value)
        solver.passModel(self._model())
        solver.run()
        return solver if solver.getModelStatus() == highspy.HighsModelStatus.kOptimal else None

    def _model(self) -> highspy.HighsLp:
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = self._columns, self._rows
        parts = [np.concatenate(part) for part in zip(*self._column_parts, strict=True)]
        model.col_cost_, model.col_lower_, model.col_upper_ = parts
        model.row_lower_, model.row_upper_ = (np.concatenate(part) for part in zip(*self._row_bounds, strict=True))
        rows, columns, values = (np.concatenate(part) for part in zip(*self._entries, strict=True))
        order = np.lexsort((rows, columns))
        starts = np.zeros(self._columns + 1, dtype=np.int32)
        np.cumsum(np.bincount(columns, minlength=self._columns), out=starts[1:])
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kColwise
        matrix.start_, matrix.index_, matrix.value_ = starts, rows[order].astype(np.int32), values[order]
        return model


def _apply(solver: highspy.Highs, change: Change) -> None:
    columns = change.columns.ravel().astype(np.int32)
    solver.changeColsBounds(columns.size, columns, np.zeros(columns.size), change.column_upper.ravel())
    for row, upper in zip(change.rows.ravel().tolist(), change.row_upper.ravel().tolist(), strict=True):
        solver.changeRowBounds(row, -INFINITY, upper)

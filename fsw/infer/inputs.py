"""The input of an order as the compute port takes it: whole, a segment of it, or a batch of several jobs' inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from fsw.infer.check import InputError, TensorError, check_input_range, input_shape, write_input
from fsw.infer.compute import Compute
from fsw.infer.outcomes import order_of
from fsw.infer.package import InputSpec, Package
from fsw.messages import Member, Outcome, WorkOrder, WorkResult
from hal.errors import PortError
from hal.ports.intake import Intake
from hal.reading import Reason

PASSING = (Reason.TIMEOUT, Reason.BUS)  # an intake that does not answer says nothing about the input


@dataclass(slots=True)
class Loaded:
    """An order with its input: `array` has the rows of all its jobs, `cuts` how many each. Nothing of them is loaded
    where the compute port needs no input.

    `order` is what can run: the batch without the jobs whose inputs are unusable, None where there is none left.
    `refused` are the results of those; `of_rows` is what each job's input has in all.
    """

    order: WorkOrder | None
    array: NDArray[Any] | None = None
    cuts: tuple[int, ...] = ()
    refused: tuple[WorkResult, ...] = ()
    of_rows: Mapping[int, int] | None = None


class Inputs:
    """Loads inputs from the intake. Keeps the last long one, which the next segment is cut from."""

    def __init__(self, intake: Intake, compute: Compute, packages: Mapping[str, Package]) -> None:
        self._intake, self._compute, self._packages = intake, compute, packages
        self._kept: tuple[str, NDArray[Any]] | None = None

    def load(self, now_ns: int, order: WorkOrder) -> Loaded:
        """The input of an order. Raises PortError or InputError where there is but one job, and it has none."""
        if not self._compute.needs_input:
            return Loaded(order)
        if order.others:
            return self._batch(now_ns, order)
        if order.rows == 0:
            return Loaded(order, self._intake.load(order.input_ref))
        spec = self._packages[order.model].input
        array = self._array(spec, order.input_ref)
        most = min(order.rows, self._compute.most_rows(order.model))
        part = _segment(spec, array, order.first_row, most)
        self._kept = (order.input_ref, array) if order.first_row + len(part) < len(array) else None
        order = order if len(part) == order.rows else replace(order, rows=len(part))
        return Loaded(order, part, of_rows={order.job_id: len(array)})

    def _batch(self, now_ns: int, order: WorkOrder) -> Loaded:
        """Every input checked by itself and written beside the others."""
        spec = self._packages[order.model].input
        most = min(order.rows * len(order.parts), self._compute.most_rows(order.model))
        room, filled = self._compute.room(order.model, most), 0
        cuts: list[int] = []
        fit: list[WorkOrder | Member] = []
        refused, of_rows = [], {}
        for part in order.parts:
            try:
                array = self._array(spec, part.input_ref)
                rows = _segment(spec, array, 0, order.rows)
                if filled + len(rows) > most:
                    raise PortError(Reason.BUS, "no room beside the others of its batch")
                target = room[filled : filled + len(rows)]
                write_input(spec, rows, target)
                check_input_range(spec, target)
            except (PortError, TensorError) as error:
                refused.append(_refusal(now_ns, order, part, error))
                continue
            fit.append(part)
            cuts.append(len(rows))
            of_rows[part.job_id] = len(array)
            filled += len(rows)
        if not fit:
            return Loaded(None, refused=tuple(refused))
        first, *others = fit
        runs = order
        if refused:
            head = order_of(order, first.job_id, order.rows)
            runs = replace(head, others=tuple(part for part in others if isinstance(part, Member)))
        array = self._compute.room(order.model, filled)
        return Loaded(runs, array, tuple(cuts), tuple(refused), of_rows)

    def _array(self, spec: InputSpec, ref: str) -> NDArray[Any]:
        """The whole input behind a reference, with its axis of rows. Raises PortError, InputError."""
        if self._kept is not None and self._kept[0] == ref:
            return self._kept[1]
        array = self._intake.load(ref)
        return array.reshape(input_shape(spec, array))


def _segment(spec: InputSpec, array: NDArray[Any], first_row: int, rows: int) -> NDArray[Any]:
    """At most `rows` rows from `first_row` on. Raises InputError where there is none."""
    if first_row >= len(array):
        raise InputError(f"{spec.name} has {len(array)} rows, {first_row} of it were done before")
    fixed = spec.fixed_rows or 1
    last_row = first_row + max(fixed, rows - rows % fixed)
    return array if first_row == 0 and last_row >= len(array) else array[first_row:last_row]


def failure(error: PortError | TensorError) -> Outcome:
    """What an input that cannot be had means for its attempt."""
    return Outcome.HELD if isinstance(error, PortError) and error.reason in PASSING else Outcome.BAD_INPUT


def _refusal(now_ns: int, order: WorkOrder, part: WorkOrder | Member, error: PortError | TensorError) -> WorkResult:
    return WorkResult(
        job_id=part.job_id,
        attempt=part.attempt,
        outcome=failure(error),
        start_ns=now_ns,
        end_ns=now_ns,
        model=order.model,
        variant=order.variant,
        detail=str(error),
    )

"""Copies that the ground asked for: to the ground by CFDP class 2, or between two repositories. Each has a number.

    waiting -> running -> done | failed        suspended and aborted at any time

Of deliveries at most `parallel` run at a time, results before stores, else in the order in which they were asked for.
A store changes while it is read, so a snapshot of it is delivered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from fsw.cfdp.directives import Condition
from fsw.cfdp.entity import CfdpBusy
from fsw.cfdp.settings import Ended, PutRequest, TransactionId
from fsw.files.delivery import Delivery
from fsw.files.names import FileName, FileRefused, parse_name
from fsw.files.repository import Repositories
from fsw.files.state import NOT_BEGUN, CopyOrder
from fsw.files.tasks import copying

GROUND = "ground"
SNAPSHOTS = "snapshots"
OPERATIONS_MAX = 16  # under way; the tracker of commands holds 32
REMEMBERED = 16  # ended ones, for the report
WAITING, RUNNING, SUSPENDED, DONE, FAILED, ABORTED = "waiting", "running", "suspended", "done", "failed", "aborted"


@dataclass(slots=True, kw_only=True)
class Operation:
    """One copy. `label` and `values` say why it failed, as `fsw.catalogue.failures` has it; `why` for a person."""

    order: CopyOrder
    source: FileName
    work: Generator[None, None, None] | None = None
    state: str = WAITING
    done: int = 0
    total: int = 0
    transaction: TransactionId | None = None
    ended: Ended | None = None
    label: str = ""
    values: tuple[float, ...] = ()
    why: str = ""

    @property
    def is_delivery(self) -> bool:
        """It goes to the ground."""
        return self.order.target.startswith(f"{GROUND}/")

    @property
    def is_sending(self) -> bool:
        """The entity knows it."""
        return self.transaction is not None and self.ended is None


class TransferFailed(Exception):
    """A delivery ended with a condition."""


class Operations:
    """Carries orders out; `conclude` is told of each that ends. `has_changed` until somebody has saved `orders`."""

    def __init__(
        self, files: Repositories, delivery: Delivery, conclude: Callable[[Operation], None], parallel: int
    ) -> None:
        self._files, self._delivery, self._conclude, self._parallel = files, delivery, conclude, parallel
        self._active: dict[int, Operation] = {}
        self._past: deque[Operation] = deque(maxlen=REMEMBERED)
        self.has_changed = False

    def orders(self) -> tuple[CopyOrder, ...]:
        """Those that have not ended."""
        return tuple(operation.order for operation in self._active.values())

    def rows(self) -> list[Operation]:
        """Those under way, and the last that ended, by number."""
        return sorted([*self._active.values(), *self._past], key=lambda operation: operation.order.number)

    @property
    def is_working(self) -> bool:
        """A step would do something."""
        waits = [one for one in self._active.values() if one.state != SUSPENDED and one.transaction is None]
        return any(not one.is_delivery for one in waits) or (bool(waits) and self._running < self._parallel)

    @property
    def _running(self) -> int:
        return sum(one.transaction is not None for one in self._active.values())

    def uses(self, name: FileName) -> bool:
        """An operation reads this file."""
        return any(name in (one.source, _snapshot(one)) for one in self._active.values())

    def add(self, order: CopyOrder) -> Operation:
        """Begin a copy; raises OSError where it cannot be done."""
        if order.number in self._active:
            raise FileRefused("operation_exists", f"operation {order.number} exists already", values=(order.number,))
        if len(self._active) >= OPERATIONS_MAX:
            raise FileRefused("busy", f"{OPERATIONS_MAX} copies are under way")
        operation = Operation(order=order, source=parse_name(order.source))
        operation.total = self._files.size(order.source)
        if not operation.is_delivery and not self._files.row(parse_name(order.target)).is_writable:
            raise FileRefused("read_only", f"{order.target} cannot be written")
        self._enter(operation)
        return operation

    def restore(self, now_ns: int, orders: Iterable[CopyOrder]) -> int:
        """Go on with copies of an earlier life, at once where the receiver knows of them; how many."""
        for order in orders:
            operation = Operation(order=order, source=parse_name(order.source))
            with suppress(OSError):
                operation.total = self._files.size(order.source)
            self._enter(operation)
            if order.sequence != NOT_BEGUN:
                self.step()
            if order.is_suspended and order.number in self._active:
                self.suspend(now_ns, order.number)
        return len(self._active)

    def suspend(self, now_ns: int, number: int) -> None:
        """Stand still until resumed; raises FileRefused."""
        operation = self._get(number)
        if operation.is_sending and operation.transaction is not None:
            self._delivery.entity.hold(now_ns, operation.transaction)
        self._mark(operation, SUSPENDED)

    def resume(self, now_ns: int, number: int) -> None:
        """Go on; raises FileRefused."""
        operation = self._get(number)
        if operation.is_sending and operation.transaction is not None:
            self._delivery.entity.release(now_ns, operation.transaction)
        self._mark(operation, WAITING if operation.transaction is None else RUNNING)

    def abort(self, now_ns: int, number: int) -> None:
        """End it; the ground's receiver hears of it, at the next pass at the latest. Raises FileRefused."""
        operation = self._get(number)
        if operation.is_sending and operation.transaction is not None:
            self._delivery.entity.cancel(now_ns, operation.transaction)
        self._end(operation, ABORTED, "stopped", "by command")

    def hear(self, ended: Ended) -> None:
        """A delivery is over."""
        for operation in self._active.values():
            if operation.transaction == ended.id:
                operation.ended = ended

    def step(self) -> None:
        """Go on with each that may."""
        for operation in list(self._active.values()):
            if operation.work is not None and (operation.state != SUSPENDED or operation.ended):
                self._go_on(operation, operation.work)

    def _enter(self, operation: Operation) -> None:
        operation.work = self._deliver(operation) if operation.is_delivery else self._copy(operation)
        self._active[operation.order.number] = operation
        self.has_changed = True

    def _get(self, number: int) -> Operation:
        if number not in self._active:
            raise FileRefused("no_such_operation", f"no operation {number} is under way", values=(number,))
        return self._active[number]

    def _mark(self, operation: Operation, state: str) -> None:
        operation.state = state
        operation.order = replace(operation.order, is_suspended=state == SUSPENDED)
        self.has_changed = True

    def _go_on(self, operation: Operation, work: Generator[None, None, None]) -> None:
        try:
            next(work)
        except StopIteration:
            self._end(operation, DONE)
        except TransferFailed as error:
            self._end(operation, FAILED, "transfer_failed", str(error))
        except OSError as error:
            label, operation.values = failure_of(error)
            self._end(operation, FAILED, label, error.strerror or str(error))

    def _end(self, operation: Operation, state: str, label: str = "", why: str = "") -> None:
        if operation.work is not None:
            operation.work.close()
        operation.state, operation.label, operation.why, operation.work = state, label, why, None
        self._files.path(_snapshot(operation)).unlink(missing_ok=True)
        self._past.append(self._active.pop(operation.order.number))
        self.has_changed = True
        self._conclude(operation)

    def _copy(self, operation: Operation, target: FileName | None = None) -> Generator[None, None, None]:
        operation.state = RUNNING
        target = target or parse_name(operation.order.target)
        for done in copying(self._files, operation.source, target, f"copy-{operation.order.number}.part"):
            operation.done = done
            yield

    def _deliver(self, operation: Operation) -> Generator[None, None, None]:
        """Wait for a turn, take a snapshot where it needs one, send, and wait for the receiver's last word."""
        has_snapshot = self._files.row(operation.source).is_live
        snapshot = _snapshot(operation)
        if has_snapshot and operation.order.sequence == NOT_BEGUN:
            yield from self._copy(operation, snapshot)
        while not self._begin(operation, str(snapshot if has_snapshot else operation.source)):
            yield
        while operation.ended is None:
            self._note_progress(operation)
            yield
        if not operation.ended.is_delivered:
            operation.values = (float(operation.ended.condition),)
            condition = Condition(operation.ended.condition)
            raise TransferFailed(condition.name.lower() if condition else "how it ended is not known")
        operation.done = operation.total

    def _begin(self, operation: Operation, name: str) -> bool:
        """Start the transaction, or go on with that of an earlier life; False while others come first."""
        if self._running >= self._parallel or self._first_in_line() is not operation:
            return False
        entity, order = self._delivery.entity, operation.order
        request = PutRequest(
            destination=order.entity, source_name=name, destination_name=order.target.removeprefix(f"{GROUND}/")
        )
        try:
            if order.sequence == NOT_BEGUN:
                operation.transaction = entity.put(0, request)
            else:
                operation.transaction = entity.take_up(request, order.sequence)
        except CfdpBusy:
            return False
        operation.order = replace(order, sequence=operation.transaction[1])
        operation.state, self.has_changed = RUNNING, True
        return True

    def _first_in_line(self) -> Operation | None:
        waiting = (
            one
            for one in self._active.values()
            if one.is_delivery and one.transaction is None and one.state != SUSPENDED
        )
        return min(
            waiting,
            key=lambda one: (one.order.sequence == NOT_BEGUN, self._files.row(one.source).is_live),
            default=None,
        )

    def _note_progress(self, operation: Operation) -> None:
        for status in self._delivery.entity.status():
            if status.id == operation.transaction:
                operation.done, operation.total = status.octets, status.size or 0


def failure_of(error: OSError) -> tuple[str, tuple[float, ...]]:
    """What the ground is told: the label of a failure, and its values."""
    return (error.label, error.values) if isinstance(error, FileRefused) else ("failed", ())


def _snapshot(operation: Operation) -> FileName:
    return FileName(SNAPSHOTS, f"{operation.order.number}")

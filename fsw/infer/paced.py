"""Compute at the pace of another computer: the worker gives the output, a device tells when it would have been there.

The device is three small files: `computer/start` takes "ID WATTS SECONDS" (above idle, at full duty), `computer/stop`
takes anything, `computer/done` gives the ids that ended since it was last read; `computer/running`, where there is one,
gives the running id, so that a task lost with the power is noticed.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from fsw.infer.client import WorkerClient
from fsw.infer.record import News
from fsw.messages import Outcome, WorkOrder, WorkResult
from hal.clock import Clock
from hal.errors import PortError
from hal.ports.files import FileTree
from hal.reading import Reason

START, STOP, DONE, RUNNING = "computer/start", "computer/stop", "computer/done", "computer/running"
WALL_S = 120.0  # of the host's own time for one inference: far beyond any, so that it decides nothing in virtual time
PACED = (Outcome.DONE, Outcome.BAD_OUTPUT)  # these took their full time; any other failure shows at once


@dataclass(slots=True)
class _Task:
    """What the device works on. `result` is the worker's, or None while it is not there yet."""

    task_id: int
    order: WorkOrder
    start_ns: int
    result: WorkResult | None
    is_done: bool = False
    is_missing: bool = False


class PacedCompute:
    """Runs `worker` (None: nothing is executed, results have no digest) at the device's pace.

    `synchronous` executes inside `start`, as virtual time needs it: results then hold nothing that depends on the
    host's speed. Otherwise the worker runs beside the flight, as in real time.
    """

    def __init__(self, worker: WorkerClient | None, files: FileTree, clock: Clock, *, synchronous: bool = True) -> None:
        self._worker = worker
        self._files = files
        self._clock = clock
        self._synchronous = synchronous
        self._task: _Task | None = None
        self._ended: list[WorkResult] = []
        self._last_id = 0

    @property
    def busy(self) -> bool:
        return self._task is not None or (self._worker is not None and self._worker.busy)

    @property
    def is_ready(self) -> bool:
        """In virtual time always: it must not depend on the host's speed."""
        return self._worker is None or self._synchronous or self._worker.is_ready

    @property
    def needs_input(self) -> bool:
        return self._worker is not None

    def start(self, order: WorkOrder, array: NDArray[Any] | None) -> None:
        if self._task is not None:
            raise RuntimeError(f"job {self._task.order.job_id} is running")
        if self._last_id == 0:
            self._forget_device()
        result = self._execute(order, array)
        self._last_id += 1
        self._task = _Task(self._last_id, order, self._clock.now_ns(), result)
        if result is not None and result.outcome not in PACED:
            self._end(self._task, result.outcome, result.detail)
            return
        try:
            self._files.write_text(
                START, f"{self._last_id} {order.predicted_w / order.duty} {order.predicted_s * order.duty}"
            )
        except PortError as error:
            self._halt_worker(hard=False)
            self._end(self._task, _outcome(error), str(error), self._task.start_ns)

    def poll(self, now_ns: int) -> tuple[WorkResult, ...]:
        late = self._worker.poll() if self._worker is not None and not self._synchronous else None
        if self._task is not None:
            if late is not None:
                self._task.result = late
            self._follow(self._task)
        if not self._ended:
            return ()
        ended, self._ended = tuple(self._ended), []
        return ended

    def news(self) -> tuple[News, ...]:
        """Nothing where it would tell of the host's speed."""
        return () if self._worker is None or self._synchronous else self._worker.news()

    def stop(self, now_ns: int, hard: bool) -> None:
        self._halt_worker(hard)
        if self._task is not None:
            self._halt_device()
            self._end(self._task, Outcome.STOPPED, "")

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()

    def _forget_device(self) -> None:
        """End what an earlier run of this software left on the device: its ids would be taken for ours."""
        with contextlib.suppress(PortError):
            self._files.write_text(STOP, "1")
            self._files.read_text(DONE)

    def _execute(self, order: WorkOrder, array: NDArray[Any] | None) -> WorkResult | None:
        """The output, made now if synchronous; None while it is being made."""
        if self._worker is None:
            return _result(order, Outcome.DONE, 0, 0)
        if array is None:
            raise ValueError("the worker needs an array")
        self._worker.submit(order, array, timeout_s=WALL_S)
        return self._worker.wait(2 * WALL_S) if self._synchronous else None

    def _follow(self, task: _Task) -> None:
        """End the task when device and worker are both done with it, or one of them has failed."""
        try:
            task.is_done = task.is_done or str(task.task_id) in self._files.read_text(DONE).split()
            if not task.is_done and self._is_lost(task):
                self._halt_worker(hard=False)
                self._end(task, Outcome.LOST_POWER, "the computer forgot the task")
                return
        except PortError as error:
            if error.reason is Reason.UNPOWERED:
                self._halt_worker(hard=False)
                self._end(task, Outcome.LOST_POWER, str(error))
            return  # any other failure of the bus may pass; `kill_ns` bounds the wait
        result = task.result
        if result is not None and result.outcome not in PACED:
            self._halt_device()
            self._end(task, result.outcome, result.detail)
        elif result is not None and task.is_done:
            self._end(task, result.outcome, result.detail)

    def _is_lost(self, task: _Task) -> bool:
        """Not running at two polls in a row, nor done in between: the computer was reset or cut off."""
        try:
            is_missing = self._files.read_text(RUNNING) != str(task.task_id)
        except PortError as error:
            if error.reason is Reason.ABSENT:
                return False
            raise
        was_missing, task.is_missing = task.is_missing, is_missing
        return was_missing and is_missing

    def _end(self, task: _Task, outcome: Outcome, detail: str, end_ns: int | None = None) -> None:
        """`end_ns` is now, or the start for what never ran."""
        self._task = None
        made = task.result if task.result is not None else _result(task.order, outcome, 0, 0)
        keeps_output = outcome is Outcome.DONE
        self._ended.append(
            replace(
                made,
                outcome=outcome,
                start_ns=task.start_ns,
                end_ns=self._clock.now_ns() if end_ns is None else end_ns,
                digest=made.digest if keeps_output else "",
                output_ref=made.output_ref if keeps_output else "",
                summary=made.summary if keeps_output else (),
                cpu_s=0.0 if self._synchronous else made.cpu_s,
                detail=detail,
            )
        )

    def _halt_worker(self, hard: bool) -> None:
        if self._worker is not None and self._worker.busy:
            self._worker.stop(hard)

    def _halt_device(self) -> None:
        with contextlib.suppress(PortError):  # a device that cannot be told is one that has lost its power
            self._files.write_text(STOP, "1")


def _result(order: WorkOrder, outcome: Outcome, start_ns: int, end_ns: int) -> WorkResult:
    return WorkResult(
        job_id=order.job_id,
        attempt=order.attempt,
        outcome=outcome,
        start_ns=start_ns,
        end_ns=end_ns,
        model=order.model,
        variant=order.variant,
    )


def _outcome(error: PortError) -> Outcome:
    return Outcome.LOST_POWER if error.reason is Reason.UNPOWERED else Outcome.CRASHED

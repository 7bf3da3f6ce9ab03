"""Compute at the pace of another computer: the worker gives the output, a device tells when it would have been there.

The device is three small files: `computer/start` takes "ID WATTS SECONDS" (above idle, at full duty), `computer/stop`
takes anything, `computer/done` gives the ids that ended since it was last read; `computer/running`, where there is one,
gives the running id, so that a task lost with the power is noticed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from fsw.infer.client import WorkerClient
from fsw.infer.outcomes import results_of
from fsw.infer.record import News
from fsw.messages import Outcome, WorkOrder, WorkResult
from fsw.payload import PointKey
from hal.clock import Clock
from hal.errors import PortError
from hal.ports.files import FileTree
from hal.reading import Reason

START, STOP, DONE, RUNNING = "computer/start", "computer/stop", "computer/done", "computer/running"
WALL_S = 120.0  # of the host's own time for one inference: far beyond any, so that it decides nothing in virtual time
PACED = (Outcome.DONE, Outcome.BAD_OUTPUT)  # these took their full time; any other failure shows at once


@dataclass(slots=True)
class _Task:
    """What the device works on. `results` are the worker's, of each job; none while they are not there yet."""

    task_id: int
    order: WorkOrder
    start_ns: int
    results: tuple[WorkResult, ...]
    is_done: bool = False
    is_missing: bool = False


class PacedCompute:
    """Runs `worker` (None: nothing is executed, results have no digest) at the device's pace.

    `synchronous` executes inside `start`, as virtual time needs it: results then hold nothing that depends on the
    host's speed. Otherwise the worker runs beside the flight, as in real time.

    `declared` has watts above idle and seconds of one inference by operating point: what the device is to take,
    whatever the flight software has learnt to predict. What it does not name takes what the order predicts.
    """

    def __init__(
        self,
        worker: WorkerClient | None,
        files: FileTree,
        clock: Clock,
        *,
        synchronous: bool = True,
        declared: Mapping[PointKey, tuple[float, float]] | None = None,
    ) -> None:
        self._worker = worker
        self._files = files
        self._clock = clock
        self._synchronous = synchronous
        self._declared = declared or {}
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

    def start(self, order: WorkOrder, array: NDArray[Any] | None, cuts: tuple[int, ...] = ()) -> None:
        if self._task is not None:
            raise RuntimeError(f"job {self._task.order.job_id} is running")
        if self._last_id == 0:
            self._forget_device()
        results = self._execute(order, array, cuts)
        self._last_id += 1
        self._task = task = _Task(self._last_id, order, self._clock.now_ns(), results)
        if results and results[0].outcome not in PACED:
            self._end(task, results[0].outcome, results[0].detail)
            return
        watts, seconds = self._cost(order)
        try:
            self._files.write_text(START, f"{self._last_id} {watts / order.duty} {seconds * order.duty}")
        except PortError as error:
            self._halt_worker(hard=False)
            self._end(task, _outcome(error), str(error), task.start_ns)

    def room(self, model: str, rows: int) -> NDArray[Any]:
        if self._worker is None:
            raise RuntimeError("nothing is executed: no input is needed")
        return self._worker.input_view(model, rows)

    def most_rows(self, model: str) -> int:
        return 0 if self._worker is None else self._worker.most_rows(model)

    def poll(self, now_ns: int) -> tuple[WorkResult, ...]:
        late = self._worker.poll_all() if self._worker is not None and not self._synchronous else ()
        if self._task is not None:
            self._task.results = late or self._task.results
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
            self._end(self._task, Outcome.STOPPED)

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()

    def _forget_device(self) -> None:
        """End what an earlier run of this software left on the device: its ids would be taken for ours."""
        with contextlib.suppress(PortError):
            self._files.write_text(STOP, "1")
            self._files.read_text(DONE)

    def _cost(self, order: WorkOrder) -> tuple[float, float]:
        """Watts above idle and seconds of an order."""
        key = (order.model, order.variant, order.threads, order.setting, order.batch)
        declared = self._declared.get(key)
        if declared is None:
            return order.predicted_w, order.predicted_s
        return declared[0], declared[1] * order.inferences

    def _execute(self, order: WorkOrder, array: NDArray[Any] | None, cuts: tuple[int, ...]) -> tuple[WorkResult, ...]:
        """The output, made now if synchronous; nothing while it is being made."""
        if self._worker is None:
            return results_of(order, Outcome.DONE, 0, 0)
        if array is None:
            raise ValueError("the worker needs an array")
        self._worker.submit(order, array, timeout_s=WALL_S, cuts=cuts)
        return self._worker.wait_all(2 * WALL_S) if self._synchronous else ()

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
        if task.results and task.results[0].outcome not in PACED:
            self._halt_device()
            self._end(task, task.results[0].outcome, task.results[0].detail)
        elif task.results and task.is_done:
            self._end(task)

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

    def _end(self, task: _Task, outcome: Outcome | None = None, detail: str = "", end_ns: int | None = None) -> None:
        """All jobs end as `outcome`, or each as the worker said. `end_ns` is now, or the start for what never ran."""
        self._task = None
        if end_ns is None:
            end_ns = self._clock.now_ns()
        for made in task.results or results_of(task.order, Outcome.STOPPED, 0, 0):
            ended = made.outcome if outcome is None else outcome
            keeps_output = ended is Outcome.DONE
            self._ended.append(
                replace(
                    made,
                    outcome=ended,
                    start_ns=task.start_ns,
                    end_ns=end_ns,
                    digest=made.digest if keeps_output else "",
                    output_ref=made.output_ref if keeps_output else "",
                    summary=made.summary if keeps_output else (),
                    cpu_s=0.0 if self._synchronous else made.cpu_s,
                    detail=made.detail if outcome is None else detail,
                )
            )

    def _halt_worker(self, hard: bool) -> None:
        if self._worker is not None and self._worker.busy:
            self._worker.stop(hard)

    def _halt_device(self) -> None:
        with contextlib.suppress(PortError):  # a device that cannot be told is one that has lost its power
            self._files.write_text(STOP, "1")


def _outcome(error: PortError) -> Outcome:
    return Outcome.LOST_POWER if error.reason is Reason.UNPOWERED else Outcome.CRASHED

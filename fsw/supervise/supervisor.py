"""All processes of a table: started in order, restarted along a ladder, stopped in reverse order."""

from __future__ import annotations

import select
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fsw.supervise.child import Child, ChildState, ProcessRow
from fsw.supervise.ladder import SERVICE_LADDER, Backoff, Budgets, Ladder, Response, Rung
from fsw.supervise.notify import NotifySocket
from hal.clock import SECOND_NS, Clock

# How late a missing kick or a due restart may be noticed.
TURN_MS = 100
# A process that outlives SIGKILL for so long waits for a device inside the kernel; nothing of ours ends it.
UNKILLABLE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A process failed: which, why, the how-manieth time since we started, and what is done about it."""

    process: str
    why: str
    times: int
    response: Response


@dataclass(slots=True)
class _Watched:
    child: Child
    ladder: Ladder
    restart_ns: int | None = 0  # when to start it; None while it runs
    failures: int = 0


class Supervisor:
    """Runs the processes of `rows`. `clock` is the computer's own.

    `load` and `save` keep the budgets over a restart; `on_failure` carries out what is more than a restart.
    """

    def __init__(
        self,
        rows: Sequence[ProcessRow],
        notify_path: Path,
        clock: Clock,
        *,
        load: Callable[[], Budgets] = Budgets,
        save: Callable[[Budgets], None] = lambda budgets: None,
        on_failure: Callable[[Failure], None] = lambda failure: None,
        rungs: tuple[Rung, ...] = SERVICE_LADDER,
        backoff: Backoff | None = None,
    ) -> None:
        self._clock, self._save, self._on_failure = clock, save, on_failure
        budgets = load()
        self._watched = [_Watched(Child(row), Ladder(row.name, rungs, backoff, budgets.of(row.name))) for row in rows]
        self._notify = NotifySocket(notify_path)

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        return {item.child.row.name: item.child.pid for item in self._watched if item.child.pid is not None}

    @property
    def is_all_up(self) -> bool:
        """Whether every process has said that it is ready."""
        return all(item.child.state is ChildState.UP for item in self._watched)

    def turn(self, timeout_ms: int = TURN_MS) -> None:
        """Start what is due, wait up to `timeout_ms` for something to happen, and see to it."""
        now_ns = self._clock.now_ns()
        for item in self._watched:
            if item.restart_ns is not None and now_ns >= item.restart_ns:
                self._start(item, now_ns)
        self._wait(timeout_ms)
        now_ns = self._clock.now_ns()
        self._hear(now_ns)
        for item in self._watched:
            item.child.watch(now_ns)
            why = item.child.reap()
            if why is not None:
                self._failed(item, why, now_ns)

    def close(self) -> None:
        """Stop all, the last started first, each within its time or by force; returns when none is left."""
        with self._notify:
            for item in reversed(self._watched):
                self._stop(item)

    def _start(self, item: _Watched, now_ns: int) -> None:
        item.restart_ns = None
        try:
            item.child.start(now_ns)
        except OSError as error:
            self._failed(item, f"cannot be started: {error.strerror}", now_ns)

    def _stop(self, item: _Watched) -> None:
        item.restart_ns = None
        now_ns = self._clock.now_ns()
        give_up_ns = now_ns + int((item.child.row.stop_s + UNKILLABLE_S) * SECOND_NS)
        item.child.stop(now_ns)
        while item.child.pid is not None and now_ns < give_up_ns:
            self._wait(TURN_MS)
            self._notify.receive()
            now_ns = self._clock.now_ns()
            item.child.watch(now_ns)
            item.child.reap()

    def _wait(self, timeout_ms: int) -> None:
        poller = select.poll()
        poller.register(self._notify, select.POLLIN)
        for item in self._watched:
            if item.child.pidfd >= 0:
                poller.register(item.child.pidfd, select.POLLIN)
        poller.poll(timeout_ms)

    def _hear(self, now_ns: int) -> None:
        by_pid = {item.child.pid: item.child for item in self._watched}
        for notice in self._notify.receive():
            child = by_pid.get(notice.pid)
            if child is not None:
                child.notified(notice.fields, now_ns)

    def _failed(self, item: _Watched, why: str, now_ns: int) -> None:
        response = item.ladder.climb(now_ns)
        item.failures += 1
        item.restart_ns = now_ns + int(response.wait_s * SECOND_NS)
        self._save(Budgets(ladders=tuple(other.ladder.spent() for other in self._watched)))
        self._on_failure(Failure(process=item.child.row.name, why=why, times=item.failures, response=response))

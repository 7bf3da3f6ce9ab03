"""Ports whose calls end in their time: a device that stalls costs its own timeout, never another channel's sample.

The call runs in a thread of its own; when its time is over it is left behind, and the next call gets another thread.
While a call is still out, the same file or the same bus gives TIMEOUT at once. What a thread costs is some tens of
microseconds a call, so a port is bounded where its board file says `timeout_ms`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from queue import SimpleQueue
from typing import Any

from hal.errors import PortError
from hal.ports.files import RealFiles
from hal.ports.i2c import LinuxI2c
from hal.reading import Reason

STALL_LIMIT = 8  # calls left behind at a time: each holds a thread


class _Job:
    """One call, and what became of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._result: Any = None
        self._error: BaseException | None = None
        self.done = threading.Event()

    def run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # handed on to whoever waits: nothing is swallowed
            self._error = error
        self.done.set()

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._result


class _Worker:
    """A thread that runs jobs until it is let go."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="port", daemon=True)
        self._thread.start()

    def start(self, job: _Job) -> None:
        self._jobs.put(job)

    def let_go(self) -> None:
        """End after the job under way, whenever that ends."""
        self._jobs.put(None)

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()


class Bound:
    """Runs calls, each within `timeout_ms`."""

    def __init__(self, timeout_ms: int) -> None:
        self._timeout_s = timeout_ms / 1_000
        self._worker: _Worker | None = None
        self._stalled: dict[Hashable, _Job] = {}

    def call(self, key: Hashable, call: Callable[[], Any]) -> Any:
        """What `call` gives; raises PortError TIMEOUT when it is late, or when the call before for `key` still is."""
        if self._stalled:
            self._stalled = {key: job for key, job in self._stalled.items() if not job.done.is_set()}
        if key in self._stalled or len(self._stalled) >= STALL_LIMIT:
            raise PortError(Reason.TIMEOUT, f"{key}: a call before has not come back yet")
        self._worker = self._worker or _Worker()
        job = _Job(call)
        self._worker.start(job)
        if job.done.wait(self._timeout_s):
            return job.result()
        self._stalled[key] = job
        self._worker.let_go()
        self._worker = None
        raise PortError(Reason.TIMEOUT, f"{key}: no answer within {1_000 * self._timeout_s:g} ms")

    def close(self) -> None:
        """Let the thread go. One that still stalls ends when its call does."""
        if self._worker is not None:
            self._worker.let_go()
            self._worker.join(self._timeout_s)
            self._worker = None


class BoundedFiles:
    """A `hal.ports.files.FileTree` whose calls are bounded, each file by itself."""

    def __init__(self, files: RealFiles, timeout_ms: int) -> None:
        self._files = files
        self._bound = Bound(timeout_ms)

    def read_text(self, path: str) -> str:
        return str(self._bound.call(path, lambda: self._files.read_text(path)))

    def read_number(self, path: str) -> int:
        return int(self._bound.call(path, lambda: self._files.read_number(path)))

    def write_text(self, path: str, text: str) -> None:
        self._bound.call(path, lambda: self._files.write_text(path, text))

    def glob(self, pattern: str) -> tuple[str, ...]:
        return tuple(self._bound.call(pattern, lambda: self._files.glob(pattern)))

    def close(self) -> None:
        self._bound.close()
        self._files.close()


class BoundedI2c:
    """A `hal.ports.i2c.I2cBus` whose calls are bounded; one chip that holds the bus holds all of it."""

    def __init__(self, bus: LinuxI2c, timeout_ms: int) -> None:
        self._bus = bus
        self._bound = Bound(timeout_ms)

    def read_words(self, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(self._bound.call("bus", lambda: self._bus.read_words(address, registers)))

    def write_word(self, address: int, register: int, value: int) -> None:
        self._bound.call("bus", lambda: self._bus.write_word(address, register, value))

    def close(self) -> None:
        self._bound.close()
        self._bus.close()

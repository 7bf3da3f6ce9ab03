"""The simulated spacecraft as a process of its own, in real time: world, devices, host, demand, and who watches.

Serves the ports of the flight (`i2c0`, `i2c1`, `sys`, `host`, `intake`) at an endpoint, brings the world up to the
clock before every answer, and listens on the flight's bus as any reader may. Its parent starts and kills the flight:

    simulator -> parent   Ready, Power, LiveRow, Over, FlightRecord          parent -> simulator   Finish
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fsw.bus.contract import Policy
from fsw.bus.topics import BUS_STATUS, EVENT
from fsw.bus.zmq import ZmqBus
from fsw.messages import BusStatus
from fsw.mission import load_mission
from fsw.processes import wiring
from fsw.supervise.child import die_with_parent
from hal.board import find_board
from hal.clock import SECOND_NS, Clock, MonotonicClock, ScaledClock
from hal.ports.host import MemoryHostBus
from hal.ports.intake import Array, MemoryIntake, Ticket
from hal.ports.remote import PortServer
from hal.priority import claim_real_time
from sim.arrivals import Arrival, arrivals
from sim.devices import build as build_devices
from sim.faults import Faults
from sim.host import Host
from sim.scenario import Scenario
from sim.shadow import sunlight
from tools.flight.cli import live_row
from tools.flight.inputs import Inputs
from tools.flight.live import LiveRow
from tools.flight.record import FlightRecord
from tools.flight.recorder import Recorder
from tools.flight.sky import eclipses_of, passes_of
from tools.flight.verdict import approaches, energy, limits, violations

SERVE_MS = 5  # the world is at most so old when nobody asks; who asks gets it as of now
ROW_NS = SECOND_NS // 5  # between two live rows, for a person
ROWS_A_SECOND = 2.0  # of the trace, in real time: enough for a live view
TRACE_S = 10.0  # the longest step of the trace, as in virtual time
INTAKE_DEPTH = 1024
PRIORITY = 45  # as quick as the chips that it stands for, however busy the computer is, and not before the guard
LISTENER = "bench"  # the simulator's name on the flight's bus


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to simulate. `mission` is laid over the scenario's mission; `folder` holds the flight's sockets in `run`."""

    scenario: Scenario
    mission: dict[str, Any]
    seed: int
    speed: float
    folder: Path
    endpoint: str
    executed: bool
    images: Path | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The ports are served; the clock shows 0 at `start_ns` of the computer's own."""

    start_ns: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Power:
    """The flight computer's power came or went."""

    on: bool


@dataclass(frozen=True, slots=True)
class Over:
    """The scenario is over."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Send the record and end."""


class BenchIntake:
    """Tickets that were offered and not discarded come again after `restart`, as the intake port promises."""

    def __init__(self, loader: Callable[[str], Array], depth: int = INTAKE_DEPTH) -> None:
        self._port = MemoryIntake(loader, depth)
        self._open: dict[str, Ticket] = {}
        self._again: deque[Ticket] = deque()
        self._depth = depth

    def offer(self, ticket: Ticket) -> bool:
        """Bring a ticket; False when there was no room."""
        return len(self._open) < self._depth and self._port.offer(ticket)

    def restart(self) -> None:
        """Whoever polls has lost its memory."""
        self._again = deque(self._open.values())

    def poll(self) -> tuple[Ticket, ...]:
        if self._again:
            return tuple([self._again.popleft() for _ in range(min(len(self._again), 64))])
        tickets = self._port.poll()
        self._open.update((ticket.ref, ticket) for ticket in tickets)
        return tickets

    def load(self, ref: str) -> Array:
        return self._port.load(ref)

    def discard(self, ref: str) -> None:
        self._open.pop(ref, None)


class _UpToDate:
    """A port whose every call finds the world at the present moment."""

    def __init__(self, port: object, advance: Callable[[], None]) -> None:
        self._port, self._advance = port, advance

    def __getattr__(self, name: str) -> Any:
        self._advance()
        return getattr(self._port, name)


@dataclass(slots=True)
class _Arrived:
    """What was asked of the payload."""

    by_kind: dict[str, int] = field(default_factory=dict)
    value: float = 0.0


class Simulator:
    """One spacecraft in real time."""

    def __init__(self, task: Task, clock_start_ns: int) -> None:
        scenario = task.scenario
        self._task = task
        self.mission = load_mission(scenario.mission, task.mission)
        self.world = scenario.world(task.seed)
        self.duration_s = task.duration_s or scenario.duration_s(self.world)
        self._end_ns = int(self.duration_s * SECOND_NS)
        self._clock: Clock = ScaledClock(clock_start_ns, task.speed)
        self._inputs = Inputs(task.images)
        self._intake = BenchIntake(lambda ref: self._inputs.load(ref.rpartition("/")[2]))
        host_bus = MemoryHostBus()
        self.host = Host(scenario.host, self.world, host_bus) if scenario.host else None
        board = find_board(self.mission.board)
        devices = build_devices(self.world, task.seed, Faults(scenario.fault, self.world), board)
        ports = {name: _UpToDate(port, self.advance) for name, port in devices.items()}
        self._server = PortServer(task.endpoint, {**ports, "host": host_bus, "intake": self._intake})
        self._bus = ZmqBus(LISTENER, task.folder / "run", wiring())
        interval_s = min(TRACE_S, max(self.mission.control_period_s, task.speed / ROWS_A_SECOND))
        self.recorder = Recorder(self.world, interval_s)
        self.recorder.attach(self._bus)  # type: ignore[arg-type]
        self._statuses = self._bus.subscribe(BUS_STATUS, LISTENER, Policy.DROP_OLDEST, 256)
        self._events = self._bus.subscribe(EVENT, LISTENER, Policy.DROP_OLDEST, 1024)
        self._accounts: dict[str, BusStatus] = {}
        self._waiting = self._arrivals()
        self._next = next(self._waiting, None)
        self._arrived = _Arrived()
        self._powered = False
        self.boots = 0

    @property
    def is_over(self) -> bool:
        """The scenario's time is up."""
        return self.world.now_ns >= self._end_ns

    def advance(self) -> None:
        """Bring the world to the present; its time ends with the scenario."""
        now_ns = min(self._clock.now_ns(), self._end_ns)
        if now_ns > self.world.now_ns:
            self.world.advance_to(now_ns)

    def turn(self) -> None:
        """Answer, advance, bring what is due, listen."""
        self._server.serve_pending(SERVE_MS)
        self.advance()
        now_ns = self.world.now_ns
        while self._next is not None and self._next.time_ns <= now_ns:
            self._offer(self._next)
            self._next = next(self._waiting, None)
        self._listen()

    def power_change(self) -> bool | None:
        """Whether the flight computer has power now, when that is news. A satellite's own computer always has."""
        powered = self.host is None or self.world.computer.is_ready
        if powered == self._powered:
            return None
        self._powered = powered
        self.boots += powered
        if powered:
            self._intake.restart()
        return powered

    def record(self) -> FlightRecord:
        """What the flight leaves behind, as heard on its bus and as it was."""
        self._listen()
        task, recorder = self._task, self.recorder
        return FlightRecord(
            scenario=task.scenario.name,
            title=task.scenario.title,
            about=task.scenario.about.strip(),
            seed=task.seed,
            duration_s=self.world.now_ns / SECOND_NS,
            executed=task.executed,
            epoch_utc=task.scenario.epoch_utc.isoformat().replace("+00:00", "Z"),
            limits=limits(task.scenario),
            trace=recorder.trace,
            jobs=recorder.jobs,
            arrived=self._arrived.by_kind,
            offered_value=self._arrived.value,
            events=recorder.events,
            modes=recorder.modes,
            counts=tuple(row for name in sorted(self._accounts) for row in self._accounts[name].counts),
            violations=violations(self.world),
            approaches=approaches(self.world),
            eclipses=eclipses_of(self.world, self.duration_s),
            passes=passes_of(self.world, self._task.scenario, self.duration_s),
            energy=energy(self.world, recorder.jobs, self.mission.payload.idle_w),
            boots=self.boots,
        )

    def close(self) -> None:
        """Give ports and sockets back."""
        self._server.close()
        self._bus.close()

    def _arrivals(self) -> Iterator[Arrival]:
        sunlit = sunlight(self.world.orbit, is_oblate=self.world.config.orbit.is_oblate)
        return iter(arrivals(self._task.scenario.demand, self._task.seed, self.duration_s, sunlit))

    def _offer(self, arrival: Arrival) -> None:
        """A ticket of its own name for each arrival, also where two ask for the same image."""
        arrived = self._arrived
        number = sum(arrived.by_kind.values())
        arrived.by_kind[arrival.kind] = arrived.by_kind.get(arrival.kind, 0) + 1
        arrived.value += arrival.value
        self._intake.offer(
            Ticket(
                ref=f"{number}/{self._inputs.reference(arrival)}",
                kind=arrival.kind,
                model=arrival.model,
                value=arrival.value,
                deadline_s=arrival.deadline_s,
            )
        )

    def _listen(self) -> None:
        self._bus.poll(0)
        for event in self._events.drain():
            if event.name == "service_restarted" and event.values[:1] == ("infer",):
                self._intake.restart()
        for status in self._statuses.drain():
            self._accounts[status.process] = status
        self.recorder.step(self.world.now_ns)


def simulate(task: Task, pipe: Connection, parent_pid: int) -> None:
    """The process: until it is told to finish, or its parent is gone."""
    die_with_parent(parent_pid)
    os.setpgid(0, 0)  # Ctrl-C is the parent's business
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    claim_real_time(PRIORITY)
    start_ns = MonotonicClock().now_ns()
    simulator = Simulator(task, start_ns)
    try:
        pipe.send(Ready(start_ns, simulator.duration_s))
        _loop(simulator, pipe)
        pipe.send(simulator.record())
    finally:
        simulator.close()


def _loop(simulator: Simulator, pipe: Connection) -> None:
    clock = MonotonicClock()
    row_ns, told_over = 0, False
    while not pipe.poll():
        simulator.turn()
        powered = simulator.power_change()
        if powered is not None:
            pipe.send(Power(powered))
        if clock.now_ns() >= row_ns and simulator.recorder.trace.time_s:
            row_ns = clock.now_ns() + ROW_NS
            pipe.send(_row(simulator))
        if simulator.is_over and not told_over:
            told_over = True
            pipe.send(Over())
    pipe.recv()


def _row(simulator: Simulator) -> LiveRow:
    row: LiveRow = live_row(simulator)  # type: ignore[arg-type]
    return row

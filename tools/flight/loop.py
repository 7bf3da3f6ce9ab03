"""A flight in virtual time: one process, one clock, the same services as in real processes.

Time goes from control period to control period, and in between to every moment at which the simulated computer
finishes something. At each moment the world is advanced first, then the services step in the order of `fsw.compose`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import EVENT
from fsw.compose import SERVICES, Parts, compose, state_tables
from fsw.counter_store import DiskCounterStore
from fsw.flown import flown, loaded_models
from fsw.govern.delay import SolverDelay
from fsw.govern.table import SavedPrices
from fsw.infer.client import WorkerClient
from fsw.infer.paced import PacedCompute
from fsw.infer.package import SHIPPED, usable_packages
from fsw.link.opening import launch_link, open_link
from fsw.messages import Event, TopicCount
from fsw.mission import Mission
from fsw.packets.errors import PacketError
from fsw.packets.frames.tm_stream import TmReceiver
from fsw.payload import declared_points
from fsw.service import Service
from fsw.store.state import NamedState
from hal.board import find_board, open_board
from hal.clock import SECOND_NS, OnboardTime, SteppedClock
from hal.ports.disk import RealDisk
from hal.ports.host import MemoryHostBus
from hal.ports.intake import MemoryIntake, Ticket
from hal.ports.link import DatagramLink, MemoryLink, memory_pair
from hal.ports.memory_disk import MemoryDisk
from sim.arrivals import Arrival, arrivals
from sim.devices import build as build_devices
from sim.faults import Faults
from sim.host import Host
from sim.radio import RadioConfig, RadioLink
from sim.scenario import Scenario
from sim.shadow import sunlight
from tools.flight.briefing import mission_of
from tools.flight.inputs import Inputs
from tools.flight.keys import seeded_entropy, seeded_ring
from tools.flight.pictures import Album
from tools.flight.record import FlightRecord
from tools.flight.recorder import Recorder
from tools.flight.sky import eclipses_of, passes_of
from tools.flight.verdict import approaches, energy, limits, violations

LEAN = ("host", "sense", "guard", "intake", "plan", "govern", "infer", "store")  # no radio, no account
RECOVERY_WAIT_S = 5.0  # the store tells in its first step what it recovered
TRACE_S = 10.0
LINK_DEPTH = 4096  # datagrams between two control periods


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to fly a scenario. `mission` is laid over the scenario's mission; `lean` leaves out store and telemetry.

    `radio` stands between the flight and whoever commands it through `VirtualFlight.ground`.
    """

    seed: int | None = None
    execute: bool = True
    plan: bool = True
    lean: bool = False
    mission: dict[str, Any] = field(default_factory=dict)
    images: Path | None = None
    run_folder: Path | None = None
    models: Path = SHIPPED
    duration_s: float | None = None
    radio: RadioConfig | None = None


class VirtualFlight:
    """One flight. `fly` returns its record; `watch`, if set, is called at every row of the trace, `hear` with every
    datagram that comes down. `ground` is the ground's end of the link, `ring` the keys of the flight.

    Who has something to do between two control periods goes through `ticks` and takes `record` at the end.
    """

    def __init__(self, scenario: Scenario, options: Options) -> None:
        self.scenario, self.options = scenario, options
        self.watch: Callable[[], None] | None = None
        self.hear: Callable[[bytes], None] | None = None
        self.seed = scenario.seed if options.seed is None else options.seed
        self.mission: Mission = mission_of(scenario, options.mission)
        self.world = scenario.world(self.seed)
        self.duration_s = options.duration_s or scenario.duration_s(self.world)
        self.clock = SteppedClock()
        self._faults = Faults(scenario.fault, self.world)
        self._board = find_board(self.mission.board)
        self._ports = build_devices(self.world, self.seed, self._faults, self._board)
        self._host_bus = MemoryHostBus()
        self.host = Host(scenario.host, self.world, self._host_bus) if scenario.host else None
        self.inputs = Inputs(options.images)
        self.album = Album(self.inputs)
        self.recorder = Recorder(self.world, TRACE_S)
        self._disk = RealDisk(options.run_folder / "store", durable=False) if options.run_folder else MemoryDisk()
        self._telemetry = (options.run_folder / "telemetry.bin").open("wb") if options.run_folder else None
        self.ring = seeded_ring(self.mission.link, self.seed)
        self._counters = DiskCounterStore(MemoryDisk())
        if self.ring is not None:
            launch_link(self.mission.link, self.ring, self._counters)
        self._entropy = seeded_entropy(self.seed + 1)
        self._frames: TmReceiver | None = None
        self._worker: WorkerClient | None = None
        self._packages, self._refused = usable_packages(options.models)
        self.boots = 0
        self.packets: dict[str, int] = {"telemetry_packets": 0, "telemetry_octets": 0}
        self._past_counts: dict[tuple[str, str], list[int]] = {}
        self._bus: MemoryBus | None = None
        self._services: list[Service] = []
        self._offered = 0.0
        self._arrived: dict[str, int] = {}

    def fly(self) -> FlightRecord:
        """Fly to the end."""
        for _ in self.ticks():
            pass
        return self.record()

    def ticks(self) -> Iterator[int]:
        """Fly, control period by control period; gives the time of each in ns once everything in it is done."""
        try:
            if self.options.execute:
                self._worker = WorkerClient(tuple(self._packages.values()), output_sink=self.album.keep)
            yield from self._loop()
        finally:
            self._end()

    def _loop(self) -> Iterator[int]:
        period_ns = int(self.mission.control_period_s * SECOND_NS)
        end_ns = int(self.duration_s * SECOND_NS)
        waiting = self._arrivals()
        arrival = next(waiting, None)
        computer = self.world.computer
        for tick_ns in count(0, period_ns):
            if tick_ns > end_ns:
                return
            while computer.event_ns < tick_ns:
                self._advance(computer.event_ns)
                self._step_work()
            self._advance(tick_ns)
            while arrival is not None and arrival.time_ns <= tick_ns:
                self._offer(arrival)
                arrival = next(waiting, None)
            self._follow_power()
            self._step_all(tick_ns)
            yield tick_ns

    def _advance(self, time_ns: int) -> None:
        self.world.advance_to(time_ns)
        self.clock.advance_to_ns(time_ns)

    def _arrivals(self) -> Iterator[Arrival]:
        sunlit = sunlight(self.world.orbit, is_oblate=self.world.config.orbit.is_oblate)
        return iter(arrivals(self.scenario.demand, self.seed, self.duration_s, sunlit))

    def _offer(self, arrival: Arrival) -> None:
        """The instruments go on while the flight software is down: what comes then waits at the intake."""
        self._arrived[arrival.kind] = self._arrived.get(arrival.kind, 0) + 1
        self._offered += arrival.value
        self._intake.offer(
            Ticket(
                ref=self.inputs.reference(arrival),
                kind=arrival.kind,
                model=arrival.model,
                value=arrival.value,
                deadline_s=arrival.deadline_s,
            )
        )

    def _follow_power(self) -> None:
        """The flight software lives on the payload's rail where the payload is a guest."""
        powered = self.host is None or self.world.computer.is_ready
        if powered and not self._services:
            self._boot()
        elif not powered and self._services:
            self._lose_power()

    def _boot(self) -> None:
        """Compose the flight software anew on the disk that outlives it."""
        self.boots += 1
        self._bus = MemoryBus()
        mission = self.mission
        self._intake = getattr(self, "_intake", None) or MemoryIntake(self.inputs.load, depth=1024)
        onboard, self.ground = memory_pair(LINK_DEPTH)
        files = self._ports["sys"]
        board = open_board(self._board, self._ports, self.clock)
        time = OnboardTime(tai_at_zero_ns=mission.epoch_tai_ns())
        self._faults.disturb(time)
        parts = Parts(
            bus=self._bus,
            mission=mission,
            time=time,
            board=board,
            host_bus=self._host_bus,
            compute=PacedCompute(
                self._worker,
                files,  # type: ignore[arg-type]
                self.clock,
                declared=declared_points(mission.payload, mission.models),
            ),
            packages=self._packages,
            intake=self._intake,
            link=open_link(mission.link, self._through_the_air(onboard), self.ring, self._counters, self._entropy),
            disk=self._disk,
            tables=state_tables(self._disk, "schedule", "faults"),
            prices=NamedState(self._disk, "prices", SavedPrices()),
            solver_delay=SolverDelay(),
            folder=self.options.run_folder,
            as_flown=flown(mission, self._board, lambda: loaded_models(self._packages), self.ring),
            recovery_wait_s=RECOVERY_WAIT_S,
        )
        names = [name for name in (LEAN if self.options.lean else SERVICES) if self._wants(name)]
        self._services = compose(parts, tuple(names))
        self._by_name = {service.name: service for service in self._services}
        self._due_ns = dict.fromkeys(self._by_name, 0)
        self._table = [(service.step, service.period_ns, service.name) for service in self._services]
        self.recorder.attach(self._bus)
        for name, why in self._refused.items():
            event = Event(time_ns=self.clock.now_ns(), name="model_refused", values=(name, why))
            self._bus.publish(EVENT, event)

    def _through_the_air(self, onboard: MemoryLink) -> DatagramLink:
        """The flight's end of the link; frames that come down are taken apart anew after each boot."""
        self._frames = TmReceiver(self.mission.link.scid) if self.mission.link.has_frames else None
        radio = self.options.radio
        return onboard if radio is None else RadioLink(onboard, self.clock, radio, self.seed, lambda _now_ns: True)

    def _wants(self, name: str) -> bool:
        if name == "models":  # a trial takes as long as the host needs, which virtual time must not depend on
            return False
        if name == "files" and self.options.run_folder is None:
            return False
        return (name != "plan" or self.options.plan) and (name != "host" or self.host is not None)

    def _lose_power(self) -> None:
        """Memory is gone; what the disk holds stays."""
        self._keep_counts()
        self._services, self._bus = [], None

    def _step_all(self, now_ns: int) -> None:
        if not self._services:
            return
        due = self._due_ns
        for step, period_ns, name in self._table:
            if now_ns >= due[name]:
                due[name] = now_ns + period_ns
                step(now_ns)
        self._drain_telemetry()
        if self.recorder.step(now_ns) and self.watch is not None:
            self.watch()

    def _step_work(self) -> None:
        """Something ended between two control periods: take the result, start what comes next."""
        if self._services:
            now_ns = self.clock.now_ns()
            self._by_name["infer"].step(now_ns)
            self._by_name["govern"].step(now_ns)
            self._by_name["infer"].step(now_ns)

    def _drain_telemetry(self) -> None:
        while (datagram := self.ground.receive()) is not None:
            if self.hear is not None:
                self.hear(datagram)
            for packet in (datagram,) if self._frames is None else _packets_of(self._frames, datagram):
                self.packets["telemetry_packets"] += 1
                self.packets["telemetry_octets"] += len(packet)
                if self._telemetry is not None:
                    self._telemetry.write(packet)

    def _keep_counts(self) -> None:
        """Add the account of a bus that ends to those before it."""
        for row in self._bus.counts() if self._bus else ():
            total = self._past_counts.setdefault((row.topic, row.subscriber), [0, 0, 0, 0])
            for index, number in enumerate((row.sent, row.delivered, row.dropped, row.in_flight)):
                total[index] += number

    def _end(self) -> None:
        for name in ("store", "archive") if self._services else ():
            if name in self._by_name:
                self._by_name[name].close(self.clock.now_ns())  # type: ignore[attr-defined]
        self._keep_counts()
        if self._worker is not None:
            self._worker.close()
        if self._telemetry is not None:
            self._telemetry.close()

    def record(self) -> FlightRecord:
        """What the flight was, once it has ended."""
        recorder = self.recorder
        return FlightRecord(
            scenario=self.scenario.name,
            title=self.scenario.title,
            about=self.scenario.about.strip(),
            seed=self.seed,
            duration_s=self.duration_s,
            executed=self.options.execute,
            epoch_utc=_iso(self.scenario),
            limits=limits(self.scenario),
            trace=recorder.trace,
            jobs=recorder.jobs,
            arrived=self._arrived,
            offered_value=self._offered,
            events=recorder.events,
            modes=recorder.modes,
            counts=tuple(
                TopicCount(
                    topic=topic, subscriber=name, sent=row[0], delivered=row[1], dropped=row[2], in_flight=row[3]
                )
                for (topic, name), row in self._past_counts.items()
            ),
            packets=self.packets,
            violations=violations(self.world),
            approaches=approaches(self.world),
            pictures=self.album.pictures(),
            eclipses=eclipses_of(self.world, self.duration_s),
            passes=passes_of(self.world, self.scenario, self.duration_s),
            energy=energy(self.world, recorder.jobs, self.mission.payload.idle_w),
            boots=self.boots,
        )


def _packets_of(frames: TmReceiver, datagram: bytes) -> tuple[bytes, ...]:
    try:
        return frames.receive(datagram).packets
    except PacketError:
        return ()


def _iso(scenario: Scenario) -> str:
    return scenario.epoch_utc.isoformat().replace("+00:00", "Z")

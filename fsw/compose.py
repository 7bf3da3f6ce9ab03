"""The composition root of the flight software: which services there are, what each is given, which share a process.

`compose` builds the services of one process from ports; the same table serves one process in virtual time, the
processes of a flight, and tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from fsw.bus.account import AccountService
from fsw.bus.contract import Bus
from fsw.command.service import CommandService
from fsw.faults.defaults import default_table
from fsw.faults.service import FaultService
from fsw.files.repository import flight_repositories
from fsw.files.service import FilesService
from fsw.files.state import FilesState
from fsw.govern.delay import SolverDelay
from fsw.govern.service import GovernService
from fsw.govern.table import SavedPrices
from fsw.guard.service import GuardService, Lease
from fsw.host.service import HostService
from fsw.infer.client import WorkerConfig
from fsw.infer.compute import Compute
from fsw.infer.intake import IntakeConfig, IntakeService
from fsw.infer.life import LifeConfig, ModelService, Server
from fsw.infer.package import Package
from fsw.infer.service import InferConfig, InferService
from fsw.infer.shelf import Shelf
from fsw.keeping import StateFile
from fsw.link.contract import Profile
from fsw.link.service import LinkService
from fsw.memory.registry import Memory, TableMemory
from fsw.memory.service import MemoryService
from fsw.mission import Mission
from fsw.schedule.activity import ScheduleState
from fsw.schedule.almanac import Almanac
from fsw.schedule.service import ScheduleService
from fsw.sense.service import SenseService
from fsw.service import Service
from fsw.store.archive import ArchiveService
from fsw.store.service import StoreService
from fsw.store.state import NamedState, newest_file
from fsw.telemetry.as_flown import AsFlown
from fsw.telemetry.choices import Choices
from fsw.telemetry.contact import Contacts
from fsw.telemetry.service import TelemetryService
from hal.board import Board
from hal.clock import OnboardTime
from hal.ports.disk import Disk
from hal.ports.host import HostBus
from hal.ports.intake import Intake

T = TypeVar("T")

PAYLOAD_RAIL, PAYLOAD_DUTY = "payload_rail", "payload_duty"  # names of the actuators in the board files


@dataclass(slots=True, kw_only=True)
class Parts:
    """What services are built from. A process leaves out what its services do not use."""

    bus: Bus
    mission: Mission
    time: OnboardTime
    board: Board | None = None
    lease: Lease | None = None
    host_bus: HostBus | None = None
    compute: Compute | None = None
    packages: MutableMapping[str, Package] = field(default_factory=dict)
    shelf: Shelf | None = None
    server: Server | None = None  # that takes new versions of packages; none where nothing is executed
    trial_worker: WorkerConfig | None = None
    intake: Intake | None = None
    link: Profile | None = None
    disk: Disk | None = None
    folder: Path | None = None  # the run folder, for the services whose files are files
    as_flown: Callable[[], AsFlown] | None = None  # what was put together for this flight
    process: str = "flight"
    prices: StateFile[SavedPrices] | None = None  # the planner's table, which outlives it
    solver_delay: SolverDelay | None = None  # modelled where time is virtual; a process of its own takes its time
    recovery_wait_s: float = 0.0  # that the intake waits for word of the jobs that are owed, where a store sends it
    tables: Mapping[str, Memory] = field(default_factory=dict)  # that the ground may dump, by name
    counters: dict[str, Callable[[], Mapping[str, int]]] = field(default_factory=dict)


def state_tables(disk: Disk, *names: str) -> dict[str, Memory]:
    """Durable states as memories: the newest whole file of each."""
    return {name: TableMemory(partial(newest_file, disk, name)) for name in names}


class MissingPart(Exception):
    """A service was asked for without the port that it lives on."""


def _given(part: T | None, service: str, name: str) -> T:
    if part is None:
        raise MissingPart(f"service {service} needs the part {name!r}")
    return part


def _sense(parts: Parts) -> Service:
    return SenseService(parts.bus, _given(parts.board, "sense", "board").sensors, parts.mission)


def _guard(parts: Parts) -> Service:
    board = _given(parts.board, "guard", "board")
    return GuardService(
        parts.bus,
        parts.mission,
        parts.time,
        rail=board.switches.get(PAYLOAD_RAIL) if parts.mission.profile == "owned" else None,
        cap=board.caps.get(PAYLOAD_DUTY),
        caps=board.caps,
        lease=parts.lease,
    )


def _intake(parts: Parts) -> Service:
    config = IntakeConfig(recovery_wait_s=parts.recovery_wait_s)
    return IntakeService(parts.bus, _given(parts.intake, "intake", "intake"), config)


def _plan(parts: Parts) -> Service:
    from fsw.govern.planner import PlanService  # brings the solver, which no other process may hold

    return PlanService(parts.bus, parts.mission, parts.time, parts.solver_delay, parts.prices)


def _command(parts: Parts) -> Service:
    link = _given(parts.link, "command", "link")
    service = CommandService(parts.bus, link)
    parts.counters |= {"command": service.counts, "link": link.counts}
    return service


def _store(parts: Parts) -> Service:
    service = StoreService(parts.bus, _given(parts.disk, "store", "disk"), parts.mission.store)
    parts.counters["store"] = service.counts
    return service


def _telemetry(parts: Parts) -> Service:
    settings, disk = parts.mission.link, _given(parts.disk, "telemetry", "disk")
    passes = parts.mission.passes() if settings.contact == "passes" else None
    return TelemetryService(
        parts.bus,
        _given(parts.link, "telemetry", "link"),
        parts.time,
        counters=parts.counters,
        memory=NamedState(disk, "telemetry", Choices()),
        contacts=Contacts(parts.time, passes, settings.rate_bps),
        as_flown=parts.as_flown,
    )


def _schedule(parts: Parts) -> Service:
    file = NamedState(_given(parts.disk, "schedule", "disk"), "schedule", ScheduleState())
    service = ScheduleService(parts.bus, parts.time, Almanac(parts.mission), file)
    parts.counters["schedule"] = service.counts
    return service


def _faults(parts: Parts) -> Service:
    file = NamedState(_given(parts.disk, "faults", "disk"), "faults", default_table(parts.mission))
    service = FaultService(parts.bus, parts.time, file)
    parts.counters["faults"] = service.counts
    return service


def _archive(parts: Parts) -> Service:
    service = ArchiveService(parts.bus, _given(parts.disk, "archive", "disk"))
    parts.counters["archive"] = service.counts
    return service


def _files(parts: Parts) -> Service:
    repositories = flight_repositories(_given(parts.folder, "files", "folder"))
    state = NamedState(_given(parts.disk, "files", "disk"), "files", FilesState())
    service = FilesService(parts.bus, repositories, state)
    parts.counters["files"] = service.counts
    return service


def _link(parts: Parts) -> Service:
    return LinkService(parts.bus, _given(parts.link, "link", "link"))


def _infer(parts: Parts) -> Service:
    compute = _given(parts.compute, "infer", "compute")
    config = InferConfig(word_s=parts.mission.guard.envelope_s)
    return InferService(parts.bus, compute, _given(parts.intake, "infer", "intake"), parts.packages, config)


def _models(parts: Parts) -> Service:
    shelf = _given(parts.shelf, "models", "shelf")
    config = LifeConfig(trial_w=max(setting.watts for setting in parts.mission.payload.settings))
    return ModelService(parts.bus, shelf, parts.packages, parts.server, config, parts.trial_worker)


# In the order of a step: what is sensed now bounds and starts work now.
SERVICES: dict[str, Callable[[Parts], Service]] = {
    "host": lambda parts: HostService(
        parts.bus, _given(parts.host_bus, "host", "host_bus"), parts.mission.guard.host_silence_s
    ),
    "sense": _sense,
    "guard": _guard,
    "command": _command,
    "intake": _intake,
    "plan": _plan,
    "govern": lambda parts: GovernService(parts.bus, parts.mission, parts.time, parts.prices),
    "infer": _infer,
    "models": _models,
    "memory": lambda parts: MemoryService(parts.bus, parts.packages, parts.tables),
    "store": _store,
    "archive": _archive,
    "schedule": _schedule,
    "faults": _faults,
    "files": _files,
    "account": lambda parts: AccountService(parts.bus, parts.process, parts.counters),
    "telemetry": _telemetry,
    "link": _link,
}


def compose(parts: Parts, names: tuple[str, ...]) -> list[Service]:
    """The named services in the order of the table. Raises MissingPart; KeyError for an unknown name."""
    unknown = [name for name in names if name not in SERVICES]
    if unknown:
        raise KeyError(f"no service {unknown[0]!r}; there are {', '.join(SERVICES)}")
    return [build(parts) for name, build in SERVICES.items() if name in names]

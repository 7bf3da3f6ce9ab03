"""One process of the table: its ports opened, its services composed and driven, all of it given back at the end."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fsw.bus.contract import Policy
from fsw.bus.topics import ENVELOPE, EVENT
from fsw.bus.zmq import ZmqBus
from fsw.compose import Parts, compose, state_tables
from fsw.counter_store import DiskCounterStore
from fsw.files.results import ResultFolder
from fsw.files.service import FilesService
from fsw.govern.table import SavedPrices
from fsw.guard.lease import WorkerLease
from fsw.guard.service import GuardService
from fsw.infer.client import WorkerClient, WorkerConfig
from fsw.infer.compute import Compute, WorkerCompute
from fsw.infer.life import ModelService
from fsw.infer.paced import PacedCompute
from fsw.infer.package import SHIPPED
from fsw.infer.shelf import Shelf, ShelfState
from fsw.infer.slots import Slots
from fsw.link.secrecy import keep_memory_to_ourselves
from fsw.memory.service import MemoryService
from fsw.messages import Event
from fsw.payload import declared_points
from fsw.processes import WAKES, ProcessSpec, wiring
from fsw.service import Service
from fsw.setting import Setting
from fsw.shell import Beat, FetchingHostBus, FetchingLink, Shell, Wake, topic_wake
from fsw.store.archive import ArchiveService
from fsw.store.service import StoreService
from fsw.store.state import NamedState
from fsw.supervise.notify import Notifier
from hal.board import Board, open_board
from hal.ports.disk import RealDisk
from hal.ports.files import FileTree
from hal.ports.folder_intake import FolderIntake
from hal.ports.host import HostBus, LinkHostBus
from hal.ports.intake import Intake
from hal.ports.kinds import I2cDevice
from hal.ports.link import UdpLink
from hal.ports.remote import RemotePorts
from hal.priority import claim_real_time

PORT_TIMEOUT_MS = 100  # a register over a socket takes 0.2 ms; a bench that is late is a sensor that is late
INTAKE_TIMEOUT_MS = 2_000  # an array of megabytes, made when it is asked for
INTAKE_QUOTA_BYTES = 256 << 20  # of the intake folder: some two hundred tiles of 256 x 256 x 4 floats
FLUSH_MS = 300  # at the end, for what must be delivered: three times the first wait before it is sent again
RECOVERY_WAIT_S = 15.0  # of real time, for word of the jobs that are owed: a store that starts on a busy computer
COMPUTER_PORT = "sys"  # where a bench shows the paced computer
LEASE = "worker.lease"
COUNTERS = "comms"  # in the run folder: what the space link has used up


class Opening:
    """What one process opens; `stack` gives it back. `wakes` and `beats` are for the shell."""

    def __init__(self, setting: Setting, bus: ZmqBus, stack: ExitStack) -> None:
        self.setting, self.bus, self.stack = setting, bus, stack
        self.mission = setting.load_mission()
        self.clock = setting.clock()
        self.wakes: dict[str, list[Wake]] = {}
        self.beats: list[Beat] = []

    def parts(self, process: str) -> Parts:
        """The parts of the services of a process."""
        own: dict[str, Any] = OPENERS[process](self) if process in OPENERS else {}
        return Parts(
            bus=self.bus,
            mission=self.mission,
            time=self.setting.time(self.mission, self.clock),
            process=process,
            recovery_wait_s=RECOVERY_WAIT_S * max(1.0, self.setting.speed),
            **own,
        )

    def remote(self, timeout_ms: int) -> RemotePorts | None:
        """The bench's ports, where there is a bench."""
        if not self.setting.ports:
            return None
        ports = RemotePorts(self.setting.ports, timeout_ms)
        self.stack.callback(ports.close)
        return ports

    def board(self, remote: RemotePorts | None) -> Board:
        """The mission's board, on the bench's ports or on its own."""
        config = self.setting.load_board(self.mission)
        given: dict[str, object] = {}
        if remote is not None:
            for name, kind in config.ports.items():
                given[name] = remote.i2c(name) if isinstance(kind, I2cDevice) else remote.files(name)
        board = open_board(config, given, self.clock)
        self.stack.callback(board.close)
        return board

    def lease(self) -> WorkerLease:
        """The worker's lease, revoked: whoever starts first, nothing runs before the guard has said so. Its file stays
        when this process ends, since the worker goes on looking at it."""
        lease = WorkerLease(self.setting.volatile / LEASE)
        lease.revoke()
        return lease


def run_process(spec: ProcessSpec, setting: Setting, may_go_on: Callable[[], bool]) -> None:
    """Open, compose, drive while it may go on, give back. Raises ConfigError, HalError, MissingPart, OSError,
    ProcessFailed."""
    setting.volatile.mkdir(parents=True, exist_ok=True)
    if spec.priority:
        claim_real_time(spec.priority)
    with ExitStack() as stack:
        bus = ZmqBus(spec.name, setting.volatile, wiring())
        stack.callback(bus.close)
        stack.callback(bus.flush, FLUSH_MS)
        opening = Opening(setting, bus, stack)
        names = [name for name in spec.services if name != "host" or opening.mission.profile == "hosted"]
        services = compose(opening.parts(spec.name), tuple(names))
        for service in services:
            _attend(service, opening)
        notifier = Notifier(setting.notify)
        stack.callback(notifier.close)
        shell = Shell(
            bus, services, opening.clock, notifier, speed=setting.speed, wakes=opening.wakes, beats=opening.beats
        )
        gc.collect()
        gc.freeze()  # what was built lives as long as the process: looking it through again holds a step up for nothing
        shell.run(may_go_on)


def _attend(service: Service, opening: Opening) -> None:
    """What a service needs beyond its steps."""
    topics = WAKES.get(service.name)
    if topics:
        opening.wakes.setdefault(service.name, []).append(topic_wake(opening.bus, service.name, topics))
    if isinstance(service, GuardService):
        opening.beats.append(service.beat)
    if isinstance(service, StoreService | ArchiveService):
        opening.stack.callback(lambda: service.close(opening.clock.now_ns()))
    if isinstance(service, FilesService):
        opening.wakes.setdefault(service.name, []).append(lambda: service.is_busy)
    if isinstance(service, MemoryService):
        opening.wakes.setdefault(service.name, []).append(lambda: service.is_reading)
    if isinstance(service, ModelService):
        opening.wakes.setdefault(service.name, []).append(lambda: service.is_trying)
        opening.stack.callback(service.close)


def _guard(opening: Opening) -> dict[str, Any]:
    remote = opening.remote(PORT_TIMEOUT_MS)
    host_bus = _host_bus(opening, remote) if opening.mission.profile == "hosted" else None
    return {"board": opening.board(remote), "lease": opening.lease(), "host_bus": host_bus}


def _host_bus(opening: Opening, remote: RemotePorts | None) -> HostBus:
    """A guest's end of the host bus: the bench's, or UDP. Whatever the host says is acted on at once."""
    host_bus: HostBus
    if remote is not None and not opening.setting.host_link:
        host_bus = remote.host("host")
    else:
        address = opening.mission.host_link
        udp = UdpLink((address.local_host, address.local_port), (address.remote_host, address.remote_port))
        opening.stack.callback(udp.close)
        opening.bus.watch(udp.fileno())
        host_bus = LinkHostBus(udp)
    fetching = FetchingHostBus(host_bus)
    opening.wakes["host"] = [fetching.fetch]
    return fetching


def _store(opening: Opening) -> dict[str, Any]:
    return {"disk": RealDisk(opening.setting.run_folder / "store")}


def counter_store(run_folder: Path) -> DiskCounterStore:
    """Where the space link keeps what it has used up."""
    return DiskCounterStore(RealDisk(run_folder / COUNTERS))


def _comms(opening: Opening) -> dict[str, Any]:
    """The space link, with its keys, which no other process has; what arrives is taken at once."""
    from fsw.flown import flown, shelved_models  # these two bring the ciphers, which no other process needs
    from fsw.link.opening import load_mission_ring, open_link

    keep_memory_to_ourselves()
    settings, folder = opening.mission.link, opening.setting.run_folder
    ring = load_mission_ring(settings, folder, opening.setting.mission)
    udp = UdpLink((settings.tc_host, settings.tc_port), None)
    opening.stack.callback(udp.close)
    opening.bus.watch(udp.fileno())
    fetching = FetchingLink(udp)
    link = open_link(settings, fetching, ring, counter_store(folder), os.urandom)
    opening.wakes |= {  # beside those by topic
        "command": [lambda: fetching.fetch() or link.has_packets],
        "link": [lambda: link.is_waiting],
    }
    shelf = NamedState(RealDisk(folder / "models"), "shelf", ShelfState())
    board = opening.setting.load_board(opening.mission)
    as_flown = flown(opening.mission, board, lambda: shelved_models(SHIPPED, shelf.load()[0]), ring)
    return {"link": link, "disk": RealDisk(folder / COUNTERS), "as_flown": as_flown}


def _autonomy(opening: Opening) -> dict[str, Any]:
    return {"disk": RealDisk(opening.setting.run_folder / "autonomy")}


def _files(opening: Opening) -> dict[str, Any]:
    folder = opening.setting.run_folder
    return {"disk": RealDisk(folder / "files"), "folder": folder}


def _infer(opening: Opening) -> dict[str, Any]:
    shelf = _shelf(opening)
    packages, news = shelf.open()
    for name, values in news:
        opening.bus.publish(EVENT, Event(time_ns=opening.clock.now_ns(), name=name, values=values))
    worker, config = None, WorkerConfig()
    if opening.setting.execute:
        opening.lease()
        lease = opening.setting.volatile / LEASE
        config = WorkerConfig(lease=lease)
        results = ResultFolder(opening.setting.run_folder / "results")
        worker = WorkerClient(tuple(packages.values()), config=config, output_sink=results.keep)
        opening.stack.callback(worker.close)
        opening.beats.append(_resume(opening.bus, worker))
    compute = _compute(opening, worker)
    opening.wakes["infer"] = [lambda: compute.busy]
    models = {"packages": packages, "shelf": shelf, "server": worker, "trial_worker": config}
    tables = state_tables(RealDisk(opening.setting.run_folder / "autonomy"), "schedule", "faults")
    return {**models, "compute": compute, "intake": _intake(opening), "tables": tables}


def _shelf(opening: Opening) -> Shelf:
    """Uploaded model packages: their files, and which of them are active."""
    folder = opening.setting.run_folder / "models"
    disk = RealDisk(folder)
    return Shelf(Slots(disk, folder), NamedState(disk, "shelf", ShelfState()), keys=opening.mission.uploads.keys)


def _resume(bus: ZmqBus, worker: WorkerClient) -> Beat:
    """A worker that its lease has stopped goes on when the guard speaks again: it renews before it says `run`."""
    envelopes = bus.subscribe(ENVELOPE, "worker", Policy.LATEST)

    def beat(_now_ns: int) -> None:
        envelope = envelopes.take()
        if envelope is not None and envelope.run:
            worker.resume()

    return beat


def _compute(opening: Opening, worker: WorkerClient | None) -> Compute:
    if opening.setting.compute == "worker" and worker is not None:
        return WorkerCompute(worker, opening.clock)
    remote = opening.remote(PORT_TIMEOUT_MS)
    if remote is None:
        raise OSError("a paced computer is a bench's: give --ports, or --compute worker with --execute")
    files: FileTree = remote.files(COMPUTER_PORT)
    declared = declared_points(opening.mission.payload, opening.mission.models)
    return PacedCompute(worker, files, opening.clock, synchronous=False, declared=declared)


def _intake(opening: Opening) -> Intake:
    remote = opening.remote(INTAKE_TIMEOUT_MS)
    if remote is not None:
        return remote.intake("intake")
    return FolderIntake(opening.setting.run_folder / "intake", INTAKE_QUOTA_BYTES)


def _prices(opening: Opening) -> dict[str, Any]:
    """The planner's table of prices: the planner writes it, the dispatcher reads it when it starts."""
    return {"prices": NamedState(RealDisk(opening.setting.run_folder / "plan"), "prices", SavedPrices())}


OPENERS: dict[str, Callable[[Opening], dict[str, Any]]] = {
    "guard": _guard,
    "store": _store,
    "control": _prices,
    "plan": _prices,
    "comms": _comms,
    "autonomy": _autonomy,
    "files": _files,
    "infer": _infer,
}

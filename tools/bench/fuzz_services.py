"""What sound commands do: every service that answers to the ground, on one bus, with arguments of all kinds."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, UPLINKED_PDU
from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import COMMAND_BY_FUNCTION, COMMAND_BY_NAME, COMMAND_BY_SERVICE, FUNCTION_SERVICE
from fsw.catalogue.rows import Hazard
from fsw.catalogue.wire import encode_arguments
from fsw.command.service import CommandService
from fsw.faults.defaults import default_table
from fsw.faults.service import FaultService
from fsw.files.repository import flight_repositories
from fsw.files.service import FilesService
from fsw.files.state import FilesState
from fsw.memory.registry import TableMemory
from fsw.memory.service import MemoryService
from fsw.mission import load_mission
from fsw.packets.errors import PacketError
from fsw.packets.functions import FunctionRequest
from fsw.packets.pus import Telecommand
from fsw.schedule.activity import ScheduleState
from fsw.schedule.almanac import Almanac
from fsw.schedule.service import ScheduleService
from fsw.service import Service
from fsw.store.archive import ArchiveService
from fsw.store.state import NamedState
from fsw.telemetry.service import TelemetryService
from hal.clock import SECOND_NS, OnboardTime
from hal.ports.memory_disk import MemoryDisk
from tools.bench.fuzz_entrances import MOMENT_NS, WITHOUT_EFFECT, Box, telecommands, with_crc

EACH = 4  # inputs, then all other services step
WINDOW_S = 60.0


class Services:
    """The command service and all to whom it hands on. A hazardous command is armed first, so that it acts."""

    def __init__(self) -> None:
        self.seeds = self.inner = telecommands()
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        folder, self._bus, self._link = Path(self._folder.name), MemoryBus(), Box()
        (folder / "results").mkdir()
        (folder / "results" / "a").write_bytes(bytes(100))
        self._taken = [self._bus.subscribe(topic, "fuzz", Policy.LATEST) for topic in (COMMAND, UPLINKED_PDU)]
        self._command = CommandService(self._bus, self._link)
        self._others = _services(self._bus, self._link, folder)
        self._number, self._now_ns = 0, 0

    def feed(self, octets: bytes) -> bool | None:
        self._arm(octets)
        self._take(octets)
        is_taken = sum(inbox.take() is not None for inbox in self._taken) > 0
        if self._now_ns // MOMENT_NS % EACH == 0:
            for service in self._others:
                service.step(self._now_ns)
        return is_taken

    def repair(self, octets: bytes) -> bytes:
        return with_crc(octets[:2] + self._next() + octets[4:])

    def counted(self) -> int:
        counts = self._command.counts()
        return sum(counts[name] for name in WITHOUT_EFFECT)

    def close(self) -> None:
        self._folder.cleanup()

    def _take(self, octets: bytes) -> None:
        self._now_ns += MOMENT_NS
        self._link.waiting.append(octets)
        self._command.step(self._now_ns)

    def _next(self) -> bytes:
        self._number = (self._number + 1) % (1 << 14)
        return (0xC000 | self._number).to_bytes(2, "big")

    def _arm(self, octets: bytes) -> None:
        """Let a hazardous command act, where the octets are one."""
        try:
            packet = Telecommand.unpack(octets)
            key = packet.service, packet.subtype
            is_function = key == FUNCTION_SERVICE
            number = FunctionRequest.unpack(packet.data).function if is_function else 0
        except PacketError:
            return
        row = COMMAND_BY_FUNCTION.get(number) if is_function else COMMAND_BY_SERVICE.get(key)
        if row is None or row.hazard < Hazard.WARNING:
            return
        arm = COMMAND_BY_NAME["arm"]
        data = arm.prefix + encode_arguments("arm", (row.name, WINDOW_S))
        self._take(with_crc(Telecommand(PAYLOAD_APID, self._number, arm.service, arm.subtype, data, 0, 0).pack()))
        self._next()
        self._taken[0].take()


def _services(bus: MemoryBus, link: Box, folder: Path) -> tuple[Service, ...]:
    disk, mission = MemoryDisk(), load_mission("owned.toml")
    time = OnboardTime(tai_at_zero_ns=2_173_824_037 * SECOND_NS)
    tables = {"table": TableMemory(lambda: bytes(range(256)))}
    return (
        TelemetryService(bus, link, time),
        ScheduleService(bus, time, Almanac(mission), NamedState(disk, "schedule", ScheduleState())),
        FaultService(bus, time, NamedState(disk, "faults", default_table(mission))),
        MemoryService(bus, {}, tables),
        ArchiveService(bus, disk),
        FilesService(bus, flight_repositories(folder), NamedState(disk, "files", FilesState())),
    )

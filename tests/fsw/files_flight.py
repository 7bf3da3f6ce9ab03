"""The file service on a bus, a ground entity on a link with losses, and all that is said."""

from __future__ import annotations

import random
from pathlib import Path

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, CONTACT, DOWNLINKED_PDU, EVENT, REPORT, UPLINKED_PDU
from fsw.catalogue.failures import FAILURE_BY_CODE
from fsw.catalogue.reports import REPORT_BY_NAME
from fsw.catalogue.wire import encode_event, encode_fields
from fsw.cfdp.entity import Entity
from fsw.cfdp.files import FolderFiles
from fsw.cfdp.settings import CfdpSettings, PutRequest
from fsw.files.names import parse_name
from fsw.files.repository import flight_repositories
from fsw.files.service import FilesConfig, FilesService
from fsw.files.state import FilesState
from fsw.messages import Command, Contact, Event, FilePdu, Stage
from fsw.store.state import NamedState
from hal.clock import SECOND_NS
from hal.ports.disk import RealDisk

STEP_NS = SECOND_NS // 4
GROUND = CfdpSettings(entity=9, segment_octets=100)
HOUR_S = 3600
DONE = [(Stage.STARTED, ""), (Stage.COMPLETED, "")]


def contents(octets: int) -> bytes:
    return random.Random(octets).randbytes(octets)


class Flight:
    """The service on a bus, a ground entity on a link with losses, and all that is said."""

    def __init__(self, folder: Path, loss: float = 0.0, seed: int = 1) -> None:
        self.folder, self.run_folder = folder, folder / "run"
        (folder / "ground").mkdir(parents=True, exist_ok=True)
        self.ground_files = FolderFiles(folder / "ground", 1 << 20)
        self.ground = Entity(GROUND, self.ground_files, first_sequence=100)
        self.disk = RealDisk(self.run_folder / "files", durable=False)
        self.now_ns = 0
        self.events: list[Event] = []
        self.reports: list[tuple[str, tuple[object, ...]]] = []
        self.stages: dict[int, list[tuple[Stage, str]]] = {}
        self.told: list[object] = []
        self.sent: list[bytes] = []
        self.is_heard = True
        self._requests = 0
        self._random, self._loss = random.Random(seed), loss
        self.start()

    def start(self) -> None:
        """A fresh process, with what the disk holds."""
        self.bus = MemoryBus()
        self._down = self.bus.subscribe(DOWNLINKED_PDU, "telemetry", Policy.MUST_DELIVER, depth=8)
        self._events = self.bus.subscribe(EVENT, "test", depth=1000)
        self._reports = self.bus.subscribe(REPORT, "test", depth=1000)
        self._ends = self.bus.subscribe(COMMAND_REPORT, "test", depth=1000)
        self.files = flight_repositories(self.run_folder)
        config = FilesConfig(segment_octets=100, checkpoint_s=2.0)
        state = NamedState(self.disk, "files", FilesState())
        self.service = FilesService(self.bus, self.files, state, config)

    def step(self) -> None:
        self.now_ns += STEP_NS
        for pdu in self.ground.poll(self.now_ns, 10) if self.is_heard else ():
            if self._arrives():
                self.bus.publish(UPLINKED_PDU, FilePdu(time_ns=self.now_ns, octets=pdu))
        self.service.step(self.now_ns)
        for message in self._down.drain():
            self.sent.append(message.octets)
            if self.is_heard and self._arrives():
                self.ground.receive(self.now_ns, message.octets)
        self.told += self.ground.indications()
        self.note()

    def run(self, steps: int = 2000) -> Flight:
        """Until neither end has anything to do."""
        for _ in range(steps):
            self.step()
            if not self.ground.status() and not self.service.is_busy:
                return self
        raise AssertionError(f"still busy: {self.ground.status()} {self.service.counts()}")

    def command(self, name: str, *arguments: int | str, steps: int = 1) -> list[tuple[Stage, str]]:
        self._requests += 1
        request = 0x1842C000 + self._requests
        command = Command(
            time_ns=self.now_ns, name=name, arguments=arguments, request=request, ack=15, source=GROUND.entity
        )
        self.bus.publish(COMMAND, command)
        for _ in range(steps):
            self.step()
        return self.stages.setdefault(request, [])

    def contact(self, in_contact: bool, rate_bps: float = 0.0, seconds: float = 10 * HOUR_S) -> None:
        until_ns = self.now_ns + int(seconds * SECOND_NS)
        contact = Contact(time_ns=self.now_ns, in_contact=in_contact, until_ns=until_ns, rate_bps=rate_bps)
        self.bus.publish(CONTACT, contact)
        self.is_heard = in_contact
        (self.ground.resume if in_contact else self.ground.suspend)(self.now_ns)

    def put(self, name: str, octets: int) -> tuple[int, int]:
        (self.folder / "ground" / "up").write_bytes(contents(octets))
        return self.ground.put(self.now_ns, PutRequest(destination=2, source_name="up", destination_name=name))

    def place(self, name: str, octets: int) -> Path:
        path = self.files.path(parse_name(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents(octets))
        return path

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def _arrives(self) -> bool:
        return self._random.random() >= self._loss

    def note(self) -> None:
        for event in self._events.drain():
            encode_event(event.name, event.values)  # as telemetry will
            self.events.append(event)
        for report in self._reports.drain():
            encode_fields(REPORT_BY_NAME[report.name].fields, report.values)
            self.reports.append((report.name, report.values))
        for end in self._ends.drain():
            label = FAILURE_BY_CODE[end.code].label if end.code else ""
            self.stages.setdefault(end.request, []).append((end.stage, label))

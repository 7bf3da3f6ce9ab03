"""A model comes up over passes with losses, is activated, and a job that came the same way runs on it."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import (
    COMMAND,
    COMMAND_REPORT,
    CONTACT,
    DOWNLINKED_PDU,
    ENVELOPE,
    EVENT,
    JOB,
    ORDER,
    RESULT,
    UPLINKED_PDU,
)  # fmt: skip
from fsw.cfdp.entity import Entity
from fsw.cfdp.files import FolderFiles
from fsw.cfdp.settings import CfdpSettings, Ended, PutRequest
from fsw.files.repository import flight_repositories
from fsw.files.service import FilesConfig, FilesService
from fsw.files.state import FilesState
from fsw.infer.check import output_digest
from fsw.infer.client import WorkerClient
from fsw.infer.compute import WorkerCompute
from fsw.infer.intake import IntakeService
from fsw.infer.life import LifeConfig, ModelService
from fsw.infer.package import Package
from fsw.infer.service import InferService
from fsw.infer.shelf import Shelf, ShelfState
from fsw.infer.slots import Slots
from fsw.messages import Command, CommandReport, Contact, Envelope, FilePdu, Job, Outcome, Stage, WorkOrder, WorkResult
from fsw.store.state import NamedState
from hal.clock import SECOND_NS, SteppedClock
from hal.ports.disk import RealDisk
from hal.ports.folder_intake import FolderIntake

Make = Callable[..., Package]
PASS_S, GAP_S = 40, 5_400  # the link is so slow that a package takes several passes
LOSS = 0.1
RATE_BPS = 800.0
INPUT = np.array([[-2.0, 0.0, 5.0]], np.float32)


class Spacecraft:
    """Files, models, intake and inference on one bus; the guard grants everything, and the test is the governor."""

    def __init__(self, folder: Path, make: Make) -> None:
        self.clock = SteppedClock()
        self.bus = MemoryBus()
        self.run_folder = folder / "run"
        factory = make(folder / "factory" / "keep", "0").folder.parent
        models = RealDisk(self.run_folder / "models", durable=False)
        slots = Slots(models, self.run_folder / "models")
        self.shelf = Shelf(slots, NamedState(models, "shelf", ShelfState()), factory=factory)
        self.packages = self.shelf.open()[0]
        self.worker = WorkerClient(list(self.packages.values()))
        life = LifeConfig(trial_w=10.0, trial_s=1.0, wait_s=0.2)
        intake = FolderIntake(self.run_folder / "intake", 1 << 20)
        self.models = ModelService(self.bus, self.shelf, self.packages, self.worker, life)
        self._jobs = self.bus.subscribe(JOB, "govern", Policy.MUST_DELIVER)
        self._results = self.bus.subscribe(RESULT, "govern")
        self._reports = self.bus.subscribe(COMMAND_REPORT, "telemetry", depth=1000)
        self._events = self.bus.subscribe(EVENT, "telemetry", depth=1000)
        self.down = self.bus.subscribe(DOWNLINKED_PDU, "telemetry", Policy.MUST_DELIVER, depth=64)
        state = NamedState(RealDisk(self.run_folder / "files", durable=False), "files", FilesState())
        self._services = (
            IntakeService(self.bus, intake),
            InferService(self.bus, WorkerCompute(self.worker, self.clock), intake, self.packages),
            self.models,
            FilesService(self.bus, flight_repositories(self.run_folder), state, FilesConfig(segment_octets=40)),
        )
        self.results: list[WorkResult] = []
        self.reports: list[CommandReport] = []
        self.events: list[str] = []
        self._waiting: list[Job] = []
        self._ordered: Job | None = None

    def step(self) -> None:
        now_ns = self.clock.now_ns()
        self.bus.publish(ENVELOPE, granted(now_ns))
        self._waiting += self._jobs.drain()
        if self._waiting and not self.worker.busy and not self.models.is_trying:
            self._ordered = self._waiting.pop(0)
            self.bus.publish(ORDER, order_of(self._ordered, now_ns))
        for service in self._services:
            service.step(now_ns)
        for result in self._results.drain():
            if result.outcome is Outcome.HELD and self._ordered is not None:  # the worker still loads the new version
                self._waiting.append(self._ordered)
            else:
                self.results.append(result)
        self.reports += self._reports.drain()
        self.events += [event.name for event in self._events.drain()]

    def command(self, name: str, *arguments: str) -> list[CommandReport]:
        """Sends one, and steps until it has ended."""
        self.reports.clear()
        now_ns = self.clock.now_ns()
        self.bus.publish(COMMAND, Command(time_ns=now_ns, name=name, arguments=arguments, request=7, ack=15, source=1))
        while not any(report.stage is Stage.COMPLETED or report.code for report in self.reports):
            self.clock.advance_to_ns(self.clock.now_ns() + SECOND_NS // 10)
            self.step()
        return self.reports

    def close(self) -> None:
        self.models.close()
        self.worker.close()


class Station:
    """The ground's entity, and passes at which one PDU in ten is lost each way."""

    def __init__(self, folder: Path, spacecraft: Spacecraft) -> None:
        self._entity = Entity(CfdpSettings(entity=1, segment_octets=40), FolderFiles(folder, 1 << 20))
        self._folder, self._craft, self._random = folder, spacecraft, random.Random(5)
        self.delivered: list[str] = []
        self.passes = 0

    def put(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self._entity.put(0, PutRequest(destination=2, source_name=name, destination_name=name))

    def get(self, name: str) -> Path:
        return self._folder / name

    def fly_until_delivered(self) -> None:
        """Pass after pass."""
        while self._entity.status():
            self._pass()

    def _pass(self) -> None:
        self.passes += 1
        assert self.passes < 50
        self._signal(True)
        for _ in range(PASS_S):
            self._exchange()
            if not self._entity.status():
                return
        self._signal(False)
        for _ in range(GAP_S // 60):
            self._craft.clock.advance_to_ns(self._craft.clock.now_ns() + 60 * SECOND_NS)
            self._craft.step()

    def _signal(self, is_there: bool) -> None:
        now_ns = self._craft.clock.now_ns()
        seconds = PASS_S if is_there else GAP_S
        contact = Contact(
            time_ns=now_ns, in_contact=is_there, until_ns=now_ns + seconds * SECOND_NS, rate_bps=RATE_BPS, station="S"
        )
        self._craft.bus.publish(CONTACT, contact)
        (self._entity.resume if is_there else self._entity.suspend)(now_ns)

    def _exchange(self) -> None:
        """A second of it: the uplink takes one PDU."""
        clock, bus = self._craft.clock, self._craft.bus
        clock.advance_to_ns(clock.now_ns() + SECOND_NS)
        for pdu in self._arriving(self._entity.poll(clock.now_ns(), 1)):
            bus.publish(UPLINKED_PDU, FilePdu(time_ns=clock.now_ns(), octets=pdu))
        self._craft.step()
        for pdu in self._arriving([message.octets for message in self._craft.down.drain()]):
            self._entity.receive(clock.now_ns(), pdu)
        for told in self._entity.indications():
            if isinstance(told, Ended):
                assert told.is_delivered, told
                self.delivered.append(told.name)

    def _arriving(self, pdus: list[bytes]) -> list[bytes]:
        return [pdu for pdu in pdus if self._random.random() >= LOSS]


def granted(now_ns: int) -> Envelope:
    return Envelope(
        time_ns=now_ns, run=True, power_w=50.0, energy_j=1e4, seconds=100.0, heat_j=(), cooling_w=0.0, bound_by=""
    )


def order_of(job: Job, now_ns: int) -> WorkOrder:
    return WorkOrder(
        job_id=job.job_id, attempt=1, model=job.model, variant="full", setting="", input_ref=job.input_ref,
        predicted_s=1.0, predicted_w=1.0, kill_ns=now_ns + 60 * SECOND_NS,
    )  # fmt: skip


def array_octets(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.fixture
def craft(tmp_path: Path, make_package: Make) -> Iterator[Spacecraft]:
    craft = Spacecraft(tmp_path, make_package)
    yield craft
    craft.close()


def test_a_model_that_came_over_passes_with_losses_serves_a_job_that_came_the_same_way(
    craft: Spacecraft, tmp_path: Path, make_package: Make
) -> None:
    station = Station(tmp_path / "ground", craft)
    package = make_package(tmp_path / "new", "1")
    for path in sorted(package.folder.iterdir()):
        station.put(f"models/keep/{path.name}", path.read_bytes())
    station.fly_until_delivered()
    assert station.passes >= 2
    assert len(station.delivered) == len(list(package.folder.iterdir()))
    assert craft.packages["keep"].manifest.version == "0"

    assert [report.code for report in craft.command("activate_model", "keep")] == [0, 0]
    craft.step()
    assert craft.packages["keep"].manifest.version == "1"

    station.put("inbox/tile.npy", array_octets(INPUT))
    station.fly_until_delivered()
    station.put("inbox/tile.toml", b'kind = "imaging"\nmodel = "keep"\nvalue = 1.0\ndeadline_s = 5400.0\n')
    station.fly_until_delivered()
    while not craft.results:  # slowly while the worker works, which is in no virtual time
        craft.clock.advance_to_ns(craft.clock.now_ns() + SECOND_NS // (1000 if craft.worker.busy else 1))
        craft.step()
    assert [(result.model, result.outcome) for result in craft.results] == [("keep", Outcome.DONE)]
    assert craft.results[0].digest == output_digest(np.maximum(INPUT, 0.0))
    assert {"file_received", "model_activated"} <= set(craft.events)

"""Files on board: what comes up is there whole or not at all, what goes down is asked for, and nothing is forgotten."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.bus.contract import BusFull, Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, CONTACT, DOWNLINKED_PDU, EVENT, REPORT, UPLINKED_PDU
from fsw.catalogue.failures import FAILURE_BY_CODE
from fsw.catalogue.reports import REPORT_BY_NAME
from fsw.catalogue.wire import encode_event, encode_fields
from fsw.cfdp.directives import Condition, Eof, FileData, unpack
from fsw.cfdp.entity import Entity
from fsw.cfdp.files import FolderFiles
from fsw.cfdp.settings import CfdpSettings, Ended, PutRequest
from fsw.files.names import FileName, FileRefused, file_name, parse_name
from fsw.files.repository import Repositories, Repository, WhenFull, flight_repositories
from fsw.files.results import ResultFolder
from fsw.files.service import FilesConfig, FilesService
from fsw.files.spool import Spool
from fsw.files.state import FilesState
from fsw.messages import Command, Contact, Event, FilePdu, Stage, WorkOrder
from fsw.store.state import NamedState
from hal.clock import SECOND_NS
from hal.ports.disk import RealDisk
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason

STEP_NS = SECOND_NS // 4
GROUND = CfdpSettings(entity=9, segment_octets=100)
HOUR_S = 3600


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


@pytest.fixture
def flight(tmp_path: Path) -> Flight:
    return Flight(tmp_path)


DONE = [(Stage.STARTED, ""), (Stage.COMPLETED, "")]


@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_file_comes_up_and_is_seen_only_when_it_is_whole(tmp_path: Path, loss: float) -> None:
    flight = Flight(tmp_path, loss)
    flight.put("models/water/full.onnx", 20_000)
    path = tmp_path / "run" / "models" / "staging" / "water" / "full.onnx"
    while not path.exists():
        flight.step()
        assert [entry for entry in flight.files.entries("models") if entry.size != 20_000] == []
    assert path.read_bytes() == contents(20_000)
    flight.run()
    assert flight.events[-1].values == ("models/water/full.onnx", 20_000)
    assert list((tmp_path / "run" / "files" / "spool").iterdir()) == []
    assert flight.service.counts()["received"] == 1


@pytest.mark.parametrize("loss", [0.0, 0.2])
def test_file_goes_down_to_the_entity_that_asked(tmp_path: Path, loss: float) -> None:
    flight = Flight(tmp_path, loss)
    flight.place("results/7/output.npy", 12_345)
    stages = flight.command("copy_file", 1, "results", "7/output.npy", "ground", "got.npy")
    assert stages == DONE[:1]
    flight.run()
    assert stages == DONE
    assert (tmp_path / "ground" / "got.npy").read_bytes() == contents(12_345)
    assert flight.events[-1] == replace(flight.events[-1], name="file_sent", values=("results/7/output.npy", 12_345))


def test_what_is_read_while_it_changes_is_sent_as_it_was(flight: Flight) -> None:
    path = flight.place("stores/log/0", 30_000)
    flight.command("copy_file", 1, "stores", "log/0", "ground", "log")
    while len(flight.sent) < 50:
        flight.step()
    path.write_bytes(bytes(30_000))
    flight.run()
    assert (flight.folder / "ground" / "log").read_bytes() == contents(30_000)
    assert flight.files.entries("snapshots") == []


def test_local_copy_is_checked_and_whole(flight: Flight) -> None:
    flight.place("stores/log/0", 9_000_000)
    stages = flight.command("copy_file", 3, "stores", "log/0", "results", "log.bin")
    while len(stages) < 2:
        flight.step()
    assert stages == DONE
    assert (flight.run_folder / "results" / "log.bin").read_bytes() == contents(9_000_000)
    assert flight.names() == ["file_copied"]


def test_files_are_listed_described_and_deleted(flight: Flight) -> None:
    for number in range(40):
        flight.place(f"results/{number:02}", number)
    assert flight.command("list_files", "results", steps=4) == DONE
    assert flight.reports == [("file_row", ("results", f"{number:02}", number)) for number in range(40)]
    flight.reports.clear()
    assert flight.command("describe_file", "results", "39", steps=3) == DONE
    digest = hashlib.sha256(contents(39)).hexdigest()
    assert flight.reports == [("file_attributes", ("results", "39", 39, digest, "no"))]
    assert flight.command("delete_file", "results", "39") == DONE
    assert len(flight.files.entries("results")) == 39
    flight.place("models/water/manifest.toml", 10)
    assert flight.command("delete_file", "models", "water/manifest.toml") == DONE
    assert list((flight.run_folder / "models" / "staging").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "arguments", "label"),
    [
        ("describe_file", ("results", "none"), "no_such_file"),
        ("describe_file", ("nowhere", "a"), "no_such_repository"),
        ("describe_file", ("results", "../run/store/log"), "bad_file_name"),
        ("list_files", ("nowhere",), "no_such_repository"),
        ("delete_file", ("stores", "log"), "read_only"),
        ("delete_file", ("results", "none"), "no_such_file"),
        ("delete_file", ("results", ".hidden"), "bad_file_name"),
        ("copy_file", (1, "results", "none", "ground", "a"), "no_such_file"),
        ("copy_file", (1, "results", "there", "stores", "a"), "read_only"),
        ("copy_file", (1, "results", "there", "nowhere", "a"), "no_such_repository"),
        ("copy_file", (1, "results", "there", "results", "../a"), "bad_file_name"),
        ("suspend_copy", (5,), "no_such_operation"),
        ("resume_copy", (5,), "no_such_operation"),
        ("abort_copy", (5,), "no_such_operation"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(
    flight: Flight, name: str, arguments: tuple[int | str, ...], label: str
) -> None:
    flight.place("stores/log", 5)
    flight.place("results/there", 5)
    assert flight.command(name, *arguments) == [(Stage.STARTED, label)]


@pytest.mark.parametrize(
    "name", ["models", "models/../../x", "/etc/passwd", "nowhere/a", "results/a/b/c", "stores/log", "inbox/.partial"]
)
def test_file_with_a_name_that_leads_elsewhere_is_refused(flight: Flight, name: str) -> None:
    flight.put(name, 3000)
    flight.run()
    (ended,) = (item for item in flight.told if isinstance(item, Ended))
    assert ended.condition is Condition.FILESTORE_REJECTION
    assert flight.names() == ["file_failed"]
    assert [path for path in flight.run_folder.rglob("*") if path.is_file() and "state" not in path.parts] == []


def test_link_that_leads_elsewhere_is_no_file(flight: Flight) -> None:
    (flight.folder / "secret").write_bytes(b"key")
    (flight.run_folder / "results").mkdir(parents=True)
    (flight.run_folder / "results" / "a").symlink_to(flight.folder / "secret")
    (flight.run_folder / "results" / "b").symlink_to(flight.folder)
    assert flight.command("copy_file", 1, "results", "a", "ground", "x") == [(Stage.STARTED, "no_such_file")]
    assert flight.command("copy_file", 1, "results", "b/secret", "ground", "x") == [(Stage.STARTED, "no_such_file")]
    assert flight.files.entries("results") == []


def test_transfer_goes_on_over_passes_also_where_its_end_comes_while_suspended(flight: Flight) -> None:
    flight.place("results/a", 8000)
    flight.put("models/m/full.onnx", 8000)
    flight.command("copy_file", 1, "results", "a", "ground", "a")
    passes = 0
    while flight.ground.status() or flight.service.is_busy:
        passes += 1
        for _ in range(4):
            flight.step()
        flight.contact(False)
        for pdu in flight.ground.poll(flight.now_ns, 100):
            raise AssertionError(f"a suspended ground sends {pdu.hex()}")
        flight.step()
        flight.now_ns += HOUR_S * SECOND_NS
        before = len(flight.sent)
        flight.step()
        assert len(flight.sent) == before
        flight.contact(True)
        flight.step()
        assert passes < 50
    assert passes > 2
    assert {"file_received", "file_sent"} <= set(flight.names())


def test_end_of_file_that_comes_without_contact_is_answered_at_the_next_pass(flight: Flight) -> None:
    flight.put("inbox/a.npy", 300)
    pdus = flight.ground.poll(STEP_NS, 100)
    flight.contact(False)
    flight.step()
    assert any(isinstance(unpack(pdu)[1], Eof) for pdu in pdus)
    for pdu in pdus:
        flight.bus.publish(UPLINKED_PDU, FilePdu(time_ns=flight.now_ns, octets=pdu))
    flight.step()
    assert (flight.run_folder / "intake" / "a.npy").read_bytes() == contents(300)
    assert flight.sent == []
    flight.now_ns += 5 * HOUR_S * SECOND_NS
    flight.contact(True)
    flight.run()
    assert next(item for item in flight.told if isinstance(item, Ended)).is_delivered


def test_word_of_a_contact_ends_by_itself(flight: Flight) -> None:
    flight.contact(True, seconds=2.0)
    flight.place("results/a", 50_000)
    flight.command("copy_file", 1, "results", "a", "ground", "a")
    for _ in range(20):
        flight.step()
    first = len(flight.sent)
    for _ in range(20):
        flight.step()
    assert 0 < first == len(flight.sent)


def test_downlink_keeps_to_the_rate_of_the_pass(flight: Flight) -> None:
    flight.contact(True, rate_bps=4000.0)
    flight.place("results/a", 20_000)
    flight.command("copy_file", 1, "results", "a", "ground", "a")
    for _ in range(4 * 20):
        flight.step()
    octets = sum(map(len, flight.sent))
    assert 0.8 * 10_000 < octets < 1.2 * 10_000


def test_downlink_without_room_waits_and_loses_nothing(flight: Flight, monkeypatch: pytest.MonkeyPatch) -> None:
    flight.place("results/a", 5000)
    publish, refusals = flight.bus.publish, [0]

    def narrow(topic: object, message: object) -> None:
        refusals[0] += topic is DOWNLINKED_PDU
        if topic is DOWNLINKED_PDU and refusals[0] % 3:
            raise BusFull("telemetry has no room")
        publish(topic, message)  # type: ignore[arg-type]

    monkeypatch.setattr(flight.bus, "publish", narrow)
    flight.command("copy_file", 1, "results", "a", "ground", "a")
    flight.run()
    assert sum(isinstance(unpack(pdu)[1], FileData) for pdu in flight.sent) == 50
    assert (flight.folder / "ground" / "a").read_bytes() == contents(5000)


@pytest.mark.parametrize("steps", [1, 3, 8, 20, 22, 23, 24, 25, 26])
def test_reception_goes_on_after_kill(tmp_path: Path, steps: int) -> None:
    flight = Flight(tmp_path, loss=0.05, seed=steps)
    flight.put("models/m/full.onnx", 20_000)
    for _ in range(steps):
        flight.step()
    flight.start()
    flight.run()
    assert (tmp_path / "run" / "models" / "staging" / "m" / "full.onnx").read_bytes() == contents(20_000)
    (ended,) = (item for item in flight.told if isinstance(item, Ended))
    assert ended.is_delivered
    assert flight.names()[-1] == "file_received"
    assert list((tmp_path / "run" / "files" / "spool").iterdir()) == []


class Killed(BaseException):
    """Power lost in the middle of a step."""


@pytest.mark.parametrize("saves", range(1, 9))
@pytest.mark.parametrize("is_after", [False, True])
def test_nothing_is_lost_when_the_process_is_killed_around_a_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, saves: int, is_after: bool
) -> None:
    flight = Flight(tmp_path)
    write, left = flight.disk.write_file_atomic, [saves]

    def counted(name: str, content: bytes) -> None:
        left[0] -= 1
        if left[0] == 0 and not is_after:
            raise Killed
        write(name, content)
        if left[0] == 0:
            raise Killed

    monkeypatch.setattr(flight.disk, "write_file_atomic", counted)
    flight.put("models/m/full.onnx", 3000)
    flight.place("results/a", 3000)
    try:
        flight.command("copy_file", 1, "results", "a", "ground", "a")
        flight.run()
        is_killed = False
    except Killed:
        is_killed = True
        flight.note()  # what was published has left
        flight.start()
        flight.run()
    stages = next(iter(flight.stages.values()), [])
    assert (tmp_path / "run" / "models" / "staging" / "m" / "full.onnx").read_bytes() == contents(3000)
    has_order = stages[-1:] == [(Stage.COMPLETED, "")]
    assert has_order == (tmp_path / "ground" / "a").exists()
    assert has_order or (is_killed and not stages)  # killed before it was taken: nobody was told that it was
    assert list((tmp_path / "run" / "files" / "spool").iterdir()) == []


@pytest.mark.parametrize("steps", [1, 5, 15, 24, 26])
def test_delivery_goes_on_after_kill_with_what_is_missing(tmp_path: Path, steps: int) -> None:
    flight = Flight(tmp_path)
    flight.place("results/a", 20_000)
    stages = flight.command("copy_file", 1, "results", "a", "ground", "a", steps=steps)
    flight.start()
    flight.run()
    assert stages == DONE
    assert (tmp_path / "ground" / "a").read_bytes() == contents(20_000)
    assert flight.names() == ["transfers_resumed", "file_sent"]
    assert sum(isinstance(unpack(pdu)[1], FileData) for pdu in flight.sent) <= 200 + 8


def test_snapshot_survives_a_restart(flight: Flight) -> None:
    path = flight.place("stores/log", 20_000)
    flight.command("copy_file", 1, "stores", "log", "ground", "log", steps=6)
    path.write_bytes(b"newer")
    flight.start()
    flight.run()
    assert (flight.folder / "ground" / "log").read_bytes() == contents(20_000)
    assert flight.files.entries("snapshots") == []


def test_partial_files_that_nobody_goes_on_with_are_removed(flight: Flight) -> None:
    (flight.run_folder / "files" / "spool" / "1-2.part").write_bytes(b"x")
    flight.start()
    flight.step()
    assert list((flight.run_folder / "files" / "spool").iterdir()) == []


def test_copy_is_suspended_resumed_aborted_and_reported(flight: Flight) -> None:
    flight.place("results/a", 20_000)
    flight.place("results/b", 20_000)
    first = flight.command("copy_file", 1, "results", "a", "ground", "a")
    second = flight.command("copy_file", 2, "results", "b", "ground", "b")
    assert flight.command("copy_file", 2, "results", "a", "ground", "c") == [(Stage.STARTED, "operation_exists")]
    assert flight.command("delete_file", "results", "a") == [(Stage.STARTED, "file_locked")]
    flight.command("suspend_copy", 1)
    flight.step()
    flight.command("report_copies", steps=2)
    states = [(values[0], values[1]) for name, values in flight.reports if name == "copy_status"]
    assert states == [(1, "suspended"), (2, "running")]
    while len(second) < 2:
        flight.step()
    assert not (flight.folder / "ground" / "a").exists()
    flight.start()  # also over a restart
    for _ in range(20):
        flight.step()
    assert not (flight.folder / "ground" / "a").exists()
    flight.command("resume_copy", 1)
    for _ in range(5):
        flight.step()
    assert flight.command("abort_copy", 1) == DONE
    flight.run()
    assert first[-1] == (Stage.COMPLETED, "stopped")
    assert not (flight.folder / "ground" / "a").exists()
    assert [item.condition for item in flight.told if isinstance(item, Ended)][-1] is Condition.CANCELLED
    flight.reports.clear()
    flight.command("report_copies", steps=2)
    assert [values[:2] for _, values in flight.reports] == [(1, "aborted")]


def test_delivery_that_fails_ends_its_command_with_the_condition(flight: Flight) -> None:
    flight.place("results/a", 2000)
    stages = flight.command("copy_file", 1, "results", "a", "ground", "../../a")
    flight.run()
    assert stages == [(Stage.STARTED, ""), (Stage.COMPLETED, "transfer_failed")]
    assert flight.events[-1].values == ("results/a", "filestore_rejection")


def test_results_go_before_stores_and_two_at_a_time(flight: Flight) -> None:
    for name in ("stores/s1", "stores/s2", "results/r1", "results/r2", "results/r3"):
        flight.place(name, 3000)
    flight.contact(False)
    for number, name in enumerate(("stores/s1", "stores/s2", "results/r1", "results/r2", "results/r3")):
        flight.command("copy_file", number, *name.split("/"), "ground", name.split("/")[1])
    flight.contact(True)
    flight.run()
    sent = [event.values[0] for event in flight.events if event.name == "file_sent"]
    assert sent.index("results/r3") < sent.index("stores/s2")
    assert len(sent) == 5


def test_disk_that_cannot_keep_the_state_stops_no_transfer(flight: Flight) -> None:
    disk = MemoryDisk()
    flight.disk = disk  # type: ignore[assignment]
    flight.start()
    disk.fault = Reason.BUS
    flight.put("inbox/a.npy", 2000)
    flight.run()
    assert (flight.run_folder / "intake" / "a.npy").exists()
    assert flight.service.counts()["unsaved"] > 0


def repositories(folder: Path, when_full: WhenFull, quota: int = 1000) -> Repositories:
    row = Repository(name="r", folder=folder / "r", quota_octets=quota, depth=2, when_full=when_full)
    return Repositories([row], Spool(folder / "spool", 10_000))


def fill(files: Repositories, name: str, octets: int) -> None:
    files.begin(name, f"r/{name}", octets)
    files.write(name.replace("/", "-"), 0, bytes(octets))
    files.commit(name.replace("/", "-"), f"r/{name}")
    files.discard(name)


def test_full_repository_refuses_or_drops_the_oldest(tmp_path: Path) -> None:
    files = repositories(tmp_path / "a", WhenFull.REFUSE)
    fill(files, "a", 600)
    with pytest.raises(FileRefused, match="200 octets too many"):
        files.begin("p", "r/b", 600)
    files.begin("p", "r/a", 1000)  # takes the place of the one that is there
    with pytest.raises(FileRefused):
        files.begin("q", "r/c", 1)  # what is on its way counts
    files = repositories(tmp_path / "b", WhenFull.DROP_OLDEST)
    fill(files, "a", 400)
    fill(files, "b", 400)
    files.is_used = lambda name: name.path == "a"
    fill(files, "c", 400)
    assert [entry.name.path for entry in files.entries("r")] == ["a", "c"]
    assert files.take_dropped() == [FileName("r", "b")]


def test_packages_that_were_taken_make_room_for_new_ones(tmp_path: Path) -> None:
    files = repositories(tmp_path, WhenFull.DROP_TAKEN)
    for name in ("old/full.onnx", "waiting/full.onnx"):
        fill(files, name, 450)
    fill(files, "waiting/manifest.toml", 10)
    with pytest.raises(FileRefused):
        files.begin("p", "r/new/full.onnx", 450)
    fill(files, "old/manifest.toml", 0)
    files.begin("p", "r/new/full.onnx", 450)
    assert [entry.name.path for entry in files.entries("r")] == ["waiting/full.onnx", "waiting/manifest.toml"]


def order(job_id: int, first_row: int = 0) -> WorkOrder:
    return WorkOrder(
        job_id=job_id, attempt=1, model="m", variant="v", setting="", input_ref="", predicted_s=0.0, predicted_w=0.0,
        kill_ns=0, first_row=first_row,
    )  # fmt: skip


def test_outputs_of_jobs_can_be_fetched_and_the_oldest_go(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    output = np.arange(24, dtype=np.float32).reshape(4, 6)
    results = ResultFolder(folder, quota_octets=3 * 300, durable=False)
    assert [results.keep(order(number), output) for number in (1, 2)] == ["results/1-1.npy", "results/2-1.npy"]
    assert results.keep(order(2, first_row=4), output) == "results/2-1-4.npy"
    np.testing.assert_array_equal(np.load(folder / "1-1.npy"), output)
    again = ResultFolder(folder, quota_octets=3 * 300, durable=False)
    for number in (3, 4):
        again.keep(order(number), output)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 900
    assert not (folder / "1-1.npy").exists() and (folder / "4-1.npy").exists()
    assert again.dropped > 0


def test_a_result_survives_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "results").write_bytes(b"a file where the folder should be")
    results = ResultFolder(tmp_path / "results")
    assert results.keep(order(1), np.zeros(3)) == ""
    assert results.lost == 1


def test_spool_is_bounded_as_a_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 1000)
    spool.write("a", 0, bytes(600))
    with pytest.raises(FileRefused):
        spool.write("b", 350, bytes(51))
    spool.write("b", 350, bytes(50))
    spool.discard("a")
    spool.write("b", 400, bytes(600))


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_name_leads_out_of_its_folder(repository: str, path: str) -> None:
    try:
        name = file_name(repository, path)
    except FileRefused:
        return
    parts = (name.repository, *name.path.split("/"))
    assert all(part and not part.startswith(".") and part.isascii() for part in parts)
    assert Path("/root", *parts).is_relative_to("/root")

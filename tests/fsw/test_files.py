"""Files on board: what comes up is there whole or not at all, what goes down is asked for, and nothing is forgotten."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from fsw.bus.contract import BusFull
from fsw.bus.topics import DOWNLINKED_PDU, UPLINKED_PDU
from fsw.cfdp.directives import Condition, Eof, FileData, unpack
from fsw.cfdp.settings import Ended
from fsw.messages import FilePdu, Stage
from hal.clock import SECOND_NS
from tests.fsw.files_flight import DONE, HOUR_S, STEP_NS, Flight, contents


@pytest.fixture
def flight(tmp_path: Path) -> Flight:
    return Flight(tmp_path)


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

"""The process of files is killed at any moment: transfers go on with what is missing, and nobody is told a lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsw.cfdp.directives import Condition, FileData, unpack
from fsw.cfdp.settings import Ended
from fsw.messages import Stage
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason
from tests.fsw.files_flight import DONE, Flight, contents


@pytest.fixture
def flight(tmp_path: Path) -> Flight:
    return Flight(tmp_path)


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


def test_disk_that_cannot_keep_the_state_stops_no_transfer(flight: Flight) -> None:
    disk = MemoryDisk()
    flight.disk = disk  # type: ignore[assignment]
    flight.start()
    disk.fault = Reason.BUS
    flight.put("inbox/a.npy", 2000)
    flight.run()
    assert (flight.run_folder / "intake" / "a.npy").exists()
    assert flight.service.counts()["unsaved"] > 0

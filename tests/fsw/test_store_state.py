"""Small state survives damage by its previous generation; the index gives back what the log holds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from fsw.store.index import RecordIndex
from fsw.store.log import Record
from fsw.store.state import NamedState, Origin, newest_file
from hal.errors import PortError
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    restarts: int = 0
    soc: float | None = None


def state(disk: MemoryDisk, version: int = 1) -> NamedState[Budget]:
    return NamedState(disk, "budget", Budget(), version)


def test_the_last_save_is_loaded() -> None:
    disk = MemoryDisk()
    assert state(disk).load() == (Budget(), Origin.DEFAULT)
    for restarts in range(5):
        state(disk).save(Budget(restarts=restarts, soc=0.8))
        assert state(disk).load() == (Budget(restarts=restarts, soc=0.8), Origin.NEWEST)


@pytest.mark.parametrize("bit", range(0, 8 * 24, 5))
def test_a_damaged_newest_gives_the_previous(bit: int) -> None:
    disk = MemoryDisk()
    for restarts in (1, 2):
        state(disk).save(Budget(restarts=restarts))
    octets = bytearray(disk.read_file("state/budget.0") or b"")
    octets[bit // 8 % len(octets)] ^= 1 << bit % 8
    disk.write_file_atomic("state/budget.0", bytes(octets))
    assert state(disk).load() == (Budget(restarts=1), Origin.PREVIOUS)
    state(disk).save(Budget(restarts=3))
    assert state(disk).load() == (Budget(restarts=3), Origin.NEWEST)


def test_two_damaged_generations_are_lost_and_give_the_default() -> None:
    disk = MemoryDisk()
    for name in ("state/budget.0", "state/budget.1"):
        disk.write_file_atomic(name, b"PNST")
    assert state(disk).load() == (Budget(), Origin.LOST)


def test_another_schema_version_is_not_misread() -> None:
    disk = MemoryDisk()
    state(disk).save(Budget(restarts=7))
    assert state(disk, version=2).load() == (Budget(), Origin.LOST)


def test_a_failing_disk_gives_the_default_and_refuses_a_save() -> None:
    disk = MemoryDisk()
    state(disk).save(Budget(restarts=7))
    disk.fault = Reason.BUS
    failing = state(disk)
    assert failing.load() == (Budget(), Origin.LOST)
    with pytest.raises(PortError):
        failing.save(Budget())


def test_what_is_saved_after_a_failed_look_is_newer_than_what_was_there() -> None:
    disk = MemoryDisk()
    for restarts in range(5):
        state(disk).save(Budget(restarts=restarts))
    late = state(disk)
    disk.fault = Reason.BUS
    late.load()
    disk.fault = None
    late.save(Budget(restarts=9))
    assert state(disk).load() == (Budget(restarts=9), Origin.NEWEST)


def test_the_newest_file_is_the_whole_state_whatever_its_type() -> None:
    disk = MemoryDisk()
    assert newest_file(disk, "budget") == b""
    for restarts in range(3):
        state(disk).save(Budget(restarts=restarts))
    assert newest_file(disk, "budget") == disk.read_file("state/budget.1")
    disk.write_file_atomic("state/budget.1", b"damaged")
    assert newest_file(disk, "budget") == disk.read_file("state/budget.0")


RECORDS = [
    Record(sequence=number, kind=number % 2, time_ns=number * 10, payload=bytes([number])) for number in range(9)
]


def test_the_index_finds_by_time_and_kind(tmp_path: Path) -> None:
    index = RecordIndex(tmp_path / "index.sqlite")
    assert index.rebuild(RECORDS) == 9
    assert list(index.between(20, 50)) == RECORDS[2:5]
    assert list(index.between(0, 1000, kind=1)) == RECORDS[1::2]
    index.close()


def test_a_flipped_payload_is_left_out_and_counted(tmp_path: Path) -> None:
    index = RecordIndex(tmp_path / "index.sqlite")
    index.rebuild(RECORDS)
    index.close()
    connection = sqlite3.connect(tmp_path / "index.sqlite")
    connection.execute("UPDATE record SET payload = x'ff' WHERE sequence = 3")
    connection.commit()
    connection.close()
    index = RecordIndex(tmp_path / "index.sqlite")
    assert [record.sequence for record in index.between(20, 50)] == [2, 4]
    assert index.damaged == 1
    index.rebuild(RECORDS)
    assert list(index.between(20, 50)) == RECORDS[2:5]
    index.close()


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").write_bytes(b"noise" * 1000)
    with pytest.raises(sqlite3.DatabaseError):
        RecordIndex(tmp_path / "index.sqlite")

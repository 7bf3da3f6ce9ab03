"""What every disk does, and what the one in memory does when its power goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.errors import DiskFull, PortError
from hal.ports.disk import Disk, RealDisk
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason


@pytest.fixture(params=["durable", "virtual", "memory"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    if request.param == "memory":
        return MemoryDisk()
    return RealDisk(tmp_path / "store", durable=request.param == "durable")


def test_log_is_made_of_zeros_and_keeps_what_is_written(disk: Disk) -> None:
    log = disk.open_log("truth.log", 4_096)
    assert log.size_bytes == 4_096 and log.read_at(0, 4_096) == bytes(4_096)
    log.write_at(100, b"record")
    log.sync()
    log.close()
    again = disk.open_log("truth.log", 1_024)
    assert again.size_bytes == 4_096
    assert again.read_at(100, 6) == b"record" and again.read_at(4_090, 100) == bytes(6)
    again.close()


def test_log_grows_when_more_is_asked_for(disk: Disk) -> None:
    log = disk.open_log("truth.log", 8)
    log.write_at(0, b"12345678")
    log.close()
    longer = disk.open_log("truth.log", 16)
    assert longer.read_at(0, 16) == b"12345678" + bytes(8)
    longer.close()


@pytest.mark.parametrize("offset", [-1, 5, 100])
def test_nothing_is_written_outside_the_log(disk: Disk, offset: int) -> None:
    log = disk.open_log("truth.log", 8)
    with pytest.raises(PortError) as caught:
        log.write_at(offset, b"1234")
    assert caught.value.reason is Reason.CORRUPT
    assert log.read_at(0, 8) == bytes(8)
    log.close()


def test_file_is_replaced_whole(disk: Disk) -> None:
    assert disk.read_file("state/index") is None
    disk.write_file_atomic("state/index", b"old")
    disk.write_file_atomic("state/index", b"newer")
    assert disk.read_file("state/index") == b"newer"


@pytest.mark.parametrize("name", ["../escape", "/absolute", "", "a/../../b"])
def test_names_stay_on_the_disk(disk: Disk, name: str) -> None:
    for call in (lambda: disk.open_log(name, 8), lambda: disk.read_file(name)):
        with pytest.raises(PortError):
            call()
    with pytest.raises(PortError):
        disk.write_file_atomic(name, b"x")


def test_a_folder_in_the_way_is_a_port_error(disk: Disk, tmp_path: Path) -> None:
    if isinstance(disk, RealDisk):
        (tmp_path / "store" / "taken").mkdir()
        for call in (lambda: disk.open_log("taken", 8), lambda: disk.read_file("taken")):
            with pytest.raises(PortError):
                call()


def test_leaves_no_half_written_file(tmp_path: Path) -> None:
    RealDisk(tmp_path).write_file_atomic("index", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_power_cut_forgets_what_was_not_synced() -> None:
    disk = MemoryDisk()
    log = disk.open_log("truth.log", 16)
    log.write_at(0, b"aaaa")
    log.sync()
    log.write_at(0, b"bbbb")
    log.write_at(4, b"cccc")
    disk.power_cut()
    with pytest.raises(PortError):
        log.read_at(0, 1)
    assert disk.open_log("truth.log", 16).read_at(0, 8) == b"aaaa" + bytes(4)


def test_power_cut_may_keep_and_tear() -> None:
    disk = MemoryDisk()
    log = disk.open_log("truth.log", 12)
    for index, content in enumerate((b"aaaa", b"bbbb", b"cccc")):
        log.write_at(4 * index, content)
    disk.power_cut(kept_writes=1, torn_bytes=2)
    assert disk.open_log("truth.log", 12).read_at(0, 12) == b"aaaabb" + bytes(6)


@given(st.lists(st.tuples(st.integers(0, 20), st.binary(min_size=1, max_size=12), st.booleans()), max_size=20))
def test_power_cut_gives_the_state_of_the_last_sync(writes: list[tuple[int, bytes, bool]]) -> None:
    disk = MemoryDisk()
    log = disk.open_log("truth.log", 32)
    synced = bytes(32)
    for offset, content, is_synced in writes:
        log.write_at(offset, content)
        if is_synced:
            log.sync()
            synced = log.read_at(0, 32)
    disk.power_cut()
    assert disk.open_log("truth.log", 32).read_at(0, 32) == synced


def test_closed_log_reaches_the_disk() -> None:
    disk = MemoryDisk()
    log = disk.open_log("truth.log", 4)
    log.write_at(0, b"aaaa")
    log.close()
    with pytest.raises(PortError):
        log.write_at(0, b"bbbb")
    assert disk.read_file("truth.log") == b"aaaa"


def test_full_disk_says_so_and_keeps_what_it_has() -> None:
    disk = MemoryDisk(capacity_bytes=10)
    disk.write_file_atomic("a", b"12345678")
    with pytest.raises(DiskFull):
        disk.write_file_atomic("b", b"1234")
    with pytest.raises(DiskFull):
        disk.open_log("c", 100)
    disk.write_file_atomic("a", b"1234567890")
    assert disk.read_file("a") == b"1234567890"


def test_failing_disk_fails_every_transfer_until_it_recovers() -> None:
    disk = MemoryDisk()
    log = disk.open_log("truth.log", 8)
    disk.fault = Reason.BUS
    for call in (lambda: log.write_at(0, b"x"), log.sync, lambda: log.read_at(0, 1), lambda: disk.read_file("x")):
        with pytest.raises(PortError):
            call()
    disk.fault = None
    log.write_at(0, b"x")
    assert log.read_at(0, 1) == b"x"

"""The log gives back a clean prefix after any damage, and never what was not written in this order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.store.log import HEAD, RECORD, Entry, RecordLog
from hal.errors import DiskFull, PortError
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason

SIZE = 512


def entry(number: int, size: int = 8) -> Entry:
    return Entry(kind=number % 3, time_ns=number, payload=bytes([number % 256]) * size)


def opened(disk: MemoryDisk, segments: int = 3) -> RecordLog:
    log = RecordLog(disk, "log", SIZE, segments)
    if not log.is_begun:
        log.rotate(entry(0))
    return log


def content(log: RecordLog) -> list[tuple[int, bytes]]:
    return [(record.sequence, record.payload) for record in log.records()]


def patch(disk: MemoryDisk, name: str, octets: bytes) -> None:
    file = disk.open_log(name, len(octets))
    file.write_at(0, octets)
    file.sync()
    file.close()


def test_records_come_back_with_kind_time_and_sequence() -> None:
    disk = MemoryDisk()
    log = opened(disk)
    assert log.write([entry(1), entry(2, size=0)]) == 2
    log.close()
    records = list(opened(disk).recent())
    assert [(item.sequence, item.kind, item.time_ns, item.payload) for item in records[1:]] == [
        (1, 1, 1, bytes([1]) * 8),
        (2, 2, 2, b""),
    ]


def test_a_second_run_goes_on_where_the_first_ended() -> None:
    disk = MemoryDisk()
    for number in (1, 2, 3):
        log = opened(disk)
        log.write([entry(number)])
        log.close()
    assert [sequence for sequence, _ in content(opened(disk))] == [0, 1, 2, 3]


def test_a_full_segment_takes_no_more_until_rotated() -> None:
    log = opened(MemoryDisk())
    fitting = (SIZE - HEAD.size) // (RECORD.size + 8) - 1
    assert log.write([entry(number) for number in range(100)]) == fitting
    assert log.write([entry(1)]) == 0
    log.rotate(entry(7))
    assert log.write([entry(1)]) == 1
    assert log.dropped == 0


def test_the_oldest_segment_is_replaced_and_its_records_counted() -> None:
    log = opened(MemoryDisk(), segments=2)
    for _ in range(3):
        log.write([entry(1), entry(2)])
        log.rotate(entry(0))
    assert log.dropped == 6
    assert [sequence for sequence, _ in content(log)] == [6, 7, 8, 9]


@pytest.mark.parametrize("torn_bytes", range(RECORD.size + 9))
def test_a_record_torn_at_any_octet_leaves_those_before_it(torn_bytes: int) -> None:
    disk = MemoryDisk()
    log = opened(disk)
    log.write([entry(1)])
    log._active.file.sync = lambda: None  # type: ignore[union-attr, method-assign]
    log.write([entry(2)])
    disk.power_cut(kept_writes=0, torn_bytes=torn_bytes)
    again = opened(disk)
    whole = torn_bytes == RECORD.size + 8
    assert content(again)[1:] == [(1, bytes([1]) * 8), (2, bytes([2]) * 8)][: 2 if whole else 1]
    again.write([entry(9)])
    assert content(opened(disk))[-1][1] == bytes([9]) * 8


@pytest.mark.parametrize("torn_bytes", range(0, HEAD.size + RECORD.size + 9, 3))
def test_a_rotation_torn_at_any_octet_leaves_the_segment_before(torn_bytes: int) -> None:
    disk = MemoryDisk()
    log = opened(disk, segments=2)
    log.rotate(entry(3))
    log.write([entry(4)])
    log._segments[1].file.sync = lambda: None  # type: ignore[method-assign]
    log.rotate(entry(5))
    disk.power_cut(kept_writes=0, torn_bytes=torn_bytes)
    again = opened(disk, segments=2)
    payloads = [record.payload for record in again.recent()]
    assert payloads in ([bytes([3]) * 8, bytes([4]) * 8], [bytes([5]) * 8])
    again.rotate(entry(6))
    again.write([entry(7)])
    assert [record.payload[0] for record in opened(disk, segments=2).recent()] == [6, 7]


@given(st.integers(0, SIZE * 8 - 1), st.integers(0, 12))
def test_a_flipped_bit_leaves_a_prefix(bit: int, count: int) -> None:
    disk = MemoryDisk()
    log = opened(disk)
    log.write([entry(number) for number in range(1, 1 + count)])
    before = content(log)
    log.close()
    octets = bytearray(disk.read_file("log-v1/01") or b"")
    octets[bit // 8] ^= 1 << bit % 8
    patch(disk, "log-v1/01", bytes(octets))
    after = content(RecordLog(disk, "log", SIZE, 3))
    assert after == before[: len(after)]


@given(st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=5), st.lists(st.integers(0, 40), max_size=8))
def test_what_was_behind_the_damage_never_comes_back(places: list[int], sizes: list[int]) -> None:
    disk = MemoryDisk()
    log = opened(disk)
    log.write([entry(number) for number in range(1, 12)])
    log.close()
    octets = bytearray(disk.read_file("log-v1/01") or b"")
    for place in places:
        octets[place] ^= 0x55
    patch(disk, "log-v1/01", bytes(octets))
    log = opened(disk)
    expected = content(log)
    written = log.write([entry(100 + number, size) for number, size in enumerate(sizes)])
    first = expected[-1][0] + 1
    expected += [(first + number, bytes([100 + number]) * size) for number, size in enumerate(sizes[:written])]
    assert content(opened(disk)) == expected


def test_what_an_earlier_use_of_a_segment_left_never_comes_back() -> None:
    disk = MemoryDisk()
    log = opened(disk, segments=2)
    for number in range(6):
        log.write([entry(number), entry(number)])
        log.rotate(entry(0))
    assert len(list(opened(disk, segments=2).recent())) == 1


def test_a_failed_write_changes_nothing_and_may_be_repeated() -> None:
    disk = MemoryDisk()
    log = opened(disk)
    disk.fault = Reason.BUS
    for attempt in (lambda: log.write([entry(1)]), lambda: log.rotate(entry(2))):
        with pytest.raises(PortError):
            attempt()
    disk.fault = None
    assert log.write([entry(3)]) == 1
    assert [payload[0] for _, payload in content(opened(disk))[1:]] == [3]


def test_a_disk_without_room_is_met_at_the_start_and_no_file_stays_open() -> None:
    disk = MemoryDisk(capacity_bytes=SIZE)
    with pytest.raises(DiskFull):
        RecordLog(disk, "log", SIZE, 2)
    assert not disk._logs


def test_a_checkpoint_that_leaves_no_room_is_refused() -> None:
    log = opened(MemoryDisk())
    with pytest.raises(PortError, match="does not fit"):
        log.rotate(entry(1, size=SIZE // 2))
    with pytest.raises(ValueError, match="at least 2"):
        RecordLog(MemoryDisk(), "log", SIZE, 1)

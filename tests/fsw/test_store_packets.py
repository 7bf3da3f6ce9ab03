"""A packet store keeps the newest packets and counts what it could not keep, whether its disk works or fails."""

from __future__ import annotations

import pytest

import fsw.store.packets as packets_module
from fsw.store.packets import FIRST_NS, LAST_NS, PacketStore
from hal.errors import PortError
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason
from tests.fsw.failing_disk import FAILURES, UNSYNCED, FailingDisk
from tests.fsw.packet_store import SEGMENT, SEGMENTS, content, filled, octets, opened


def test_packets_come_back_after_a_restart_with_number_and_time() -> None:
    disk = MemoryDisk()
    filled(opened(disk), range(5))
    store = opened(disk)
    assert [(item.number, item.time_ns, item.octets) for item in store.read(0)] == [
        (number, 10 * number, octets(number)) for number in range(5)
    ]
    assert filled(store, range(5, 7)).next_number == 7
    assert content(opened(disk)) == list(range(7))


def test_the_oldest_are_overwritten_and_those_that_nobody_had_are_counted() -> None:
    disk = MemoryDisk()
    store = filled(opened(disk), range(30))
    assert content(store) == list(range(30))
    store.retrieved(20)
    filled(store, range(30, 100))
    held = content(store)
    assert held == list(range(held[0], 100))
    assert store.lost == held[0] - 20
    assert opened(disk).lost == store.lost
    assert opened(disk).open_from == 20


def test_what_was_deleted_stays_deleted_and_is_not_lost() -> None:
    disk = MemoryDisk()
    store = filled(opened(disk), range(20))
    store.append(200, octets(20))
    store.delete_until(125)
    assert content(store) == list(range(13, 21))
    store.commit()
    store = opened(disk)
    assert content(store) == list(range(13, 21))
    assert (store.lost, store.open_from) == (0, 13)
    store.delete_until(LAST_NS)
    assert (content(store), store.summary().packets) == ([], 0)
    assert content(filled(store, range(21, 23))) == [21, 22]


def test_deleting_stops_at_the_first_newer_packet() -> None:
    store = opened(MemoryDisk())
    for number, time_ns in enumerate((10, 20, 5000, 30, 40)):
        store.append(time_ns, octets(number))
    store.delete_until(100)
    assert content(store) == [2, 3, 4]


def test_packets_between_two_times_are_found_in_every_segment_and_in_memory() -> None:
    store = filled(opened(MemoryDisk()), range(30))
    store.append(300, octets(30))
    number, found = 0, []
    while packets := store.read(number, 55, 300):
        found += [packet.time_ns for packet in packets]
        number = packets[-1].number + 1
    assert found == list(range(60, 301, 10))
    assert store.read(0, 301, LAST_NS) == store.read(0, FIRST_NS, -1) == []


def test_open_retrieval_can_be_set_to_a_time() -> None:
    disk = MemoryDisk()
    store = filled(opened(disk), range(20))
    store.start_at(95)
    assert store.open_from == 10
    store.start_at(LAST_NS)
    assert store.open_from == 20
    store.start_at(0)
    assert (store.open_from, store.summary().open_from_ns) == (0, 0)


def test_a_summary_says_what_is_there() -> None:
    store = filled(opened(MemoryDisk()), range(3))
    store.append(30, octets(3))
    store.retrieved(2)
    held = store.summary()
    assert (held.oldest_ns, held.newest_ns, held.open_from_ns) == (0, 30, 20)
    assert (held.packets, held.octets, held.lost) == (4, 48, 0)


def test_a_store_that_is_disabled_takes_nothing_and_remembers_it() -> None:
    disk = MemoryDisk()
    store = filled(opened(disk), range(2))
    store.enable(False)
    store.resume(True)
    filled(store, range(2, 4))
    store = opened(disk)
    assert (content(store), store.is_enabled, store.is_resumed, store.lost) == ([0, 1], False, True, 0)


def test_a_packet_that_is_too_large_is_counted() -> None:
    store = opened(MemoryDisk())
    store.append(0, bytes(SEGMENT))
    store.append(1, octets(1))
    store.commit()
    assert (content(store), store.lost, store.waiting) == ([1], 1, 0)


@pytest.mark.parametrize("failure", FAILURES)
def test_memory_takes_over_from_a_disk_that_fails_at_the_start(failure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packets_module, "WAITING_MAX", 8)
    disk = FailingDisk()
    filled(opened(disk), range(5))
    disk.failure = failure
    store = PacketStore(disk, "events", SEGMENT, SEGMENTS)
    for number in range(5, 25):
        store.append(10 * number, octets(number))
        with pytest.raises(PortError):
            store.commit()
    assert content(store) == list(range(17, 25))
    assert (store.lost, store.waiting) == (12, 8)
    disk.failure = ""
    store.commit()
    assert content(store) == [*range(5), *range(17, 25)]
    assert (content(opened(disk)), opened(disk).lost) == (content(store), 12)


def test_a_gap_in_the_numbers_survives_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packets_module, "WAITING_MAX", 4)
    disk = MemoryDisk()
    store = filled(opened(disk), range(3))
    disk.fault = Reason.BUS
    for number in range(3, 13):
        store.append(number, octets(number))
    for _ in range(3):
        with pytest.raises(PortError):
            store.commit()
    with pytest.raises(PortError):
        store.read(0)
    assert [item.number for item in store.read(9)] == [9, 10, 11, 12]
    disk.fault = None
    store.commit()
    again = opened(disk)
    assert [item.number for item in again.read(0)] == [0, 1, 2, 9, 10, 11, 12]
    assert again.lost == store.lost == 6


def test_what_is_on_a_disk_that_became_read_only_can_still_be_read() -> None:
    disk = FailingDisk()
    store = filled(opened(disk), range(3))
    disk.failure = "read-only"
    for number in range(3, 8):
        store.append(number, octets(number))
        with pytest.raises(PortError):
            store.commit()
    assert content(store) == list(range(8))


def test_what_reached_the_disk_though_nobody_could_say_so_is_not_there_twice() -> None:
    disk = FailingDisk()
    store = filled(opened(disk), range(3))
    disk.failure = UNSYNCED
    for number in range(3, 6):
        store.append(number, octets(number))
        with pytest.raises(PortError):
            store.commit()
    disk.failure = ""
    store.commit()
    assert content(store) == content(opened(disk)) == list(range(6))
    assert store.lost == 0


def test_files_that_went_stale_are_opened_anew() -> None:
    disk = MemoryDisk()
    store = filled(opened(disk), range(3))
    disk.power_cut()  # to this store: every open file is dead, as after the disk was mounted again
    for number in range(3, 5):
        store.append(number, octets(number))
        with pytest.raises(PortError):
            store.commit()
    store.commit()
    assert content(store) == content(opened(disk)) == list(range(5))


def flip(disk: MemoryDisk, name: str, place: int) -> None:
    log = disk.open_log(name, SEGMENT)
    log.write_at(place, bytes([log.read_at(place, 1)[0] ^ 1]))
    log.sync()


def test_damage_of_an_old_segment_is_counted_once_and_the_others_are_read() -> None:
    disk = MemoryDisk()
    store = filled(opened(disk), range(30))
    store.commit()
    flip(disk, "packets/events-v1/01", 200)
    held = content(store)
    assert held[-1] == 29
    missing = 30 - len(held)
    assert missing == store.damaged == store.lost > 0
    assert content(store) == held
    store.commit()
    again = opened(disk)
    assert (content(again), again.lost) == (held, missing)


def test_after_damage_where_it_writes_the_store_begins_a_new_segment() -> None:
    disk = MemoryDisk()
    store = filled(opened(disk), range(5))
    flip(disk, "packets/events-v1/01", 150)
    kept = content(store)
    assert len(kept) < 5
    filled(store, range(5, 8))
    again = opened(disk)
    assert content(again) == [*kept, 5, 6, 7]
    assert again.lost == 5 - len(kept)

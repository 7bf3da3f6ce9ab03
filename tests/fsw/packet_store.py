"""Packet stores of a few small segments, and what is in them: what the tests of packet stores share."""

from __future__ import annotations

from fsw.store.packets import PacketStore
from hal.ports.disk import RealDisk
from hal.ports.memory_disk import MemoryDisk

SEGMENT, SEGMENTS = 512, 3


def opened(disk: MemoryDisk | RealDisk, segment_bytes: int = SEGMENT, segments: int = SEGMENTS) -> PacketStore:
    store = PacketStore(disk, "events", segment_bytes, segments)
    store.commit()
    return store


def octets(number: int, size: int = 12) -> bytes:
    return number.to_bytes(4, "big") * (size // 4)


def content(store: PacketStore) -> list[int]:
    """What the store holds: the number that each packet was given by the test."""
    found, number = [], 0
    while packets := store.read(number):
        found += [int.from_bytes(packet.octets[:4], "big") for packet in packets]
        number = packets[-1].number + 1
    return found


def filled(store: PacketStore, numbers: range) -> PacketStore:
    for number in numbers:
        store.append(10 * number, octets(number))
    store.commit()
    return store

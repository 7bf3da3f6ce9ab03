"""What a packet store knows of one segment of its log: which packets are in it, from when, and how large they are.

    record   MARK: what the store must not forget, and the number of the packet after it
             PACKET: the packet; each has the number after that of the packet before it

Every segment begins with a mark, so that it can be read by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum

from fsw.bus.codec import CodecError, decode
from fsw.store.log import Record


class Kind(IntEnum):
    """Kinds of records in a packet store's log; the numbers are on the disk."""

    MARK = 1
    PACKET = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """The state of a store. `next_number` is that of the packet behind this record, `open_from` that of the first one
    which no retrieval had, `kept_from` that of the first which was not deleted. `owed` durable packets are not
    retrieved yet, `lost` never can be.
    """

    next_number: int
    open_from: int = 0
    kept_from: int = 0
    owed: int = 0
    lost: int = 0
    is_enabled: bool = True
    is_resumed: bool = False


@dataclass(frozen=True, slots=True)
class StoredPacket:
    """One packet; `number` counts over the life of the store, `time_ns` is TAI as the packet has it."""

    number: int
    time_ns: int
    octets: bytes


@dataclass(slots=True)
class Chapter:
    """The packets of one segment, as runs of consecutive numbers [first, end)."""

    generation: int
    runs: list[tuple[int, int]] = field(default_factory=list)
    octets: int = 0
    oldest_ns: int = 0
    newest_ns: int = 0

    @property
    def end(self) -> int:
        """The number after that of the last packet; 0 where there is none."""
        return self.runs[-1][1] if self.runs else 0

    def count_from(self, number: int) -> int:
        """Packets with this number or a later one."""
        return sum(max(0, end - max(first, number)) for first, end in self.runs)

    def overlaps(self, from_ns: int, to_ns: int) -> bool:
        """Whether one of the packets may be of that time."""
        return bool(self.runs) and self.oldest_ns <= to_ns and from_ns <= self.newest_ns

    def take(self, packet: StoredPacket) -> None:
        """A packet was written behind the others."""
        number = packet.number
        if self.runs and self.runs[-1][1] == number:
            self.runs[-1] = (self.runs[-1][0], number + 1)
        else:
            self.runs.append((number, number + 1))
        is_first = self.octets == 0
        self.oldest_ns = packet.time_ns if is_first else min(self.oldest_ns, packet.time_ns)
        self.newest_ns = packet.time_ns if is_first else max(self.newest_ns, packet.time_ns)
        self.octets += len(packet.octets)


def chapter_of(generation: int, packets: Iterable[StoredPacket]) -> Chapter:
    """The chapter of these packets."""
    chapter = Chapter(generation)
    for packet in packets:
        chapter.take(packet)
    return chapter


def packets_in(records: Iterable[Record]) -> Iterator[StoredPacket]:
    """The packets of one segment with their numbers."""
    for record, number in _numbered(records):
        if record.kind == Kind.PACKET:
            yield StoredPacket(number, record.time_ns, record.payload)


def last_mark(records: Iterable[Record]) -> Mark:
    """The state that the records of the newest segment end with, as a mark behind the last of them."""
    mark, following, owed = Mark(next_number=0), 0, 0
    for record, number in _numbered(records):
        following = number + (record.kind == Kind.PACKET)
        owed += record.kind == Kind.PACKET and number >= mark.open_from
        if record.kind == Kind.MARK:
            mark = _read_mark(record, mark)
            owed = mark.owed
    return replace(mark, next_number=following, owed=owed)


def _numbered(records: Iterable[Record]) -> Iterator[tuple[Record, int]]:
    """Each record with its own number, or for a mark that of the next packet."""
    number = 0
    for record in records:
        if record.kind == Kind.MARK:
            number = _read_mark(record, Mark(next_number=number)).next_number
        yield record, number
        number += record.kind == Kind.PACKET


def _read_mark(record: Record, before: Mark) -> Mark:
    """The mark in a record; the one before it where another version wrote what cannot be read."""
    try:
        return decode(Mark, record.payload)
    except CodecError:
        return before

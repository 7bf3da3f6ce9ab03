"""What a packet store knows of one segment of its log: which packets are in it, from when, and how large they are.

    record   MARK: what the store must not forget, and the number of the packet after it
             PACKET: the packet; each has the number after that of the packet before it

Every segment begins with a mark, so that it can be read by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import groupby
from typing import NamedTuple

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


class StoredPacket(NamedTuple):
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

    def extend(self, packets: Sequence[StoredPacket]) -> None:
        """Packets were written behind the others."""
        times = [packet.time_ns for packet in packets]
        if self.runs:
            times += (self.oldest_ns, self.newest_ns)
        for first, end in _runs([packet.number for packet in packets]):
            if self.end == first and self.runs:
                self.runs[-1] = (self.runs[-1][0], end)
            else:
                self.runs.append((first, end))
        self.oldest_ns, self.newest_ns = min(times, default=0), max(times, default=0)
        self.octets += sum([len(packet.octets) for packet in packets])


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Rising numbers as runs [first, end)."""
    if numbers and numbers[-1] - numbers[0] == len(numbers) - 1:  # nearly always
        return [(numbers[0], numbers[-1] + 1)]
    groups = (list(group) for _, group in groupby(enumerate(numbers), lambda item: item[1] - item[0]))
    return [(group[0][1], group[-1][1] + 1) for group in groups]


def chapter_of(generation: int, packets: Iterable[StoredPacket]) -> Chapter:
    """The chapter of these packets."""
    chapter = Chapter(generation)
    chapter.extend(list(packets))
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

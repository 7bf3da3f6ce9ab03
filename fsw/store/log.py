"""An append-only log over preallocated segments; what comes back after damage is a clean prefix of what went in.

    segment   head: magic, version, generation, sequence of its first record, CRC      then records, then anything
    record    CRC, length, sequence, time (ns), kind, then the payload

A CRC (CRC-32 of zlib) covers its own record and starts from the CRC before it, and each write ends in zeros, so that
what an earlier use left behind the last record never looks like its continuation. The segments are a ring: `rotate`
begins the next one with a checkpoint that makes all older records unnecessary, in place of the oldest.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hal.errors import PortError
from hal.ports.disk import Disk, LogFile
from hal.reading import Reason

MAGIC = b"PNMBRLOG"
VERSION = 1  # also in the file names: another version never overwrites these
HEAD = struct.Struct(">8sHQQI")
RECORD = struct.Struct(">IIQqH")
FEWEST_SEGMENTS = 2  # while one is begun the one before must stay whole


class Entry(NamedTuple):
    """What is to be recorded."""

    kind: int
    time_ns: int
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was recorded; `sequence` counts from 0 over the life of the log."""

    sequence: int
    kind: int
    time_ns: int
    payload: bytes


@dataclass(slots=True)
class _Segment:
    file: LogFile
    generation: int = 0  # 0: never begun, or unreadable
    first: int = 0


class RecordLog:
    """`segments` files of `segment_bytes` each on `disk`. Every method may raise PortError; then nothing changed."""

    def __init__(self, disk: Disk, name: str, segment_bytes: int, segments: int) -> None:
        if segments < FEWEST_SEGMENTS:
            raise ValueError(f"{segments} segments, must be at least {FEWEST_SEGMENTS}")
        self._size = segment_bytes
        self._segments: list[_Segment] = []
        self._active: _Segment | None = None
        self._offset = 0
        self._crc = 0
        self._next = 0
        self._dropped = 0
        try:
            for index in range(segments):
                self._segments.append(_Segment(disk.open_log(f"{name}-v{VERSION}/{index:02d}", segment_bytes)))
                _read_head(self._segments[-1])
            self._resume()
        except PortError:
            self.close()  # whoever tries again and again must not run out of descriptors
            raise

    @property
    def is_begun(self) -> bool:
        """False until the first `rotate`."""
        return self._active is not None

    @property
    def generations(self) -> tuple[int, ...]:
        """The numbers of the segments that hold records, oldest first; the last one is written to."""
        return tuple(sorted(segment.generation for segment in self._begun()))

    @property
    def replaced_next(self) -> int:
        """The number of the segment that the next `rotate` writes over; 0 where it holds nothing."""
        return self._segments[self._next_generation % len(self._segments)].generation

    @property
    def dropped(self) -> int:
        """Records of replaced segments since this log was opened."""
        return self._dropped

    def write(self, entries: Sequence[Entry]) -> int:
        """Record as many of `entries` as fit, with one write and one sync; how many that were. They are durable."""
        segment = self._active
        if segment is None:
            return 0
        octets, crc = bytearray(), self._crc
        count = 0
        for entry in entries:
            if self._offset + len(octets) + RECORD.size + len(entry.payload) > self._size:
                break
            crc = _append(octets, entry, self._next + count, crc)
            count += 1
        if count:
            segment.file.write_at(self._offset, bytes(octets) + _end(self._size - self._offset - len(octets)))
            segment.file.sync()
            self._offset, self._crc, self._next = self._offset + len(octets), crc, self._next + count
        return count

    def rotate(self, checkpoint: Entry) -> None:
        """Begin the next segment with `checkpoint`, durably; the records of the oldest one are gone."""
        generation = self._next_generation
        segment = self._segments[generation % len(self._segments)]
        octets = bytearray(_pack_head(generation, self._next))
        crc = _append(octets, checkpoint, self._next, _head_crc(octets))
        if len(octets) > self._size // 2:
            raise PortError(Reason.CORRUPT, f"a checkpoint of {len(octets)} octets does not fit")
        segment.file.write_at(0, bytes(octets) + _end(self._size))
        segment.file.sync()
        if segment.generation:
            self._dropped += min(other.first for other in self._begun() if other is not segment) - segment.first
        segment.generation, segment.first = generation, self._next
        self._active, self._offset, self._crc, self._next = segment, len(octets), crc, self._next + 1

    def records(self) -> Iterator[Record]:
        """Everything readable, oldest first; after damage in a segment its rest is missing."""
        for segment in sorted(self._begun(), key=lambda segment: segment.generation):
            for record, _, _ in _scan(segment):
                yield record

    def segment(self, generation: int) -> Iterator[Record]:
        """The readable records of one segment; none where there is no such segment any more."""
        for segment in self._begun():
            if segment.generation == generation:
                for record, _, _ in _scan(segment):
                    yield record

    def recent(self) -> Iterator[Record]:
        """The newest segment's records: its checkpoint and what came after."""
        if self._active is not None:
            for record, _, _ in _scan(self._active):
                yield record

    def close(self) -> None:
        """Give the files back."""
        for segment in self._segments:
            segment.file.close()

    @property
    def _next_generation(self) -> int:
        return self._active.generation + 1 if self._active else 1

    def _begun(self) -> list[_Segment]:
        return [segment for segment in self._segments if segment.generation]

    def _resume(self) -> None:
        """Go on behind the last whole record of the newest segment whose checkpoint is whole."""
        for segment in sorted(self._begun(), key=lambda segment: -segment.generation):
            for record, offset, crc in _scan(segment):
                self._active = segment
                self._next, self._offset, self._crc = record.sequence + 1, offset, crc
            if self._active is not None:
                return
            segment.generation = 0  # its first write was torn: it was begun for nothing


def _pack_head(generation: int, first: int) -> bytes:
    octets = HEAD.pack(MAGIC, VERSION, generation, first, 0)
    return octets[:-4] + struct.pack(">I", zlib.crc32(octets[:-4]))


def _end(room: int) -> bytes:
    return bytes(min(RECORD.size, room))


def _head_crc(octets: bytes | bytearray) -> int:
    return int.from_bytes(octets[HEAD.size - 4 : HEAD.size], "big")


def _read_head(segment: _Segment) -> None:
    octets = segment.file.read_at(0, HEAD.size)
    if len(octets) < HEAD.size:
        return
    magic, version, generation, first, crc = HEAD.unpack(octets)
    if magic == MAGIC and version == VERSION and crc == zlib.crc32(octets[:-4]):
        segment.generation, segment.first = generation, first


def _append(octets: bytearray, entry: Entry, sequence: int, crc: int) -> int:
    """Pack a record behind `octets`; its CRC."""
    head = RECORD.pack(0, len(entry.payload), sequence, entry.time_ns, entry.kind)[4:]
    crc = zlib.crc32(entry.payload, zlib.crc32(head, crc))
    octets += crc.to_bytes(4, "big")
    octets += head
    octets += entry.payload
    return crc


def _scan(segment: _Segment) -> Iterator[tuple[Record, int, int]]:
    """The clean prefix of a segment: each record, the offset behind it, and its CRC."""
    octets = segment.file.read_at(0, segment.file.size_bytes)
    offset, sequence, crc = HEAD.size, segment.first, _head_crc(octets)
    while offset + RECORD.size <= len(octets):
        stored_crc, length, stored_sequence, time_ns, kind = RECORD.unpack_from(octets, offset)
        end = offset + RECORD.size + length
        if end > len(octets) or stored_sequence != sequence:
            return
        crc = zlib.crc32(octets[offset + 4 : end], crc)
        if crc != stored_crc:
            return
        record = Record(sequence=sequence, kind=kind, time_ns=time_ns, payload=octets[offset + RECORD.size : end])
        yield record, end, crc
        offset, sequence = end, sequence + 1

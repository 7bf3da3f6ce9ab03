"""The raw packets as received, in files that are only ever appended to; what a crash tore off is cut at the next start.

    record   received 64 (nanoseconds of UTC since 1970) | live 8 | octets 32 | CRC-32 of that and the packet | packet

One process writes an archive at a time (a lock on the folder says so); any number may read.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SEGMENT_OCTETS = 4 << 20  # some 30,000 packets: decoded in half a second when somebody asks, an hour of a busy pass
PACKET_MOST = 65_542  # of a space packet
_HEAD = struct.Struct(">QBII")
_COVERED = struct.Struct(">QBI")


class ArchiveError(Exception):
    """An archive that cannot be opened, with what to do about it."""


class Received(NamedTuple):
    """One packet. `is_live` is False for what came by file: it raises no alarm."""

    received_ns: int
    is_live: bool
    octets: bytes


class RawLog:
    """The writing end. Raises ArchiveError where another process writes, OSError where the disk fails."""

    def __init__(self, folder: Path, segment_octets: int = SEGMENT_OCTETS) -> None:
        self.folder = folder / "raw"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise ArchiveError(
                f"{folder}: another process writes this archive; read it, or give another --to"
            ) from error
        self._segment_octets = segment_octets
        self.number = max(segments(self.folder), default=1)
        self.torn_octets = self._open()

    def append(self, packet: Received) -> int | None:
        """Add a packet; the number of the segment that is full by it, and closed, if one is. Durable after `sync`."""
        self._file.write(pack(packet))
        if self._file.tell() < self._segment_octets:
            return None
        full = self.number
        self.sync()
        self._file.close()
        self.number += 1
        self._open()
        return full

    def sync(self) -> None:
        """What was appended outlives a power cut from now on."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Sync and let others write."""
        self.sync()
        self._file.close()
        self._lock.close()

    def _open(self) -> int:
        """Go on behind the last whole record; how many octets were torn."""
        path = segment_path(self.folder, self.number)
        self._file = path.open("ab")
        octets = path.stat().st_size
        whole = sum(_HEAD.size + len(packet.octets) for packet in read(path))
        if whole < octets:
            os.ftruncate(self._file.fileno(), whole)
        _sync_folder(self.folder)
        return octets - whole


def pack(packet: Received) -> bytes:
    """The octets of a record."""
    covered = _COVERED.pack(packet.received_ns, packet.is_live, len(packet.octets))
    return covered + zlib.crc32(packet.octets, zlib.crc32(covered)).to_bytes(4, "big") + packet.octets


def read(path: Path) -> Iterator[Received]:
    """The whole records of a segment, up to the first that is not."""
    data = path.read_bytes()
    offset = 0
    while offset + _HEAD.size <= len(data):
        received_ns, is_live, octets, check = _HEAD.unpack_from(data, offset)
        end = offset + _HEAD.size + octets
        packet = data[offset + _HEAD.size : end]
        covered = data[offset : offset + _COVERED.size]
        if octets > PACKET_MOST or end > len(data) or zlib.crc32(packet, zlib.crc32(covered)) != check:
            return
        yield Received(received_ns, bool(is_live), packet)
        offset = end


def segments(folder: Path) -> list[int]:
    """The numbers of the segments that are there, in order."""
    return sorted(int(path.stem) for path in folder.glob("*.log") if path.stem.isdecimal())


def segment_path(folder: Path, number: int) -> Path:
    """The file of a segment."""
    return folder / f"{number:08d}.log"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""The durable counters of the secured link, on the disk port: one small file for each name.

    file   magic, CRC-32 over name and value, then the value

A file is replaced whole. There is no older generation to fall back on, on purpose: an old mark would let commands act
again. A damaged file is a lost counter, which `fsw.packets.security.contingency` recovers.
"""

from __future__ import annotations

import struct
import zlib

from fsw.packets.security.errors import StoreFailed
from hal.errors import PortError
from hal.ports.disk import Disk

MAGIC = b"PNSC"
_HEAD = struct.Struct(">4sI")


class DiskCounterStore:
    """Fills `fsw.packets.security.counters.CounterStore`."""

    def __init__(self, disk: Disk, folder: str = "security") -> None:
        self._disk = disk
        self._folder = folder

    def load(self, name: str) -> bytes | None:
        try:
            content = self._disk.read_file(f"{self._folder}/{name}")
        except PortError as error:
            raise StoreFailed(f"{name}: {error}") from error
        if content is None:
            return None
        value = content[_HEAD.size :]
        if content[: _HEAD.size] != _head(name, value):
            raise StoreFailed(f"{name} is damaged")
        return value

    def save(self, name: str, value: bytes) -> None:
        try:
            self._disk.write_file_atomic(f"{self._folder}/{name}", _head(name, value) + value)
        except PortError as error:
            raise StoreFailed(f"{name}: {error}") from error


def _head(name: str, value: bytes) -> bytes:
    return _HEAD.pack(MAGIC, zlib.crc32(name.encode("ascii") + value))

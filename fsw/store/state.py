"""Small state that outlives the power: budgets, counters, the last state of charge. Two generations and a default.

    file   magic, schema version, generation, CRC-32, then the msgpack of the value

A save replaces the older of two files whole, so a power cut at any moment leaves the other one.
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum
from typing import Generic, TypeVar

from fsw.bus.codec import CodecError, decode, encode
from hal.errors import PortError
from hal.ports.disk import Disk

T = TypeVar("T")

MAGIC = b"PNST"
HEAD = struct.Struct(">4sHQI")


class Origin(IntEnum):
    """Where a loaded value comes from."""

    NEWEST = 0
    PREVIOUS = 1  # the newest generation is damaged
    DEFAULT = 2  # nothing was ever saved
    LOST = 3  # something was saved, and none of it can be read


def newest_file(disk: Disk, name: str) -> bytes:
    """The file of the newest whole generation of a state, as it is; empty where there is none. Raises PortError."""
    newest, content = 0, b""
    for file in _files(name):
        octets = disk.read_file(file) or b""
        try:
            generation = _unpack(octets)[1]
        except CodecError:
            continue
        if generation > newest:
            newest, content = generation, octets
    return content


def _files(name: str) -> tuple[str, str]:
    return f"state/{name}.0", f"state/{name}.1"


def _unpack(content: bytes) -> tuple[int, int, bytes]:
    """Schema version, generation and payload; raises CodecError for damage."""
    if len(content) < HEAD.size:
        raise CodecError("too short")
    magic, version, generation, crc = HEAD.unpack_from(content)
    payload = content[HEAD.size :]
    if magic != MAGIC or crc != zlib.crc32(payload, zlib.crc32(content[: HEAD.size - 4])):
        raise CodecError("damaged")
    return version, generation, payload


class NamedState(Generic[T]):
    """One value of the dataclass `T` under `name`; `version` changes when the meaning of its fields does."""

    def __init__(self, disk: Disk, name: str, default: T, version: int = 1) -> None:
        self._disk = disk
        self._files = _files(name)
        self._default = default
        self._version = version
        self._generation: int | None = None  # of the newest file; None before the first look

    def load(self) -> tuple[T, Origin]:
        """The value, and where it comes from. Never raises for damage or for a disk that fails."""
        found: list[tuple[int, T]] = []
        damaged = unread = 0
        for file in self._files:
            try:
                content = self._disk.read_file(file)
                if content is not None:
                    found.append(self._unpack(content))
            except CodecError:
                damaged += 1
            except PortError:
                damaged, unread = damaged + 1, unread + 1
        if not found:
            self._generation = None if unread else 0  # a disk that fails now is looked at again before a save
            return self._default, Origin.LOST if damaged else Origin.DEFAULT
        self._generation, value = max(found, key=lambda item: item[0])
        # A damaged file does not say its generation: assume that it was the newer one.
        return value, Origin.PREVIOUS if damaged else Origin.NEWEST

    def save(self, value: T) -> None:
        """Make `value` durable in place of the older generation. Raises PortError."""
        if self._generation is None:
            self.load()
        generation = (self._generation or 0) + 1
        payload = encode(value)
        head = HEAD.pack(MAGIC, self._version, generation, 0)[:-4]
        content = head + struct.pack(">I", zlib.crc32(payload, zlib.crc32(head))) + payload
        self._disk.write_file_atomic(self._files[generation % 2], content)
        self._generation = generation

    def _unpack(self, content: bytes) -> tuple[int, T]:
        version, generation, payload = _unpack(content)
        if version != self._version:
            raise CodecError(f"schema version {version}, not {self._version}")
        return generation, decode(type(self._default), payload)

"""File checksums: modular (type 0), CRC-32 (type 3), null (type 15). Source: CCSDS 727.0-B-5, 4.2.2 and Annex F.

The modular one adds up 4-octet words at multiples of 4 from the start of the file, filled with zeros, modulo 2^32.
They detect noise, not enemies.
"""

from __future__ import annotations

import sys
from array import array
from zlib import crc32

MODULAR, CRC_32, NULL = 0, 3, 15
SUPPORTED = frozenset((MODULAR, CRC_32, NULL))
_WORD = 4


class Checksum:
    """A checksum over octets that are added in order, in pieces of any length.

    >>> total = Checksum(MODULAR)
    >>> total.add(bytes.fromhex("0001020304"))
    >>> hex(total.value)
    '0x4010203'
    """

    def __init__(self, kind: int) -> None:
        self._kind = kind
        self._total = 0
        self._rest = b""
        self.octets = 0

    @property
    def value(self) -> int:
        """The checksum so far."""
        if self._kind == MODULAR and self._rest:
            return (self._total + int.from_bytes(self._rest.ljust(_WORD, b"\0"), "big")) & 0xFFFFFFFF
        return self._total

    def add(self, data: bytes) -> None:
        """Go on with `data`."""
        self.octets += len(data)
        if self._kind == CRC_32:
            self._total = crc32(data, self._total)
        elif self._kind == MODULAR:
            data = self._rest + data
            whole = len(data) - len(data) % _WORD
            self._total = (self._total + _sum(data[:whole])) & 0xFFFFFFFF
            self._rest = data[whole:]


def _sum(words: bytes) -> int:
    numbers = array("I", words)  # four octets wherever CPython runs
    if sys.byteorder == "little":
        numbers.byteswap()
    return sum(numbers)

"""Space packet primary header: 6 octets. Source: CCSDS 133.0-B-2, 4.1.3.

    version 3 = 000 | type 1 | secondary header flag 1 | APID 11 | sequence flags 2 | count 14 | data length 16

Data length is the number of octets after the header, less one. The count runs per APID, modulo 16,384.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from fsw.packets.errors import BadLength, TooShort, WrongType

HEADER_OCTETS = 6
APID_MAX = 0x7FF  # also the APID of idle packets
COUNT_MODULUS = 1 << 14
UNSEGMENTED = 0b11
TELEMETRY, TELECOMMAND = 0, 1

_HEADER = struct.Struct(">HHH")


class PrimaryHeader(NamedTuple):
    """The header of one space packet. `length` is the octets after the header (1 to 65,536).

    >>> PrimaryHeader(TELECOMMAND, 0x42, 5, 7).pack().hex()
    '1842c0050006'
    >>> PrimaryHeader.unpack(bytes.fromhex("1842c0050006"))
    PrimaryHeader(type=1, apid=66, sequence=5, length=7, has_secondary=True, flags=3)
    """

    type: int
    apid: int
    sequence: int
    length: int
    has_secondary: bool = True
    flags: int = UNSEGMENTED

    def pack(self) -> bytes:
        """Six octets; the count is taken modulo 16,384. Raises struct.error for a length out of range."""
        identification = (self.type & 1) << 12 | self.has_secondary << 11 | self.apid & APID_MAX
        return _HEADER.pack(identification, self.flags << 14 | self.sequence % COUNT_MODULUS, self.length - 1)

    @classmethod
    def unpack(cls, data: bytes) -> PrimaryHeader:
        """The header at the front of `data`; raises TooShort, WrongType for another version than 000."""
        if len(data) < HEADER_OCTETS:
            raise TooShort(HEADER_OCTETS, len(data))
        first, second, length = _HEADER.unpack_from(data)
        if first >> 13:
            raise WrongType("packet version", 0, first >> 13)
        return cls(first >> 12 & 1, first & APID_MAX, second & 0x3FFF, length + 1, bool(first & 0x800), second >> 14)


def check_length(data: bytes) -> None:
    """Raises TooShort or BadLength unless `data` is exactly one packet by its length field."""
    if len(data) <= HEADER_OCTETS:
        raise TooShort(HEADER_OCTETS + 1, len(data))
    declared = (data[4] << 8 | data[5]) + HEADER_OCTETS + 1
    if declared != len(data):
        raise BadLength(declared, len(data))

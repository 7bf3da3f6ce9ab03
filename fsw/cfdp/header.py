"""The fixed header that every PDU has, and its optional CRC. Source: CCSDS 727.0-B-5, 5.1.

    version 3 = 001 | file data 1 | towards sender 1 | unacknowledged 1 | CRC 1 | large file 1 | data length 16
    segmentation 1 | entity octets - 1 3 | segment metadata 1 | sequence octets - 1 3 | source | sequence | destination

The CRC is the one of packets and frames (CRC-16-CCITT); it ends the data field and counts in its length.
"""

from __future__ import annotations

from binascii import crc_hqx
from typing import NamedTuple

from fsw.packets.errors import BadChecksum, BadLength, TooShort, WrongType

VERSION = 1
FIXED_OCTETS = 4
CRC_OCTETS = 2
LENGTH_MAX = 0xFFFF


class Header(NamedTuple):
    """What a PDU says of its transaction. `id_octets` and `sequence_octets` are 1 to 8.

    >>> Header(source=1, sequence=2, destination=3).seal(b"\\x09\\x00", False).hex()
    '200002110001000200030900'
    """

    source: int
    sequence: int
    destination: int
    towards_sender: bool = False
    is_unacknowledged: bool = False
    has_crc: bool = False
    is_large: bool = False
    id_octets: int = 2
    sequence_octets: int = 2

    @property
    def octets(self) -> int:
        """Length of the header."""
        return FIXED_OCTETS + 2 * self.id_octets + self.sequence_octets

    def seal(self, body: bytes, is_file_data: bool) -> bytes:
        """The whole PDU; raises OverflowError for numbers that do not fit their octets."""
        length = len(body) + CRC_OCTETS * self.has_crc
        flags = VERSION << 5 | is_file_data << 4 | self.towards_sender << 3
        flags |= self.is_unacknowledged << 2 | self.has_crc << 1 | self.is_large
        pdu = b"".join(
            (
                bytes((flags,)),
                length.to_bytes(2, "big"),
                bytes(((self.id_octets - 1) << 4 | self.sequence_octets - 1,)),
                self.source.to_bytes(self.id_octets, "big"),
                self.sequence.to_bytes(self.sequence_octets, "big"),
                self.destination.to_bytes(self.id_octets, "big"),
                body,
            )
        )
        return pdu + crc_hqx(pdu, 0xFFFF).to_bytes(CRC_OCTETS, "big") if self.has_crc else pdu


class Opened(NamedTuple):
    """A PDU without its header and CRC."""

    header: Header
    is_file_data: bool
    has_segment_metadata: bool
    body: bytes


def open_pdu(pdu: bytes) -> Opened:
    """Header and body of `pdu`, exactly one PDU; raises TooShort, BadLength, BadChecksum, WrongType."""
    if len(pdu) < FIXED_OCTETS:
        raise TooShort(FIXED_OCTETS, len(pdu))
    flags, sizes = pdu[0], pdu[3]
    if flags >> 5 != VERSION:
        raise WrongType("CFDP version", VERSION, flags >> 5)
    header = _header(pdu, flags, (sizes >> 4 & 7) + 1, (sizes & 7) + 1)
    declared = header.octets + int.from_bytes(pdu[1:3], "big")
    if declared != len(pdu):
        raise BadLength(declared, len(pdu))
    end = len(pdu) - CRC_OCTETS * header.has_crc
    if end < header.octets:
        raise TooShort(header.octets + CRC_OCTETS, len(pdu))
    if header.has_crc and (remainder := crc_hqx(pdu, 0xFFFF)):
        raise BadChecksum(remainder)
    return Opened(header, bool(flags & 0x10), bool(sizes & 8), pdu[header.octets : end])


def _header(pdu: bytes, flags: int, id_octets: int, sequence_octets: int) -> Header:
    first = FIXED_OCTETS + id_octets
    second = first + sequence_octets
    last = second + id_octets
    if len(pdu) < last:
        raise TooShort(last, len(pdu))
    return Header(
        int.from_bytes(pdu[FIXED_OCTETS:first], "big"),
        int.from_bytes(pdu[first:second], "big"),
        int.from_bytes(pdu[second:last], "big"),
        bool(flags & 8),
        bool(flags & 4),
        bool(flags & 2),
        bool(flags & 1),
        id_octets,
        sequence_octets,
    )

"""Service 9, time: the spacecraft time packet. Source: ECSS-E-ST-70-41C, service 9; CCSDS 301.0-B-4, 3.2.

    primary 6 (APID 0, no secondary header) | rate 8 | time 64 (CUC with P-field) | quality 8 | CRC 16

One packet goes out every 2 to the power of `rate` seconds; the time is that of its making. The quality is the one of
the PUS time status field (0 never set, 1 coasting, 2 synchronised).
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from typing import NamedTuple

from fsw.packets.cuc import Cuc
from fsw.packets.errors import BadLength, WrongType
from fsw.packets.pus import check_packet
from fsw.packets.space_packet import HEADER_OCTETS, TELEMETRY, PrimaryHeader

TIME_APID = 0
RATE_MAX = 8  # once in 256 s: several in the shortest pass that is worth having
_BODY = struct.Struct(">BQB")
_CRC = struct.Struct(">H")
OCTETS = HEADER_OCTETS + _BODY.size + _CRC.size


class TimeReport(NamedTuple):
    """One time packet. `sequence` runs for APID 0 alone.

    >>> TimeReport(sequence=3, rate=4, time=Cuc(0x8191EC25, 0x800000), quality=2).pack().hex()
    '0000c003000b041f8191ec2580000002ad76'
    """

    sequence: int
    rate: int
    time: Cuc
    quality: int

    def pack(self) -> bytes:
        """The whole packet; the sequence count is taken modulo 16,384. Raises struct.error for a field out of range."""
        length = OCTETS - HEADER_OCTETS
        header = PrimaryHeader(TELEMETRY, TIME_APID, self.sequence, length, has_secondary=False).pack()
        packet = header + _BODY.pack(self.rate, self.time.to_int(), self.quality)
        return packet + _CRC.pack(crc_hqx(packet, 0xFFFF))

    @classmethod
    def unpack(cls, packet: bytes) -> TimeReport:
        """The report in `packet`; raises a PacketError for anything but exactly one sound time packet."""
        check_packet(packet, OCTETS)
        if len(packet) != OCTETS:
            raise BadLength(OCTETS, len(packet))
        header = PrimaryHeader.unpack(packet)
        if header.apid != TIME_APID or header.type != TELEMETRY or header.has_secondary:
            raise WrongType("APID of a time packet", TIME_APID, header.apid)
        rate, time, quality = _BODY.unpack_from(packet, HEADER_OCTETS)
        return cls(header.sequence, rate, Cuc.from_int(time), quality)

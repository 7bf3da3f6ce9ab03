"""Telemetry transfer frames. Source: CCSDS 132.0-B-3, 4.1.

    version 2 = 00 | SCID 10 | VCID 3 | OCF flag 1 | master count 8 | virtual count 8 |
    secondary header flag 1 | sync 1 = 0 | order 1 = 0 | segment id 2 = 11 | first header pointer 11 |
    [secondary header] | data | [operational control field 32: the CLCW] | frame error control 16

All frames of a channel have one length. We write no secondary header, and skip one that we read.
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from typing import NamedTuple

from fsw.packets.errors import BadChecksum, TooShort, WrongType

HEADER_OCTETS, CONTROL_OCTETS, CHECK_OCTETS = 6, 4, 2
FRAME_OCTETS = 1115  # fits five interleaved Reed-Solomon code words (CCSDS 131.0-B, 4.3)
NO_PACKET_STARTS = 0x7FF
IDLE_FRAME = 0x7FE
SYNC_MARKER = bytes.fromhex("1acffc1d")  # stands before each frame in a stream of bits (CCSDS 131.0-B, 9)
_HEADER = struct.Struct(">HBBH")
_CRC = struct.Struct(">H")
_SEGMENT_ID = 0b11 << 11
_SECONDARY_FLAG, _SYNC_AND_ORDER = 0x8000, 0x6000


class TmFrame(NamedTuple):
    """One frame. `first_header` is the offset in `data` of the first packet that starts there; counts are modulo 256.

    >>> TmFrame(0xAB, 0, 1, 2, 0, bytes(4), bytes.fromhex("01000001")).pack().hex()
    '0ab10102180000000000010000016452'
    """

    scid: int
    vcid: int
    master_count: int
    virtual_count: int
    first_header: int
    data: bytes
    control: bytes | None = None

    @property
    def is_idle(self) -> bool:
        """True where the data means nothing."""
        return self.first_header == IDLE_FRAME

    def pack(self) -> bytes:
        """The whole frame."""
        control = self.control or b""
        frame = _HEADER.pack(
            (self.scid & 0x3FF) << 4 | (self.vcid & 7) << 1 | bool(control),
            self.master_count & 255,
            self.virtual_count & 255,
            _SEGMENT_ID | self.first_header & 0x7FF,
        )
        frame += self.data + control
        return frame + _CRC.pack(crc_hqx(frame, 0xFFFF))

    @classmethod
    def unpack(cls, octets: bytes) -> TmFrame:
        """The frame in `octets`; raises a PacketError for anything but exactly one sound one."""
        if len(octets) < HEADER_OCTETS + CHECK_OCTETS:
            raise TooShort(HEADER_OCTETS + CHECK_OCTETS, len(octets))
        if remainder := crc_hqx(octets, 0xFFFF):
            raise BadChecksum(remainder)
        first, master, virtual, status = _HEADER.unpack_from(octets)
        if first >> 14:
            raise WrongType("frame version", 0, first >> 14)
        if status & _SYNC_AND_ORDER or status & _SEGMENT_ID != _SEGMENT_ID:
            raise WrongType("sync, order and segment id", 3, status >> 11 & 15)
        start, end = HEADER_OCTETS, len(octets) - CHECK_OCTETS - (CONTROL_OCTETS if first & 1 else 0)
        if status & _SECONDARY_FLAG:
            start += (octets[start] & 63) + 1  # its length octet holds the whole length less one (4.1.3.2.3)
        if start > end:
            raise TooShort(len(octets) + start - end, len(octets))
        control = octets[end:-CHECK_OCTETS] if first & 1 else None
        return cls(first >> 4 & 0x3FF, first >> 1 & 7, master, virtual, status & 0x7FF, octets[start:end], control)

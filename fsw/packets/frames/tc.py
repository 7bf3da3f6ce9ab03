"""Telecommand transfer frames. Source: CCSDS 232.0-B-4, 4.1.

    version 2 = 00 | bypass 1 | control command 1 | spare 2 | SCID 10 | VCID 6 | length 10 = octets - 1 | N(S) 8 |
    data | frame error control 16 (the CRC of the packets, over everything before it)

Three types: AD (0, 0) in order, BD (1, 0) past the order, BC (1, 1) commands to the acceptance of the board itself.
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from collections.abc import Iterator
from typing import NamedTuple

from fsw.packets.errors import BadChecksum, BadLength, TooShort, WrongType

MOST_OCTETS = 1024
HEADER_OCTETS, CHECK_OCTETS = 5, 2
OVERHEAD = HEADER_OCTETS + CHECK_OCTETS
MOST_DATA = MOST_OCTETS - OVERHEAD
_HEADER = struct.Struct(">HHB")
_CRC = struct.Struct(">H")

UNLOCK = b"\x00"  # 4.1.3.3.2
_SET_VR = b"\x82\x00"  # 4.1.3.3.3, followed by the new V(R)


class TcFrame(NamedTuple):
    """One frame. `sequence` is N(S), which is 0 where the order is bypassed; `data` has the segment header, if any.

    >>> packet = bytes.fromhex("1842c00500062f110100009d76")
    >>> TcFrame(scid=0xAB, vcid=0, data=packet, is_bypass=True).pack().hex()
    '20ab0013001842c00500062f110100009d764feb'
    """

    scid: int
    vcid: int
    data: bytes
    sequence: int = 0
    is_bypass: bool = False
    is_control: bool = False

    @property
    def is_ordered(self) -> bool:
        """True for AD frames, whose order and completeness the board guards."""
        return not self.is_bypass

    def header(self) -> bytes:
        """The five octets before the data; raises BadLength where the frame exceeds 1024 octets."""
        octets = len(self.data) + OVERHEAD
        if octets > MOST_OCTETS:
            raise BadLength(MOST_OCTETS, octets)
        first = self.is_bypass << 13 | self.is_control << 12 | self.scid & 0x3FF
        return _HEADER.pack(first, (self.vcid & 63) << 10 | octets - 1, self.sequence & 255)

    def pack(self) -> bytes:
        """The whole frame."""
        frame = self.header() + self.data
        return frame + _CRC.pack(crc_hqx(frame, 0xFFFF))

    @classmethod
    def unpack(cls, octets: bytes) -> TcFrame:
        """The frame in `octets`; raises a PacketError for anything but exactly one sound one."""
        if len(octets) <= OVERHEAD:
            raise TooShort(OVERHEAD + 1, len(octets))
        first, second, sequence = _HEADER.unpack_from(octets)
        if (second & 0x3FF) + 1 != len(octets):
            raise BadLength((second & 0x3FF) + 1, len(octets))
        if remainder := crc_hqx(octets, 0xFFFF):
            raise BadChecksum(remainder)
        if first & 0xCC00 or first & 0x3000 == 0x1000:
            raise WrongType("version, flags and spare bits", 0, first >> 10)
        is_bypass, is_control = bool(first & 0x2000), bool(first & 0x1000)
        return cls(first & 0x3FF, second >> 10, octets[HEADER_OCTETS:-CHECK_OCTETS], sequence, is_bypass, is_control)


def split_frames(octets: bytes) -> Iterator[bytes]:
    """The frames in the information of a CLTU, by their length fields; fill at the end is left out."""
    offset = 0
    while offset + OVERHEAD < len(octets):
        length = ((octets[offset + 2] & 3) << 8 | octets[offset + 3]) + 1
        if length <= OVERHEAD or offset + length > len(octets):
            break
        yield octets[offset : offset + length]
        offset += length
    if offset == 0:  # not even one: let the frame's own checks say why
        yield octets


def unlock(scid: int, vcid: int) -> TcFrame:
    """The BC frame that ends a lockout.

    >>> unlock(0xAB, 0).pack().hex()
    '30ab000700006297'
    """
    return TcFrame(scid, vcid, UNLOCK, is_bypass=True, is_control=True)


def set_vr(scid: int, vcid: int, value: int) -> TcFrame:
    """The BC frame that makes `value` the next sequence number expected.

    >>> set_vr(0xAB, 0, 5).pack().hex()
    '30ab0009008200055421'
    """
    return TcFrame(scid, vcid, _SET_VR + bytes([value & 255]), is_bypass=True, is_control=True)


def control_of(data: bytes) -> int | None:
    """The new V(R) that a BC frame's data set, or -1 for Unlock; None where it is neither."""
    if data == UNLOCK:
        return -1
    return data[2] if len(data) == 3 and data.startswith(_SET_VR) else None

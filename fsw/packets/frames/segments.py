"""Segments: packets in the data of telecommand frames, cut where they are too long. Source: CCSDS 232.0-B-4, 4.1.3.2.

sequence flags 2 (01 first, 00 middle, 10 last, 11 whole) | MAP id 6 | part of a packet, or whole packets
"""

from __future__ import annotations

from fsw.packets.errors import BadLength, TooShort
from fsw.packets.space_packet import HEADER_OCTETS

FIRST, MIDDLE, LAST, WHOLE = 0b01, 0b00, 0b10, 0b11
MOST_PACKET = 65_542  # octets, CCSDS 133.0-B-2, 4.1.1


def cut(packet: bytes, room: int, map_id: int = 0) -> list[bytes]:
    """The segments of one packet, none longer than `room` octets (at least 2).

    >>> [segment.hex() for segment in cut(b"abc", room=3)]
    ['406162', '8063']
    """
    part = room - 1
    if len(packet) <= part:
        return [bytes([WHOLE << 6 | map_id]) + packet]
    offsets = range(0, len(packet), part)
    flags = [FIRST] + [MIDDLE] * (len(offsets) - 2) + [LAST]
    return [
        bytes([flag << 6 | map_id]) + packet[offset : offset + part]
        for flag, offset in zip(flags, offsets, strict=True)
    ]


def split_packets(octets: bytes) -> list[bytes]:
    """Whole packets, one after the other, by their length fields; raises TooShort, BadLength for what is left over."""
    packets, offset = [], 0
    while offset < len(octets):
        if offset + HEADER_OCTETS >= len(octets):
            raise TooShort(HEADER_OCTETS + 1, len(octets) - offset)
        length = (octets[offset + 4] << 8 | octets[offset + 5]) + HEADER_OCTETS + 1
        if offset + length > len(octets):
            raise BadLength(length, len(octets) - offset)
        packets.append(octets[offset : offset + length])
        offset += length
    return packets


class Joiner:
    """Puts the packets of one virtual channel together again; holds at most one unfinished packet for each MAP."""

    def __init__(self) -> None:
        self._parts: dict[int, bytearray] = {}
        self.dropped = 0  # unfinished packets and parts without a beginning

    def add(self, segment: bytes) -> list[bytes]:
        """The packets that `segment` completes. Raises TooShort, BadLength for octets that are no packets."""
        if not segment:
            raise TooShort(1, 0)
        flags, map_id = segment[0] >> 6, segment[0] & 63
        before = self._parts.pop(map_id, None)
        if flags in (WHOLE, FIRST):
            self.dropped += before is not None
            before = bytearray()
        elif before is None:
            self.dropped += 1
            return []
        before += segment[1:]
        if flags in (WHOLE, LAST):
            return split_packets(bytes(before))
        if len(before) > MOST_PACKET:
            self.dropped += 1
        else:
            self._parts[map_id] = before
        return []

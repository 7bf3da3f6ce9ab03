"""Communications link control word: what the board says of its command channel. Source: CCSDS 232.0-B-4, 4.2.1.

type 1 = 0 | version 2 = 00 | status 3 | COP in effect 2 = 01 | VCID 6 | spare 2 |
no RF 1 | no bit lock 1 | lockout 1 | wait 1 | retransmit 1 | FARM-B count 2 | spare 1 | N(R) 8
"""

from __future__ import annotations

from typing import NamedTuple

from fsw.packets.errors import TooShort, WrongType

OCTETS = 4
COP_1 = 1


class Clcw(NamedTuple):
    """The state of the acceptance of one virtual channel. `next_sequence` is N(R), the next frame expected.

    >>> Clcw(vcid=0, next_sequence=1).pack().hex()
    '01000001'
    """

    vcid: int
    next_sequence: int
    is_locked_out: bool = False
    wants_wait: bool = False
    wants_retransmission: bool = False
    farm_b_count: int = 0
    has_no_rf: bool = False
    has_no_bit_lock: bool = False
    status: int = 0

    def pack(self) -> bytes:
        """Four octets."""
        flags = (self.has_no_rf, self.has_no_bit_lock, self.is_locked_out, self.wants_wait, self.wants_retransmission)
        word = (self.status & 7) << 26 | COP_1 << 24 | (self.vcid & 63) << 18
        for position, flag in enumerate(flags):
            word |= bool(flag) << 15 - position
        return (word | (self.farm_b_count & 3) << 9 | self.next_sequence & 255).to_bytes(OCTETS, "big")

    @classmethod
    def unpack(cls, octets: bytes) -> Clcw:
        """The word at the front of `octets`; raises TooShort, WrongType for another type, version or procedure."""
        if len(octets) < OCTETS:
            raise TooShort(OCTETS, len(octets))
        word = int.from_bytes(octets[:OCTETS], "big")
        if word >> 29:
            raise WrongType("CLCW type and version", 0, word >> 29)
        if word >> 24 & 3 != COP_1:
            raise WrongType("COP in effect", COP_1, word >> 24 & 3)
        return cls(
            vcid=word >> 18 & 63,
            next_sequence=word & 255,
            is_locked_out=bool(word >> 13 & 1),
            wants_wait=bool(word >> 12 & 1),
            wants_retransmission=bool(word >> 11 & 1),
            farm_b_count=word >> 9 & 3,
            has_no_rf=bool(word >> 15 & 1),
            has_no_bit_lock=bool(word >> 14 & 1),
            status=word >> 26 & 7,
        )

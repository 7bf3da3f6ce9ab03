"""CCSDS unsegmented time code: P-field, 4 octets of seconds, 3 of their fraction. Source: CCSDS 301.0-B-4, 3.2.

P-field 0x1F: seconds of TAI since 1958-01-01; 0x2F: since an epoch of the agency's own. One fraction is 59.6 ns,
so nanoseconds survive to within that; rounding is downwards, and order is kept.
"""

from __future__ import annotations

from typing import NamedTuple

from fsw.packets.errors import TooShort, WrongType

TAI_1958 = 0x1F
AGENCY_EPOCH = 0x2F
OCTETS = 8  # with the P-field
_SECOND_NS = 1_000_000_000
_FRACTION_BITS = 24


class Cuc(NamedTuple):
    """A time code: whole seconds (32 bits) and 2^-24 seconds (24 bits) since the epoch of `p_field`.

    >>> Cuc(0x30000000, 0x800000, AGENCY_EPOCH).pack().hex()
    '2f30000000800000'
    >>> Cuc.from_ns(2_173_824_037_500_000_000).pack().hex()
    '1f8191ec25800000'
    """

    seconds: int
    fraction: int
    p_field: int = TAI_1958

    @classmethod
    def from_ns(cls, time_ns: int, p_field: int = TAI_1958) -> Cuc:
        """The code of `time_ns` nanoseconds since the epoch; wraps after 136 years."""
        seconds, rest = divmod(time_ns, _SECOND_NS)
        return cls(seconds & 0xFFFFFFFF, (rest << _FRACTION_BITS) // _SECOND_NS, p_field)

    def to_ns(self) -> int:
        """Nanoseconds since the epoch, rounded up so that `from_ns` gives this code again."""
        return self.seconds * _SECOND_NS - (-self.fraction * _SECOND_NS >> _FRACTION_BITS)

    def to_int(self) -> int:
        """The eight octets as one number, for a header's `struct`."""
        return self.p_field << 56 | self.seconds << 24 | self.fraction

    def pack(self) -> bytes:
        """Eight octets."""
        return self.to_int().to_bytes(OCTETS, "big")

    @classmethod
    def from_int(cls, octets: int) -> Cuc:
        """From eight octets as one number; raises WrongType for another P-field."""
        p_field = octets >> 56
        if p_field not in (TAI_1958, AGENCY_EPOCH):
            raise WrongType("time P-field", TAI_1958, p_field)
        return cls(octets >> 24 & 0xFFFFFFFF, octets & 0xFFFFFF, p_field)

    @classmethod
    def unpack(cls, data: bytes) -> Cuc:
        """The code at the front of `data`; raises TooShort, WrongType."""
        if len(data) < OCTETS:
            raise TooShort(OCTETS, len(data))
        return cls.from_int(int.from_bytes(data[:OCTETS], "big"))

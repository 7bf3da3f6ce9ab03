"""Service 1, request verification. Source: ECSS-E-ST-70-41C, service 1.

    request id 32 (the first four octets of the telecommand) [| step 16, subtypes 5 and 6] [| failure code 32 |
    number of values 8 | values 64 each, IEEE 754, subtypes 2, 4, 6, 8 and 10]

Odd subtypes are successes: 1 acceptance, 3 start, 5 progress, 7 completion. Each plus one is its failure, and 10 is
a failed routing. The failure code has 32 bits, as the sample database of Yamcs expects.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from fsw.packets.errors import BadLength, TooShort, UnknownService

SERVICE = 1
FAILED_ROUTING = 10
PROGRESS = 5
VALUES_MAX = 8  # what a sentence about a failure can use; bounds the packet
_SUBTYPES = (1, 2, 3, 4, 5, 6, 7, 8, FAILED_ROUTING)
_REQUEST, _STEP, _CODE = struct.Struct(">I"), struct.Struct(">H"), struct.Struct(">IB")


class Verification(NamedTuple):
    """One verification report. `code` and `values` belong to failures, `step` to progress.

    >>> Verification(subtype=1, request=0x1842C005).pack().hex()
    '1842c005'
    >>> Verification(subtype=2, request=0x1842C005, code=6, values=(1.5,)).pack().hex()
    '1842c00500000006013ff8000000000000'
    """

    subtype: int
    request: int
    code: int = 0
    values: tuple[float, ...] = ()
    step: int = 0

    @property
    def is_failure(self) -> bool:
        """True for the subtypes that carry a failure code."""
        return self.subtype % 2 == 0

    def pack(self) -> bytes:
        """The data of the report; values beyond the eighth are left out."""
        data = _REQUEST.pack(self.request)
        if self.subtype in (PROGRESS, PROGRESS + 1):
            data += _STEP.pack(self.step & 0xFFFF)
        if self.is_failure:
            values = self.values[:VALUES_MAX]
            data += _CODE.pack(self.code, len(values)) + struct.pack(f">{len(values)}d", *values)
        return data

    @classmethod
    def unpack(cls, subtype: int, data: bytes) -> Verification:
        """The report in the data of a TM[1,subtype]; raises UnknownService, TooShort, BadLength."""
        if subtype not in _SUBTYPES:
            raise UnknownService(SERVICE, subtype)
        has_step = subtype in (PROGRESS, PROGRESS + 1)
        offset = 6 if has_step else 4
        expected = offset + (5 if subtype % 2 == 0 else 0)
        if len(data) < expected:
            raise TooShort(expected, len(data))
        step = _STEP.unpack_from(data, 4)[0] if has_step else 0
        code, values = _unpack_failure(data, offset) if subtype % 2 == 0 else (0, ())
        if subtype % 2 and len(data) != expected:
            raise BadLength(expected, len(data))
        return cls(subtype, _REQUEST.unpack_from(data)[0], code, values, step)


def _unpack_failure(data: bytes, offset: int) -> tuple[int, tuple[float, ...]]:
    code, count = _CODE.unpack_from(data, offset)
    expected = offset + _CODE.size + 8 * count
    if len(data) != expected:
        raise BadLength(expected, len(data))
    return code, struct.unpack_from(f">{count}d", data, offset + _CODE.size)

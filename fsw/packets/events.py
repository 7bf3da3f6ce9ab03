"""Service 5, event reporting. Source: ECSS-E-ST-70-41C, service 5.

    event identifier 16 | auxiliary data laid out by the dictionary (`fsw.catalogue.wire`)

Subtypes 1 to 4 are the severities: informative, low, medium, high.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from fsw.packets.errors import TooShort

SERVICE = 5
SEVERITIES = (1, 2, 3, 4)
_EVENT = struct.Struct(">H")


class EventReport(NamedTuple):
    """One event report.

    >>> EventReport(event=21, auxiliary=b"").pack().hex()
    '0015'
    """

    event: int
    auxiliary: bytes

    def pack(self) -> bytes:
        """The data of the report."""
        return _EVENT.pack(self.event) + self.auxiliary

    @classmethod
    def unpack(cls, data: bytes) -> EventReport:
        """The report in the data of a TM[5,1..4]; raises TooShort."""
        if len(data) < _EVENT.size:
            raise TooShort(_EVENT.size, len(data))
        return cls(_EVENT.unpack_from(data)[0], data[_EVENT.size :])

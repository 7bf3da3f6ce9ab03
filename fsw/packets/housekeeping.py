"""Service 3, housekeeping: the parameter reports [3,25] and, of traces, [3,26]. Source: ECSS-E-ST-70-41C, service 3.

structure identifier 16 | octets laid out by the dictionary (`fsw.catalogue.wire`)
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from fsw.packets.errors import TooShort

SERVICE = 3
REPORT = 25
TRACE = 26  # the standard's diagnostic parameter report, laid out alike
_STRUCTURE = struct.Struct(">H")
STRUCTURE_OCTETS = _STRUCTURE.size


class HousekeepingReport(NamedTuple):
    """One report of one structure or trace.

    >>> HousekeepingReport(structure=1, row=b"\\x80").pack().hex()
    '000180'
    """

    structure: int
    row: bytes

    def pack(self) -> bytes:
        """The data of the report."""
        return _STRUCTURE.pack(self.structure) + self.row

    @classmethod
    def unpack(cls, data: bytes) -> HousekeepingReport:
        """The report in the data of a TM[3,25] or TM[3,26]; raises TooShort."""
        if len(data) < _STRUCTURE.size:
            raise TooShort(_STRUCTURE.size, len(data))
        return cls(_STRUCTURE.unpack_from(data)[0], data[_STRUCTURE.size :])

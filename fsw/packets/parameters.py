"""Service 20, parameter management: get [20,1], report [20,2], set [20,3]. Source: ECSS-E-ST-70-41C, service 20.

    get:    number 8 | parameter 16 each
    report: number 8 | (parameter 16 | validity 8 (1 known, 0 missing) | value 64 IEEE 754) each
    set:    number 8 | (parameter 16 | value 64 IEEE 754) each

Values travel as doubles whatever the parameter's own type; a label is its place in the parameter's list.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from fsw.packets.errors import BadLength, TooShort

SERVICE = 20
GET, REPORT, SET = 1, 2, 3
_GET, _REPORT, _SET = struct.Struct(">H"), struct.Struct(">HBd"), struct.Struct(">Hd")


class ParameterRequest(NamedTuple):
    """Asks for parameters by number.

    >>> ParameterRequest((7,)).pack().hex()
    '010007'
    """

    parameters: tuple[int, ...]

    def pack(self) -> bytes:
        """The data of a TC[20,1]; at most 255 parameters."""
        return bytes((len(self.parameters),)) + b"".join(map(_GET.pack, self.parameters))

    @classmethod
    def unpack(cls, data: bytes) -> ParameterRequest:
        """Raises TooShort, BadLength."""
        return cls(tuple(number for (number,) in _items(_GET, data)))


class ParameterReport(NamedTuple):
    """Numbers and values; None where a value is missing.

    >>> ParameterReport(((7, 1.5), (8, None))).pack().hex()
    '020007013ff80000000000000008000000000000000000'
    """

    values: tuple[tuple[int, float | None], ...]

    def pack(self) -> bytes:
        """The data of a TM[20,2]; at most 255 parameters."""
        items = (_REPORT.pack(number, value is not None, value or 0.0) for number, value in self.values)
        return bytes((len(self.values),)) + b"".join(items)

    @classmethod
    def unpack(cls, data: bytes) -> ParameterReport:
        """Raises TooShort, BadLength."""
        return cls(tuple((number, value if valid else None) for number, valid, value in _items(_REPORT, data)))


class ParameterChange(NamedTuple):
    """Numbers and the values that they shall have.

    >>> ParameterChange(((202, 2.5),)).pack().hex()
    '0100ca4004000000000000'
    """

    values: tuple[tuple[int, float], ...]

    def pack(self) -> bytes:
        """The data of a TC[20,3]; at most 255 parameters."""
        return bytes((len(self.values),)) + b"".join(_SET.pack(*item) for item in self.values)

    @classmethod
    def unpack(cls, data: bytes) -> ParameterChange:
        """Raises TooShort, BadLength."""
        return cls(tuple((number, value) for number, value in _items(_SET, data)))


def _items(layout: struct.Struct, data: bytes) -> list[tuple[Any, ...]]:
    if not data:
        raise TooShort(1, 0)
    expected = 1 + data[0] * layout.size
    if len(data) != expected:
        raise BadLength(expected, len(data))
    return list(layout.iter_unpack(data[1:]))

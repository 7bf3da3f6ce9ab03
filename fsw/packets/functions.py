"""Service 8, function management: perform a function [8,1]. Source: ECSS-E-ST-70-41C, service 8.

function identifier 16 | arguments laid out by the dictionary (`fsw.catalogue.wire`)
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from fsw.packets.errors import TooShort

SERVICE = 8
PERFORM = 1
_FUNCTION = struct.Struct(">H")


class FunctionRequest(NamedTuple):
    """One request for a function.

    >>> FunctionRequest(function=1, arguments=b"\\x04").pack().hex()
    '000104'
    """

    function: int
    arguments: bytes

    def pack(self) -> bytes:
        """The data of the telecommand."""
        return _FUNCTION.pack(self.function) + self.arguments

    @classmethod
    def unpack(cls, data: bytes) -> FunctionRequest:
        """The request in the data of a TC[8,1]; raises TooShort."""
        if len(data) < _FUNCTION.size:
            raise TooShort(_FUNCTION.size, len(data))
        return cls(_FUNCTION.unpack_from(data)[0], data[_FUNCTION.size :])

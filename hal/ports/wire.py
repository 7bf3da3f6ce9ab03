"""What calls of a remote port look like on the wire: msgpack, with arrays, tickets and host messages as extensions.

Nothing here can carry code: no pickle, no object arrays.
"""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import Any

import msgpack
import numpy as np

from hal.ports import host
from hal.ports.intake import Ticket

ARRAY, TICKET, HOST_MESSAGE = 1, 2, 3  # extension codes
MESSAGE_LIMIT = 256 << 20  # octets: an image of 8,000 x 8,000 in 4 bands of 8 bits fits
_NUMBER_KINDS = "biuf"  # numpy kinds that are plain numbers

_TICKET_NAMES = tuple(field.name for field in fields(Ticket))


def pack(value: object) -> bytes:
    """`value` as octets; raises TypeError for what a port cannot carry."""
    packed: bytes = msgpack.packb(value, default=_to_extension)
    return packed


def unpack(octets: bytes) -> Any:
    """The value in `octets`, lists as tuples; raises ValueError for anything malformed."""
    try:
        return msgpack.unpackb(octets, ext_hook=_from_extension, use_list=False)
    except Exception as error:  # msgpack documents no common base of its errors, and the hook builds types
        raise ValueError(f"malformed: {error}") from error


def _to_extension(value: object) -> msgpack.ExtType:
    if isinstance(value, np.ndarray) and value.dtype.kind in _NUMBER_KINDS:
        content = np.ascontiguousarray(value)
        return msgpack.ExtType(ARRAY, msgpack.packb([value.dtype.str, value.shape, content.tobytes()]))
    if isinstance(value, Ticket):
        return msgpack.ExtType(TICKET, msgpack.packb(astuple(value)))
    if isinstance(value, host.Grant | host.Beat | host.PowerOff | host.Safing | host.Demand):
        return msgpack.ExtType(HOST_MESSAGE, host.encode(value))
    raise TypeError(f"a port cannot carry a {type(value).__name__}")


def _from_extension(code: int, content: bytes) -> object:
    if code == ARRAY:
        return _array(*msgpack.unpackb(content))
    if code == TICKET:
        return Ticket(**dict(zip(_TICKET_NAMES, msgpack.unpackb(content), strict=True)))
    if code == HOST_MESSAGE:
        return host.decode(content)
    raise ValueError(f"unknown extension {code}")


def _array(dtype: str, shape: list[int], content: bytes) -> object:
    element = np.dtype(dtype)
    if element.kind not in _NUMBER_KINDS:
        raise ValueError(f"arrays of {dtype!r} are not carried")
    return np.frombuffer(content, dtype=element).reshape(shape).copy()  # a copy may be written to

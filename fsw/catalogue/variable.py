"""Values whose length is their own: texts, lists of names, octets, packets. `fsw.catalogue.wire` has all others.

TEXT          octets 8 | UTF-8
PARAMETERS    count 8 | parameter 16 each          outside: names, separated by commas
EVENTS        count 8 | event 16 each              outside: names, separated by commas
NUMBERS       count 8 | number 8 each              outside: numbers, separated by commas
OCTETS        octets 16 | as they are              outside: hexadecimal
PACKET        one telecommand packet, whole        outside: hexadecimal; its own header says where it ends
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

from fsw.catalogue.errors import WireError, bad_length
from fsw.catalogue.events import EVENT_BY_ID, EVENT_BY_NAME
from fsw.catalogue.parameters import PARAMETER_BY_ID, PARAMETER_BY_NAME
from fsw.catalogue.rows import DATA_OCTETS, LIST_MOST, TEXT_OCTETS, Field, Wire
from fsw.packets.errors import PacketError
from fsw.packets.pus import Telecommand
from fsw.packets.space_packet import HEADER_OCTETS


class _List(NamedTuple):
    """How the items of a list are written and read; `octets` is the width of one."""

    octets: int
    number: Callable[[str], int]
    item: Callable[[int], str]


_LISTS: Mapping[Wire, _List] = {
    Wire.PARAMETERS: _List(2, lambda name: PARAMETER_BY_NAME[name].id, lambda number: PARAMETER_BY_ID[number].name),
    Wire.EVENTS: _List(2, lambda name: EVENT_BY_NAME[name].id, lambda number: EVENT_BY_ID[number].name),
    Wire.NUMBERS: _List(1, int, str),
}
_LENGTH = struct.Struct(">H")
VARIABLE = frozenset((Wire.TEXT, Wire.OCTETS, Wire.PACKET, *_LISTS))


def encode_variable(place: int, field: Field, value: object, shorten: bool) -> bytes:
    """The octets of one value; a text that is too long is cut if `shorten`, else refused. Raises WireError."""
    if not isinstance(value, str):
        raise WireError(place, f"{field.name}: {value!r} is not {field.wire.value}")
    if field.wire is Wire.TEXT:
        return _encode_text(place, field, value, shorten)
    if field.wire in _LISTS:
        return _encode_list(place, field, value)
    octets = _from_hexadecimal(place, field, value)
    if field.wire is Wire.PACKET:
        _check_packet(place, field, octets)
        return octets
    return _LENGTH.pack(len(octets)) + octets


def decode_variable(place: int, field: Field, data: bytes, offset: int) -> tuple[str, int]:
    """The value at `offset` and where it ends; raises WireError."""
    if field.wire is Wire.TEXT:
        return _decode_text(place, data, offset)
    if field.wire in _LISTS:
        return _decode_list(place, field, data, offset)
    if field.wire is Wire.PACKET:
        return _decode_packet(place, field, data, offset)
    begin = offset + _LENGTH.size
    if begin > len(data) or (end := begin + _LENGTH.unpack_from(data, offset)[0]) > len(data):
        raise bad_length(data)
    return data[begin:end].hex(), end


def _encode_text(place: int, field: Field, value: str, shorten: bool) -> bytes:
    octets = value.encode()
    if len(octets) > TEXT_OCTETS:
        if not shorten:
            raise WireError(place, f"{field.name} is longer than {TEXT_OCTETS} octets")
        octets = octets[:TEXT_OCTETS].decode(errors="ignore").encode()
    return bytes((len(octets),)) + octets


def _decode_text(place: int, data: bytes, offset: int) -> tuple[str, int]:
    end = offset + 1 + (data[offset] if offset < len(data) else 0)
    if end > len(data):
        raise bad_length(data)
    try:
        return data[offset + 1 : end].decode(), end
    except UnicodeDecodeError as error:
        raise WireError(place, "text is not UTF-8") from error


def _encode_list(place: int, field: Field, value: str) -> bytes:
    items = [item.strip() for item in value.split(",")] if value.strip() else []
    if len(items) > LIST_MOST:
        raise WireError(place, f"{field.name} has {len(items)} items, {LIST_MOST} are the most")
    kind = _LISTS[field.wire]
    try:
        return bytes((len(items),)) + b"".join(kind.number(item).to_bytes(kind.octets, "big") for item in items)
    except (KeyError, ValueError, OverflowError) as error:
        raise WireError(place, f"{field.name}: {value!r} is not {field.wire.value}") from error


def _decode_list(place: int, field: Field, data: bytes, offset: int) -> tuple[str, int]:
    kind = _LISTS[field.wire]
    count = data[offset] if offset < len(data) else 1
    begin = offset + 1
    end = begin + count * kind.octets
    if end > len(data):
        raise bad_length(data)
    if count > LIST_MOST:
        raise WireError(place, f"{field.name} has {count} items, {LIST_MOST} are the most")
    try:
        items = [kind.item(int.from_bytes(data[at : at + kind.octets], "big")) for at in range(begin, end, kind.octets)]
    except KeyError as error:
        label = "unknown_parameter" if field.wire is Wire.PARAMETERS else "bad_argument"
        raise WireError(place, f"{field.name}: {error} is not known", label, (float(error.args[0]),)) from error
    return ",".join(items), end


def _from_hexadecimal(place: int, field: Field, value: str) -> bytes:
    try:
        octets = bytes.fromhex(value)
    except ValueError as error:
        raise WireError(place, f"{field.name}: {value[:20]!r} is not hexadecimal") from error
    if len(octets) > DATA_OCTETS:
        raise WireError(place, f"{field.name} has {len(octets)} octets, {DATA_OCTETS} are the most")
    return octets


def _decode_packet(place: int, field: Field, data: bytes, offset: int) -> tuple[str, int]:
    if offset + HEADER_OCTETS > len(data):
        raise bad_length(data)
    end = offset + HEADER_OCTETS + 1 + _LENGTH.unpack_from(data, offset + 4)[0]
    if end > len(data):
        raise bad_length(data)
    octets = data[offset:end]
    _check_packet(place, field, octets)
    return octets.hex(), end


def _check_packet(place: int, field: Field, octets: bytes) -> None:
    """It must be a sound telecommand: what is carried is executed long after it was sent."""
    try:
        Telecommand.unpack(octets)
    except PacketError as error:
        raise WireError(place, f"{field.name}: {error}") from error
    if len(octets) > DATA_OCTETS:
        raise WireError(place, f"{field.name} has {len(octets)} octets, {DATA_OCTETS} are the most")

"""Octets derived from the dictionary: arguments of commands, values of events, rows of housekeeping structures.

A housekeeping row is a validity bitmap and then every value: bit i, counted from the most significant bit of the
first octet, is 1 when parameter i has a value. A missing one is written as zeros and read back as None, so no
number ever stands for "not known". All multi-octet values are big-endian (ECSS-E-ST-70-41C, Annex B).

    WireError (ValueError)   a value that does not fit its row, or octets that are not of the row

Numbers go out as the wire type holds them (an f32 loses digits); labels and parameters are text on both sides.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache

from fsw.catalogue.commands import COMMAND_BY_NAME, COMMANDS
from fsw.catalogue.errors import WireError as WireError
from fsw.catalogue.errors import bad_length
from fsw.catalogue.events import EVENT_BY_ID, EVENT_BY_NAME, EventRow
from fsw.catalogue.parameters import PARAMETER_BY_ID, PARAMETER_BY_NAME, ParameterRow
from fsw.catalogue.reports import REPORT_BY_NAME, REPORT_BY_SERVICE
from fsw.catalogue.rows import NAME_OCTETS, TEXT_OCTETS, CommandRow, Field, Wire
from fsw.catalogue.structures import STRUCTURE_BY_ID, STRUCTURE_BY_NAME
from fsw.catalogue.variable import VARIABLE, decode_variable, encode_variable
from fsw.packets.cuc import TAI_1958, Cuc

Value = float | int | str
TIME_OCTETS = 7  # CUC with 4 octets of seconds and 3 of their fraction, the P-field left out
NO_EVENT = 0  # where an event may be named and none is
ROWS_KEPT = 64  # layouts of rows made up in flight: more than there may be structures at a time

_FORMAT = {
    Wire.U8: "B", Wire.U16: "H", Wire.U32: "I", Wire.U64: "Q", Wire.I32: "i", Wire.F32: "f", Wire.F64: "d",
    Wire.LABEL: "B", Wire.PARAMETER: "H", Wire.EVENT: "H", Wire.STRUCTURE: "H", Wire.COMMAND: "H",
    Wire.NAME: f"{NAME_OCTETS}s", Wire.TIME: f"{TIME_OCTETS}s",
}  # fmt: skip
_FLOATS = (Wire.F32, Wire.F64)
_LIMITS = {
    Wire.U8: (0, 2**8 - 1), Wire.U16: (0, 2**16 - 1), Wire.U32: (0, 2**32 - 1), Wire.U64: (0, 2**64 - 1),
    Wire.I32: (-(2**31), 2**31 - 1), Wire.TEXT: (0, TEXT_OCTETS),
}  # fmt: skip
_NAMED: Mapping[Wire, Mapping[int, ParameterRow | EventRow | CommandRow]] = {
    Wire.PARAMETER: PARAMETER_BY_ID, Wire.EVENT: EVENT_BY_ID, Wire.COMMAND: {row.id: row for row in COMMANDS},
}  # fmt: skip
_NUMBER = {wire: {row.name: number for number, row in rows.items()} for wire, rows in _NAMED.items()}
_NUMBER[Wire.EVENT][""] = NO_EVENT
_CODEC = {wire: struct.Struct(">" + code) for wire, code in _FORMAT.items()}


def encode_arguments(command: str, values: Sequence[Value]) -> bytes:
    """The octets of a command's arguments; raises WireError, KeyError for an unknown command.

    >>> encode_arguments("set_mode", ("SAFE",)).hex()
    '04'
    >>> encode_arguments("set_parameter", ("temp_margin_c", 2.5)).hex()
    '00ca4004000000000000'
    """
    return encode_fields(COMMAND_BY_NAME[command].fields, values)


def decode_arguments(command: str, data: bytes) -> tuple[Value, ...]:
    """The arguments in `data`, checked against their ranges; raises WireError."""
    fields = COMMAND_BY_NAME[command].fields
    values = decode_fields(fields, data)
    for place, (field, value) in enumerate(zip(fields, values, strict=True)):
        check_range(place, field, value)
    return values


def encode_event(name: str, values: Sequence[Value]) -> bytes:
    """The auxiliary data of an event report; raises WireError, KeyError for an undeclared event.

    >>> encode_event("channel_missing", ("battery_temp_c", "BUS")).hex()
    '0e626174746572795f74656d705f6303425553'
    """
    return encode_fields(EVENT_BY_NAME[name].fields, values, shorten=True)


def decode_event(number: int, data: bytes) -> tuple[Value, ...]:
    """The values of event `number`; raises WireError, KeyError for an unknown number."""
    return decode_fields(EVENT_BY_ID[number].fields, data)


def encode_report(name: str, values: Sequence[Value]) -> bytes:
    """The data of a report of a service; raises WireError, KeyError for an undeclared report.

    >>> encode_report("monitor_status", (7, "within", 0)).hex()
    '0100070100000000'
    """
    row = REPORT_BY_NAME[name]
    return encode_fields(row.fields, values, shorten=True)


def decode_report(service: int, subtype: int, data: bytes) -> tuple[Value, ...]:
    """The values of a report; raises WireError, KeyError for one that is not in the dictionary."""
    return decode_fields(REPORT_BY_SERVICE[(service, subtype)].fields, data)


def encode_structure(number: int, values: Mapping[str, Value | bool | None]) -> bytes:
    """Bitmap and values of structure `number`; what is absent, None or does not fit is marked missing.

    >>> encode_structure(2, {"payload_temp_c": 20.0, "battery_temp_c": None}).hex()
    '8041a0000000000000000000000000000000000000'
    """
    return _STRUCTURES[number].encode(values)


def decode_structure(number: int, data: bytes) -> dict[str, Value | None]:
    """Values by name, None where missing; raises WireError, KeyError for an unknown structure."""
    return _STRUCTURES[number].decode(data)


def encode_row(names: tuple[str, ...], values: Mapping[str, Value | bool | None]) -> bytes:
    """Bitmap and values of a structure of the parameters `names`, made up in flight."""
    return _row_of(names).encode(values)


def decode_row(names: tuple[str, ...], data: bytes) -> dict[str, Value | None]:
    """The values of a structure made up in flight; raises WireError."""
    return _row_of(names).decode(data)


def row_octets(names: tuple[str, ...]) -> int:
    """How long the row of a structure of these parameters is; raises KeyError for an unknown one."""
    return _row_of(names).size


def encode_fields(fields: Sequence[Field], values: Sequence[Value], shorten: bool = False) -> bytes:
    """Each value after the other; a text that is too long is cut if `shorten`, else refused."""
    if len(values) != len(fields):
        raise WireError(0, f"{len(fields)} values expected, {len(values)} given", "bad_length", (float(len(values)),))
    return b"".join(_encode(place, *pair, shorten) for place, pair in enumerate(zip(fields, values, strict=True)))


def decode_fields(fields: Sequence[Field], data: bytes) -> tuple[Value, ...]:
    """The values in `data`, which must end with the last of them."""
    values: list[Value] = []
    offset = 0
    for place, field in enumerate(fields):
        value, offset = _decode(place, field, data, offset)
        values.append(value)
    if offset != len(data):
        raise bad_length(data)
    return tuple(values)


def check_range(place: int, field: Field | ParameterRow, value: Value) -> None:
    """Raises WireError when a number is outside [low, high] or is not finite, or a text longer than `high`.

    Where the row has no limit the wire type's own holds.
    """
    is_text = isinstance(value, str)
    measure = len(value.encode()) if isinstance(value, str) else value
    lowest, highest = _LIMITS.get(field.wire, (-math.inf, math.inf))
    low = lowest if field.low is None or is_text else field.low
    high = highest if field.high is None else field.high
    is_declared = math.isfinite(measure) or measure in (field.low, field.high)
    if not (low <= measure <= high and is_declared):
        said = f"{measure} octets long" if is_text else str(value)
        problem = f"{field.name} is {said}, accepted are {low:.12g} to {high:.12g}"
        raise WireError(place, problem, "out_of_range", (place, float(measure), float(low), float(high)))


def _encode(place: int, field: Field, value: Value, shorten: bool) -> bytes:
    try:
        if field.wire in VARIABLE:
            return field.lead + encode_variable(place, field, value, shorten)
        return field.lead + _CODEC[field.wire].pack(_to_wire(field, value))
    except (struct.error, TypeError, ValueError, KeyError, OverflowError) as error:
        if isinstance(error, WireError):
            raise
        raise WireError(place, f"{field.name}: {value!r} is not {field.wire.value}") from error


def _to_wire(field: Field | ParameterRow, value: Value) -> float | int | bytes:
    """The number or octets that `struct` takes."""
    wire = field.wire
    if wire is Wire.LABEL and isinstance(value, str):
        return field.labels.index(value)
    if wire is Wire.NAME:
        return str(value).encode()[:NAME_OCTETS]
    if wire in _NUMBER:
        return _NUMBER[wire][str(value)]
    if wire is Wire.STRUCTURE:
        return STRUCTURE_BY_NAME[name].id if (name := str(value)) in STRUCTURE_BY_NAME else int(name)
    if wire is Wire.TIME:
        return Cuc.from_ns(int(value)).pack()[1:]
    if wire in _FLOATS:
        return float(value)
    if isinstance(value, str):
        raise ValueError(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _from_wire(place: int, field: Field | ParameterRow, raw: float | int | bytes) -> Value:
    if isinstance(raw, bytes):
        if field.wire is Wire.TIME:
            return Cuc.from_int(TAI_1958 << 56 | int.from_bytes(raw, "big")).to_ns()
        return raw.rstrip(b"\x00").decode(errors="replace")
    if field.wire is Wire.LABEL:
        if raw >= len(field.labels):
            raise WireError(place, f"{field.name} has no label {raw}")
        return field.labels[int(raw)]
    if field.wire in _NAMED:
        rows = _NAMED[field.wire]
        if field.wire is Wire.EVENT and raw == NO_EVENT:
            return ""
        if raw not in rows:
            kind = field.wire.value
            raise WireError(place, f"{kind} {raw} is not known", f"unknown_{kind}", (float(raw),))
        return rows[int(raw)].name
    if field.wire is Wire.STRUCTURE:
        return STRUCTURE_BY_ID[int(raw)].name if raw in STRUCTURE_BY_ID else str(raw)
    return raw


def _decode(place: int, field: Field, data: bytes, offset: int) -> tuple[Value, int]:
    if field.lead:
        if not data.startswith(field.lead, offset):
            raise WireError(place, f"{field.name}: one item a packet is taken")
        offset += len(field.lead)
    if field.wire in VARIABLE:
        return decode_variable(place, field, data, offset)
    codec = _CODEC[field.wire]
    end = offset + codec.size
    if end > len(data):
        raise bad_length(data)
    return _from_wire(place, field, codec.unpack_from(data, offset)[0]), end


class _Structure:
    """The compiled form of one housekeeping structure."""

    def __init__(self, names: Sequence[str]) -> None:
        self._rows = tuple(PARAMETER_BY_NAME[name] for name in names)
        self._bitmap_octets = (len(names) + 7) // 8
        self._values = struct.Struct(">" + "".join(_FORMAT[row.wire] for row in self._rows))
        self.size = self._bitmap_octets + self._values.size
        self._blank = tuple(b"" if row.wire is Wire.NAME else 0 for row in self._rows)

    def encode(self, values: Mapping[str, Value | bool | None]) -> bytes:
        bitmap = 0
        raw: list[float | int | bytes] = list(self._blank)
        top = 8 * self._bitmap_octets - 1
        for place, row in enumerate(self._rows):
            value = values.get(row.name)
            if value is not None and (octets := _fitting(row, value)) is not None:
                raw[place] = octets
                bitmap |= 1 << (top - place)
        return bitmap.to_bytes(self._bitmap_octets, "big") + self._values.pack(*raw)

    def decode(self, data: bytes) -> dict[str, Value | None]:
        if len(data) != self.size:
            raise bad_length(data)
        bitmap = int.from_bytes(data[: self._bitmap_octets], "big")
        top = 8 * self._bitmap_octets - 1
        raw = self._values.unpack_from(data, self._bitmap_octets)
        return {
            row.name: _from_wire(place, row, raw[place]) if bitmap >> (top - place) & 1 else None
            for place, row in enumerate(self._rows)
        }


def _fitting(row: ParameterRow, value: Value | bool) -> float | int | bytes | None:
    """The value as `struct` takes it, or None when its wire type cannot hold it."""
    try:
        raw = _to_wire(row, value)
        _CODEC[row.wire].pack(raw)
    except (struct.error, TypeError, ValueError, KeyError, OverflowError):
        return None
    return None if isinstance(raw, float) and math.isnan(raw) else raw


_STRUCTURES = {number: _Structure(row.parameters) for number, row in STRUCTURE_BY_ID.items()}


def structure_size(number: int) -> int:
    """Octets of a structure's bitmap and values."""
    return _STRUCTURES[number].size


@lru_cache(ROWS_KEPT)
def _row_of(names: tuple[str, ...]) -> _Structure:
    return _Structure(names)

"""What a person types to values of the dictionary: names with suggestions, typed arguments, units.

Names are taken in any case, with `-` for `_`. A number may carry its unit; another unit of the same quantity is
converted, a unit of something else is refused.
"""

from __future__ import annotations

import difflib
import math
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import COMMAND_BY_NAME, CommandRow
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.parameters import PARAMETER_BY_NAME, ParameterRow
from fsw.catalogue.rows import Field, Wire
from fsw.catalogue.structures import STRUCTURE_BY_NAME
from fsw.catalogue.wire import Value, WireError, check_range, encode_arguments, encode_fields
from fsw.packets.pus import Telecommand
from hal.clock import SECOND_NS, utc_ns
from tools.ground.clock import parse_iso, tai_of_utc_ns

_NUMBER = re.compile(r"\s*([-+]?(?:0x[0-9a-f]+|(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|inf|nan))\s*(\S*)\s*\Z", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"(?:[0-9a-fA-F]{2}){13,}")  # the shortest telecommand has 13 octets
_SCALES: dict[str, dict[str, float]] = {
    "s": {"s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0, "d": 86_400.0},
    "W": {"W": 1.0, "mW": 1e-3, "kW": 1e3},
    "J": {"J": 1.0, "kJ": 1e3, "MJ": 1e6, "Wh": 3600.0, "mWh": 3.6},
    "degC": {"degC": 1.0, "C": 1.0},
    "V": {"V": 1.0, "mV": 1e-3},
    "A": {"A": 1.0, "mA": 1e-3},
}
_KINDS = {
    Wire.F32: "NUMBER", Wire.F64: "NUMBER", Wire.TEXT: "TEXT", Wire.PARAMETER: "PARAMETER", Wire.EVENT: "EVENT",
    Wire.COMMAND: "COMMAND", Wire.STRUCTURE: "STRUCTURE", Wire.PARAMETERS: "PARAMETER,...", Wire.EVENTS: "EVENT,...",
    Wire.NUMBERS: "INTEGER,...", Wire.OCTETS: "HEX", Wire.PACKET: "'COMMAND ARG=VALUE ...'", Wire.TIME: "TIME",
}  # fmt: skip
_NAMES: Mapping[Wire, tuple[str, Iterable[str]]] = {
    Wire.PARAMETER: ("parameter", PARAMETER_BY_NAME), Wire.PARAMETERS: ("parameter", PARAMETER_BY_NAME),
    Wire.EVENT: ("event", EVENT_BY_NAME), Wire.EVENTS: ("event", EVENT_BY_NAME),
    Wire.COMMAND: ("command", COMMAND_BY_NAME),
}  # fmt: skip


class ArgumentError(ValueError):
    """Something typed that the dictionary does not understand."""


class RangeError(ArgumentError):
    """An argument that is understood and refused: outside its range, or not to be set."""


def find_command(name: str) -> CommandRow:
    """The command of that name; raises ArgumentError with a suggestion."""
    return COMMAND_BY_NAME[find_name(name, COMMAND_BY_NAME, "command")]


def find_name(typed: str, known: Iterable[str], kind: str) -> str:
    """The name in `known` that was meant; raises ArgumentError with a suggestion.

    >>> find_name("Set-Mode", ["set_mode"], "command")
    'set_mode'
    """
    names = {name.lower(): name for name in known}
    wanted = typed.strip().lower().replace("-", "_")
    if wanted in names:
        return names[wanted]
    close = _close_to(wanted, list(names))
    meant = ", ".join(names[name] for name in close)
    raise ArgumentError(f"no {kind} {typed!r}" + (f"; did you mean {meant}?" if close else ""))


def _close_to(wanted: str, names: Sequence[str]) -> list[str]:
    """At most three names: those that look like it, then those that begin with it, then those that contain it."""
    similar = difflib.get_close_matches(wanted, names, n=3)
    containing = sorted((name for name in names if wanted and wanted in name), key=lambda name: name.find(wanted) > 0)
    return list(dict.fromkeys([*similar, *containing]))[:3]


def parse_arguments(row: CommandRow, typed: Sequence[str]) -> tuple[Value, ...]:
    """The arguments of `ARG=VALUE` words, in the dictionary's order; raises ArgumentError, RangeError.

    A time is UTC (`2026-11-20T21:00:00Z`) or from now on (`+90s`); a carried command is typed as one is sent, with the
    sequence count that it gets before it where that matters (`'17 set_mode mode=SAFE'`), or in hexadecimal.
    """
    words = _split(row, typed)
    missing = [field.name for field in row.fields if field.name not in words]
    if missing:
        raise ArgumentError(f"{row.name} needs {', '.join(missing)}; usage: {usage(row)}")
    values: list[Value] = []
    for place, field in enumerate(row.fields):
        unit = _unit(row, field, values)
        values.append(_value(field, words[field.name], unit))
        _check(place, field, values[-1])
    _check_parameter(row, values)
    return tuple(values)


def usage(row: CommandRow) -> str:
    """How a command is typed.

    >>> usage(find_command("cancel_job"))
    'cancel_job job=INTEGER'
    """
    kinds = ["|".join(field.labels) or _KINDS.get(field.wire, "INTEGER") for field in row.fields]
    units = [f"[{field.unit}]" if field.unit else "" for field in row.fields]
    words = [f"{field.name}={kind}{unit}" for field, kind, unit in zip(row.fields, kinds, units, strict=True)]
    return " ".join([row.name, *words])


def parse_number(text: str, unit: str) -> float | int:
    """A number in `unit`; raises ArgumentError.

    >>> parse_number("10min", "s"), parse_number("0x10", "")
    (600.0, 16)
    """
    match = _NUMBER.match(text)
    if match is None:
        raise ArgumentError(f"{text!r} is not a number")
    digits, typed_unit = match.groups()
    number = int(digits, 16) if "x" in digits.lower() else float(digits)
    if typed_unit in ("", unit):
        return number
    scale = _SCALES.get(unit, {}).get(typed_unit)
    if scale is None:
        raise ArgumentError(f"{text!r} is in {typed_unit}, {unit or 'a number without unit'} is needed")
    return number * scale


def parse_time(text: str) -> int:
    """On-board time (TAI nanoseconds since 1958) of a UTC time, or of a duration from now on; raises ArgumentError.

    >>> parse_time("2026-11-20T00:00:00.5Z")
    2173824037500000000
    """
    if text.startswith(("+", "-")):
        return tai_of_utc_ns(utc_ns()) + round(parse_number(text, "s") * SECOND_NS)
    try:
        return tai_of_utc_ns(parse_iso(text))
    except ValueError as error:
        raise ArgumentError(f"{text!r} is no time; typed are 2026-11-20T21:00:00Z and +90s") from error


def carried_packet(text: str) -> bytes:
    """A telecommand that another one carries, as it is typed to be sent or in hexadecimal; raises ArgumentError.

    >>> carried_packet("5 ping").hex()
    '1842c00500062f110100009d76'
    """
    words = shlex.split(text)
    if len(words) == 1 and _HEXADECIMAL.fullmatch(text):
        return bytes.fromhex(text)
    count = int(words.pop(0)) if len(words) > 1 and words[0].isdecimal() else 0
    if not words:
        raise ArgumentError("a carried command is typed as it is sent: 'set_mode mode=SAFE'")
    row = find_command(words[0])
    data = row.prefix + encode_arguments(row.name, parse_arguments(row, words[1:]))
    return Telecommand(PAYLOAD_APID, count, row.service, row.subtype, data).pack()


def _split(row: CommandRow, typed: Sequence[str]) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for word in typed:
        name, separator, value = word.partition("=")
        if not separator:
            raise ArgumentError(f"{word!r} is not ARG=VALUE; usage: {usage(row)}")
        name = _find_field(row, name)
        if name in words:
            raise ArgumentError(f"{name} is given twice")
        words[name] = value
    return words


def _find_field(row: CommandRow, typed: str) -> str:
    if not row.fields:
        raise ArgumentError(f"{row.name} takes no argument")
    try:
        return find_name(typed, [field.name for field in row.fields], "argument")
    except ArgumentError as error:
        raise ArgumentError(f"{error} - usage: {usage(row)}") from error


def _unit(row: CommandRow, field: Field, before: Sequence[Value]) -> str:
    """A parameter's new value has the parameter's unit."""
    if row.name == "set_parameter" and field.name == "value":
        return PARAMETER_BY_NAME[str(before[0])].unit
    return field.unit


def _value(field: Field, text: str, unit: str) -> Value:
    if field.wire in (Wire.TEXT, Wire.NUMBERS, Wire.OCTETS):
        return text
    if field.wire is Wire.LABEL:
        return find_name(text, field.labels, field.name)
    if field.wire in (Wire.PARAMETERS, Wire.EVENTS):
        kind, names = _NAMES[field.wire]
        return ",".join(find_name(item, names, kind) for item in text.split(","))
    if field.wire in _NAMES:
        kind, names = _NAMES[field.wire]
        return find_name(text, names, kind) if text or field.wire is not Wire.EVENT else ""
    if field.wire is Wire.STRUCTURE:
        return text if text.isdecimal() else find_name(text, STRUCTURE_BY_NAME, "structure")
    if field.wire is Wire.TIME:
        return parse_time(text)
    if field.wire is Wire.PACKET:
        return carried_packet(text).hex()
    try:
        number = parse_number(text, unit)
    except ArgumentError as error:
        raise ArgumentError(f"{field.name}: {error}") from error
    if field.wire in (Wire.F32, Wire.F64):
        return float(number)
    if not math.isfinite(number) or int(number) != number:
        raise ArgumentError(f"{field.name}: {text!r} is not a whole number")
    return int(number)


def _check(place: int, field: Field, value: Value) -> None:
    if isinstance(value, str) and field.wire is not Wire.TEXT:
        _check_octets(field, value)
        return
    try:
        check_range(place, field, value)
    except WireError as error:
        raise RangeError(str(error)) from error


def _check_octets(field: Field, value: str) -> None:
    """What its octets would show."""
    try:
        encode_fields((replace(field, lead=b""),), (value,))
    except WireError as error:
        raise ArgumentError(str(error)) from error


def _check_parameter(row: CommandRow, values: Sequence[Value]) -> None:
    """What the spacecraft would refuse of service 20, told before it is sent."""
    if row.name == "get_parameter":
        if PARAMETER_BY_NAME[str(values[0])].wire is Wire.NAME:
            raise RangeError(f"{values[0]} is a text and comes in a structure only: penumbra gnd tlm get {values[0]}")
    elif row.name == "set_parameter":
        _check_setting(PARAMETER_BY_NAME[str(values[0])], values[1])


def _check_setting(parameter: ParameterRow, value: Value) -> None:
    if not parameter.is_settable:
        raise RangeError(f"{parameter.name} cannot be set; what can: penumbra gnd tlm list --settable")
    try:
        check_range(1, parameter, value)
    except WireError as error:
        raise RangeError(f"{error} {parameter.unit}") from error

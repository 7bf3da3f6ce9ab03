"""Whether the dictionary agrees with itself; run by the tests and by `penumbra gnd mdb check`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from fsw.catalogue.apids import APIDS, PAYLOAD_APID
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.events import EVENTS
from fsw.catalogue.failures import FAILURES
from fsw.catalogue.parameters import PARAMETER_BY_NAME, PARAMETERS
from fsw.catalogue.reports import REPORTS
from fsw.catalogue.rows import MODES, NO_LABEL, Field, Wire
from fsw.catalogue.structures import STRUCTURES
from fsw.catalogue.wire import decode_fields, encode_fields, structure_size
from fsw.packets.pus import Telecommand

PACKET_OCTETS = 1024  # largest space packet we write: fits one 1115-octet TM frame with its header and trailer
EXAMPLES: Mapping[Wire, int | str] = {
    Wire.PARAMETER: PARAMETERS[0].name,
    Wire.PARAMETERS: f"{PARAMETERS[0].name},{PARAMETERS[1].name}",
    Wire.EVENT: EVENTS[0].name,
    Wire.EVENTS: EVENTS[0].name,
    Wire.COMMAND: COMMANDS[0].name,
    Wire.STRUCTURE: STRUCTURES[0].name,
    Wire.TEXT: "text",
    Wire.NAME: "text",
    Wire.NUMBERS: "1,2",
    Wire.OCTETS: "c0ffee",
    Wire.PACKET: Telecommand(PAYLOAD_APID, 0, 17, 1).pack().hex(),
    Wire.TIME: 2_173_824_037_500_000_000,  # 2026-11-20T00:00:00.5Z
}
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")


def problems() -> list[str]:
    """One sentence for everything that is wrong; empty when the dictionary is sound."""
    return [*_numbers(), *_names(), *_parameters(), *_structures(), *_fields(), *_templates(), *_modes()]


def _numbers() -> Iterator[str]:
    tables = {
        "parameter": [row.id for row in PARAMETERS],
        "structure": [row.id for row in STRUCTURES],
        "event": [row.id for row in EVENTS],
        "command": [row.id for row in COMMANDS],
        "function": [row.function for row in COMMANDS if row.function],
        "failure": [row.code for row in FAILURES],
        "APID": [row.id for row in APIDS if row.id],
    }
    for name, messages in {
        "command": [(row.service, row.subtype) for row in COMMANDS if not row.function],
        "report": [(row.service, row.subtype) for row in REPORTS],
    }.items():
        yield from (f"{name} {message} is used twice" for message in _repeated(messages))
    for kind, numbers in tables.items():
        yield from (f"{kind} number {number} is used twice" for number in _repeated(numbers))
        yield from (f"{kind} number {number} is not within 1 to 65535" for number in numbers if not 0 < number < 65536)


def _names() -> Iterator[str]:
    values = [
        f"{row.name}_{field.name}" for rows in (EVENTS, COMMANDS, REPORTS) for row in rows for field in row.fields
    ]
    yield from (f"value {name} belongs to two rows" for name in _repeated(values))
    for kind, names in {
        "parameter": [row.name for row in PARAMETERS],
        "structure": [row.name for row in STRUCTURES],
        "event": [row.name for row in EVENTS],
        "command": [row.name for row in COMMANDS],
        "failure": [row.label for row in FAILURES],
        "report": [row.name for row in REPORTS],
    }.items():
        yield from (f"{kind} name {name} is used twice" for name in _repeated(names))
        yield from (f"{kind} name {name!r} is not lower_case" for name in names if not _NAME.match(name))


def _parameters() -> Iterator[str]:
    for row in PARAMETERS:
        if (row.wire is Wire.LABEL) != bool(row.labels) or len(row.labels) >= NO_LABEL:
            yield f"parameter {row.name}: labels belong to wire type label"
        if row.is_settable and (row.default is None or row.low is None or row.high is None):
            yield f"parameter {row.name}: settable without range or default"
        elif row.default is not None and not (row.low or 0.0) <= row.default <= (row.high or 0.0):
            yield f"parameter {row.name}: default {row.default} is outside its range"


def _structures() -> Iterator[str]:
    for row in STRUCTURES:
        yield from (
            f"structure {row.name}: no parameter {name}"
            for name in (*row.parameters, row.interval)
            if name not in PARAMETER_BY_NAME
        )
        yield from (f"structure {row.name}: {name} stands twice" for name in _repeated(row.parameters))
        if structure_size(row.id) > PACKET_OCTETS - 32:
            yield f"structure {row.name} does not fit a packet"


def _fields() -> Iterator[str]:
    rows = [(row.name, row.fields) for table in (EVENTS, COMMANDS, REPORTS) for row in table]
    for name, fields in rows:
        values = [example(field) for field in fields]
        if list(decode_fields(fields, encode_fields(fields, values))) != values:
            yield f"{name}: {values} do not survive packing"
        yield from (f"{name}: value {field!r} stands twice" for field in _repeated([field.name for field in fields]))


def _templates() -> Iterator[str]:
    for row in EVENTS:
        try:
            row.template.format(*(example(field) for field in row.fields))
        except (IndexError, ValueError) as error:
            yield f"event {row.name}: template does not take its values: {error}"


def _modes() -> Iterator[str]:
    for row in COMMANDS:
        yield from (f"command {row.name}: no mode {mode}" for mode in row.modes if mode not in MODES)


def example(field: Field) -> float | int | str:
    """A value that the field accepts."""
    if field.wire is Wire.LABEL:
        return field.labels[-1]
    if field.wire in EXAMPLES:
        return EXAMPLES[field.wire]
    number = 1.0 if field.low is None else field.low
    return number if field.wire in (Wire.F32, Wire.F64) else int(number)


def _repeated(items: Sequence[object]) -> list[object]:
    return [item for place, item in enumerate(items) if item in items[:place]]

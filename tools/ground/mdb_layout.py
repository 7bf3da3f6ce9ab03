"""Every telemetry packet as named values in order, derived from the dictionary: what XTCE and the document are of.

A container extends its base where the base's values are what `when` says; those without extensions end with the
packet error control. Lists become one container for each length, so that readers need no loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from fsw.catalogue.events import EVENTS
from fsw.catalogue.failures import FAILURES
from fsw.catalogue.parameters import PARAMETERS, ParameterRow
from fsw.catalogue.rows import NAME_OCTETS, TEXT_OCTETS, Field, Wire
from fsw.catalogue.structures import STRUCTURES, StructureRow
from fsw.packets import connection, events, housekeeping, parameters, verification


class Kind(Enum):
    """How bits become a value."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    FLOAT = "float"
    LABEL = "label"
    NAME = "name"  # as long as its bits, filled up with zeros
    TEXT = "text"  # as long as the value NAME_octets before it says


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One value. `known` names the bit that is 0 where the value is missing; `bits` is the most that it takes."""

    name: str
    kind: Kind
    bits: int
    unit: str = ""
    meaning: str = ""
    low: float | None = None
    high: float | None = None
    labels: tuple[tuple[int, str], ...] = ()
    known: str = ""
    default: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One packet, or what several have in common."""

    name: str
    base: str
    when: tuple[tuple[str, int], ...]
    entries: tuple[Entry, ...]
    meaning: str
    is_abstract: bool = False


_BITS = {Wire.U8: 8, Wire.U16: 16, Wire.U32: 32, Wire.U64: 64, Wire.I32: 32, Wire.F32: 32, Wire.F64: 64}
_KINDS = {Wire.I32: Kind.SIGNED, Wire.F32: Kind.FLOAT, Wire.F64: Kind.FLOAT}
NUMBERED = tuple((row.id, row.name) for row in PARAMETERS)
KNOWN = ((0, "missing"), (1, "known"))
ROOT = "CCSDSPacket"  # where tools for XTCE begin to read when nobody tells them


def unsigned(name: str, bits: int, meaning: str = "", labels: Iterable[tuple[int, str]] = ()) -> Entry:
    """A whole number, or a label by its number."""
    pairs = tuple(labels)
    return Entry(name=name, kind=Kind.LABEL if pairs else Kind.UNSIGNED, bits=bits, meaning=meaning, labels=pairs)


def entries_of(row: Field | ParameterRow, name: str = "", known: str = "") -> tuple[Entry, ...]:
    """The values that a row of the dictionary puts on the wire; a text has its length before it."""
    name = name or row.name
    kind, bits = _KINDS.get(row.wire, Kind.UNSIGNED), _BITS.get(row.wire, 0)
    labels = NUMBERED if row.wire is Wire.PARAMETER else tuple(enumerate(row.labels))
    match row.wire:
        case Wire.TEXT:
            kind, bits = Kind.TEXT, 8 * TEXT_OCTETS
        case Wire.NAME:
            kind, bits = Kind.NAME, 8 * NAME_OCTETS
        case Wire.LABEL:
            kind, bits = Kind.LABEL, 8
        case Wire.PARAMETER:
            kind, bits = Kind.LABEL, 16
    length = (unsigned(f"{name}_octets", 8, f"length of {name}"),) if kind is Kind.TEXT else ()
    entry = Entry(
        name=name, kind=kind, bits=bits, unit=row.unit, meaning=row.meaning, labels=labels, known=known,
        low=None if kind is Kind.TEXT else row.low, high=None if kind is Kind.TEXT else row.high,
        default=getattr(row, "default", None),
    )  # fmt: skip
    return (*length, entry)


PEC = unsigned("packet_error_control", 16, "CRC-16-CCITT over all before it")
PRIMARY = (
    unsigned("packet_version", 3), unsigned("packet_type", 1, "0 telemetry, 1 telecommand"),
    unsigned("secondary_header_flag", 1), unsigned("apid", 11, "application process"),
    unsigned("sequence_flags", 2, "3: not segmented"), unsigned("sequence_count", 14, "per application process"),
    unsigned("data_length", 16, "octets after this field, less one"),
)  # fmt: skip
SECONDARY = (
    unsigned("pus_version", 4, "2: PUS-C"), unsigned("time_status", 4, "0 unknown, 1 free running, 2 synchronised"),
    unsigned("service", 8), unsigned("subtype", 8), unsigned("message_counter", 16, "per service and subtype"),
    unsigned("destination", 16), unsigned("time_p_field", 8, "0x1F: since 1958-01-01 TAI; 0x2F: of the agency"),
    unsigned("time_seconds", 32, "whole seconds since the epoch"), unsigned("time_fraction", 24, "of 2^-24 s"),
)  # fmt: skip


def containers() -> tuple[Container, ...]:
    """All of them, bases first."""
    return (
        Container(name=ROOT, base="", when=(), entries=PRIMARY, meaning="CCSDS 133.0-B-2", is_abstract=True),
        Container(
            name="telemetry", base=ROOT, when=(("packet_type", 0), ("secondary_header_flag", 1)),
            entries=SECONDARY, meaning="ECSS-E-ST-70-41C, 7.4.3", is_abstract=True,
        ),
        *_verifications(), *_housekeeping(), *_events(), *_parameters(),
        _packet("alive", "telemetry", _message(connection.SERVICE, connection.ALIVE), (), "the answer to a ping"),
    )  # fmt: skip


def _packet(
    name: str, base: str, when: tuple[tuple[str, int], ...], entries: Sequence[Entry], meaning: str
) -> Container:
    return Container(name=name, base=base, when=when, entries=(*entries, PEC), meaning=meaning)


def _message(service: int, subtype: int) -> tuple[tuple[str, int], ...]:
    return ("service", service), ("subtype", subtype)


def _verifications() -> Iterator[Container]:
    """ST01: a success is one packet; a failure one for each number of values that explain it."""
    request = unsigned("request", 32, "first four octets of the telecommand")
    step = unsigned("step", 16, "of the execution")
    code = unsigned("failure_code", 32, "why", ((row.code, row.label) for row in FAILURES))
    count = unsigned("failure_values", 8, "how many values follow")
    stages = ((1, "acceptance"), (3, "start"), (5, "progress"), (7, "completion"), (9, "routing"))
    for subtype, stage in stages:
        begin = (request, step) if subtype == verification.PROGRESS else (request,)
        if subtype != verification.FAILED_ROUTING - 1:
            when = _message(verification.SERVICE, subtype)
            yield _packet(f"{stage}_done", "telemetry", when, begin, f"{stage} of a command succeeded")
        yield Container(
            name=f"{stage}_failed", base="telemetry", when=_message(verification.SERVICE, subtype + 1),
            entries=(*begin, code, count), meaning=f"{stage} of a command failed", is_abstract=True,
        )  # fmt: skip
        for number in range(verification.VALUES_MAX + 1):
            values = [
                Entry(name=f"failure_value_{place}", kind=Kind.FLOAT, bits=64, meaning="what its sentence takes")
                for place in range(number)
            ]
            name = f"{stage}_failed_{number}"
            yield _packet(name, f"{stage}_failed", ((count.name, number),), values, f"with {number} values")


def _housekeeping() -> Iterator[Container]:
    structure = unsigned("structure", 16, "which", ((row.id, row.name) for row in STRUCTURES))
    yield Container(
        name="housekeeping", base="telemetry", when=_message(housekeeping.SERVICE, housekeeping.REPORT),
        entries=(structure,), meaning="parameter reports", is_abstract=True,
    )  # fmt: skip
    for row in STRUCTURES:
        name = f"housekeeping_{row.name}"
        yield _packet(name, "housekeeping", ((structure.name, row.id),), _structure(row), f"every {row.interval}")


def _structure(row: StructureRow) -> list[Entry]:
    """The bitmap, bit by bit, filled up to an octet, and the values."""
    rows = {parameter.name: parameter for parameter in PARAMETERS}
    entries = [unsigned(f"{name}_known", 1, f"{name} has a value", KNOWN) for name in row.parameters]
    if rest := -len(entries) % 8:
        entries.append(unsigned(f"{row.name}_spare", rest, "fills the bitmap"))
    for name in row.parameters:
        entries += entries_of(rows[name], known=f"{name}_known")
    return entries


def _events() -> Iterator[Container]:
    event = unsigned("event", 16, "which", ((row.id, row.name) for row in EVENTS))
    when = (("service", events.SERVICE),)
    yield Container(
        name="event_report", base="telemetry", when=when, entries=(event,), meaning="what happened", is_abstract=True
    )
    for row in EVENTS:
        entries = [entry for field in row.fields for entry in entries_of(field, f"{row.name}_{field.name}")]
        matches = ((event.name, row.id), ("subtype", int(row.severity)))
        yield _packet(f"event_{row.name}", "event_report", matches, entries, row.template)


def _parameters() -> Iterator[Container]:
    """ST20: the board answers for one parameter at a time, with a double whatever the parameter's own type."""
    which = unsigned("reported_parameter", 16, "which", NUMBERED)
    known = unsigned("reported_known", 8, "it has a value", KNOWN)
    yield Container(
        name="parameter_report", base="telemetry", when=_message(parameters.SERVICE, parameters.REPORT),
        entries=(unsigned("reported_parameters", 8, "always 1"), which, known),
        meaning="the answer to get_parameter", is_abstract=True,
    )  # fmt: skip
    value = Entry(
        name="reported_value", kind=Kind.FLOAT, bits=64, known=known.name,
        meaning="in the parameter's unit; a label by its place",
    )  # fmt: skip
    for row in PARAMETERS:
        if row.wire is not Wire.NAME:
            entries = entries_of(row, known=known.name) if row.wire is Wire.F64 and row.is_settable else (value,)
            yield _packet(f"report_{row.name}", "parameter_report", ((which.name, row.id),), entries, row.meaning)

"""Every telemetry packet as named values in order, derived from the dictionary: what XTCE and the document are of.

A container extends its base where the base's values are what `when` says; those without extensions end with the
packet error control. Lists become one container for each length, so that readers need no loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from fsw.catalogue.apids import FILE_APID, TIME_APID
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.events import EVENTS
from fsw.catalogue.failures import FAILURES
from fsw.catalogue.parameters import PARAMETERS, ParameterRow
from fsw.catalogue.reports import REPORTS
from fsw.catalogue.rows import DATA_OCTETS, LIST_MOST, NAME_OCTETS, TEXT_OCTETS, Field, Severity, Wire
from fsw.catalogue.structures import STRUCTURES, StructureRow
from fsw.packets import connection, events, housekeeping, parameters, verification


class Kind(Enum):
    """How bits become a value."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    FLOAT = "float"
    LABEL = "label"
    NAME = "name"  # as long as its bits, filled up with zeros
    TEXT = "text"  # as long as a value before it says
    BINARY = "binary"  # likewise; what it means, its reader must know


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One value. `known` names the bit that is 0 where the value is missing; `bits` is the most that it takes.

    A text or binary has `size_slope` bits for each count of the value `sized_by`, and `size_base` more. `fixed` are
    octets that are always the same.
    """

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
    sized_by: str = ""
    size_slope: int = 8
    size_base: int = 0
    fixed: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One packet, or what several have in common."""

    name: str
    base: str
    when: tuple[tuple[str, int], ...]
    entries: tuple[Entry, ...]
    meaning: str
    is_abstract: bool = False


_BITS = {
    Wire.U8: 8, Wire.U16: 16, Wire.U32: 32, Wire.U64: 64, Wire.I32: 32, Wire.F32: 32, Wire.F64: 64, Wire.LABEL: 8,
    Wire.NAME: 8 * NAME_OCTETS, Wire.PARAMETER: 16, Wire.EVENT: 16, Wire.COMMAND: 16, Wire.STRUCTURE: 16,
}  # fmt: skip
_KINDS = {Wire.I32: Kind.SIGNED, Wire.F32: Kind.FLOAT, Wire.F64: Kind.FLOAT}
_SIZED = {  # what the length is called, its bits, bits for each count, and the most bits of the value
    Wire.TEXT: ("octets", 8, 8, 8 * TEXT_OCTETS), Wire.OCTETS: ("octets", 16, 8, 8 * DATA_OCTETS),
    Wire.PACKET: ("octets", 16, 8, 8 * DATA_OCTETS), Wire.PARAMETERS: ("items", 8, 16, 16 * LIST_MOST),
    Wire.EVENTS: ("items", 8, 16, 16 * LIST_MOST), Wire.NUMBERS: ("items", 8, 8, 8 * LIST_MOST),
}  # fmt: skip
NUMBERED = tuple((row.id, row.name) for row in PARAMETERS)
_NUMBERED = {
    Wire.PARAMETER: NUMBERED,
    Wire.EVENT: ((0, "none"), *((row.id, row.name) for row in EVENTS)),
    Wire.COMMAND: tuple((row.id, row.name) for row in COMMANDS),
}
KNOWN = ((0, "missing"), (1, "known"))
PDU_OCTETS = 1018  # what a space packet of 1,024 octets holds
ROOT = "CCSDSPacket"  # where tools for XTCE begin to read when nobody tells them


def unsigned(name: str, bits: int, meaning: str = "", labels: Iterable[tuple[int, str]] = ()) -> Entry:
    """A whole number, or a label by its number."""
    pairs = tuple(labels)
    return Entry(name=name, kind=Kind.LABEL if pairs else Kind.UNSIGNED, bits=bits, meaning=meaning, labels=pairs)


def entries_of(row: Field | ParameterRow, name: str = "", known: str = "") -> tuple[Entry, ...]:
    """The values that a row of the dictionary puts on the wire, with the length of those that vary before them."""
    name = name or row.name
    lead = getattr(row, "lead", b"")
    before = (fixed(f"{name}_lead", lead),) if lead else ()
    if row.wire in _SIZED:
        return (*before, *_sized(row, name))
    if row.wire is Wire.TIME:
        seconds = unsigned(f"{name}_seconds", 32, "whole seconds of TAI since 1958")
        return (*before, seconds, unsigned(f"{name}_fraction", 24, "of 2^-24 s"))
    labels = _NUMBERED.get(row.wire) or tuple(enumerate(row.labels))
    kind = Kind.NAME if row.wire is Wire.NAME else Kind.LABEL if labels else _KINDS.get(row.wire, Kind.UNSIGNED)
    entry = Entry(
        name=name, kind=kind, bits=_BITS[row.wire], unit=row.unit, meaning=row.meaning, labels=labels, known=known,
        low=row.low, high=row.high, default=getattr(row, "default", None),
    )  # fmt: skip
    return (*before, entry)


def _sized(row: Field | ParameterRow, name: str) -> tuple[Entry, ...]:
    """A value of its own length: what says how long it is, and the value."""
    suffix, bits, slope, most = _SIZED[row.wire]
    if row.wire is Wire.PACKET:
        head = tuple(
            unsigned(f"{name}_{part}", 16) for part in ("identification", "sequence_control", "octets_less_one")
        )
        base = 8
    else:
        head, base = (unsigned(f"{name}_{suffix}", bits, f"{suffix} of {name}"),), 0
    value = Entry(
        name=name, kind=Kind.TEXT if row.wire is Wire.TEXT else Kind.BINARY, bits=most, unit=row.unit,
        meaning=row.meaning, sized_by=head[-1].name, size_slope=slope, size_base=base,
    )  # fmt: skip
    return (*head, value)


def fixed(name: str, octets: bytes) -> Entry:
    """Octets that are always the same."""
    return Entry(name=name, kind=Kind.UNSIGNED, bits=8 * len(octets), meaning=f"always 0x{octets.hex()}", fixed=octets)


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
        *_verifications(), *_housekeeping(), *_events(), *_parameters(), *_reports(), *_without_secondary_header(),
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
    for severity in Severity:
        yield Container(
            name=_severity(severity), base="telemetry", when=_message(events.SERVICE, severity), entries=(event,),
            meaning="what happened", is_abstract=True,
        )  # fmt: skip
    for row in EVENTS:
        entries = [entry for field in row.fields for entry in entries_of(field, f"{row.name}_{field.name}")]
        yield _packet(f"event_{row.name}", _severity(row.severity), ((event.name, row.id),), entries, row.template)


def _severity(severity: Severity) -> str:
    return f"{severity.name.lower()}_event"


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


def _reports() -> Iterator[Container]:
    for row in REPORTS:
        entries = [entry for field in row.fields for entry in entries_of(field, f"{row.name}_{field.name}")]
        yield _packet(row.name, "telemetry", _message(row.service, row.subtype), entries, row.meaning)


def _without_secondary_header() -> Iterator[Container]:
    """Time packets, and the protocol data units of CFDP, which have a check of their own where they want one."""
    time = (
        unsigned("time_report_rate", 8, "one every 2^n seconds"),
        unsigned("time_report_p_field", 8, "0x1F: since 1958-01-01 TAI"),
        unsigned("time_report_seconds", 32, "whole seconds since the epoch"),
        unsigned("time_report_fraction", 24, "of 2^-24 s"),
        unsigned("time_report_quality", 8, "0 unknown, 1 free running, 2 synchronised"),
    )
    pdu = Entry(
        name="file_pdu", kind=Kind.BINARY, bits=8 * PDU_OCTETS, meaning="CCSDS 727.0-B-5, whole",
        sized_by="data_length", size_base=8,
    )  # fmt: skip
    yield _packet("time_report", ROOT, _application(TIME_APID), time, "on-board time, CCSDS 301.0-B-4")
    yield Container(name="file", base=ROOT, when=_application(FILE_APID), entries=(pdu,), meaning="part of a file")


def _application(apid: int) -> tuple[tuple[str, int], ...]:
    return ("packet_type", 0), ("secondary_header_flag", 0), ("apid", apid)

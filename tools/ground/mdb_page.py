"""The interface document: the dictionary as one page of Markdown that a person reads and a tool can diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fsw.catalogue.apids import APIDS
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.events import EVENTS
from fsw.catalogue.failures import FAILURES
from fsw.catalogue.parameters import PARAMETERS
from fsw.catalogue.reports import REPORTS
from fsw.catalogue.rows import ALL_MODES, Field
from fsw.catalogue.structures import STRUCTURES
from tools.ground.mdb_layout import containers

INTRODUCTION = """# Interface document

Derived from the dictionary of the flight software; never edited by hand. Packets are CCSDS space packets
(133.0-B-2) with PUS-C headers (ECSS-E-ST-70-41C) and a CRC-16-CCITT at the end; all values are big-endian.
"""


def page() -> str:
    """The whole document."""
    applications = ((row.id, row.name, row.meaning) for row in APIDS)
    failures = ((row.code, row.label, row.template) for row in FAILURES)
    parts = [
        INTRODUCTION,
        _table("Application processes", "number name meaning", applications),
        _table("Commands", "name type function arguments hazard modes timeout meaning", _commands()),
        _table("Parameters", "number name wire unit low high default labels meaning", _parameters()),
        _table("Housekeeping structures", "number name interval parameters", _structures()),
        _table("Reports", "name type values meaning", _reports()),
        _table("Events", "number name severity values text", _events()),
        _table("Failure codes", "code label text", failures),
        "## Telemetry packets\n\nA packet is what it extends, then its own values in this order.\n",
        *_packets(),
    ]
    return "\n".join(parts)


def _commands() -> Iterator[tuple[object, ...]]:
    for row in COMMANDS:
        modes = "all" if row.modes == ALL_MODES else ", ".join(row.modes)
        arguments = "<br>".join(_field(field) for field in row.fields)
        kind = f"TC[{row.service},{row.subtype}]"
        timeout = f"{row.timeout_s:g} s"
        yield row.name, kind, row.function or "", arguments, row.hazard.name.lower(), modes, timeout, row.meaning


def _field(field: Field) -> str:
    limits = [f"{name} {value:g}" for name, value in (("from", field.low), ("to", field.high)) if value is not None]
    labels = ", ".join(field.labels)
    return " ".join(filter(None, (f"`{field.name}`", field.wire.value, field.unit, *limits, labels, field.meaning)))


def _parameters() -> Iterator[tuple[object, ...]]:
    for row in PARAMETERS:
        numbers = ("" if value is None else f"{value:g}" for value in (row.low, row.high, row.default))
        yield row.id, row.name, row.wire.value, row.unit, *numbers, ", ".join(row.labels), row.meaning


def _structures() -> Iterator[tuple[object, ...]]:
    for row in STRUCTURES:
        yield row.id, row.name, row.interval, ", ".join(row.parameters)


def _events() -> Iterator[tuple[object, ...]]:
    for row in EVENTS:
        yield row.id, row.name, row.severity.name.lower(), "<br>".join(map(_field, row.fields)), row.template


def _reports() -> Iterator[tuple[object, ...]]:
    for row in REPORTS:
        yield row.name, f"TM[{row.service},{row.subtype}]", "<br>".join(map(_field, row.fields)), row.meaning


def _packets() -> Iterator[str]:
    for packet in containers():
        when = ", ".join(f"{name} = {value}" for name, value in packet.when)
        extends = f"Extends `{packet.base}` where {when}. " if packet.base else ""
        rows = ((entry.name, entry.bits, entry.kind.value, entry.unit, entry.meaning) for entry in packet.entries)
        table = _rows("value bits kind unit meaning", rows)
        yield f"### {packet.name}\n\n{extends}{packet.meaning}\n\n{table}"


def _table(title: str, head: str, rows: Iterable[tuple[object, ...]]) -> str:
    return f"## {title}\n\n{_rows(head, rows)}"


def _rows(head: str, rows: Iterable[tuple[object, ...]]) -> str:
    names = head.split()
    lines = [names, ["---"] * len(names), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n" for line in lines)

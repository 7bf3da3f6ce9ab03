"""Raw packets to the columns of five tables, by the decoder that also serves the live link.

`n` is the place in the archive: packets that were generated in the same instant keep the order in which they came.
Times are whole nanoseconds of UTC since 1970, and where they come from on board, of its time code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from fsw.catalogue.failures import failure_text
from fsw.packets.verification import Verification
from tools.ground.archive.rawlog import Received
from tools.ground.decoder import Decoder, FilePart, Happened, Record, Reported, Sampled, Samples, Undecoded

PACKETS_A_SEGMENT = 1 << 24  # more than fit a segment: `n` is segment * this + place
STAGES = {1: "accepted", 3: "started", 5: "progress", 7: "completed", 9: "routed"}
_TIMES = {"n": "int64", "generated_ns": "int64", "received_ns": "int64", "is_live": "bool"}
TABLES: Mapping[str, Mapping[str, str]] = {
    "packets": {
        **_TIMES, "time_quality": "str", "apid": "int32", "sequence": "int32", "service": "int32", "subtype": "int32",
        "missed": "int32", "kind": "str", "problem": "str", "octets": "bytes",
    },
    "samples": {
        **_TIMES, "name": "str", "value": "float64", "text": "str", "unit": "str", "quality": "str", "structure": "str",
    },
    "events": {**_TIMES, "name": "str", "severity": "str", "text": "str", "details": "str"},
    "stages": {**_TIMES, "request": "int64", "stage": "str", "step": "int32", "code": "int64", "failure": "str"},
    "reports": {**_TIMES, "name": "str", "details": "str"},
}  # fmt: skip
Rows = dict[str, list[tuple[Any, ...]]]


def tables_of(segment: int, packets: Iterable[Received], decoder: Decoder) -> dict[str, dict[str, Any]]:
    """The columns of every table, as DuckDB takes them: names to arrays of one length."""
    rows: Rows = {name: [] for name in TABLES}
    for place, packet in enumerate(packets):
        _add(rows, segment * PACKETS_A_SEGMENT + place, packet, decoder.decode(packet.octets, packet.received_ns))
    return {name: _columns(TABLES[name], table) for name, table in rows.items()}


def _add(rows: Rows, n: int, packet: Received, record: Record | Undecoded) -> None:
    if isinstance(record, Undecoded):
        times = (n, packet.received_ns, packet.received_ns, packet.is_live)
        rows["packets"].append((*times, "", -1, -1, -1, -1, 0, "garbage", record.why, packet.octets))
        return
    content = record.content
    times = (n, record.generated_ns, record.received_ns, packet.is_live)
    problem = content.why if isinstance(content, Undecoded) else None
    numbers = (record.apid, record.sequence, record.service, record.subtype, record.missed)
    octets = b"" if isinstance(content, FilePart) else packet.octets  # files are kept as files
    kind = type(content).__name__.lower()
    rows["packets"].append((*times, record.time_quality, *numbers, kind, problem, octets))
    match content:
        case Samples(structure=structure, values=values):
            rows["samples"].extend((*times, *_sample(sampled), structure) for sampled in values)
        case Happened(name=name, severity=severity, text=text, values=happened):
            rows["events"].append((*times, name, severity, text, json.dumps(happened)))
        case Reported(name=name, values=fields):
            rows["reports"].append((*times, name, json.dumps(fields)))
        case Verification() as report:
            rows["stages"].append((*times, *_stage(report)))


def _sample(sampled: Sampled) -> tuple[str, float | None, str | None, str, str]:
    value = sampled.value
    is_text = isinstance(value, str)
    number = None if value is None or is_text else float(value)
    return sampled.name, number, value if isinstance(value, str) else None, sampled.unit, sampled.quality


def _stage(report: Verification) -> tuple[int, str, int, int, str | None]:
    failure = failure_text(report.code, report.values) if report.is_failure else None
    return report.request, STAGES[report.subtype - report.is_failure], report.step, report.code, failure


def _columns(kinds: Mapping[str, str], rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    """Arrays; a missing number is NaN, which the view makes NULL, a missing text None."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(kinds)
    return {name: _array(kind, column) for (name, kind), column in zip(kinds.items(), columns, strict=True)}


def _array(kind: str, column: tuple[Any, ...]) -> Any:
    if kind in ("str", "bytes"):
        array = np.empty(len(column), dtype=object)
        array[:] = column
        return array
    return np.array(column, dtype=kind)  # None becomes NaN where it is a float

"""The reports of the standard services to the ground, beside housekeeping, events, verification and parameters.

A service publishes `Report(time_ns=..., name="store_status", values=(...))`. Where the standard has a list, there is
one packet an item. Source: ECSS-E-ST-70-41C; service 130 is the mission's own.
"""

from __future__ import annotations

from fsw.catalogue.rows import ONE, YES_NO, Field, ReportRow, Wire
from fsw.catalogue.services import FILE, FORWARD, MONITOR, OPERATION, REPOSITORY, RESPONSE, STORE, WATCHPOINT

MONITOR_STATES = ("unchecked", "within", "below", "above", "stale", "disabled")
COPY_STATES = ("waiting", "running", "suspended", "done", "failed", "aborted")
_ENABLED = Field("enabled", Wire.LABEL, labels=YES_NO)
_SUB_SCHEDULE = Field("sub_schedule", Wire.U8)
_RELEASE = Field("release", Wire.TIME, "", "when it is due", lead=ONE)
_PACKET = Field("packet", Wire.PACKET, "", "the telecommand, whole")
_MEMORY = Field("memory", Wire.TEXT, "", "name", high=64)
_ADDRESS = Field("address", Wire.U32, "", "octets from its beginning", lead=ONE)
_CHECKSUM = Field("checksum", Wire.U16, "", "CRC-16-CCITT of the octets")
_STRUCTURE = (
    Field("structure", Wire.STRUCTURE), _ENABLED, Field("interval", Wire.U32, "ms", "between two reports"),
    Field("parameters", Wire.PARAMETERS),
)  # fmt: skip
_DIGESTS = ("digest", "software", "dictionary", "board", "parameters", "models", "keys")

REPORTS: tuple[ReportRow, ...] = (
    ReportRow("structure_definition", 3, 10, "a housekeeping structure", _STRUCTURE),
    ReportRow("trace_definition", 3, 12, "a diagnostic structure", _STRUCTURE),
    ReportRow("disabled_events", 5, 8, "events that are not reported", (Field("events", Wire.EVENTS),)),
    ReportRow("memory_dump", 6, 6, "octets of a memory", (_MEMORY, _ADDRESS, Field("data", Wire.OCTETS), _CHECKSUM)),
    ReportRow(
        "memory_check", 6, 10, "checksum of octets of a memory",
        (_MEMORY, _ADDRESS, Field("length", Wire.U32, "", "octets"), _CHECKSUM),
    ),
    ReportRow("scheduled_command", 11, 10, "a scheduled command whole", (_SUB_SCHEDULE, _RELEASE, _PACKET)),
    ReportRow(
        "scheduled_summary", 11, 13, "when a scheduled command is due",
        (
            _SUB_SCHEDULE, _RELEASE, Field("source", Wire.U16, "", "of the telecommand"),
            Field("apid", Wire.U16, "", "its APID"), Field("count", Wire.U16, "", "its sequence count"),
        ),
    ),
    ReportRow("monitor_definition", 12, 9, "a watchpoint", (*WATCHPOINT, _ENABLED)),
    ReportRow(
        "monitor_transition", 12, 12, "a watchpoint changed its state",
        (
            MONITOR, Field("parameter", Wire.PARAMETER), Field("value", Wire.F64, "", "the last one"),
            Field("limit", Wire.F64, "", "that it crossed"), Field("from", Wire.LABEL, labels=MONITOR_STATES),
            Field("to", Wire.LABEL, labels=MONITOR_STATES), Field("since", Wire.TIME, "", "when"),
        ),
    ),
    ReportRow(
        "monitor_status", 12, 14, "state of a watchpoint",
        (MONITOR, Field("state", Wire.LABEL, labels=MONITOR_STATES), Field("trips", Wire.U32, "", "so far")),
    ),
    ReportRow("forwarded_report", 14, 4, "reports of a service that are not sent down", FORWARD),
    ReportRow(
        "store_summary", 15, 13, "what a packet store holds",
        (
            STORE, Field("oldest", Wire.TIME), Field("newest", Wire.TIME),
            Field("open_from", Wire.TIME, "", "where open retrieval goes on"), Field("packets", Wire.U32),
            Field("octets", Wire.U64), Field("lost", Wire.U32, "", "packets overwritten or not stored"),
        ),
    ),
    ReportRow(
        "store_status", 15, 19, "state of a packet store",
        (
            STORE, Field("storage", Wire.LABEL, labels=("off", "on")),
            Field("open_retrieval", Wire.LABEL, labels=("suspended", "running")),
            Field("range_retrieval", Wire.LABEL, labels=("idle", "running")),
        ),
    ),
    ReportRow(
        "response_status", 19, 7, "state of a response", (*RESPONSE, _ENABLED, Field("fired", Wire.U32, "", "times")),
    ),
    ReportRow("response_definition", 19, 11, "a response with its telecommand", (*RESPONSE, _ENABLED, _PACKET)),
    ReportRow(
        "file_attributes", 23, 4, "a file",
        (
            REPOSITORY, FILE, Field("size", Wire.U64, "", "octets"), Field("sha256", Wire.TEXT, "", "its hash"),
            Field("locked", Wire.LABEL, labels=YES_NO),
        ),
    ),
    ReportRow(
        "file_row", 23, 13, "a file of a repository",
        (REPOSITORY, Field("file", Wire.TEXT, "", "its name", lead=ONE), Field("size", Wire.U64, "", "octets")),
    ),
    ReportRow(
        "copy_status", 23, 22, "how far a copy is",
        (
            OPERATION, Field("state", Wire.LABEL, labels=COPY_STATES), Field("done", Wire.U64, "", "octets"),
            Field("total", Wire.U64, "", "octets"),
        ),
    ),
    ReportRow(
        "link_challenge", 130, 2, "a lost counter asks for a contingency key",
        (
            Field("channel", Wire.U16), Field("first_key", Wire.U16, "", "first one that was not used"),
            Field("nonce_high", Wire.U64), Field("nonce_low", Wire.U64),
        ),
    ),
    ReportRow(
        "as_flown", 130, 4, "what flies: one digest over all, and those of its parts",
        tuple(Field(name, Wire.NAME, "", "first 24 digits of SHA-256") for name in _DIGESTS),
    ),
    ReportRow(
        "memory_row", 130, 6, "a memory that can be dumped and checked",
        (_MEMORY, Field("size", Wire.U64, "", "octets"), Field("sha256", Wire.NAME, "", "first 24 digits")),
    ),
)  # fmt: skip

REPORT_BY_NAME = {row.name: row for row in REPORTS}
REPORT_BY_SERVICE = {(row.service, row.subtype): row for row in REPORTS}

"""The commands of the standard services 3, 5, 6, 9, 11, 12, 14, 15, 19 and 23, of ECSS-E-ST-70-41C.

Where the standard has a list of items, a packet of ours has one: `lead=ONE`. There is no super-commutation.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.rows import DATA_OCTETS, ONE, CommandRow, Field, Hazard, Wire

STORES = ("events", "housekeeping", "results")
MADE_STRUCTURES = (100, 65_535)  # numbers of structures that the ground may create; those below are built in
_APID = ONE + struct.pack(">H", PAYLOAD_APID)

_STRUCTURE = Field("structure", Wire.STRUCTURE, "", "name, or number of one that was created", lead=ONE)
_NEW = Field("structure", Wire.U16, "", "its number", low=MADE_STRUCTURES[0], high=MADE_STRUCTURES[1])
_INTERVAL = Field("interval", Wire.U32, "ms", "between two reports", low=1000.0, high=86_400_000.0)
_EVENT = Field("event", Wire.EVENT, "", "name of an event", lead=ONE)
_MEMORY = Field("memory", Wire.TEXT, "", "name, as list_memories has it", high=64)
_ADDRESS = Field("address", Wire.U32, "", "octets from its beginning", lead=ONE)
_PACKET = Field("packet", Wire.PACKET, "", "the telecommand, whole")
_SUB_SCHEDULE = Field("sub_schedule", Wire.U8, "", "which sub-schedule", low=0.0, high=15.0)
ACTIVITY = (
    Field("source", Wire.U16, "", "source of the scheduled telecommand", lead=ONE),
    Field("apid", Wire.U16, "", "its APID"),
    Field("count", Wire.U16, "", "its sequence count", high=16_383.0),
)
MONITOR = Field("monitor", Wire.U16, "", "number of the watchpoint", low=1.0, lead=ONE)
WATCHPOINT = (
    MONITOR,
    Field("parameter", Wire.PARAMETER, "", "what is watched"),
    Field("repetitions", Wire.U16, "", "values beyond a limit in a row, before it counts", low=1.0, high=3_600.0),
    Field("low", Wire.F64, "", "in the parameter's unit; -inf for no limit", low=-math.inf, high=math.inf),
    Field("low_event", Wire.EVENT, "", "told when below"),
    Field("high", Wire.F64, "", "in the parameter's unit; inf for no limit", low=-math.inf, high=math.inf),
    Field("high_event", Wire.EVENT, "", "told when above"),
    Field("age_limit", Wire.F64, "s", "a value older than that counts as stale; 0: never", low=0.0, high=86_400.0),
    Field("hysteresis", Wire.F64, "", "within the limit by this much before it is over", low=0.0, high=1e9),
)
RESPONSE = (
    Field("apid", Wire.U16, "", "of the application process", low=PAYLOAD_APID, high=PAYLOAD_APID, lead=ONE),
    Field("event", Wire.EVENT, "", "what it responds to"),
)
FORWARD = (
    Field("service", Wire.U8, "", "of the telemetry", low=1.0, lead=_APID + ONE),
    Field("subtypes", Wire.NUMBERS, "", "empty: all of the service"),
)
STORE = Field("store", Wire.LABEL, "", "packet store", labels=STORES, lead=ONE)
_FROM = Field("from", Wire.TIME, "", "earliest on-board time")
_UNTIL = Field("until", Wire.TIME, "", "latest on-board time")
REPOSITORY = Field("repository", Wire.TEXT, "", "models, results, stores or inbox", high=32)
FILE = Field("file", Wire.TEXT, "", "name in the repository", high=120)
OPERATION = Field("operation", Wire.U16, "", "number of the copy, given by who starts it", lead=ONE)

Rows = tuple[tuple[int, str, str, tuple[Field, ...], Hazard], ...]  # subtype, name, meaning, arguments, hazard
NONE, WATCH, WARNING = Hazard.NONE, Hazard.WATCH, Hazard.WARNING

_HOUSEKEEPING: Rows = (
    (1, "create_structure", "a housekeeping structure of parameters; disabled until it is enabled",
     (_NEW, _INTERVAL, Field("parameters", Wire.PARAMETERS)), NONE),
    (2, "create_trace", "the same for diagnosis",
     (_NEW, _INTERVAL, Field("parameters", Wire.PARAMETERS)), NONE),
    (3, "delete_structure", "forgets a structure that was created", (_STRUCTURE,), WATCH),
    (4, "delete_trace", "forgets a trace", (_STRUCTURE,), NONE),
    (5, "enable_structure", "reports it at its interval", (_STRUCTURE,), NONE),
    (6, "disable_structure", "reports it no more, but when asked for", (_STRUCTURE,), WATCH),
    (7, "enable_trace", "reports it at its interval", (_STRUCTURE,), NONE),
    (8, "disable_trace", "reports it no more, but when asked for", (_STRUCTURE,), NONE),
    (9, "describe_structure", "reports its parameters, interval and state", (_STRUCTURE,), NONE),
    (11, "describe_trace", "reports its parameters, interval and state", (_STRUCTURE,), NONE),
    (27, "shoot_structure", "reports it once, now", (_STRUCTURE,), NONE),
    (28, "shoot_trace", "reports it once, now", (_STRUCTURE,), NONE),
    (31, "set_structure_interval", "how often it is reported", (_STRUCTURE, _INTERVAL), NONE),
    (32, "set_trace_interval", "how often it is reported", (_STRUCTURE, _INTERVAL), NONE),
)  # fmt: skip
_EVENTS: Rows = (
    (5, "enable_event", "reports an event again", (_EVENT,), NONE),
    (6, "disable_event", "reports an event no more; it is counted", (_EVENT,), WATCH),
    (7, "list_disabled_events", "reports which events are disabled", (), NONE),
)
_MEMORIES: Rows = (
    (5, "dump_memory", "reports octets of a memory",
     (_MEMORY, _ADDRESS, Field("length", Wire.U16, "", "octets", low=1.0, high=DATA_OCTETS - 100)), NONE),
    (9, "check_memory", "reports the checksum of octets of a memory",
     (_MEMORY, _ADDRESS, Field("length", Wire.U32, "", "octets", low=1.0)), NONE),
)  # fmt: skip
_TIME: Rows = (
    (1, "set_time_report_rate", "a time packet every 2^n seconds",
     (Field("exponent", Wire.U8, "", "n", low=0.0, high=8.0),), NONE),
)  # fmt: skip
_SCHEDULE: Rows = (
    (1, "enable_schedule", "releases scheduled commands", (), NONE),
    (2, "disable_schedule", "lets the times of scheduled commands pass", (), WATCH),
    (3, "reset_schedule", "forgets everything that is scheduled", (), WARNING),
    (4, "schedule_command", "executes a telecommand at an on-board time",
     (_SUB_SCHEDULE, Field("release", Wire.TIME, "", "when", lead=ONE), _PACKET), WATCH),
    (5, "delete_scheduled", "forgets one scheduled command", ACTIVITY, NONE),
    (9, "describe_scheduled", "reports one scheduled command whole", ACTIVITY, NONE),
    (12, "summarise_scheduled", "reports when one is due", ACTIVITY, NONE),
    (15, "shift_schedule", "moves all release times",
     (Field("shift", Wire.I32, "ms", "later; earlier if negative"),), WATCH),
    (16, "describe_schedule", "reports every scheduled command whole", (), NONE),
    (17, "summarise_schedule", "reports when each is due", (), NONE),
    (20, "enable_sub_schedule", "releases the commands of a sub-schedule", (_SUB_SCHEDULE,), NONE),
    (21, "disable_sub_schedule", "lets the times of a sub-schedule's commands pass", (_SUB_SCHEDULE,), WATCH),
)  # fmt: skip
_MONITORS: Rows = (
    (1, "enable_monitor", "watches a watchpoint", (MONITOR,), NONE),
    (2, "disable_monitor", "watches it no more", (MONITOR,), WATCH),
    (5, "add_monitor", "a watchpoint: limits of a parameter and what is told beyond them", WATCHPOINT, WATCH),
    (6, "delete_monitor", "forgets a watchpoint", (MONITOR,), WATCH),
    (7, "modify_monitor", "other limits for a watchpoint", WATCHPOINT, WATCH),
    (8, "describe_monitor", "reports a watchpoint", (MONITOR,), NONE),
    (13, "report_monitors", "reports the state of every watchpoint", (), NONE),
    (15, "enable_monitoring", "watches", (), NONE),
    (16, "disable_monitoring", "watches nothing", (), WARNING),
)
_FORWARDING: Rows = (
    (1, "forward_report", "sends reports of a service down", FORWARD, NONE),
    (2, "stop_report", "sends reports of a service down no more; packet stores have them", FORWARD, WATCH),
    (3, "list_forwarded", "reports what is not sent down, by service", (), NONE),
)
_STORAGE: Rows = (
    (1, "enable_storage", "stores packets", (STORE,), NONE),
    (2, "disable_storage", "stores packets no more", (STORE,), WATCH),
    (9, "retrieve_range", "sends down what was stored between two times", (STORE, _FROM, _UNTIL), NONE),
    (11, "delete_stored", "forgets what is older", (STORE, _UNTIL), WATCH),
    (12, "summarise_store", "reports what a packet store holds", (STORE,), NONE),
    (14, "set_open_retrieval", "where open retrieval goes on", (STORE, _FROM), NONE),
    (15, "resume_open_retrieval", "sends down what was not yet sent, and what comes", (STORE,), NONE),
    (16, "suspend_open_retrieval", "stops doing so", (STORE,), NONE),
    (17, "abort_retrieval", "ends a retrieval by time range", (STORE,), NONE),
    (18, "report_stores", "reports the state of every packet store", (), NONE),
)
_RESPONSES: Rows = (
    (1, "add_response", "sends a telecommand to ourselves whenever an event comes", (*RESPONSE, _PACKET), WARNING),
    (2, "delete_response", "forgets a response", RESPONSE, WATCH),
    (3, "delete_responses", "forgets all responses", (), WARNING),
    (4, "enable_response", "responds to an event", RESPONSE, WATCH),
    (5, "disable_response", "responds to an event no more", RESPONSE, WATCH),
    (6, "report_responses", "reports the state of every response", (), NONE),
    (8, "enable_responses", "responds", (), WATCH),
    (9, "disable_responses", "responds to nothing", (), WARNING),
    (10, "describe_responses", "reports every response with its telecommand", (), NONE),
)
_FILES: Rows = (
    (2, "delete_file", "forgets a file", (REPOSITORY, FILE), WATCH),
    (3, "describe_file", "reports size and hash of a file", (REPOSITORY, FILE), NONE),
    (12, "list_files", "reports the files of a repository", (REPOSITORY,), NONE),
    (14, "copy_file", "copies a file, by CFDP where the target repository is ground",
     (
         Field("operation", Wire.U16, "", "number of the copy"),
         Field("source_repository", Wire.TEXT, "", "where it is", high=32),
         Field("source_file", Wire.TEXT, "", "its name", high=120),
         Field("target_repository", Wire.TEXT, "", "where it goes; ground: down", high=32),
         Field("target_file", Wire.TEXT, "", "its name there", high=120),
     ), NONE),
    (16, "suspend_copy", "lets a copy wait", (OPERATION,), NONE),
    (17, "resume_copy", "lets it go on", (OPERATION,), NONE),
    (18, "abort_copy", "ends it", (OPERATION,), WATCH),
    (21, "report_copies", "reports how far each copy is", (), NONE),
)  # fmt: skip

_SERVICES: tuple[tuple[int, str, Rows], ...] = (
    (3, "telemetry", _HOUSEKEEPING), (5, "telemetry", _EVENTS), (6, "memory", _MEMORIES), (9, "telemetry", _TIME),
    (11, "schedule", _SCHEDULE), (12, "faults", _MONITORS), (14, "telemetry", _FORWARDING), (15, "archive", _STORAGE),
    (19, "faults", _RESPONSES), (23, "files", _FILES),
)  # fmt: skip
TIMEOUTS_S = {  # of commands that take long: octets are read within a budget, and between passes lie hours
    "check_memory": 600.0, "describe_file": 120.0, "list_files": 120.0, "copy_file": 86_400.0,
    "delete_file": 30.0, "suspend_copy": 30.0, "resume_copy": 30.0, "abort_copy": 30.0, "report_copies": 30.0,
}  # fmt: skip
SERVICE_NUMBERS = 1000  # a command of service 11 subtype 4 has the number 1000 + 11 * 100 + 4


def _commands() -> Iterator[CommandRow]:
    for service, owner, rows in _SERVICES:
        for subtype, name, meaning, fields, hazard in rows:
            number = SERVICE_NUMBERS + 100 * service + subtype
            timeout_s = TIMEOUTS_S.get(name, 10.0)
            yield CommandRow(number, name, service, subtype, 0, owner, meaning, fields, hazard, timeout_s=timeout_s)


SERVICE_COMMANDS = tuple(_commands())

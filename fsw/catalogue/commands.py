"""The commands: service and subtype, arguments, hazard, the modes in which they are legal, who carries them out.

Service 8 carries the mission's named functions by number; 17 is the connection test, 20 parameters
(ECSS-E-ST-70-41C); those of the other standard services stand in `services`. The owner publishes the reports STARTED
and COMPLETED for the request, with the command's `ack`. A `Command` message has its name from this table and its
arguments in this order, labels and parameters as their text.
"""

from __future__ import annotations

from fsw.catalogue.rows import ALL_MODES, FUNCTION_SERVICE, MODES, WORKING_MODES, CommandRow, Field, Hazard, Wire
from fsw.catalogue.services import SERVICE_COMMANDS
from fsw.catalogue.structures import STRUCTURES

__all__ = ["COMMANDS", "COMMAND_BY_FUNCTION", "COMMAND_BY_NAME", "COMMAND_BY_SERVICE", "FUNCTION_SERVICE", "CommandRow"]

_PARAMETER = Field("parameter", Wire.PARAMETER, "", "name of a parameter")

MOMENTS = ("eclipse_entry", "eclipse_exit", "pass_start", "pass_end")
_SPI = Field("spi", Wire.U16, "", "security parameter index")
_MODEL = Field("model", Wire.TEXT, "", "name of the package", high=32)

COMMANDS: tuple[CommandRow, ...] = (
    CommandRow(1, "ping", 17, 1, 0, "telemetry", "asks for a sign of life"),
    CommandRow(2, "get_parameter", 20, 1, 0, "telemetry", "reports the value of one parameter", (_PARAMETER,)),
    CommandRow(
        3, "set_parameter", 20, 3, 0, "command", "sets one parameter to a value in its range",
        (_PARAMETER, Field("value", Wire.F64, "", "in the parameter's unit")), Hazard.WATCH,
    ),
    CommandRow(
        10, "set_mode", 8, 1, 1, "govern", "enters a mode; SAFE is always granted, others when their reasons allow",
        (Field("mode", Wire.LABEL, labels=MODES),), Hazard.WARNING,
    ),
    CommandRow(
        11, "submit_job", 8, 1, 2, "govern", "queues one inference; complete when it is durably queued",
        (
            Field("model", Wire.TEXT, "", "name of the package", high=32),
            Field("input", Wire.TEXT, "", "reference of the input", high=120),
            Field("value", Wire.F64, "", "what the best variant's result is worth", low=0.0, high=1e6),
            Field("deadline", Wire.F64, "s", "from the moment of acceptance", low=1.0, high=604_800.0),
        ),
        modes=ALL_MODES[1:],
    ),
    CommandRow(
        12, "cancel_job", 8, 1, 3, "govern", "stops a job, running or not; complete when that is durable",
        (Field("job", Wire.U32, low=1),), timeout_s=120.0,
    ),
    CommandRow(
        13, "clear_fault", 8, 1, 4, "govern", "forgets a latched fault whose cause has gone; empty: all of them",
        (Field("fault", Wire.TEXT, "", "name of the fault, as its event had it", high=32),), Hazard.WATCH,
    ),
    CommandRow(14, "dump_counts", 8, 1, 5, "telemetry", "reports the account of every message and packet now"),
    CommandRow(
        15, "report_structure", 8, 1, 6, "telemetry", "reports one housekeeping structure now",
        (Field("structure", Wire.LABEL, labels=tuple(row.name for row in STRUCTURES)),),
    ),
    CommandRow(
        16, "hold_jobs", 8, 1, 7, "govern", "starts no further job; what runs may end", (), Hazard.WATCH, WORKING_MODES,
    ),
    CommandRow(17, "release_jobs", 8, 1, 8, "govern", "starts jobs again after hold_jobs", (), modes=WORKING_MODES),
    CommandRow(
        18, "activate_model", 8, 1, 9, "models", "installs the staged package, tries it and makes it active",
        (_MODEL,), Hazard.WARNING, WORKING_MODES, timeout_s=600.0,
    ),
    CommandRow(
        19, "rollback_model", 8, 1, 10, "models", "goes back to the version before the active one",
        (_MODEL,), Hazard.WARNING,
    ),
    CommandRow(
        20, "arm", 8, 1, 11, "command", "lets one hazardous command act, once, within the window",
        (
            Field("command", Wire.COMMAND, "", "name of the command"),
            Field("window", Wire.F64, "s", "from now on", low=1.0, high=600.0),
        ),
    ),
    CommandRow(
        21, "schedule_at", 8, 1, 12, "schedule", "schedules a command relative to what the orbit brings",
        (
            Field("moment", Wire.LABEL, "", "what is waited for", labels=MOMENTS),
            Field("nth", Wire.U8, "", "from now on; 1 is the next", low=1.0, high=100.0),
            Field("offset", Wire.I32, "s", "after the moment; before it if negative", low=-86_400.0, high=86_400.0),
            Field("sub_schedule", Wire.U8),
            Field("packet", Wire.PACKET, "", "the telecommand, whole"),
        ),
        Hazard.WATCH,
    ),
    CommandRow(22, "report_as_flown", 8, 1, 13, "telemetry", "reports the digest of all that flies"),
    CommandRow(
        23, "list_memories", 8, 1, 14, "memory", "reports every memory that can be dumped and checked",
        timeout_s=600.0,
    ),
    CommandRow(
        24, "start_key", 8, 1, 15, "link", "takes commands under the key of an association", (_SPI,), Hazard.WARNING,
    ),
    CommandRow(
        25, "stop_key", 8, 1, 16, "link", "takes no more commands under the key of an association",
        (_SPI,), Hazard.WARNING,
    ),
    *SERVICE_COMMANDS,
)  # fmt: skip

COMMAND_BY_NAME = {row.name: row for row in COMMANDS}
COMMAND_BY_FUNCTION = {row.function: row for row in COMMANDS if row.function}
COMMAND_BY_SERVICE = {(row.service, row.subtype): row for row in COMMANDS if not row.function}

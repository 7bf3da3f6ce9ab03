"""Why a command failed: the 32-bit code of a PUS ST01 report, its label, and a sentence that takes its values.

Codes under 100 are refusals before anything was done; from 100 on something was begun.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One failure code. `{0}` in the template is the first value that came with it."""

    code: int
    label: str
    template: str


FAILURES: tuple[FailureRow, ...] = (
    FailureRow(1, "wrong_apid", "APID {0:.0f} is not ours"),
    FailureRow(2, "unknown_service", "service {0:.0f} subtype {1:.0f} is not known"),
    FailureRow(3, "unknown_function", "function {0:.0f} is not known"),
    FailureRow(4, "bad_length", "the packet holds {0:.0f} octets of data, which is too few or too many"),
    FailureRow(5, "bad_argument", "argument {0:.0f} cannot be read"),
    FailureRow(6, "out_of_range", "argument {0:.0f} is {1:g}, accepted are {2:g} to {3:g}"),
    FailureRow(7, "illegal_in_mode", "not accepted in the present mode"),
    FailureRow(8, "sequence_reused", "another packet with this sequence count was accepted {0:.0f} s ago"),
    FailureRow(9, "unknown_parameter", "parameter {0:.0f} is not known"),
    FailureRow(10, "not_settable", "parameter {0:.0f} cannot be set"),
    FailureRow(11, "busy", "too many commands wait"),
    FailureRow(12, "not_reportable", "parameter {0:.0f} has no number to report"),
    FailureRow(20, "unknown_model", "no such model package"),
    FailureRow(21, "queue_full", "the job queue is full"),
    FailureRow(22, "unknown_job", "job {0:.0f} is not known"),
    FailureRow(23, "job_final", "job {0:.0f} has ended already"),
    FailureRow(24, "unknown_fault", "no such fault is raised"),
    FailureRow(25, "fault_present", "the cause is still there"),
    FailureRow(26, "mode_refused", "the mode cannot be entered now"),
    FailureRow(27, "store_degraded", "the store does not accept it durably"),
    FailureRow(28, "bad_input", "the input cannot be used"),
    FailureRow(29, "package_refused", "the package is not whole, not signed, or not what it says"),
    FailureRow(30, "not_armed", "command {0:.0f} is hazardous and was not armed"),
    FailureRow(31, "arm_expired", "command {0:.0f} was armed until {1:.1f} s ago"),
    FailureRow(32, "unknown_event", "event {0:.0f} is not known"),
    FailureRow(33, "no_such_structure", "no structure {0:.0f}"),
    FailureRow(34, "structure_exists", "structure {0:.0f} exists"),
    FailureRow(35, "not_deletable", "structure {0:.0f} is built in, or enabled"),
    FailureRow(36, "no_room", "{0:.0f} are the most"),
    FailureRow(37, "no_such_memory", "no such memory"),
    FailureRow(38, "bad_address", "the memory has {0:.0f} octets"),
    FailureRow(39, "too_late", "its time has passed by {0:.0f} s"),
    FailureRow(40, "no_such_activity", "no such activity is scheduled"),
    FailureRow(41, "no_forecast", "the moment cannot be foretold"),
    FailureRow(42, "no_such_monitor", "no watchpoint {0:.0f}"),
    FailureRow(43, "monitor_exists", "watchpoint {0:.0f} exists"),
    FailureRow(44, "no_such_response", "no response to that event"),
    FailureRow(45, "no_such_store", "no such packet store"),
    FailureRow(46, "no_such_repository", "no such repository"),
    FailureRow(47, "no_such_file", "no such file"),
    FailureRow(48, "no_such_operation", "no copy {0:.0f}"),
    FailureRow(49, "time_unknown", "the on-board time is not known"),
    FailureRow(50, "not_authentic", "it does not authenticate"),
    FailureRow(51, "not_wanted", "the state that it asks for holds already"),
    FailureRow(52, "not_hazardous", "command {0:.0f} needs no arming"),
    FailureRow(53, "unknown_key", "there is no association {0:.0f}"),
    FailureRow(54, "last_key", "association {0:.0f} is the last one that runs"),
    FailureRow(55, "unknown_command", "command {0:.0f} is not known"),
    FailureRow(56, "activity_exists", "an activity with this request is scheduled already"),
    FailureRow(57, "file_locked", "the file is in use by a transfer"),
    FailureRow(58, "read_only", "the repository cannot be written to"),
    FailureRow(59, "operation_exists", "copy {0:.0f} exists already"),
    FailureRow(60, "bad_file_name", "that is no file name here"),
    FailureRow(100, "no_answer", "nothing was heard of it for {0:.0f} s"),
    FailureRow(101, "failed", "the execution failed"),
    FailureRow(102, "stopped", "the guard or a command stopped it"),
    FailureRow(103, "timed_out", "it did not end in its time"),
    FailureRow(105, "transfer_failed", "the transfer ended with CFDP condition {0:.0f}"),
    FailureRow(104, "trial_failed", "the package failed its trial; the active version is as before"),
)

FAILURE_BY_CODE = {row.code: row for row in FAILURES}
FAILURE_BY_LABEL = {row.label: row for row in FAILURES}


def failure_code(label: str) -> int:
    """The code of a label; raises KeyError for a label that is not in the table.

    >>> failure_code("out_of_range")
    6
    """
    return FAILURE_BY_LABEL[label].code


def failure_text(code: int, values: tuple[float, ...] = ()) -> str:
    """What a person reads for a code and its values; never fails.

    >>> failure_text(6, (1, 250.0, 0.0, 200.0))
    'out_of_range: argument 1 is 250, accepted are 0 to 200'
    >>> failure_text(6), failure_text(4711, (1.5,))
    ('out_of_range', 'code 4711 [1.5]')
    """
    row = FAILURE_BY_CODE.get(code)
    if row is None:
        return f"code {code} {list(values)}" if values else f"code {code}"
    try:
        return f"{row.label}: {row.template.format(*values)}"
    except (IndexError, ValueError):
        return f"{row.label} {list(values)}" if values else row.label

"""The events: number, name, severity, values in order, and the sentence that a person reads.

A service publishes `Event(time_ns=..., name="mode_changed", values=("NOMINAL", "SAFE", "host silent"))`; `{0}` in
the template is the first value. The `job_*` rows from 10 to 13 are written by telemetry from `JobReport`s: no
service emits them. Source of the four severities: ECSS-E-ST-70-41C, service 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsw.catalogue.rows import Field, Severity, Wire

LOW, MEDIUM, HIGH, INFO = Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.INFO


@dataclass(frozen=True, slots=True)
class EventRow:
    """One kind of event. `template` takes the values by place."""

    id: int
    name: str
    severity: Severity
    template: str
    fields: tuple[Field, ...] = ()


def _event(number: int, name: str, severity: Severity, values: str, template: str) -> EventRow:
    """A row from a line of text: `values` is "name:wire" or "name:wire:unit", separated by blanks."""
    parts = [value.split(":") for value in values.split()]
    fields = tuple(Field(part[0], Wire(part[1]), part[2] if len(part) > 2 else "") for part in parts)
    return EventRow(number, name, severity, template, fields)


WATCHPOINT_VALUES = "monitor:u32 parameter:text state:text value:f64 limit:f64"  # of stale: its age and the age limit

EVENTS: tuple[EventRow, ...] = (
    # the dictionary and telemetry itself
    _event(1, "undeclared_event", LOW, "event:text values:u32", "event {0} with {1} values is not in the dictionary"),
    _event(2, "events_held_back", LOW, "event:text held_back:u32", "{1} more events {0} were held back"),
    _event(
        3, "messages_dropped", LOW, "topic:text subscriber:text dropped:u32",
        "{2} messages of {0} for {1} were dropped",
    ),
    # jobs
    _event(
        10, "job_done", INFO,
        "job:u32 model:text variant:text value:f64 energy:f64:J seconds:f64:s predicted:f64:J predicted_time:f64:s",
        "job {0} done by {1}/{2}: value {3:.3g}, {4:.1f} J of {6:.1f} J predicted, {5:.2f} s of {7:.2f} s",
    ),
    _event(
        11, "job_failed", LOW, "job:u32 model:text attempts:u32 reason:text",
        "job {0} of {1} failed after {2} attempts: {3}",
    ),
    _event(12, "job_expired", INFO, "job:u32 model:text reason:text", "job {0} of {1} expired: {2}"),
    _event(13, "job_cancelled", INFO, "job:u32 model:text reason:text", "job {0} of {1} cancelled: {2}"),
    _event(14, "job_refused", LOW, "model:text reason:text", "job of {0} refused: {1}"),
    _event(15, "job_retried", LOW, "job:u32 attempt:u32 reason:text", "job {0}, attempt {1}: {2}"),
    _event(16, "jobs_recovered", INFO, "jobs:u32 next_job:u32", "{0} jobs found in the store, next is {1}"),
    _event(17, "input_unusable", LOW, "input:text reason:text", "input {0} cannot be used: {1}"),
    _event(18, "model_refused", MEDIUM, "model:text reason:text", "model package {0} refused: {1}"),
    # mode, guard, faults
    _event(20, "mode_changed", MEDIUM, "previous:text mode:text who:text why:text", "mode {0} -> {1} by {2}: {3}"),
    _event(
        21, "guard_trip", HIGH, "limit:text value:f64 bound:f64",
        "guard stopped the payload: {0} is {1:.3f}, bound {2:.3f}",
    ),
    _event(22, "guard_cleared", INFO, "limit:text", "guard lets the payload run again: {0}"),
    _event(23, "fault_raised", MEDIUM, "fault:text why:text", "fault {0}: {1}"),
    _event(24, "fault_cleared", INFO, "fault:text who:text", "fault {0} cleared by {1}"),
    _event(25, "planner_late", LOW, "age:f64:s fallback:text", "prices are {0:.0f} s old: {1}"),
    _event(
        26, "actuator_refused", HIGH, "actuator:text requested:f64 confirmed:f64",
        "{0} did not obey: asked {1:g}, reads {2:g}",
    ),
    _event(
        34, "cap_not_kept", MEDIUM, "setting:text told:f64:W seen:f64:W",
        "power setting {0} draws {2:.1f} W, not {1:.1f} W: it counts with that from now on",
    ),
    _event(
        35, "energy_unbalanced", LOW, "residual:f64 source:text",
        "{0:.1%} of the last orbit's energy does not add up: {1}",
    ),
    _event(27, "worker_stopped", MEDIUM, "why:text", "worker stopped: {0}"),
    _event(
        28, "worker_ready", INFO, "options:text sessions:u32 seconds:f64:s resident:f64:MiB",
        "worker ready with options {0}: {1} sessions in {2:.2f} s, {3:.0f} MiB resident",
    ),
    _event(
        29, "worker_recycled", INFO, "runs:u32 grown:f64:MiB",
        "worker replaced after {0} runs, grown by {1:.0f} MiB",
    ),
    _event(
        19, "model_loaded", INFO, "variant:text seconds:f64:s size:f64:MiB evicted:u32",
        "{0} loaded in {1:.3f} s, {2:.1f} MiB, {3} others evicted for it",
    ),
    # sensing and radiation
    _event(30, "channel_missing", MEDIUM, "channel:text reason:text", "channel {0} is missing: {1}"),
    _event(31, "channel_back", INFO, "channel:text", "channel {0} is back"),
    _event(32, "upset_detected", LOW, "new:u32 total:u32", "{0} upsets corrected, {1} in all"),
    _event(
        33, "latchup_suspected", HIGH, "rail:text excess:f64",
        "latch-up suspected on {0}: {1:.2f} above what was expected",
    ),
    # the host
    _event(
        40, "allocation_changed", INFO, "mean:f64:W peak:f64:W energy:f64:J valid:f64:s",
        "host grants {0:.1f} W mean, {1:.1f} W peak, {2:.0f} J for {3:.0f} s",
    ),
    _event(41, "allocation_expired", MEDIUM, "age:f64:s", "the host's allocation expired {0:.0f} s ago"),
    _event(42, "host_silent", MEDIUM, "silent:f64:s", "no word from the host for {0:.0f} s"),
    _event(43, "host_back", INFO, "silent:f64:s", "the host is back after {0:.0f} s"),
    _event(44, "host_safing", HIGH, "why:text", "the host asks for safe: {0}"),
    _event(45, "power_off_notice", HIGH, "in:f64:s", "power goes off in {0:.1f} s"),
    _event(46, "quiesced", INFO, "left:f64:s", "quiet and synced {0:.2f} s before the cut"),
    # processes and store
    _event(50, "started", INFO, "service:text", "{0} started"),
    _event(51, "unclean_boot", MEDIUM, "evidence:text", "the last run did not end cleanly: {0}"),
    _event(52, "worker_restarted", MEDIUM, "model:text why:text", "worker {0} restarted: {1}"),
    _event(
        53, "service_restarted", MEDIUM, "service:text times:u32 why:text",
        "service {0} restarted, {1} times now: {2}",
    ),
    _event(54, "service_failed", HIGH, "service:text why:text", "service {0} failed: {1}"),
    _event(55, "step_failed", MEDIUM, "service:text error:text", "a step of {0} failed: {1}"),
    _event(56, "store_degraded", MEDIUM, "why:text", "the store is degraded: {0}"),
    _event(57, "store_back", INFO, "degraded:f64:s", "the store works again after {0:.0f} s"),
    # commands
    _event(60, "command_refused", LOW, "command:text why:text", "command {0} refused: {1}"),
    _event(61, "packet_refused", LOW, "octets:u32 why:text", "a packet of {0} octets was refused: {1}"),
    _event(62, "command_repeated", LOW, "request:u32", "request {0:#010x} was received again and not executed again"),
    _event(63, "command_untracked", LOW, "request:u32", "request {0:#010x} is executed without watching its progress"),
    _event(64, "parameter_set", INFO, "parameter:text value:f64", "{0} set to {1:g}"),
    _event(65, "command_armed", LOW, "command:text seconds:f64:s", "{0} is armed for {1:.0f} s"),
    # the link
    _event(
        110, "link_ready", INFO, "profile:text spi:u32 floor:u64",
        "the link speaks {0}; under SPI {1} counters up to {2} are used",
    ),
    _event(111, "link_insecure", MEDIUM, "profile:text", "commands are taken from anybody: profile {0}"),
    _event(
        112, "link_rejected", LOW, "reason:text spi:u32 floor:u64",
        "an uplink had no effect: {0} (SPI {1}, counters up to {2} are used)",
    ),
    _event(
        113, "link_control_frame", MEDIUM, "frames:u32",
        "{0} control frames have set the order of commands (nobody signs them)",
    ),
    _event(
        114, "link_counter_lost", HIGH, "channel:u32 first_key:u32",
        "the anti-replay counter of channel {0} is lost: answer with contingency key {1} or a later one",
    ),
    _event(
        115, "link_recovered", MEDIUM, "channel:u32 key:u32 kept:text",
        "channel {0} is recovered with contingency key {1} ({2})",
    ),
    _event(116, "link_key_changed", MEDIUM, "spi:u32 state:text", "the key of SPI {0} is {1} now"),
    # model packages; 18 and 19 among the jobs
    _event(70, "model_installed", INFO, "model:text version:text", "model {0} {1} is on board and waits for its trial"),
    _event(
        71, "model_activated", INFO, "model:text version:text probation:u32",
        "model {0} {1} is active, its first {2} jobs on probation",
    ),
    _event(72, "model_trial_failed", MEDIUM, "model:text why:text", "model {0} failed its trial: {1}"),
    _event(
        73, "model_rolled_back", MEDIUM, "model:text to:text why:text", "model {0} went back to version {1}: {2}",
    ),
    _event(
        74, "model_repaired", LOW, "model:text file:text files:u32",
        "file {1} of model {0} was damaged: {2} files mended from the second copy",
    ),
    _event(75, "model_damaged", HIGH, "model:text file:text", "file {1} of model {0} is damaged and cannot be mended"),
    # the schedule
    _event(
        80, "activity_released", INFO, "source:u32 apid:u32 count:u32 late:f64:s",
        "activity {2} of source {0} released, {3:.1f} s after its time",
    ),
    _event(
        81, "activity_skipped", MEDIUM, "source:u32 apid:u32 count:u32 late:f64:s why:text",
        "activity {2} of source {0} was not released: {4}",
    ),
    _event(
        82, "activity_in_doubt", MEDIUM, "source:u32 apid:u32 count:u32",
        "activity {2} of source {0} was being released when the power went; it is not released again",
    ),
    _event(83, "schedule_waits", LOW, "activities:u32", "{0} activities wait: the on-board time is not known"),
    _event(84, "schedule_goes_on", INFO, "activities:u32", "on-board time is known: {0} activities are served again"),
    _event(85, "schedule_damaged", MEDIUM, "why:text", "the schedule as saved is damaged: {0}"),
    # the fault table
    _event(90, "fault_table_damaged", MEDIUM, "why:text", "the fault table as saved is damaged: {0}"),
    _event(
        91, "response_fired", MEDIUM, "event:text command:text outcome:text", "event {0}: response {1} {2}",
    ),
    _event(
        92, "response_held_back", LOW, "event:text times:u32 wait:f64:s",
        "the response to {0} was held back {1} times; again in {2:.0f} s at the earliest",
    ),
    *(
        _event(number, name, severity, WATCHPOINT_VALUES, "watchpoint {0}: {1} is {2}: {3:.4g} against {4:.4g}")
        for number, name, severity in (
            (120, "payload_too_hot", HIGH), (121, "battery_too_hot", HIGH), (122, "battery_too_cold", MEDIUM),
            (123, "battery_too_low", HIGH), (124, "bus_overloaded", HIGH), (125, "services_quiet", MEDIUM),
            (126, "watchpoint_low", LOW), (127, "watchpoint_high", LOW), (128, "watchpoint_1", MEDIUM),
            (129, "watchpoint_2", MEDIUM), (130, "watchpoint_3", MEDIUM), (131, "watchpoint_4", MEDIUM),
        )
    ),
    # downlink, packet stores and files
    _event(
        100, "downlink_deferred", LOW, "kind:text packets:u32 in:f64:s",
        "{1} packets of {0} do not go down in this pass: expected in {2:.0f} s",
    ),
    _event(101, "contact_begun", INFO, "station:text seconds:f64:s", "contact by {0} for {1:.0f} s"),
    _event(102, "contact_ended", INFO, "station:text waiting:u32", "contact by {0} over, {1} packets wait"),
    _event(103, "store_overwritten", LOW, "store:text packets:u32", "{1} packets of store {0} gave way to newer ones"),
    _event(104, "file_received", INFO, "file:text size:u64", "{0} received, {1} octets"),
    _event(105, "file_sent", INFO, "file:text size:u64", "{0} is on the ground, {1} octets"),
    _event(106, "file_failed", LOW, "file:text why:text", "{0}: {1}"),
    _event(107, "as_flown", INFO, "whole:text", "as flown: {0}"),
    _event(108, "price_table_bad", MEDIUM, "why:text", "the table of prices cannot be used: {0}"),
    _event(109, "telemetry_unsaved", MEDIUM, "why:text", "choices of telemetry hold until the next start: {0}"),
    _event(117, "file_copied", INFO, "file:text size:u64", "{0} copied, {1} octets"),
    _event(118, "file_dropped", LOW, "file:text why:text", "{0} deleted: {1}"),
    _event(
        119, "transfers_resumed", INFO, "resumed:u32 given_up:u32",
        "{0} transfers go on after a restart, {1} were given up",
    ),
    _event(132, "retrieval_ended", INFO, "store:text packets:u32", "retrieval from {0} ended after {1} packets"),
)  # fmt: skip

EVENT_BY_NAME = {row.name: row for row in EVENTS}
EVENT_BY_ID = {row.id: row for row in EVENTS}


def event_text(name: str, values: tuple[float | int | str, ...]) -> str:
    """The sentence that a person reads; never fails.

    >>> event_text("host_silent", (30.4,))
    'no word from the host for 30 s'
    >>> event_text("host_silent", ())
    'host_silent ()'
    """
    try:
        return EVENT_BY_NAME[name].template.format(*values)
    except (KeyError, IndexError, ValueError):
        return f"{name} {values}"

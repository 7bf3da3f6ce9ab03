"""The parameters: what telemetry reports, and what a command may set.

`source` says where a value comes from: `topic.field` is the latest message of that topic (`samples.CHANNEL` a
channel of the board), `count.service.name` a counter of a service beside telemetry, `set.owner` a parameter that
the owner takes from `ParameterSet` messages. `low` and `high` of a settable one are the values that a command may
give; of a measured one, what the quantity can be (a value outside is sent as it is).
"""

from __future__ import annotations

from dataclasses import dataclass

from fsw.catalogue.rows import MODES, YES_NO, Wire

U8, U32, U64, F32, F64, LABEL, NAME = Wire.U8, Wire.U32, Wire.U64, Wire.F32, Wire.F64, Wire.LABEL, Wire.NAME


LINK_PROFILES = ("packets", "packets+mac", "frames", "frames+sdls")


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One parameter."""

    id: int
    name: str
    wire: Wire
    unit: str
    source: str
    meaning: str
    low: float | None = None
    high: float | None = None
    labels: tuple[str, ...] = ()
    default: float | None = None

    @property
    def is_settable(self) -> bool:
        """True when the command set_parameter accepts it."""
        return self.source.startswith("set.")

    @property
    def owner(self) -> str:
        """The service that takes a settable parameter; else the topic or counter it comes from."""
        return self.source.split(".")[1 if self.is_settable else 0]


P = ParameterRow

PARAMETERS: tuple[ParameterRow, ...] = (
    # power and battery
    P(1, "soc", F32, "1", "plant.soc", "state of charge", 0.0, 1.0),
    P(2, "worst_soc", F32, "1", "plant.worst_soc", "lowest credible state of charge", 0.0, 1.0),
    P(3, "energy_above_floor_j", F32, "J", "plant.energy_above_floor_j", "what the battery gives before its floor"),
    P(4, "worst_energy_above_floor_j", F32, "J", "plant.worst_energy_above_floor_j", "the same at worst"),
    P(5, "battery_power_w", F32, "W", "plant.battery_power_w", "from the battery, negative while charging"),
    P(6, "array_power_w", F32, "W", "plant.array_power_w", "from the solar array"),
    P(7, "bus_power_w", F32, "W", "plant.bus_power_w", "all that draws"),
    P(8, "worst_bus_power_w", F32, "W", "plant.worst_bus_power_w", "all that draws, at worst"),
    P(9, "payload_power_w", F32, "W", "plant.payload_power_w", "drawn by the payload computer"),
    P(10, "worst_payload_power_w", F32, "W", "plant.worst_payload_power_w", "the same at worst"),
    P(11, "battery_voltage_v", F32, "V", "samples.battery_voltage_v", "pack voltage", 0.0, 1000.0),
    P(12, "battery_current_a", F32, "A", "samples.battery_current_a", "positive while discharging", -1000.0, 1000.0),
    P(13, "allocation_mean_w", F32, "W", "host.allocation.mean_w", "mean power granted by the host"),
    P(14, "allocation_peak_w", F32, "W", "host.allocation.peak_w", "peak power granted by the host"),
    P(15, "allocation_energy_j", F32, "J", "host.allocation.energy_j", "energy granted by the host"),
    P(16, "host_sunlit", LABEL, "", "host.is_sunlit", "sun or eclipse, as the host says", labels=YES_NO),
    P(17, "host_safing", LABEL, "", "host.safing", "the host asks for safe", labels=YES_NO),
    # thermal
    P(30, "payload_temp_c", F32, "degC", "plant.payload_temp_c", "payload computer", -100.0, 150.0),
    P(31, "worst_payload_temp_c", F32, "degC", "plant.worst_payload_temp_c", "the same at worst", -100.0, 150.0),
    P(32, "battery_temp_c", F32, "degC", "samples.battery_temp_c", "battery", -100.0, 150.0),
    P(33, "worst_battery_temp_c", F32, "degC", "plant.worst_battery_temp_c", "the same at worst", -100.0, 150.0),
    P(34, "radiator_temp_c", F32, "degC", "samples.radiator_temp_c", "payload radiator", -150.0, 150.0),
    # mode, envelope, queue
    P(50, "mode", LABEL, "", "mode.mode", "operating mode", labels=MODES),
    P(51, "envelope_run", LABEL, "", "envelope.run", "the guard lets the payload run", labels=YES_NO),
    P(52, "envelope_power_w", F32, "W", "envelope.power_w", "power above idle that a job may add"),
    P(53, "envelope_energy_j", F32, "J", "envelope.energy_j", "energy above idle that jobs may take"),
    P(54, "envelope_bound_by", NAME, "", "envelope.bound_by", "the limit that binds the guard"),
    P(55, "jobs_queued", U32, "", "queue.queued", "jobs that wait"),
    P(56, "job_running", U32, "", "queue.running", "number of the job that runs, 0 when idle"),
    P(57, "jobs_done", U32, "", "queue.done", "jobs done since start"),
    P(58, "jobs_failed", U32, "", "queue.failed", "jobs failed since start"),
    P(59, "jobs_expired", U32, "", "queue.expired", "jobs expired since start"),
    P(60, "jobs_cancelled", U32, "", "queue.cancelled", "jobs cancelled since start"),
    P(61, "jobs_refused", U32, "", "queue.refused", "jobs turned away since start"),
    P(62, "value_done", F64, "", "queue.value", "value of the jobs done"),
    P(63, "energy_used_j", F64, "J", "queue.energy_j", "energy of all attempts"),
    P(64, "prediction_error", F32, "1", "queue.prediction_error", "mean relative error of predicted energy"),
    P(65, "energy_price", F32, "1/J", "queue.energy_price", "value of one more joule"),
    P(66, "queue_bound_by", NAME, "", "queue.bound_by", "what keeps the next job from starting"),
    P(67, "energy_lost_j", F64, "J", "queue.lost_j", "of that, by attempts that failed"),
    P(68, "energy_residual", F32, "1", "queue.energy_residual", "of the last orbit's energy, what does not add up"),
    # accounting and health
    P(80, "bus_sent", F64, "", "bus.sent", "messages sent, all processes"),
    P(81, "bus_delivered", F64, "", "bus.delivered", "messages read by their subscriber"),
    P(82, "bus_dropped", F64, "", "bus.dropped", "messages overwritten or rejected by policy"),
    P(83, "bus_in_flight", U32, "", "bus.in_flight", "messages that wait"),
    P(84, "services_alive", U8, "", "health.alive", "services heard of within three beats"),
    P(85, "services_silent", U8, "", "health.silent", "services heard of before and silent since"),
    P(86, "packets_sent", U32, "", "count.telemetry.packets_sent", "telemetry packets written"),
    P(87, "packets_lost", U32, "", "count.telemetry.packets_lost", "telemetry packets that the link did not take"),
    P(88, "events_sent", U32, "", "count.telemetry.events_sent", "event reports written"),
    P(89, "events_held_back", U32, "", "count.telemetry.events_held_back", "events counted instead of sent"),
    P(90, "events_undeclared", U32, "", "count.telemetry.events_undeclared", "events unknown to the dictionary"),
    P(91, "commands_accepted", U32, "", "count.command.accepted", "telecommands accepted"),
    P(92, "commands_refused", U32, "", "count.command.refused", "telecommands refused with a report"),
    P(93, "commands_repeated", U32, "", "count.command.repeated", "telecommands received again and dropped"),
    P(94, "packets_refused", U32, "", "count.command.garbage", "received packets that were no telecommand"),
    P(95, "uptime_s", F64, "s", "health.uptime_s", "since telemetry started"),
    # radiation
    P(110, "dose_rate_ugy_s", F32, "uGy/s", "plant.dose_rate_ugy_s", "dose rate behind the payload's shield"),
    P(111, "upsets", U32, "", "plant.upsets", "memory errors counted since start"),
    P(112, "corrected_errors", U32, "", "samples.corrected_errors", "memory errors corrected"),
    P(113, "uncorrected_errors", U32, "", "samples.uncorrected_errors", "memory errors not corrected"),
    # the space link
    P(120, "link_profile", LABEL, "", "count.link.profile", "how the space link is spoken", labels=LINK_PROFILES),
    P(121, "link_spi", U32, "", "count.link.spi", "association of the last command taken, 0 without security"),
    P(
        122,
        "link_floor",
        U64,
        "",
        "count.link.floor",
        "newest counter of link_spi that is refused: the ground goes on above it",
    ),
    P(
        123,
        "link_lost",
        LABEL,
        "",
        "count.link.lost",
        "the anti-replay counter is lost: only a contingency key helps",
        labels=YES_NO,
    ),
    P(124, "link_taken", U32, "", "count.link.taken", "packets handed to the command service"),
    P(
        125,
        "link_rejected",
        U32,
        "",
        "count.link.rejected",
        "received octet strings without effect, all reasons together",
    ),
    P(
        126,
        "link_unprotected",
        U32,
        "",
        "count.link.unprotected",
        "of those: not protected where protection is asked for",
    ),
    P(127, "link_truncated", U32, "", "count.link.truncated", "of those: shorter than security header and MAC"),
    P(128, "link_unknown_spi", U32, "", "count.link.unknown_spi", "of those: no such association"),
    P(129, "link_stopped", U32, "", "count.link.stopped", "of those: under a key that was stopped"),
    P(130, "link_counter_lost", U32, "", "count.link.counter_lost", "of those: while the counter is lost"),
    P(131, "link_forged", U32, "", "count.link.forged", "of those: wrong MAC"),
    P(132, "link_repeated", U32, "", "count.link.repeated", "of those: counter used before, or older"),
    P(133, "link_beyond_window", U32, "", "count.link.beyond_window", "of those: counter too far ahead"),
    P(134, "link_not_kept", U32, "", "count.link.not_kept", "of those: no durable counter, the store is away"),
    P(
        135,
        "link_answers_refused",
        U32,
        "",
        "count.link.answers_refused",
        "of those: answers to a challenge that are wrong",
    ),
    P(136, "link_no_unit", U32, "", "count.link.no_unit", "of those: no code block or no frame in it"),
    P(137, "link_bad_checksum", U32, "", "count.link.bad_checksum", "of those: frames with a wrong checksum"),
    P(138, "link_bad_frame", U32, "", "count.link.bad_frame", "of those: frames not for us, or malformed"),
    P(139, "link_bad_packet", U32, "", "count.link.bad_packet", "of those: frames whose data is no packet"),
    P(140, "link_not_taken", U32, "", "count.link.not_taken", "of those: frames that FARM-1 did not take"),
    P(141, "link_control", U32, "", "count.link.control", "control frames: Unlock, Set V(R)"),
    P(142, "link_corrected_bits", U32, "", "count.link.corrected_bits", "bits that the code of the uplink corrected"),
    P(143, "link_frames_sent", U32, "", "count.link.frames_sent", "telemetry frames"),
    P(144, "link_unsaved", U32, "", "count.link.unsaved", "times that the store did not keep a counter"),
    P(96, "commands_unarmed", U32, "", "count.command.unarmed", "hazardous commands that were not armed"),
    # downlink, packet stores, schedule, fault table, files
    P(150, "in_contact", LABEL, "", "contact.in_contact", "the ground hears us", labels=YES_NO),
    P(151, "downlink_queued", U32, "", "count.telemetry.downlink_queued", "packets that wait for the ground"),
    P(152, "downlink_dropped", U32, "", "count.telemetry.downlink_dropped", "packets that did not fit the queue"),
    P(
        153,
        "downlink_next_s",
        F32,
        "s",
        "count.telemetry.downlink_next_s",
        "until what waits is expected down; 0 when nothing waits",
    ),
    P(
        154,
        "packets_withheld",
        U32,
        "",
        "count.telemetry.packets_withheld",
        "packets that a command or the want of contact kept on board",
    ),
    P(155, "packets_unstored", U32, "", "count.telemetry.packets_unstored", "packets that no packet store took"),
    P(156, "events_disabled", U32, "", "count.telemetry.events_disabled", "events not sent because they are disabled"),
    P(
        157,
        "reports_undeclared",
        U32,
        "",
        "count.telemetry.reports_undeclared",
        "reports unknown to the dictionary",
    ),
    P(180, "packets_stored", U32, "", "count.archive.stored", "packets written to packet stores"),
    P(181, "packets_waiting", U32, "", "count.archive.waiting", "packets in memory that will be written"),
    P(
        182,
        "packets_overwritten",
        U32,
        "",
        "count.archive.lost",
        "packets that gave way before they were retrieved",
    ),
    P(183, "packets_damaged", U32, "", "count.archive.damaged", "stored packets that cannot be read"),
    P(184, "archive_degraded", LABEL, "", "count.archive.degraded", "packet stores live in memory", labels=YES_NO),
    P(185, "packets_retrieved", U32, "", "count.archive.retrieved", "packets read back"),
    P(186, "records_waiting", U32, "", "count.store.waiting", "records that wait for the disk"),
    P(187, "records_lost", U32, "", "count.store.lost", "records that the disk did not take"),
    P(160, "activities_waiting", U32, "", "count.schedule.waiting", "scheduled commands"),
    P(161, "activities_released", U32, "", "count.schedule.released", "scheduled commands released"),
    P(162, "activities_skipped", U32, "", "count.schedule.skipped", "scheduled commands not released"),
    P(165, "monitors_violated", U32, "", "count.faults.violated", "watchpoints beyond a limit, or stale"),
    P(166, "monitor_trips", U32, "", "count.faults.trips", "times that a watchpoint went beyond its limit"),
    P(167, "responses_fired", U32, "", "count.faults.fired", "commands sent in response to events"),
    P(170, "files_received", U32, "", "count.files.received", "files that came whole"),
    P(171, "files_sent", U32, "", "count.files.sent", "files that the ground has whole"),
    P(172, "files_failed", U32, "", "count.files.failed", "transfers that did not end well"),
    P(173, "files_refused", U32, "", "count.files.refused", "protocol data units without effect"),
    # what a command may set
    P(200, "payload_power_limit_w", F64, "W", "set.guard", "most power above idle for one job", 0.0, 1e6, (), 1e6),
    P(201, "energy_reserve_j", F64, "J", "set.guard", "energy kept back above the floor", 0.0, 3.6e9, (), 0.0),
    P(202, "temp_margin_c", F64, "degC", "set.guard", "kept below the payload's limit", 0.0, 20.0, (), 0.0),
    P(211, "power_interval_s", F64, "s", "set.telemetry", "interval of structure 1", 1.0, 3600.0, (), 10.0),
    P(212, "thermal_interval_s", F64, "s", "set.telemetry", "interval of structure 2", 1.0, 3600.0, (), 10.0),
    P(213, "governor_interval_s", F64, "s", "set.telemetry", "interval of structure 3", 1.0, 3600.0, (), 10.0),
    P(214, "health_interval_s", F64, "s", "set.telemetry", "interval of structure 4", 1.0, 3600.0, (), 30.0),
    P(215, "radiation_interval_s", F64, "s", "set.telemetry", "interval of structure 5", 1.0, 3600.0, (), 30.0),
    P(216, "link_interval_s", F64, "s", "set.telemetry", "interval of structure 6", 1.0, 3600.0, (), 30.0),
    P(217, "autonomy_interval_s", F64, "s", "set.telemetry", "interval of structure 7", 1.0, 3600.0, (), 60.0),
    P(220, "responses_passive", F64, "1", "set.faults", "1: responses are told and not sent", 0.0, 1.0, (), 0.0),
    P(
        221,
        "schedule_late_s",
        F64,
        "s",
        "set.schedule",
        "activities later than that are skipped",
        0.0,
        86400.0,
        (),
        60.0,
    ),
)

PARAMETER_BY_NAME = {row.name: row for row in PARAMETERS}
PARAMETER_BY_ID = {row.id: row for row in PARAMETERS}

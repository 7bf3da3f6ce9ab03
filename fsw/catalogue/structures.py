"""The housekeeping structures of PUS ST03: number, parameters in order, and the parameter that sets the interval."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StructureRow:
    """One structure. Its default interval is the default of `interval`, in seconds."""

    id: int
    name: str
    interval: str
    parameters: tuple[str, ...]


STRUCTURES: tuple[StructureRow, ...] = (
    StructureRow(
        1, "power", "power_interval_s",
        (
            "soc", "worst_soc", "energy_above_floor_j", "worst_energy_above_floor_j", "battery_power_w",
            "array_power_w", "bus_power_w", "worst_bus_power_w", "payload_power_w", "worst_payload_power_w",
            "battery_voltage_v", "battery_current_a", "allocation_mean_w", "allocation_peak_w",
            "allocation_energy_j", "host_sunlit", "host_safing",
        ),
    ),
    StructureRow(
        2, "thermal", "thermal_interval_s",
        ("payload_temp_c", "worst_payload_temp_c", "battery_temp_c", "worst_battery_temp_c", "radiator_temp_c"),
    ),
    StructureRow(
        3, "governor", "governor_interval_s",
        (
            "mode", "envelope_run", "envelope_power_w", "envelope_energy_j", "envelope_bound_by", "jobs_queued",
            "job_running", "jobs_done", "jobs_failed", "jobs_expired", "jobs_cancelled", "jobs_refused",
            "value_done", "energy_used_j", "prediction_error", "energy_price", "queue_bound_by",
            "energy_lost_j", "energy_residual",
        ),
    ),
    StructureRow(
        4, "health", "health_interval_s",
        (
            "bus_sent", "bus_delivered", "bus_dropped", "bus_in_flight", "services_alive", "services_silent",
            "packets_sent", "packets_lost", "events_sent", "events_held_back", "events_undeclared",
            "commands_accepted", "commands_refused", "commands_repeated", "packets_refused", "uptime_s",
        ),
    ),
    StructureRow(
        5, "radiation", "radiation_interval_s",
        ("dose_rate_ugy_s", "upsets", "corrected_errors", "uncorrected_errors"),
    ),
    StructureRow(
        6, "link", "link_interval_s",
        (
            "link_profile", "link_spi", "link_floor", "link_lost", "link_taken", "link_rejected", "link_unprotected",
            "link_truncated", "link_unknown_spi", "link_stopped", "link_counter_lost", "link_forged", "link_repeated",
            "link_beyond_window", "link_not_kept", "link_answers_refused", "link_no_unit", "link_bad_checksum",
            "link_bad_frame", "link_bad_packet", "link_not_taken", "link_control", "link_corrected_bits",
            "link_frames_sent", "link_unsaved", "commands_unarmed",
        ),
    ),
    StructureRow(
        7, "autonomy", "autonomy_interval_s",
        (
            "in_contact", "downlink_queued", "downlink_dropped", "downlink_next_s", "packets_withheld",
            "packets_unstored", "events_disabled", "reports_undeclared", "packets_stored", "packets_waiting",
            "packets_overwritten", "packets_damaged", "archive_degraded", "packets_retrieved", "records_waiting",
            "records_lost", "activities_waiting", "activities_released", "activities_skipped", "monitors_violated",
            "monitor_trips", "responses_fired", "files_received", "files_sent", "files_failed", "files_refused",
        ),
    ),
)  # fmt: skip

STRUCTURE_BY_ID = {row.id: row for row in STRUCTURES}
STRUCTURE_BY_NAME = {row.name: row for row in STRUCTURES}

"""The figures of a flight: they add up, they are the same each time, and a person can read them."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from fsw.messages import JobState
from tools.flight.printout import print_summary
from tools.flight.record import Approach, Comparison, FlightRecord, Violation
from tools.flight.summary import joule_unit, margin_of, summarise


def empty_record() -> FlightRecord:
    return FlightRecord(
        scenario="empty", title="Nothing", about="", seed=0, duration_s=0.0, executed=False, epoch_utc="2026-01-01"
    )


def printed(record: FlightRecord) -> str:
    console = Console(file=io.StringIO(), width=120)
    print_summary(record, console)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_models_and_variants_add_up_to_the_total(flight_record: FlightRecord) -> None:
    summary = summarise(flight_record)
    models = summary["models"].values()
    variants = [row for model in models for row in model["variants"].values()]
    for rows in (models, variants):
        assert sum(row["done"] for row in rows) == summary["jobs"]["done"]
        assert sum(row["value"] for row in rows) == pytest.approx(summary["value"])
        assert sum(row["energy_of_done_j"] for row in rows) == pytest.approx(summary["energy_of_done_j"])


def test_every_job_that_came_is_somewhere(flight_record: FlightRecord) -> None:
    jobs = summarise(flight_record)["jobs"]
    ends = ("done", "failed", "expired", "cancelled", "waiting_at_end")
    assert sum(jobs[end] for end in ends) == jobs["arrived"] == 300


def test_every_message_is_accounted_for(flight_record: FlightRecord) -> None:
    messages = summarise(flight_record)["messages"]
    assert messages["topics"]["plant"] == {
        "sent": 22_680, "delivered": 22_670, "dropped": 9, "in_flight": 1, "unaccounted": 0,
    }  # fmt: skip
    assert messages["sent"] == sum(row["sent"] for row in messages["topics"].values())


def test_a_lost_message_shows(flight_record: FlightRecord) -> None:
    first, *rest = flight_record.counts
    flight_record.counts = (replace(first, delivered=first.delivered - 3), *rest)
    assert summarise(flight_record)["messages"]["unaccounted"] == 3


def test_prediction_error_is_relative_to_the_prediction(flight_record: FlightRecord) -> None:
    job = next(job for job in flight_record.jobs if job.state is JobState.DONE)
    flight_record.jobs = [
        replace(job, energy_j=110.0, predicted_j=100.0),
        replace(job, energy_j=70.0, predicted_j=100.0),
    ]
    assert summarise(flight_record)["prediction_error"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("limit", "closest", "bound", "margin"),
    [("battery_floor_soc", 0.75, 0.7, 0.05), ("payload_low_c", -21.0, -20.0, -1.0), ("bus_power_w", 64.0, 80.0, 16.0)],
)
def test_margin_is_positive_on_the_safe_side(limit: str, closest: float, bound: float, margin: float) -> None:
    assert margin_of(Approach(limit=limit, closest=closest, bound=bound, at_s=0.0)) == pytest.approx(margin)


def test_ratios_are_over_the_best_static_policy_that_broke_nothing(flight_record: FlightRecord) -> None:
    flight_record.comparisons.append(Comparison(policy="static, frugal", value=10.0, energy_j=1.0, violations=0))
    summary = summarise(flight_record)
    assert summary["policies"]["ratio_over_best_static"] == pytest.approx(summary["value"] / 140.0)
    assert summary["policies"]["ratio_over_hysteresis"] == pytest.approx(summary["value"] / 120.0)


def test_modes_last_until_the_next_one(flight_record: FlightRecord) -> None:
    seconds = summarise(flight_record)["modes"]["seconds"]
    assert seconds == {"BOOT": 60.0, "ECLIPSE_SAVE": 35.0 * 60.0, "NOMINAL": 33.0 * 60.0 + 11_340.0 - 69.0 * 60.0}


def test_eclipses_are_counted(flight_record: FlightRecord) -> None:
    eclipse = summarise(flight_record)["eclipse"]
    assert eclipse["entered"] == 2
    assert eclipse["fraction"] == pytest.approx(2_130.0 / 5_670.0, abs=0.01)


def test_an_event_outside_the_dictionary_still_counts(flight_record: FlightRecord) -> None:
    events = summarise(flight_record)["events"]
    assert events["by_name"]["made_up"] == 1
    assert sum(events["by_severity"].values()) == events["total"] == 6


def test_it_is_json_and_the_same_each_time(flight_record: FlightRecord) -> None:
    text = json.dumps(summarise(flight_record), allow_nan=False)
    assert text == json.dumps(summarise(flight_record), allow_nan=False)


@pytest.mark.parametrize("record", [empty_record()])
def test_a_flight_without_anything_has_a_summary(record: FlightRecord) -> None:
    summary = summarise(record)
    assert summary["value"] == 0 and summary["prediction_error"] is None and summary["value_per_j"] is None
    assert "No limit was broken" in printed(record)


def test_the_printed_page_names_models_limits_and_messages(flight_record: FlightRecord) -> None:
    page = printed(flight_record)
    for wanted in ("telemetry-anomaly", "battery_floor_soc", "No limit was broken", "unaccounted", "best static"):
        assert wanted in page


def test_a_broken_limit_stands_out(flight_record: FlightRecord) -> None:
    flight_record.violations.append(
        Violation(limit="payload_high_c", first_s=120.0, seconds=9.0, worst=46.2, bound=45.0)
    )
    assert "1 LIMITS BROKEN" in printed(flight_record)


def test_a_data_centre_is_told_in_megajoules_and_a_cubesat_in_kilojoules(flight_record: FlightRecord) -> None:
    summary = summarise(flight_record)
    assert joule_unit(summary) == (1e3, "kJ")
    assert joule_unit({**summary, "energy_of_done_j": 1.06e9}) == (1e6, "MJ")
    large = replace(flight_record, jobs=[replace(job, energy_j=1e4 * job.energy_j) for job in flight_record.jobs])
    assert "value/MJ" in printed(large)
    assert "value/kJ" in printed(flight_record)

"""What the console knows: the last values with their quality, courses in bounded memory, nights, jobs, alarms."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.catalogue.events import EVENT_BY_NAME, event_text
from fsw.catalogue.wire import Value
from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tools.ground.console.alarms import ALARMS_MOST, AlarmError, Alarms
from tools.ground.console.hearing import STEPPED_NS
from tools.ground.console.picture import EVENTS_MOST, Moment, Picture
from tools.ground.console.sent import Sent, deadline_ns
from tools.ground.console.trend import BUCKETS_MOST, SLACK, Trend
from tools.ground.console.values import Quality
from tools.ground.decoder import Content, Happened, Record, Reported, Sampled, Samples, Undecoded
from tools.ground.verifier import STAGES, State, Verifier

EPOCH_S = 1_795_132_800  # 2026-11-20T00:00:00Z
ORBIT_S, NIGHT_S = 5_670, 2_130


def record(content: Content, at_s: float, *, sequence: int = 0, missed: int = 0) -> Record:
    """A record made `at_s` after the epoch on board, and received two seconds later."""
    generated_ns = round((EPOCH_S + at_s) * SECOND_NS)
    return Record(
        generated_ns=generated_ns,
        received_ns=generated_ns + 2 * SECOND_NS,
        time_quality="synchronised",
        apid=0x42,
        sequence=sequence,
        service=3,
        subtype=25,
        missed=missed,
        content=content,
    )


def samples(structure: str, **values: Value | None) -> Samples:
    return Samples(structure=structure, values=tuple(Sampled(name=n, value=v, unit="") for n, v in values.items()))


def happened(name: str, *values: Value) -> Happened:
    severity = EVENT_BY_NAME[name].severity.name.lower()
    return Happened(name=name, severity=severity, values=values, text=event_text(name, values))


def take(picture: Picture, content: Content, at_s: float, now_s: float | None = None) -> None:
    picture.take(record(content, at_s), round((at_s if now_s is None else now_s) * SECOND_NS))


def quality(picture: Picture, name: str, now_s: float) -> Quality:
    return picture.values.shown(name, round(now_s * SECOND_NS)).quality


def test_a_value_is_never_valid_missing_or_stale() -> None:
    picture = Picture()
    assert quality(picture, "soc", 0.0) is Quality.NEVER
    take(picture, samples("power", soc=0.5, worst_soc=None), 10.0)
    assert quality(picture, "soc", 29.0) is Quality.VALID
    assert quality(picture, "worst_soc", 29.0) is Quality.MISSING
    assert quality(picture, "soc", 31.0) is Quality.STALE  # twice the ten seconds of its structure


def test_what_comes_slower_than_usual_is_stale_later_and_a_burst_makes_nothing_stale_sooner() -> None:
    picture = Picture()
    for at_s in (0.0, 50.0):
        take(picture, samples("power", soc=0.5), at_s)
    assert quality(picture, "soc", 149.0) is Quality.VALID
    for at_s in (150.0, 150.1, 150.2, 150.3):
        take(picture, samples("power", soc=0.5), at_s)
    assert quality(picture, "soc", 170.0) is Quality.VALID


def test_both_times_and_the_limits_stand_with_a_value() -> None:
    picture = Picture()
    take(picture, samples("thermal", payload_temp_c=151.0), 10.0)
    shown = picture.values.shown("payload_temp_c", 10 * SECOND_NS)
    assert shown.generated_ns == (EPOCH_S + 10) * SECOND_NS
    assert shown.received_ns == (EPOCH_S + 12) * SECOND_NS
    assert (shown.low, shown.high, shown.beyond) == (-100.0, 150.0, "above 150")


def test_limits_of_a_watchpoint_narrow_those_of_the_dictionary() -> None:
    picture = Picture()
    told = {"monitor": 3, "parameter": "payload_temp_c", "low": -20.0, "high": 45.0, "enabled": "yes"}
    take(picture, Reported(name="monitor_definition", values=told), 0.0)
    assert picture.values.limits("payload_temp_c") == (-20.0, 45.0)
    take(picture, Reported(name="monitor_definition", values={**told, "enabled": "no"}), 1.0)
    assert picture.values.limits("payload_temp_c") == (-100.0, 150.0)


def test_playback_fills_the_course_and_touches_neither_values_nor_alarms() -> None:
    picture = Picture()
    take(picture, samples("thermal", payload_temp_c=30.0), 5_000.0)
    take(picture, samples("thermal", payload_temp_c=200.0), 100.0, now_s=5_001.0)
    take(picture, happened("guard_trip", "payload_high_c", 46.0, 45.0), 100.0, now_s=5_002.0)
    assert picture.values.number("payload_temp_c") == 30.0
    assert len(picture.trends["payload_temp_c"]) == 2
    assert picture.alarms.all == ()
    assert [entry.is_late for entry in picture.events] == [True]
    assert picture.hearing.late == 2


def test_an_event_that_came_live_is_not_told_again_when_it_is_played_back() -> None:
    picture = Picture()
    take(picture, happened("host_silent", 30.0), 100.0)
    take(picture, samples("power", soc=0.5), 1_000.0)
    take(picture, happened("host_silent", 30.0), 100.0, now_s=1_001.0)
    assert [entry.name for entry in picture.events] == ["host_silent"]


def test_on_board_time_that_was_set_back_is_believed_when_nothing_else_comes() -> None:
    picture = Picture()
    take(picture, samples("power", soc=0.9), 90_000.0, now_s=0.0)
    step_s = STEPPED_NS / SECOND_NS
    take(picture, samples("power", soc=0.5), 10.0, now_s=10.0)
    assert picture.values.number("soc") == 0.9
    take(picture, samples("power", soc=0.4), 10.0 + step_s, now_s=10.0 + step_s)
    assert picture.values.number("soc") == 0.4
    assert len(picture.trends["soc"]) == 1


def test_lost_bad_and_unknown_packets_are_counted() -> None:
    picture = Picture()
    picture.take(record(Undecoded(why="TM[99,1] is not in the dictionary"), 1.0, missed=3), SECOND_NS)
    hearing = picture.hearing
    assert (hearing.packets, hearing.missed, hearing.undecoded) == (1, 3, 1)
    assert hearing.silent_s(43 * SECOND_NS) == 42.0
    assert Picture().hearing.silent_s(0) is None


def fly_two_orbits(picture: Picture) -> None:
    for at_s in range(0, 2 * ORBIT_S + 100, 10):
        dark = at_s % ORBIT_S >= ORBIT_S - NIGHT_S
        take(picture, samples("power", array_power_w=0.0 if dark else 75.0, soc=0.9), at_s)


def test_nights_are_seen_in_the_array_and_the_next_is_foretold_from_the_last_two() -> None:
    picture = Picture()
    fly_two_orbits(picture)
    nights = picture.nights()
    assert [round((night.begin_ns / SECOND_NS - EPOCH_S) / 60.0) for night in nights.all] == [59, 154]
    assert nights.orbit_ns is not None
    assert nights.orbit_ns / SECOND_NS == pytest.approx(ORBIT_S, abs=20.0)
    assert nights.next_ns is not None and nights.next_ns > picture.end_ns


def test_a_console_that_is_opened_at_night_knows_that_it_is_dark() -> None:
    picture = Picture()
    take(picture, samples("power", array_power_w=0.0), 1.0)
    assert [night.end_ns for night in picture.nights().all] == [None]
    assert picture.nights().next_ns is None


def test_the_host_s_word_goes_before_the_array() -> None:
    picture = Picture()
    for at_s in range(0, 600, 10):
        take(picture, samples("power", array_power_w=75.0, host_sunlit="no" if at_s >= 300 else "yes"), at_s)
    (night,) = picture.nights().all
    assert night.begin_ns == pytest.approx((EPOCH_S + 300) * SECOND_NS, abs=20 * SECOND_NS)
    assert night.end_ns is None


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 10**6)), min_size=1, max_size=200))
def test_a_course_keeps_every_peak_of_what_it_still_remembers(rows: list[tuple[float, int]]) -> None:
    trend = Trend(bucket_s=5_000, most=1_000)
    for value, at_s in rows:
        trend.add(value, at_s * SECOND_NS)
    buckets = trend.span(0, 10**6 * SECOND_NS)  # as many as there are, however long the span
    assert max(bucket.high for bucket in buckets) == max(value for value, _ in rows)
    assert min(bucket.low for bucket in buckets) == min(value for value, _ in rows)


def test_jobs_stand_with_forecast_beside_measurement_and_reasons_when_they_change() -> None:
    picture = Picture()
    take(picture, happened("job_done", 41, "water", "full", 30.0, 1100.0, 53.0, 1000.0, 50.0), 1.0)
    take(picture, happened("job_expired", 42, "cloud", "deadline passed in the queue"), 2.0)
    for at_s, why in ((3.0, "energy"), (4.0, "energy"), (5.0, "")):
        take(picture, samples("governor", queue_bound_by=why, envelope_bound_by="peak"), at_s)
    assert [(job.number, job.outcome, job.model) for job in picture.jobs.last] == [
        (41, "done", "water/full"),
        (42, "expired", "cloud"),
    ]
    assert picture.jobs.last[0].energy_error == pytest.approx(0.1)
    assert picture.jobs.forecast() == (1000.0, 1100.0)
    assert [(reason.who, reason.what) for reason in picture.jobs.reasons] == [
        ("queue", "energy"),
        ("guard", "peak"),
        ("queue", ""),
    ]


def test_grave_events_are_alarms_until_somebody_acknowledges_them_with_a_comment() -> None:
    picture = Picture()
    take(picture, happened("host_silent", 30.0), 1.0)
    take(picture, happened("host_silent", 31.0), 2.0)
    take(picture, happened("quiesced", 1.0), 3.0)
    (alarm,) = picture.alarms.new
    assert (alarm.severity, alarm.count) == ("medium", 2)
    picture.alarms.acknowledge(alarm.number, "ada", "the host restarts", 4 * SECOND_NS)
    assert picture.alarms.all == ()
    (action,) = picture.alarms.actions
    assert (action.user, action.comment, action.key) == ("ada", "the host restarts", "event host_silent")
    take(picture, happened("host_silent", 30.0), 5.0)
    assert [alarm.number for alarm in picture.alarms.new] == [2]


def test_a_value_beyond_its_limit_is_one_alarm_that_stays_until_it_is_seen_and_over() -> None:
    picture = Picture()
    for at_s in range(5):
        take(picture, samples("thermal", payload_temp_c=151.0), float(at_s))
    (alarm,) = picture.alarms.new
    assert (alarm.count, alarm.is_active) == (1, True)
    picture.alarms.acknowledge(alarm.number, "ada", "", 0)
    assert [alarm.state for alarm in picture.alarms.all] == ["acknowledged"]
    take(picture, samples("thermal", payload_temp_c=40.0), 9.0)
    assert picture.alarms.all == ()


def test_an_alarm_whose_cause_the_board_takes_back_is_over_and_still_to_be_seen() -> None:
    picture = Picture()
    take(picture, happened("channel_missing", "battery.soc", "TIMEOUT"), 1.0)
    take(picture, happened("channel_missing", "battery.temp", "TIMEOUT"), 1.0)
    take(picture, happened("channel_back", "battery.soc"), 2.0)
    first, second = picture.alarms.new
    assert (first.over_ns, second.over_ns) == ((EPOCH_S + 2) * SECOND_NS, None)
    take(picture, happened("channel_missing", "battery.soc", "TIMEOUT"), 3.0)
    assert picture.alarms.new[0].over_ns is None


def test_a_value_that_was_beyond_its_limit_unseen_waits_to_be_seen() -> None:
    picture = Picture()
    for at_s, temp_c in enumerate((151.0, 40.0)):
        take(picture, samples("thermal", payload_temp_c=temp_c), float(at_s))
    assert [(alarm.state, alarm.is_active) for alarm in picture.alarms.all] == [("NEW", False)]


def test_a_shelved_alarm_comes_back_at_its_end_and_no_shelf_is_without_one() -> None:
    alarms = Alarms()
    alarms.raised("event host_silent", "medium", "no word", 0)
    alarms.shelve(1, "ada", "known", 0, 60.0)
    assert (alarms.new, [alarm.state for alarm in alarms.all]) == ((), ["shelved"])
    alarms.tick(59 * SECOND_NS)
    assert alarms.new == ()
    alarms.tick(60 * SECOND_NS)
    assert [alarm.number for alarm in alarms.new] == [1]
    for seconds in (0.0, 1e6, float("nan")):
        with pytest.raises(AlarmError):
            alarms.shelve(1, "ada", "", 0, seconds)
    with pytest.raises(AlarmError):
        alarms.acknowledge(7, "ada", "", 0)


def test_more_alarms_than_a_person_can_look_at_are_counted() -> None:
    alarms = Alarms()
    for number in range(ALARMS_MOST + 5):
        alarms.raised(f"event {number}", "high", "", 0)
    assert (len(alarms.all), alarms.uncounted) == (ALARMS_MOST, 5)


def sent(request: int, now_s: float = 0.0) -> Sent:
    verifier = Verifier(request)
    for stage in STAGES[:3]:
        verifier.mark(stage, 0)
    return Sent(text="ping", user="ada", verifier=verifier, deadline_ns=deadline_ns(round(now_s * SECOND_NS), 10.0))


def test_a_command_goes_through_its_stages_and_a_failure_has_its_label() -> None:
    picture = Picture()
    picture.commands.add(sent(0x1842C005))
    take(picture, Verification(1, 0x1842C005), 1.0)
    assert picture.commands.last is not None and picture.commands.last.verdict == "under way"
    take(picture, Verification(4, 0x1842C005, 26), 2.0)
    assert picture.commands.last.verdict == "failed"
    assert picture.commands.last.detail == "STARTED 26: mode_refused: the mode cannot be entered now"


def test_of_a_command_that_nobody_answers_the_outcome_is_unknown() -> None:
    picture = Picture()
    picture.commands.add(sent(0x1842C005))
    picture.tick(Moment(now_ns=24 * SECOND_NS, utc_ns=0))
    assert picture.commands.last is not None and picture.commands.last.verdict == "under way"
    picture.tick(Moment(now_ns=25 * SECOND_NS, utc_ns=0))
    assert picture.commands.last.verdict == "outcome unknown"
    states = {row.stage: row.state for row in picture.commands.last.verifier.rows}
    assert states["COMPLETED"] is State.UNKNOWN


def test_three_thousand_records_at_once_are_all_counted_and_memory_stays_bounded() -> None:
    picture, numbers = Picture(), count()
    for number in range(3_000):
        at_s = number / 300.0
        match number % 3:
            case 0:
                take(picture, samples("power", soc=0.5 + number * 1e-5, array_power_w=75.0, payload_power_w=30.0), at_s)
            case 1:
                take(picture, happened("fault_raised", f"fault {next(numbers)}", "a test"), at_s)
            case _:
                take(picture, happened("job_expired", number, "water", "late"), at_s)
    assert picture.hearing.packets == 3_000
    assert picture.hearing.rate(10 * SECOND_NS) == 300.0
    assert picture.values.number("soc") == pytest.approx(0.52997)
    (bucket,) = picture.trends["soc"].span(0, 2 * EPOCH_S * SECOND_NS)
    assert (bucket.low, bucket.high) == (pytest.approx(0.5), pytest.approx(0.52997))
    assert len(picture.events) == EVENTS_MOST
    assert len(picture.alarms.all) + picture.alarms.uncounted == 1_000


def test_a_week_of_samples_keeps_no_more_than_the_last_hours() -> None:
    trend = Trend()
    for at_s in range(0, 7 * 86_400, 16):
        trend.add(1.0, at_s * SECOND_NS)
    trend.add(2.0, 0)  # played back from long ago
    assert len(trend) <= BUCKETS_MOST + SLACK
    assert all(bucket.high == 1.0 for bucket in trend.span(0, 8 * 86_400 * SECOND_NS))

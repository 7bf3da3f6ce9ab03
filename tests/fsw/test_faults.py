"""Watchpoints and responses as they are: debounce, hysteresis, silence, and how often a response may fire."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.carried import carry, check_carried
from fsw.catalogue.check import example
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.wire import encode_event
from fsw.faults.defaults import default_table
from fsw.faults.feeds import can_be_watched
from fsw.faults.responses import FIRST_WAIT_NS, LONGEST_WAIT_NS, Responder, Response
from fsw.faults.table import RESPONSES_MOST, WATCHPOINTS_MOST, FaultState, FaultTable
from fsw.faults.watchpoint import ABOVE, BELOW, BEYOND, STALE, UNCHECKED, WITHIN, Watch, Watchpoint
from fsw.mission import load_mission
from hal.clock import SECOND_NS


def point(
    repetitions: int = 3, low: float = -math.inf, high: float = 45.0, age_limit_s: float = 0.0, hysteresis: float = 0.0
) -> Watchpoint:
    return Watchpoint(
        number=7,
        parameter="payload_temp_c",
        repetitions=repetitions,
        low=low,
        low_event="watchpoint_low",
        high=high,
        high_event="payload_too_hot",
        age_limit_s=age_limit_s,
        hysteresis=hysteresis,
        enabled=True,
    )


def states(watch: Watch, values: str) -> list[str]:
    """The state after each value; "-" is a second without one."""
    seen = []
    for second, value in enumerate(values.split(), start=1):
        now_ns = second * SECOND_NS
        if value != "-":
            watch.take(now_ns, float(value))
        elif now_ns >= watch.stale_ns:
            watch.wait(now_ns)
        seen.append(watch.state)
    return seen


def test_a_limit_is_broken_after_so_many_values_in_a_row() -> None:
    watch = Watch(point(), 0)
    assert states(watch, "40 40 40 46 46 40 46 46 46") == 2 * [UNCHECKED] + 6 * [WITHIN] + [ABOVE]
    assert watch.trips == 1


def test_it_is_over_only_within_the_hysteresis() -> None:
    watch = Watch(point(repetitions=1, hysteresis=5.0), 0)
    assert states(watch, "46 44 41 40 44 46") == [ABOVE, ABOVE, ABOVE, WITHIN, WITHIN, ABOVE]
    assert watch.trips == 2


def test_a_lost_input_does_not_clear_a_fault_that_builds_up_but_completes_it() -> None:
    watch = Watch(point(repetitions=4, age_limit_s=2.0), 0)
    assert states(watch, "40 40 40 40 46 46 - - - - -")[3:] == [*6 * [WITHIN], ABOVE, ABOVE]
    assert watch.is_violated


def test_without_an_age_limit_a_lost_input_leaves_the_count_where_it_is() -> None:
    assert states(Watch(point(), 0), "40 40 40 46 46 - - - 46")[-2:] == [WITHIN, ABOVE]


def test_silence_is_taken_for_every_limit_there_is_and_told_once() -> None:
    watch = Watch(point(repetitions=2, low=0.0, age_limit_s=3.0), 0)
    watch.take(0, 20.0)
    watch.take(SECOND_NS, 20.0)
    changes = [watch.wait(second * SECOND_NS) for second in (5, 6, 7)]
    told = [change for change in changes if change is not None]
    assert [change.events for change in told] == [("payload_too_hot", "watchpoint_low")]
    assert (told[0].state, told[0].value, told[0].limit) == (STALE, 5.0, 3.0)


def test_a_fault_that_goes_stale_and_comes_back_is_the_same_fault() -> None:
    watch = Watch(point(repetitions=1, age_limit_s=2.0), 0)
    assert states(watch, "46 - - - 47 40") == [ABOVE, ABOVE, ABOVE, STALE, ABOVE, WITHIN]
    assert watch.trips == 1


def test_a_parameter_that_never_came_is_stale_after_its_age_limit() -> None:
    assert states(Watch(point(repetitions=2, age_limit_s=3.0), 0), "- - - - - -")[-3:] == [UNCHECKED, STALE, STALE]


def test_what_is_no_number_is_no_value() -> None:
    watch = Watch(point(repetitions=1), 0)
    assert watch.take(0, math.nan) is None
    assert watch.state == UNCHECKED
    assert states(watch, "40 inf") == [WITHIN, ABOVE]


class Plainly:
    """The same rules, written as they are read: over the whole history, with nothing remembered but the state."""

    def __init__(self, watchpoint: Watchpoint) -> None:
        self.point, self.state, self.held = watchpoint, UNCHECKED, ""
        self.said: list[str] = []  # since the last change

    def says(self, value: float) -> str:
        high = self.point.high - (self.point.hysteresis if self.held == ABOVE else 0.0)
        low = self.point.low + (self.point.hysteresis if self.held == BELOW else 0.0)
        if value > self.point.high or value > high:
            return ABOVE
        return BELOW if value < self.point.low or value < low else WITHIN

    def silent(self) -> str:
        builds_up = self.said and self.said[-1] != self.state and self.said[-1] in BEYOND
        return self.said[-1] if builds_up else STALE

    def hear(self, verdict: str) -> bool:
        """True for a trip."""
        self.said.append(verdict)
        last = self.said[-self.point.repetitions :]
        if verdict == self.state or len(last) < self.point.repetitions or set(last) != {verdict}:
            return False
        self.state, self.said = verdict, []
        before = self.held
        if verdict == WITHIN:
            self.held = ""
        elif not (verdict == STALE and before):
            self.held = verdict
        return self.held not in ("", before)


@given(
    st.lists(st.none() | st.sampled_from([-3.0, -1.0, 0.5, 3.0, 5.5, 9.0, 11.0, 14.0]), max_size=60),
    st.integers(1, 4),
    st.sampled_from([0.0, 1.0, 4.0]),
    st.sampled_from([0.0, 2.0]),
)
def test_it_does_what_a_plain_reading_of_the_rules_does(
    values: list[float | None], repetitions: int, hysteresis: float, age_limit_s: float
) -> None:
    watchpoint = point(repetitions, low=0.0, high=10.0, age_limit_s=age_limit_s, hysteresis=hysteresis)
    watch, plainly = Watch(watchpoint, 0), Plainly(watchpoint)
    age_s, trips = 0.0, 0
    for second, value in enumerate(values, start=1):
        age_s = 0.0 if value is not None else age_s + 1.0
        if value is not None:
            trips += plainly.hear(plainly.says(value))
            watch.take(second * SECOND_NS, value)
        elif age_limit_s and age_s > age_limit_s:
            trips += plainly.hear(plainly.silent())
            assert second * SECOND_NS >= watch.stale_ns
            watch.wait(second * SECOND_NS)
        else:
            assert second * SECOND_NS < watch.stale_ns
        assert (watch.state, watch.trips, watch.is_violated) == (plainly.state, trips, bool(plainly.held))


def responder() -> Responder:
    return Responder(Response(event="payload_too_hot", packet=carry("hold_jobs", (), 1), enabled=True))


def test_a_response_waits_longer_each_time_and_what_came_meanwhile_is_answered_once() -> None:
    response = responder()
    assert response.hear(0)
    assert not response.hear(SECOND_NS) and not response.hear(2 * SECOND_NS)
    assert not response.catch_up(FIRST_WAIT_NS - 1)
    assert response.catch_up(FIRST_WAIT_NS)
    assert not response.catch_up(2 * FIRST_WAIT_NS)
    assert not response.hear(2 * FIRST_WAIT_NS)
    assert response.fired == 2


def test_after_a_calm_the_wait_is_short_again() -> None:
    response = responder()
    response.hear(0)
    assert response.hear(FIRST_WAIT_NS)
    calm_ns = response.free_ns + 10 * LONGEST_WAIT_NS
    assert response.hear(calm_ns)
    assert response.free_ns == calm_ns + FIRST_WAIT_NS


@given(st.lists(st.integers(0, 40), max_size=300))
def test_a_flapping_event_cannot_flood_and_is_never_left_unanswered(gaps_s: list[int]) -> None:
    response, now_s = responder(), 0
    fired: list[int] = []
    for gap_s in gaps_s:
        seconds = range(now_s + 1, now_s + gap_s + 1)
        fired.extend(second for second in seconds if response.catch_up(second * SECOND_NS))
        now_s += gap_s
        if response.hear(now_s * SECOND_NS):
            fired.append(now_s)
        assert response.due_ns is not None or fired[-1] == now_s
    assert all(later - earlier >= FIRST_WAIT_NS // SECOND_NS for earlier, later in pairwise(fired))


def test_the_table_is_bounded_and_says_what_it_does_not_know() -> None:
    table = FaultTable(FaultState())
    rows = [Watchpoint(number=number, parameter="soc") for number in range(WATCHPOINTS_MOST + 1)]
    assert [table.add(0, row) for row in rows] == WATCHPOINTS_MOST * [""] + ["no_room"]
    assert table.add(0, rows[0]) == "monitor_exists"
    assert table.modify(0, rows[-1]) == table.delete(999) == table.enable(0, 999, True) == "no_such_monitor"
    names = list(EVENT_BY_NAME)[: RESPONSES_MOST + 1]
    packet = carry("ping", (), 1)
    labels = [table.respond(Response(event=name, packet=packet)) for name in names]
    assert labels == RESPONSES_MOST * [""] + ["no_room"]
    assert table.forget("nothing") == table.arm("nothing", True) == "no_such_response"


def test_the_table_comes_back_as_it_was() -> None:
    table = FaultTable(default_table(load_mission("owned.toml")))
    table.enable(0, 1, False)
    table.arm("payload_too_hot", False)
    table.passive = True
    assert FaultTable(table.state).state == table.state


@pytest.mark.parametrize("name", ["owned.toml", "hosted.toml", "ai1.toml", "cubesat.toml"])
def test_the_shipped_table_can_be_watched_told_and_sent(name: str) -> None:
    mission = load_mission(name)
    state = default_table(mission)
    for row in state.watchpoints:
        assert can_be_watched(row.parameter)
        for event in filter(None, (row.low_event, row.high_event)):
            assert encode_event(event, (row.number, row.parameter, "above", 1.0, 2.0))
        if row.parameter == "payload_temp_c":
            assert row.high > mission.limits.payload_temp_c
    packets = [response.packet for response in state.responses]
    assert len(set(packets)) == len(packets)
    assert [check_carried(packet, 0) for packet in packets].count("set_mode") == 3
    assert all(response.event in EVENT_BY_NAME for response in state.responses)


def test_texts_and_what_no_message_brings_cannot_be_watched() -> None:
    names = ("queue_bound_by", "uptime_s", "soc", "mode", "battery_temp_c", "services_silent", "commands_refused")
    assert [can_be_watched(name) for name in names] == [False, False, True, True, True, True, True]
    assert example(EVENT_BY_NAME["payload_too_hot"].fields[0]) is not None

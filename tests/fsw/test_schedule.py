"""Every activity is released once, or skipped, deleted or doubtful with a word of it: whatever time and power do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fsw.carried import PacketKey, carry, key_of
from fsw.schedule.activity import Activity
from fsw.schedule.schedule import NEVER_NS, Room, Schedule
from hal.clock import SECOND_NS

NOW_NS = 2_173_824_037 * SECOND_NS


def packet(count: int) -> bytes:
    return carry("ping", (), count)


def activity(count: int, after_s: float = 10.0, sub_schedule: int = 0) -> Activity:
    release_ns = NOW_NS + int(after_s * SECOND_NS)
    return Activity(release_ns=release_ns, packet=packet(count), sub_schedule=sub_schedule)


def key(count: int) -> PacketKey:
    return key_of(packet(count))


def filled(*activities: Activity) -> Schedule:
    schedule = Schedule()
    for each in activities:
        assert schedule.insert(NOW_NS, each) == ""
    return schedule


def counts(schedule: Schedule, after_s: float) -> list[tuple[int, str]]:
    """The sequence counts of what is due, with the reasons of what is skipped."""
    outcomes = schedule.due(NOW_NS + int(after_s * SECOND_NS))
    return [(outcome.activity.key.sequence, outcome.skipped) for outcome in outcomes]


def test_activities_are_released_in_order_of_time_and_equal_ones_in_order_of_insertion() -> None:
    schedule = filled(activity(1, 20.0), activity(2, 10.0), activity(3, 10.0), activity(4, 30.0))
    assert schedule.next_ns == NOW_NS + 10 * SECOND_NS
    assert counts(schedule, 9.0) == []
    assert counts(schedule, 25.0) == [(2, ""), (3, ""), (1, "")]
    assert counts(schedule, 30.0) == [(4, "")]
    assert schedule.next_ns == NEVER_NS


def test_a_time_in_the_past_is_refused_and_this_moment_is_not() -> None:
    schedule = Schedule()
    assert schedule.insert(NOW_NS, activity(1, -0.001)) == "too_late"
    assert schedule.insert(NOW_NS, activity(2, 0.0)) == ""
    assert counts(schedule, 0.0) == [(2, "")]


def test_after_an_outage_what_is_older_than_the_limit_is_skipped_and_the_rest_released_at_once() -> None:
    schedule = filled(activity(1, 10.0), activity(2, 100.0), activity(3, 200.0))
    assert counts(schedule, 160.0) == [(1, "its time was 150 s ago"), (2, "")]
    assert counts(schedule, 200.0) == [(3, "")]


def test_a_step_of_time_backwards_releases_nothing_twice() -> None:
    schedule = filled(activity(1, 10.0), activity(2, 20.0))
    assert counts(schedule, 15.0) == [(1, "")]
    assert counts(schedule, 5.0) == []
    assert counts(schedule, 25.0) == [(2, "")]


def test_what_is_disabled_when_its_time_comes_is_skipped_with_the_reason() -> None:
    schedule = filled(activity(1, 10.0), activity(2, 10.0, sub_schedule=3), activity(3, 20.0), activity(4, 30.0))
    assert schedule.serve(3, False) == ""
    assert counts(schedule, 10.0) == [(1, ""), (2, "sub-schedule 3 is disabled")]
    schedule.enabled = False
    assert counts(schedule, 20.0) == [(3, "the schedule is disabled")]
    schedule.enabled = True
    assert counts(schedule, 30.0) == [(4, "")]


def test_a_sub_schedule_stays_disabled_while_it_is_empty_and_over_a_power_cut() -> None:
    schedule = Schedule()
    schedule.serve(3, False)
    again = Schedule(schedule.state)
    assert not again.is_served(3) and again.is_served(0)
    again.serve(3, True)
    assert again.is_served(3)


def test_room_is_bounded() -> None:
    schedule = Schedule(room=Room(activities=3, sub_schedules=2))
    assert schedule.insert(NOW_NS, activity(1, sub_schedule=0)) == ""
    assert schedule.serve(1, False) == ""
    assert schedule.insert(NOW_NS, activity(2, sub_schedule=2)) == "no_room"
    assert schedule.serve(2, False) == "no_room"
    assert [schedule.insert(NOW_NS, activity(count)) for count in (3, 4, 5)] == ["", "", "no_room"]


def test_a_packet_is_known_by_its_source_apid_and_count() -> None:
    schedule = filled(activity(1))
    assert schedule.insert(NOW_NS, activity(1, 99.0)) == "activity_exists"
    assert schedule.find(key(1)) is not None
    assert schedule.delete(key(2)) == "no_such_activity"
    assert schedule.delete(key(1)) == ""
    assert schedule.find(key(1)) is None and len(schedule) == 0


def test_a_shift_moves_all_or_none() -> None:
    schedule = filled(activity(1, 10.0), activity(2, 20.0))
    assert schedule.shift(NOW_NS, -11 * SECOND_NS) == "too_late"
    assert schedule.next_ns == NOW_NS + 10 * SECOND_NS
    assert schedule.shift(NOW_NS, 5 * SECOND_NS) == ""
    assert counts(schedule, 14.9) == []
    assert counts(schedule, 15.0) == [(1, "")]


def test_a_reset_leaves_it_empty_and_disabled_with_every_sub_schedule_enabled() -> None:
    schedule = filled(activity(1))
    schedule.serve(2, False)
    schedule.reset()
    assert len(schedule) == 0 and not schedule.enabled
    schedule.enabled = True
    assert schedule.is_served(2)


def test_of_an_older_copy_what_is_due_already_is_not_released() -> None:
    schedule = Schedule(filled(activity(1, 10.0), activity(2, 20.0)).state)
    outcomes = schedule.due(NOW_NS + 10 * SECOND_NS, is_older=True)
    assert [outcome.skipped.split(" and ")[0] for outcome in outcomes] == ["it came from an older copy of the schedule"]
    assert counts(schedule, 20.0) == [(2, "")]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3)), max_size=30))
def test_a_power_cut_keeps_the_plan_and_its_order(rows: list[tuple[int, int]]) -> None:
    schedule = filled(*(activity(count, float(after_s), sub) for count, (after_s, sub) in enumerate(rows)))
    again = Schedule(schedule.state)
    assert counts(again, 55.0) == counts(schedule, 55.0)


class Flight(RuleBasedStateMachine):
    """Random commands, times and power cuts against a book that is kept beside."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule = Schedule()
        self.saved = self.schedule.state
        self.tai_ns = NOW_NS
        self.count = 0
        self.waiting: dict[int, tuple[int, int]] = {}
        self.ended: dict[int, str] = {}

    @rule(after_s=st.integers(-5, 300), sub_schedule=st.integers(0, 3))
    def insert(self, after_s: int, sub_schedule: int) -> None:
        self.count += 1
        release_ns = self.tai_ns + after_s * SECOND_NS
        row = Activity(release_ns=release_ns, packet=packet(self.count), sub_schedule=sub_schedule)
        label = self.schedule.insert(self.tai_ns, row)
        assert (label == "too_late") == (after_s < 0)
        if not label:
            self.waiting[self.count] = (release_ns, sub_schedule)
        self.saved = self.schedule.state

    @rule(place=st.integers(0, 1000))
    def delete(self, place: int) -> None:
        if self.waiting:
            count = sorted(self.waiting)[place % len(self.waiting)]
            assert self.schedule.delete(key(count)) == ""
            del self.waiting[count]
            self.end(count, "deleted")
        self.saved = self.schedule.state

    @rule(sub_schedule=st.integers(0, 3), serves=st.booleans())
    def serve(self, sub_schedule: int, serves: bool) -> None:
        self.schedule.serve(sub_schedule, serves)
        self.saved = self.schedule.state

    @rule(shift_s=st.integers(-100, 100))
    def shift(self, shift_s: int) -> None:
        shift_ns = shift_s * SECOND_NS
        is_past = any(release_ns + shift_ns < self.tai_ns for release_ns, _ in self.waiting.values())
        assert (self.schedule.shift(self.tai_ns, shift_ns) == "too_late") == is_past
        if not is_past:
            self.waiting = {count: (when + shift_ns, sub) for count, (when, sub) in self.waiting.items()}
        self.saved = self.schedule.state

    @rule(step_s=st.integers(-400, 400), cut=st.sampled_from(["none", "before the mark", "after the mark"]))
    def time_goes_on(self, step_s: int, cut: str) -> None:
        """The mark on disk is what decides, not what was done before it."""
        self.tai_ns += step_s * SECOND_NS
        if cut == "before the mark":
            self.schedule = Schedule(self.saved)
        outcomes = self.schedule.due(self.tai_ns)
        self.saved = self.schedule.state
        due = sorted((when, count) for count, (when, _) in self.waiting.items() if when <= self.tai_ns)
        assert {outcome.activity.key.sequence for outcome in outcomes} == {count for _, count in due}
        assert [o.activity.release_ns for o in outcomes] == sorted(o.activity.release_ns for o in outcomes)
        for outcome in outcomes:
            when, sub_schedule = self.waiting.pop(outcome.activity.key.sequence)
            served = self.schedule.is_served(sub_schedule)
            assert (outcome.skipped == "") == (served and self.tai_ns - when <= 60 * SECOND_NS)
            self.end(outcome.activity.key.sequence, outcome.skipped or "released")
        if cut == "after the mark":
            doubtful = {each.key.sequence for each in self.saved.releasing}
            assert doubtful == {o.activity.key.sequence for o in outcomes if not o.skipped}
            self.schedule = Schedule(self.saved)
        self.schedule.released()
        self.saved = self.schedule.state

    def end(self, count: int, how: str) -> None:
        assert count not in self.ended, f"{count} was {self.ended.get(count)} before it was {how}"
        self.ended[count] = how

    @invariant()
    def every_activity_is_accounted_for(self) -> None:
        assert {each.key.sequence for each in self.schedule.activities} == set(self.waiting)
        assert not set(self.waiting) & set(self.ended)


TestFlight = Flight.TestCase


@pytest.mark.parametrize("count", [0, 1, 16_383])
def test_the_key_is_read_from_the_headers(count: int) -> None:
    assert key(count) == PacketKey(0xFFFF, 0x42, count)

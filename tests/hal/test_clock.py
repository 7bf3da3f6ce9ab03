"""Clocks never go back, and on-board time is TAI beside them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.clock import SECOND_NS, MonotonicClock, OnboardTime, ScaledClock, SteppedClock, TimeQuality


def test_a_stepped_clock_stands_still_until_it_is_moved() -> None:
    clock = SteppedClock(5)
    assert clock.now_ns() == clock.now_ns() == 5
    clock.advance_to_ns(9)
    assert clock.now_ns() == 9


def test_sleeping_moves_a_stepped_clock_and_a_past_deadline_does_not() -> None:
    clock = SteppedClock()
    clock.sleep_until_ns(7 * SECOND_NS)
    assert clock.now_ns() == 7 * SECOND_NS
    clock.sleep_until_ns(3 * SECOND_NS)
    assert clock.now_ns() == 7 * SECOND_NS


def test_a_stepped_clock_refuses_to_go_back() -> None:
    clock = SteppedClock(10)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance_to_ns(9)
    assert clock.now_ns() == 10


@given(st.lists(st.integers(0, 10**15), max_size=20))
def test_a_stepped_clock_is_at_the_latest_deadline_slept_until(deadlines: list[int]) -> None:
    clock = SteppedClock()
    for deadline in deadlines:
        clock.sleep_until_ns(deadline)
    assert clock.now_ns() == max(deadlines, default=0)


def test_the_monotonic_clock_goes_on_and_a_past_deadline_returns() -> None:
    clock = MonotonicClock()
    first = clock.now_ns()
    clock.sleep_until_ns(first - 10 * SECOND_NS)
    assert first <= clock.now_ns() < first + 10 * SECOND_NS


def test_a_scaled_clock_shows_zero_at_its_start_and_runs_faster() -> None:
    start_ns = time.monotonic_ns() - 2 * SECOND_NS
    slow, fast = ScaledClock(start_ns, 1.0), ScaledClock(start_ns, 100.0)
    assert 2 * SECOND_NS <= slow.now_ns() < 10 * SECOND_NS
    assert 200 * SECOND_NS <= fast.now_ns() < 1_000 * SECOND_NS


def test_clocks_of_two_processes_with_one_start_show_one_time() -> None:
    start_ns = time.monotonic_ns()
    before, between, after = (ScaledClock(start_ns, 50.0).now_ns() for _ in range(3))
    assert 0 <= before <= between <= after


def test_a_scaled_sleep_ends_at_its_deadline() -> None:
    clock = ScaledClock(time.monotonic_ns(), 1e6)
    deadline_ns = clock.now_ns() + 100 * SECOND_NS  # a tenth of a millisecond
    clock.sleep_until_ns(deadline_ns)
    assert clock.now_ns() >= deadline_ns


def test_onboard_time_is_an_offset_to_the_monotonic_clock() -> None:
    onboard = OnboardTime(tai_at_zero_ns=2_173_824_037 * SECOND_NS)
    assert onboard.tai_ns(0) == 2_173_824_037 * SECOND_NS
    assert onboard.tai_ns(90 * SECOND_NS) - onboard.tai_ns(30 * SECOND_NS) == 60 * SECOND_NS


def test_time_that_was_never_set_is_told_from_time_that_coasts() -> None:
    """The order is part of the meaning: a larger quality may be trusted further."""
    assert TimeQuality.UNKNOWN < TimeQuality.FREE_RUNNING < TimeQuality.SYNCHRONISED

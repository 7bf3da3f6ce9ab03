"""The forecast of light against what is seen: trusted, doubted, shifted into place, and done without."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fsw.ephemeris import Sunwatch, Timetable, shows_sun

ORBIT_S, DARK_S, MARGIN_S = 5_700.0, 2_100.0, 60.0
TOLD = Timetable(period_s=ORBIT_S, dark_each_s=DARK_S, epoch_tai_s=0.0)


def is_lit(time_s: float) -> bool:
    return time_s % ORBIT_S >= DARK_S


def watched(until_s: float, off_s: float = 0.0, begin_s: float = 3_000.0, **options: float) -> Sunwatch:
    """A watch that looked each ten seconds until then, with a clock that is `off_s` ahead of the truth."""
    watch = Sunwatch(TOLD, MARGIN_S, **options)
    time_s = begin_s
    while time_s <= until_s:
        watch.see(time_s, time_s + off_s, is_lit(time_s))
        time_s += 10.0
    return watch


def test_a_forecast_that_agrees_is_trusted_and_left_alone() -> None:
    watch = watched(20_000.0)
    assert watch.is_trusted and watch.told_s(0.0) == 0.0
    (ahead,) = watch.ahead(20_000.0, 20_000.0)
    assert ahead.until_sunset_s == ORBIT_S * 4 - 20_000.0 - MARGIN_S
    assert ahead.dark_s == DARK_S + 2 * MARGIN_S


@given(st.floats(-2_800.0, 2_800.0))
def test_a_clock_that_is_wrong_by_any_amount_is_made_good_by_one_whole_shadow(off_s: float) -> None:
    watch = watched(ORBIT_S + DARK_S + 100.0, off_s)
    assert watch.is_trusted
    true_s = (watch.told_s(ORBIT_S + DARK_S + off_s) - DARK_S + ORBIT_S / 2) % ORBIT_S - ORBIT_S / 2
    assert abs(true_s) <= 30.0


def test_until_then_both_the_forecast_and_the_longest_shadow_are_counted_on() -> None:
    watch = watched(ORBIT_S + 500.0, -1_500.0)  # dark, and the forecast says Sun
    assert not watch.is_trusted
    told, seen = watch.ahead(ORBIT_S + 500.0, ORBIT_S - 1_000.0)
    assert told.until_sunset_s > 0.0 and seen.until_sunset_s == 0.0
    assert seen.until_sunrise_s >= DARK_S - 500.0


def test_a_step_of_the_clock_after_a_shadow_was_seen_moves_nothing() -> None:
    watch = watched(ORBIT_S + DARK_S + 100.0)
    now_s = ORBIT_S + DARK_S + 110.0
    watch.see(now_s, now_s + 900.0, True)
    assert watch.is_trusted and watch.told_s(now_s + 900.0) == now_s


def test_a_step_before_widens_the_margin() -> None:
    watch = watched(4_000.0)
    watch.see(4_010.0, 4_040.0, True)
    assert watch.margin_s == MARGIN_S + 30.0
    old = watched(4_000.0, sigma_s=9.0)
    assert old.margin_s == MARGIN_S + 9.0
    assert watched(ORBIT_S + DARK_S + 100.0, sigma_s=9.0).margin_s == MARGIN_S


def test_without_the_time_the_sun_may_set_at_any_moment_until_an_orbit_was_watched() -> None:
    watch = Sunwatch(TOLD, MARGIN_S)
    for now_s in range(3_000, 15_000, 10):
        watch.see(float(now_s), None, is_lit(now_s))
        (ahead,) = watch.ahead(float(now_s), None)
        if is_lit(now_s) and now_s < 3_000 + ORBIT_S:
            assert (ahead.until_sunset_s, ahead.until_sunrise_s) == (0.0, DARK_S + 2 * MARGIN_S)
        truly_s = -now_s % ORBIT_S if is_lit(now_s) else 0.0
        assert ahead.until_sunset_s <= truly_s
        assert not watch.is_trusted
    assert ahead.until_sunset_s > 0.0


def test_an_array_that_looks_away_for_long_is_doubt_and_no_shift() -> None:
    watch = Sunwatch(TOLD, MARGIN_S)
    for now_s in range(3_000, 5_600, 10):
        watch.see(float(now_s), float(now_s), not 3_500 <= now_s < 4_300)
        if now_s == 4_200:
            assert not watch.is_trusted
    assert watch.told_s(0.0) == 0.0


def test_light_needs_both_witnesses() -> None:
    assert shows_sun(75.0, 70.0, 21.0, -49.0)
    assert shows_sun(75.0, 70.0, 21.0, 21.0) is False  # a stuck array monitor
    assert shows_sun(75.0, None, 21.0, -49.0)
    assert shows_sun(75.0, None, None, 21.0) is None

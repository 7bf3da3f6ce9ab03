"""Passes over ground stations: none in between, none at once, quick to ask for, whatever the time does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.ephemeris.passes import Pass, Passes, Station, Track
from fsw.mission import load_mission
from hal.clock import SECOND_NS

MISSION = load_mission("owned.toml")
EPOCH_S = MISSION.epoch_tai_ns() / SECOND_NS
DAY_S = 86_400.0
SVALBARD, INUVIK = MISSION.station
AT_THE_POLE = Station(name="pole", latitude_deg=89.9, longitude_deg=0.0)


def polar(*stations: Station) -> Passes:
    return Passes(track(97.4), stations)


def track(inclination_deg: float) -> Track:
    return Track(
        altitude_m=500e3, inclination_deg=inclination_deg, ltan_h=10.5, argument_of_latitude_deg=0.0,
        epoch_tai_s=EPOCH_S,
    )  # fmt: skip


def day(passes: Passes) -> list[Pass]:
    return list(passes.between(EPOCH_S, EPOCH_S + DAY_S))


def test_a_pole_sees_every_turn_of_a_polar_orbit() -> None:
    found = day(polar(AT_THE_POLE))
    assert len(found) == int(DAY_S / track(97.4).period_s)
    assert all(300.0 < row.duration_s < 800.0 for row in found)


def test_asking_second_by_second_finds_what_a_search_finds() -> None:
    passes, found = polar(SVALBARD, INUVIK), day(polar(SVALBARD, INUVIK))
    for second in range(0, int(DAY_S), 60):
        now_s = EPOCH_S + second
        on = [row for row in found if row.rise_tai_s <= now_s < row.set_tai_s]
        current, coming = passes.current(now_s), passes.next(now_s)
        assert current in on if on else current is None
        later = next((row for row in found if row.rise_tai_s > now_s), coming)
        assert coming == later


@given(seconds=st.lists(st.floats(-DAY_S, 30.0 * DAY_S), min_size=1, max_size=4))
def test_answers_do_not_depend_on_what_was_asked_before(seconds: list[float]) -> None:
    asked = polar(SVALBARD)
    for second in seconds:
        now_s = EPOCH_S + second
        fresh = polar(SVALBARD)
        ours, theirs = asked.next(now_s), fresh.next(now_s)
        assert ours is not None and theirs is not None
        assert ours.rise_tai_s == pytest.approx(theirs.rise_tai_s, abs=0.1)
        assert (asked.current(now_s) is None) == (fresh.current(now_s) is None)


def test_a_station_that_is_never_seen_and_no_station_at_all_are_no_pass() -> None:
    for passes in (Passes(track(10.0), [SVALBARD]), polar()):
        assert passes.current(EPOCH_S) is None
        assert passes.next(EPOCH_S) is None
        assert day(passes) == []


def test_of_two_stations_in_sight_the_faster_one_counts() -> None:
    slow = Station(name="slow", latitude_deg=78.0, longitude_deg=15.0, down_bps=1e5)
    fast = Station(name="fast", latitude_deg=78.0, longitude_deg=16.0, down_bps=1e6)
    passes = polar(slow, fast)
    rows = day(passes)
    middle_s = 0.5 * (rows[0].rise_tai_s + rows[0].set_tai_s)
    current = passes.current(middle_s)
    assert current is not None and current.station == "fast"
    assert {row.station for row in rows[:2]} == {"slow", "fast"}


def test_a_higher_mask_is_a_shorter_pass() -> None:
    low, high = (
        sum(row.duration_s for row in day(polar(Station(name="s", latitude_deg=78.0, longitude_deg=15.0, mask_deg=m))))
        for m in (5.0, 20.0)
    )
    assert 0.0 < high < 0.7 * low


def test_a_pass_says_how_much_of_an_interval_it_has() -> None:
    row = day(polar(SVALBARD))[0]
    assert row.shared_s(EPOCH_S, EPOCH_S + DAY_S) == row.duration_s
    assert row.shared_s(row.rise_tai_s + 10.0, row.set_tai_s - 5.0) == pytest.approx(row.duration_s - 15.0)
    assert row.shared_s(row.set_tai_s, row.set_tai_s + 60.0) == 0.0


def test_a_guest_knows_no_passes() -> None:
    assert load_mission("hosted.toml").passes() is None


@pytest.mark.parametrize(
    "wrong", [{"latitude_deg": 91.0}, {"longitude_deg": 400.0}, {"mask_deg": 90.0}, {"radio_w": -1.0}]
)
def test_a_station_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="s: "):
        Station(**({"name": "s", "latitude_deg": 0.0, "longitude_deg": 0.0} | wrong))  # type: ignore[arg-type]

"""Sunlight along an orbit as plain geometry has it; the comparison with the simulator is in tests/loop."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.ephemeris import Ephemeris
from fsw.ephemeris.sun import sun_direction
from fsw.mission import utc_to_tai_ns
from hal.clock import SECOND_NS
from hal.constants import EARTH_RADIUS_M

EPOCH_S = utc_to_tai_ns("2026-11-20T00:00:00Z") / SECOND_NS


def tai_s(utc: str) -> float:
    return utc_to_tai_ns(utc) / SECOND_NS


def orbit(
    altitude_km: float = 500.0, ltan_h: float = 10.5, inclination_deg: float = 97.4, **changes: float
) -> Ephemeris:
    return Ephemeris(
        altitude_m=altitude_km * 1000.0,
        inclination_deg=inclination_deg,
        ltan_h=ltan_h,
        argument_of_latitude_deg=changes.get("latitude_deg", 0.0),
        epoch_tai_s=changes.get("epoch_s", EPOCH_S),
    )


@pytest.mark.parametrize(
    ("utc", "longitude_deg"),
    [
        ("2026-03-20T14:46:00Z", 0.0),
        ("2026-06-21T08:25:00Z", 90.0),
        ("2026-09-23T00:05:00Z", 180.0),
        ("2026-12-21T20:50:00Z", 270.0),
    ],
)
def test_the_sun_is_where_equinox_and_solstice_have_it(utc: str, longitude_deg: float) -> None:
    """Source of the times: US Naval Observatory, Earth's seasons 2026."""
    (x, y, z), _ = sun_direction(tai_s(utc))
    obliquity = math.radians(23.436)
    longitude = math.radians(longitude_deg)
    expected = (
        math.cos(longitude),
        math.cos(obliquity) * math.sin(longitude),
        math.sin(obliquity) * math.sin(longitude),
    )
    separation = math.acos(min(1.0, sum(a * b for a, b in zip((x, y, z), expected, strict=True))))
    assert math.degrees(separation) < 0.02
    assert math.hypot(x, y, z) == pytest.approx(1.0, abs=1e-12)


def test_the_earth_is_nearest_in_january_and_farthest_in_july() -> None:
    """Source: US Naval Observatory, 3 January 2026 at 0.98330 au and 6 July 2026 at 1.01664 au."""
    assert sun_direction(tai_s("2026-01-03T17:16:00Z"))[1] == pytest.approx(0.98330, abs=1e-4)
    assert sun_direction(tai_s("2026-07-06T17:31:00Z"))[1] == pytest.approx(1.01664, abs=1e-4)


def test_the_period_is_keplers_and_the_flattening_changes_it_by_little() -> None:
    kepler_s = 2.0 * math.pi * math.sqrt((EARTH_RADIUS_M + 500e3) ** 3 / 3.986004418e14)
    assert orbit().period_s == pytest.approx(kepler_s, rel=1.5e-3)
    assert orbit().period_s != kepler_s


def test_a_noon_orbit_near_the_equinox_has_the_longest_night_that_geometry_allows() -> None:
    ephemeris = orbit(ltan_h=12.0, epoch_s=tai_s("2026-03-20T14:46:00Z"), inclination_deg=90.0)
    longest_s = ephemeris.period_s * math.asin(EARTH_RADIUS_M / (EARTH_RADIUS_M + 500e3)) / math.pi
    assert ephemeris.dark_s(tai_s("2026-03-20T14:46:00Z")) == pytest.approx(longest_s, rel=1e-3)


def test_a_satellite_over_the_midday_equator_is_in_the_sun_and_half_a_turn_on_in_the_dark() -> None:
    ephemeris = orbit(ltan_h=12.0, epoch_s=tai_s("2026-03-20T14:46:00Z"))
    epoch_s = tai_s("2026-03-20T14:46:00Z")
    assert ephemeris.is_sunlit(epoch_s)
    assert not ephemeris.is_sunlit(epoch_s + 0.5 * ephemeris.period_s)


def test_a_sun_synchronous_orbit_keeps_its_night_through_the_year_within_what_the_seasons_do() -> None:
    ephemeris = orbit()
    nights_s = [ephemeris.dark_s(EPOCH_S + 86_400.0 * day) for day in range(0, 365, 5)]
    assert min(nights_s) > 0.95 * max(nights_s)


def test_another_inclination_lets_the_node_drift_and_the_night_with_it() -> None:
    ephemeris = orbit(inclination_deg=51.6)
    nights_s = [ephemeris.dark_s(EPOCH_S + 86_400.0 * day) for day in range(60)]
    assert max(nights_s) - min(nights_s) > 200.0


@given(st.floats(0.0, 7 * 86_400.0), st.floats(300.0, 1_200.0), st.floats(8.5, 15.5))
def test_light_and_the_times_to_its_next_change_agree(offset_s: float, altitude_km: float, ltan_h: float) -> None:
    ephemeris, now_s = orbit(altitude_km, ltan_h), EPOCH_S + offset_s
    sunset_s, sunrise_s = ephemeris.until_sunset_s(now_s), ephemeris.until_sunrise_s(now_s)
    assert 0.0 <= sunset_s < ephemeris.period_s
    assert 0.0 <= sunrise_s <= ephemeris.dark_s(now_s) + 1e-6
    if ephemeris.is_sunlit(now_s):
        assert sunrise_s == 0.0
        assert ephemeris.is_sunlit(now_s + max(0.0, sunset_s - 1.0))
        assert not ephemeris.is_sunlit(now_s + sunset_s + 1.0)
    else:
        assert sunset_s == 0.0
        assert not ephemeris.is_sunlit(now_s + max(0.0, sunrise_s - 1.0))
        assert ephemeris.is_sunlit(now_s + sunrise_s + 1.0)


def test_a_dawn_orbit_high_enough_never_sees_night() -> None:
    ephemeris = orbit(altitude_km=1_800.0, ltan_h=6.0, inclination_deg=102.9)
    assert ephemeris.dark_s(EPOCH_S) == 0.0
    assert ephemeris.until_sunset_s(EPOCH_S) == math.inf
    assert ephemeris.until_sunrise_s(EPOCH_S) == 0.0
    assert all(ephemeris.is_sunlit(EPOCH_S + 60.0 * minute) for minute in range(150))


def test_answers_do_not_depend_on_the_order_of_the_questions() -> None:
    """The geometry is kept for a minute; a look far ahead must not move the present by more than it may."""
    asked, fresh = orbit(), orbit()
    for hour in (0, 30, 2, 17, 1):
        now_s = EPOCH_S + 3_600.0 * hour
        asked.until_sunset_s(now_s + 50_000.0)
        assert asked.phase(now_s) == pytest.approx(fresh.phase(now_s), abs=2e-5)


def test_the_epoch_is_the_day_it_says() -> None:
    assert datetime(2026, 11, 20, tzinfo=UTC).timestamp() + 378_691_200 + 37 == EPOCH_S

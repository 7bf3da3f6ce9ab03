"""The shadow: discs that overlap as geometry says, and no jump anywhere along an orbit."""

import itertools
from datetime import UTC, datetime
from math import acos, asin, atan2, cos, pi, radians, sin, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.orbit import Orbit, OrbitConfig
from sim.shadow import Shadow, disc_illumination, sunlight
from sim.sun import sun_at

SUN_RAD, EARTH_RAD = 0.004652, 1.1866


def _orbit() -> Orbit:
    return Orbit(OrbitConfig().elements(datetime(2026, 11, 20, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("a", "b", "c", "expected"),
    [
        (1.0, 1.0, 2.0, 1.0),
        (1.0, 2.0, 1.0, 0.0),
        (2.0, 1.0, 0.5, 0.75),  # annular
        (1.0, 1.0, 0.0, 0.0),
        (1.0, 1.0, 1.0, 1.0 - (2.0 * pi / 3.0 - 3.0**0.5 / 2.0) / pi),  # the lens of two unit circles
    ],
)
def test_disc_overlap_in_closed_form(a, b, c, expected):
    assert disc_illumination(a, b, c) == pytest.approx(expected, abs=1e-12)


@given(st.floats(-1.0, 1.0), st.floats(0.0, 0.01))
def test_illumination_grows_from_umbra_to_sun(start, more):
    near = disc_illumination(SUN_RAD, EARTH_RAD, EARTH_RAD + SUN_RAD * start)
    far = disc_illumination(SUN_RAD, EARTH_RAD, EARTH_RAD + SUN_RAD * min(1.0, start + more))
    assert 0.0 <= near <= far <= 1.0
    assert far - near <= more  # the slope of a disc against a straight edge is at most 2/pi per radius


def test_a_published_partial_eclipse():
    """Basilisk's unit case of 4 May 2021 at 500 km (0.62311, with the Sun of JPL DE430 and its own radii).

    The almanac's Sun is turned back to J2000 by the precession of 21.34 years; its 0.01 degrees are 0.03 of the disc.
    """
    sun = sun_at(datetime(2021, 5, 4, 7, 47, 49, tzinfo=UTC).timestamp())
    tilt = radians(23.4393)
    longitude = atan2(sun.y * cos(tilt) + sun.z * sin(tilt), sun.x) - radians(21.34 * 50.29 / 3600.0)
    towards = (cos(longitude), sin(longitude) * cos(tilt), sin(longitude) * sin(tilt))
    node, u, inclination, radius_m = radians(48.2), radians(107.5), radians(5.0), 6_878_136.6
    place = (
        cos(node) * cos(u) - sin(node) * sin(u) * cos(inclination),
        sin(node) * cos(u) + cos(node) * sin(u) * cos(inclination),
        sin(u) * sin(inclination),
    )
    line = [sun.distance_m * a - radius_m * b for a, b in zip(towards, place, strict=True)]
    range_m = sqrt(sum(x * x for x in line))
    separation = acos(-sum(a * b for a, b in zip(line, place, strict=True)) / range_m)
    seen = disc_illumination(asin(695_000e3 / range_m), asin(6_378_136.6 / radius_m), separation)
    assert seen == pytest.approx(0.62311, abs=0.03)


def test_illumination_is_continuous_along_an_orbit():
    orbit = _orbit()
    shadow = Shadow(orbit)
    shadow.refresh(1400.0)
    values = [shadow.illumination_at(1380.0 + 0.02 * k) for k in range(4000)]
    assert values[0] == 1.0
    assert values[-1] == 0.0
    steps = [before - after for before, after in itertools.pairwise(values)]
    assert min(steps) >= 0.0
    assert max(steps) < 0.003


def test_penumbra_lasts_as_long_as_the_sun_is_wide():
    """0.53 deg of Sun at 0.0633 deg/s, a little longer where it is crossed at an angle."""
    shadow = Shadow(_orbit())
    shadow.refresh(1400.0)
    partial = sum(0.0 < shadow.illumination_at(1380.0 + 0.1 * k) < 1.0 for k in range(900)) * 0.1
    assert 8.0 <= partial <= 11.0


def test_mean_over_a_long_step_is_the_mean_of_short_ones():
    shadow = Shadow(_orbit())
    shadow.refresh(1400.0)
    long = shadow.mean_illumination(1415.0, 1435.0)
    short = sum(shadow.mean_illumination(1415.0 + k, 1416.0 + k) for k in range(20)) / 20.0
    assert long == pytest.approx(short, abs=1e-4)


def test_sunlight_says_day_and_night():
    is_sunlit = sunlight(_orbit())
    assert is_sunlit(0.0)
    assert not is_sunlit(2500.0)
    assert is_sunlit(4000.0)

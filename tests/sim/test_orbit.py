"""The orbit against the reference table of filing shells, and the sunlight it gets against the yearly table."""

from datetime import UTC, datetime
from math import acos, asin, cos, degrees, pi, sin, sqrt

import pytest

from hal.constants import EARTH_RADIUS_M
from sim.orbit import (
    TURN,
    Orbit,
    OrbitConfig,
    mean_motion_rad_s,
    nodal_period_s,
    node_rate_rad_s,
    sun_synchronous_inclination_rad,
)
from sim.shadow import Shadow
from sim.sun import sun_at

SHELLS = (  # km, two-body period s, J2 nodal period s, sun-synchronous inclination deg
    (500.0, 5676.98, 5684.39, 97.402),
    (600.0, 5801.23, 5808.53, 97.788),
    (1000.0, 6307.12, 6313.95, 99.479),
    (1800.0, 7360.25, 7365.90, 103.658),
    (2000.0, 7631.89, 7637.18, 104.890),
)
SUNLIT = (  # km, LTAN h, yearly mean of the sunlit fraction, worst orbit (cone, spherical Earth, year 2026)
    (500.0, 6.0, 0.94585, 0.7605),
    (500.0, 10.5, 0.63200, 0.6267),
    (500.0, 12.0, 0.62230, 0.6221),
    (600.0, 10.5, 0.64384, 0.6379),
    (1000.0, 12.0, 0.66801, 0.6676),
    (2000.0, 6.0, 1.00000, 1.0000),
)
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY_S = 86_400.0


def _sunlit_fraction(orbit: Orbit, start_s: float, samples: int = 360) -> float:
    shadow = Shadow(orbit)
    shadow.refresh(start_s)
    return sum(shadow.illumination_at(start_s + orbit.period_s * k / samples) for k in range(samples)) / samples


@pytest.mark.parametrize(("altitude_km", "two_body_s", "nodal_s", "inclination_deg"), SHELLS)
def test_shells_have_the_periods_and_inclinations_of_the_table(altitude_km, two_body_s, nodal_s, inclination_deg):
    axis_m = EARTH_RADIUS_M + altitude_km * 1000.0
    inclination = sun_synchronous_inclination_rad(axis_m)
    assert pytest.approx(two_body_s, abs=0.01) == TURN / mean_motion_rad_s(axis_m)
    assert nodal_period_s(axis_m, inclination) == pytest.approx(nodal_s, abs=0.01)
    assert degrees(inclination) == pytest.approx(inclination_deg, abs=0.002)


def test_sun_synchronous_node_goes_round_once_a_year():
    axis_m = EARTH_RADIUS_M + 600e3
    rate = node_rate_rad_s(axis_m, sun_synchronous_inclination_rad(axis_m))
    assert degrees(rate * DAY_S) == pytest.approx(360.0 / 365.24219)


def test_no_sun_synchronous_orbit_is_an_error():
    with pytest.raises(ValueError, match="no sun-synchronous"):
        sun_synchronous_inclination_rad(EARTH_RADIUS_M + 6_500e3)


@pytest.mark.parametrize(("altitude_km", "ltan_h", "mean", "worst"), SUNLIT)
def test_sunlit_fraction_of_a_year_is_that_of_the_table(altitude_km, ltan_h, mean, worst):
    orbit = Orbit(OrbitConfig(altitude_km=altitude_km, ltan_h=ltan_h).elements(START))
    fractions = [_sunlit_fraction(orbit, day * DAY_S) for day in range(0, 365, 3)]
    assert sum(fractions) / len(fractions) == pytest.approx(mean, abs=1e-3)
    assert min(fractions) == pytest.approx(worst, abs=2e-3)


def test_dawn_dusk_orbit_is_dark_for_a_quarter_at_solstice():
    """Catches ecliptic coordinates taken for equatorial ones: they give no shadow at all."""
    orbit = Orbit(OrbitConfig(ltan_h=18.0).elements(datetime(2026, 6, 21, 9, tzinfo=UTC)))
    assert 1.0 - _sunlit_fraction(orbit, 0.0, 2000) == pytest.approx(0.239, abs=0.002)


def test_eclipse_agrees_with_the_closed_form():
    elements = OrbitConfig().elements(START)
    orbit, sun = Orbit(elements), sun_at(START.timestamp())
    (nx, ny, _), (ax, ay, az) = orbit.axes(0.0)
    sine_beta = (ny * az) * sun.x + (-nx * az) * sun.y + (nx * ay - ny * ax) * sun.z
    radius_ratio = EARTH_RADIUS_M / elements.semi_major_axis_m
    dark = acos(sqrt(1.0 - radius_ratio**2) / cos(asin(sine_beta))) / pi
    assert 1.0 - _sunlit_fraction(orbit, 0.0, 4000) == pytest.approx(dark, abs=3e-4)


def test_axes_are_a_right_handed_frame_and_the_orbit_passes_the_poles():
    orbit = Orbit(OrbitConfig().elements(START))
    node, ahead = orbit.axes(1234.5)
    assert sum(a * b for a, b in zip(node, ahead, strict=True)) == pytest.approx(0.0, abs=1e-15)
    assert ahead[2] == pytest.approx(sin(orbit.elements.inclination_rad))
    assert "500 km, 97.40 deg" in orbit.describe()


@pytest.mark.parametrize("bad", [{"altitude_km": 100.0}, {"ltan_h": 24.0}])
def test_impossible_orbits_are_refused(bad):
    with pytest.raises(ValueError, match="must be in"):
        OrbitConfig(**bad)

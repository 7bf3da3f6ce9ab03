"""A year of an orbit against tables of an independent stepping code, and against the scalar shadow."""

from datetime import UTC, datetime
from math import acos, cos, degrees, pi, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.discs import Bodies, disc_illuminations, edges_rad, illuminations
from sim.orbit import Orbit, OrbitConfig
from sim.season import YearRequest, survey
from sim.shadow import OblateShadow, Shadow, disc_illumination
from sim.sun import sun_at

# altitude, LTAN, beta range, mean, worst, longest umbra in minutes, days with eclipse; year 2026
TABLE = [
    (500.0, 6.0, 59.2, 89.8, 0.94585, 0.7605, 22.34, 104),
    (500.0, 12.0, 0.0, 6.0, 0.62230, 0.6221, 35.61, 365),
    (600.0, 10.5, 14.9, 25.3, 0.64384, 0.6379, 34.91, 365),
    (1_000.0, 6.0, 57.1, 89.9, 0.98512, 0.8759, 12.41, 58),
    (2_000.0, 6.5, 50.9, 84.0, 1.00000, 1.0000, 0.0, 0),
    (2_000.0, 7.0, 48.7, 76.9, 0.99575, 0.9393, 6.54, 37),
]
lengths = st.floats(0.01, 2.0)


@pytest.mark.parametrize(("altitude", "ltan", "low", "high", "mean", "worst", "umbra", "days"), TABLE)
def test_sunlight_of_2026(altitude, ltan, low, high, mean, worst, umbra, days):
    year = survey(YearRequest(altitude_km=altitude, ltan_h=ltan))
    beta = np.abs(np.degrees(year.beta_rad))
    assert (beta.min(), beta.max()) == pytest.approx((low, high), abs=0.06)
    assert year.sunlit.mean() == pytest.approx(mean, abs=5e-4)
    assert year.sunlit.min() == pytest.approx(worst, abs=1e-3)
    assert year.umbra_s.max() / 60.0 == pytest.approx(umbra, abs=0.1)
    assert abs(year.eclipse_days - days) <= 1.0


@pytest.mark.parametrize(
    ("altitude", "mean", "worst"), [(500.0, 0.639, 0.622), (1_000.0, 0.693, 0.668), (2_000.0, 0.769, 0.725)]
)
def test_thirty_degree_shells_over_all_nodes(altitude, mean, worst):
    year = survey(YearRequest(altitude_km=altitude, inclination_deg=30.0, all_nodes=True))
    assert (year.sunlit.mean(), year.sunlit.min()) == pytest.approx((mean, worst), abs=1e-3)


def test_the_closed_form_is_the_mean_of_a_stepped_orbit():
    """Four orbits, the last of a grazing season, stepped with the scalar shadow."""
    request = YearRequest(altitude_km=500.0, ltan_h=6.0)
    year = survey(request)
    deepening = np.flatnonzero(year.shadow_s[0] > 0.0)
    for index in (0, 300, int(deepening[len(deepening) // 2]), int(deepening[-1])):
        middle_s = float(year.unix_s[index])
        start = datetime.fromtimestamp(middle_s - year.nodal_period_s / 2.0, tz=UTC)
        shadow = Shadow(Orbit(OrbitConfig(altitude_km=500.0, ltan_h=6.0).elements(start)))
        shadow.refresh(year.nodal_period_s / 2.0)
        lit = shadow.mean_illumination(0.0, year.nodal_period_s)
        assert year.sunlit[0, index] == pytest.approx(lit, abs=3e-5)


@given(lengths, lengths, lengths)
def test_discs_in_arrays_are_the_scalar_discs(a, b, c):
    found = disc_illuminations(np.array([a]), np.array([b]), np.array([c]))[0]
    assert found == pytest.approx(disc_illumination(a, b, c), abs=1e-12)


def test_edges_are_where_illumination_leaves_zero_and_one():
    distance = np.array([sun_at(datetime(2026, 6, 1, tzinfo=UTC).timestamp()).distance_m])
    umbra, penumbra = edges_rad(6_878_137.0, distance, Bodies())
    near = 2e-6  # radians: two thousandths of the penumbra
    values = [
        float(illuminations(-np.cos(edge + step), 6_878_137.0, distance, Bodies())[0])
        for edge, step in ((umbra, -near), (umbra, near), (penumbra, -near), (penumbra, near))
    ]
    assert values[0] == 0.0 < values[1] < 1e-4
    assert 1.0 - 1e-4 < values[2] < values[3] == 1.0


def test_dawn_dusk_at_the_solstice_is_dark_for_a_quarter():
    """An orbit that forgets the tilt between equator and ecliptic is never dark here."""
    year = survey(YearRequest(altitude_km=500.0, ltan_h=18.0))
    when = datetime(2026, 6, 21, tzinfo=UTC).timestamp()
    index = int(np.argmin(np.abs(year.unix_s - when)))
    assert 1.0 - year.sunlit[0, index] == pytest.approx(0.239, abs=0.002)


def test_a_smaller_earth_has_a_shorter_shadow_by_geometry():
    request = YearRequest(altitude_km=500.0, ltan_h=12.0)
    whole, small = survey(request), survey(request, Bodies(earth_m=6_371_000.0))
    radius_m = request.semi_major_axis_m
    half = [acos((1.0 - (earth_m / radius_m) ** 2) ** 0.5) for earth_m in (6_378_137.0, 6_371_000.0)]
    expected_s = (half[0] - half[1]) / pi * whole.nodal_period_s
    assert whole.umbra_s.max() - small.umbra_s.max() == pytest.approx(expected_s, abs=0.1)


def test_a_given_inclination_drifts_through_all_beta():
    year = survey(YearRequest(inclination_deg=30.0))
    beta = np.degrees(year.beta_rad)
    assert beta.max() == pytest.approx(30.0 + 23.4, abs=1.5)
    assert beta.min() == pytest.approx(-53.4, abs=1.5)


def test_beta_is_the_angle_between_plane_and_sun():
    request = YearRequest(altitude_km=500.0, ltan_h=9.0)
    year = survey(request)
    when = datetime.fromtimestamp(float(year.unix_s[100]), tz=UTC)
    elements = OrbitConfig(ltan_h=9.0).elements(when)
    sun, node, i = sun_at(when.timestamp()), elements.node_rad, elements.inclination_rad
    sine = sin(i) * (sin(node) * sun.x - cos(node) * sun.y) + cos(i) * sun.z
    assert np.degrees(year.beta_rad[0, 100]) == pytest.approx(90.0 - degrees(acos(sine)), abs=1e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"altitude_km": 100.0},
        {"ltan_h": 24.1},
        {"inclination_deg": 190.0},
        {"year": 1900},
        {"all_nodes": True},
        {"altitude_km": float("nan")},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"must be|needs"):
        YearRequest(**wrong)


# altitude, LTAN, longest shadow in minutes on a sphere and on an ellipsoid; a cylinder, by an independent stepping code
FLATTENED = [(500.0, 6.0, 22.67, 22.41), (1_000.0, 6.0, 13.05, 12.48)]


@pytest.mark.parametrize(("altitude", "ltan", "sphere", "ellipsoid"), FLATTENED)
def test_the_flattened_earth_shortens_the_worst_eclipse(altitude, ltan, sphere, ellipsoid):
    cylinder = Bodies(sun_m=1.0)
    for is_oblate, minutes in ((False, sphere), (True, ellipsoid)):
        year = survey(YearRequest(altitude_km=altitude, ltan_h=ltan, is_oblate=is_oblate), cylinder)
        assert year.shadow_s.max() / 60.0 == pytest.approx(minutes, abs=0.02)


def test_the_flattened_earth_makes_a_dawn_orbit_brighter_and_its_season_shorter():
    round_, flat = (survey(YearRequest(altitude_km=500.0, ltan_h=6.0, is_oblate=flag)) for flag in (False, True))
    assert flat.sunlit.mean() - round_.sunlit.mean() == pytest.approx(0.002, abs=3e-4)
    assert (flat.umbra_s.max() - round_.umbra_s.max()) / 60.0 == pytest.approx(-0.3, abs=0.05)
    assert round_.eclipse_days - flat.eclipse_days in (2, 3)


def test_the_ellipsoid_without_flattening_is_the_sphere(monkeypatch):
    """Found by search along the orbit here, in closed form there."""
    monkeypatch.setattr("sim.oblate.SQUARE_GAIN", 0.0)
    for altitude, ltan in ((500.0, 6.0), (2_000.0, 7.0), (600.0, 10.5)):
        closed, searched = (
            survey(YearRequest(altitude_km=altitude, ltan_h=ltan, is_oblate=flag)) for flag in (False, True)
        )
        assert np.abs(searched.sunlit - closed.sunlit).max() < 2e-6
        assert np.abs(searched.shadow_s - closed.shadow_s).max() < 0.5  # where it is just grazed
        assert np.median(np.abs(searched.umbra_s - closed.umbra_s)) < 1e-3


@pytest.mark.parametrize("ltan_h", [6.0, 10.5])
def test_the_searched_shadow_is_that_of_a_stepped_orbit_over_the_ellipsoid(ltan_h):
    year = survey(YearRequest(altitude_km=500.0, ltan_h=ltan_h, is_oblate=True))
    for index in (0, 300):
        start = datetime.fromtimestamp(float(year.unix_s[index]) - year.nodal_period_s / 2.0, tz=UTC)
        shadow = OblateShadow(Orbit(OrbitConfig(altitude_km=500.0, ltan_h=ltan_h).elements(start)))
        shadow.refresh(year.nodal_period_s / 2.0)
        assert year.sunlit[0, index] == pytest.approx(shadow.mean_illumination(0.0, year.nodal_period_s), abs=3e-5)


@pytest.mark.parametrize(
    ("ltan_h", "date", "dark"),
    [
        (6.0, (2026, 12, 21, 20, 50), 0.239),
        (18.0, (2026, 6, 21, 8, 24), 0.239),
        (6.0, (2026, 6, 21, 8, 24), 0.0),
        (18.0, (2026, 12, 21, 20, 50), 0.0),
        (6.0, (2026, 3, 20, 14, 46), 0.0),
        (18.0, (2026, 9, 23, 0, 5), 0.0),
    ],
)
def test_dawn_and_dusk_at_solstice_and_equinox(ltan_h, date, dark):
    """Ecliptic coordinates taken for equatorial ones give no shadow at the solstices; at an equinox nothing shows."""
    year = survey(YearRequest(altitude_km=500.0, ltan_h=ltan_h))
    index = int(np.abs(year.unix_s - datetime(*date, tzinfo=UTC).timestamp()).argmin())
    assert 1.0 - year.sunlit[0, index] == pytest.approx(dark, abs=0.002)

"""Osculating and mean elements, against orbits integrated numerically under J2."""

from datetime import UTC, datetime
from math import cos, degrees, pi, radians, sin, sqrt

import pytest

from hal.constants import EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M
from sim.frames import FrameError, OfDate, Teme
from sim.orbit import MeanElements, Orbit, OrbitConfig
from sim.osculating import CIRCULAR_LIMIT, EccentricOrbit, OsculatingElements, mean_elements, osculating

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
DAY_S = 86_400.0
STEP_S = 30.0  # of fourth order, with J2: 30 m in three days
State = tuple[float, ...]


def _slope(state: State) -> State:
    x, y, z, *velocity = state
    square = x * x + y * y + z * z
    point = -EARTH_MU_M3_S2 / (square * sqrt(square))
    bulge, tilt = 1.5 * EARTH_J2 * EARTH_RADIUS_M**2 / square, 5.0 * z * z / square
    across = point * (1.0 + bulge * (1.0 - tilt))
    return (*velocity, across * x, across * y, point * (1.0 + bulge * (3.0 - tilt)) * z)


def _moved(state: State, slope: State, seconds: float) -> State:
    return tuple(value + seconds * rate for value, rate in zip(state, slope, strict=True))


def _integrated(state: State, seconds: float) -> State:
    for _ in range(round(seconds / STEP_S)):
        first = _slope(state)
        second = _slope(_moved(state, first, 0.5 * STEP_S))
        third = _slope(_moved(state, second, 0.5 * STEP_S))
        fourth = _slope(_moved(state, third, STEP_S))
        mean = tuple((a + 2.0 * (b + c) + d) / 6.0 for a, b, c, d in zip(first, second, third, fourth, strict=True))
        state = _moved(state, mean, STEP_S)
    return state


def _state(
    altitude_km: float, inclination_deg: float | None, latitude_argument_deg: float, radial_m_s: float = 0.0
) -> State:
    """Flying level at the speed of a circle about an oblate Earth, plus a radial speed."""
    config = OrbitConfig(
        altitude_km=altitude_km, inclination_deg=inclination_deg, latitude_argument_deg=latitude_argument_deg
    )
    orbit = Orbit(config.elements(EPOCH))
    (node, ahead), u = orbit.axes(0.0), radians(latitude_argument_deg)
    axis_m, tilt = orbit.elements.semi_major_axis_m, sin(orbit.elements.inclination_rad) * sin(u)
    bulge = 1.5 * EARTH_J2 * (EARTH_RADIUS_M / axis_m) ** 2
    speed = sqrt(EARTH_MU_M3_S2 / axis_m * (1.0 + bulge * (1.0 - 3.0 * tilt * tilt)))
    up = [cos(u) * a + sin(u) * b for a, b in zip(node, ahead, strict=True)]
    along = [-sin(u) * a + cos(u) * b for a, b in zip(node, ahead, strict=True)]
    return (
        *(axis_m * a for a in up),
        *(speed * a + radial_m_s * b for a, b in zip(along, up, strict=True)),
    )


def _elements(state: State, unix_s: float = EPOCH.timestamp()) -> OsculatingElements:
    return osculating(OfDate(*state[:3]), OfDate(*state[3:]), unix_s)


def _naive(elements: OsculatingElements) -> MeanElements:
    """What must not be done: the kinds taken for each other."""
    return MeanElements(
        epoch_unix_s=elements.epoch_unix_s,
        semi_major_axis_m=elements.semi_major_axis_m,
        inclination_rad=elements.inclination_rad,
        node_rad=elements.node_rad,
        latitude_argument_rad=elements.latitude_argument_rad,
    )


def _off_km(mean: MeanElements, time_s: float, state: State) -> float:
    return (Orbit(mean).place(time_s) - OfDate(*state[:3])).length / 1000.0


@pytest.mark.parametrize(
    ("altitude_km", "inclination_deg", "latitude_argument_deg"),
    [(500.0, None, 0.0), (500.0, None, 70.0), (1_000.0, None, 30.0), (2_000.0, None, 200.0), (600.0, 30.0, 90.0)],
)
def test_mean_elements_hold_for_three_days_and_osculating_ones_for_none(
    altitude_km, inclination_deg, latitude_argument_deg
):
    start = _state(altitude_km, inclination_deg, latitude_argument_deg)
    elements = _elements(start)
    mean = mean_elements(elements)
    day = _integrated(start, DAY_S)
    assert _off_km(_naive(elements), DAY_S, day) > 100.0
    assert _off_km(mean, DAY_S, day) < 20.0  # the circle leaves out an eccentricity of 1e-3: 14 km
    end = _integrated(day, 2.0 * DAY_S)
    assert _off_km(mean, 3.0 * DAY_S, end) < 25.0
    drift_rad = mean_elements(_elements(end)).latitude_argument_rad - _after(mean, 3.0 * DAY_S)
    drift_km = ((drift_rad + pi) % (2.0 * pi) - pi) * mean.semi_major_axis_m / 1000.0
    assert abs(drift_km) < (10.0 if inclination_deg is None else 15.0)  # terms of J2 squared are largest near 30 deg


def _after(mean: MeanElements, time_s: float) -> float:
    return mean.latitude_argument_rad + Orbit(mean).latitude_rate_rad_s * time_s


def test_mean_elements_do_not_swing_along_the_orbit():
    """The osculating axis does, by 19 km from node to pole; the energy, and so the mean axis, does not."""
    state = _state(500.0, None, 0.0)
    swung, steady, tilts = [], [], []
    for _ in range(24):
        state = _integrated(state, 240.0)
        elements = _elements(state)
        mean = mean_elements(elements)
        swung.append(elements.semi_major_axis_m)
        steady.append(mean.semi_major_axis_m)
        tilts.append(degrees(mean.inclination_rad))
    assert max(swung) - min(swung) == pytest.approx(18.7e3, rel=0.02)
    assert max(steady) - min(steady) < 40.0
    assert max(tilts) - min(tilts) < 2e-4


def test_the_ellipse_of_the_moment_is_that_of_two_bodies():
    elements = osculating(OfDate(7e6, 0.0, 0.0), OfDate(0.0, 0.0, 1.1 * sqrt(EARTH_MU_M3_S2 / 7e6)), 5.0)
    assert elements.eccentricity == pytest.approx(0.21)  # 1.1 squared less 1, at perigee
    assert elements.eccentricity_sin == pytest.approx(0.0, abs=1e-12)
    assert elements.semi_major_axis_m == pytest.approx(7e6 / 0.79)
    assert (degrees(elements.inclination_rad), elements.node_rad) == (pytest.approx(90.0), pytest.approx(0.0))


def test_an_orbit_far_from_a_circle_is_refused_with_its_eccentricity():
    with pytest.raises(EccentricOrbit, match=r"eccentricity 0\.0[12]\d* is over 0\.005"):
        mean_elements(_elements(_state(500.0, None, 0.0, radial_m_s=100.0)))
    assert CIRCULAR_LIMIT == 0.005
    with pytest.raises(ValueError, match="not an orbit"):
        osculating(OfDate(7e6, 0.0, 0.0), OfDate(0.0, 12e3, 0.0), 0.0)


def test_the_wrong_kind_of_elements_is_refused_by_name():
    elements = _elements(_state(500.0, None, 0.0))
    with pytest.raises(TypeError, match=r"MeanElements, got OsculatingElements; sim\.osculating"):
        Orbit(elements)
    with pytest.raises(TypeError, match="OsculatingElements, got MeanElements"):
        mean_elements(mean_elements(elements))
    with pytest.raises(FrameError, match="expected OfDate, got Teme"):
        osculating(Teme(7e6, 0.0, 0.0), OfDate(0.0, 7e3, 0.0), 0.0)

"""Checks of what moves: the node under J2 against a numerical integration, and shadows at the solstices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from math import atan2, cos, degrees, pi, radians, sin, sqrt

import numpy as np

from hal.constants import EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M
from sim.orbit import node_rate_rad_s, sun_synchronous_inclination_rad
from sim.season import YearRequest, survey
from tools.sim.row import Row

SECTION = "motion"
STEP_S = 20.0  # of fourth order: 1e-7 of the node's drift in a day
DAY_S = 86_400.0
Vector = tuple[float, float, float]
State = tuple[float, float, float, float, float, float]

# altitude km, inclination deg (none: sun-synchronous), relative tolerance of a first-order theory. What it leaves out
# is of the order of J2 squared, and at a low inclination more than in a near-polar orbit.
NODES = ((500.0, None, 2e-3), (1_000.0, None, 2e-3), (2_000.0, None, 2e-3), (600.0, 30.0, 3e-3))


def rows() -> Iterator[Row]:
    """Nodes, and shadows at the solstices."""
    for altitude_km, inclination_deg, relative in NODES:
        yield _node_row(altitude_km, inclination_deg, relative)
    yield from _solstice_rows()


def _node_row(altitude_km: float, inclination_deg: float | None, relative: float) -> Row:
    axis_m = EARTH_RADIUS_M + 1000.0 * altitude_km
    fixed = inclination_deg
    inclination = sun_synchronous_inclination_rad(axis_m) if fixed is None else radians(fixed)
    expected = integrated_node_rate_rad_s(axis_m, inclination)
    return Row(
        section=SECTION,
        name=f"node's drift in a day, {altitude_km:g} km, {degrees(inclination):.1f} deg",
        source=f"numerical integration with J2, fourth order, {STEP_S:g} s",
        unit="deg",
        expected=degrees(expected) * DAY_S,
        got=degrees(node_rate_rad_s(axis_m, inclination)) * DAY_S,
        tolerance=relative * abs(degrees(expected)) * DAY_S,
    )


def integrated_node_rate_rad_s(axis_m: float, inclination: float, seconds: float = DAY_S) -> float:
    """Drift of the node between ascending crossings of the equator, about `seconds` apart, from mean elements."""
    state = _osculating_start(axis_m, inclination)
    time_s, crossing_s, longitude = 0.0, 0.0, 0.0
    while time_s < seconds:
        before, state = state, _stepped(state, STEP_S)
        if before[2] < 0.0 <= state[2]:
            part_s = -before[2] / (state[2] - before[2]) * STEP_S
            at_node = _stepped(before, part_s)
            at_node = _stepped(at_node, -at_node[2] / at_node[5])  # once more, for the curve of the arc
            crossing_s, longitude = time_s + part_s, atan2(at_node[1], at_node[0])
        time_s += STEP_S
    return ((longitude + pi) % (2.0 * pi) - pi) / crossing_s


def _osculating_start(axis_m: float, inclination: float) -> State:
    """Place and velocity at the ascending node for mean elements.

    Source: Brouwer (1959), first-order short-period terms of axis and inclination, here at argument of latitude 0.
    Without them the axis would be 9 km off, and the node's rate by half a percent.
    """
    scale = EARTH_J2 * (EARTH_RADIUS_M / axis_m) ** 2
    radius_m = axis_m * (1.0 + 1.5 * scale * sin(inclination) ** 2)
    tilt = inclination + 0.375 * scale * sin(2.0 * inclination)
    speed = sqrt(EARTH_MU_M3_S2 / radius_m)
    return radius_m, 0.0, 0.0, 0.0, speed * cos(tilt), speed * sin(tilt)


def _pull(x: float, y: float, z: float) -> Vector:
    """Acceleration by a point mass and J2."""
    square = x * x + y * y + z * z
    point = -EARTH_MU_M3_S2 / (square * sqrt(square))
    bulge = 1.5 * EARTH_J2 * EARTH_RADIUS_M * EARTH_RADIUS_M / square
    tilt = 5.0 * z * z / square
    across = point * (1.0 + bulge * (1.0 - tilt))
    return across * x, across * y, point * (1.0 + bulge * (3.0 - tilt)) * z


def _stepped(state: State, seconds: float) -> State:
    """A step of the classical Runge-Kutta method."""
    first = _slope(state)
    second = _slope(_moved(state, first, 0.5 * seconds))
    third = _slope(_moved(state, second, 0.5 * seconds))
    fourth = _slope(_moved(state, third, seconds))
    mean = [(a + 2.0 * (b + c) + d) / 6.0 for a, b, c, d in zip(first, second, third, fourth, strict=True)]
    return _moved(state, (mean[0], mean[1], mean[2], mean[3], mean[4], mean[5]), seconds)


def _slope(state: State) -> State:
    x, y, z, vx, vy, vz = state
    return (vx, vy, vz, *_pull(x, y, z))


def _moved(state: State, slope: State, seconds: float) -> State:
    a, b, c, d, e, f = (value + seconds * rate for value, rate in zip(state, slope, strict=True))
    return a, b, c, d, e, f


def _solstice_rows() -> Iterator[Row]:
    """An orbit that forgets the tilt between equator and ecliptic is never dark here."""
    for ltan_h, (month, day, hour, minute), name in (
        (18.0, (6, 21, 8, 24), "dusk orbit at the June solstice"),
        (6.0, (12, 21, 20, 50), "dawn orbit at the December solstice"),
    ):
        year = survey(YearRequest(altitude_km=500.0, ltan_h=ltan_h))
        when = datetime(2026, month, day, hour, minute, tzinfo=UTC).timestamp()
        index = int(np.argmin(np.abs(year.unix_s - when)))
        yield Row(
            section=SECTION,
            name=f"dark part of a {name}, 500 km",
            source="independent stepping code; a known frame error gives 0",
            expected=0.239,
            got=1.0 - float(year.sunlit[0, index]),
            tolerance=0.002,
        )

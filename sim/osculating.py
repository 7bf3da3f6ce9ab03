"""Osculating elements (the ellipse of a moment, from place and velocity) and the mean ones that the simulation takes.

Under J2 the osculating axis of a near-circular orbit swings by 9 km twice an orbit. Taken for the mean axis it runs the
satellite away by more than a hundred kilometres a day, so the two kinds are two types and only this file crosses over.

Source: first-order short-period terms of Brouwer (1959) for small eccentricity, here by integrating Gauss's equations
along a circle; the axis comes from the energy, J2's included, which a numerical orbit keeps exactly. Left out are J2
squared, which moves a sun-synchronous orbit by 2 km in three days (one of 30 degrees by 6), drag and other harmonics.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import acos, atan, atan2, cos, hypot, pi, sin, sqrt, tan

from hal.constants import EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M
from sim.frames import OfDate, expect
from sim.orbit import TURN, MeanElements

CIRCULAR_LIMIT = 0.005  # of mean eccentricity: what a circle leaves out is 2 a e = 70 km along the track, 9 s of flight
ROUNDS = 3  # of the correction, whose terms are taken at the mean elements; each gains three digits


@dataclass(frozen=True, slots=True, kw_only=True)
class OsculatingElements:
    """The two-body ellipse through a place with a velocity, in the equatorial frame of date; regular at e = 0."""

    epoch_unix_s: float
    semi_major_axis_m: float
    inclination_rad: float
    node_rad: float  # right ascension of the ascending node
    latitude_argument_rad: float  # angle from the ascending node to the place
    eccentricity_cos: float  # eccentricity times the cosine of the argument of perigee
    eccentricity_sin: float  # and times its sine

    @property
    def eccentricity(self) -> float:
        return hypot(self.eccentricity_cos, self.eccentricity_sin)


class EccentricOrbit(ValueError):
    """The orbit is too far from a circle for the mean elements of this simulation."""


def osculating(place_m: OfDate, velocity_m_s: OfDate, unix_s: float) -> OsculatingElements:
    """The ellipse of the moment. Raises FrameError for vectors of another frame, ValueError for an open orbit."""
    place, velocity = expect(OfDate, place_m), expect(OfDate, velocity_m_s)
    radius_m, momentum = place.length, place.cross(velocity)
    axis_m = 1.0 / (2.0 / radius_m - velocity.dot(velocity) / EARTH_MU_M3_S2)
    if not 0.0 < axis_m < 1e9:
        raise ValueError(f"not an orbit around the Earth: semi-major axis {axis_m / 1000.0:.0f} km")
    inclination = acos(max(-1.0, min(1.0, momentum.z / momentum.length)))
    node = atan2(momentum.x, -momentum.y) % TURN
    to_node = OfDate(cos(node), sin(node), 0.0)
    to_ahead = OfDate(-sin(node) * cos(inclination), cos(node) * cos(inclination), sin(inclination))
    pull = velocity.cross(momentum)
    along, across = place.dot(to_node) / radius_m, place.dot(to_ahead) / radius_m
    e_cos = pull.dot(to_node) / EARTH_MU_M3_S2 - along
    e_sin = pull.dot(to_ahead) / EARTH_MU_M3_S2 - across
    return OsculatingElements(
        epoch_unix_s=unix_s,
        semi_major_axis_m=axis_m,
        inclination_rad=inclination,
        node_rad=node,
        latitude_argument_rad=atan2(across, along) % TURN,
        eccentricity_cos=e_cos,
        eccentricity_sin=e_sin,
    )


def _mean_longitude_rad(elements: OsculatingElements) -> float:
    """Perigee plus mean anomaly, from the ascending node, by Kepler's equation."""
    eccentricity, perigee = elements.eccentricity, atan2(elements.eccentricity_sin, elements.eccentricity_cos)
    true = (elements.latitude_argument_rad - perigee + pi) % TURN - pi
    eccentric = 2.0 * atan(sqrt((1.0 - eccentricity) / (1.0 + eccentricity)) * tan(0.5 * true))
    return (perigee + eccentric - eccentricity * sin(eccentric)) % TURN


@dataclass(frozen=True, slots=True, kw_only=True)
class _Swing:
    """What J2 adds to the mean elements at one point of the orbit."""

    inclination_rad: float
    node_rad: float
    longitude_rad: float
    eccentricity_cos: float
    eccentricity_sin: float


def _swing(axis_m: float, inclination: float, longitude: float) -> _Swing:
    scale = EARTH_J2 * (EARTH_RADIUS_M / axis_m) ** 2
    square = sin(inclination) ** 2
    double_cos, double_sin = cos(2.0 * longitude), sin(2.0 * longitude)
    third = 7.0 / 12.0 * square
    return _Swing(
        inclination_rad=0.375 * scale * sin(2.0 * inclination) * double_cos,
        node_rad=0.75 * scale * cos(inclination) * double_sin,
        longitude_rad=-0.75 * scale * (1.0 - 2.5 * square) * double_sin,
        eccentricity_cos=1.5 * scale * ((1.0 - 1.25 * square) * cos(longitude) + third * cos(3.0 * longitude)),
        eccentricity_sin=1.5 * scale * ((1.0 - 1.75 * square) * sin(longitude) + third * sin(3.0 * longitude)),
    )


def _mean_axis_m(elements: OsculatingElements, axis_m: float, inclination: float) -> float:
    """The axis of the circle with the same energy, from a first estimate: what the bulge gives and takes here, less
    what it gives in the mean over the circle."""
    u = elements.latitude_argument_rad
    along = 1.0 + elements.eccentricity_cos * cos(u) + elements.eccentricity_sin * sin(u)
    radius_m = elements.semi_major_axis_m * (1.0 - elements.eccentricity**2) / along
    bulge = 0.5 * EARTH_J2 * EARTH_RADIUS_M**2
    here = bulge / radius_m**3 * (3.0 * (sin(elements.inclination_rad) * sin(u)) ** 2 - 1.0)
    mean = bulge / axis_m**3 * (1.5 * sin(inclination) ** 2 - 1.0)
    return 0.5 / (0.5 / elements.semi_major_axis_m - here + mean)


def mean_elements(elements: OsculatingElements) -> MeanElements:
    """The mean elements of a near-circular orbit, with J2's short periods removed.

    Raises TypeError for another kind of elements, and EccentricOrbit where the mean eccentricity is over 0.005.
    """
    if not isinstance(elements, OsculatingElements):
        raise TypeError(f"expected OsculatingElements, got {type(elements).__name__}")
    axis_m, inclination = elements.semi_major_axis_m, elements.inclination_rad
    start = longitude = _mean_longitude_rad(elements)
    for _ in range(ROUNDS):
        swing = _swing(axis_m, inclination, longitude)
        axis_m = _mean_axis_m(elements, axis_m, inclination)
        inclination = elements.inclination_rad - swing.inclination_rad
        longitude = start - swing.longitude_rad
    eccentricity = hypot(
        elements.eccentricity_cos - swing.eccentricity_cos, elements.eccentricity_sin - swing.eccentricity_sin
    )
    if eccentricity > CIRCULAR_LIMIT:
        raise EccentricOrbit(f"mean eccentricity {eccentricity:.4f} is over {CIRCULAR_LIMIT}: not near-circular")
    return MeanElements(
        epoch_unix_s=elements.epoch_unix_s,
        semi_major_axis_m=axis_m,
        inclination_rad=inclination,
        node_rad=(elements.node_rad - swing.node_rad) % TURN,
        latitude_argument_rad=longitude % TURN,
    )

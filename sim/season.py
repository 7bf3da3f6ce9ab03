"""A year of one circular orbit in closed form: beta, eclipse and sunlight of every orbit, without stepping.

The orbit precesses under J2; the Earth is a sphere with a conical shadow. While an orbit lasts, Sun and node stand
where they are at its middle (0.03 degrees in the worst case), so that its illumination depends on one angle: the
distance along the orbit from the point farthest from the Sun. The penumbra is integrated by Gauss and Legendre. On
request the Earth is an ellipsoid, and the edges of its shadow are searched for in `sim.oblate`.

Minutes of shadow are the dark part of an orbit times the two-body period, as filings state periods; from node to node
an orbit under J2 takes 0.07 to 0.13 % longer, at most 3 s of shadow. Days of eclipse are the length of all eclipse
seasons together, begun days counted whole: orbits with any penumbra times the nodal period. Dates on which some
penumbra falls are one or two more, because a season rarely begins at midnight.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, cos, pi, radians, sin, sqrt

import numpy as np

from hal.constants import EARTH_RADIUS_M
from sim.discs import Bodies, Floats, edges_rad, illuminations
from sim.oblate import Rings, shadow_arcs
from sim.orbit import (
    TURN,
    mean_motion_rad_s,
    nodal_period_s,
    node_from_ltan_rad,
    node_rate_rad_s,
    sun_synchronous_inclination_rad,
)
from sim.sun import DAY_S, sun_at

PENUMBRA_POINTS = 16  # the mean illumination of an orbit to 1e-7 against 200 points
NODES_ROUND = 36  # for shells with satellites at every node: the mean to 1e-5 against 360


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRequest:
    """Which orbit and year. Sun-synchronous at `ltan_h` for the whole year, unless an inclination is given.

    A given inclination starts the year at `ltan_h` and drifts from there; `all_nodes` averages over all nodes.
    """

    altitude_km: float = 500.0
    ltan_h: float = 10.5
    inclination_deg: float | None = None
    year: int = 2026
    all_nodes: bool = False
    is_oblate: bool = False  # whether the Earth's flattening shapes its shadow

    def __post_init__(self) -> None:
        if not 200.0 <= self.altitude_km <= 2_500.0:
            raise ValueError(f"altitude must be in 200..2500 km for a near-circular low orbit, is {self.altitude_km}")
        if not 0.0 <= self.ltan_h <= 24.0:
            raise ValueError(f"local time must be in 0..24 h, is {self.ltan_h}")
        if self.inclination_deg is not None and not 0.0 <= self.inclination_deg <= 180.0:
            raise ValueError(f"inclination must be in 0..180 degrees, is {self.inclination_deg}")
        if not 1950 <= self.year <= 2100:
            raise ValueError(f"year must be in 1950..2100, where the Sun's formula holds, is {self.year}")
        if self.all_nodes and self.inclination_deg is None:
            raise ValueError("all nodes needs an inclination: a sun-synchronous orbit has one node by definition")

    @property
    def semi_major_axis_m(self) -> float:
        return EARTH_RADIUS_M + 1000.0 * self.altitude_km

    @property
    def inclination_rad(self) -> float:
        """As given, or the sun-synchronous one."""
        fixed = self.inclination_deg
        return sun_synchronous_inclination_rad(self.semi_major_axis_m) if fixed is None else radians(fixed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """Every orbit of a year. Arrays have shape (nodes, orbits); nodes is 1 unless all were asked for."""

    request: YearRequest
    period_s: float  # two-body, as filings state it
    nodal_period_s: float  # from node to node under J2: the length of an orbit here
    unix_s: Floats  # (orbits,): the middle of each
    beta_rad: Floats  # from the orbit's plane to the Sun, positive on the side of its momentum
    sunlit: Floats  # mean illumination in [0, 1]
    umbra_s: Floats  # in full shadow, of the two-body period
    shadow_s: Floats  # in umbra or penumbra, of the two-body period

    @property
    def days(self) -> Floats:
        """The UTC day of the year of each orbit's middle, from 0; shape (orbits,)."""
        return np.floor((self.unix_s - _new_year_s(self.request.year)) / DAY_S)

    @property
    def eclipse_days(self) -> int:
        """Days with any penumbra, on at least one node: the seasons' length, begun days counted whole."""
        return ceil(int((self.shadow_s > 0.0).any(axis=0).sum()) * self.nodal_period_s / DAY_S)


def survey(request: YearRequest, bodies: Bodies | None = None) -> Year:
    """Every orbit of the year. ValueError where there is no sun-synchronous orbit."""
    bodies = bodies or Bodies()
    axis_m, inclination = request.semi_major_axis_m, request.inclination_rad
    nodal_s = nodal_period_s(axis_m, inclination)
    start_s, end_s = _new_year_s(request.year), _new_year_s(request.year + 1)
    unix_s = start_s + (np.arange(int((end_s - start_s) / nodal_s), dtype=np.float64) + 0.5) * nodal_s
    suns = [sun_at(float(when)) for when in unix_s]
    towards = np.array([(sun.x, sun.y, sun.z) for sun in suns])
    distance_m = np.array([sun.distance_m for sun in suns])
    sine = sun_sine(request, unix_s, towards)
    if request.is_oblate:
        umbra_rad, shadow_rad, sunlit = shadow_arcs(_rings(request, unix_s, towards, distance_m), bodies)
    else:
        umbra_rad, shadow_rad = _half_arcs(sine, axis_m, distance_m, bodies)
        sunlit = _mean_illumination(sine, umbra_rad, shadow_rad, axis_m, distance_m, bodies)
    period_s = TURN / mean_motion_rad_s(axis_m)
    return Year(
        request=request,
        period_s=period_s,
        nodal_period_s=nodal_s,
        unix_s=unix_s,
        beta_rad=np.arcsin(sine),
        sunlit=sunlit,
        umbra_s=umbra_rad / pi * period_s,
        shadow_s=shadow_rad / pi * period_s,
    )


def sun_sine(request: YearRequest, unix_s: Floats, towards: Floats) -> Floats:
    """Sine of beta at times, shape (nodes, times), from unit vectors to the Sun of shape (times, 3)."""
    inclination, node = request.inclination_rad, _nodes_rad(request, unix_s)
    x, y, z = towards.T
    across = np.sin(node) * x - np.cos(node) * y
    sine: Floats = np.clip(np.sin(inclination) * across + np.cos(inclination) * z, -1.0, 1.0)
    return sine


def _nodes_rad(request: YearRequest, unix_s: Floats) -> Floats:
    """Right ascensions of the ascending nodes, shape (nodes, times)."""
    start_s = float(_new_year_s(request.year))
    first = node_from_ltan_rad(request.ltan_h, start_s)
    drift = node_rate_rad_s(request.semi_major_axis_m, request.inclination_rad) * (unix_s - start_s)
    spread = np.arange(NODES_ROUND) * (TURN / NODES_ROUND) if request.all_nodes else np.zeros(1)
    nodes: Floats = first + spread[:, None] + drift
    return nodes


def _rings(request: YearRequest, unix_s: Floats, towards: Floats, distance_m: Floats) -> Rings:
    """The orbits as the flattened Earth's shadow wants them."""
    inclination, node = request.inclination_rad, _nodes_rad(request, unix_s)
    x, y, z = towards.T
    across = np.cos(node) * y - np.sin(node) * x
    return Rings(
        axis_m=request.semi_major_axis_m,
        sine_inclination=sin(inclination),
        sun_node=np.cos(node) * x + np.sin(node) * y,
        sun_ahead=cos(inclination) * across + sin(inclination) * z,
        sun_z=z,
        sun_distance_m=distance_m,
    )


def _new_year_s(year: int) -> float:
    return datetime(year, 1, 1, tzinfo=UTC).timestamp()


def _half_arcs(sine: Floats, axis_m: float, distance_m: Floats, bodies: Bodies) -> tuple[Floats, Floats]:
    """Half of the umbra's arc and half of the whole shadow's along the orbit, in radians; 0 where it is missed."""
    cos_beta = np.maximum(np.sqrt(1.0 - sine * sine), 1e-12)
    umbra, shadow = edges_rad(axis_m, distance_m, bodies)
    return np.arccos(np.minimum(np.cos(umbra) / cos_beta, 1.0)), np.arccos(np.minimum(np.cos(shadow) / cos_beta, 1.0))


def _mean_illumination(
    sine: Floats, umbra_rad: Floats, shadow_rad: Floats, axis_m: float, distance_m: Floats, bodies: Bodies
) -> Floats:
    """1 outside the shadow, 0 in the umbra, and between them the integral of the free part of the Sun's disc."""
    points, weights = np.polynomial.legendre.leggauss(PENUMBRA_POINTS)
    middle, half = 0.5 * (shadow_rad + umbra_rad), 0.5 * (shadow_rad - umbra_rad)
    cos_beta = np.sqrt(1.0 - sine * sine)
    lit = np.zeros_like(sine)
    for point, weight in zip(points, weights, strict=True):
        sun_cosine = -cos_beta * np.cos(middle + half * point)
        lit += weight * half * illuminations(sun_cosine, axis_m, distance_m, bodies)
    return 1.0 - (shadow_rad - lit) / pi


def beta_star_rad(altitude_km: float) -> float:
    """Beyond this beta no point of the orbit is behind the Earth, the Sun taken as a point."""
    return float(np.arcsin(EARTH_RADIUS_M / (EARTH_RADIUS_M + 1000.0 * altitude_km)))


def longest_dark_s(altitude_km: float) -> float:
    """The longest shadow of a point-like Sun, at beta 0, over the two-body period."""
    axis_m = EARTH_RADIUS_M + 1000.0 * altitude_km
    cosine = sqrt(1.0 - (EARTH_RADIUS_M / axis_m) ** 2)
    return float(np.arccos(cosine)) / pi * TURN / mean_motion_rad_s(axis_m)

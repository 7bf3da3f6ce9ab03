"""The shadow of the flattened Earth for arrays of orbits: stretched along its axis, the ellipsoid becomes a sphere.

Lengths along z are divided by 1 - f for satellite and Sun alike; a line that grazes the ellipsoid then grazes a sphere
of equatorial radius. The Sun's disc keeps its size, which the stretch would change by 0.3 % (0.03 s of penumbra).
The satellite's stretched distance varies along its orbit, so the edges of the shadow are found by root search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from sim.discs import Bodies, Floats, disc_illuminations
from sim.shadow import SQUARE_GAIN

QUARTER = 0.5 * np.pi  # from the deepest point: the Sun is well above the limb there
DEEPEST_ROUNDS = 4  # Newton's method from the point opposite the Sun, a few degrees off: 1e-9 radians
DIFFERENCE_RAD = 1e-3  # of its derivatives
EDGE_ROUNDS = 9  # false position, Illinois variant: 1e-9 radians; 1e-4 (0.1 s) where the shadow is just grazed
POINTS = 8  # of Gauss and Legendre in each penumbra: the mean illumination of an orbit to 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rings:
    """Circular orbits under their Suns. All arrays broadcast to the shape of the answers."""

    axis_m: float
    sine_inclination: float
    sun_node: Floats  # cosine between the Sun and the ascending node
    sun_ahead: Floats  # cosine between the Sun and the point 90 degrees past it
    sun_z: Floats  # sine of the Sun's declination
    sun_distance_m: Floats

    def seen(self, u: Floats) -> tuple[Floats, Floats]:
        """At arguments of latitude: sine of the Sun's height over the local horizontal, and the stretched distance."""
        z = self.sine_inclination * np.sin(u)
        cosine = self.sun_node * np.cos(u) + self.sun_ahead * np.sin(u) + SQUARE_GAIN * z * self.sun_z
        radius_m = self.axis_m * np.sqrt(1.0 + SQUARE_GAIN * z * z)
        distance_m = self.sun_distance_m * np.sqrt(1.0 + SQUARE_GAIN * self.sun_z**2)
        product = cosine * (self.axis_m * self.sun_distance_m)
        range_m = np.sqrt(distance_m**2 + radius_m**2 - 2.0 * product)
        return np.clip((product / radius_m - radius_m) / range_m, -1.0, 1.0), radius_m

    def above_limb(self, u: Floats, bodies: Bodies) -> Floats:
        """Sine of the Sun's height over the Earth's limb, in sines of its radius: 1 and -1 at the penumbra's edges."""
        seen, radius_m = self.seen(u)
        sin_earth = bodies.earth_m / radius_m
        limb = np.sqrt(1.0 - seen * seen) * np.sqrt(1.0 - sin_earth * sin_earth) + seen * sin_earth
        return limb * (self.sun_distance_m / bodies.sun_m)

    def illuminations(self, u: Floats, bodies: Bodies) -> Floats:
        """The part of the Sun's disc that is free, in [0, 1]."""
        seen, radius_m = self.seen(u)
        sun_rad = np.arcsin(bodies.sun_m / self.sun_distance_m)
        return disc_illuminations(sun_rad, np.arcsin(bodies.earth_m / radius_m), np.arccos(-seen))


def shadow_arcs(rings: Rings, bodies: Bodies) -> tuple[Floats, Floats, Floats]:
    """Half of the umbra's arc, half of the whole shadow's, in radians, and the mean illumination of each orbit."""

    above_limb = partial(rings.above_limb, bodies=bodies)
    deepest = _deepest(above_limb, np.arctan2(-rings.sun_ahead, -rings.sun_node))
    shadow = [_edge(above_limb, deepest, side * QUARTER, 1.0) for side in (-1.0, 1.0)]
    umbra = [_edge(above_limb, deepest, side * QUARTER, -1.0) for side in (-1.0, 1.0)]
    lit = _lit(rings, bodies, shadow[0], umbra[0]) + _lit(rings, bodies, umbra[1], shadow[1])
    shadow_rad, umbra_rad = 0.5 * (shadow[1] - shadow[0]), 0.5 * (umbra[1] - umbra[0])
    return umbra_rad, shadow_rad, 1.0 - (2.0 * shadow_rad - lit) / (2.0 * np.pi)


def _deepest(function: Callable[[Floats], Floats], start: Floats) -> Floats:
    """Where the Sun stands lowest; the steps are bounded, for orbits that face the Sun and hardly vary."""
    u = start
    for _ in range(DEEPEST_ROUNDS):
        low, middle, high = function(u - DIFFERENCE_RAD), function(u), function(u + DIFFERENCE_RAD)
        bend = np.maximum(low + high - 2.0 * middle, 1e-9)
        u = u - np.clip(0.5 * DIFFERENCE_RAD * (high - low) / bend, -0.2, 0.2)
    return u


def _edge(function: Callable[[Floats], Floats], deepest: Floats, reach: float, level: float) -> Floats:
    """Where `function` rises through `level` between the deepest point and `reach` from it; the deepest point itself
    where it is nowhere below the level."""
    inner, outer = deepest, deepest + reach
    low, high = function(inner) - level, function(outer) - level
    is_missed = low >= 0.0
    was_in = np.ones_like(is_missed)
    for _ in range(EDGE_ROUNDS):
        with np.errstate(divide="ignore", invalid="ignore"):
            guess = np.where(high > low, outer - high * (outer - inner) / (high - low), inner)
        value = function(guess) - level
        is_in = value < 0.0
        kept = np.where(is_in == was_in, 0.5, 1.0)  # an end that stays twice is halved, so that both close in
        low, high, was_in = np.where(is_in, value, kept * low), np.where(is_in, kept * high, value), is_in
        inner, outer = np.where(is_in, guess, inner), np.where(is_in, outer, guess)
    return np.where(is_missed, deepest, guess)


def _lit(rings: Rings, bodies: Bodies, start: Floats, end: Floats) -> Floats:
    """The integral of the illumination over an arc of penumbra."""
    points, weights = np.polynomial.legendre.leggauss(POINTS)
    middle, half = 0.5 * (start + end), 0.5 * (end - start)
    total = np.zeros_like(middle)
    for point, weight in zip(points, weights, strict=True):
        total += weight * half * rings.illuminations(middle + half * point, bodies)
    return total

"""The Earth's conical shadow for arrays of places: the same discs as `sim.shadow`, a thousand at a time.

A satellite on a circular orbit is told by one number, the cosine between its zenith and the Sun as the Earth's centre
sees it. The exact triangle of satellite, Earth and Sun turns that into what the satellite sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hal.constants import EARTH_RADIUS_M, SUN_RADIUS_M

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """Radii of the Earth's sphere and of the Sun's in metres; others than the defaults serve comparisons."""

    earth_m: float = EARTH_RADIUS_M
    sun_m: float = SUN_RADIUS_M


def disc_illuminations(sun_rad: Floats, earth_rad: Floats, separation_rad: Floats) -> Floats:
    """The part of the Sun's disc that the Earth's disc leaves free, from apparent radii and separation in radians.

    Source: Montenbruck and Gill, Satellite Orbits, section 3.4.2, with the annular case.
    """
    a, b, c = np.broadcast_arrays(sun_rad, earth_rad, separation_rad)
    safe = np.maximum(c, 1e-300)  # the lens is not asked for where the discs are concentric
    x = np.clip((c * c + a * a - b * b) / (2.0 * safe), -a, a)
    lens = a * a * np.arccos(np.clip(x / a, -1.0, 1.0)) + b * b * np.arccos(np.clip((c - x) / b, -1.0, 1.0))
    partial = 1.0 - (lens - c * np.sqrt(a * a - x * x)) / (np.pi * a * a)
    annular = 1.0 - np.minimum(b / a, 1.0) ** 2
    inside = np.where(c <= b - a, 0.0, np.where(c <= a - b, annular, np.clip(partial, 0.0, 1.0)))
    return np.where(c >= a + b, 1.0, inside)


def illuminations(sun_cosine: Floats, radius_m: float, sun_distance_m: Floats, bodies: Bodies) -> Floats:
    """Illumination in [0, 1] at geocentric distance `radius_m` where the zenith's cosine to the Sun is `sun_cosine`."""
    range_m = sun_ranges_m(sun_cosine, radius_m, sun_distance_m)
    seen = np.clip((sun_distance_m * sun_cosine - radius_m) / range_m, -1.0, 1.0)
    sun_rad = np.arcsin(bodies.sun_m / range_m)
    return disc_illuminations(sun_rad, np.asarray(np.arcsin(bodies.earth_m / radius_m)), np.arccos(-seen))


def sun_ranges_m(sun_cosine: Floats, radius_m: float, sun_distance_m: Floats) -> Floats:
    """Distance from the satellite to the Sun's centre."""
    return np.sqrt(sun_distance_m**2 + radius_m**2 - 2.0 * sun_distance_m * radius_m * sun_cosine)


def edges_rad(radius_m: float, sun_distance_m: Floats, bodies: Bodies) -> tuple[Floats, Floats]:
    """Angle from the point opposite the Sun at which the umbra and the penumbra end, seen from the Earth's centre.

    The Sun's apparent radius is taken at the limb, where its range is the geocentric one within 3e-5: 1e-7 radians.
    """
    earth_rad = np.arcsin(bodies.earth_m / radius_m)
    range_m = sun_ranges_m(np.full_like(sun_distance_m, -np.cos(earth_rad)), radius_m, sun_distance_m)
    sun_rad = np.arcsin(bodies.sun_m / range_m)
    ratio = radius_m / sun_distance_m
    umbra, penumbra = earth_rad - sun_rad, earth_rad + sun_rad
    return umbra + np.arcsin(ratio * np.sin(umbra)), penumbra + np.arcsin(ratio * np.sin(penumbra))

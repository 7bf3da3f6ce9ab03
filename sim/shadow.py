"""The Earth's conical shadow as an illumination in [0, 1], continuous through the penumbra.

`disc_illumination` is the reference form: the overlap of two discs on the sky. `Shadow` decides sun and umbra without
inverse trigonometry and asks the reference form only inside the penumbra. The Earth is a sphere of equatorial radius,
or with `OblateShadow` an ellipsoid; its flattening and its air move an eclipse by up to half a minute on grazing orbits
and by seconds on others. Of the air nothing is modelled.
"""

from __future__ import annotations

from collections.abc import Callable
from math import acos, asin, cos, pi, sin, sqrt

from hal.constants import EARTH_FLATTENING, EARTH_RADIUS_M, SUN_RADIUS_M
from sim.orbit import Orbit
from sim.sun import sidereal_angle_rad, sun_at

REFRESH_S = 60.0  # the Sun moves 0.0007 deg a minute and the node 0.0007 deg: 0.01 s of orbit
SQUARE_GAIN = 1.0 / (1.0 - EARTH_FLATTENING) ** 2 - 1.0  # what the stretch adds to the square of a length along z
PENUMBRA_SAMPLE_S = 0.5  # midpoint rule over 8 s of penumbra: mean illumination to 1e-3 of a second


def disc_illumination(sun_radius_rad: float, earth_radius_rad: float, separation_rad: float) -> float:
    """The part of the Sun's disc that the Earth's disc leaves free, from apparent radii and separation.

    Source: Montenbruck and Gill, Satellite Orbits, section 3.4.2, with the annular case.
    """
    a, b, c = sun_radius_rad, earth_radius_rad, separation_rad
    if c >= a + b:
        return 1.0
    if c <= b - a:
        return 0.0
    if c <= a - b:
        return 1.0 - (b / a) ** 2
    x = (c * c + a * a - b * b) / (2.0 * c)
    y = sqrt(max(0.0, a * a - x * x))
    overlap = a * a * acos(max(-1.0, min(1.0, x / a))) + b * b * acos(max(-1.0, min(1.0, (c - x) / b))) - c * y
    return min(1.0, max(0.0, 1.0 - overlap / (pi * a * a)))


class Shadow:
    """Geometry of satellite, Earth and Sun along one orbit. Times are seconds since the epoch of the elements."""

    __slots__ = (
        "_cell",
        "_cos_earth",
        "_earth_rad",
        "_orbit",
        "_parallax",
        "_radius_m",
        "_sin_earth",
        "_sun",
        "_sun_rad",
        "_sun_sine",
        "ahead",
        "earth_turn_rad",
        "flux_w_m2",
        "node",
        "sun_ahead",
        "sun_node",
    )

    def __init__(self, orbit: Orbit) -> None:
        self._orbit = orbit
        self._radius_m = orbit.elements.semi_major_axis_m
        self._earth_rad = asin(EARTH_RADIUS_M / self._radius_m)
        self._cos_earth, self._sin_earth = cos(self._earth_rad), sin(self._earth_rad)
        self._cell = -1
        self.refresh(0.0)

    def refresh(self, time_s: float) -> None:
        """Bring Sun and node up to date, once a minute, for the middle of the minute that holds `time_s`."""
        cell = int(time_s / REFRESH_S)
        if cell == self._cell:
            return
        self._cell = cell
        middle_s = (cell + 0.5) * REFRESH_S
        sun = self._sun = sun_at(self._orbit.elements.epoch_unix_s + middle_s)
        self.node, self.ahead = self._orbit.axes(middle_s)
        self.sun_node = self.node[0] * sun.x + self.node[1] * sun.y
        self.sun_ahead = self.ahead[0] * sun.x + self.ahead[1] * sun.y + self.ahead[2] * sun.z
        self.flux_w_m2 = sun.flux_w_m2
        self._parallax = self._radius_m / sun.distance_m
        self._sun_sine = SUN_RADIUS_M / sun.distance_m
        self._sun_rad = asin(self._sun_sine)
        self.earth_turn_rad = sidereal_angle_rad(self._orbit.elements.epoch_unix_s)

    def illumination(self, sun_cosine: float, sin_u: float) -> float:
        """Illumination where the cosine between zenith and the Sun's geocentric direction is `sun_cosine`.

        `sin_u` is the sine of the argument of latitude there, for which a sphere does not ask.
        """
        if sun_cosine > 0.0:
            return 1.0
        square = 1.0 - sun_cosine * sun_cosine
        seen = sun_cosine - self._parallax * square  # from the satellite, not from the Earth's centre
        limb = sqrt(max(0.0, 1.0 - seen * seen)) * self._cos_earth + seen * self._sin_earth
        if limb >= self._sun_sine:
            return 1.0
        if limb <= -self._sun_sine:
            return 0.0
        return disc_illumination(self._sun_rad, self._earth_rad, acos(-seen))

    def illumination_at(self, time_s: float) -> float:
        """Illumination at a time, with Sun and node as last refreshed."""
        u = self._orbit.start_rad + self._orbit.latitude_rate_rad_s * time_s
        sin_u = sin(u)
        return self.illumination(self.sun_node * cos(u) + self.sun_ahead * sin_u, sin_u)

    def mean_illumination(self, start_s: float, end_s: float) -> float:
        """Mean over a step that touches the penumbra."""
        count = max(2, round((end_s - start_s) / PENUMBRA_SAMPLE_S))
        width_s = (end_s - start_s) / count
        return sum(self.illumination_at(start_s + (index + 0.5) * width_s) for index in range(count)) / count


class OblateShadow(Shadow):
    """The same over the flattened Earth: with z divided by 1 - f for satellite and Sun, it is a sphere again.

    The Sun's disc keeps its size, which the stretch would change by 0.3 %.
    """

    __slots__ = ()

    def illumination(self, sun_cosine: float, sin_u: float) -> float:
        """Illumination as of the base class; `sin_u` gives the height over the equator."""
        if sun_cosine > 0.0:
            return 1.0
        z, sun_z = self.ahead[2] * sin_u, self._sun.z
        radius = sqrt(1.0 + SQUARE_GAIN * z * z)  # of the place and of the Sun, in units of what they are unstretched
        distance = sqrt(1.0 + SQUARE_GAIN * sun_z * sun_z)
        cosine = (sun_cosine + SQUARE_GAIN * z * sun_z) / (radius * distance)
        seen = cosine - self._parallax * radius / distance * (1.0 - cosine * cosine)
        sin_earth = self._sin_earth / radius
        limb = sqrt(max(0.0, 1.0 - seen * seen)) * sqrt(1.0 - sin_earth * sin_earth) + seen * sin_earth
        if limb >= self._sun_sine:
            return 1.0
        if limb <= -self._sun_sine:
            return 0.0
        return disc_illumination(self._sun_rad, asin(sin_earth), acos(-seen))


def shadow_of(orbit: Orbit, *, is_oblate: bool = False) -> Shadow:
    """The shadow on an orbit, of a sphere unless the flattened Earth is asked for."""
    return OblateShadow(orbit) if is_oblate else Shadow(orbit)


def sunlight(orbit: Orbit, *, is_oblate: bool = False) -> Callable[[float], bool]:
    """A function that says whether more than half of the Sun is seen at a time in seconds since the epoch."""
    shadow = shadow_of(orbit, is_oblate=is_oblate)

    def is_sunlit(time_s: float) -> bool:
        shadow.refresh(time_s)
        return shadow.illumination_at(time_s) > 0.5

    return is_sunlit

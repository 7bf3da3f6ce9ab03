"""Positions and directions that know their frame: a vector of one frame where another is expected is a type error.

Four frames, all centred in the Earth:

- `OfDate`: mean equator and equinox of date, the inertial frame of the whole simulation (orbit, Sun, shadow);
- `Teme`: true equator, mean equinox, in which SGP4 answers;
- `J2000`: mean equator and equinox of J2000, which is GCRS but for the frame bias of 0.02 arcseconds;
- `EarthFixed`: turns with the Earth, x to Greenwich.

What is left out, and what it costs at 7,000 km: nutation of the equator (9 arcseconds, 0.3 km, a quarter of the Sun
formula's own error), UT1 against UTC (under 0.9 s by definition: 0.4 km), polar motion (0.3 arcseconds, 10 m).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin, sqrt
from typing import Self, TypeVar

from sim.sun import DAY_S, J2000_UNIX_S, Sun, sidereal_angle_rad

CENTURY_DAYS = 36_525.0
ARCSECOND_RAD = pi / 648_000.0

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]


class FrameError(TypeError):
    """Vectors of two frames met in one expression."""


@dataclass(frozen=True, slots=True)
class Vector:
    """Three components: metres for a position, metres a second for a velocity, none for a direction.

    Only its subclasses are made. Sums and products of two frames raise FrameError, and do not type-check.
    """

    x: float
    y: float
    z: float

    def __sub__(self, other: Self) -> Self:
        self._check(other)
        return type(self)(self.x - other.x, self.y - other.y, self.z - other.z)

    def dot(self, other: Self) -> float:
        """Scalar product."""
        self._check(other)
        return self.x * other.x + self.y * other.y + self.z * other.z

    def cross(self, other: Self) -> Self:
        """Vector product, right-handed."""
        self._check(other)
        return type(self)(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )

    @property
    def length(self) -> float:
        return sqrt(self.x * self.x + self.y * self.y + self.z * self.z)

    def _check(self, other: Vector) -> None:
        if type(other) is not type(self):
            raise FrameError(f"{type(self).__name__} and {type(other).__name__} are different frames; convert one")


class OfDate(Vector):
    """Mean equator and equinox of date."""

    __slots__ = ()


class Teme(Vector):
    """True equator, mean equinox: the frame of SGP4 and of nothing else."""

    __slots__ = ()


class J2000(Vector):
    """Mean equator and equinox of J2000; GCRS within 0.02 arcseconds."""

    __slots__ = ()


class EarthFixed(Vector):
    """Turns with the Earth: x to Greenwich, z to the north pole."""

    __slots__ = ()


V = TypeVar("V", bound=Vector)


def expect(kind: type[V], vector: Vector) -> V:
    """`vector`, which must be of frame `kind`; FrameError names both where it is not."""
    if type(vector) is not kind:
        raise FrameError(f"expected {kind.__name__}, got {type(vector).__name__}; convert it with sim.frames")
    return vector


def towards(sun: Sun) -> OfDate:
    """The unit vector to the Sun."""
    return OfDate(sun.x, sun.y, sun.z)


def of_date_from_teme(vector: Teme) -> OfDate:
    """The same components under the other name.

    Both frames count longitude from the mean equinox, so the equation of the equinoxes does not enter; what remains is
    the tilt of the true equator, at most 9.4 arcseconds.
    """
    teme = expect(Teme, vector)
    return OfDate(teme.x, teme.y, teme.z)


def precession(unix_s: float) -> Matrix:
    """The rotation from J2000 to the mean equator and equinox of date.

    Source: IAU 2006, the three equatorial angles of Capitaine, Wallace and Chapront (2003), equation 40.
    """
    t = (unix_s - J2000_UNIX_S) / (DAY_S * CENTURY_DAYS)  # the minute between UTC and TT: 1e-4 arcseconds
    zeta = (2.650545 + (2306.083227 + (0.2988499 + 0.01801828 * t) * t) * t) * ARCSECOND_RAD
    z = (-2.650545 + (2306.077181 + (1.0927348 + 0.01826837 * t) * t) * t) * ARCSECOND_RAD
    theta = (2004.191903 + (-0.4294934 - 0.04182264 * t) * t) * t * ARCSECOND_RAD
    cos_zeta, sin_zeta, cos_z, sin_z, cos_theta, sin_theta = (
        cos(zeta),
        sin(zeta),
        cos(z),
        sin(z),
        cos(theta),
        sin(theta),
    )
    return (
        (
            cos_z * cos_theta * cos_zeta - sin_z * sin_zeta,
            -cos_z * cos_theta * sin_zeta - sin_z * cos_zeta,
            -cos_z * sin_theta,
        ),
        (
            sin_z * cos_theta * cos_zeta + cos_z * sin_zeta,
            -sin_z * cos_theta * sin_zeta + cos_z * cos_zeta,
            -sin_z * sin_theta,
        ),
        (sin_theta * cos_zeta, -sin_theta * sin_zeta, cos_theta),
    )


def of_date_from_j2000(vector: J2000, unix_s: float) -> OfDate:
    """Precession forward, from the equator of 2000 to that of the date."""
    v = expect(J2000, vector)
    return OfDate(*(row[0] * v.x + row[1] * v.y + row[2] * v.z for row in precession(unix_s)))


def j2000_from_of_date(vector: OfDate, unix_s: float) -> J2000:
    """Precession backward."""
    v = expect(OfDate, vector)
    return J2000(*(a * v.x + b * v.y + c * v.z for a, b, c in zip(*precession(unix_s), strict=True)))


def earth_fixed_from_of_date(vector: OfDate, unix_s: float) -> EarthFixed:
    """The turn by mean sidereal time, which takes a position of SGP4 to the ground by its own definition."""
    v = expect(OfDate, vector)
    turn = sidereal_angle_rad(unix_s)
    cos_turn, sin_turn = cos(turn), sin(turn)
    return EarthFixed(cos_turn * v.x + sin_turn * v.y, cos_turn * v.y - sin_turn * v.x, v.z)


def of_date_from_earth_fixed(vector: EarthFixed, unix_s: float) -> OfDate:
    """The turn back, for places on the ground."""
    v = expect(EarthFixed, vector)
    turn = sidereal_angle_rad(unix_s)
    cos_turn, sin_turn = cos(turn), sin(turn)
    return OfDate(cos_turn * v.x - sin_turn * v.y, sin_turn * v.x + cos_turn * v.y, v.z)

"""The Sun from the low-precision formula of the Astronomical Almanac: direction of date and distance.

Against JPL DE421 over 2020-2050 the direction is within 0.011 degrees in the mean equator and equinox of date (0.15 s
of a low orbit) and the distance within 9e-5 au (0.02 % of the flux). Do not mix it with J2000 coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians, sin

from hal.constants import ASTRONOMICAL_UNIT_M, SOLAR_CONSTANT_W_M2

J2000_UNIX_S = 946_728_000.0  # 2000-01-01T12:00:00 UTC; the minute to TT moves the Sun by 1e-5 deg
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """Direction (unit vector, equatorial frame of date) and distance."""

    x: float
    y: float
    z: float
    distance_au: float

    @property
    def distance_m(self) -> float:
        return self.distance_au * ASTRONOMICAL_UNIT_M

    @property
    def flux_w_m2(self) -> float:
        """Solar flux at the Earth's distance."""
        return SOLAR_CONSTANT_W_M2 / (self.distance_au * self.distance_au)


def mean_longitude_rad(unix_s: float) -> float:
    """Mean longitude of the Sun, referred to the mean equinox of date and corrected for aberration."""
    days = (unix_s - J2000_UNIX_S) / DAY_S
    return radians((280.460 + 0.9856474 * days) % 360.0)


def sun_at(unix_s: float) -> Sun:
    """The Sun at a UTC time. Source: Astronomical Almanac, page C5, low-precision formulae."""
    days = (unix_s - J2000_UNIX_S) / DAY_S
    anomaly = radians((357.528 + 0.9856003 * days) % 360.0)
    longitude = mean_longitude_rad(unix_s) + radians(1.915 * sin(anomaly) + 0.020 * sin(2.0 * anomaly))
    obliquity = radians(23.439 - 4e-7 * days)
    return Sun(
        x=cos(longitude),
        y=cos(obliquity) * sin(longitude),
        z=sin(obliquity) * sin(longitude),
        distance_au=1.00014 - 0.01671 * cos(anomaly) - 0.00014 * cos(2.0 * anomaly),
    )


def sidereal_angle_rad(unix_s: float) -> float:
    """Greenwich mean sidereal time as an angle. Source: IAU 1982, linear part (0.1 arcsecond over a century)."""
    days = (unix_s - J2000_UNIX_S) / DAY_S
    return radians((280.46061837 + 360.98564736629 * days) % 360.0) % (2.0 * pi)

"""Direction and distance of the Sun, mean equator and equinox of date."""

from __future__ import annotations

import math

TAI_SECONDS_AT_J2000 = 1_325_419_167.816  # 2000-01-01T12:00:00 TT in TAI seconds since 1958 (TT = TAI + 32.184 s)
DAY_S = 86_400.0


def sun_direction(tai_s: float) -> tuple[tuple[float, float, float], float]:
    """Unit vector to the Sun and its distance in au at `tai_s` (TAI seconds since 1958).

    Source: The Astronomical Almanac, low-precision formulas for the Sun: 0.01 deg between 1950 and 2050.
    """
    days = (tai_s - TAI_SECONDS_AT_J2000) / DAY_S
    anomaly = math.radians((357.528 + 0.9856003 * days) % 360.0)
    mean_longitude = 280.460 + 0.9856474 * days
    longitude = math.radians(mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2.0 * anomaly))
    obliquity = math.radians(23.439 - 4.0e-7 * days)
    distance_au = 1.00014 - 0.01671 * math.cos(anomaly) - 0.00014 * math.cos(2.0 * anomaly)
    x = math.cos(longitude)
    y = math.cos(obliquity) * math.sin(longitude)
    z = math.sin(obliquity) * math.sin(longitude)
    return (x, y, z), distance_au

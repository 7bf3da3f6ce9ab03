"""Checks against a flight: the array of BUPT-1 going dark and coming back, June 2023.

The four instants are of the satellite's 1 Hz telemetry (Xing et al., MobiCom 2024; data without a licence, so none of
it is here). Its local time is taken as 10:30, that of its class of orbits: no TLE of the date is at hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from math import acos, cos, degrees, pi

import numpy as np

from hal.constants import EARTH_MU_M3_S2, EARTH_RADIUS_M
from sim.orbit import nodal_period_s, sun_synchronous_inclination_rad
from sim.season import YearRequest, survey
from tools.sim.row import Row, skipped

SECTION, SOURCE = "flight", "BUPT-1 telemetry, June 2023 (MobiCom 2024)"
ENTRIES_S, EXITS_S = (3_659.0, 9_302.0), (110.0, 5_753.0)
PERIOD_S = ((ENTRIES_S[1] - ENTRIES_S[0]) + (EXITS_S[1] - EXITS_S[0])) / 2.0 + 1.0  # 5,643-5,645 by whole seconds
DARK_S = EXITS_S[1] - ENTRIES_S[0] + 1.0  # 2,094-2,096
DAY, LTAN_H = datetime(2023, 6, 15, tzinfo=UTC), 10.5


def rows() -> Iterator[Row]:
    """Height from the period, beta from the dark part, and the dark part of such an orbit in that month."""
    axis_m = (EARTH_MU_M3_S2 * (PERIOD_S / (2.0 * pi)) ** 2) ** (1.0 / 3.0)
    altitude_km = (axis_m - EARTH_RADIUS_M) / 1000.0
    for name, unit, expected, got, tolerance in (
        ("height of an orbit of the period flown", "km", 473.0, altitude_km, 1.0),
        ("beta that makes the dark part flown, closed form", "deg", 22.0, _beta_deg(axis_m), 1.0),
        ("dark part of a 10:30 orbit of that period in June 2023", "s", DARK_S, _dark_s(axis_m), 10.0),
    ):
        yield Row(section=SECTION, name=name, source=SOURCE, unit=unit, expected=expected, got=got, tolerance=tolerance)
    reason = "no TLE of the date is to be had here; an orbit of its class stands in above"
    yield skipped(SECTION, "dark part from the TLE of the date", SOURCE, reason)


def _dark_s(axis_m: float) -> float:
    """Of a year's orbit whose nodal period is the one flown: shadows come back with the node, not with two bodies."""
    for _ in range(4):  # each a thousand times nearer
        axis_m *= (PERIOD_S / nodal_period_s(axis_m, sun_synchronous_inclination_rad(axis_m))) ** (2.0 / 3.0)
    year = survey(YearRequest(altitude_km=(axis_m - EARTH_RADIUS_M) / 1000.0, ltan_h=LTAN_H, year=DAY.year))
    index = int(np.argmin(np.abs(year.unix_s - DAY.timestamp())))
    return (1.0 - float(year.sunlit[0, index])) * year.nodal_period_s


def _beta_deg(axis_m: float) -> float:
    """From the part of the orbit behind a point-like Sun's shadow."""
    horizon = (1.0 - (EARTH_RADIUS_M / axis_m) ** 2) ** 0.5
    return degrees(acos(horizon / cos(pi * DARK_S / PERIOD_S)))

"""When the spacecraft is in the Sun: the closed form for a near-circular orbit and a spherical Earth.

    sin(beta) = h . s          angle between the orbit plane and the Sun
    cos(phi)  = sqrt(1 - (R/a)^2) / cos(beta)    half-width of the shadow arc about the anti-solar point

The phase is the angle along the orbit from the point nearest the Sun, so the shadow is pi - phi .. pi + phi. The
cylinder differs from the cone by seconds; the guard's eclipse margin covers that and the flattening of the Earth.
"""

from __future__ import annotations

import math

from fsw.ephemeris.sun import DAY_S, TAI_SECONDS_AT_J2000, sun_direction
from hal.constants import EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M

TURN = 2.0 * math.pi
REFRESH_S = 60.0  # the Sun moves 0.0007 deg and the node 0.0007 deg in this time: under 0.01 s of orbit


class Ephemeris:
    """Sunlight along one orbit. Times are TAI seconds since 1958; the orbit's epoch is `epoch_tai_s`."""

    def __init__(
        self,
        *,
        altitude_m: float,
        inclination_deg: float,
        ltan_h: float,
        argument_of_latitude_deg: float,
        epoch_tai_s: float,
    ) -> None:
        self._epoch_s = epoch_tai_s
        self._inclination = math.radians(inclination_deg)
        radius_m = EARTH_RADIUS_M + altitude_m
        motion = math.sqrt(EARTH_MU_M3_S2 / radius_m**3)
        factor = 1.5 * EARTH_J2 * (EARTH_RADIUS_M / radius_m) ** 2
        sin2 = math.sin(self._inclination) ** 2
        self._node_rate = -motion * factor * math.cos(self._inclination)
        self._latitude_rate = motion * (1.0 + factor * (1.0 - 1.5 * sin2) + factor * (2.0 - 2.5 * sin2))
        self._node_at_epoch = _right_ascension(epoch_tai_s) + math.radians((ltan_h - 12.0) * 15.0)
        self._latitude_at_epoch = math.radians(argument_of_latitude_deg)
        self._horizon_cos = math.sqrt(1.0 - (EARTH_RADIUS_M / radius_m) ** 2)
        self._geometry_at = -math.inf
        self._solar_latitude = 0.0
        self._half_width = 0.0
        self.distance_au = 1.0
        self.period_s = TURN / self._latitude_rate
        self.longest_dark_s = 2.0 * math.acos(self._horizon_cos) / self._latitude_rate  # the Sun in the orbit's plane

    def phase(self, tai_s: float) -> float:
        """Angle from the point nearest the Sun, in [0, 2 pi)."""
        if abs(tai_s - self._geometry_at) > REFRESH_S:
            self._refresh(tai_s)
        latitude = self._latitude_at_epoch + self._latitude_rate * (tai_s - self._epoch_s)
        return (latitude - self._solar_latitude) % TURN

    def is_sunlit(self, tai_s: float) -> bool:
        """True outside the shadow."""
        return abs(self.phase(tai_s) - math.pi) >= self._half_width

    def dark_s(self, tai_s: float) -> float:
        """Length of this orbit's eclipse, 0 where there is none."""
        self.phase(tai_s)
        return 2.0 * self._half_width / self._latitude_rate

    def until_sunset_s(self, tai_s: float) -> float:
        """Seconds to the next entry into shadow (0 inside it); infinite where the orbit has no eclipse."""
        phase = self.phase(tai_s)
        if self._half_width == 0.0:
            return math.inf
        if abs(phase - math.pi) < self._half_width:
            return 0.0
        return ((math.pi - self._half_width - phase) % TURN) / self._latitude_rate

    def until_sunrise_s(self, tai_s: float) -> float:
        """Seconds to the next exit from shadow; 0 in the Sun."""
        phase = self.phase(tai_s)
        if abs(phase - math.pi) >= self._half_width:
            return 0.0
        return (math.pi + self._half_width - phase) / self._latitude_rate

    def _refresh(self, tai_s: float) -> None:
        sun, self.distance_au = sun_direction(tai_s)
        node = self._node_at_epoch + self._node_rate * (tai_s - self._epoch_s)
        cos_node, sin_node = math.cos(node), math.sin(node)
        cos_i, sin_i = math.cos(self._inclination), math.sin(self._inclination)
        along = sun[0] * cos_node + sun[1] * sin_node
        across = cos_i * (sun[1] * cos_node - sun[0] * sin_node) + sin_i * sun[2]
        normal = sin_i * (sun[0] * sin_node - sun[1] * cos_node) + cos_i * sun[2]
        self._solar_latitude = math.atan2(across, along)
        cos_beta = math.sqrt(max(0.0, 1.0 - normal * normal))
        ratio = self._horizon_cos / cos_beta if cos_beta > 0.0 else math.inf
        self._half_width = math.acos(ratio) if ratio < 1.0 else 0.0
        self._geometry_at = tai_s


def _right_ascension(tai_s: float) -> float:
    """Right ascension of the mean Sun: local time is counted from it, so the equation of time stays out of it."""
    days = (tai_s - TAI_SECONDS_AT_J2000) / DAY_S
    return math.radians((280.460 + 0.9856474 * days) % 360.0)

"""Where on its orbit the computer is likelier to lose what it works on: circles on the Earth with strong radiation.

At low altitudes trapped protons come down over the South Atlantic alone, and electrons and solar particles near the
magnetic poles: a few circles hold nearly all of it. Which rate holds there is the mission's to say, by what its parts
showed; the sky over a place is taken to turn with the Earth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fsw.ephemeris.passes import Track, Vector

HOUR_S = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiationZone:
    """A circle of `radius_deg` around a place. `losses_per_hour`: attempts at a job that a reset or hang ends there."""

    name: str
    latitude_deg: float
    longitude_deg: float  # east
    radius_deg: float
    losses_per_hour: float

    def __post_init__(self) -> None:
        if not -90.0 <= self.latitude_deg <= 90.0 or not -180.0 <= self.longitude_deg <= 360.0:
            raise ValueError(f"{self.name}: no such place {self.latitude_deg}, {self.longitude_deg}")
        if not 0.0 < self.radius_deg <= 180.0:
            raise ValueError(f"{self.name}: radius_deg must be above 0 and at most 180, is {self.radius_deg}")
        if not 0.0 <= self.losses_per_hour < math.inf:
            raise ValueError(f"{self.name}: losses_per_hour must be a number from 0 up, is {self.losses_per_hour}")


class Zones:
    """The zones as one orbit crosses them."""

    def __init__(self, track: Track, zones: Sequence[RadiationZone]) -> None:
        self._track = track
        self._circles = [
            (_towards(zone.latitude_deg, zone.longitude_deg), math.cos(math.radians(zone.radius_deg)),
             zone.losses_per_hour / HOUR_S)
            for zone in zones
        ]  # fmt: skip

    def loss_rate_hz(self, tai_s: float) -> float:
        """Attempts lost a second at a time; circles that overlap add up."""
        place = self._track.place_m(tai_s)
        radius_m = math.hypot(*place)
        inside = (rate for centre, least, rate in self._circles if _dot(place, centre) >= least * radius_m)
        return sum(inside, 0.0)


def _dot(one: Vector, other: Vector) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]


def _towards(latitude_deg: float, longitude_deg: float) -> Vector:
    """The unit vector to a place on the sphere."""
    latitude, longitude = math.radians(latitude_deg), math.radians(longitude_deg)
    level = math.cos(latitude)
    return level * math.cos(longitude), level * math.sin(longitude), math.sin(latitude)

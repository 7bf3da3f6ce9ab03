"""Shells of a constellation: planes and slots of one altitude and inclination; phases are computed, not stored.

`ltan_h` makes sun-synchronous planes at those local times, `inclination_deg` and `planes` make a Walker pattern. Source
of the notation i: T/P/F: Walker, RAE TR 77044 (1977).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import pi, radians, sqrt

import numpy as np
from numpy.typing import NDArray

from hal.constants import EARTH_RADIUS_M
from sim.orbit import node_from_ltan_rad, sun_synchronous_inclination_rad

TURN = 2.0 * pi
MOST_SATELLITES = 10_000_000  # of a shell: 0.7 GB of state


@dataclass(frozen=True, kw_only=True)
class Shell:
    """Equally spaced satellites in planes of one altitude and inclination.

    Where the satellites do not fill the planes equally, the first planes hold one more. `phasing` is Walker's F:
    neighbours in adjacent planes are F/T of a turn apart. `node_span_deg` 360 is a delta pattern, 180 a star. With
    `ltan_h` the planes are sun-synchronous and stand at these local times (hours).
    """

    name: str
    altitude_km: float
    satellites: int
    planes: int = 1
    phasing: float = 0.0
    inclination_deg: float | None = None
    ltan_h: tuple[float, ...] = ()
    node_span_deg: float = 360.0

    def __post_init__(self) -> None:
        if not 200.0 <= self.altitude_km <= 2_500.0:
            raise ValueError(f"{self.name}: altitude_km must be in 200..2500, is {self.altitude_km}")
        if (self.inclination_deg is None) == (not self.ltan_h):
            raise ValueError(f"{self.name}: give either inclination_deg or ltan_h")
        if not 1 <= self.satellites <= MOST_SATELLITES or self.plane_count < 1:
            raise ValueError(f"{self.name}: satellites must be in 1..{MOST_SATELLITES} and planes at least 1")
        if self.satellites < self.plane_count:
            raise ValueError(f"{self.name}: {self.satellites} satellites leave some of {self.plane_count} planes empty")

    @property
    def plane_count(self) -> int:
        return len(self.ltan_h) or self.planes

    @property
    def semi_major_axis_m(self) -> float:
        return EARTH_RADIUS_M + self.altitude_km * 1000.0

    @cached_property
    def inclination_rad(self) -> float:
        """As given, or the one that keeps local time."""
        if self.inclination_deg is None:
            return sun_synchronous_inclination_rad(self.semi_major_axis_m)
        return radians(self.inclination_deg)

    def nodes_rad(self, epoch_unix_s: float) -> NDArray[np.float64]:
        """The ascending node of every plane at the epoch."""
        if self.ltan_h:
            return np.array([node_from_ltan_rad(hour, epoch_unix_s) for hour in self.ltan_h])
        return np.arange(self.planes, dtype=np.float64) * (radians(self.node_span_deg) / self.planes)

    def phases(
        self, epoch_unix_s: float, indices: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Node and argument of latitude of the satellites `indices` at the epoch; plane after plane."""
        slots, rest = divmod(self.satellites, self.plane_count)
        # The first `rest` planes hold a satellite more; beyond them everything is as if each had one satellite less.
        is_longer = indices < rest * (slots + 1)
        length = np.where(is_longer, slots + 1, slots)
        plane, slot = np.divmod(np.where(is_longer, indices, indices - rest), length)
        turns = slot / length + plane * (self.phasing / self.satellites)
        return self.nodes_rad(epoch_unix_s)[plane], TURN * (turns % 1.0)

    def scaled(self, satellites: int) -> Shell:
        """The same shell with another number of satellites.

        Planes and satellites a plane change alike in a Walker pattern; local times stay, as far as they can be filled.
        """
        if self.ltan_h:
            return replace(self, satellites=satellites, ltan_h=self.ltan_h[:satellites])
        planes = round(self.planes * sqrt(satellites / self.satellites))
        return replace(self, satellites=satellites, planes=min(max(planes, 1), satellites))

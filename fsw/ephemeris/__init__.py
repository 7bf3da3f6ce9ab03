"""Orbit, Sun and eclipse as the flight computer knows them: pure functions of on-board time.

Serves governor, guard and ground. The simulator keeps its own, independent truth.
"""

from typing import Protocol

from fsw.ephemeris.eclipse import Ephemeris
from fsw.ephemeris.timetable import Timetable

__all__ = ["Ephemeris", "Sunlight", "Timetable"]


class Sunlight(Protocol):
    """When it is light: what `Ephemeris` computes from an orbit and `Timetable` was told. Times in TAI seconds."""

    @property
    def period_s(self) -> float: ...
    @property
    def distance_au(self) -> float: ...
    def is_sunlit(self, tai_s: float) -> bool: ...
    def dark_s(self, tai_s: float) -> float: ...
    def until_sunset_s(self, tai_s: float) -> float: ...
    def until_sunrise_s(self, tai_s: float) -> float: ...

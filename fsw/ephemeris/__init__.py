"""Orbit, Sun and eclipse as the flight computer knows them: pure functions of on-board time, and a watch over them.

Serves governor, guard and ground. The simulator keeps its own, independent truth.
"""

from fsw.ephemeris.contract import Sunlight
from fsw.ephemeris.eclipse import Ephemeris
from fsw.ephemeris.sunwatch import Ahead, Sunwatch, shows_sun
from fsw.ephemeris.timetable import Timetable

__all__ = ["Ahead", "Ephemeris", "Sunlight", "Sunwatch", "Timetable", "shows_sun"]

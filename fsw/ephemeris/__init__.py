"""Orbit, Sun and eclipse as the flight computer knows them: pure functions of on-board time.

Serves governor, guard and ground. The simulator keeps its own, independent truth.
"""

from fsw.ephemeris.eclipse import Ephemeris

__all__ = ["Ephemeris"]

"""The Sun against published instants of seasons and apsides."""

from datetime import UTC, datetime
from math import asin, atan2, degrees

import pytest

from hal.constants import SOLAR_CONSTANT_W_M2
from sim.sun import sidereal_angle_rad, sun_at


def _at(*when: int):
    return sun_at(datetime(*when, tzinfo=UTC).timestamp())


def test_equinox_and_solstice_of_2026():
    """20 March 14:46 and 21 June 08:24 UTC (IMCCE)."""
    equinox, solstice = _at(2026, 3, 20, 14, 46), _at(2026, 6, 21, 8, 24)
    assert degrees(asin(equinox.z)) == pytest.approx(0.0, abs=0.01)
    assert degrees(atan2(solstice.y, solstice.x)) == pytest.approx(90.0, abs=0.02)
    assert degrees(asin(solstice.z)) == pytest.approx(23.436, abs=0.01)


def test_distance_and_flux_over_the_year():
    """Perihelion 3 January 2026 at 0.98330 au, aphelion 6 July at 1.01664 au (IMCCE)."""
    near, far = _at(2026, 1, 3, 17), _at(2026, 7, 6, 17)
    assert near.distance_au == pytest.approx(0.98330, abs=1e-4)
    assert far.distance_au == pytest.approx(1.01664, abs=1e-4)
    assert near.flux_w_m2 == pytest.approx(SOLAR_CONSTANT_W_M2 / 0.98330**2, rel=2e-4)


def test_direction_is_a_unit_vector():
    sun = _at(2031, 5, 6, 7)
    assert sun.x**2 + sun.y**2 + sun.z**2 == pytest.approx(1.0, abs=1e-12)


def test_sidereal_time_at_j2000():
    """18.697374558 h at 2000-01-01T12:00 UT1 (Explanatory Supplement)."""
    j2000 = datetime(2000, 1, 1, 12, tzinfo=UTC).timestamp()
    assert degrees(sidereal_angle_rad(j2000)) / 15.0 == pytest.approx(18.697374558, abs=1e-6)

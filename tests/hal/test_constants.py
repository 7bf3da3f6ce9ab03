"""Each constant against what defines it, or against another that it must agree with."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from hal import constants

# Exact by the SI of 2019.
PLANCK_J_S, BOLTZMANN_J_K, LIGHT_M_S = 6.62607015e-34, 1.380649e-23, 299_792_458.0
DAY_S = 86_400.0


def test_stefan_boltzmann_follows_from_the_exact_constants() -> None:
    derived = 2.0 * math.pi**5 * BOLTZMANN_J_K**4 / (15.0 * PLANCK_J_S**3 * LIGHT_M_S**2)
    assert pytest.approx(derived, rel=1e-9) == constants.STEFAN_BOLTZMANN_W_M2K4


def test_the_solar_constant_is_the_nominal_luminosity_over_a_sphere_of_one_au() -> None:
    """IAU 2015 Resolution B3: nominal luminosity 3.828e26 W."""
    derived = 3.828e26 / (4.0 * math.pi * constants.ASTRONOMICAL_UNIT_M**2)
    assert pytest.approx(derived, rel=1e-3) == constants.SOLAR_CONSTANT_W_M2


def test_the_astronomical_unit_is_the_light_time_of_499_s() -> None:
    assert pytest.approx(499.004783836, rel=1e-11) == constants.ASTRONOMICAL_UNIT_M / LIGHT_M_S


def test_the_sun_is_32_minutes_of_arc_wide_at_one_au() -> None:
    width = 2.0 * math.asin(constants.SUN_RADIUS_M / constants.ASTRONOMICAL_UNIT_M)
    assert math.degrees(width) * 60.0 == pytest.approx(31.98, abs=0.02)


def test_a_sidereal_day_at_the_earths_mu_is_the_geostationary_radius() -> None:
    turn_s = 2.0 * math.pi / constants.EARTH_ROTATION_RAD_S
    assert turn_s == pytest.approx(86_164.0989, abs=0.01)  # the stellar day of the IERS
    radius_m = (constants.EARTH_MU_M3_S2 * (turn_s / (2.0 * math.pi)) ** 2) ** (1.0 / 3.0)
    assert radius_m == pytest.approx(42_164_170.0, abs=100.0)


def test_the_flattening_gives_the_polar_radius_of_wgs_84() -> None:
    polar_m = constants.EARTH_RADIUS_M * (1.0 - constants.EARTH_FLATTENING)
    assert polar_m == pytest.approx(6_356_752.3142, abs=1e-3)


def test_j2_follows_from_the_normalised_coefficient_of_egm96() -> None:
    """EGM96: C(2,0) normalised is -0.484165371736e-3, and J2 is -sqrt(5) times it."""
    assert pytest.approx(math.sqrt(5.0) * 0.484165371736e-3, rel=1e-5) == constants.EARTH_J2


def test_j2_turns_a_known_sun_synchronous_orbit_once_a_year() -> None:
    """A textbook case: 800 km needs 98.6 degrees (Vallado, Fundamentals of Astrodynamics, figure 11-22)."""
    axis_m = constants.EARTH_RADIUS_M + 800e3
    motion = math.sqrt(constants.EARTH_MU_M3_S2 / axis_m**3)
    drift = -1.5 * constants.EARTH_J2 * motion * (constants.EARTH_RADIUS_M / axis_m) ** 2 * math.cos(math.radians(98.6))
    assert drift * constants.TROPICAL_YEAR_S == pytest.approx(2.0 * math.pi, rel=5e-3)


def test_the_tropical_year_is_the_gregorian_one_to_half_a_minute() -> None:
    assert pytest.approx(365.2425 * DAY_S, abs=30.0) == constants.TROPICAL_YEAR_S


def test_zero_celsius_is_the_triple_point_less_a_hundredth() -> None:
    assert pytest.approx(273.16 - 0.01, abs=1e-12) == constants.ZERO_CELSIUS_K


def test_space_is_as_cold_as_its_background() -> None:
    """Fixsen 2009: 2.7255 K."""
    assert pytest.approx(2.7255, abs=0.05) == constants.SPACE_TEMPERATURE_K


def test_the_tai_epoch_is_1958() -> None:
    years = datetime(1970, 1, 1, tzinfo=UTC) - datetime(1958, 1, 1, tzinfo=UTC)
    assert years.total_seconds() == constants.TAI_EPOCH_TO_UNIX_S


def test_tai_is_ahead_by_ten_seconds_of_1972_and_the_leap_seconds_since() -> None:
    """IERS Bulletin C: leap seconds at the end of these half-years."""
    june = (1972, 1981, 1982, 1983, 1985, 1992, 1993, 1994, 1997, 2012, 2015)
    december = (1972, 1973, 1974, 1975, 1976, 1977, 1978, 1979, 1987, 1989, 1990, 1995, 1998, 2005, 2008, 2016)
    assert 10 + len(june) + len(december) == constants.TAI_MINUS_UTC_S

"""Physical constants, each once. Sources: CODATA 2018, IAU 2012/2015, WGS 84, EGM96, IERS."""

from __future__ import annotations

STEFAN_BOLTZMANN_W_M2K4 = 5.670374419e-8  # CODATA 2018
SOLAR_CONSTANT_W_M2 = 1361.0  # total solar irradiance at 1 au, IAU 2015 Resolution B3
ASTRONOMICAL_UNIT_M = 149_597_870_700.0  # IAU 2012 Resolution B2, exact
EARTH_MU_M3_S2 = 398_600.4418e9  # WGS 84 / EGM96, with atmosphere
EARTH_RADIUS_M = 6_378_137.0  # WGS 84 equatorial radius
EARTH_J2 = 1.08262668e-3  # EGM96, unnormalised
EARTH_FLATTENING = 1.0 / 298.257223563  # WGS 84
EARTH_ROTATION_RAD_S = 7.292115e-5  # WGS 84
SUN_RADIUS_M = 695_700_000.0  # IAU 2015 Resolution B3 nominal
ZERO_CELSIUS_K = 273.15  # exact by definition of the Celsius scale
SPACE_TEMPERATURE_K = 2.7  # cosmic background; the sink of a radiator
TROPICAL_YEAR_S = 365.24219 * 86_400.0  # mean tropical year 2000, for sun-synchronous node rates
TAI_MINUS_UTC_S = 37  # since 2017-01-01 (IERS Bulletin C); no leap second announced since
TAI_EPOCH_TO_UNIX_S = 378_691_200  # 1958-01-01 to 1970-01-01, 4,383 days

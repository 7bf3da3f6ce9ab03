"""What the years take: dose, the array's power, the battery's capacity. The one place where event mode asks for them.

Dose and fluence are orbit means: over weeks every satellite of a shell crosses the same ground. Engineering values
where no source is named.
"""

from __future__ import annotations

from functools import lru_cache
from math import asin, atan2, cos, log10, sin, sqrt

import numpy as np

from sim.constellation.shells import Shell
from sim.radiation import DOSE_UGY_PER_PROTON_CM2, FluxMap

YEAR_S = 365.25 * 86_400.0
# A battery at 80 % after 15,000 cycles of 40 % or 35,000 of 22 %: the rules of thumb for low orbits, so the loss of a
# cycle goes with the depth to the power 1.5. Beside it 5 % in the first year at 20 C, with the root of time.
CYCLE_FADE = 0.2 / 15_000.0 / 0.4**1.5
CALENDAR_FADE_YEAR = 0.05
# Share left = 1 - C log10(1 + fluence / X), fluence in electrons of 1 MeV: a GaAs triple junction, 0.89 at 5e14 and
# 0.84 at 1e15 (Fetzer et al.). A proton above 10 MeV counts for 3,000; there are 1.35 for one above 30 MeV.
DAMAGE, DAMAGE_FLUENCE_CM2 = 0.222, 2.35e14
ELECTRONS_A_PROTON = 3000.0 * 1.35
_ROUND, _LONGITUDES = 180, 72  # samples: the mean of the map within 1e-3


def calendar_fade(years: float) -> float:
    """Share of the battery's capacity that age alone has taken."""
    return CALENDAR_FADE_YEAR * sqrt(years)


@lru_cache(maxsize=64)
def mean_flux_cm2_s(altitude_km: float, inclination_rad: float) -> float:
    """Protons above 30 MeV a cm2 and second, mean over an orbit and over all longitudes of its node."""
    flux = FluxMap(altitude_km)
    total = 0.0
    for u in (np.arange(_ROUND) + 0.5) * (2.0 * np.pi / _ROUND):
        latitude = asin(sin(u) * sin(inclination_rad))
        for node in np.arange(_LONGITUDES) * (2.0 * np.pi / _LONGITUDES):
            longitude = atan2(sin(u) * cos(inclination_rad), cos(u)) + node
            place = cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)
            total += flux.anomaly(float(np.degrees(latitude)), float(np.degrees(longitude)) % 360.0)
            total += flux.floor(*place, 1.0)
    return total / (_ROUND * _LONGITUDES)


def dose_gy_year(shell: Shell) -> float:
    """The dose of a year behind the shield of `sim.radiation`, in gray."""
    return mean_flux_cm2_s(shell.altitude_km, shell.inclination_rad) * DOSE_UGY_PER_PROTON_CM2 * 1e-6 * YEAR_S


def array_share(shell: Shell, years: float) -> float:
    """Share of the array's first power that radiation leaves after `years`."""
    fluence = mean_flux_cm2_s(shell.altitude_km, shell.inclination_rad) * ELECTRONS_A_PROTON * YEAR_S * years
    return 1.0 - DAMAGE * log10(1.0 + fluence / DAMAGE_FLUENCE_CM2)

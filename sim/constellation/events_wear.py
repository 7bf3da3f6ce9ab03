"""What the years take: dose, the array's power, the battery's capacity. The one place where event mode asks for them.

Dose and fluence are orbit means: over weeks every satellite of a shell crosses the same ground, so they are the
shell's. The battery ages as `sim.battery.aged` says at 20 C, but with its depth to the power 1.5 in place of 1.47 (a
root is all that the kernel has), equal at the anchor's depth and within 5 % from 5 to 80 %. Its resistance stays: the
efficiencies of `StorageConfig` are those of all years.
"""

from __future__ import annotations

from functools import lru_cache
from math import degrees, sqrt

from sim.battery import ANCHOR_CYCLES, ANCHOR_DEPTH, CALENDAR_LOSS, CYCLE_LOSS, WORST_LOSS
from sim.belts import dose_krad_year, equivalent_fluence_cm2_year
from sim.constellation.design import Design
from sim.constellation.shells import Shell
from sim.orbit import nodal_period_s
from sim.radiation import SHIELD_MM
from sim.technology import load_technology, remaining

YEAR_S = 365.25 * 86_400.0
CYCLE_FADE = CYCLE_LOSS / ANCHOR_CYCLES / ANCHOR_DEPTH**1.5  # share of the capacity that a cycle of depth 1 takes
LEAST_SHARE = 1.0 - WORST_LOSS  # of the capacity: a battery below is not flown any more, but the model has to stand
TECHNOLOGY = "gaas-3j"  # of an array that names none; its default numbers are that cell's


def calendar_fade(years: float) -> float:
    """Share of the battery's capacity that age alone has taken."""
    return CALENDAR_LOSS * sqrt(years)


@lru_cache(maxsize=64)
def dose_gy_year(shell: Shell) -> float:
    """The dose of a year behind the shield of `sim.radiation`, in gray."""
    return 10.0 * dose_krad_year(shell.altitude_km, degrees(shell.inclination_rad), SHIELD_MM)


@lru_cache(maxsize=64)
def _fluence_cm2_year(altitude_km: float, inclination_rad: float) -> float:
    return equivalent_fluence_cm2_year(altitude_km, degrees(inclination_rad))  # asked for every day


def array_share(shell: Shell, design: Design, years: float) -> float:
    """Share of the array's first power that radiation, light and cycles leave; every orbit counts as a cycle."""
    fluence_cm2 = _fluence_cm2_year(shell.altitude_km, shell.inclination_rad) * years
    cycles_a_year = YEAR_S / nodal_period_s(shell.semi_major_axis_m, shell.inclination_rad)
    return remaining(load_technology(design.array.technology or TECHNOLOGY), fluence_cm2, years, cycles_a_year)

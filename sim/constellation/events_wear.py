"""What the years take: dose, the array's power, the battery's capacity. The one place where event mode asks for them.

Dose and fluence are orbit means: over weeks every satellite of a shell crosses the same ground, so they are the
shell's. The battery ages as `sim.battery.aged` says at 20 C, but with its depth to the power 1.5 in place of 1.47 (a
root is all that the kernel has), equal at the anchor's depth and within 5 % from 5 to 80 %. Its resistance stays: the
efficiencies of `StorageConfig` are those of all years.
"""

from __future__ import annotations

from functools import lru_cache
from math import asin, atan2, cos, degrees, pi, sin, sqrt

from sim.battery import ANCHOR_CYCLES, ANCHOR_DEPTH, CALENDAR_LOSS, CYCLE_LOSS, WORST_LOSS
from sim.constellation.design import Design
from sim.constellation.shells import Shell
from sim.orbit import nodal_period_s
from sim.radiation import DOSE_UGY_PER_PROTON_CM2, FluxMap
from sim.technology import load_technology, remaining

YEAR_S = 365.25 * 86_400.0
CYCLE_FADE = CYCLE_LOSS / ANCHOR_CYCLES / ANCHOR_DEPTH**1.5  # share of the capacity that a cycle of depth 1 takes
LEAST_SHARE = 1.0 - WORST_LOSS  # of the capacity: a battery below is not flown any more, but the model has to stand
TECHNOLOGY = "gaas-3j"  # of an array that names none; its default numbers are that cell's
# 1 MeV electrons for a proton above 10 MeV (engineering), and such protons for one above 30 MeV (orbit means of AP8)
ELECTRONS_A_PROTON = 3000.0 * 1.35
ROUND, NODES = 180, 72  # samples of the orbit: the mean of the map within 1e-3


def calendar_fade(years: float) -> float:
    """Share of the battery's capacity that age alone has taken."""
    return CALENDAR_LOSS * sqrt(years)


@lru_cache(maxsize=64)
def mean_flux_cm2_s(altitude_km: float, inclination_rad: float) -> float:
    """Protons above 30 MeV a cm2 and second, mean over an orbit and over all longitudes of its node."""
    flux, total = FluxMap(altitude_km), 0.0
    for step in range(ROUND):
        u = (step + 0.5) * (2.0 * pi / ROUND)
        latitude = asin(sin(u) * sin(inclination_rad))
        ahead = atan2(sin(u) * cos(inclination_rad), cos(u))
        for node in range(NODES):
            longitude = ahead + node * (2.0 * pi / NODES)
            place = cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)
            total += flux.anomaly(degrees(latitude), degrees(longitude) % 360.0) + flux.floor(*place, 1.0)
    return total / (ROUND * NODES)


def dose_gy_year(shell: Shell) -> float:
    """The dose of a year behind the shield of `sim.radiation`, in gray."""
    return mean_flux_cm2_s(shell.altitude_km, shell.inclination_rad) * DOSE_UGY_PER_PROTON_CM2 * 1e-6 * YEAR_S


def array_share(shell: Shell, design: Design, years: float) -> float:
    """Share of the array's first power that radiation, light and cycles leave; every orbit counts as a cycle."""
    fluence_cm2 = mean_flux_cm2_s(shell.altitude_km, shell.inclination_rad) * ELECTRONS_A_PROTON * YEAR_S * years
    cycles_a_year = YEAR_S / nodal_period_s(shell.semi_major_axis_m, shell.inclination_rad)
    return remaining(load_technology(design.array.technology or TECHNOLOGY), fluence_cm2, years, cycles_a_year)

"""The life of an array in an orbit: what it gives new, what radiation, time and thermal cycles leave of it.

Sunlight and eclipses are those of every orbit of a year (`sim.season`), the fluence that of the belts (`sim.belts`):
1 MeV electrons that do the damage of what passes the cover glass, see `COVER_GLASS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, degrees, pi, sqrt

import numpy as np

from hal.constants import EARTH_RADIUS_M, SOLAR_CONSTANT_W_M2, STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K
from sim.array import CELL_REFERENCE_C, ArrayConfig
from sim.belts import ELECTRONS_A_PROTON, SOLAR, equivalent_fluence_cm2_year
from sim.constellation.design import ROUND_TRIP
from sim.discs import Floats
from sim.heat import HeatConfig
from sim.season import YearRequest, survey
from sim.sun import DAY_S
from sim.technology import Technology, remaining

YEAR_S = 365.25 * DAY_S
POINTS = 61  # of the curve over life, closer at its start, where damage is fastest
SETTLING_STEPS = 30  # of the temperature: each leaves a twentieth of the error
COVER_GLASS = (
    f"100 um class, in front; a proton above 10 MeV counts as {ELECTRONS_A_PROTON:,.0f} electrons of 1 MeV "
    "(engineering value), slower ones, which the glass stops or slows, do not: "
    "bare cells and thinner glass do worse"
)
TRACKER_EFFICIENCY = ArrayConfig().tracker_efficiency


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeRequest:
    """An orbit (sun-synchronous unless an inclination is given), a length of life and the Sun's phase."""

    altitude_km: float = 600.0
    ltan_h: float = 6.0
    inclination_deg: float | None = None
    years: float = 5.0
    solar: str = "worst"  # min, max, or worst: protons of the minimum and electrons of the maximum
    year: int = 2026  # whose eclipses stand for all years

    def __post_init__(self) -> None:
        if not 0.0 < self.years <= 30.0:
            raise ValueError(f"years must be in 0..30, is {self.years}")
        if self.solar not in SOLAR:
            raise ValueError(f"solar must be one of {', '.join(SOLAR)}, is {self.solar!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an orbit does to an array."""

    request: LifeRequest
    inclination_deg: float
    sunlit_mean: float
    sunlit_worst: float  # in the darkest orbit of the year
    cycles_per_year: float  # orbits with a shadow
    fluence_cm2_year: float  # 1 MeV electrons under the cover glass
    earth_view: float  # of one side of a panel that holds the nadir in its plane


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One square metre of a technology through its life. Watts to the bus, in the Sun at its temperature."""

    technology: Technology
    temp_c: float  # new, in the Sun
    begin_w_m2: float
    years: Floats
    share: Floats  # of the first day's power, at `years`

    @property
    def end_w_m2(self) -> float:
        return self.begin_w_m2 * float(self.share[-1])

    @property
    def mean_share(self) -> float:
        """Of the first day's power, over the whole life."""
        return float(np.trapezoid(self.share, self.years) / self.years[-1])


def surroundings(request: LifeRequest) -> Surroundings:
    """Sunlight, eclipses and fluence of an orbit. ValueError where it cannot be."""
    asked = YearRequest(
        altitude_km=request.altitude_km,
        ltan_h=request.ltan_h,
        inclination_deg=request.inclination_deg,
        year=request.year,
    )
    year = survey(asked)
    inclination_deg = degrees(asked.inclination_rad)
    return Surroundings(
        request=request,
        inclination_deg=inclination_deg,
        sunlit_mean=float(year.sunlit.mean()),
        sunlit_worst=float(year.sunlit.min()),
        cycles_per_year=float((year.shadow_s > 0.0).mean()) * YEAR_S / year.nodal_period_s,
        fluence_cm2_year=equivalent_fluence_cm2_year(request.altitude_km, inclination_deg, solar=request.solar),
        earth_view=edge_view(request.altitude_km),
    )


def edge_view(altitude_km: float) -> float:
    """View factor to the Earth of one side of a plate whose plane holds the nadir, as that of a dawn-dusk array."""
    x = EARTH_RADIUS_M / (EARTH_RADIUS_M + 1000.0 * altitude_km)
    return (asin(x) - x * sqrt(1.0 - x * x)) / pi


def sunlit_temp_k(technology: Technology, earth_view: float, share_left: float = 1.0) -> float:
    """Where a panel that faces the Sun at 1 au comes to rest: absorbed sunlight less electricity, and the Earth's heat.

    Albedo is left out: it is nearly nothing on the edge of a panel over the terminator.
    """
    emissivity = technology.emissivity.value
    absorbed_w_m2 = technology.absorptivity.value * SOLAR_CONSTANT_W_M2
    earth_w_m2 = emissivity * earth_view * HeatConfig().earth_infrared_w_m2
    temp_k = CELL_REFERENCE_C + ZERO_CELSIUS_K
    for _ in range(SETTLING_STEPS):
        electric_w_m2 = share_left * cells_w_m2(technology, temp_k)
        heat_w_m2 = max(0.0, absorbed_w_m2 - electric_w_m2) + earth_w_m2
        temp_k = float((heat_w_m2 / (emissivity * STEFAN_BOLTZMANN_W_M2K4)) ** 0.25)
    return temp_k


def cells_w_m2(technology: Technology, temp_k: float) -> float:
    """What the cells of a new square metre of panel give at 1 au, before the tracker."""
    warm = 1.0 + technology.temp_coefficient_per_k.value * (temp_k - ZERO_CELSIUS_K - CELL_REFERENCE_C)
    return SOLAR_CONSTANT_W_M2 * technology.panel_efficiency * max(0.0, warm)


def live(technology: Technology, around: Surroundings) -> Life:
    """The life of a square metre. The aged panel is a few kelvin warmer, which the temperature coefficient tells."""
    temp_k = sunlit_temp_k(technology, around.earth_view)
    begin_w_m2 = TRACKER_EFFICIENCY * cells_w_m2(technology, temp_k)
    years = around.request.years * np.linspace(0.0, 1.0, POINTS) ** 2
    share = [_share(technology, around, float(age), temp_k) for age in years]
    return Life(
        technology=technology,
        temp_c=temp_k - ZERO_CELSIUS_K,
        begin_w_m2=begin_w_m2,
        years=years,
        share=np.array(share),
    )


def _share(technology: Technology, around: Surroundings, age: float, new_k: float) -> float:
    left = remaining(technology, around.fluence_cm2_year * age, age, around.cycles_per_year)
    warm = cells_w_m2(technology, sunlit_temp_k(technology, around.earth_view, left))
    return left * warm / cells_w_m2(technology, new_k)


def carried_share(sunlit: float) -> float:
    """Watts of a constant load for each watt of array in the Sun: what the dark takes goes through the battery."""
    return sunlit / (sunlit + (1.0 - sunlit) / ROUND_TRIP)

"""The solar array with its maximum-power tracker: what it can give, and what it turns into heat.

P = A S nu cos(theta) eta [1 + gamma (T - 301.15 K)] F eta_mppt, never more than the tracker passes; F is the share that
wear has left. What the cells give leaves the array's thermal node, so that the rest of the absorbed sunlight, alpha
minus eta, is heat: an aged array is a warmer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians

from hal.config import ConfigError
from hal.constants import SOLAR_CONSTANT_W_M2, ZERO_CELSIUS_K
from sim.technology import load_technology

CELL_REFERENCE_C = 28.0  # at which cell makers state efficiencies (AM0, 28 C)
XTJ_EFFICIENCY = 0.298  # Spectrolab XTJ, bare cell, see sim/technologies/gaas-3j.toml
XTJ_COEFFICIENT_PER_K = -0.0022  # the middle of what is said of triple junctions, -0.20 to -0.25 %/K


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayConfig:
    """An array by the watts it delivers new, at 1 au, normal incidence and `operating_temp_c`; 0 W means none.

    Defaults: a bare XTJ cell on all of the area. With `technology`, a name of `sim.technology` or the path of a file,
    efficiency (of the panel) and temperature coefficient are the technology's. `operating_temp_c` 50 is a little above
    the equilibrium of a two-sided panel in the Sun (41-47 C), so that the rated watts are there through the whole
    sunlit arc. `share_left` is what radiation and age have left of the first day's power at the start of the flight.
    """

    power_w: float = 75.0
    operating_temp_c: float = 50.0
    technology: str = ""
    efficiency: float = XTJ_EFFICIENCY
    temp_coefficient_per_k: float = XTJ_COEFFICIENT_PER_K
    tracker_efficiency: float = 0.97
    incidence_deg: float = 0.0  # of the Sun on the array, which follows it
    share_left: float = 1.0

    def __post_init__(self) -> None:
        if self.technology:
            self._take_technology()
        if self.power_w < 0.0:
            raise ValueError(f"power_w must not be negative, is {self.power_w}")
        if not 0.0 < self.efficiency < 1.0 or not 0.0 < self.tracker_efficiency <= 1.0:
            raise ValueError("efficiency and tracker_efficiency must be in 0..1")
        if not 0.0 <= self.incidence_deg < 90.0:
            raise ValueError(f"incidence_deg must be in 0..90, is {self.incidence_deg}")
        if not 0.0 <= self.share_left <= 1.0:
            raise ValueError(f"share_left must be in 0..1, is {self.share_left}")

    def _take_technology(self) -> None:
        try:
            technology = load_technology(self.technology)
        except ConfigError as error:
            raise ValueError(f"technology: {error}") from error
        for name, default, value in (
            ("efficiency", XTJ_EFFICIENCY, technology.panel_efficiency),
            ("temp_coefficient_per_k", XTJ_COEFFICIENT_PER_K, technology.temp_coefficient_per_k.value),
        ):
            if getattr(self, name) not in (default, value):
                raise ValueError(f"{name} is the technology's: leave out one of the two")
            object.__setattr__(self, name, value)

    @property
    def area_m2(self) -> float:
        """The area that gives the rated watts when new."""
        warm = 1.0 + self.temp_coefficient_per_k * (self.operating_temp_c - CELL_REFERENCE_C)
        return self.power_w / (SOLAR_CONSTANT_W_M2 * self.efficiency * warm * self.tracker_efficiency)

    @property
    def gain_m2(self) -> float:
        """Watts to the bus for each W/m2 of sunlight at `CELL_REFERENCE_C`, with incidence, tracker and wear."""
        efficiency = self.efficiency * self.tracker_efficiency
        return self.area_m2 * efficiency * cos(radians(self.incidence_deg)) * self.share_left


class Array:
    """Electrical side of the array; the heat side is the array node of `sim.heat`."""

    __slots__ = ("_gain_m2", "_limit_w", "_reference_k", "_slope_per_k", "area_m2", "tracker_efficiency")

    def __init__(self, config: ArrayConfig) -> None:
        self.area_m2 = config.area_m2
        self.tracker_efficiency = config.tracker_efficiency
        self._gain_m2 = config.gain_m2
        self._slope_per_k = config.temp_coefficient_per_k
        self._reference_k = CELL_REFERENCE_C + ZERO_CELSIUS_K
        self._limit_w = config.power_w

    def available_w(self, flux_w_m2: float, temp_k: float) -> float:
        """What the tracker can deliver to the bus under `flux_w_m2` (shadow included) at a cell temperature."""
        power_w = self._gain_m2 * flux_w_m2 * (1.0 + self._slope_per_k * (temp_k - self._reference_k))
        return power_w if power_w < self._limit_w else self._limit_w

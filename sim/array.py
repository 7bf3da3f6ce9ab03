"""The solar array with its maximum-power tracker: what it can give, and what it turns into heat.

P = A S nu cos(theta) eta [1 + gamma (T - 301.15 K)] eta_mppt, never more than the tracker passes. Values for a
triple-junction GaAs cell; `gamma` has no published source that fits the cell and is an engineering value.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians

from hal.constants import SOLAR_CONSTANT_W_M2, ZERO_CELSIUS_K

CELL_REFERENCE_C = 28.0  # at which cell makers state efficiencies (AM0, 28 C)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayConfig:
    """An array by the watts it delivers at 1 au, normal incidence and `operating_temp_c`; 0 W means none.

    Defaults: Spectrolab XTJ efficiency 29.8 %. `operating_temp_c` 50 is a little above the equilibrium of a
    two-sided panel in the Sun (41-47 C), so that the rated watts are there through the whole sunlit arc.
    """

    power_w: float = 75.0
    operating_temp_c: float = 50.0
    efficiency: float = 0.298
    temp_coefficient_per_k: float = -0.0022
    tracker_efficiency: float = 0.97
    incidence_deg: float = 0.0  # of the Sun on the array, which follows it

    def __post_init__(self) -> None:
        if self.power_w < 0.0:
            raise ValueError(f"power_w must not be negative, is {self.power_w}")
        if not 0.0 < self.efficiency < 1.0 or not 0.0 < self.tracker_efficiency <= 1.0:
            raise ValueError("efficiency and tracker_efficiency must be in 0..1")
        if not 0.0 <= self.incidence_deg < 90.0:
            raise ValueError(f"incidence_deg must be in 0..90, is {self.incidence_deg}")

    @property
    def area_m2(self) -> float:
        """The area that gives the rated watts."""
        warm = 1.0 + self.temp_coefficient_per_k * (self.operating_temp_c - CELL_REFERENCE_C)
        return self.power_w / (SOLAR_CONSTANT_W_M2 * self.efficiency * warm * self.tracker_efficiency)


class Array:
    """Electrical side of the array; the heat side is the array node of `sim.heat`."""

    __slots__ = ("_gain_m2", "_limit_w", "_reference_k", "_slope_per_k", "area_m2", "tracker_efficiency")

    def __init__(self, config: ArrayConfig) -> None:
        self.area_m2 = config.area_m2
        self.tracker_efficiency = config.tracker_efficiency
        efficiency = config.efficiency * config.tracker_efficiency
        self._gain_m2 = self.area_m2 * efficiency * cos(radians(config.incidence_deg))
        self._slope_per_k = config.temp_coefficient_per_k
        self._reference_k = CELL_REFERENCE_C + ZERO_CELSIUS_K
        self._limit_w = config.power_w

    def available_w(self, flux_w_m2: float, temp_k: float) -> float:
        """What the tracker can deliver to the bus under `flux_w_m2` (shadow included) at a cell temperature."""
        power_w = self._gain_m2 * flux_w_m2 * (1.0 + self._slope_per_k * (temp_k - self._reference_k))
        return power_w if power_w < self._limit_w else self._limit_w

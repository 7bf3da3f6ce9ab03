"""The I-V curve of solar cells in series and parallel, for tests of a bus that does not track the peak of power.

Four parameters at a reference (short-circuit and peak current, open-circuit and peak voltage) give the exponential form
I = Isc [1 - C1 (exp(V / (C2 Voc)) - 1)], C2 = (Vmp / Voc - 1) / ln(1 - Imp / Isc), C1 = (1 - Imp / Isc) exp(-Vmp /
(C2 Voc)). Source: Rauschenbach, Solar Cell Array Design Handbook (1980; JPL SP 43-38, 1976). It passes the four points
within C1 of the current (1e-9 and less for the shipped cells). Weak light lowers the light current alone, by
superposition, and the open-circuit voltage follows; series resistance is inside the peak point and does not scale.
Against a diode with resistances solved by pvlib the current is within 1 % of Isc up to the peak and 6 % beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from hal.constants import SOLAR_CONSTANT_W_M2, ZERO_CELSIUS_K
from sim.array import CELL_REFERENCE_C
from sim.technology import CellNumbers

NEWTON_STEPS = 8  # of the peak: from its start, quadratic to the last digit in five


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell at 28 C in full sunlight, with slopes per kelvin. Amperes and volts."""

    short_circuit_a: float
    open_circuit_v: float
    peak_a: float
    peak_v: float
    short_circuit_a_k: float = 0.0
    open_circuit_v_k: float = 0.0
    peak_a_k: float = 0.0
    peak_v_k: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.peak_a < self.short_circuit_a or not 0.0 < self.peak_v < self.open_circuit_v:
            raise ValueError("peak current and voltage must lie between zero and short circuit, zero and open circuit")

    def at(self, temp_k: float) -> Cell:
        """The cell moved along its slopes. ValueError where they lead to no cell any more."""
        warmer_k = temp_k - ZERO_CELSIUS_K - CELL_REFERENCE_C
        return Cell(
            short_circuit_a=self.short_circuit_a + self.short_circuit_a_k * warmer_k,
            open_circuit_v=self.open_circuit_v + self.open_circuit_v_k * warmer_k,
            peak_a=self.peak_a + self.peak_a_k * warmer_k,
            peak_v=self.peak_v + self.peak_v_k * warmer_k,
        )

    def worn(self, share_left: float) -> Cell:
        """A cell with this share of its power left, half of the loss (as a factor) in current and half in voltage.

        The halves are an engineering value: which of the two suffers depends on the cell.
        """
        if not 0.0 < share_left <= 1.0:
            raise ValueError(f"share_left must be in 0..1, is {share_left}")
        each = share_left**0.5
        return Cell(
            short_circuit_a=each * self.short_circuit_a,
            open_circuit_v=each * self.open_circuit_v,
            peak_a=each * self.peak_a,
            peak_v=each * self.peak_v,
            short_circuit_a_k=each * self.short_circuit_a_k,
            open_circuit_v_k=self.open_circuit_v_k,
            peak_a_k=each * self.peak_a_k,
            peak_v_k=self.peak_v_k,
        )


def cell_of(numbers: CellNumbers) -> Cell:
    """The cell of a technology file: densities times its area."""
    area_m2 = numbers.area_m2.value
    return Cell(
        short_circuit_a=numbers.short_circuit_a_m2.value * area_m2,
        open_circuit_v=numbers.open_circuit_v.value,
        peak_a=numbers.peak_a_m2.value * area_m2,
        peak_v=numbers.peak_v.value,
        short_circuit_a_k=numbers.short_circuit_a_m2_k.value * area_m2,
        open_circuit_v_k=numbers.open_circuit_v_k.value,
        peak_a_k=numbers.peak_a_m2_k.value * area_m2,
        peak_v_k=numbers.peak_v_k.value,
    )


class Curve:
    """Cells of one kind under one light and temperature, `series` in a string and `parallel` strings."""

    __slots__ = ("_saturation_a", "_scale_v", "light_a")

    def __init__(
        self, cell: Cell, *, temp_k: float, flux_w_m2: float = SOLAR_CONSTANT_W_M2, series: int = 1, parallel: int = 1
    ) -> None:
        if series < 1 or parallel < 1:
            raise ValueError("series and parallel must be at least 1")
        if flux_w_m2 < 0.0:
            raise ValueError(f"flux_w_m2 must not be negative, is {flux_w_m2}")
        now = cell.at(temp_k)
        lost = 1.0 - now.peak_a / now.short_circuit_a
        scale_v = (now.peak_v - now.open_circuit_v) / log(lost)  # C2 Voc
        self._scale_v = scale_v * series
        self._saturation_a = parallel * now.short_circuit_a * lost * exp(-now.peak_v / scale_v)  # C1 Isc
        self.light_a = parallel * now.short_circuit_a * flux_w_m2 / SOLAR_CONSTANT_W_M2

    @property
    def open_circuit_v(self) -> float:
        """Where the current ends; 0 in the dark."""
        return self._scale_v * log(1.0 + self.light_a / self._saturation_a)

    def current_a(self, bus_v: float) -> float:
        """Into a bus at this voltage. 0 beyond open circuit, where the blocking diode holds."""
        if bus_v >= self.open_circuit_v:
            return 0.0
        return self.light_a - self._saturation_a * (exp(bus_v / self._scale_v) - 1.0)

    def power_w(self, bus_v: float) -> float:
        """Into a bus at this voltage."""
        return bus_v * self.current_a(bus_v)

    def peak_v(self) -> float:
        """The voltage of most power: (1 + x) exp(x) = 1 + light / saturation, with x = V / (C2 Voc)."""
        target = log(1.0 + self.light_a / self._saturation_a)
        x = target - log(1.0 + target) if target > 0.0 else 0.0
        for _ in range(NEWTON_STEPS):
            x -= (x + log(1.0 + x) - target) / (1.0 + 1.0 / (1.0 + x))
        return x * self._scale_v

    def peak_w(self) -> float:
        """The power of a tracker without losses."""
        return self.power_w(self.peak_v())

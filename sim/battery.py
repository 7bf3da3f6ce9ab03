"""The battery as an equivalent circuit: charge, open-circuit voltage, resistance, coulombic loss, limits, ageing.

The open-circuit voltage is linear between the rows of a table, so the energy stored is an exact function of the charge
and every step's balance can be checked: what entered the terminals is stored or lost, to rounding.

Source of the numbers: a flight pack of four cells in series (8.2 Ah), voltages at 20-80 % of charge, energy round
trip 0.952, coulombic 0.987, about 53 mOhm a cell including hysteresis. The ends of the table are engineering values,
and so are the forms below for cold, emptiness and age: no published fit was found for this pack.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, log, sqrt

from hal.constants import ZERO_CELSIUS_K

CELL_VOLTAGE_V = (3.00, 3.38, 3.50, 3.57, 3.64, 3.70, 3.79, 3.875, 3.96, 4.055, 4.15)  # at 0, 10, .. 100 % of charge
SEGMENTS = len(CELL_VOLTAGE_V) - 1
LAST_SHARE = 0.9  # of the charge left may leave in a step: the voltage falls and the current rises within it
SECANT_ROUNDS = 4  # each gains four digits where a step crosses a row of the table

GAS_J_MOL_K = 8.31446  # gas constant (CODATA 2018)
RATED_LOW_K, RATED_HIGH_K = ZERO_CELSIUS_K + 20.0, ZERO_CELSIUS_K + 25.0  # where the pack's resistance was measured
RESISTANCE_J_MOL = 20_000.0  # activation energy of the resistance: 1.8 times at 0 C, 0.6 at 45 C; engineering
STEEP_SOC, EMPTY_FACTOR = 0.2, 1.5  # below a fifth the resistance rises by half towards empty; engineering

# Temperature window of the charge: JEITA's profile for lithium-ion (JEITA/BAJ 2007), reduced outside 10..45 C.
NO_CHARGE_BELOW_K, FULL_CHARGE_ABOVE_K = ZERO_CELSIUS_K, ZERO_CELSIUS_K + 10.0
FULL_CHARGE_BELOW_K, NO_CHARGE_ABOVE_K = ZERO_CELSIUS_K + 45.0, ZERO_CELSIUS_K + 60.0

# Ageing. Anchors: above 30,000 low-orbit cycles were shown; 30,000-40,000 at 20-25 % depth and 10,000-20,000 at 40 %
# are rules of thumb. At an anchor the pack has 80 % left: 15 % went with the cycles and about 5 % with the years.
ANCHOR_DEPTH, ANCHOR_CYCLES = 0.225, 35_000.0
DEEP_DEPTH, DEEP_CYCLES = 0.40, 15_000.0
DEPTH_EXPONENT = log(ANCHOR_CYCLES / DEEP_CYCLES) / log(DEEP_DEPTH / ANCHOR_DEPTH)
CYCLE_LOSS = 0.15  # of the capacity, after the anchor's cycles
CALENDAR_LOSS, CALENDAR_C = 0.02, 20.0  # of the capacity in the first year at this temperature; engineering
AGEING_J_MOL = 50_000.0  # activation energy of the calendar loss: twice as fast for 10 K; engineering
RESISTANCE_GROWTH = 3.0  # of the resistance for each unit of capacity lost: 60 % more at 80 % left; engineering
WORST_LOSS = 0.6  # beyond, the forms mean nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryConfig:
    """A pack by its stored energy from full to empty; 0 Wh means none."""

    capacity_wh: float = 110.0
    start_soc: float = 0.9
    cells_in_series: int = 4
    resistance_ohm: float = 0.2  # 50 mOhm a cell
    coulombic_efficiency: float = 0.987
    charge_limit_a: float = 7.0  # about 1 C
    discharge_limit_a: float = 15.0  # about 2 C
    cell_full_v: float = 4.2  # constant-voltage limit of the charger
    cell_undervoltage_v: float = 3.0  # below, loads are shed and at last the payload's rail is opened
    cell_cutoff_v: float = 2.5  # the pack's protection lets the voltage go no lower

    def __post_init__(self) -> None:
        if not 0.0 <= self.start_soc <= 1.0:
            raise ValueError(f"start_soc must be in 0..1, is {self.start_soc}")
        if self.capacity_wh < 0.0 or self.resistance_ohm <= 0.0 or self.cells_in_series < 1:
            raise ValueError("capacity_wh, resistance_ohm and cells_in_series must be positive")
        if not 0.5 < self.coulombic_efficiency <= 1.0:
            raise ValueError(f"coulombic_efficiency must be in 0.5..1, is {self.coulombic_efficiency}")
        if not 0.0 < self.cell_cutoff_v < CELL_VOLTAGE_V[0]:
            raise ValueError(f"cell_cutoff_v must be in 0..{CELL_VOLTAGE_V[0]}, is {self.cell_cutoff_v}")

    @property
    def capacity_c(self) -> float:
        """Charge from full to empty in coulombs."""
        mean_v = (
            self.cells_in_series * (sum(CELL_VOLTAGE_V) - 0.5 * (CELL_VOLTAGE_V[0] + CELL_VOLTAGE_V[-1])) / SEGMENTS
        )
        return self.capacity_wh * 3600.0 / mean_v


def aged(
    config: BatteryConfig, *, years: float, cycles: float, depth: float, mean_temp_c: float = CALENDAR_C
) -> BatteryConfig:
    """The pack after `years` at a mean temperature and `cycles` of `depth` (0..1 of its capacity) within them.

    Capacity falls with the root of time (Arrhenius in temperature) and in proportion to the cycles, whose cost is a
    power of their depth; the resistance grows with the loss. Raises ValueError where the pack would be gone.
    """
    if years < 0.0 or cycles < 0.0 or not 0.0 <= depth <= 1.0:
        raise ValueError("years and cycles must not be negative, depth must be in 0..1")
    loss = _calendar_loss(years, mean_temp_c) + CYCLE_LOSS * cycles / ANCHOR_CYCLES * (depth / ANCHOR_DEPTH) ** (
        DEPTH_EXPONENT
    )
    if loss > WORST_LOSS:
        raise ValueError(f"the pack must keep {1.0 - WORST_LOSS:.0%} of its capacity, would keep {1.0 - loss:.0%}")
    return replace(
        config,
        capacity_wh=config.capacity_wh * (1.0 - loss),
        resistance_ohm=config.resistance_ohm * (1.0 + RESISTANCE_GROWTH * loss),
    )


def _calendar_loss(years: float, mean_temp_c: float) -> float:
    faster = exp(
        AGEING_J_MOL / GAS_J_MOL_K * (1.0 / (CALENDAR_C + ZERO_CELSIUS_K) - 1.0 / (mean_temp_c + ZERO_CELSIUS_K))
    )
    return CALENDAR_LOSS * faster * sqrt(years)


def resistance_factor(temp_k: float, soc: float) -> float:
    """R0(T, SoC) over its rated value: 1 from 20 to 25 C and above a fifth of charge, more in cold and emptiness."""
    factor = 1.0
    if not RATED_LOW_K <= temp_k <= RATED_HIGH_K:
        rated_k = RATED_LOW_K if temp_k < RATED_LOW_K else RATED_HIGH_K
        factor = exp(RESISTANCE_J_MOL / GAS_J_MOL_K * (1.0 / temp_k - 1.0 / rated_k))
    if soc < STEEP_SOC:
        factor *= EMPTY_FACTOR - (EMPTY_FACTOR - 1.0) * soc / STEEP_SOC
    return factor


def charge_share(temp_k: float) -> float:
    """Share of the charge current that a temperature allows: none below 0 and above 60 C, all from 10 to 45 C."""
    cold = (temp_k - NO_CHARGE_BELOW_K) / (FULL_CHARGE_ABOVE_K - NO_CHARGE_BELOW_K)
    hot = (NO_CHARGE_ABOVE_K - temp_k) / (NO_CHARGE_ABOVE_K - FULL_CHARGE_BELOW_K)
    return max(0.0, min(1.0, cold, hot))


class Battery:
    """The pack's state and one step of it. Currents and powers are positive while discharging."""

    __slots__ = (
        "_charge_limit_a",
        "_coulombic",
        "_cutoff_v",
        "_discharge_limit_a",
        "_energy_j",
        "_full_v",
        "_ocv_v",
        "_rated_charge_a",
        "_rated_ohm",
        "_resistance_ohm",
        "_slope_v",
        "capacity_c",
        "current_a",
        "heat_j",
        "soc",
        "undervoltage_v",
        "voltage_v",
    )

    def __init__(self, config: BatteryConfig) -> None:
        cells = config.cells_in_series
        self.capacity_c = config.capacity_c
        self._ocv_v = tuple(cells * volt for volt in CELL_VOLTAGE_V)
        self._slope_v = tuple(SEGMENTS * (high - low) for low, high in zip(self._ocv_v, self._ocv_v[1:], strict=False))
        self._energy_j = self._stored_at_rows()
        self._rated_ohm = self._resistance_ohm = config.resistance_ohm
        self._coulombic = config.coulombic_efficiency
        self._rated_charge_a = self._charge_limit_a = config.charge_limit_a
        self._discharge_limit_a, self._cutoff_v = config.discharge_limit_a, cells * config.cell_cutoff_v
        self._full_v, self.undervoltage_v = cells * config.cell_full_v, cells * config.cell_undervoltage_v
        self.soc = config.start_soc
        self.current_a, self.heat_j, self.voltage_v = 0.0, 0.0, self.open_circuit_v()

    def _stored_at_rows(self) -> tuple[float, ...]:
        stored = [0.0]
        for low, high in zip(self._ocv_v, self._ocv_v[1:], strict=False):
            stored.append(stored[-1] + self.capacity_c / SEGMENTS * 0.5 * (low + high))
        return tuple(stored)

    def condition(self, temp_k: float) -> None:
        """Set resistance and charge limit for the next step by temperature and charge; without a call, the rated."""
        if RATED_LOW_K <= temp_k <= RATED_HIGH_K and self.soc >= STEEP_SOC:
            self._resistance_ohm, self._charge_limit_a = self._rated_ohm, self._rated_charge_a
        else:
            self._resistance_ohm = self._rated_ohm * resistance_factor(temp_k, self.soc)
            self._charge_limit_a = self._rated_charge_a * charge_share(temp_k)

    def _segment(self, soc: float) -> int:
        index = int(soc * SEGMENTS)
        return index if index < SEGMENTS else SEGMENTS - 1

    def open_circuit_v(self) -> float:
        """Voltage at rest."""
        index = self._segment(self.soc)
        return self._ocv_v[index] + self._slope_v[index] * (self.soc - index / SEGMENTS)

    def stored_j(self, soc: float) -> float:
        """Energy between empty and `soc`: the exact integral of the open-circuit voltage over the charge."""
        index = self._segment(soc)
        above = soc - index / SEGMENTS
        return self._energy_j[index] + self.capacity_c * above * (
            self._ocv_v[index] + 0.5 * self._slope_v[index] * above
        )

    def charge_acceptance_w(self, seconds: float) -> float:
        """The most that the terminals take in for a step: current limit, constant voltage, room left."""
        ocv_v = self.open_circuit_v()
        current_a = min(
            self._charge_limit_a,
            (self._full_v - ocv_v) / self._resistance_ohm,
            (1.0 - self.soc) * self.capacity_c / (self._coulombic * seconds),
        )
        return (ocv_v + self._resistance_ohm * current_a) * current_a if current_a > 0.0 else 0.0

    def deliverable_w(self, seconds: float) -> float:
        """The most that the terminals give for a step: current limit, charge left, half of the open-circuit voltage,
        and the voltage at which the pack's protection cuts off.
        """
        ocv_v = self.open_circuit_v()
        current_a = min(
            self._discharge_limit_a,
            LAST_SHARE * self.soc * self.capacity_c / seconds,
            0.5 * ocv_v / self._resistance_ohm,
            (ocv_v - self._cutoff_v) / self._resistance_ohm,
        )
        return (ocv_v - self._resistance_ohm * current_a) * current_a if current_a > 0.0 else 0.0

    def step(self, power_w: float, seconds: float) -> None:
        """Exchange a constant power for a step; within `charge_acceptance_w` and `deliverable_w`.

        The open-circuit voltage at the middle of the step is linear in the current, so it acts as more resistance.
        """
        soc = self.soc
        index = self._segment(soc)
        slope_v = self._slope_v[index]
        ocv_v = self._ocv_v[index] + slope_v * (soc - index / SEGMENTS)
        coulombic = self._coulombic if power_w < 0.0 else 1.0
        moved = coulombic * seconds / self.capacity_c  # charge fraction a step for each ampere
        total_ohm = self._resistance_ohm + 0.5 * slope_v * moved
        root_v2 = ocv_v * ocv_v - 4.0 * total_ohm * power_w
        current_a = 2.0 * power_w / (ocv_v + sqrt(root_v2 if root_v2 > 0.0 else 0.0))
        end_soc = soc - current_a * moved
        if self._segment(end_soc) != index:
            current_a, end_soc = self._across_rows(power_w, moved, end_soc)
        self._settle(current_a, end_soc, power_w, seconds, coulombic)

    def _across_rows(self, power_w: float, moved: float, end_soc: float) -> tuple[float, float]:
        """Current and end of a step that leaves a segment: the mean voltage is the secant of the stored energy."""
        current_a = 0.0
        for _ in range(SECANT_ROUNDS):
            end_soc = min(1.0, max(0.0, end_soc))
            ocv_v = (self.stored_j(end_soc) - self.stored_j(self.soc)) / ((end_soc - self.soc) * self.capacity_c)
            root_v2 = max(0.0, ocv_v * ocv_v - 4.0 * self._resistance_ohm * power_w)
            current_a = 2.0 * power_w / (ocv_v + sqrt(root_v2))
            end_soc = self.soc - current_a * moved
        return current_a, end_soc

    def _settle(self, current_a: float, end_soc: float, power_w: float, seconds: float, coulombic: float) -> None:
        heat_j = current_a * current_a * self._resistance_ohm * seconds
        if current_a < 0.0:
            voltage_v = power_w / current_a
            heat_j -= (1.0 - coulombic) * current_a * seconds * (voltage_v + self._resistance_ohm * current_a)
            self.voltage_v = voltage_v
        elif current_a > 0.0:
            self.voltage_v = power_w / current_a
        else:
            self.voltage_v = self._ocv_v[0] if end_soc <= 0.0 else self.open_circuit_v()
        self.current_a, self.heat_j = current_a, heat_j
        self.soc = end_soc if 0.0 < end_soc < 1.0 else min(1.0, max(0.0, end_soc))

"""The power bus: array, battery and loads meet in one balance every step.

Order of limiting: the tracker moves off its point when the battery takes no more; the payload's rail is opened when
array and battery cannot carry all; last, the avionics go short, which is counted as unserved energy. A guest has
neither array nor battery, and its host's rail gives what it draws.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.array import Array, ArrayConfig
from sim.battery import Battery, BatteryConfig
from sim.ledger import check


@dataclass(frozen=True, slots=True, kw_only=True)
class BusConfig:
    """Everything that draws besides the payload."""

    avionics_w: float = 15.0
    recovery_v: float = 13.6  # the payload's rail may close again above: 3.4 V a cell at rest

    def __post_init__(self) -> None:
        if self.avionics_w < 0.0:
            raise ValueError(f"avionics_w must not be negative, is {self.avionics_w}")


class OwnedPower:
    """Array and battery of the satellite's own."""

    __slots__ = (
        "_array",
        "_bus_config",
        "array_w",
        "available_w",
        "battery",
        "battery_w",
        "cells_w",
        "is_short",
        "unserved_w",
    )

    def __init__(self, array: ArrayConfig, battery: BatteryConfig, bus: BusConfig) -> None:
        self._array, self.battery, self._bus_config = Array(array), Battery(battery), bus
        self.array_w = self.available_w = self.battery_w = self.cells_w = self.unserved_w = 0.0
        self.is_short = False

    @property
    def array_area_m2(self) -> float:
        return self._array.area_m2

    @property
    def bus_voltage_v(self) -> float:
        return self.battery.voltage_v

    def step(self, load_w: float, flux_w_m2: float, array_k: float, seconds: float, time_ns: int) -> None:
        """Balance a step of constant load; sets `is_short` when it cannot be carried. Raises LedgerError."""
        battery, array = self.battery, self._array
        array_w = self.available_w = array.available_w(flux_w_m2, array_k)
        need_w = load_w - array_w
        self.unserved_w, self.is_short = 0.0, False
        if need_w < 0.0:
            accepted_w = battery.charge_acceptance_w(seconds)
            if accepted_w < -need_w:
                need_w = -accepted_w
                array_w = load_w + accepted_w
        else:
            given_w = battery.deliverable_w(seconds)
            if given_w < need_w:
                self.unserved_w, self.is_short = need_w - given_w, True
                need_w = given_w
        before_j = battery.stored_j(battery.soc)
        battery.step(need_w, seconds)
        if battery.voltage_v < battery.undervoltage_v:
            self.is_short = True
        stored_j = battery.stored_j(battery.soc)
        self.array_w, self.battery_w = array_w, need_w
        self.cells_w = array_w / array.tracker_efficiency
        entered_j = array_w * seconds
        used_j = (load_w - self.unserved_w) * seconds
        check(
            "energy",
            entered_j - used_j - battery.heat_j - (stored_j - before_j),
            entered_j + used_j,
            stored_j + load_w * seconds,
            time_ns,
        )

    def may_recover(self) -> bool:
        """Whether the payload's rail may close again after it was opened for want of power."""
        return self.battery.open_circuit_v() > self._bus_config.recovery_v

"""The power bus: array, battery and loads meet in one balance every step.

Order of limiting: when the battery takes no more, the tracker moves off its point or the shunts burn the surplus; when
array and battery cannot carry all, loads are shed in stages, the payload's rail is opened, and last the avionics are
lost; what goes short until then is counted as unserved energy. A guest has neither array nor battery, and its host's
rail gives what it draws.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.array import Array, ArrayConfig
from sim.battery import Battery, BatteryConfig
from sim.ledger import check
from sim.rails import ConverterConfig, LoadConfig
from sim.sensors import SENSORS

REGULATIONS = ("tracker", "shunt")
AVIONICS_SHARE = 0.956  # of `recovery_v`, above which lost avionics return: 3.25 V a cell where the payload's is 3.4
RATED_K = 293.15  # of a battery whose temperature nobody gives


@dataclass(frozen=True, slots=True, kw_only=True)
class BusConfig:
    """Everything that draws besides the payload, and how the bus is kept.

    Without converters what a rail gives is what it takes. `on_payload_rail` names sensors that live on the payload's
    rail and fall silent with it; the others live on the avionics'.
    """

    avionics_w: float = 15.0
    recovery_v: float = 13.6  # what was shed for want of power may return above: 3.4 V a cell at rest
    regulation: str = "tracker"
    avionics_converter: ConverterConfig | None = None
    payload_converter: ConverterConfig | None = None
    load: tuple[LoadConfig, ...] = ()
    on_payload_rail: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.avionics_w < 0.0:
            raise ValueError(f"avionics_w must not be negative, is {self.avionics_w}")
        if self.regulation not in REGULATIONS:
            raise ValueError(f"regulation must be one of {', '.join(REGULATIONS)}, is {self.regulation!r}")
        names = [load.name for load in self.load]
        if len(set(names)) < len(names):
            raise ValueError(f"names of loads must differ: {', '.join(names)}")
        for name in self.on_payload_rail:
            if name not in SENSORS:
                raise ValueError(f"on_payload_rail must name sensors: {', '.join(SENSORS)}; {name!r} is none")


class OwnedPower:
    """Array and battery of the satellite's own."""

    __slots__ = (
        "_array",
        "_bus_config",
        "_has_shunt",
        "array_w",
        "available_w",
        "battery",
        "battery_w",
        "cells_w",
        "is_short",
        "shunt_w",
        "unserved_w",
    )

    def __init__(self, array: ArrayConfig, battery: BatteryConfig, bus: BusConfig) -> None:
        self._array, self.battery, self._bus_config = Array(array), Battery(battery), bus
        self.array_w = self.available_w = self.battery_w = self.cells_w = self.unserved_w = self.shunt_w = 0.0
        self.is_short, self._has_shunt = False, bus.regulation == "shunt"

    @property
    def array_area_m2(self) -> float:
        return self._array.area_m2

    @property
    def bus_voltage_v(self) -> float:
        return self.battery.voltage_v

    def step(
        self,
        load_w: float,
        flux_w_m2: float,
        array_k: float,
        seconds: float,
        time_ns: int,
        battery_k: float = RATED_K,
    ) -> None:
        """Balance a step of constant load; sets `is_short` when it cannot be carried. Raises LedgerError.

        `array_w` is what the bus takes from the array, `shunt_w` what is burnt beside it.
        """
        battery, array = self.battery, self._array
        battery.condition(battery_k)
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
        drawn_w = array_w
        if self._has_shunt:
            drawn_w, self.shunt_w = self.available_w, self.available_w - array_w
        self.cells_w = drawn_w / array.tracker_efficiency
        entered_j = drawn_w * seconds
        used_j = (load_w - self.unserved_w + self.shunt_w) * seconds
        check(
            "energy",
            entered_j - used_j - battery.heat_j - (stored_j - before_j),
            entered_j + used_j,
            stored_j + load_w * seconds,
            time_ns,
        )

    def may_recover(self) -> bool:
        """Whether what was shed for want of power may return."""
        return self.battery.open_circuit_v() > self._bus_config.recovery_v

    def may_restart(self) -> bool:
        """Whether the avionics may return after they were lost: before anything else does."""
        return self.battery.open_circuit_v() > AVIONICS_SHARE * self._bus_config.recovery_v

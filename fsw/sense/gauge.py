"""The battery gauge: state of charge by counting charge, held to the open-circuit voltage in the long run."""

from __future__ import annotations

import math

from fsw.mission import Battery, interpolate
from hal.clock import SECOND_NS

CORRECTION_PER_S = 1.0 / 3_600.0  # an orbit's count decides, an offset of the current sensor does not accumulate
SIGMA_SOC = 0.004  # OCV table and resistance against the real pack, from the gauge's test over two orbits


class BatteryGauge:
    """State of charge from pack voltage and current (positive while discharging)."""

    __slots__ = ("_battery", "_capacity_c", "_last_ns", "soc")

    def __init__(self, battery: Battery) -> None:
        self._battery = battery
        self._capacity_c = battery.capacity_ah * 3600.0
        self._last_ns = 0
        self.soc: float | None = None

    def update(self, now_ns: int, voltage_v: float, current_a: float) -> float:
        """The state of charge after one more pair of readings; the first pair sets it from the voltage."""
        battery = self._battery
        from_voltage = self._soc_at(voltage_v + current_a * battery.resistance_ohm)
        if self.soc is None:
            self.soc = from_voltage
        else:
            step_s = (now_ns - self._last_ns) / SECOND_NS
            efficiency = 1.0 if current_a >= 0.0 else battery.coulombic_efficiency
            counted = self.soc - current_a * efficiency * step_s / self._capacity_c
            gain = min(1.0, step_s * CORRECTION_PER_S)
            self.soc = min(1.0, max(0.0, counted + gain * (from_voltage - counted)))
        self._last_ns = now_ns
        return self.soc

    def coast(self, now_ns: int, drawn_w: float) -> None:
        """Count on without a current reading, from the watts that the battery must have given at worst."""
        if self.soc is not None:
            step_s = (now_ns - self._last_ns) / SECOND_NS
            self.soc = max(0.0, self.soc - self._current_a(max(0.0, drawn_w)) * step_s / self._capacity_c)
            self._last_ns = now_ns

    def _current_a(self, drawn_w: float) -> float:
        """The current at which the pack gives `drawn_w`, the drop over its resistance included."""
        ocv_v = self._battery.ocv_at_v(self.soc or 0.0)
        root_v2 = max(0.0, ocv_v * ocv_v - 4.0 * self._battery.resistance_ohm * drawn_w)
        return 2.0 * drawn_w / (ocv_v + math.sqrt(root_v2))

    def _soc_at(self, ocv_v: float) -> float:
        return interpolate(self._battery.ocv_v, self._battery.ocv_soc, ocv_v)

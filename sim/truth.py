"""The truth: plain numbers that the world keeps up to date for devices, referees and reports."""

from __future__ import annotations


class Truth:
    """The spacecraft at `time_ns`. Powers and currents are means since the last whole step; `*_energy_j` are totals.

    Battery current and power are positive while discharging. `bus_power_w` is everything that draws, payload
    included. Where a payload is a guest, array and battery are 0 and the bus is its own rail.
    """

    __slots__ = (
        "array_available_w",
        "array_current_a",
        "array_energy_j",
        "array_power_w",
        "array_temp_c",
        "array_voltage_v",
        "battery_current_a",
        "battery_heat_j",
        "battery_power_w",
        "battery_temp_c",
        "battery_voltage_v",
        "brown_outs",
        "bus_current_a",
        "bus_energy_j",
        "bus_power_w",
        "bus_voltage_v",
        "corrected_errors",
        "dose_rate_ugy_s",
        "dose_ugy",
        "flux_cm2_s",
        "illumination",
        "interrupts",
        "is_sunlit",
        "latitude_deg",
        "longitude_deg",
        "payload_current_a",
        "payload_energy_j",
        "payload_peak_w",
        "payload_power_w",
        "payload_temp_c",
        "payload_voltage_v",
        "radiator_temp_c",
        "shunt_energy_j",
        "soc",
        "structure_temp_c",
        "sun_cosine",
        "time_ns",
        "uncorrected_errors",
        "unserved_energy_j",
    )

    time_ns: int
    is_sunlit: bool
    brown_outs: int
    corrected_errors: int
    uncorrected_errors: int
    interrupts: int
    array_available_w: float
    array_current_a: float
    array_energy_j: float
    array_power_w: float
    array_temp_c: float
    array_voltage_v: float
    battery_current_a: float
    battery_heat_j: float
    battery_power_w: float
    battery_temp_c: float
    battery_voltage_v: float
    bus_current_a: float
    bus_energy_j: float
    bus_power_w: float
    bus_voltage_v: float
    dose_rate_ugy_s: float
    dose_ugy: float
    flux_cm2_s: float
    illumination: float
    latitude_deg: float
    longitude_deg: float
    payload_current_a: float
    payload_energy_j: float
    payload_peak_w: float
    payload_power_w: float
    payload_temp_c: float
    payload_voltage_v: float
    radiator_temp_c: float
    shunt_energy_j: float
    soc: float
    structure_temp_c: float
    sun_cosine: float
    unserved_energy_j: float

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0.0)
        self.time_ns = self.brown_outs = self.corrected_errors = self.uncorrected_errors = self.interrupts = 0
        self.is_sunlit = True

    def as_dict(self) -> dict[str, float]:
        """All fields by name, for records."""
        return {name: getattr(self, name) for name in self.__slots__}

"""The plant from its channels: what is sensed, and beside it the worst that the guard must assume."""

from __future__ import annotations

from collections.abc import Mapping

from fsw.messages import Plant
from fsw.mission import Mission
from fsw.sense.channels import ChannelTrack
from fsw.sense.gauge import SIGMA_SOC, BatteryGauge

GUARDED_OWNED = ("battery_voltage_v", "battery_current_a", "battery_temp_c", "bus_power_w")
GUARDED_ALWAYS = ("payload_temp_c", "payload_power_w")
GUARDED = GUARDED_OWNED + GUARDED_ALWAYS


class PlantEstimator:
    """Turns channel tracks into a `Plant`. Channels are known by the names in the board file."""

    def __init__(self, mission: Mission, tracks: Mapping[str, ChannelTrack]) -> None:
        self._limits = mission.limits
        self._tracks = tracks
        self._battery = mission.battery if mission.profile == "owned" else None
        self._gauge = BatteryGauge(self._battery) if self._battery else None
        self._guarded = GUARDED_ALWAYS + (GUARDED_OWNED if self._battery else ())

    def estimate(self, now_ns: int) -> Plant:
        """The plant at `now_ns`."""
        soc = self._charge(now_ns)
        worst_soc = None if soc is None else soc - SIGMA_SOC
        bus_w = self._current("bus_power_w", now_ns)
        payload_w = self._current("payload_power_w", now_ns)
        return Plant(
            time_ns=now_ns,
            soc=soc,
            worst_soc=worst_soc,
            energy_above_floor_j=self._energy(soc),
            worst_energy_above_floor_j=self._energy(worst_soc),
            battery_power_w=self._current("battery_power_w", now_ns),
            worst_battery_temp_c=self._worst("battery_temp_c", now_ns) if self._battery else None,
            array_power_w=self._current("array_power_w", now_ns),
            bus_power_w=bus_w,
            worst_bus_power_w=self._worst("bus_power_w", now_ns) if self._battery else None,
            payload_power_w=payload_w,
            worst_payload_power_w=self._worst("payload_power_w", now_ns),
            payload_temp_c=self._current("payload_temp_c", now_ns),
            worst_payload_temp_c=self._worst("payload_temp_c", now_ns),
            radiator_temp_c=self._current("radiator_temp_c", now_ns),
            dose_rate_ugy_s=self._current("dose_rate_ugy_s", now_ns),
            upsets=int(self._last("corrected_errors") + self._last("uncorrected_errors")),
            payload_energy_j=self._current("payload_energy_j", now_ns),
            stale=tuple(name for name in self._guarded if self._is_silent(name, now_ns)),
        )

    def _charge(self, now_ns: int) -> float | None:
        if self._gauge is None or self._battery is None:
            return None
        voltage = self._current("battery_voltage_v", now_ns)
        current = self._current("battery_current_a", now_ns)
        if voltage is not None and current is not None:
            return self._gauge.update(now_ns, voltage, current)
        self._gauge.coast(now_ns, self._worst("bus_power_w", now_ns))
        return self._gauge.soc

    def _energy(self, soc: float | None) -> float | None:
        return None if soc is None or self._battery is None else self._battery.energy_above_floor_j(soc)

    def _current(self, name: str, now_ns: int) -> float | None:
        track = self._tracks.get(name)
        return None if track is None else track.current(now_ns)

    def _worst(self, name: str, now_ns: int) -> float:
        track = self._tracks.get(name)
        return float("inf") if track is None else track.worst(now_ns)

    def _last(self, name: str) -> float:
        track = self._tracks.get(name)
        return track.value if track is not None and track.value is not None else 0.0

    def _is_silent(self, name: str, now_ns: int) -> bool:
        track = self._tracks.get(name)
        return track is None or track.is_silent(now_ns)

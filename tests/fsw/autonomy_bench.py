"""What the tests of schedule and fault table share: a disk at whose write the power goes, and a healthy plant."""

from __future__ import annotations

from fsw.messages import Plant
from hal.ports.memory_disk import MemoryDisk


class PowerCut(BaseException):
    """The power goes at a write."""


class CuttingDisk(MemoryDisk):
    """At write number `cut` the power goes, before it or after it is done."""

    def __init__(self, cut: int, is_written: bool = False) -> None:
        super().__init__()
        self.writes, self.cut, self._is_written = 0, cut, is_written

    def write_file_atomic(self, name: str, content: bytes) -> None:
        self.writes += 1
        if self.writes - 1 == self.cut and not self._is_written:
            raise PowerCut
        super().write_file_atomic(name, content)
        if self.writes - 1 == self.cut:
            raise PowerCut


PLANT_NOW = Plant(
    time_ns=0,
    soc=0.9,
    worst_soc=0.9,
    energy_above_floor_j=1e5,
    worst_energy_above_floor_j=1e5,
    battery_power_w=-50.0,
    worst_battery_temp_c=20.0,
    array_power_w=70.0,
    bus_power_w=20.0,
    worst_bus_power_w=20.0,
    payload_power_w=6.0,
    worst_payload_power_w=6.0,
    payload_temp_c=20.0,
    worst_payload_temp_c=20.0,
    radiator_temp_c=10.0,
    dose_rate_ugy_s=0.0,
    upsets=0,
)

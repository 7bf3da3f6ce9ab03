"""Files of the payload computer's kernel: hwmon, EDAC, regulator, cgroup, watchdog. Without power they do not answer.

Source: Linux Documentation (hwmon/sysfs-interface, admin-guide/ras, cgroup-v2, watchdog-api) and
drivers/regulator/userspace-consumer.c.
"""

from __future__ import annotations

from hal.errors import PortError
from hal.reading import Reason
from sim.faults import Faults
from sim.rails import AVIONICS
from sim.world import World

DIE_RISE_K_W = 0.2  # die over case: a conduction-cooled module
SWITCHED_OFF = "the payload computer has no power"


def _refuse(path: str) -> PortError:
    return PortError(Reason.BUS, f"{path}: permission denied")


def _malformed(path: str, text: str) -> PortError:
    return PortError(Reason.BUS, f"{path}: invalid argument {text[:32]!r}")


class _ReadOnly:
    """A file that cannot be written."""

    def write(self, text: str) -> None:
        raise _refuse(f"{type(self).__name__} given {text[:32]!r}")


class DieTemperature(_ReadOnly):
    """`temp1_input`: millidegrees of the processor's die."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world, self._faults = world, faults

    def read(self) -> str:
        world = self._world
        if not world.computer.is_powered:
            raise PortError(Reason.UNPOWERED, SWITCHED_OFF)
        temp_c = world.truth.payload_temp_c + DIE_RISE_K_W * world.truth.payload_power_w
        if self._faults.active:
            temp_c = self._faults.apply("die_temp", temp_c)
        return str(round(temp_c * 1000.0))


class ErrorCount(_ReadOnly):
    """`ce_count` or `ue_count`: memory errors since the start."""

    def __init__(self, world: World, faults: Faults, field: str) -> None:
        self._world, self._faults, self._field = world, faults, field

    def read(self) -> str:
        if not self._world.computer.is_powered:
            raise PortError(Reason.UNPOWERED, SWITCHED_OFF)
        count = getattr(self._world.truth, self._field)
        if self._faults.active:
            count = max(0, round(self._faults.apply("memory_errors", float(count))))
        return str(count)


class RailState:
    """`state` of a userspace-consumer regulator: the command to the rail's switch, not whether it is fed."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world, self._faults, self._supply = world, faults, world.supply(AVIONICS)

    def read(self) -> str:
        if not self._supply.is_powered:
            raise PortError(Reason.UNPOWERED, "the rail's switch has no power")
        return "enabled" if self._world.computer.commanded_on else "disabled"

    def write(self, text: str) -> None:
        word = text.strip()
        if not self._supply.is_powered:
            raise PortError(Reason.UNPOWERED, "the rail's switch has no power")
        if word not in ("enabled", "1", "disabled", "0"):
            raise _malformed("state", text)
        world, on = self._world, word in ("enabled", "1")
        self._faults.obey("rail", lambda: world.computer.set_power(on, world.now_ns))


class CpuMax:
    """`cpu.max`: quota and period of the inference group in microseconds; a whole period is full duty."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world, self._faults = world, faults
        self._text = "max 100000"

    def read(self) -> str:
        computer = self._world.computer
        if not computer.is_powered:
            raise PortError(Reason.UNPOWERED, SWITCHED_OFF)
        return self._text if computer.duty < 1.0 else "max " + self._text.partition(" ")[2]

    def write(self, text: str) -> None:
        computer = self._world.computer
        if not computer.is_powered:
            raise PortError(Reason.UNPOWERED, SWITCHED_OFF)
        quota, _, period = text.strip().partition(" ")
        period = period or "100000"
        if not (quota == "max" or quota.isdecimal()) or not period.isdecimal() or not 1000 <= int(period) <= 1_000_000:
            raise _malformed("cpu.max", text)
        duty = 1.0 if quota == "max" else int(quota) / int(period)
        if duty < 1000.0 / int(period):  # the kernel's least quota is 1 ms
            raise _malformed("cpu.max", text)
        self._faults.obey("duty", lambda: self._set(f"{quota} {period}", duty))

    def _set(self, text: str, duty: float) -> None:
        if self._world.computer.is_powered:
            self._text = text
            self._world.computer.set_duty(duty, self._world.now_ns)


class WatchdogDevice:
    """`/dev/watchdog`: any octet kicks and arms, `V` disarms."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read(self) -> str:
        raise _refuse("watchdog")

    def write(self, text: str) -> None:
        computer = self._world.computer
        if not computer.is_powered:
            raise PortError(Reason.UNPOWERED, SWITCHED_OFF)
        if text.strip() == "V":
            computer.disarm_watchdog()
        else:
            computer.kick_watchdog(self._world.now_ns)

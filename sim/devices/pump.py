"""The liquid loop's pump controller as hwmon shows it: `pwm1` commands, `fan1_input` tells what the pumps do.

Source: Linux Documentation/hwmon/sysfs-interface.rst (pwm 0-255, fan inputs in revolutions a minute). The controller
lives on the avionics' rail; its tachometer is the mean of all pumps, so with one of two dead it says half.
"""

from __future__ import annotations

from hal.errors import PortError
from hal.ports.files import FileNode
from hal.reading import Reason
from sim.heat import Loop
from sim.rails import AVIONICS, Supply
from sim.world import World

FOLDER, CHIP = "class/hwmon/hwmon1", "coolant_pump"
FULL_PWM = 255


def pump_files(world: World) -> dict[str, str | FileNode]:
    """The controller's files by path; none where the spacecraft has no loop."""
    loop = world.heat.loop
    if loop is None:
        return {}
    supply = world.supply(AVIONICS)
    return {
        f"{FOLDER}/name": CHIP,
        f"{FOLDER}/pwm1": PumpCommand(world, loop, supply),
        f"{FOLDER}/fan1_input": PumpSpeed(loop, supply),
    }


def _check(supply: Supply) -> None:
    if not supply.is_powered:
        raise PortError(Reason.UNPOWERED, "the pump controller has no power")


class PumpCommand:
    """`pwm1`: the commanded speed, 0 to 255."""

    def __init__(self, world: World, loop: Loop, supply: Supply) -> None:
        self._world, self._loop, self._supply = world, loop, supply

    def read(self) -> str:
        _check(self._supply)
        return str(round(FULL_PWM * self._loop.speed))

    def write(self, text: str) -> None:
        _check(self._supply)
        word = text.strip()
        if not (word.isascii() and word.isdecimal()) or len(word) > 3 or int(word) > FULL_PWM:
            raise PortError(Reason.BUS, f"pwm1: invalid argument {text[:32]!r}")
        self._world.heat.set_pump(speed=int(word) / FULL_PWM)


class PumpSpeed:
    """`fan1_input`: revolutions a minute."""

    def __init__(self, loop: Loop, supply: Supply) -> None:
        self._loop, self._supply = loop, supply

    def read(self) -> str:
        _check(self._supply)
        return str(round(self._loop.rpm))

    def write(self, text: str) -> None:
        raise PortError(Reason.BUS, f"fan1_input: permission denied for {text[:32]!r}")

"""The chips of a board file, on the buses that it names: what each senses follows from the names of its channels.

A channel `array_current_a` of an INA226 sees the array's rail, `payload_temp_c` of a TMP117 the payload, through the
shunt, divider and address that the board file states. So whatever board of known chips flies can be simulated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hal.board import BoardConfig, DeviceConfig
from hal.config import ConfigError
from hal.ports.i2c import Chip
from sim.devices.ads1115 import DosimeterChip
from sim.devices.ina226 import Ina226Chip
from sim.devices.tmp117 import Tmp117Chip
from sim.faults import Faults
from sim.truth import Truth

RAIL_QUANTITIES = ("_voltage_v", "_current_a", "_power_w")  # of a monitor's channels, after the rail's name


def chips_of(board: BoardConfig, truth: Truth, faults: Faults, seed: int) -> dict[str, dict[int, Chip]]:
    """Chips by port and address. Raises ConfigError for a channel that names nothing in the simulated world."""
    buses: dict[str, dict[int, Chip]] = {}
    for row in board.devices:
        make = MAKERS.get(row.driver)
        if make is None:
            continue  # a file of the kernel
        try:
            buses.setdefault(row.port, {})[row.options.address] = make(row, truth, faults, seed)
        except AttributeError as error:
            raise ConfigError(board.file, row.name, f"senses nothing of the simulated world: {error}") from error
    return buses


def _monitor(row: DeviceConfig, truth: Truth, faults: Faults, seed: int) -> Chip:
    rail = _stem(row, RAIL_QUANTITIES)
    options: Any = row.options
    _ = getattr(truth, f"{rail}_current_a"), getattr(truth, f"{rail}_voltage_v")
    return Ina226Chip(f"{rail}_power", rail, options.shunt_ohm, options.bus_divider, truth, faults, seed)


def _thermometer(row: DeviceConfig, truth: Truth, faults: Faults, seed: int) -> Chip:
    place = _stem(row, ("_temp_c",))
    getattr(truth, f"{place}_temp_c")
    return Tmp117Chip(f"{place}_temp", f"{place}_temp_c", truth, faults, seed)


def _dosimeter(row: DeviceConfig, truth: Truth, faults: Faults, seed: int) -> Chip:
    return DosimeterChip("dosimeter", row.options.ugy_s_per_v, truth, faults, seed)


def _stem(row: DeviceConfig, endings: tuple[str, ...]) -> str:
    """What the first channel's name says before its quantity; "" when it says no quantity."""
    name = next(iter(row.channels.values())).name
    return next((name.removesuffix(ending) for ending in endings if name.endswith(ending)), "")


MAKERS: dict[str, Callable[[DeviceConfig, Truth, Faults, int], Chip]] = {
    "ina226": _monitor,
    "tmp117": _thermometer,
    "dosimeter": _dosimeter,
}

"""The simulated world as flight drivers find it: registers on I2C buses and files of the kernel.

Addresses, shunts and scales are those of `hal/boards/satellite.toml`; a test holds them together. Enters: a world and
its faults. Leaves: ports by the names in the board file.
"""

from __future__ import annotations

from hal.ports.files import FileNode, MemoryFiles
from hal.ports.i2c import Chip, MemoryI2c
from sim.devices.ads1115 import DosimeterChip
from sim.devices.computer import TaskRunning, TasksDone, TaskStart, TaskStop
from sim.devices.ina226 import Ina226Chip
from sim.devices.kernel import CpuMax, DieTemperature, ErrorCount, RailState, WatchdogDevice
from sim.devices.pump import pump_files
from sim.devices.tmp117 import Tmp117Chip
from sim.faults import Faults
from sim.world import World

MONITORS = (  # address, sensor, rail, shunt in ohms
    (0x40, "array_power", "array", 0.010),
    (0x41, "battery_power", "battery", 0.005),
    (0x44, "payload_power", "payload", 0.010),
    (0x45, "bus_power", "bus", 0.005),
)
THERMOMETERS = (  # address, sensor, truth
    (0x48, "payload_temp", "payload_temp_c"),
    (0x49, "battery_temp", "battery_temp_c"),
    (0x4A, "radiator_temp", "radiator_temp_c"),
)
DOSIMETER_ADDRESS, DOSIMETER_UGY_S_PER_V = 0x48, 50.0
OF_THE_SPACECRAFT = (0x40, 0x41, 0x45, 0x49)  # chips that a guest does not have


def build(world: World, seed: int, faults: Faults | None = None) -> dict[str, object]:
    """Ports by name: `i2c0`, `i2c1` (MemoryI2c) and `sys` (MemoryFiles). Without `faults` every device is well."""
    faults = Faults((), world) if faults is None else faults
    return {
        "i2c0": MemoryI2c(_first_bus(world, seed, faults)),
        "i2c1": MemoryI2c(
            {DOSIMETER_ADDRESS: DosimeterChip("dosimeter", DOSIMETER_UGY_S_PER_V, world.truth, faults, seed)}
        ),
        "sys": MemoryFiles(_files(world, faults)),
    }


def _first_bus(world: World, seed: int, faults: Faults) -> dict[int, Chip]:
    chips: dict[int, Chip] = {}
    for address, name, rail, shunt_ohm in MONITORS:
        chips[address] = Ina226Chip(name, rail, shunt_ohm, world.truth, faults, seed)
    for address, name, field in THERMOMETERS:
        chips[address] = Tmp117Chip(name, field, world.truth, faults, seed)
    if world.power is None:
        for address in OF_THE_SPACECRAFT:
            del chips[address]
    return chips


def _files(world: World, faults: Faults) -> dict[str, str | FileNode]:
    memory = "devices/system/edac/mc/mc0"
    return {
        "class/hwmon/hwmon0/name": "payload_cpu",
        "class/hwmon/hwmon0/temp1_label": "die",
        "class/hwmon/hwmon0/temp1_input": DieTemperature(world, faults),
        f"{memory}/ce_count": ErrorCount(world, faults, "corrected_errors"),
        f"{memory}/ue_count": ErrorCount(world, faults, "uncorrected_errors"),
        "devices/payload_rail/state": RailState(world),
        "cgroup/infer/cpu.max": CpuMax(world),
        "dev/watchdog": WatchdogDevice(world),
        "computer/start": TaskStart(world),
        "computer/stop": TaskStop(world),
        "computer/done": TasksDone(world),
        "computer/running": TaskRunning(world),
        **pump_files(world),
    }

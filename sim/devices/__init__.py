"""The simulated world as flight drivers find it: registers on I2C buses and files of the kernel.

Which chips there are, their addresses, shunts and scales stand in the board file that flies. Enters: a world, its
faults and a board. Leaves: ports by the names in the board file.
"""

from __future__ import annotations

from hal.board import BoardConfig, find_board
from hal.ports.files import FileNode, MemoryFiles
from hal.ports.i2c import MemoryI2c
from hal.ports.kinds import Folder
from sim.devices.chips import chips_of
from sim.devices.computer import TaskRunning, TasksDone, TaskStart, TaskStop
from sim.devices.kernel import CpuMax, DieTemperature, ErrorCount, RailState, WatchdogDevice
from sim.devices.pump import pump_files
from sim.faults import Faults
from sim.world import World


def build(world: World, seed: int, faults: Faults | None = None, board: BoardConfig | None = None) -> dict[str, object]:
    """The ports of `board` by name: MemoryI2c for a bus, MemoryFiles for a file tree. Raises ConfigError.

    Without `faults` every device is well; without a board it is `satellite`, or `hosted` for a guest.
    """
    faults = Faults((), world) if faults is None else faults
    board = find_board("satellite" if world.power else "hosted") if board is None else board
    buses = chips_of(board, world.truth, faults, seed)
    return {
        name: MemoryFiles(_files(world, faults)) if isinstance(port, Folder) else MemoryI2c(buses.get(name, {}))
        for name, port in board.ports.items()
    }


def _files(world: World, faults: Faults) -> dict[str, str | FileNode]:
    memory = "devices/system/edac/mc/mc0"
    return {
        "class/hwmon/hwmon0/name": "payload_cpu",
        "class/hwmon/hwmon0/temp1_label": "die",
        "class/hwmon/hwmon0/temp1_input": DieTemperature(world, faults),
        f"{memory}/ce_count": ErrorCount(world, faults, "corrected_errors"),
        f"{memory}/ue_count": ErrorCount(world, faults, "uncorrected_errors"),
        "devices/payload_rail/state": RailState(world, faults),
        "cgroup/infer/cpu.max": CpuMax(world, faults),
        "dev/watchdog": WatchdogDevice(world),
        "computer/start": TaskStart(world),
        "computer/stop": TaskStop(world),
        "computer/done": TasksDone(world),
        "computer/running": TaskRunning(world),
        **pump_files(world),
    }

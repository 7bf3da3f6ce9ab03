"""Files by which a pacing port has the simulated computer do the work that an inference would cost.

`start` takes "ID WATTS SECONDS" (watts above idle, seconds at full duty), `stop` takes anything, `done` gives the ids
of tasks that ended since it was last read, and `running` the id of the running one or nothing.
"""

from __future__ import annotations

from math import isfinite

from hal.errors import PortError
from hal.reading import Reason
from sim.load import ComputerError
from sim.world import World


class TaskStart:
    """`computer/start`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read(self) -> str:
        raise PortError(Reason.BUS, "start is for writing")

    def write(self, text: str) -> None:
        task_id, watts, seconds = _task(text)
        try:
            self._world.computer.start(task_id, watts, seconds, self._world.now_ns)
        except ComputerError as error:
            powered = self._world.computer.is_powered
            raise PortError(Reason.BUS if powered else Reason.UNPOWERED, str(error)) from error


class TaskStop:
    """`computer/stop`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read(self) -> str:
        raise PortError(Reason.BUS, "stop is for writing")

    def write(self, text: str) -> None:
        self._world.computer.stop(self._world.now_ns)


class TasksDone:
    """`computer/done`: each id once, separated by spaces."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read(self) -> str:
        return " ".join(map(str, self._world.computer.done()))

    def write(self, text: str) -> None:
        raise PortError(Reason.BUS, "done is for reading")


class TaskRunning:
    """`computer/running`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def read(self) -> str:
        running = self._world.computer.running
        return "" if running is None else str(running)

    def write(self, text: str) -> None:
        raise PortError(Reason.BUS, "running is for reading")


def _task(text: str) -> tuple[int, float, float]:
    """Id, watts, seconds; raises PortError for anything else."""
    words = text.split()
    try:
        task_id, watts, seconds = int(words[0]), float(words[1]), float(words[2])
    except (ValueError, IndexError) as error:
        raise PortError(Reason.BUS, f"not ID WATTS SECONDS: {text[:64]!r}") from error
    if len(words) != 3 or not (isfinite(watts) and isfinite(seconds) and watts >= 0.0 and seconds > 0.0):
        raise PortError(Reason.BUS, f"not ID WATTS SECONDS: {text[:64]!r}")
    return task_id, watts, seconds

"""How long a processor rests: the seconds and the share of time in its idle states.

Source: Linux Documentation/admin-guide/pm/cpuidle.rst (`time` in microseconds). The kernel books a rest when it ends,
so a share over a short interval may lag; above 1 it is shown as 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.counting import Count, CountFiles
from hal.drivers.search import folders_named, paths_of
from hal.errors import PortError
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel, Reason

FOLDER = "devices/system/cpu"
MICRO = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuidleOptions:
    """`cpu` is the processor's number; `state` the name of one state, as `C6`, or empty for all of them."""

    cpu: int = 0
    state: str = ""


class Cpuidle(CountFiles):
    """Roles: `time` (s in the states since the first look), `share` (of the time since the read before)."""

    COUNTS: Mapping[str, Count] = {
        "time": Count(key="idle_us", scale=MICRO),
        "share": Count(key="idle_us", scale=MICRO, is_rate=True, high=1.0),
    }
    ROLES = tuple(COUNTS)
    Options = CpuidleOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: CpuidleOptions) -> None:
        self._options = options
        self._paths: tuple[str, ...] = ()
        super().__init__(port, clock, channels)

    def _counts(self) -> Mapping[str, int]:
        if not self._paths:
            self._paths = self._search()
        try:
            return {"idle_us": sum([self._files.read_number(path) for path in self._paths])}
        except PortError as error:
            if error.reason is Reason.ABSENT:
                self._paths = ()
            raise

    def _search(self) -> tuple[str, ...]:
        states = f"{FOLDER}/cpu{self._options.cpu}/cpuidle/state*"
        if self._options.state:
            folders = folders_named(self._files, f"{states}/name", self._options.state)
            paths = tuple(f"{folder}/time" for folder in folders)
        else:
            paths = paths_of(self._files, f"{states}/time")
        if not paths:
            raise PortError(Reason.ABSENT, f"processor {self._options.cpu} has no idle state {self._options.state}")
        return paths

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """The first processor stands for all: a board file may name others."""
        if not paths_of(files, f"{FOLDER}/cpu0/cpuidle/state*/time"):
            return ()
        return (
            Finding(
                driver="cpuidle",
                name="rest_0",
                about="rest of processor 0",
                options={"cpu": 0},
                channels={"time": suggest("time", "cpu0_idle"), "share": suggest("share", "cpu0_idle")},
            ),
        )

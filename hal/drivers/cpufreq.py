"""The clock of a processor: what it runs at, and the ceiling that it may reach.

Source: Linux Documentation/admin-guide/pm/cpufreq.rst (kilohertz; one policy for processors that share a clock).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.numbers import NumberFiles, Place
from hal.drivers.search import paths_of, text_of
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel

FOLDER = "devices/system/cpu/cpufreq"
KILO = 1e3
FILES = {"frequency": "scaling_cur_freq", "ceiling": "scaling_max_freq"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CpufreqOptions:
    """`policy` is the number of the first processor that shares the clock."""

    policy: int = 0


class Cpufreq(NumberFiles):
    """Roles: `frequency` and `ceiling`, in Hz."""

    ROLES = tuple(FILES)
    Options = CpufreqOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: CpufreqOptions) -> None:
        self._folder = f"{FOLDER}/policy{options.policy}"
        super().__init__(port, clock, channels, f"policy {options.policy} of cpufreq")

    def _places(self) -> dict[str, Place]:
        return {role: Place(path=f"{self._folder}/{file}", scale=KILO) for role, file in FILES.items()}

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """A device for each kind of processor, by its rated clock: the first of a kind stands for the others.

        The most that the clock can be is half as much again as the rated maximum.
        """
        found: dict[str, Finding] = {}
        for path in paths_of(files, f"{FOLDER}/policy*/scaling_cur_freq"):
            number = path.removeprefix(f"{FOLDER}/policy").partition("/")[0]
            rated = text_of(files, f"{FOLDER}/policy{number}/cpuinfo_max_freq") or ""
            high = 1.5 * KILO * int(rated) if rated.isdecimal() else None
            finding = Finding(
                driver="cpufreq",
                name=f"clock_{number}",
                about=f"clock of policy {number}, for all processors with its rated clock",
                options={"policy": int(number)},
                channels={
                    "frequency": suggest("frequency", f"cpu{number}", high),
                    "ceiling": suggest("frequency", f"cpu{number}_ceiling", high),
                },
            )
            found.setdefault(rated, finding)
        return tuple(found.values())

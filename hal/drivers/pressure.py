"""Pressure stall information: the share of time in which work waited for processor, memory or disk.

Source: Linux Documentation/accounting/psi.rst. Taken from the totals (microseconds), not from the kernel's averages:
the interval is then our own. A group's pressure stands in its `cpu.pressure`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.counting import Count, CountFiles
from hal.drivers.search import text_of
from hal.errors import PortError
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel, Reason

RESOURCES = ("cpu", "memory", "io")
MICRO = 1e-6
_LINE = re.compile(r"(some|full) (?:avg[0-9]+=[0-9.]+ )+total=([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PressureOptions:
    """`path` is the file, as `pressure/cpu` under /proc."""

    path: str


class Pressure(CountFiles):
    """Roles: `some` and `full` (shares of the time since the read before in which at least one task, or all of them,
    waited), `some_time` and `full_time` (s since the first look).
    """

    COUNTS: Mapping[str, Count] = {
        "some": Count(key="some", scale=MICRO, is_rate=True, high=1.0),
        "full": Count(key="full", scale=MICRO, is_rate=True, high=1.0),
        "some_time": Count(key="some", scale=MICRO),
        "full_time": Count(key="full", scale=MICRO),
    }
    ROLES = tuple(COUNTS)
    Options = PressureOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: PressureOptions) -> None:
        self._path = options.path
        super().__init__(port, clock, channels)

    def _counts(self) -> Mapping[str, int]:
        matches = [_LINE.fullmatch(line) for line in self._files.read_text(self._path).splitlines()]
        if not matches or None in matches:
            raise PortError(Reason.CORRUPT, f"{self._path}: not pressure as the kernel writes it")
        return {match[1]: int(match[2]) for match in matches if match}

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """A device for each resource. The kernel may be built with it and started without: such files do not read."""
        return tuple(
            Finding(
                driver="pressure",
                name=f"pressure_{resource}",
                about=f"share of time in which work waits for {resource}",
                port="proc",
                options={"path": f"pressure/{resource}"},
                channels={"some": suggest("share", f"{resource}_waiting")},
            )
            for resource in RESOURCES
            if text_of(files, f"pressure/{resource}")
        )

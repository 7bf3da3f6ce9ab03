"""Processor time that a cgroup uses, and how much of the time it waits for its quota.

Source: Linux Documentation/admin-guide/cgroup-v2.rst, `cpu.stat`; the throttled time
is there only with the cpu controller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.counting import Count, CountFiles
from hal.drivers.search import MOUNTS, text_of
from hal.errors import PortError
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel, Reason

MICRO = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuStatOptions:
    """`path` is the group's `cpu.stat`."""

    path: str


class CpuStat(CountFiles):
    """Roles: `time` (s of processor time since the first look), `load` (processors in use, mean since the read before),
    `throttled` (share of that time in which the group waited for its quota).
    """

    COUNTS: Mapping[str, Count] = {
        "time": Count(key="usage_usec", scale=MICRO),
        "load": Count(key="usage_usec", scale=MICRO, is_rate=True),
        "throttled": Count(key="throttled_usec", scale=MICRO, is_rate=True, high=1.0),
    }
    ROLES = tuple(COUNTS)
    Options = CpuStatOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: CpuStatOptions) -> None:
        self._path = options.path
        super().__init__(port, clock, channels)

    def _counts(self) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for line in self._files.read_text(self._path).splitlines():
            key, _, number = line.partition(" ")
            if not (number.isascii() and number.isdecimal() and len(number) <= 18):
                raise PortError(Reason.CORRUPT, f"{self._path}: not a list of counts")
            counts[key] = int(number)
        if not counts:
            raise PortError(Reason.CORRUPT, f"{self._path}: is empty")
        return counts

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """The root group: what the whole machine uses."""
        for mount in MOUNTS:
            text = text_of(files, f"{mount}/cpu.stat")
            if text is not None:
                roles = ("time", "load", *(("throttled",) if "throttled_usec" in text else ()))
                return (_finding(f"{mount}/cpu.stat", roles),)
        return ()


def _finding(path: str, roles: tuple[str, ...]) -> Finding:
    channels = {
        "time": suggest("time", "processor"),
        "load": suggest("load", "processor"),
        "throttled": suggest("share", "throttled"),
    }
    return Finding(
        driver="cpu_stat",
        name="processor_time",
        about="processor time of all groups; name a group's own cpu.stat to see that one",
        options={"path": path},
        channels={role: channels[role] for role in roles},
    )

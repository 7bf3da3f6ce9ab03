"""Powercap: energy that the processor counts itself (Intel and AMD RAPL), in joules since the first look.

The kernel's counter wraps at `max_energy_range_uj`, on a desktop every hour under load, and must be read in between.
Source: Linux Documentation/power/powercap/powercap.rst. Since the PLATYPUS attack only root may read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.sampling import all_missing, sample
from hal.errors import PortError
from hal.ports.files import FileTree
from hal.reading import Channel, Sample

MICRO = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class PowercapOptions:
    """`zone` is the folder of the control type and zone, as in `intel-rapl:0`; `folder` where the zones stand."""

    zone: str = "intel-rapl:0"
    folder: str = "class/powercap"


class Powercap:
    """Role: `energy`, joules, never falling."""

    ROLES = ("energy",)
    Options = PowercapOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: PowercapOptions) -> None:
        self._files = port
        self._clock = clock
        self._path = f"{options.folder}/{options.zone}"
        self.channels = tuple(channels[role] for role in self.ROLES if role in channels)
        self._range_uj: int | None = None
        self._last_uj: int | None = None
        self._energy_uj = 0

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        try:
            energy_j = self._count()
        except PortError as error:
            return all_missing(self.channels, now_ns, error)
        return tuple([sample(channel, now_ns, energy_j) for channel in self.channels])

    def _count(self) -> float:
        """Joules since the first look, across the counter's wraps."""
        if self._range_uj is None:
            self._range_uj = int(self._files.read_number(f"{self._path}/max_energy_range_uj"))
        count_uj = int(self._files.read_number(f"{self._path}/energy_uj"))
        if self._last_uj is not None:
            passed_uj = count_uj - self._last_uj
            self._energy_uj += passed_uj if passed_uj >= 0 else passed_uj + self._range_uj
        self._last_uj = count_uj
        return MICRO * self._energy_uj

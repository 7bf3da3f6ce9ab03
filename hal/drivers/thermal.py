"""Thermal zones: temperatures by which the kernel throttles, found by the zone's type.

Source: Linux Documentation/driver-api/thermal/sysfs-api.rst. A zone whose part has no
power answers "try again" (TIMEOUT here), or on older Jetson kernels -256 degrees, which the channel's limits refuse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.numbers import NumberFiles, Place
from hal.drivers.search import folders_named, names_of
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel

TYPES = "class/thermal/thermal_zone*/type"
SCALE = 1e-3  # millidegrees Celsius


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalOptions:
    """`zone` is what the zone's `type` file says; of several with one type the first serves."""

    zone: str


class Thermal(NumberFiles):
    """Role: `temperature` (degC)."""

    ROLES = ("temperature",)
    Options = ThermalOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: ThermalOptions) -> None:
        self._zone = options.zone
        super().__init__(port, clock, channels, f"thermal zone {options.zone!r}")

    def _places(self) -> dict[str, Place]:
        folders = folders_named(self._files, TYPES, self._zone)
        return {"temperature": Place(path=f"{folders[0]}/temp", scale=SCALE)} if folders else {}

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """A device for each type of zone."""
        zones = dict.fromkeys(zone for _, zone in names_of(files, TYPES))
        return tuple(
            Finding(
                driver="thermal",
                name=f"zone_{zone}",
                about=f"thermal zone {zone}",
                options={"zone": zone},
                channels={"temperature": suggest("temperature", zone)},
            )
            for zone in zones
        )

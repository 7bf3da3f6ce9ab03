"""One rail of an INA3221 as the kernel's hwmon driver shows it: Jetson modules name their rails in `inN_label`.

Source: Linux Documentation/hwmon/ina3221.rst: `inN_input` is the rail in millivolts and `currN_input` its milliamperes,
N from 1 to 3; there is no power file, so power is their product. NVML gives no power at all on a Jetson.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.sampling import missing, sample
from hal.drivers.search import SEARCH_PERIOD_NS, folders_named, paths_of, text_of
from hal.errors import PortError
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel, Reason, Sample

NAMES = "class/hwmon/hwmon*/name"
CHIP = "ina3221"
MILLI = 1e-3
UNUSED = "NC"  # the label of an input that is not connected


@dataclass(frozen=True, slots=True, kw_only=True)
class RailOptions:
    """`rail` is the label of the rail, as `VDD_GPU_SOC`; it differs between modules."""

    rail: str


class Rail:
    """Roles: `voltage` (V), `current` (A), `power` (W), all from the two numbers of one read."""

    ROLES = ("voltage", "current", "power")
    Options = RailOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: RailOptions) -> None:
        self._files, self._clock, self._rail = port, clock, options.rail
        self._rows = tuple((role, channels[role]) for role in self.ROLES if role in channels)
        self.channels = tuple(channel for _, channel in self._rows)
        self._search_again_ns = 0
        self._paths = self._search(clock.now_ns())

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        try:
            values = self._measure(now_ns)
        except PortError as error:
            if error.reason is Reason.ABSENT:
                self._paths = None
            return tuple([missing(channel, now_ns, error) for channel in self.channels])
        return tuple([sample(channel, now_ns, values[role]) for role, channel in self._rows])

    def _measure(self, now_ns: int) -> dict[str, float]:
        if self._paths is None and now_ns >= self._search_again_ns:
            self._paths = self._search(now_ns)
        if self._paths is None:
            raise PortError(Reason.ABSENT, f"no {CHIP} with a rail {self._rail!r}")
        volts, amperes = (MILLI * self._files.read_number(path) for path in self._paths)
        return {"voltage": volts, "current": amperes, "power": volts * amperes}

    def _search(self, now_ns: int) -> tuple[str, str] | None:
        self._search_again_ns = now_ns + SEARCH_PERIOD_NS
        return dict(_rails(self._files)).get(self._rail)

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """A device for each rail that is connected."""
        return tuple(
            Finding(
                driver="ina3221_rail",
                name=f"rail_{rail}",
                about=f"INA3221 rail {rail}",
                options={"rail": rail},
                channels={
                    role: suggest(role, rail, source="sampled" if role == "power" else "") for role in Rail.ROLES
                },
            )
            for rail in dict(_rails(files))
        )


def _rails(files: FileTree) -> list[tuple[str, tuple[str, str]]]:
    """(label, (voltage file, current file)) of the inputs that are connected, of all chips."""
    rails = []
    for folder in folders_named(files, NAMES, CHIP):
        for path in paths_of(files, f"{folder}/in[1-3]_label"):
            label, number = text_of(files, path), re.sub(".*in([0-9])_label", r"\1", path)
            if label and label != UNUSED:
                rails.append((label, (f"{folder}/in{number}_input", f"{folder}/curr{number}_input")))
    return rails

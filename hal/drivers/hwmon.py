"""Linux hwmon: the kernel's own sensors, found by chip name and label, never by index, which changes between boots.

Source: Linux Documentation/hwmon/sysfs-interface.rst (attributes and scales).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import SECOND_NS, Clock
from hal.drivers.sampling import missing, sample
from hal.errors import PortError
from hal.ports.files import FileTree
from hal.reading import Channel, Reason, Sample

CLASS = "class/hwmon"
SEARCH_PERIOD_NS = 10 * SECOND_NS  # a search reads dozens of files: not at every read of a device that is not there
SEARCH_LIMIT = 64  # chips looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """Where a quantity stands: `prefix` + number + one of `endings`, in units of `scale`."""

    prefix: str
    endings: tuple[str, ...]
    scale: float


ATTRIBUTES = {
    "temperature": Attribute(prefix="temp", endings=("input",), scale=1e-3),  # millidegrees Celsius
    "voltage": Attribute(prefix="in", endings=("input",), scale=1e-3),  # millivolts
    "current": Attribute(prefix="curr", endings=("input",), scale=1e-3),  # milliamperes
    "power": Attribute(prefix="power", endings=("input", "average"), scale=1e-6),  # microwatts
    "energy": Attribute(prefix="energy", endings=("input",), scale=1e-6),  # microjoules
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HwmonOptions:
    """`chip` is what the chip's `name` file says; an empty `label` means the first attribute of the kind."""

    chip: str
    label: str = ""


def decode(number: int, role: str) -> float:
    """The kernel's fixed-point number in SI units (degrees Celsius for temperature)."""
    return number * ATTRIBUTES[role].scale


class Hwmon:
    """Roles: `temperature` (degC), `voltage` (V), `current` (A), `power` (W), `energy` (J)."""

    ROLES = tuple(ATTRIBUTES)
    Options = HwmonOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: HwmonOptions) -> None:
        self._files = port
        self._clock = clock
        self._options = options
        self._rows = tuple((role, channels[role], ATTRIBUTES[role].scale) for role in ATTRIBUTES if role in channels)
        self.channels = tuple(channel for _, channel, _ in self._rows)
        self._paths: dict[str, str] = {}
        self._search_again_ns = 0
        self._search(clock.now_ns())

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        return tuple([self._read_one(role, channel, scale, now_ns) for role, channel, scale in self._rows])

    def _read_one(self, role: str, channel: Channel, scale: float, now_ns: int) -> Sample:
        path = self._paths.get(role) or self._found_again(role, now_ns)
        try:
            if path is None:
                raise PortError(
                    Reason.ABSENT, f"no hwmon chip {self._options.chip!r} with {role} {self._options.label}"
                )
            return sample(channel, now_ns, self._files.read_number(path) * scale)
        except PortError as error:
            if error.reason is Reason.ABSENT:  # the module may come back under another number
                self._paths.pop(role, None)
            return missing(channel, now_ns, error)

    def _found_again(self, role: str, now_ns: int) -> str | None:
        if now_ns >= self._search_again_ns:
            self._search(now_ns)
        return self._paths.get(role)

    def _search(self, now_ns: int) -> None:
        self._search_again_ns = now_ns + SEARCH_PERIOD_NS
        for folder in self._folders():
            for role, _, _ in self._rows:
                path = self._find(folder, ATTRIBUTES[role])
                if path is not None:
                    self._paths.setdefault(role, path)

    def _folders(self) -> list[str]:
        """The folders of the chips of that name."""
        try:
            names = self._files.glob(f"{CLASS}/hwmon*/name")[:SEARCH_LIMIT]
        except PortError:
            return []
        return [path.removesuffix("/name") for path in names if self._text(path) == self._options.chip]

    def _find(self, folder: str, attribute: Attribute) -> str | None:
        """The attribute with the label, or the lowest-numbered one."""
        for ending in attribute.endings:
            paths = self._files.glob(f"{folder}/{attribute.prefix}[0-9]*_{ending}")
            for path in sorted(paths, key=_number):
                label = self._text(path.removesuffix(ending) + "label") if self._options.label else ""
                if label == self._options.label:
                    return path
        return None

    def _text(self, path: str) -> str | None:
        try:
            return self._files.read_text(path)
        except PortError:
            return None


def _number(path: str) -> int:
    digits = re.search(r"([0-9]+)_[a-z]+$", path)
    return int(digits[1]) if digits else 0

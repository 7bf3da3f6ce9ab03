"""Linux hwmon: the kernel's own sensors, found by chip name and label, never by index, which changes between boots.

Source: Linux Documentation/hwmon/sysfs-interface.rst (attributes and scales).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.numbers import NumberFiles, Place
from hal.drivers.search import folders_named, names_of, paths_of, text_of
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel

NAMES = "class/hwmon/hwmon*/name"
OTHERS = ("ina3221", "coolant_pump")  # chips whose rails or pumps have drivers of their own


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
    "speed": Attribute(prefix="fan", endings=("input",), scale=1.0),  # revolutions a minute
    "frequency": Attribute(prefix="freq", endings=("input",), scale=1.0),  # hertz
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HwmonOptions:
    """`chip` is what the chip's `name` file says; an empty `label` means the first attribute of the kind."""

    chip: str
    label: str = ""


def decode(number: int, role: str) -> float:
    """The kernel's fixed-point number in SI units (degrees Celsius for temperature)."""
    return number * ATTRIBUTES[role].scale


class Hwmon(NumberFiles):
    """Roles: `temperature` (degC), `voltage` (V), `current` (A), `power` (W), `energy` (J), `speed` (revolutions a
    minute), `frequency` (Hz).
    """

    ROLES = tuple(ATTRIBUTES)
    Options = HwmonOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: HwmonOptions) -> None:
        self._options = options
        super().__init__(port, clock, channels, f"hwmon chip {options.chip!r} with label {options.label!r}")

    def _places(self) -> dict[str, Place]:
        found: dict[str, Place] = {}
        for folder in folders_named(self._files, NAMES, self._options.chip):
            for role, _ in self._rows:
                paths = _labelled(self._files, folder, ATTRIBUTES[role])
                path = next((path for path, label in paths if self._options.label in ("", label)), None)
                if path is not None:
                    found.setdefault(role, Place(path=path, scale=ATTRIBUTES[role].scale))
        return found

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """A device for each label of each chip; of two chips of one name only the first can be told by name."""
        found: dict[tuple[str, str], Finding] = {}
        for folder, chip in names_of(files, NAMES):
            if chip not in OTHERS:
                for finding in _chip(files, folder, chip):
                    found.setdefault((chip, str(finding.options.get("label", ""))), finding)
        return tuple(found.values())


def _chip(files: FileTree, folder: str, chip: str) -> Iterator[Finding]:
    labels: dict[str, dict[str, Channel]] = {}
    for role, attribute in ATTRIBUTES.items():
        for path, label in _labelled(files, folder, attribute):
            critical = text_of(files, path.rpartition("_")[0] + "_crit") if role == "temperature" else None
            about = f"{chip}_{label}" if label else chip
            if is_readable(files, path):
                labels.setdefault(label, {}).setdefault(role, suggest(role, about, _above(critical)))
    for label, channels in labels.items():
        options: dict[str, str | int | float] = {"chip": chip, "label": label} if label else {"chip": chip}
        yield Finding(
            driver="hwmon",
            name=f"{chip}_{label}" if label else chip,
            about=f"hwmon chip {chip}" + (f", {label}" if label else ""),
            options=options,
            channels=channels,
        )


def is_readable(files: FileTree, path: str) -> bool:
    """Whether the file gives a text now; a sensor that is there and broken is not offered."""
    return text_of(files, path) is not None


def _above(critical: str | None) -> float | None:
    """What the quantity can be, from where it becomes critical: 20 degrees more, if that is above the usual 125."""
    degrees = int(critical) / 1000 + 20 if critical is not None and critical.isdecimal() else 0.0
    return degrees if 125.0 < degrees < 200.0 else None


def _labelled(files: FileTree, folder: str, attribute: Attribute) -> list[tuple[str, str]]:
    """(path, label) of the attributes of a kind, lowest number first."""
    for ending in attribute.endings:
        paths = paths_of(files, f"{folder}/{attribute.prefix}[0-9]*_{ending}")
        if paths:
            return [(p, text_of(files, p.removesuffix(ending) + "label") or "") for p in sorted(paths, key=_number)]
    return []


def _number(path: str) -> int:
    digits = re.search(r"([0-9]+)_[a-z]+$", path)
    return int(digits[1]) if digits else 0

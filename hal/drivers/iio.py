"""Industrial I/O: converters and sensor chips that the kernel drives, found by the device's name.

Source: Linux Documentation/ABI/testing/sysfs-bus-iio: value = (raw + offset) * scale, in millivolts, milliamperes,
milliwatts and millidegrees Celsius; `_input` is a value in those units already. Scale and offset are read when the
device is found: whoever changes a gain in flight makes the driver anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from hal.clock import Clock
from hal.drivers.numbers import NumberFiles, Place, read_fraction
from hal.drivers.search import folders_named, names_of, paths_of, text_of
from hal.errors import PortError
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel, Reason

NAMES = "bus/iio/devices/iio:device*/name"
MILLI = 1e-3
TYPES = {"voltage": "voltage", "current": "current", "power": "power", "temperature": "temp"}
SHUNTS = ("ina226", "ina219", "ina220", "ina230", "ina231")  # in_voltage0 is the shunt's, in_voltage1 the bus's


@dataclass(frozen=True, slots=True, kw_only=True)
class IioOptions:
    """`chip` is what the device's `name` file says, `label` what its `label` file says where two have one name.

    `inputs` names the channel of a role, as `voltage = "voltage1"`; left out, the first one of the type serves.
    """

    chip: str
    label: str = ""
    inputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role, channel in self.inputs.items():
            if role not in TYPES or not re.fullmatch("[a-z]+[0-9]*", channel):
                raise ValueError(f"inputs: {role} = {channel!r}; roles are {', '.join(TYPES)}, channels as voltage1")


class Iio(NumberFiles):
    """Roles: `voltage` (V), `current` (A), `power` (W), `temperature` (degC)."""

    ROLES = tuple(TYPES)
    Options = IioOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: IioOptions) -> None:
        self._options = options
        super().__init__(port, clock, channels, f"IIO device {options.chip!r} {options.label}".rstrip())

    def _places(self) -> dict[str, Place]:
        found: dict[str, Place] = {}
        for folder in folders_named(self._files, NAMES, self._options.chip):
            if self._options.label and text_of(self._files, f"{folder}/label") != self._options.label:
                continue
            for role, _ in self._rows:
                path = _file(self._files, folder, self._options.inputs.get(role, ""), TYPES[role])
                if path is not None and role not in found:
                    found[role] = _place(self._files, path)
        return found

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """A device for each name."""
        found: dict[str, Finding] = {}
        for folder, chip in names_of(files, NAMES):
            roles = [role for role, type_ in TYPES.items() if _file(files, folder, "", type_) is not None]
            channels = {role: suggest(role, chip) for role in roles}
            options: dict[str, str | int | float] = {"chip": chip}
            if chip in SHUNTS:
                options["inputs.voltage"] = "voltage1"
            if channels:
                about = f"IIO device {chip}"
                found.setdefault(
                    chip, Finding(driver="iio", name=chip, about=about, options=options, channels=channels)
                )
        return tuple(found.values())


def _file(files: FileTree, folder: str, channel: str, type_: str) -> str | None:
    """The file of a channel, or of the first one of a type: what is processed already before what is raw."""
    for pattern in (channel,) if channel else (type_, f"{type_}[0-9]*"):
        for ending in ("input", "raw"):
            paths = paths_of(files, f"{folder}/in_{pattern}_{ending}")
            if paths:
                return min(paths, key=lambda path: (len(path), path))
    return None


def _place(files: FileTree, path: str) -> Place:
    """Scale and offset are the channel's own (`in_voltage1_scale`) or those of its type (`in_voltage_scale`)."""
    if path.endswith("_input"):
        return Place(path=path, scale=MILLI, is_fraction=True)
    own = path.removesuffix("_raw")
    shared = re.sub("[0-9]+$", "", own)
    scale = _first(files, (f"{own}_scale", f"{shared}_scale"), 1.0)
    return Place(path=path, scale=MILLI * scale, offset=_first(files, (f"{own}_offset", f"{shared}_offset"), 0.0))


def _first(files: FileTree, paths: tuple[str, ...], otherwise: float) -> float:
    """The number in the first of `paths` that is there. A scale that is there and cannot be read is an error."""
    for path in paths:
        try:
            return read_fraction(files, path)
        except PortError as error:
            if error.reason is not Reason.ABSENT:
                raise
    return otherwise

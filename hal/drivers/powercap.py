"""Powercap: energy that the processor counts itself (Intel and AMD RAPL): joules since the first look, and mean watts.

The kernel's counter wraps at `max_energy_range_uj`, on a desktop every hour under load, and must be read in between.
Source: Linux Documentation/power/powercap/powercap.rst. Since the PLATYPUS attack (CVE-2020-8694) only
root may read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.counting import Count, CountFiles
from hal.drivers.search import names_of
from hal.errors import Denied, PortError
from hal.finding import Finding, suggest
from hal.ports.files import FileTree
from hal.reading import Channel, Reason

FOLDER = "class/powercap"
MICRO = 1e-6
CURE = "only root may read it since CVE-2020-8694; run as root, or: chmod a+r {path} at each boot"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowercapOptions:
    """`domain` is the zone's `name`, a part of a package after a slash: `package-0`, `package-0/dram`, `psys`.

    `zone` is the folder instead, as `intel-rapl:0`, where names do not tell; `max_power_w` is what the domain can draw
    at most: a fall of the counter that as a wrap would mean more is a new beginning.
    """

    domain: str = "package-0"
    control: str = "intel-rapl"
    zone: str = ""
    max_power_w: float = 2_000.0


class Powercap(CountFiles):
    """Roles: `energy` (J since the first look, never falling), `power` (mean W since the read before)."""

    COUNTS: Mapping[str, Count] = {
        "energy": Count(key="energy_uj", scale=MICRO),
        "power": Count(key="energy_uj", scale=MICRO, is_rate=True),
    }
    ROLES = tuple(COUNTS)
    Options = PowercapOptions

    def __init__(self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], options: PowercapOptions) -> None:
        self._options = options
        self._folder: str | None = None
        self._range_uj: int | None = None
        super().__init__(port, clock, channels, options.max_power_w / MICRO)

    def _counts(self) -> Mapping[str, int]:
        try:
            if self._folder is None:
                self._folder = zone_folder(self._files, self._options.control, self._options.domain, self._options.zone)
            if self._range_uj is None:
                self._range_uj = self._files.read_number(f"{self._folder}/max_energy_range_uj")
            return {"energy_uj": self._files.read_number(f"{self._folder}/energy_uj")}
        except Denied as error:
            raise Denied(f"{error.detail}: {CURE.format(path=f'/sys/{self._folder}/energy_uj')}") from error
        except PortError as error:
            if error.reason is Reason.ABSENT:  # the module may come back with its zones in another order
                self._folder = self._range_uj = None
            raise

    def _range(self) -> int | None:
        return self._range_uj

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """A device for each domain of the control type `intel-rapl`, which AMD processors have too."""
        return tuple(
            Finding(
                driver="powercap",
                name=f"energy_{domain}",
                about=f"RAPL domain {domain}; reading it needs root",
                options={"domain": domain},
                channels={role: suggest(role, domain, source="counter") for role in Powercap.ROLES},
            )
            for domain in domains(files, PowercapOptions().control)
        )


def domains(files: FileTree, control: str) -> dict[str, str]:
    """The folders of the zones of a control type by the name of their domain."""
    names = dict(names_of(files, f"{FOLDER}/{control}:*/name"))
    found: dict[str, str] = {}
    for folder in sorted(names):
        found.setdefault(_domain(folder, names), folder)
    return found


def zone_folder(files: FileTree, control: str, domain: str, zone: str) -> str:
    """The folder of the zone, or of the domain; raises PortError ABSENT."""
    if zone:
        return f"{FOLDER}/{zone}"
    known = domains(files, control)
    if domain not in known:
        raise PortError(
            Reason.ABSENT, f"no {control} domain {domain!r}; there are: {', '.join(sorted(known)) or 'none'}"
        )
    return known[domain]


def _domain(folder: str, names: Mapping[str, str]) -> str:
    """`intel-rapl:0:1` is the part `core` of `package-0`: the names of both, with a slash."""
    parent = folder.rpartition(":")[0]
    return f"{_domain(parent, names)}/{names[folder]}" if parent in names else names[folder]

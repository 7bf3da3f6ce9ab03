"""The power limit that a processor keeps by itself (RAPL): mean watts over the limit's time window.

Source: Linux Documentation/power/powercap/powercap.rst. Constraint 0 is the long-term limit on
processors that have two.
"""

from __future__ import annotations

from dataclasses import dataclass

from hal.contract import Capability, Confirmation
from hal.drivers.powercap import MICRO, PowercapOptions, domains, zone_folder
from hal.errors import Denied, PortError
from hal.finding import Finding
from hal.ports.files import FileTree
from hal.reading import Reason

STEP_W = 0.125  # the power unit of nearly all processors (Intel SDM volume 3, MSR_RAPL_POWER_UNIT: 1/2^3 W)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowercapLimitOptions:
    """`domain`, `control` and `zone` as for the driver powercap; `constraint` is the number of the limit.

    `low_w` is the least that is ever asked for: hardware takes a limit below what it can keep, and then crawls.
    """

    domain: str = "package-0"
    control: str = "intel-rapl"
    zone: str = ""
    constraint: int = 0
    low_w: float = 1.0

    def __post_init__(self) -> None:
        if self.low_w <= 0.0 or self.constraint < 0:
            raise ValueError(
                f"low_w must be more than 0 and constraint at least 0, are {self.low_w}, {self.constraint}"
            )


class PowercapLimit:
    """A `hal.contract.Limit` in W."""

    Options = PowercapLimitOptions

    def __init__(self, name: str, port: FileTree, options: PowercapLimitOptions) -> None:
        self._name = name
        self._files = port
        self._options = options
        self._found: str | None = None

    def set_limit(self, value: float) -> Confirmation:
        """W. Raises ValueError for a limit under `low_w`."""
        if not self._options.low_w <= value < float("inf"):
            raise ValueError(f"a limit must be at least {self._options.low_w} W, is {value}")
        detail = self._written(value)
        kept = self.limit()
        if not detail and (kept is None or abs(kept - value) > STEP_W):
            detail = "the limit cannot be read" if kept is None else f"the hardware keeps {kept:.6g} W"
        return Confirmation(actuator=self._name, requested=value, confirmed=kept, ok=not detail, detail=detail)

    def limit(self) -> float | None:
        return self._watts("power_limit_uw")

    def capability(self) -> Capability | None:
        """A limit holds over its time window, so that is how soon it is felt; `high` is not told by every domain."""
        if self.limit() is None:
            return None
        window = self._watts("time_window_us")  # microseconds, as the watts are from microwatts
        return Capability(
            unit="W",
            low=self._options.low_w,
            high=self._watts("max_power_uw") or None,
            granularity=STEP_W,
            latency_s=window,
        )

    def _written(self, value: float) -> str:
        """Write the limit: what went wrong, or nothing."""
        try:
            folder = self._folder()
            self._files.write_text(self._path(folder, "power_limit_uw"), str(round(value / MICRO)))
            is_enabled = self._files.read_text(f"{folder}/enabled") != "0"
        except Denied as error:
            return f"{error}: only root may set it"
        except PortError as error:
            return str(error)
        return "" if is_enabled else f"{folder}/enabled is 0: the limit is not kept"

    def _watts(self, ending: str) -> float | None:
        try:
            return MICRO * self._files.read_number(self._path(self._folder(), ending))
        except PortError as error:
            if error.reason is Reason.ABSENT:  # the module may come back with its zones in another order
                self._found = None
            return None

    def _path(self, folder: str, ending: str) -> str:
        return f"{folder}/constraint_{self._options.constraint}_{ending}"

    def _folder(self) -> str:
        if self._found is None:
            options = self._options
            self._found = zone_folder(self._files, options.control, options.domain, options.zone)
        return self._found

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """The limit of each whole package."""
        return tuple(
            Finding(
                driver="powercap_limit",
                name=f"limit_{domain}",
                about=f"mean power limit of RAPL domain {domain}, W; setting it needs root",
                options={"domain": domain},
            )
            for domain in domains(files, PowercapOptions().control)
            if domain.startswith("package") and "/" not in domain
        )

"""Power cap by duty: the processor time that a cgroup gets. Source: Linux Documentation/admin-guide/cgroup-v2.rst."""

from __future__ import annotations

from dataclasses import dataclass

from hal.contract import Capability, Confirmation
from hal.drivers.search import our_group
from hal.errors import PortError
from hal.finding import Finding
from hal.ports.files import FileTree

QUOTA_LEAST_US = 1_000  # the kernel refuses less (kernel/sched/core.c, min_cfs_quota_period)
TOLERANCE = 0.005  # of full duty: more than the rounding to whole microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuMaxOptions:
    """`path` is the group's `cpu.max`; full duty is `cores` processors.

    A group may use its whole share in one burst each period: 50 ms keeps the burst short against any heat or charge,
    and leaves the least duty (1 ms) at 2 % of one core.
    """

    path: str
    cores: float = 1.0
    period_us: int = 50_000

    def __post_init__(self) -> None:
        if self.cores <= 0.0:
            raise ValueError(f"cores must be more than 0, is {self.cores}")
        if not QUOTA_LEAST_US <= self.period_us <= 1_000_000:
            raise ValueError(f"period_us must be {QUOTA_LEAST_US} to 1000000, is {self.period_us}")


def encode(duty: float, options: CpuMaxOptions) -> str:
    """The text `quota period` in microseconds, never under the kernel's least quota."""
    quota_us = max(QUOTA_LEAST_US, round(duty * options.cores * options.period_us))
    return f"{quota_us} {options.period_us}"


def decode(text: str, cores: float) -> float | None:
    """The duty that `quota period` grants; None when the text is something else. `max` is no bound: full duty."""
    quota, _, period = text.partition(" ")
    if not period.isdecimal() or int(period) == 0:
        return None
    if quota == "max":
        return 1.0
    return min(1.0, int(quota) / (int(period) * cores)) if quota.isdecimal() else None


class CpuMax:
    """A `hal.contract.PowerCap`. Duty 0 gives the least there is and is confirmed as that: to stop, use a switch."""

    Options = CpuMaxOptions

    def __init__(self, name: str, port: FileTree, options: CpuMaxOptions) -> None:
        self._name = name
        self._files = port
        self._options = options

    def set_duty(self, duty: float) -> Confirmation:
        """Raises ValueError for a duty outside [0, 1]."""
        if not 0.0 <= duty <= 1.0:
            raise ValueError(f"duty must be in [0, 1], is {duty}")
        detail = ""
        try:
            self._files.write_text(self._options.path, encode(duty, self._options))
        except PortError as error:
            detail = str(error)
        confirmed = self.duty()
        is_honoured = not detail and confirmed is not None and abs(confirmed - duty) <= TOLERANCE
        return Confirmation(actuator=self._name, requested=duty, confirmed=confirmed, ok=is_honoured, detail=detail)

    def duty(self) -> float | None:
        try:
            return decode(self._files.read_text(self._options.path), self._options.cores)
        except PortError:
            return None

    def capability(self) -> Capability | None:
        """A change is felt when the next period begins; None where there is no such group."""
        if self.duty() is None:
            return None
        full_us = self._options.cores * self._options.period_us
        return Capability(
            unit="duty",
            low=min(1.0, QUOTA_LEAST_US / full_us),
            high=1.0,
            granularity=1.0 / full_us,
            latency_s=self._options.period_us / 1e6,
        )

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """The group `penumbra`, where somebody made it."""
        group = our_group(files, "cpu.max")
        if group is None:
            return ()
        about = "processor time of the group penumbra, 1 is `cores` processors"
        path = f"{group}/cpu.max"
        return (Finding(driver="cpu_max", name="inference_duty", about=about, options={"path": path}),)

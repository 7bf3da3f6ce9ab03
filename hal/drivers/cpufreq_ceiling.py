"""The ceiling of the processors' clocks, of all policies together.

Source: Linux Documentation/admin-guide/pm/cpufreq.rst. The kernel clamps what it cannot do and says nothing, so the
ceiling is read back. A policy whose clock cannot reach the ceiling keeps its own, lower one: that is honoured.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hal.contract import Capability, Confirmation
from hal.drivers.cpufreq import FOLDER, KILO
from hal.drivers.search import paths_of
from hal.errors import PortError
from hal.finding import Finding
from hal.ports.files import FileTree

NANO = 1e-9
LATENCY_LIMIT_S = 1.0  # more is the kernel's mark for "not known" (4294967295 ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpufreqCeilingOptions:
    """`policies` is a pattern of policy numbers: `*` for all, `0` for one cluster."""

    policies: str = "*"


class CpufreqCeiling:
    """A `hal.contract.Limit` in Hz."""

    Options = CpufreqCeilingOptions

    def __init__(self, name: str, port: FileTree, options: CpufreqCeilingOptions) -> None:
        self._name = name
        self._files = port
        self._pattern = f"{FOLDER}/policy{options.policies}"

    def set_limit(self, value: float) -> Confirmation:
        """Hz. Raises ValueError for a ceiling that is not more than 0."""
        if not 0.0 < value < float("inf"):
            raise ValueError(f"a ceiling must be more than 0 Hz, is {value}")
        detail = ""
        try:
            for path in paths_of(self._files, f"{self._pattern}/scaling_max_freq"):
                self._files.write_text(path, str(round(value / KILO)))
        except PortError as error:
            detail = str(error)
        ceiling = self.limit()
        if not detail and (ceiling is None or abs(ceiling - value) > self._tolerance_hz()):
            detail = "no processor has a ceiling" if ceiling is None else f"the kernel keeps {ceiling:.6g} Hz"
        return Confirmation(actuator=self._name, requested=value, confirmed=ceiling, ok=not detail, detail=detail)

    def limit(self) -> float | None:
        """The highest ceiling of the policies."""
        return max(self._numbers("scaling_max_freq"), default=None)

    def capability(self) -> Capability | None:
        low, high = self._numbers("cpuinfo_min_freq"), self._numbers("cpuinfo_max_freq")
        if not low or not high:
            return None
        latency_s = max(self._numbers("cpuinfo_transition_latency"), default=0.0) / KILO * NANO
        is_told = 0.0 < latency_s < LATENCY_LIMIT_S
        return Capability(
            unit="Hz",
            low=min(low),
            high=max(high),
            granularity=self._tolerance_hz(),
            latency_s=latency_s if is_told else None,
        )

    def _tolerance_hz(self) -> float:
        """The widest step between clocks that the driver lists, or a kilohertz where it lists none."""
        widest = KILO
        for path in paths_of(self._files, f"{self._pattern}/scaling_available_frequencies"):
            try:
                steps = sorted(KILO * int(text) for text in self._files.read_text(path).split())
            except (PortError, ValueError):
                continue
            widest = max([widest, *(after - before for before, after in pairwise(steps))])
        return widest

    def _numbers(self, file: str) -> list[float]:
        """The file's number of each policy that tells it, times a thousand."""
        numbers = []
        for path in paths_of(self._files, f"{self._pattern}/{file}"):
            try:
                numbers.append(KILO * self._files.read_number(path))
            except PortError:
                continue
        return numbers

    @staticmethod
    def scan(files: FileTree) -> tuple[Finding, ...]:
        """One actuator for all clocks."""
        if not paths_of(files, f"{FOLDER}/policy*/scaling_max_freq"):
            return ()
        about = "ceiling of all processors' clocks, Hz; setting it needs root"
        return (Finding(driver="cpufreq_ceiling", name="clock_ceiling", about=about),)

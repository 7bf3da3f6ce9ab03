"""The processor's energy counters, where the kernel shows them (powercap, Linux Documentation/power/powercap)."""

from __future__ import annotations

from pathlib import Path

from hal.clock import SECOND_NS, Clock

POWERCAP = Path("/sys/class/powercap")
IDLE_S = 2.0  # seconds over which idle power is measured: some thousand counts of a milliwatt


class EnergyCounter:
    """Joules above idle since `start`, over all processor packages. Idle is measured once, when this is made."""

    def __init__(self, clock: Clock, domains: tuple[Path, ...]) -> None:
        self._clock = clock
        self._domains = domains
        self._idle_w = 0.0
        self.start()
        clock.sleep_until_ns(clock.now_ns() + int(IDLE_S * SECOND_NS))
        self._idle_w = self.joules() / IDLE_S

    def start(self) -> None:
        """Count from here."""
        self._counts = [_micro(domain, "energy_uj") for domain in self._domains]
        self._start_ns = self._clock.now_ns()

    def joules(self) -> float:
        """Above idle, since `start`; a counter may have wrapped once."""
        total = 0
        for domain, before in zip(self._domains, self._counts, strict=True):
            moved = _micro(domain, "energy_uj") - before
            total += moved if moved >= 0 else moved + _micro(domain, "max_energy_range_uj")
        return max(0.0, total * 1e-6 - self._idle_w * (self._clock.now_ns() - self._start_ns) / SECOND_NS)


def find_counter(clock: Clock, root: Path = POWERCAP) -> EnergyCounter | None:
    """A counter over the processor packages; None where there is none, or where it may not be read."""
    domains = tuple(sorted(path for path in root.glob("intel-rapl:*") if path.name.count(":") == 1))
    try:
        return EnergyCounter(clock, domains) if domains else None
    except OSError:
        return None


def _micro(domain: Path, name: str) -> int:
    return int((domain / name).read_text())

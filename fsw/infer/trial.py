"""The trial of a package: its golden inputs, in a worker of its own, with outputs and energy within tolerance."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import numpy as np

from fsw.infer.client import WorkerClient, WorkerConfig
from fsw.infer.package import Package, Variant
from fsw.messages import Outcome, WorkOrder, WorkResult
from hal.clock import SECOND_NS, Clock, MonotonicClock

CLOCK_TICK_S = 0.002  # processor time of a short run is no more certain than this


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialConfig:
    """`energy_factor` bounds processor seconds, which stand for energy, over the profile's; a run ends in `run_s`."""

    energy_factor: float = 2.0
    run_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a trial found. `energy` is processor seconds over the profile's, at worst; None without a profile."""

    passed: bool
    why: str
    difference: float = 0.0  # over the tolerance, at worst
    energy: float | None = None
    seconds: float = 0.0


class Trial:
    """Runs one golden row after another through every variant. `close` at any time ends it at once."""

    def __init__(self, package: Package, config: TrialConfig | None = None, worker: WorkerConfig | None = None) -> None:
        self._package, self._config = package, config or TrialConfig()
        self._goldens, self._profile = package.goldens(), package.profile()
        self._rows = package.input.fixed_rows or 1
        self._clock: Clock = MonotonicClock()
        self._start_ns = self._clock.now_ns()
        self._client = WorkerClient([package], config=worker)
        self._todo = [(variant, at) for variant in package.variants for at in self._starts()]
        self._cpu_s: dict[str, list[float]] = {variant.name: [] for variant in package.variants}
        self._difference = 0.0

    def step(self, wait_s: float = 0.0) -> Verdict | None:
        """Go on, waiting at most `wait_s` for what runs; the verdict once there is one."""
        if not self._client.busy:
            if not self._todo:
                return self._judge()
            variant, at = self._todo[0]
            rows = self._goldens["input"][at : at + self._rows]
            self._client.submit(_order(self._package, variant), rows, timeout_s=self._config.run_s)
        self._client.resume()  # a worker that its lease has stopped; without a lease it stops again at once
        result = self._client.wait(wait_s) if wait_s > 0.0 else self._client.poll()
        return None if result is None else self._take(result)

    def close(self) -> None:
        """End the worker; nothing runs after it."""
        self._client.close()

    def _starts(self) -> range:
        """Where each run's rows begin; rows that do not fill a fixed batch are left out."""
        return range(0, len(self._goldens["input"]) - self._rows + 1, self._rows)

    def _take(self, result: WorkResult) -> Verdict | None:
        variant, at = self._todo.pop(0)
        if result.outcome is not Outcome.DONE:
            return self._verdict(f"{variant.name}: {result.outcome.name.lower()}: {result.detail}")
        self._cpu_s[variant.name].append(result.cpu_s)
        given = self._client.output(self._package.name, self._rows).astype(np.float64)
        wanted = self._goldens[variant.name][at : at + self._rows].astype(np.float64)
        if given.shape != wanted.shape:
            return self._verdict(f"{variant.name}: output has shape {given.shape}, its golden {wanted.shape}")
        gap = float(np.abs(given - wanted).max())
        self._difference = max(self._difference, gap / variant.tolerance if variant.tolerance else gap)
        if not gap <= variant.tolerance:
            return self._verdict(f"{variant.name}: {gap:.3g} from its golden, {variant.tolerance:g} is allowed")
        return None

    def _judge(self) -> Verdict:
        """All outputs are right: now the energy."""
        if not all(self._cpu_s.values()):
            return self._verdict("there is no golden row to try")
        ratios = {variant.name: self._energy(variant) for variant in self._package.variants}
        known = {name: ratio for name, ratio in ratios.items() if ratio is not None}
        worst = max(known, key=lambda name: known[name], default="")
        if worst and known[worst] > self._config.energy_factor:
            why = f"{worst}: {known[worst]:.1f} times the processor time of its profile"
            return self._verdict(why, known[worst])
        return self._verdict("", known.get(worst))

    def _energy(self, variant: Variant) -> float | None:
        """Median processor seconds over those of the profile; None where that has no such point."""
        point = None if self._profile is None else self._profile.at(variant.name, batch=self._rows)
        if point is None:
            return None
        used_s = statistics.median(self._cpu_s[variant.name])
        return max(0.0, used_s - CLOCK_TICK_S) / max(point.cpu_s, CLOCK_TICK_S)

    def _verdict(self, why: str, energy: float | None = None) -> Verdict:
        return Verdict(
            passed=not why,
            why=why,
            difference=self._difference,
            energy=energy,
            seconds=(self._clock.now_ns() - self._start_ns) / SECOND_NS,
        )


def _order(package: Package, variant: Variant) -> WorkOrder:
    """An order for a worker that serves nobody else."""
    return WorkOrder(
        job_id=0,
        attempt=1,
        model=package.name,
        variant=variant.name,
        setting="",
        input_ref="",
        predicted_s=0.0,
        predicted_w=0.0,
        kill_ns=0,
    )

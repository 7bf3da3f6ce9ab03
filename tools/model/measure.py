"""Measure a package's profile: every variant, threads, batch and duty, in workers as they fly, at a spaced pace."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.client import WorkerClient, WorkerConfig
from fsw.infer.package import Package, Variant
from fsw.messages import Outcome, WorkResult
from fsw.profile import SCHEMA, Profile, ProfilePoint, weights_digest
from hal.clock import SECOND_NS, MonotonicClock, utc_ns
from tools.model.duty import PERIOD_S, duty_source, held_to
from tools.model.energy import EnergyCounter, find_counter
from tools.model.execute import READY_S, RunError, work_order
from tools.model.write import write_manifest

RUN_S = 120.0  # no single run of a profile takes longer: something hangs
WARM_RUNS = 3  # of each point, not counted: caches, and the allocator's arena
LEAST_RUNS = 5
PHASE = 0.618  # of a duty period: successive runs start at phases that cover it evenly


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured. A point takes about `point_s` at most, unless `LEAST_RUNS` take longer."""

    threads: tuple[int, ...] = (1, 2)
    batches: tuple[int, ...] = (1, 4)
    duties: tuple[float, ...] = (1.0, 0.5, 0.25)
    period_s: float = 0.05  # 20 jobs a second, the densest that a mission flies
    runs: int = 40
    point_s: float = 3.0
    starts: int = 3  # of a worker, for its load time

    def points(self, package: Package) -> int:
        """How many points a package has."""
        return len(package.variants) * len(self.threads) * len(self.batch_sizes(package)) * len(self.duties)

    def batch_sizes(self, package: Package) -> tuple[int, ...]:
        """In rising order, because a process's highest memory never falls; one where the model fixes it."""
        fixed = package.input.fixed_rows
        return (fixed,) if fixed else tuple(sorted(set(self.batches)))


QUICK = Plan(threads=(1,), batches=(1,), duties=(1.0, 0.5), runs=15, point_s=1.0)


def measure(package: Package, plan: Plan, progress: Callable[[str], None] = lambda _what: None) -> Profile:
    """The profile of a package on this computer; `progress` hears of each point. Raises PackageError, OSError."""
    clock = MonotonicClock()
    counter = find_counter(clock)
    with tempfile.TemporaryDirectory(prefix="penumbra-profile-") as scratch:
        points: list[ProfilePoint] = []
        for variant, threads in product(package.variants, plan.threads):
            alone = _alone(package, variant, Path(scratch) / variant.name)
            bench = _Bench(alone, variant, threads, plan, counter)
            points += bench.points(progress)
    return Profile(
        schema=SCHEMA,
        package=package.name,
        version=package.manifest.version,
        weights=weights_digest((variant.name, variant.sha256) for variant in package.variants),
        machine=machine(),
        runtime=f"onnxruntime {importlib.metadata.version('onnxruntime')}",
        measured_utc=datetime.fromtimestamp(utc_ns() // SECOND_NS, UTC).isoformat().replace("+00:00", "Z"),
        energy_source="cpu_time" if counter is None else "counter",
        duty_source="none" if plan.duties == (1.0,) else duty_source(),
        point=tuple(sorted(points, key=lambda point: point.key)),
    )


def machine() -> str:
    """This computer in a line: architecture, processor, cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor")
    return f"{platform.machine()}, {model}, {os.cpu_count()} cores"


class _Bench:
    """One worker with one variant at one thread count."""

    def __init__(
        self,
        package: Package,
        variant: Variant,
        threads: int,
        plan: Plan,
        counter: EnergyCounter | None,
    ) -> None:
        self._package, self._variant, self._threads, self._plan = package, variant, threads, plan
        self._counter = counter
        self._clock = MonotonicClock()
        self._rows = package.goldens()["input"]

    def points(self, progress: Callable[[str], None]) -> list[ProfilePoint]:
        """All batches and duties."""
        sizes = self._plan.batch_sizes(self._package)
        load_s = min(self._load_s() for _ in range(self._plan.starts))
        client = self._client()
        points = []
        try:
            for size, duty in product(sizes, sorted(self._plan.duties, reverse=True)):
                progress(f"{self._variant.name} {self._threads} threads, batch {size}, duty {duty:g}")
                points.append(self._point(client, size, duty, load_s))
        finally:
            client.close()
        return points

    def _client(self) -> WorkerClient:
        """A worker that has loaded the variant; raises RunError."""
        client = WorkerClient([self._package], config=WorkerConfig(threads=self._threads))
        if client.wait_ready(READY_S) and (0, 0) in client.record.loads:
            return client
        client.close()
        raise RunError(f"{self._package.name}/{self._variant.name}: the worker did not start, or could not load it")

    def _load_s(self) -> float:
        """What a fresh worker took to load and warm up the variant, as it says itself."""
        client = self._client()
        try:
            return client.record.loads[0, 0].seconds
        finally:
            client.close()

    def _point(self, client: WorkerClient, size: int, duty: float, load_s: float) -> ProfilePoint:
        batch = self._batch(size)
        with held_to(duty, client.pid):
            warm_s = statistics.median(self._seconds(self._run(client, batch)) for _ in range(WARM_RUNS))
            period_s = max(self._plan.period_s, 2.0 * warm_s)
            runs = max(LEAST_RUNS, min(self._plan.runs, int(self._plan.point_s / period_s)))
            results, joules = self._paced(client, batch, runs, period_s, duty)
        times = [self._seconds(result) for result in results]
        return ProfilePoint(
            variant=self._variant.name,
            threads=self._threads,
            batch=size,
            duty=duty,
            options=client.record.options,
            runs=runs,
            period_s=period_s,
            time_mean_s=statistics.fmean(times),
            time_p50_s=float(np.quantile(times, 0.5)),
            time_p95_s=float(np.quantile(times, 0.95)),
            cpu_s=statistics.fmean(result.cpu_s for result in results),
            load_s=load_s,
            peak_bytes=peak_bytes(client.pid),
            joules=joules,
        )

    def _paced(
        self, client: WorkerClient, batch: NDArray[Any], runs: int, period_s: float, duty: float
    ) -> tuple[list[WorkResult], float | None]:
        """The results of runs that start `period_s` apart, and their mean joules."""
        if self._counter is not None:
            self._counter.start()
        results = []
        start_ns = self._clock.now_ns()
        for index in range(runs):
            phase_s = 0.0 if duty >= 1.0 else (index * PHASE % 1.0) * PERIOD_S
            self._clock.sleep_until_ns(start_ns + int((index * period_s + phase_s) * SECOND_NS))
            results.append(self._run(client, batch))
        self._clock.sleep_until_ns(start_ns + int(runs * period_s * SECOND_NS))
        return results, None if self._counter is None else self._counter.joules() / runs

    def _run(self, client: WorkerClient, batch: NDArray[Any]) -> WorkResult:
        if not client.wait_ready(READY_S):
            raise RunError(f"{self._package.name}: the worker did not start")
        client.submit(work_order(self._package, self._variant.name), batch, timeout_s=RUN_S)
        result = client.wait(2 * RUN_S)
        if result is None or result.outcome is not Outcome.DONE:
            raise RunError(f"{self._package.name}/{self._variant.name}: {result.detail if result else 'no result'}")
        return result

    def _batch(self, size: int) -> NDArray[Any]:
        """`size` golden rows, from the first on and around."""
        return self._rows[np.arange(size) % len(self._rows)]

    @staticmethod
    def _seconds(result: WorkResult) -> float:
        return (result.end_ns - result.start_ns) / SECOND_NS


def peak_bytes(pid: int) -> int:
    """The highest resident memory of a process so far."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"process {pid} tells no VmHWM")


def _alone(package: Package, variant: Variant, folder: Path) -> Package:
    """The package with one variant only, so that load time and memory are that variant's."""
    folder.mkdir(exist_ok=True)
    for ref in (variant, package.manifest.golden):
        (folder / ref.file).write_bytes((package.folder / ref.file).read_bytes())
    manifest = replace(package.manifest, variant=(variant,), profile=None)
    write_manifest(folder, manifest)
    return Package(folder=folder, manifest=manifest)

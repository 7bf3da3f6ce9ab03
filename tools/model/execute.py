"""Run a package on many rows through the worker, batch by batch, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.check import InputError, check_input_range, write_input
from fsw.infer.client import WorkerClient
from fsw.infer.package import Package, PackageError, Variant
from fsw.messages import Outcome, WorkOrder

BATCH_BYTES = 8 << 20  # eight tiles of a megabyte: enough to hide the cost of a call, little enough to show progress
MAX_BATCH = 256
READY_S = 60.0  # for a worker to load a package on a slow computer
BATCH_S = 600.0  # no batch of this size takes that long: something hangs


class RunError(PackageError):
    """The worker could not run the model."""


def run_rows(
    client: WorkerClient,
    package: Package,
    variant: str,
    rows: NDArray[Any],
    progress: Callable[[int], None] = lambda _rows: None,
) -> NDArray[Any]:
    """One output a row, in order; `progress` hears how many rows a batch had. Raises InputError or RunError."""
    spec = package.output
    outputs = np.empty((len(rows), *spec.row_shape), spec.dtype)
    size = package.input.fixed_rows or max(1, min(MAX_BATCH, BATCH_BYTES // package.input.row_bytes))
    for start in range(0, len(rows), size):
        batch = rows[start : start + size]
        filled = _filled(batch, size) if package.input.fixed_rows else batch
        _run_batch(client, package, variant, filled, start)
        outputs[start : start + len(batch)] = client.output(package.name, len(filled))[: len(batch)]
        progress(len(batch))
    return outputs


def _filled(batch: NDArray[Any], size: int) -> NDArray[Any]:
    """`batch` brought to a fixed size by repeating its last row."""
    return np.concatenate([batch, *[batch[-1:]] * (size - len(batch))])


def _run_batch(client: WorkerClient, package: Package, variant: str, batch: NDArray[Any], first: int) -> None:
    if not client.wait_ready(READY_S):
        raise RunError(f"{package.name}: the worker did not start")
    client.submit(work_order(package, variant), batch, timeout_s=BATCH_S)
    result = client.wait(2 * BATCH_S)
    outcome, detail = (result.outcome, result.detail) if result is not None else (Outcome.TIMEOUT, "")
    if outcome is Outcome.BAD_INPUT:
        raise InputError(_bad_row(package, batch, first) or detail)
    if outcome is not Outcome.DONE:
        raise RunError(f"{package.name}/{variant}: {outcome.name.lower().replace('_', ' ')}: {detail}")


def _bad_row(package: Package, batch: NDArray[Any], first: int) -> str:
    """Which row is refused, counted from 0, and why; "" where no single one is."""
    spec = package.input
    prepared = np.empty((1, *spec.row_shape), spec.dtype)
    for index, row in enumerate(batch):
        try:
            write_input(spec, row[np.newaxis], prepared)
            check_input_range(spec, prepared)
        except InputError as error:
            return f"row {first + index}: {error}"
    return ""


def work_order(package: Package, variant: str) -> WorkOrder:
    """An order of that variant for a worker that serves nobody else."""
    return WorkOrder(
        job_id=1,
        attempt=1,
        model=package.name,
        variant=variant,
        setting="",
        input_ref="",
        predicted_s=0.0,
        predicted_w=0.0,
        kill_ns=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCheck:
    """How far one variant is from its goldens, in the output's unit."""

    variant: Variant
    difference: float

    @property
    def passed(self) -> bool:
        return self.difference <= self.variant.tolerance


def check_goldens(client: WorkerClient, package: Package) -> list[GoldenCheck]:
    """The largest |output - golden| of each variant; raises what `run_rows` raises."""
    goldens = package.goldens()
    checks = []
    for variant in package.variants:
        given, wanted = run_rows(client, package, variant.name, goldens["input"]), goldens[variant.name]
        if given.shape != wanted.shape:
            raise RunError(f"{package.name}/{variant.name}: golden has shape {wanted.shape}, output {given.shape}")
        difference = float(np.abs(given.astype(np.float64) - wanted.astype(np.float64)).max())
        checks.append(GoldenCheck(variant=variant, difference=difference))
    return checks

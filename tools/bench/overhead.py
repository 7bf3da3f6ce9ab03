"""What a job costs through the runtime, against a plain `session.run` of the same model with the same options.

Both are measured in alternation in one run, one row a call, everything warm. The runtime's path is all that a flight
adds: conversion and copy of the input, the worker's process, checks of input and output, digest, summary, deadline.
Processor time counts both processes. Paced at 20 Hz the runtime is compared with what ONNX Runtime does when nobody
tells it otherwise, with two threads: they spin between two jobs.
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.infer.check import check_input
from fsw.infer.client import WorkerClient
from fsw.infer.options import SessionSettings, make_session
from fsw.infer.package import (
    MANIFEST,
    SHIPPED,
    InputSpec,
    Package,
    PackageError,
    TensorSpec,
    load_package,
    shipped_packages,
)
from fsw.messages import Outcome, WorkOrder
from hal.clock import SECOND_NS, MonotonicClock
from tools.model.tiny_onnx import one_operator
from tools.model.write import write_package

BUDGET_S = 4.0  # for one model's measurement
REPEATS = (100, 4000)
WARM_UP = 20
WAIT_S = 600.0
PACE_NS = SECOND_NS // 20
PACED_JOBS = 60  # three seconds each, in turns of a second so that both meet the same neighbours
PACED_TURN = 20
DEFAULT_THREADS = 2
KEYWORDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "mlperf-tiny" / "kws_int8.onnx"
ANY_VALUE = 1e30  # the range of a plain file, of which nothing is known
ONNX_TYPES = {"tensor(float)": "float32", "tensor(int8)": "int8", "tensor(uint8)": "uint8", "tensor(int64)": "int64"}


@dataclass(slots=True)
class Sums:
    """Wall times by call and processor time in all, of one of the two paths."""

    wall_ns: list[int]
    cpu_s: float = 0.0


def run(packages: Sequence[str] = (), budget_s: float = BUDGET_S) -> dict[str, Any]:
    """`models.NAME` with microseconds a job: the shipped `water`, a one-operator `trivial`, and `packages`.

    `packages` are folders or plain `.onnx` files; `budget_s` is about what one model's measurement takes. The `*_20hz`
    are of MLPerf Tiny's `kws_int8` where it lies beside the checkout, else of `trivial`. Raises PackageError or
    ConfigError.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        measured = [path for path in shipped_packages() if path.name == "water"]
        found = [load_package(path) for path in measured]
        found.append(_from_bytes("trivial", one_operator("Relu"), folder))
        found += [_find(Path(text), folder) for text in packages]
        models = {package.name: measure(package, budget_s) for package in found}
        paced = _find(KEYWORDS, folder / "paced") if KEYWORDS.is_file() else found[len(measured)]
        load = round(os.getloadavg()[0], 1)
        return {"models": models, **pace(paced, budget_s), "paced_model": paced.name, "load_average": load}


def pace(package: Package, budget_s: float = BUDGET_S) -> dict[str, float]:
    """Microseconds of processor time a job at 20 Hz: the runtime's, and of ONNX Runtime as it comes."""
    import onnxruntime

    array = check_input(package, package.goldens()["input"][: package.input.fixed_rows or 1])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = DEFAULT_THREADS
    order = _order(package, package.variants[0].name)
    turns = max(1, min(PACED_JOBS, int(budget_s * 20)) // PACED_TURN)
    runtime_s = defaults_s = 0.0
    with closing(WorkerClient([package])) as client:
        if not client.wait_ready(WAIT_S):
            raise PackageError(f"{package.name}: the worker did not start")
        for _ in range(turns):
            start_s = _own_cpu_s() + _cpu_ns(client.pid) / 1e9
            _paced(lambda: _job(client, order, array))
            runtime_s += _own_cpu_s() + _cpu_ns(client.pid) / 1e9 - start_s
            session = onnxruntime.InferenceSession(package.model_bytes(package.variants[0]), sess_options=options)
            feed = {session.get_inputs()[0].name: array}
            session.run(None, feed)
            start_s = _own_cpu_s()
            _paced(lambda session=session, feed=feed: session.run(None, feed))
            defaults_s += _own_cpu_s() - start_s
            del session  # and its threads, which would spin through the other's turn
    jobs = turns * PACED_TURN
    return {"runtime_cpu_us_20hz": runtime_s / jobs * 1e6, "defaults_cpu_us_20hz": defaults_s / jobs * 1e6}


def _paced(call: Any) -> None:
    clock = MonotonicClock()
    due_ns = clock.now_ns()
    for _ in range(PACED_TURN):
        call()
        due_ns += PACE_NS
        clock.sleep_until_ns(due_ns)


def measure(package: Package, budget_s: float = BUDGET_S) -> dict[str, float]:
    """Microseconds a job, plain and through the runtime, of the best variant."""
    import onnxruntime

    array = check_input(package, package.goldens()["input"][: package.input.fixed_rows or 1])
    variant = package.variants[0]
    session = make_session(onnxruntime, package.model_bytes(variant), SessionSettings())
    client = WorkerClient([package])
    try:
        if not client.wait_ready(WAIT_S):
            raise PackageError(f"{package.name}: the worker did not start")
        return _alternate(session, client, _order(package, variant.name), array, budget_s)
    finally:
        client.close()


def _alternate(
    session: Any, client: WorkerClient, order: WorkOrder, array: NDArray[Any], budget_s: float
) -> dict[str, float]:
    feed, clock = {session.get_inputs()[0].name: array}, MonotonicClock()
    raw, runtime = Sums([]), Sums([])
    for _ in range(WARM_UP):
        _timed(clock, raw, lambda: session.run(None, feed))
        _timed(clock, runtime, lambda: _job(client, order, array))
    pair_ns = int(np.median(raw.wall_ns) + np.median(runtime.wall_ns))
    repeats = min(max(int(budget_s * SECOND_NS) // pair_ns, REPEATS[0]), REPEATS[1])
    raw, runtime = Sums([]), Sums([])
    child_ns = _cpu_ns(client.pid)
    for _ in range(repeats):
        _timed(clock, raw, lambda: session.run(None, feed))
        _timed(clock, runtime, lambda: _job(client, order, array))
    child_s = (_cpu_ns(client.pid) - child_ns) / 1e9
    return {
        "raw_us_p50": float(np.median(raw.wall_ns)) / 1e3,
        "runtime_us_p50": float(np.median(runtime.wall_ns)) / 1e3,
        "raw_us_p99": float(np.percentile(raw.wall_ns, 99)) / 1e3,
        "runtime_us_p99": float(np.percentile(runtime.wall_ns, 99)) / 1e3,
        "raw_cpu_us": raw.cpu_s / repeats * 1e6,
        "runtime_cpu_us": (runtime.cpu_s + child_s) / repeats * 1e6,
        "jobs": repeats,
    }


def _timed(clock: MonotonicClock, sums: Sums, call: Any) -> None:
    cpu_s, start_ns = _own_cpu_s(), clock.now_ns()
    call()
    sums.wall_ns.append(clock.now_ns() - start_ns)
    sums.cpu_s += _own_cpu_s() - cpu_s


def _job(client: WorkerClient, order: WorkOrder, array: NDArray[Any]) -> None:
    client.submit(order, array, timeout_s=WAIT_S)
    result = client.wait(WAIT_S)
    if result is None or result.outcome is not Outcome.DONE:
        raise PackageError(f"{order.model}: {result.detail if result else 'no result'}")


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _cpu_ns(pid: int) -> int:
    """Processor time of a process in nanoseconds, all its threads. Source: Documentation/scheduler/sched-stats.rst."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def _find(path: Path, scratch: Path) -> Package:
    for folder in (path, SHIPPED / path):
        if (folder / MANIFEST).is_file():
            return load_package(folder)
    if path.suffix == ".onnx" and path.is_file():
        return _from_bytes(path.stem, path.read_bytes(), scratch)
    raise PackageError(f"{path}: no shipped package, no folder with a {MANIFEST}, no .onnx file")


def _from_bytes(name: str, content: bytes, scratch: Path) -> Package:
    """A package around a plain ONNX file, with random golden input of one row."""
    import onnxruntime

    try:
        session = make_session(onnxruntime, content, SessionSettings())
    except Exception as error:  # the runtime's exceptions share no other base
        raise PackageError(f"{name}: cannot be loaded: {error}") from error
    source, target = session.get_inputs()[0], session.get_outputs()[0]
    spec = InputSpec(**_tensor(name, source))
    rng = np.random.default_rng(0)
    row = rng.random((spec.fixed_rows or 1, *spec.row_shape)).astype(spec.dtype)
    return write_package(
        scratch / name,
        identity={"name": name, "version": "0", "task": "measure", "licence": "unknown"},
        input_spec=spec,
        output_spec=TensorSpec(**_tensor(name, target)),
        variants={"full": {"metric": "none", "metric_value": 0.0, "tolerance": 0.0}},
        models={"full": content},
        goldens={"input": row, "full": session.run(None, {source.name: row})[0]},
    )


def _tensor(name: str, node: Any) -> dict[str, Any]:
    """What a manifest says of a tensor, as far as the file tells."""
    first, *rest = node.shape or [None]
    if node.type not in ONNX_TYPES or not all(isinstance(size, int) for size in rest):
        raise PackageError(f"{name}: {node.name} is {node.type} {node.shape}; only the batch axis may be free")
    shape = (first if isinstance(first, int) and first > 0 else "n", *rest)
    dtype = ONNX_TYPES[node.type]
    return {"name": node.name, "dtype": dtype, "shape": shape, "unit": "", "low": -ANY_VALUE, "high": ANY_VALUE}


def _order(package: Package, variant: str) -> WorkOrder:
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

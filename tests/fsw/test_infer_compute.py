"""The fillings of the compute port on a real worker: the output is real, the time is the clock's that was given."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from fsw.infer.client import WorkerClient
from fsw.infer.compute import Compute, WorkerCompute
from fsw.infer.paced import PacedCompute
from fsw.infer.package import InputSpec, Package, TensorSpec
from fsw.messages import Outcome, WorkOrder, WorkResult
from hal.clock import SECOND_NS, MonotonicClock, SteppedClock
from hal.ports.files import MemoryFiles
from tools.model.tiny_onnx import one_operator
from tools.model.write import write_package

PATIENCE_S = 30.0
ONE = np.array([[-1.0, 0.0, 1.0, 4.0]], np.float32)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    edge = {"dtype": "float32", "shape": ("n", 4), "unit": "1", "low": -9.0, "high": 9.0}
    zeros = np.zeros((2, 4), np.float32)
    return write_package(
        tmp_path_factory.mktemp("relu"),
        identity={"name": "relu", "version": "1", "task": "test", "licence": "Apache-2.0"},
        input_spec=InputSpec(name="x", **edge),  # type: ignore[arg-type]
        output_spec=TensorSpec(name="y", **edge),  # type: ignore[arg-type]
        variants={"full": {"metric": "none", "metric_value": 0.0, "tolerance": 0.0}},
        models={"full": one_operator("Relu", 4)},
        goldens={"input": zeros, "full": zeros},
    )


@pytest.fixture(scope="module")
def client(package: Package) -> Iterator[WorkerClient]:
    client = WorkerClient([package])
    assert client.wait_ready(PATIENCE_S)
    yield client
    client.close()


@pytest.fixture
def files() -> MemoryFiles:
    return MemoryFiles({"computer/start": "", "computer/stop": "", "computer/done": ""})


def order(kill_ns: int) -> WorkOrder:
    return WorkOrder(
        job_id=3,
        attempt=1,
        model="relu",
        variant="full",
        setting="full",
        input_ref="",
        predicted_s=1.5,
        predicted_w=10.0,
        kill_ns=kill_ns,
    )


def until_ended(compute: Compute) -> WorkResult:
    clock = MonotonicClock()
    give_up_ns = clock.now_ns() + int(PATIENCE_S * SECOND_NS)
    while not (results := compute.poll(clock.now_ns())):
        assert clock.now_ns() < give_up_ns
    return results[0]


def test_the_flight_filling_runs_at_its_own_speed(client: WorkerClient) -> None:
    clock = MonotonicClock()
    compute = WorkerCompute(client, clock)
    compute.start(order(clock.now_ns() + 20 * SECOND_NS), ONE)
    assert compute.busy
    assert until_ended(compute).summary == (1.25, 0.0, 4.0, 0.5)
    assert not compute.busy


def virtual_run(
    client: WorkerClient, files: MemoryFiles, array: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> WorkResult:
    """One job in virtual time, whose device takes from 5 s to 7 s."""
    clock = SteppedClock(5 * SECOND_NS)
    compute = PacedCompute(client, files, clock)
    compute.start(order(20 * SECOND_NS), array)
    assert compute.poll(clock.now_ns()) == ()
    assert files.nodes["computer/start"] == "1 10.0 1.5"
    clock.advance_to_ns(7 * SECOND_NS)
    files.nodes["computer/done"] = "1"
    (result,) = compute.poll(clock.now_ns())
    files.nodes["computer/done"] = ""
    return result


def test_virtual_time_has_the_real_output_and_no_trace_of_the_host(client: WorkerClient, files: MemoryFiles) -> None:
    first, second = (virtual_run(client, files, ONE) for _ in range(2))
    assert first == second
    assert (first.outcome, first.summary, first.cpu_s) == (Outcome.DONE, (1.25, 0.0, 4.0, 0.5), 0.0)
    assert (first.start_ns, first.end_ns) == (5 * SECOND_NS, 7 * SECOND_NS)


def test_in_virtual_time_a_bad_input_shows_before_the_computer_starts(client: WorkerClient, files: MemoryFiles) -> None:
    clock = SteppedClock()
    compute = PacedCompute(client, files, clock)
    compute.start(order(SECOND_NS), np.full((1, 4), np.nan, np.float32))
    (result,) = compute.poll(0)
    assert (result.outcome, files.nodes["computer/start"], compute.busy) == (Outcome.BAD_INPUT, "", False)


def test_in_real_time_device_and_worker_must_both_be_done(client: WorkerClient, files: MemoryFiles) -> None:
    clock = SteppedClock()
    compute = PacedCompute(client, files, clock, synchronous=False)
    compute.start(order(SECOND_NS), ONE)
    client_is_done = MonotonicClock().now_ns() + int(PATIENCE_S * SECOND_NS)
    while client.busy and MonotonicClock().now_ns() < client_is_done:
        assert compute.poll(0) == ()
    files.nodes["computer/done"] = "1"
    assert until_ended(compute).summary == (1.25, 0.0, 4.0, 0.5)


def test_in_real_time_a_stop_frees_the_computer_and_then_the_worker(client: WorkerClient, files: MemoryFiles) -> None:
    clock = SteppedClock()
    compute = PacedCompute(client, files, clock, synchronous=False)
    compute.start(order(SECOND_NS), ONE)
    compute.stop(0, hard=False)
    assert files.nodes["computer/stop"] == "1"
    assert until_ended(compute).outcome is Outcome.STOPPED
    give_up_ns = MonotonicClock().now_ns() + int(PATIENCE_S * SECOND_NS)
    while compute.busy:
        assert compute.poll(0) == ()
        assert MonotonicClock().now_ns() < give_up_ns

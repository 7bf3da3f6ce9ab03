"""The worker process: right results, and everything that can go wrong costs one attempt and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsw.infer.check import InputError
from fsw.infer.client import ROOT, WorkerClient, WorkerConfig
from fsw.infer.package import InputSpec, Package, TensorSpec, UnknownVariant
from fsw.messages import Outcome, WorkOrder, WorkResult
from hal.clock import SECOND_NS, MonotonicClock
from tools.model.tiny_onnx import Node, Value, one_operator, onnx_bytes
from tools.model.write import write_package

CLOCK = MonotonicClock()
PATIENCE_S = 30.0  # a bound on what should take milliseconds, for a machine that is busy with something else
ONE = np.array([[-1.0, 0.0, 1.0, 4.0]], np.float32)


def order(model: str, seconds: float = PATIENCE_S) -> WorkOrder:
    return WorkOrder(
        job_id=7,
        attempt=2,
        model=model,
        variant="full",
        setting="full",
        input_ref="",
        predicted_s=0.1,
        predicted_w=1.0,
        kill_ns=CLOCK.now_ns() + int(seconds * SECOND_NS),
    )


def make_package(folder: Path, name: str, model: bytes) -> Package:
    tensor = {"dtype": "float32", "shape": ("n", 4), "unit": "1", "low": -1e6, "high": 1e6}
    golden = np.zeros((2, 4), np.float32)
    return write_package(
        folder / name,
        identity={"name": name, "version": "1", "task": "test", "licence": "Apache-2.0"},
        input_spec=InputSpec(name="x", **tensor),  # type: ignore[arg-type]
        output_spec=TensorSpec(name="y", **tensor),  # type: ignore[arg-type]
        variants={"full": {"metric": "none", "metric_value": 0.0, "tolerance": 0.0}},
        models={"full": model},
        goldens={"input": golden, "full": golden},
    )


def long_chain(operators: int) -> bytes:
    """Sines of sines: a soft stop finds a gap between two of them."""
    names = ["x", *(f"s{index}" for index in range(1, operators)), "y"]
    nodes = [Node(operator="Sin", inputs=(before,), outputs=(after,)) for before, after in pairwise(names)]
    return onnx_bytes(nodes, [edge("x")], [edge("y")])


def outer_product() -> bytes:
    """y = (x x^T) x: n rows need n^2 numbers in between."""
    nodes = [
        Node(operator="Transpose", inputs=("x",), outputs=("t",)),
        Node(operator="MatMul", inputs=("x", "t"), outputs=("square",)),
        Node(operator="MatMul", inputs=("square", "x"), outputs=("y",)),
    ]
    return onnx_bytes(nodes, [edge("x")], [edge("y")])


def edge(name: str) -> Value:
    return Value(name=name, dtype="float32", shape=("n", 4))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> list[Package]:
    folder = tmp_path_factory.mktemp("packages")
    models: Mapping[str, bytes] = {"relu": one_operator("Relu", 4), "root": one_operator("Sqrt", 4)}
    return [make_package(folder, name, model) for name, model in models.items()]


@pytest.fixture(scope="module")
def shared(packages: list[Package]) -> Iterator[WorkerClient]:
    client = WorkerClient(packages)
    assert client.wait_ready(PATIENCE_S)
    yield client
    client.close()


@pytest.fixture
def client(shared: WorkerClient) -> WorkerClient:
    assert not shared.busy
    return shared


@pytest.fixture
def own(packages: list[Package]) -> Iterator[WorkerClient]:
    """A worker of the test's own, to be ill-treated."""
    client = WorkerClient(packages)
    assert client.wait_ready(PATIENCE_S)
    yield client
    client.close()


def result_of(client: WorkerClient, array: np.ndarray[Any, Any], model: str = "relu") -> WorkResult:
    client.submit(order(model), array)
    result = client.wait(PATIENCE_S)
    assert result is not None
    return result


def test_a_job_comes_back_with_output_digest_summary_and_cost(client: WorkerClient) -> None:
    result = result_of(client, ONE)
    assert (result.job_id, result.attempt, result.outcome) == (7, 2, Outcome.DONE)
    assert (result.model, result.variant) == ("relu", "full")
    assert client.output("relu", 1).tolist() == [[0.0, 0.0, 1.0, 4.0]]
    assert result.summary == (1.25, 0.0, 4.0, 0.5)
    assert result.start_ns < result.end_ns
    assert 0.0 < result.cpu_s < 1.0


def test_equal_inputs_give_equal_digests_and_other_inputs_others(client: WorkerClient) -> None:
    first, second, other = (result_of(client, array).digest for array in (ONE, ONE.copy(), ONE + 1))
    assert first == second != other


def test_an_order_with_more_threads_gets_a_session_of_its_own_once(client: WorkerClient) -> None:
    for _ in range(2):
        client.submit(replace(order("relu"), threads=2), ONE)
        result = client.wait(PATIENCE_S)
        assert result is not None and result.outcome is Outcome.DONE
    assert [values[0] for name, values in client.news() if name == "model_loaded"] == ["relu/full"]


def test_a_worker_is_ready_once_it_has_loaded_and_again_after_it_was_killed(own: WorkerClient) -> None:
    assert own.is_ready
    own.stop(hard=True)
    assert not own.is_ready, "a process that has just been started has loaded nothing"
    end_ns = CLOCK.now_ns() + int(PATIENCE_S * SECOND_NS)
    while not own.is_ready:
        assert CLOCK.now_ns() < end_ns
    assert result_of(own, ONE).outcome is Outcome.DONE


def test_batches_of_any_size_run(client: WorkerClient) -> None:
    for rows in (1, 2, 3, 50, *range(4, 16)):
        batch = np.random.default_rng(rows).normal(size=(rows, 4)).astype(np.float32)
        assert result_of(client, batch).outcome is Outcome.DONE
        np.testing.assert_array_equal(client.output("relu", rows), np.maximum(batch, 0.0))


def test_an_input_may_be_written_in_place(client: WorkerClient) -> None:
    view = client.input_view("relu", 1)
    view[...] = ONE
    assert result_of(client, view).summary[2] == 4.0


def test_poll_never_blocks(client: WorkerClient) -> None:
    assert client.poll() is None
    client.submit(order("relu"), ONE)
    while (result := client.poll()) is None:
        assert client.busy
    assert result.outcome is Outcome.DONE
    assert client.poll() is None


def test_nan_in_the_input_is_refused(client: WorkerClient) -> None:
    result = result_of(client, np.array([[np.nan, 0, 0, 0]], np.float32))
    assert result.outcome is Outcome.BAD_INPUT
    assert "not finite" in result.detail


def test_nan_in_the_output_is_refused(client: WorkerClient) -> None:
    result = result_of(client, ONE, model="root")
    assert result.outcome is Outcome.BAD_OUTPUT
    assert (result.digest, result.output_ref) == ("", "")


def test_a_wrong_shape_never_reaches_the_worker(client: WorkerClient) -> None:
    with pytest.raises(InputError, match="has shape"):
        client.submit(order("relu"), np.zeros((1, 5), np.float32))
    assert not client.busy


def test_an_unknown_model_is_an_error(client: WorkerClient) -> None:
    with pytest.raises(UnknownVariant, match="no model 'sea'; there are relu, root"):
        client.submit(order("sea"), ONE)


def test_one_order_at_a_time(client: WorkerClient) -> None:
    client.submit(order("relu"), ONE)
    with pytest.raises(RuntimeError, match="job 7 is in flight"):
        client.submit(order("relu"), ONE)
    assert client.wait(PATIENCE_S) is not None


def test_a_worker_killed_while_idle_costs_nothing(own: WorkerClient) -> None:
    before = own.pid
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
    assert result_of(own, ONE).outcome is Outcome.DONE
    assert own.pid != before


def test_a_worker_killed_at_work_costs_one_attempt(own: WorkerClient) -> None:
    os.kill(own.pid, signal.SIGSTOP)
    own.submit(order("relu"), ONE)
    os.kill(own.pid, signal.SIGKILL)
    result = own.wait(PATIENCE_S)
    assert result is not None
    assert (result.outcome, result.detail) == (Outcome.CRASHED, "worker ended with signal SIGKILL")
    assert result_of(own, ONE).outcome is Outcome.DONE


def test_a_hung_worker_is_killed_at_its_deadline(own: WorkerClient) -> None:
    before = own.pid
    os.kill(before, signal.SIGSTOP)
    own.submit(order("relu", seconds=0.01), ONE)
    result = own.wait(PATIENCE_S)
    assert result is not None
    assert result.outcome is Outcome.TIMEOUT
    assert result.end_ns - result.start_ns < SECOND_NS
    assert not Path(f"/proc/{before}").exists()
    assert result_of(own, ONE).outcome is Outcome.DONE


def test_a_hard_stop_ends_the_process_at_once(own: WorkerClient) -> None:
    before = own.pid
    os.kill(before, signal.SIGSTOP)  # at work, and not to be reached by a soft stop
    own.submit(order("relu"), ONE)
    own.stop(hard=True)
    assert not Path(f"/proc/{before}").exists()
    result = own.poll()
    assert result is not None
    assert result.outcome is Outcome.STOPPED
    assert result_of(own, ONE).outcome is Outcome.DONE


def test_a_finished_output_goes_to_the_sink(packages: list[Package]) -> None:
    kept: list[list[list[float]]] = []

    def keep(_order: WorkOrder, output: np.ndarray[Any, Any]) -> str:
        kept.append(output.tolist())
        return f"output-{len(kept)}"

    client = WorkerClient(packages, output_sink=keep)
    results = [result_of(client, ONE), result_of(client, ONE, model="root")]
    client.close()
    assert [result.output_ref for result in results] == ["output-1", ""]
    assert kept == [[[0.0, 0.0, 1.0, 4.0]]]


def test_a_corrupt_package_spares_the_others(packages: list[Package], tmp_path: Path) -> None:
    rotten = make_package(tmp_path, "rotten", b"this is no ONNX file")
    client = WorkerClient([rotten, packages[0]])
    assert result_of(client, ONE, model="rotten").outcome is Outcome.MODEL_ERROR
    assert result_of(client, ONE).outcome is Outcome.DONE
    client.close()


@pytest.fixture
def heavy(tmp_path: Path) -> Iterator[WorkerClient]:
    """A worker with a model that runs for many seconds and one that needs more memory than there is."""
    chain, square = make_package(tmp_path, "chain", long_chain(2000)), make_package(tmp_path, "square", outer_product())
    client = WorkerClient([chain, square], config=WorkerConfig(memory_bytes=1 << 30))
    assert client.wait_ready(PATIENCE_S)
    yield client
    client.close()


MANY = np.full((200_000, 4), 0.5, np.float32)


def test_a_job_past_its_time_is_stopped_between_operators(heavy: WorkerClient) -> None:
    before = heavy.pid
    heavy.submit(order("chain", seconds=0.05), MANY)
    result = heavy.wait(PATIENCE_S)
    assert result is not None
    assert result.outcome is Outcome.TIMEOUT
    assert result_of(heavy, ONE, model="chain").outcome is Outcome.DONE
    assert heavy.pid == before


def test_a_soft_stop_ends_the_job_and_spares_the_worker(heavy: WorkerClient) -> None:
    before = heavy.pid
    heavy.submit(order("chain"), MANY)
    assert heavy.wait(0.02) is None
    heavy.stop(hard=False)
    result = heavy.wait(PATIENCE_S)
    assert result is not None
    assert result.outcome is Outcome.STOPPED
    assert result_of(heavy, ONE, model="chain").outcome is Outcome.DONE
    assert heavy.pid == before


def test_the_kernel_ends_a_job_whose_parent_does_not(heavy: WorkerClient) -> None:
    before = heavy.pid
    heavy.submit(order("chain"), MANY, timeout_s=0.01)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)  # nobody polls: no stop is sent
    result = heavy.wait(PATIENCE_S)
    assert result is not None
    assert (result.outcome, result.detail) == (Outcome.TIMEOUT, "worker ended with signal SIGALRM")


def test_a_model_that_wants_too_much_memory_fails_alone(heavy: WorkerClient) -> None:
    assert result_of(heavy, np.ones((40_000, 4), np.float32), model="square").outcome is Outcome.MODEL_ERROR
    assert result_of(heavy, ONE, model="square").outcome is Outcome.DONE


def test_the_worker_goes_with_its_parent(packages: list[Package]) -> None:
    """A parent that is killed without a word leaves no worker."""
    script = (
        "import sys, os, signal, pathlib\n"
        "from fsw.infer.client import WorkerClient\n"
        "from fsw.infer.package import load_package\n"
        "client = WorkerClient([load_package(pathlib.Path(sys.argv[1]))])\n"
        "client.wait_ready(30.0)\n"
        "print(client.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", script, str(packages[0].folder)]
    parent = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, timeout=PATIENCE_S)
    worker = int(parent.stdout)
    assert parent.returncode == -signal.SIGKILL
    until_ns = CLOCK.now_ns() + int(PATIENCE_S * SECOND_NS)
    while alive(worker):
        assert CLOCK.now_ns() < until_ns


def alive(pid: int) -> bool:
    """Whether a process runs: neither gone nor waiting to be reaped."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"

"""A worker that is killed, hangs, leaks or returns nonsense costs one attempt, in time, and is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import numpy as np
import pytest

from fsw.infer.client import WorkerClient, WorkerConfig
from fsw.infer.package import InputSpec, Package, TensorSpec
from fsw.messages import Outcome, WorkOrder, WorkResult
from hal.clock import SECOND_NS, MonotonicClock, SteppedClock
from tests.fsw.faulty_worker import DEAF, HUNG, INFINITE, KILLED, LEAK_BYTES, LEAKING, NAN, WELL
from tools.model.tiny_onnx import one_operator
from tools.model.write import write_package

CLOCK = MonotonicClock()
PATIENCE_S = 30.0
DEADLINE_S = 0.2
DETECTED_S = DEADLINE_S + 0.5


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    tensor = {"dtype": "float32", "shape": ("n", 4), "unit": "1", "low": -1e6, "high": 1e6}
    zeros = np.zeros((2, 4), np.float32)
    return write_package(
        tmp_path_factory.mktemp("faulty") / "relu",
        identity={"name": "relu", "version": "1", "task": "test", "licence": "Apache-2.0"},
        input_spec=InputSpec(name="x", **tensor),  # type: ignore[arg-type]
        output_spec=TensorSpec(name="y", **tensor),  # type: ignore[arg-type]
        variants={name: {"metric": "none", "metric_value": 0.0, "tolerance": 0.0} for name in ("full", "small")},
        models={name: one_operator("Relu", 4) for name in ("full", "small")},
        goldens={"input": zeros, "full": zeros, "small": zeros},
    )


Maker = Callable[..., WorkerClient]


@pytest.fixture
def worker_with(package: Package) -> Iterator[Maker]:
    """Makes workers that are ready; takes fields of their `WorkerConfig`."""
    with ExitStack() as stack:

        def make(**changes: int) -> WorkerClient:
            config = WorkerConfig(program="tests.fsw.faulty_worker", **changes)  # type: ignore[arg-type]
            client = WorkerClient([package], config=config)
            stack.callback(client.close)
            assert client.wait_ready(PATIENCE_S)
            return client

        yield make


@pytest.fixture
def client(worker_with: Maker) -> WorkerClient:
    return worker_with()


def attempt(client: WorkerClient, fault: int, variant: str = "full", seconds: float = PATIENCE_S) -> WorkResult:
    order = WorkOrder(
        job_id=1, attempt=1, model="relu", variant=variant, setting="", input_ref="",
        predicted_s=0.1, predicted_w=1.0, kill_ns=CLOCK.now_ns() + int(seconds * SECOND_NS),
    )  # fmt: skip
    client.submit(order, np.full((1, 4), fault, np.float32))
    result = client.wait(PATIENCE_S)
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (KILLED, Outcome.CRASHED),
        (HUNG, Outcome.TIMEOUT),
        (DEAF, Outcome.TIMEOUT),
        (NAN, Outcome.BAD_OUTPUT),
        (INFINITE, Outcome.BAD_OUTPUT),
    ],
)
def test_a_fault_is_met_in_time_costs_one_attempt_and_is_counted(
    client: WorkerClient, fault: int, outcome: Outcome
) -> None:
    failed = attempt(client, fault, seconds=DEADLINE_S)
    assert failed.outcome is outcome
    assert failed.end_ns - failed.start_ns < DETECTED_S * SECOND_NS
    assert (failed.digest, failed.summary) == ("", ())
    assert attempt(client, WELL).outcome is Outcome.DONE
    assert client.record.outcomes == {outcome: 1, Outcome.DONE: 1}


def test_a_leaking_worker_is_replaced_before_it_fills_the_memory_and_loses_nothing(worker_with: Maker) -> None:
    client = worker_with(growth_bytes=5 * LEAK_BYTES // 2)
    first = client.pid
    outcomes = [attempt(client, LEAKING).outcome for _ in range(4)]
    assert outcomes == [Outcome.DONE] * 4
    assert client.record.recycled == 1
    assert client.pid != first
    assert attempt(client, WELL).outcome is Outcome.DONE


def test_a_leak_beyond_the_memory_costs_its_own_attempt(worker_with: Maker) -> None:
    client = worker_with(memory_bytes=300 << 20, growth_bytes=1 << 40)
    outcomes = [attempt(client, LEAKING).outcome for _ in range(12)]
    assert set(outcomes) == {Outcome.DONE, Outcome.MODEL_ERROR}
    assert attempt(client, WELL).outcome is Outcome.DONE


def test_a_worker_is_replaced_after_its_runs(worker_with: Maker) -> None:
    client = worker_with(runs=2)
    assert [attempt(client, WELL).outcome for _ in range(5)] == [Outcome.DONE] * 5
    assert (client.record.recycled, client.record.starts) == (2, 3)


def test_an_old_worker_is_replaced_between_two_orders_so_that_its_weights_come_anew(package: Package) -> None:
    clock = SteppedClock()
    config = WorkerConfig(program="tests.fsw.faulty_worker", age_s=3600.0)
    with closing(WorkerClient([package], config=config, clock=clock)) as client:
        young = client.pid
        assert attempt(client, WELL).outcome is Outcome.DONE
        assert client.pid == young
        clock.advance_to_ns(3600 * SECOND_NS)
        assert attempt(client, WELL).outcome is Outcome.DONE  # by the old one, and then it goes
        assert client.pid != young
        assert attempt(client, WELL).outcome is Outcome.DONE
        assert (client.record.recycled, client.record.starts) == (1, 2)


def test_sessions_are_kept_within_their_budget_and_loads_are_told(worker_with: Maker) -> None:
    client = worker_with(session_bytes=1 << 20)
    assert list(client.record.loads) == [(0, 0)]
    for variant in ("full", "small", "small", "full"):
        assert attempt(client, WELL, variant).outcome is Outcome.DONE
    record = client.record
    assert (list(record.loads), record.evictions) == ([(0, 0), (0, 1)], 2)
    assert record.load_s > 0.0
    assert record.resident_bytes > 0

"""Batches and segments on a real worker: each job has the result that it would have had alone and in one piece."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, EVENT, ORDER, RESULT
from fsw.infer.check import output_digest
from fsw.infer.client import WorkerClient, WorkerConfig
from fsw.infer.compute import WorkerCompute
from fsw.infer.paced import PacedCompute
from fsw.infer.package import SHIPPED, Package, load_package
from fsw.infer.service import InferService
from fsw.messages import Command, Member, Outcome, WorkOrder, WorkResult
from hal.clock import SECOND_NS, MonotonicClock, SteppedClock
from hal.ports.files import MemoryFiles
from hal.ports.intake import MemoryIntake

PATIENCE_S = 30.0
SINGLES = 4
STRIP_ROWS = 23


class Rig:
    """The inference service on a real worker, whose outputs are kept by job and first row."""

    def __init__(self, *packages: Package, config: WorkerConfig | None = None) -> None:
        self.clock = MonotonicClock()
        self.outputs: dict[tuple[int, int, int], NDArray[Any]] = {}
        self.inputs: dict[str, NDArray[Any]] = {}
        self.client = WorkerClient(packages, config=config, output_sink=self._sink)
        assert self.client.wait_ready(PATIENCE_S)
        self.bus = MemoryBus()
        self.results = self.bus.subscribe(RESULT, "test", Policy.DROP_OLDEST, 256)
        self.events = self.bus.subscribe(EVENT, "test", Policy.DROP_OLDEST, 256)
        self.loads = 0
        compute = WorkerCompute(self.client, self.clock)
        by_name = {package.name: package for package in packages}
        self.service = InferService(self.bus, compute, MemoryIntake(self._load), by_name)

    def _load(self, ref: str) -> NDArray[Any]:
        self.loads += 1
        return self.inputs[ref]

    def _sink(self, order: WorkOrder, output: NDArray[Any]) -> str:
        self.outputs[order.job_id, order.first_row, order.rows] = output.copy()
        return f"{order.input_ref}/{order.first_row}"

    def run(self, job_id: int, ref: str, after: Command | None = None, **changes: Any) -> list[WorkResult]:
        """The results of one order; a command comes right after it has started."""
        values: dict[str, Any] = {
            "attempt": 1, "model": "keep", "variant": "full", "setting": "full", "input_ref": ref, "predicted_s": 1.0,
            "predicted_w": 1.0, "kill_ns": self.clock.now_ns() + int(PATIENCE_S * SECOND_NS), "rows": 1,
        }  # fmt: skip
        order = WorkOrder(job_id=job_id, **(values | changes))
        self.bus.publish(ORDER, order)
        found: list[WorkResult] = []
        give_up_ns = self.clock.now_ns() + int(PATIENCE_S * SECOND_NS)
        while len(found) < len(order.parts) and self.clock.now_ns() < give_up_ns:
            self.service.step(self.clock.now_ns())
            if after is not None:
                self.bus.publish(COMMAND, after)
            found += self.results.drain()
        return found

    def batch(self, refs: list[str], **changes: Any) -> dict[int, WorkResult]:
        """The results of a batch of one job for each input, by job; they come together."""
        others = tuple(Member(job_id=number, attempt=1, input_ref=ref) for number, ref in enumerate(refs[1:], 2))
        results = self.run(1, refs[0], batch=len(refs), others=others, **changes)
        assert results[-1].job_id == 1, "that of the order's own job is the last"
        return {result.job_id: result for result in results}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory, make_package: Any) -> Iterator[Rig]:
    rig = Rig(make_package(tmp_path_factory.mktemp("keep"), "1"), load_package(SHIPPED / "telemetry-anomaly"))
    rng = np.random.default_rng(7)
    for number in range(SINGLES):
        rig.inputs[f"tile-{number}"] = rng.normal(size=(1, 3)).astype(np.float32)
    rig.inputs["strip"] = rng.normal(size=(STRIP_ROWS, 3)).astype(np.float32)
    rig.inputs["nan"] = np.full((1, 3), np.nan, np.float32)
    rig.inputs["wide"] = np.zeros((1, 4), np.float32)
    yield rig
    rig.client.close()


def test_a_batch_gives_each_job_what_it_gets_alone(rig: Rig) -> None:
    refs = [f"tile-{number}" for number in range(SINGLES)]
    together = rig.batch(refs)
    assert sorted(together) == [1, 2, 3, 4]
    for number, ref in enumerate(refs, 1):
        kept = rig.outputs[number, 0, 1]
        (alone,) = rig.run(number, ref)
        batched = together[number]
        assert (alone.outcome, batched.outcome) == (Outcome.DONE, Outcome.DONE)
        assert (batched.digest, batched.summary) == (alone.digest, alone.summary)
        assert (batched.output_ref, batched.rows, batched.of_rows) == (f"{ref}/0", 1, 1)
        assert np.array_equal(kept, rig.outputs[number, 0, 1])


def test_a_batch_on_a_shipped_package_is_within_its_tolerance(rig: Rig) -> None:
    package = load_package(SHIPPED / "telemetry-anomaly")
    variant = package.variants[0]
    golden = package.goldens()
    rows = len(golden["input"])
    for number in range(SINGLES):
        rig.inputs[f"golden-{number}"] = golden["input"][number % rows : number % rows + 1]
    refs = [f"golden-{number}" for number in range(SINGLES)]
    together = rig.batch(refs, model=package.name, variant=variant.name)
    for number in range(SINGLES):
        assert together[number + 1].outcome is Outcome.DONE
        expected = golden[variant.name][number % rows : number % rows + 1]
        assert np.abs(rig.outputs[number + 1, 0, 1] - expected).max() <= variant.tolerance


@pytest.mark.parametrize("place", range(SINGLES))
@pytest.mark.parametrize("bad", ["nan", "wide", "missing"])
def test_one_bad_input_among_four_fails_itself_and_nobody_else(rig: Rig, bad: str, place: int) -> None:
    refs = [f"tile-{number}" for number in range(SINGLES)]
    alone = {number: rig.run(number, ref)[0].digest for number, ref in enumerate(refs, 1)}
    rig.events.drain()
    refs[place] = bad
    together = rig.batch(refs)
    for number, result in together.items():
        if number == place + 1:
            assert (result.outcome, result.digest) == (Outcome.BAD_INPUT, "")
        else:
            assert (result.outcome, result.digest) == (Outcome.DONE, alone[number])
    assert [(event.name, event.values[0]) for event in rig.events.drain()] == [("input_unusable", bad)]


def test_a_batch_of_bad_inputs_runs_nothing(rig: Rig) -> None:
    together = rig.batch(["nan", "wide", "missing"])
    assert {result.outcome for result in together.values()} == {Outcome.BAD_INPUT}
    assert not rig.client.busy


def test_a_long_input_in_a_batch_has_its_first_row_done(rig: Rig) -> None:
    together = rig.batch(["tile-0", "strip"])
    assert (together[2].rows, together[2].of_rows) == (1, STRIP_ROWS)
    (again,) = rig.run(2, "strip")
    assert again.digest == together[2].digest


def chained(rig: Rig, pieces: list[int], batch: int) -> WorkResult:
    """The strip in pieces, each going on from the last."""
    first, digest = 0, ""
    result = None
    for rows in pieces:
        (result,) = rig.run(1, "strip", first_row=first, rows=rows, batch=batch, digest=digest)
        assert (result.outcome, result.of_rows) == (Outcome.DONE, STRIP_ROWS)
        assert result.output_ref == f"strip/{first}"
        assert np.array_equal(
            rig.outputs[1, first, result.rows], np.maximum(rig.inputs["strip"][first : first + rows], 0)
        )
        first, digest = first + result.rows, result.digest
    assert result is not None and first == STRIP_ROWS
    return result


def test_the_digest_of_a_strip_does_not_depend_on_where_it_was_cut(rig: Rig) -> None:
    whole = chained(rig, [STRIP_ROWS], 1)
    assert chained(rig, [1, 8, 8, 6], 1).digest == whole.digest
    assert chained(rig, [4, 4, 15], 4).digest == whole.digest
    assert chained(rig, [20, 20], 8).digest == whole.digest, "the last piece is as long as what is left"


def test_a_strip_is_loaded_once_for_segments_in_a_row(rig: Rig) -> None:
    rig.loads = 0
    chained(rig, [5, 9, 9], 1)
    assert rig.loads == 1


def test_one_unit_has_the_digest_of_its_output(rig: Rig) -> None:
    (result,) = rig.run(1, "tile-0")
    assert result.digest == output_digest(np.maximum(rig.inputs["tile-0"], 0.0))


def test_an_input_that_has_become_shorter_than_what_was_done_is_refused(rig: Rig) -> None:
    (result,) = rig.run(1, "tile-0", first_row=3)
    assert (result.outcome, "1 rows" in result.detail) == (Outcome.BAD_INPUT, True)


def test_a_segment_is_no_longer_than_the_shared_memory(tmp_path: Path, make_package: Any) -> None:
    rig = Rig(make_package(tmp_path, "1"), config=WorkerConfig(buffer_bytes=4096))
    rig.inputs["strip"] = np.ones((400, 3), np.float32)
    (result,) = rig.run(1, "strip", rows=400)
    rig.client.close()
    assert (result.outcome, result.rows, result.of_rows) == (Outcome.DONE, 2048 // 12, 400)


def test_a_cancelled_job_does_not_take_its_batch_with_it(rig: Rig) -> None:
    others = (Member(job_id=2, attempt=1, input_ref="tile-1"),)
    cancel = Command(time_ns=0, name="cancel_job", arguments=(1,), request=1, ack=0, source=0)
    results = rig.run(1, "tile-0", batch=2, others=others, after=cancel)
    assert {result.outcome for result in results} == {Outcome.DONE}


def test_paced_batches_take_the_declared_time_of_the_batch_and_segments_that_of_their_inferences() -> None:
    files = MemoryFiles({"computer/start": "", "computer/stop": "", "computer/done": ""})
    declared = {("keep", "full", 1, "low", 1): (9.0, 0.5), ("keep", "full", 1, "low", 4): (9.0, 1.2)}
    clock = SteppedClock()
    compute = PacedCompute(None, files, clock, declared=declared)
    order = WorkOrder(
        job_id=1, attempt=1, model="keep", variant="full", setting="low", input_ref="", predicted_s=77.0,
        predicted_w=77.0, kill_ns=0, rows=1, batch=4,
        others=tuple(Member(job_id=number, attempt=1, input_ref="") for number in (2, 3, 4)),
    )  # fmt: skip
    compute.start(order, None)
    assert files.nodes["computer/start"] == "1 9.0 1.2"
    files.nodes["computer/done"] = "1"
    assert [result.job_id for result in compute.poll(0)] == [1, 2, 3, 4]
    segment = WorkOrder(
        job_id=1, attempt=1, model="keep", variant="full", setting="low", input_ref="", predicted_s=77.0,
        predicted_w=77.0, kill_ns=0, rows=7,
    )  # fmt: skip
    compute.start(segment, None)
    assert files.nodes["computer/start"] == "2 9.0 3.5"

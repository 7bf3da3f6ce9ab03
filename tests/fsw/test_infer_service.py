"""The inference service, its paced compute and the intake: orders in, results out, the guard obeyed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, ENVELOPE, EVENT, JOB, JOB_REPORT, ORDER, RECOVERED, RESULT, TRIP
from fsw.infer.check import InputError
from fsw.infer.intake import IntakeConfig, IntakeService
from fsw.infer.paced import PacedCompute
from fsw.infer.package import InputSpec, Package, TensorSpec
from fsw.infer.service import InferService
from fsw.messages import (
    Command,
    Envelope,
    Job,
    JobReport,
    JobState,
    Outcome,
    RecoveredJobs,
    Trip,
    WorkOrder,
    WorkResult,
)
from hal.clock import SECOND_NS, SteppedClock
from hal.errors import PortError
from hal.ports.files import MemoryFiles
from hal.ports.intake import MemoryIntake, Ticket
from hal.reading import Reason
from tools.model.tiny_onnx import one_operator
from tools.model.write import write_package


class Computer:
    """The payload computer's files: a task ends when its seconds are over, unless it hangs or loses its power."""

    def __init__(self, clock: SteppedClock) -> None:
        self.clock = clock
        self.started: list[str] = []
        self.stops = 0
        self.end_ns: int | None = None
        self.is_on = True

    def files(self) -> MemoryFiles:
        return MemoryFiles(
            {
                "computer/start": _File(write=self.start),
                "computer/stop": _File(write=self.stop),
                "computer/done": _File(read=self.done),
                "computer/running": _File(read=self.running),
            }
        )

    def start(self, text: str) -> None:
        if not self.is_on:
            raise PortError(Reason.UNPOWERED, "the computer is off")
        self.started.append(text)
        self.stops = 0
        self.end_ns = self.clock.now_ns() + int(float(text.split()[2]) * SECOND_NS)

    def stop(self, _text: str) -> None:
        self.stops += 1
        self.end_ns = None

    def done(self) -> str:
        if self.end_ns is None or self.clock.now_ns() < self.end_ns:
            return ""
        self.end_ns = None
        return self.started[-1].split()[0]

    def running(self) -> str:
        return "" if self.end_ns is None else self.started[-1].split()[0]


class _File:
    def __init__(self, *, read: Any = None, write: Any = None) -> None:
        self.read = read
        self.write = write


class Rig:
    """Service, device and bus in one hand."""

    def __init__(self, package: Package) -> None:
        self.clock = SteppedClock()
        self.bus = MemoryBus()
        self.computer = Computer(self.clock)
        self.compute = PacedCompute(None, self.computer.files(), self.clock)
        self.results = self.bus.subscribe(RESULT, "test", Policy.DROP_OLDEST, 64)
        self.events = self.bus.subscribe(EVENT, "test", Policy.DROP_OLDEST, 64)
        intake = MemoryIntake({"tile": np.zeros((1, 4), np.float32)}.__getitem__)
        self.service = InferService(self.bus, self.compute, intake, {package.name: package})

    def step_to(self, seconds: float) -> list[WorkResult]:
        self.clock.advance_to_ns(int(seconds * SECOND_NS))
        self.service.step(self.clock.now_ns())
        return self.results.drain()

    def order(self, job_id: int = 1, **changes: Any) -> None:
        values: dict[str, Any] = {
            "attempt": 1,
            "model": "relu",
            "variant": "full",
            "setting": "full",
            "input_ref": "tile",
            "predicted_s": 2.0,
            "predicted_w": 20.0,
            "kill_ns": 10 * SECOND_NS,
        }
        self.bus.publish(ORDER, WorkOrder(job_id=job_id, **(values | changes)))

    def envelope(self, run: bool) -> None:
        word = Envelope(
            time_ns=self.clock.now_ns(), run=run, power_w=1.0, energy_j=1.0, seconds=1.0, heat_j=(1.0,), cooling_w=1.0,
            bound_by="test",
        )  # fmt: skip
        self.bus.publish(ENVELOPE, word)

    def trip(self) -> None:
        self.bus.publish(TRIP, Trip(time_ns=self.clock.now_ns(), limit="temperature", value=46.0, bound=45.0))


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


@pytest.fixture
def rig(package: Package) -> Rig:
    return Rig(package)


def test_an_order_takes_the_time_of_the_computer(rig: Rig) -> None:
    rig.order()
    assert rig.step_to(1) == []
    assert rig.computer.started == ["1 20.0 2.0"]
    assert rig.step_to(2) == []
    (result,) = rig.step_to(3)
    assert (result.outcome, result.start_ns, result.end_ns) == (Outcome.DONE, SECOND_NS, 3 * SECOND_NS)
    assert (result.digest, result.cpu_s) == ("", 0.0)


def test_orders_run_one_after_another(rig: Rig) -> None:
    rig.order(1)
    rig.order(2)
    rig.step_to(1)
    assert [result.job_id for result in rig.step_to(3)] == [1]
    assert rig.computer.started == ["1 20.0 2.0", "2 20.0 2.0"]
    assert [result.job_id for result in rig.step_to(5)] == [2]


def test_a_hung_job_is_killed_at_its_time(rig: Rig) -> None:
    rig.order(predicted_s=1e6)
    rig.step_to(1)
    assert rig.step_to(9.9) == []
    (result,) = rig.step_to(10)
    assert (result.outcome, rig.computer.stops) == (Outcome.TIMEOUT, 1)
    assert not rig.compute.busy


@pytest.mark.parametrize("how", ["trip", "envelope"])
def test_the_guard_stops_what_runs_at_once_and_keeps_it_stopped(rig: Rig, how: str) -> None:
    rig.order(1)
    rig.step_to(1)
    if how == "trip":
        rig.trip()
    else:
        rig.envelope(run=False)
    (result,) = rig.step_to(1)
    assert result.outcome is (Outcome.STOPPED if how == "trip" else Outcome.HELD)  # a new guard knows of no fault
    assert rig.computer.stops == 1
    rig.order(2)
    (refused,) = rig.step_to(2)
    assert (refused.job_id, refused.outcome) == (2, Outcome.HELD)
    rig.envelope(run=True)
    rig.order(3)
    rig.step_to(3)
    assert [result.job_id for result in rig.step_to(5)] == [3]


def test_an_envelope_older_than_the_trip_frees_nothing(rig: Rig) -> None:
    rig.envelope(run=True)
    rig.trip()
    rig.order()
    (result,) = rig.step_to(1)
    assert (result.outcome, rig.computer.started) == (Outcome.HELD, [])


def test_an_attempt_that_outlives_the_guard_is_held_and_not_late(rig: Rig) -> None:
    rig.envelope(run=True)
    rig.order(kill_ns=5 * SECOND_NS, predicted_s=100.0)
    rig.step_to(1)
    (result,) = rig.step_to(5)
    assert result.outcome is Outcome.HELD


def test_a_cancelled_job_is_stopped_and_another_is_not(rig: Rig) -> None:
    rig.order(5)
    rig.step_to(1)
    command = {"time_ns": 0, "name": "cancel_job", "request": 0, "ack": 0, "source": 0}
    rig.bus.publish(COMMAND, Command(arguments=(4,), **command))  # type: ignore[arg-type]
    assert rig.step_to(1.5) == []
    rig.bus.publish(COMMAND, Command(arguments=(5,), **command))  # type: ignore[arg-type]
    (result,) = rig.step_to(2)
    assert (result.job_id, result.outcome) == (5, Outcome.STOPPED)


def test_a_computer_that_is_off_costs_one_attempt(rig: Rig) -> None:
    rig.computer.is_on = False
    rig.order()
    (result,) = rig.step_to(1)
    assert result.outcome is Outcome.LOST_POWER


def test_a_task_that_the_computer_forgot_is_noticed(rig: Rig) -> None:
    rig.order()
    rig.step_to(1)
    rig.computer.end_ns = None  # the power went and came
    results = [result for second in (1.5, 2.0, 2.5) for result in rig.step_to(second)]
    assert [result.outcome for result in results] == [Outcome.LOST_POWER]


def test_a_task_of_an_earlier_run_is_not_taken_for_ours(rig: Rig) -> None:
    rig.computer.start("1 20.0 0.5")
    rig.clock.advance_to_ns(SECOND_NS)  # it ended, and nobody has read of it
    rig.order()
    assert rig.step_to(1) == []
    assert [result.end_ns for result in rig.step_to(3)] == [3 * SECOND_NS]


def test_an_unknown_model_is_refused_and_told(rig: Rig) -> None:
    rig.order(model="sea")
    (result,) = rig.step_to(1)
    assert (result.outcome, result.detail) == (Outcome.MODEL_ERROR, "no such package")
    assert [(event.name, event.values) for event in rig.events.drain()] == [
        ("model_refused", ("sea", "no such package"))
    ]


def test_an_order_without_time_left_never_starts(rig: Rig) -> None:
    rig.order(kill_ns=SECOND_NS)
    (result,) = rig.step_to(1)
    assert (result.outcome, rig.computer.started) == (Outcome.HELD, [])


class Taking:
    """Compute that wants its input and refuses NaN, as the worker does."""

    busy = False
    needs_input = True

    def __init__(self, is_ready: bool = True) -> None:
        self.is_ready = is_ready

    def start(self, _order: WorkOrder, array: np.ndarray[Any, Any] | None, _cuts: tuple[int, ...] = ()) -> None:
        if array is None or np.isnan(array).any():
            raise InputError("x has 1 values that are not finite numbers")

    def room(self, _model: str, rows: int) -> np.ndarray[Any, Any]:
        return np.empty((rows, 1), np.float32)

    def most_rows(self, _model: str) -> int:
        return 1

    def poll(self, _now_ns: int) -> tuple[WorkResult, ...]:
        return ()

    def news(self) -> tuple[()]:
        return ()

    def stop(self, _now_ns: int, _hard: bool) -> None: ...

    def close(self) -> None: ...


def busy_intake(_ref: str) -> np.ndarray[Any, Any]:
    raise PortError(Reason.TIMEOUT, "no answer")


@pytest.mark.parametrize("cause", ["the worker loads", "the intake is busy"])
def test_what_will_pass_holds_an_order_back_and_fails_nothing(package: Package, cause: str) -> None:
    bus = MemoryBus()
    results, events = bus.subscribe(RESULT, "test"), bus.subscribe(EVENT, "test")
    compute = Taking(is_ready=cause != "the worker loads")
    service = InferService(bus, compute, MemoryIntake(busy_intake), {"relu": package})  # type: ignore[arg-type]
    order = {"attempt": 1, "model": "relu", "variant": "full", "setting": "a", "predicted_s": 1.0, "predicted_w": 1.0}
    bus.publish(ORDER, WorkOrder(job_id=1, input_ref="tile", kill_ns=SECOND_NS, **order))  # type: ignore[arg-type]
    service.step(0)
    (result,) = results.drain()
    assert (result.outcome, result.start_ns, result.end_ns, events.drain()) == (Outcome.HELD, 0, 0, [])


@pytest.mark.parametrize("ref", ["missing", "nan"])
def test_an_unusable_input_is_a_result_and_an_event(package: Package, ref: str) -> None:
    bus = MemoryBus()
    results, events = bus.subscribe(RESULT, "test"), bus.subscribe(EVENT, "test")
    intake = MemoryIntake({"nan": np.full((1, 4), np.nan, np.float32)}.__getitem__)
    service = InferService(bus, Taking(), intake, {"relu": package})
    order = {"attempt": 1, "model": "relu", "variant": "full", "setting": "a", "predicted_s": 1.0, "predicted_w": 1.0}
    bus.publish(ORDER, WorkOrder(job_id=1, input_ref=ref, kill_ns=SECOND_NS, **order))  # type: ignore[arg-type]
    service.step(0)
    assert [result.outcome for result in results.drain()] == [Outcome.BAD_INPUT]
    (event,) = events.drain()
    assert (event.name, event.values[0]) == ("input_unusable", ref)


def ticket(ref: str) -> Ticket:
    return Ticket(ref=ref, kind="imaging", model="relu", value=2.0, deadline_s=60.0)


class Arrivals:
    """The intake service with an intake in memory that says what was discarded."""

    def __init__(self, config: IntakeConfig | None = None) -> None:
        self.bus = MemoryBus()
        self.jobs = self.bus.subscribe(JOB, "test")
        self.intake = MemoryIntake({}.__getitem__)
        self.discarded: list[str] = []
        self.intake.discard = self.discarded.append  # type: ignore[method-assign]
        self.service = IntakeService(self.bus, self.intake, config)

    def report(self, job_id: int, state: JobState) -> None:
        self.bus.publish(JOB_REPORT, JobReport(time_ns=0, job_id=job_id, kind="", model="", state=state))


def test_tickets_become_jobs_with_rising_numbers() -> None:
    arrivals = Arrivals()
    arrivals.intake.offer(ticket("a"))
    arrivals.intake.offer(ticket("b"))
    arrivals.service.step(SECOND_NS)
    first, second = arrivals.jobs.drain()
    assert (first.job_id, first.input_ref, first.value) == (1, "a", 2.0)
    assert (first.release_ns, first.deadline_ns) == (SECOND_NS, 61 * SECOND_NS)
    assert second.job_id == 2


def test_an_input_is_discarded_when_its_job_is_over() -> None:
    arrivals = Arrivals()
    arrivals.intake.offer(ticket("a"))
    arrivals.service.step(0)
    arrivals.report(1, JobState.RUNNING)
    arrivals.service.step(1)
    assert arrivals.discarded == []
    arrivals.report(1, JobState.DONE)
    arrivals.service.step(2)
    assert arrivals.discarded == ["a"]


def test_a_recovered_job_is_not_taken_twice_and_its_number_not_given_again() -> None:
    arrivals = Arrivals(IntakeConfig(recovery_wait_s=5.0))
    arrivals.intake.offer(ticket("a"))
    arrivals.intake.offer(ticket("b"))
    arrivals.service.step(0)
    assert arrivals.jobs.drain() == []
    old = Job(job_id=7, kind="imaging", model="relu", input_ref="a", value=1.0, release_ns=0, deadline_ns=9)
    found = RecoveredJobs(time_ns=0, jobs=(old,), attempts=(1,), next_job_id=9, unclean=True)
    arrivals.bus.publish(RECOVERED, found)
    arrivals.service.step(SECOND_NS)
    assert [(job.job_id, job.input_ref) for job in arrivals.jobs.drain()] == [(9, "b")]
    arrivals.report(7, JobState.DONE)
    arrivals.service.step(2 * SECOND_NS)
    assert arrivals.discarded == ["a"]


def test_tickets_do_not_wait_for_a_store_that_says_nothing() -> None:
    arrivals = Arrivals(IntakeConfig(recovery_wait_s=5.0))
    arrivals.intake.offer(ticket("a"))
    for second in range(7):
        arrivals.service.step(second * SECOND_NS)
    assert [job.release_ns for job in arrivals.jobs.drain()] == [5 * SECOND_NS]


def test_a_full_bus_delays_a_job_and_loses_none() -> None:
    arrivals = Arrivals()
    narrow = arrivals.bus.subscribe(JOB, "narrow", Policy.MUST_DELIVER, 1)
    for ref in ("a", "b", "c"):
        arrivals.intake.offer(ticket(ref))
    seen = []
    for second in range(5):
        arrivals.service.step(second * SECOND_NS)
        seen += [job.input_ref for job in narrow.drain()]
    assert seen == ["a", "b", "c"]

"""The life of a job in the dispatcher: it ends once, with a reason and its energy, whatever the worker does."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.govern.dispatcher import RETRIED, Dispatcher
from fsw.messages import Envelope, Job, JobReport, JobState, Outcome, Plant, WorkOrder, WorkResult
from fsw.mission import load_mission
from hal.clock import SECOND_NS

MISSION = load_mission("owned.toml")
ATTEMPTS = MISSION.governor.attempts
IDLE_W = MISSION.payload.idle_w
ENVELOPE = Envelope(
    time_ns=0, run=True, power_w=100.0, energy_j=1e6, seconds=1e6, heat_j=(1e6,) * len(MISSION.payload.settings),
    cooling_w=0.0, bound_by="power",
)  # fmt: skip


def plant(second: float, payload_w: float | None = IDLE_W) -> Plant:
    return Plant(
        time_ns=int(second * SECOND_NS), soc=0.9, worst_soc=0.895, energy_above_floor_j=70e3,
        worst_energy_above_floor_j=69e3, battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0,
        bus_power_w=21.0, worst_bus_power_w=21.0, payload_power_w=payload_w, worst_payload_power_w=6.0,
        payload_temp_c=25.0, worst_payload_temp_c=25.0, radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
    )  # fmt: skip


def job(job_id: int = 1, deadline_s: float = 1_000.0, model: str = "cloud", **changes: Any) -> Job:
    base = Job(
        job_id=job_id,
        kind="screen",
        model=model,
        input_ref="image",
        value=2.0,
        release_ns=0,
        deadline_ns=int(deadline_s * SECOND_NS),
    )
    return dataclasses.replace(base, **changes)


class Flight:
    """A dispatcher and a worker that the test speaks for."""

    def __init__(self, *jobs: Job) -> None:
        self.dispatcher = Dispatcher(MISSION)
        self.dispatcher.settle(plant(0.0))
        for item in jobs:
            assert self.dispatcher.submit(item)

    def choose(self, second: float = 0.0, envelope: Envelope = ENVELOPE) -> WorkOrder | None:
        choice = self.dispatcher.choose(int(second * SECOND_NS), plant(second), envelope, None, True)
        if choice.job is None or choice.point is None:
            return None
        return self.dispatcher.start(int(second * SECOND_NS), choice.job, choice.point)

    def start(self, second: float = 0.0) -> WorkOrder:
        order = self.choose(second)
        assert order is not None
        return order

    def end(self, order: WorkOrder, outcome: Outcome, start: float, end: float) -> JobReport | None:
        result = WorkResult(
            job_id=order.job_id,
            attempt=order.attempt,
            outcome=outcome,
            start_ns=int(start * SECOND_NS),
            end_ns=int(end * SECOND_NS),
            digest="d1",
            summary=(0.5,),
        )
        return self.dispatcher.finish(int(end * SECOND_NS), result)


def test_a_job_that_is_done_is_reported_once_its_energy_is_known() -> None:
    flight = Flight(job())
    order = flight.start()
    assert (order.job_id, order.attempt, order.input_ref) == (1, 1, "image")
    assert flight.end(order, Outcome.DONE, 0.0, 1.0) is None
    assert flight.dispatcher.knows(1)
    (report,) = flight.dispatcher.settle(plant(1.0, IDLE_W + order.predicted_w + 3.0))
    assert report.state is JobState.DONE
    assert report.energy_j == pytest.approx(order.predicted_w + 3.0)
    assert report.energy_source == "sampled"
    assert report.energy_sigma_j > 0.0
    assert (report.attempts, report.seconds, report.digest, report.summary) == (1, 1.0, "d1", (0.5,))
    assert 0.0 < report.value <= 2.0
    assert report.predicted_j == pytest.approx(order.predicted_s * order.predicted_w)
    assert not flight.dispatcher.knows(1)


def test_energy_without_a_reading_of_the_rail_is_the_models_and_teaches_nothing() -> None:
    flight = Flight(job())
    order = flight.start()
    before = [point.watts for point in flight.dispatcher.points.of("cloud")]
    flight.end(order, Outcome.DONE, 0.0, 1.0)
    (report,) = flight.dispatcher.settle(plant(1.0, None))
    assert report.energy_source == "model"
    assert report.energy_j == pytest.approx(order.predicted_w)
    assert [point.watts for point in flight.dispatcher.points.of("cloud")] == before


def test_energy_that_the_rail_counts_is_the_counters_and_one_look_without_it_makes_it_sampled() -> None:
    for counted_j, source, joules in ((112.0, "counter", 12.0 - IDLE_W), (None, "sampled", 3.0)):
        flight = Flight()
        flight.dispatcher.settle(dataclasses.replace(plant(0.5), payload_energy_j=100.0))
        flight.dispatcher.submit(job())
        flight.end(flight.start(0.5), Outcome.DONE, 0.5, 1.5)
        look = dataclasses.replace(plant(1.5, IDLE_W + 3.0), payload_energy_j=counted_j)
        (report,) = flight.dispatcher.settle(look)
        assert report.energy_source == source
        assert report.energy_j == pytest.approx(joules)


def test_a_measured_job_corrects_the_prediction_of_the_next() -> None:
    flight = Flight(*(job(number) for number in range(1, 40)))
    first, second = flight.start(0.0), 0.0
    order = first
    for _ in range(30):
        took_s = 1.2 * first.predicted_s
        flight.end(order, Outcome.DONE, second, second + took_s)
        second += took_s
        flight.dispatcher.settle(plant(second, IDLE_W + order.predicted_w))
        order = flight.start(second)
    assert order.predicted_s == pytest.approx(1.2 * first.predicted_s, rel=0.05)
    assert 0.0 < flight.dispatcher.prediction_error < 0.2


@pytest.mark.parametrize("outcome", RETRIED)
def test_a_failure_that_may_pass_is_retried_while_attempts_last(outcome: Outcome) -> None:
    flight = Flight(job())
    for attempt in range(1, ATTEMPTS):
        order = flight.start(float(attempt))
        assert order.attempt == attempt
        assert flight.end(order, outcome, attempt, attempt + 0.5) is None
        assert 1 in flight.dispatcher.queue
    report = flight.end(flight.start(9.0), outcome, 9.0, 9.5)
    assert report is not None
    assert (report.state, report.attempts) == (JobState.FAILED, ATTEMPTS)
    assert outcome.name.lower() in report.reason
    assert not flight.dispatcher.knows(1)


def test_attempts_that_we_ended_are_not_held_against_the_job() -> None:
    flight = Flight(job(deadline_s=1000.0))
    second = 0.0
    for spared in range(2 * ATTEMPTS):
        order = flight.start(second)
        assert (order.attempt, order.spared) == (spared + 1, spared)
        assert flight.end(order, Outcome.HELD, second, second + 1.0) is None
        second += 20.0  # longer than the rest that a computer is given after failures in a row
    for _ in range(ATTEMPTS - 1):
        assert flight.end(flight.start(second), Outcome.CRASHED, second, second + 1.0) is None
        second += 20.0
    report = flight.end(flight.start(second), Outcome.CRASHED, second, second + 1.0)
    assert report is not None and report.state is JobState.FAILED


@pytest.mark.parametrize("outcome", [Outcome.BAD_INPUT, Outcome.BAD_OUTPUT])
def test_a_failure_that_would_come_again_is_final(outcome: Outcome) -> None:
    flight = Flight(job())
    report = flight.end(flight.start(), outcome, 0.0, 0.5)
    assert report is not None
    assert (report.state, report.attempts, report.value) == (JobState.FAILED, 1, 0.0)


def test_a_failure_after_the_deadline_is_not_retried() -> None:
    flight = Flight(job(deadline_s=10.0))
    report = flight.end(flight.start(), Outcome.TIMEOUT, 0.0, 11.0)
    assert report is not None and report.state is JobState.FAILED


def test_a_result_after_the_deadline_is_worth_nothing_and_its_energy_counts() -> None:
    flight = Flight(job(deadline_s=8.0))
    order = flight.start()
    flight.end(order, Outcome.DONE, 0.0, 9.0)
    (report,) = flight.dispatcher.settle(plant(9.0, IDLE_W + 10.0))
    assert (report.state, report.value) == (JobState.EXPIRED, 0.0)
    assert report.energy_j == pytest.approx(90.0)


def test_a_job_that_waits_past_its_deadline_expires() -> None:
    flight = Flight(job(1, 5.0), job(2, 50.0))
    (report,) = flight.dispatcher.expire(6 * SECOND_NS)
    assert (report.job_id, report.state, report.attempts) == (1, JobState.EXPIRED, 0)
    assert flight.dispatcher.expire(6 * SECOND_NS) == []
    assert flight.dispatcher.knows(2)


def test_an_attempt_has_time_to_spare_but_not_for_ever() -> None:
    order = Flight(job()).start(3.0)
    patience_s = order.kill_ns / SECOND_NS - 3.0
    assert patience_s >= max(MISSION.governor.kill_floor_s, order.predicted_s)
    assert patience_s <= max(MISSION.governor.kill_floor_s, MISSION.governor.kill_factor * order.predicted_s)


def test_a_waiting_job_is_cancelled_at_once() -> None:
    flight = Flight(job())
    report = flight.dispatcher.cancel(SECOND_NS, 1)
    assert report is not None and report.state is JobState.CANCELLED
    assert flight.choose() is None
    assert flight.dispatcher.cancel(SECOND_NS, 1) is None


def test_a_running_job_that_is_cancelled_ends_cancelled_and_does_not_come_back() -> None:
    flight = Flight(job())
    order = flight.start()
    assert flight.dispatcher.cancel(SECOND_NS, 1) is None
    report = flight.end(order, Outcome.STOPPED, 0.0, 1.0)
    assert report is not None and report.state is JobState.CANCELLED
    assert not flight.dispatcher.knows(1)
    assert flight.choose(2.0) is None


def test_a_job_that_was_done_before_its_cancel_was_heard_is_done() -> None:
    flight = Flight(job())
    order = flight.start()
    flight.dispatcher.cancel(SECOND_NS, 1)
    assert flight.end(order, Outcome.DONE, 0.0, 1.0) is None
    (report,) = flight.dispatcher.settle(plant(2.0))
    assert report.state is JobState.DONE


def test_results_that_come_twice_or_late_or_of_nobody_change_nothing() -> None:
    flight = Flight(job(1, 500.0), job(2, 900.0))
    first = flight.start()
    assert flight.end(first, Outcome.CRASHED, 0.0, 0.5) is None
    second = flight.start(1.0)
    assert (second.job_id, second.attempt) == (1, 2)
    assert flight.end(first, Outcome.DONE, 0.0, 1.2) is None  # the first attempt's, after all
    assert flight.dispatcher.active is not None
    assert flight.end(dataclasses.replace(second, job_id=77), Outcome.DONE, 1.0, 1.2) is None
    assert flight.dispatcher.active is not None
    assert flight.end(second, Outcome.DONE, 1.0, 1.5) is None
    assert flight.end(second, Outcome.DONE, 1.0, 1.5) is None
    assert len(flight.dispatcher.settle(plant(2.0))) == 1
    assert flight.dispatcher.settle(plant(3.0)) == []


def test_a_retry_within_one_sample_is_charged_its_own_time_only() -> None:
    flight = Flight(job())
    flight.end(flight.start(0.0), Outcome.CRASHED, 0.0, 0.4)
    order = flight.start(0.5)
    flight.end(order, Outcome.DONE, 0.5, 0.9)
    (report,) = flight.dispatcher.settle(plant(1.0, IDLE_W + 30.0))
    assert (report.seconds, report.attempts) == (pytest.approx(0.4), 2)
    assert report.energy_j == pytest.approx(15.0)  # half of the sample's 30 J: the other attempt ran as long


def test_one_job_at_a_time_and_none_while_the_guard_says_no() -> None:
    flight = Flight(job(1), job(2))
    closed = dataclasses.replace(ENVELOPE, run=False, bound_by="payload_temp_c")
    choice = flight.dispatcher.choose(0, plant(0.0), closed, None, True)
    assert (choice.job, choice.because) == (None, "refused: guard: payload_temp_c")
    flight.start()
    assert flight.choose() is None


def test_what_was_started_under_an_envelope_counts_against_it_until_the_next() -> None:
    flight = Flight(*(job(number) for number in range(1, 20)))
    order = flight.start()
    joules = order.predicted_s * order.predicted_w
    narrow = dataclasses.replace(ENVELOPE, time_ns=1, energy_j=2.5 * joules)
    flight.end(order, Outcome.DONE, 0.0, 0.2)
    started = 0
    while (order := flight.choose(0.2, narrow)) is not None:
        flight.end(order, Outcome.DONE, 0.2, 0.2)
        started += 1
    assert started == 2
    assert flight.choose(0.2, dataclasses.replace(narrow, time_ns=2)) is not None


def test_an_attempt_of_which_nothing_is_heard_ends_some_time_after_its_kill() -> None:
    flight = Flight(job())
    order = flight.start()
    assert flight.dispatcher.give_up(order.kill_ns) == []
    assert flight.dispatcher.active is not None
    later_s = order.kill_ns / SECOND_NS + 30.0
    assert flight.dispatcher.give_up(int(later_s * SECOND_NS)) == []  # retried
    again = flight.start(later_s)
    assert again.attempt == 2
    (report,) = flight.dispatcher.give_up(again.kill_ns + 30 * SECOND_NS)
    assert report.state is JobState.FAILED
    assert flight.end(again, Outcome.DONE, later_s, later_s + 1.0) is None


def test_jobs_of_an_earlier_run_go_on_counting_their_attempts() -> None:
    flight = Flight()
    assert flight.dispatcher.resume(0, job(1), 1) is None
    order = flight.start()
    assert order.attempt == 2
    report = flight.end(order, Outcome.LOST_POWER, 0.0, 1.0)
    assert report is not None and (report.state, report.attempts) == (JobState.FAILED, 2)


def test_a_job_that_took_the_computer_down_with_each_attempt_does_not_start_again() -> None:
    flight = Flight()
    report = flight.dispatcher.resume(0, job(1), ATTEMPTS)
    assert report is not None and (report.state, report.attempts) == (JobState.FAILED, ATTEMPTS)
    assert not flight.dispatcher.knows(1)


def test_a_recovered_job_that_cannot_be_queued_gets_its_final_report() -> None:
    report = Flight().dispatcher.resume(0, job(1, model="no such model"), 0)
    assert report is not None and report.state is JobState.FAILED


def test_a_recovered_job_that_runs_already_is_not_queued_again() -> None:
    flight = Flight(job())
    flight.start()
    assert flight.dispatcher.resume(0, job(), 1) is None
    assert len(flight.dispatcher.queue) == 0


def test_a_job_that_ended_in_this_run_does_not_come_back_from_a_store_that_is_behind() -> None:
    flight = Flight(job())
    flight.end(flight.start(), Outcome.BAD_INPUT, 0.0, 1.0)
    assert flight.dispatcher.resume(0, job(), 1) is None
    assert len(flight.dispatcher.queue) == 0


def test_an_unknown_model_and_a_repeated_job_are_refused() -> None:
    flight = Flight(job())
    assert not flight.dispatcher.submit(job(2, model="no such model"))
    assert not flight.dispatcher.submit(job())


@given(st.lists(st.tuples(st.sampled_from(list(Outcome)), st.floats(0.1, 30.0), st.booleans()), max_size=40))
def test_every_job_ends_exactly_once_whatever_the_worker_does(script: list[tuple[Outcome, float, bool]]) -> None:
    jobs = [job(number, 20.0 * number) for number in range(1, 11)]
    flight, ended, second = Flight(*jobs), [], 0.0
    for outcome, took_s, cancels in script:
        order = flight.choose(second)
        if cancels and order is not None:
            ended += [flight.dispatcher.cancel(int(second * SECOND_NS), order.job_id)]
        if order is not None:
            ended += [flight.end(order, outcome, second, second + took_s)]
        second += took_s
        ended += flight.dispatcher.settle(plant(second))
        ended += flight.dispatcher.expire(int(second * SECOND_NS))
    ended += flight.dispatcher.expire(10**15)
    ended += flight.dispatcher.settle(plant(second + 1.0))
    reports = [report for report in ended if report is not None]
    assert sorted(report.job_id for report in reports) == [item.job_id for item in jobs]
    assert not any(flight.dispatcher.knows(item.job_id) for item in jobs)


def test_a_computer_that_boots_costs_a_job_no_attempt_and_is_given_time() -> None:
    flight = Flight(job(1))
    times = []
    for second in range(40):
        order = flight.choose(float(second))
        if order is not None:
            times.append(second)
            assert flight.end(order, Outcome.LOST_POWER, second, second) is None  # off: it never ran
    assert times == [0, 1, 3, 7, 15, 31]
    order = flight.start(60.0)
    assert flight.end(order, Outcome.DONE, 60.0, 61.0) is None  # its report follows with the meter


def test_a_model_that_cannot_be_loaded_is_not_tried_for_ever() -> None:
    flight = Flight(job(1))
    reports = []
    for second in range(20):
        order = flight.choose(float(second))
        if order is not None:
            reports.append(flight.end(order, Outcome.MODEL_ERROR, second, second))
    assert len(reports) == MISSION.governor.attempts
    assert reports[-1] is not None and reports[-1].state is JobState.FAILED

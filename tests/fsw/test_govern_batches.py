"""Batches of equal jobs: each has its own result, attempts and share of the energy, and none is late for it."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fsw.govern.dispatcher import Dispatcher
from fsw.govern.prices import PriceTable
from fsw.messages import JobState, Outcome, Prices
from fsw.payload import Batch
from hal.clock import SECOND_NS
from tests.fsw.bundles import BATCHES, UNIT_ROWS, UNIT_S, WIDE, Flight, job, mission, plant


def test_without_batches_in_the_table_jobs_run_one_by_one() -> None:
    order = Flight(mission(), *(job(number) for number in range(1, 9))).start()
    assert (order.others, order.batch, order.rows) == ((), 1, UNIT_ROWS)


@pytest.mark.parametrize(("waiting", "together"), [(1, 1), (3, 1), (4, 4), (15, 4), (16, 16), (40, 16)])
def test_the_largest_batch_that_the_queue_fills(waiting: int, together: int) -> None:
    order = Flight(mission(BATCHES), *(job(number) for number in range(1, waiting + 1))).start()
    assert [part.job_id for part in order.parts] == list(range(1, together + 1)), "those that are due first"
    assert (order.batch, order.inferences) == (together, 1)
    assert order.predicted_s == {1: 0.5, 4: 1.0, 16: 2.4}[together]


def test_each_job_of_a_batch_has_its_own_report_and_its_share_of_time_and_energy() -> None:
    flight = Flight(mission(BATCHES), *(job(number) for number in range(1, 5)))
    order = flight.start()
    reports = flight.end(order)
    assert sorted(report.job_id for report in reports) == [1, 2, 3, 4]
    for report in reports:
        assert (report.state, report.batch, report.attempts, report.rows) == (JobState.DONE, 4, 1, 0)
        assert report.value == pytest.approx(1.6)
        assert report.seconds == pytest.approx(order.predicted_s / 4)
        assert report.energy_j == pytest.approx(order.predicted_s * order.predicted_w / 4)
        assert (report.predicted_j, report.predicted_s) == pytest.approx((report.energy_j, report.seconds))
    assert flight.dispatcher.active is None


def test_a_bad_input_ends_its_own_job_alone() -> None:
    flight = Flight(mission(BATCHES), *(job(number) for number in range(1, 5)))
    reports = flight.end(flight.start(), Outcome.BAD_INPUT, Outcome.DONE, Outcome.BAD_OUTPUT, Outcome.DONE)
    states = {report.job_id: report.state for report in reports}
    assert states == {1: JobState.FAILED, 2: JobState.DONE, 3: JobState.FAILED, 4: JobState.DONE}
    assert sum(report.energy_j + report.lost_j for report in reports) == pytest.approx(flight.drawn_j)


def test_after_a_crash_the_jobs_of_a_batch_run_one_by_one() -> None:
    flight = Flight(mission(BATCHES), *(job(number) for number in range(1, 5)))
    assert flight.end(flight.start(), *(Outcome.CRASHED,) * 4) == []
    flight.end(flight.start(), Outcome.CRASHED)
    flight.second += 60.0
    for _ in range(3):
        order = flight.start()
        assert (order.others, order.attempt) == ((), 2)
        flight.end(order)
    assert {report.job_id: report.state for report in flight.final()} == {
        1: JobState.FAILED, 2: JobState.DONE, 3: JobState.DONE, 4: JobState.DONE,
    }  # fmt: skip


def test_a_trip_is_nobodys_fault_and_the_batch_forms_again() -> None:
    flight = Flight(mission(BATCHES), *(job(number) for number in range(1, 5)))
    flight.end(flight.start(), *(Outcome.STOPPED,) * 4)
    assert len(flight.start().parts) == 4


def test_no_job_joins_a_batch_that_would_make_it_late() -> None:
    jobs = [job(1, 0.7), *(job(number, 1.05) for number in range(2, 6))]
    order = Flight(mission(BATCHES), *jobs).start()
    assert [part.job_id for part in order.parts] == [1], "alone it is in time, in a batch it would not be"
    jobs = [job(1, 1.05), job(2, 100.0), job(3, 100.0), job(4, 100.0)]
    assert len(Flight(mission(BATCHES), *jobs).start().parts) == 4


@pytest.mark.parametrize(
    ("name", "value"), [("energy_j", 0.9), ("seconds", 0.9), ("stored_j", 0.9), ("heat_j", (0.9,))]
)
def test_a_batch_fits_the_guards_envelope_as_a_whole(name: str, value: Any) -> None:
    """Room for nine tenths of the batch is room for single jobs."""
    jobs = [job(number) for number in range(1, 5)]
    wide = Flight(mission(BATCHES), *jobs).start()
    whole = wide.predicted_s if name == "seconds" else wide.predicted_s * wide.predicted_w
    room: Any = tuple(share * whole for share in value) if isinstance(value, tuple) else value * whole
    order = Flight(mission(BATCHES), *jobs).start(dataclasses.replace(WIDE, **{name: room}))
    assert order.others == ()


def test_a_batch_keeps_each_jobs_energy_cap_and_takes_no_job_of_less_worth() -> None:
    flight = Flight(mission(BATCHES), *(job(number) for number in range(1, 4)), job(4, energy_cap_j=1.0))
    assert flight.start().others == ()
    flight = Flight(mission(BATCHES), *(job(number) for number in range(1, 4)), job(4, value=1.9))
    assert flight.start().others == ()


def test_a_batch_that_saves_nothing_is_not_made() -> None:
    flight = Flight(mission((Batch(size=4, work_s=2.1),)), *(job(number) for number in range(1, 5)))
    assert flight.start().others == ()


def test_a_batch_does_not_make_another_models_job_late() -> None:
    jobs = [job(number, 30.0) for number in range(1, 17)]
    order = Flight(mission(BATCHES), *jobs, job(99, 40.0, model="other")).start()
    assert len(order.parts) == 16
    urgent = job(99, 2.0, model="other", kind="vip")
    flight = Flight(mission(BATCHES), *(dataclasses.replace(item, deadline_ns=10**9) for item in jobs), urgent)
    assert len(flight.start().parts) == 4, "the larger one would end at 2.4 s"


def test_a_running_job_of_a_batch_that_is_cancelled_ends_cancelled_and_the_others_are_done() -> None:
    flight = Flight(mission(BATCHES), *(job(number) for number in range(1, 5)))
    order = flight.start()
    assert flight.dispatcher.runs(3)
    assert flight.dispatcher.cancel(0, 3) is None
    states = {report.job_id: report.state for report in flight.end(order)}
    assert states == {1: JobState.DONE, 2: JobState.DONE, 3: JobState.CANCELLED, 4: JobState.DONE}


def test_nothing_heard_of_a_batch_is_an_attempt_at_each_of_its_jobs() -> None:
    flight = Flight(mission(BATCHES), *(job(number) for number in range(1, 5)))
    order = flight.start()
    assert flight.dispatcher.give_up(order.kill_ns + 60 * SECOND_NS) == []
    assert flight.dispatcher.active is None
    assert len(flight.dispatcher.queue) == 4


def priced(joule_price: float, job_price: float = 0.0) -> PriceTable:
    """One slot of a day."""
    prices = Prices(
        time_ns=0, start_ns=0, slot_s=86_400.0, joule_price=(joule_price,), time_price=(0.0,), kinds=("screen",),
        job_price=((job_price,),),
    )  # fmt: skip
    return PriceTable(prices)


def chosen(jobs: int, prices: PriceTable, second: float = 0.0, batches: tuple[Batch, ...] = BATCHES) -> list[int]:
    """What the priced policy runs together of so many jobs that are due after 100 s."""
    base = mission(batches)
    dispatcher = Dispatcher(dataclasses.replace(base, governor=dataclasses.replace(base.governor, policy="priced")))
    for number in range(1, jobs + 1):
        assert dispatcher.submit(job(number, 100.0))
    now_ns = int(second * SECOND_NS)
    choice = dispatcher.choose(now_ns, plant(second), WIDE, prices, True)
    if choice.job is None or choice.point is None:
        return []
    assert choice.job in [job(number, 100.0) for number in range(1, jobs + 1)]
    return [part.job_id for part in dispatcher.start(now_ns, choice.job, choice.point).parts]


def test_a_job_that_is_not_worth_its_price_alone_runs_in_a_batch() -> None:
    single_j = UNIT_S * mission().payload.settings[0].watts
    prices = priced(joule_price=1.2 * 2.0 * 0.8 / single_j)
    assert chosen(3, prices) == []
    assert chosen(16, prices, batches=()) == []
    assert len(chosen(16, prices)) == 16


def test_a_job_waits_for_a_batch_for_half_of_its_time_at_most() -> None:
    prices = priced(joule_price=1e-3, job_price=1.7)
    assert chosen(3, prices, 40.0) == []
    assert chosen(3, prices, 60.0) == [1]
    assert chosen(3, prices, 60.0, batches=()) == [], "without batches the price for later is the plan's alone"

"""Jobs in segments, and with batches: no row is run twice or left out, and every joule is somebody's."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.govern.bundle import SEGMENT_S
from fsw.govern.dispatcher import Dispatcher
from fsw.govern.prices import PriceTable
from fsw.messages import JobState, Outcome, Prices
from tests.fsw.bundles import BATCHES, UNIT_ROWS, UNIT_S, WIDE, Flight, job, mission, plant


def test_a_long_job_runs_in_segments_with_a_checkpoint_after_each() -> None:
    flight = Flight(mission(), job(rows=50))
    first = flight.start()
    assert (first.first_row, first.rows, first.predicted_s) == (0, 16, SEGMENT_S)
    (checkpoint,) = flight.end(first)
    assert (checkpoint.state, checkpoint.rows_done, checkpoint.rows) == (JobState.RUNNING, 16, 50)
    assert (checkpoint.attempts, checkpoint.value) == (0, 0.0)
    assert checkpoint.worth == pytest.approx(0.8)
    assert checkpoint.energy_j == pytest.approx(first.predicted_s * first.predicted_w)
    while (order := flight.choose()) is not None:
        assert order.attempt - order.spared == 1
        flight.end(order)
    assert flight.ran[1] == [(0, 16), (16, 16), (32, 16), (48, 2)]
    (report,) = flight.final()
    assert (report.state, report.rows, report.rows_done, report.attempts) == (JobState.DONE, 50, 50, 1)
    assert report.value == pytest.approx(1.6)
    assert report.energy_j == pytest.approx(flight.drawn_j)
    assert report.seconds == pytest.approx(25 * UNIT_S)
    assert report.digest == "+16+16+16+2"
    assert report.summary == pytest.approx((1.0, 0.0, 48.0, 0.5))


def test_the_first_order_on_an_input_of_unknown_length_finds_out() -> None:
    flight = Flight(mission(), job(), rows={1: 21})
    assert flight.start().rows == UNIT_ROWS
    flight = Flight(mission(), job(), rows={1: 21})
    while (order := flight.choose()) is not None:
        flight.end(order)
    assert flight.ran[1] == [(0, 2), (2, 16), (18, 3)]
    assert [report.state for report in flight.final()] == [JobState.DONE]


def test_a_short_gap_of_energy_takes_a_short_segment() -> None:
    flight = Flight(mission(), job(rows=50))
    unit_j = UNIT_S * flight.mission.payload.settings[0].watts
    order = flight.start(dataclasses.replace(WIDE, energy_j=2.5 * unit_j))
    assert order.rows == 2 * UNIT_ROWS


def test_segments_use_the_batches_of_the_table() -> None:
    flight = Flight(mission(BATCHES), job(rows=100))
    order = flight.start()
    assert (order.batch, order.inferences, order.rows) == (16, 1, 32)
    flight.end(order)
    for _ in range(2):
        flight.end(flight.start())
    assert flight.start().batch == 1, "four rows are two units"


def test_a_segment_that_fails_costs_an_attempt_and_those_done_stay_done() -> None:
    flight = Flight(mission(), job(rows=50))
    flight.end(flight.start())
    assert flight.end(flight.start(), Outcome.STOPPED) == []
    order = flight.start()
    assert (order.first_row, order.attempt - order.spared) == (16, 2)
    flight.end(order)
    (report,) = flight.end(flight.start(), Outcome.STOPPED)
    assert (report.state, report.rows_done, report.attempts) == (JobState.FAILED, 32, 2)
    assert report.energy_j + report.lost_j == pytest.approx(flight.drawn_j)


def test_a_job_goes_on_where_an_earlier_run_of_the_software_left_it() -> None:
    flight = Flight(mission(), job(rows=50))
    flight.end(flight.start())
    (checkpoint,) = flight.end(flight.start())
    again = Flight(mission())
    assert again.dispatcher.resume(0, job(rows=50), 1, checkpoint) is None
    order = again.start()
    assert (order.first_row, order.digest, order.attempt - order.spared) == (32, "+16+16", 2)
    again.end(order)
    while (next_order := again.choose()) is not None:
        again.end(next_order)
    (report,) = again.final()
    assert (report.state, report.rows_done, report.digest) == (JobState.DONE, 50, "+16+16+16+2")
    assert report.energy_j == pytest.approx(flight.drawn_j + again.drawn_j)
    assert report.seconds == pytest.approx(25 * UNIT_S)


def test_a_long_job_that_cannot_be_through_in_time_does_not_start() -> None:
    flight = Flight(mission(), job(1, 10.0, rows=50), job(2, 11.0))
    assert flight.start().job_id == 2
    assert Flight(mission(), job(1, 13.0, rows=50)).start().job_id == 1


def test_a_cancelled_long_job_ends_with_its_segment_and_says_what_it_took() -> None:
    flight = Flight(mission(), job(rows=50))
    order = flight.start()
    flight.dispatcher.cancel(0, 1)
    (report,) = flight.end(order)
    assert (report.state, report.rows_done) == (JobState.CANCELLED, 16)
    assert report.energy_j == pytest.approx(flight.drawn_j)
    assert flight.choose() is None


def test_a_full_queue_takes_back_the_job_whose_segment_is_done() -> None:
    base = mission()
    small = dataclasses.replace(base, governor=dataclasses.replace(base.governor, queue_depth=1))
    flight = Flight(small, job(rows=50))
    order = flight.start()
    assert flight.dispatcher.submit(job(2))
    (report,) = flight.end(order)
    assert report.state is JobState.RUNNING
    assert len(flight.dispatcher.queue) == 2


def test_the_backlog_counts_units_of_work() -> None:
    flight = Flight(mission(), job(1, rows=50), job(2))
    assert flight.dispatcher.queue.backlog(0)[0][1] == 26


OUTCOMES = st.sampled_from([Outcome.DONE] * 6 + list(Outcome))


@settings(max_examples=150, deadline=None)
@given(
    lengths=st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 9, 40, 200]), min_size=1, max_size=10),
    known=st.booleans(),
    batches=st.booleans(),
    outcomes=st.lists(st.lists(OUTCOMES, min_size=16, max_size=16), max_size=40),
)
def test_every_job_ends_once_every_row_is_run_once_and_every_joule_is_somebodys(
    lengths: list[int], known: bool, batches: bool, outcomes: list[list[Outcome]]
) -> None:
    """Jobs of random length, in batches and segments, with random ends."""
    rows = {number: length for number, length in enumerate(lengths, 1) if length}
    jobs = [
        job(number, 400.0 + number, rows=rows.get(number) if known else None) for number in range(1, len(lengths) + 1)
    ]
    flight = Flight(mission(BATCHES if batches else ()), *jobs, rows=rows)
    for ends in outcomes:
        order = flight.choose()
        if order is None:
            flight.second += 20.0  # the computer is given time
            continue
        flight.end(order, *ends[: len(order.parts)])
    flight.expire(10_000.0)
    flight.reports += flight.dispatcher.settle(plant(10_001.0))
    final = flight.final()
    assert sorted(report.job_id for report in final) == [item.job_id for item in jobs]
    assert not any(flight.dispatcher.knows(item.job_id) for item in jobs)
    assert sum(report.energy_j + report.lost_j for report in final) == pytest.approx(flight.drawn_j, rel=1e-6, abs=1e-6)
    for report in final:
        place = 0
        for first, count in flight.ran.get(report.job_id, []):
            assert first == place
            place += count
        if report.state is JobState.DONE:
            assert place == rows.get(report.job_id, UNIT_ROWS)


def test_a_long_job_is_judged_by_what_its_segments_take() -> None:
    base = mission(BATCHES)
    dispatcher = Dispatcher(dataclasses.replace(base, governor=dataclasses.replace(base.governor, policy="priced")))
    unit_j = UNIT_S * base.payload.settings[0].watts
    assert dispatcher.submit(job(rows=64, value=64.0))
    dear = PriceTable(
        Prices(
            time_ns=0,
            start_ns=0,
            slot_s=86_400.0,
            joule_price=(1.2 * 2.0 * 0.8 / unit_j,),
            time_price=(0.0,),
            kinds=(),
            job_price=(),
        )
    )
    choice = dispatcher.choose(0, plant(0.0), WIDE, dear, True)
    assert choice.job == job(rows=64, value=64.0) and choice.point is not None
    assert dispatcher.start(0, choice.job, choice.point).batch == 16

"""Batches of equal jobs and jobs in segments: no row is run twice or left out, and every joule is somebody's."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.govern.bundle import SEGMENT_S
from fsw.govern.dispatcher import Dispatcher
from fsw.govern.prices import PriceTable
from fsw.messages import Envelope, Job, JobReport, JobState, Outcome, Plant, Prices, WorkOrder, WorkResult
from fsw.mission import Mission, load_mission
from fsw.payload import Batch, ModelRow, Variant
from hal.clock import SECOND_NS

OWNED = load_mission("owned.toml")
IDLE_W = OWNED.payload.idle_w
UNIT_S, UNIT_ROWS = 0.5, 2
BATCHES = (Batch(size=4, work_s=1.0), Batch(size=16, work_s=2.4))
WIDE = Envelope(
    time_ns=0, run=True, power_w=100.0, energy_j=1e6, seconds=1e6, heat_j=(1e6,) * len(OWNED.payload.settings),
    cooling_w=0.0, bound_by="power",
)  # fmt: skip


def mission(batches: tuple[Batch, ...] = (), rows: int = UNIT_ROWS) -> Mission:
    """One variant at one setting, so that the policy's only choice is whether."""
    variant = Variant(name="full", work_s=UNIT_S, worth=0.8, batches=batches)
    settings = (dataclasses.replace(OWNED.payload.settings[0], speed=1.0),)
    governor = dataclasses.replace(OWNED.governor, policy="static")
    return dataclasses.replace(
        OWNED,
        payload=dataclasses.replace(OWNED.payload, settings=settings),
        models=(ModelRow(name="cloud", variants=(variant,), rows=rows), ModelRow(name="other", variants=(variant,))),
        demand=(),
        governor=governor,
    )


def job(job_id: int = 1, deadline_s: float = 1_000.0, **changes: Any) -> Job:
    base = Job(
        job_id=job_id, kind="screen", model="cloud", input_ref=f"strip-{job_id}", value=2.0, release_ns=0,
        deadline_ns=int(deadline_s * SECOND_NS),
    )  # fmt: skip
    return dataclasses.replace(base, **changes)


def plant(second: float, payload_w: float = IDLE_W) -> Plant:
    return Plant(
        time_ns=int(second * SECOND_NS), soc=0.9, worst_soc=0.895, energy_above_floor_j=70e3,
        worst_energy_above_floor_j=69e3, battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0,
        bus_power_w=21.0, worst_bus_power_w=21.0, payload_power_w=payload_w, worst_payload_power_w=6.0,
        payload_temp_c=25.0, worst_payload_temp_c=25.0, radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
    )  # fmt: skip


class Flight:
    """A dispatcher, a worker that the test speaks for, and the rows of each input that were run for good."""

    def __init__(self, mission: Mission, *jobs: Job, rows: dict[int, int] | None = None) -> None:
        self.mission, self.rows = mission, rows or {}
        self.dispatcher = Dispatcher(mission)
        self.dispatcher.settle(plant(0.0))
        self.second, self.drawn_j = 0.0, 0.0
        self.ran: dict[int, list[tuple[int, int]]] = {}
        self.reports: list[JobReport] = []
        for item in jobs:
            assert self.dispatcher.submit(item)

    def choose(self, envelope: Envelope = WIDE) -> WorkOrder | None:
        now_ns = int(self.second * SECOND_NS)
        choice = self.dispatcher.choose(now_ns, plant(self.second), envelope, None, True)
        if choice.job is None or choice.point is None:
            return None
        return self.dispatcher.start(now_ns, choice.job, choice.point)

    def start(self, envelope: Envelope = WIDE) -> WorkOrder:
        order = self.choose(envelope)
        assert order is not None
        return order

    def end(self, order: WorkOrder, *outcomes: Outcome, took_s: float | None = None) -> list[JobReport]:
        """The order ends after its predicted time, as `outcomes` for its jobs; the rail draws what was predicted."""
        took_s = order.predicted_s if took_s is None else took_s
        start_ns, self.second = int(self.second * SECOND_NS), self.second + took_s
        found = []
        parts = [*zip(order.parts, outcomes or (Outcome.DONE,) * len(order.parts), strict=True)]
        for part, outcome in [*parts[1:], parts[0]]:
            of_rows = self.rows.get(part.job_id, 0)
            rows = min(order.rows, of_rows - order.first_row) if of_rows else 0
            if outcome is Outcome.DONE:
                self.ran.setdefault(part.job_id, []).append((order.first_row, rows or order.rows))
            report = self.dispatcher.finish(
                int(self.second * SECOND_NS),
                WorkResult(
                    job_id=part.job_id, attempt=part.attempt, outcome=outcome, start_ns=start_ns,
                    end_ns=int(self.second * SECOND_NS), rows=rows, of_rows=of_rows,
                    digest=f"{order.digest}+{rows or order.rows}", summary=(1.0, 0.0, float(order.first_row), 0.5),
                ),
            )  # fmt: skip
            found += [report] if report is not None else []
        self.drawn_j += took_s * order.predicted_w
        return self._keep(found + self.dispatcher.settle(plant(self.second, IDLE_W + order.predicted_w)))

    def expire(self, second: float) -> list[JobReport]:
        self.second = second
        return self._keep(self.dispatcher.expire(int(second * SECOND_NS)))

    def _keep(self, reports: list[JobReport]) -> list[JobReport]:
        self.reports += reports
        return reports

    def final(self) -> list[JobReport]:
        return [report for report in self.reports if report.state >= JobState.DONE]


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


def test_a_long_job_is_judged_by_what_its_segments_take() -> None:
    base = mission(BATCHES)
    dispatcher = Dispatcher(dataclasses.replace(base, governor=dataclasses.replace(base.governor, policy="priced")))
    unit_j = UNIT_S * base.payload.settings[0].watts
    assert dispatcher.submit(job(rows=64, value=64.0))
    dear = priced(joule_price=1.2 * 2.0 * 0.8 / unit_j)
    choice = dispatcher.choose(0, plant(0.0), WIDE, dear, True)
    assert choice.job == job(rows=64, value=64.0) and choice.point is not None
    assert dispatcher.start(0, choice.job, choice.point).batch == 16

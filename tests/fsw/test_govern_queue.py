"""What waits, what it costs to run, and what it did cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.govern.meter import EnergyMeter
from fsw.govern.points import OperatingPoints
from fsw.govern.prices import PriceTable
from fsw.govern.queue import JobQueue
from fsw.messages import Job, Prices
from fsw.mission import load_mission
from hal.clock import SECOND_NS

MISSION = load_mission("owned.toml")


def job(job_id: int, deadline_s: float = 100.0, *, model: str = "cloud", value: float = 1.0, kind: str = "k") -> Job:
    return Job(
        job_id=job_id,
        kind=kind,
        model=model,
        input_ref="",
        value=value,
        release_ns=0,
        deadline_ns=int(deadline_s * SECOND_NS),
    )


def test_a_full_queue_refuses_the_newcomer_and_keeps_the_rest() -> None:
    queue = JobQueue(3)
    assert [queue.add(job(number)) for number in range(5)] == [True, True, True, False, False]
    assert len(queue) == 3
    assert 2 in queue and 3 not in queue
    assert queue.remove(0) is not None
    assert queue.add(job(3))


def test_a_job_is_queued_once() -> None:
    queue = JobQueue(8)
    assert queue.add(job(1, 100.0))
    assert not queue.add(job(1, 200.0, kind="other"))
    assert len(queue) == 1


def test_taking_out_what_is_not_there_gives_nothing() -> None:
    assert JobQueue(2).remove(7) is None


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["a", "b"]), st.sampled_from([1.0, 2.0])), max_size=40))
def test_candidates_are_the_earliest_of_each_sort_and_late_ones_leave(rows: list[tuple[int, str, float]]) -> None:
    queue = JobQueue(64)
    jobs = [job(number, due_s, kind=kind, value=value) for number, (due_s, kind, value) in enumerate(rows)]
    for item in jobs:
        assert queue.add(item)
    late = queue.expire(20 * SECOND_NS)
    assert sorted(item.job_id for item in late) == [item.job_id for item in jobs if item.deadline_ns <= 20 * SECOND_NS]
    left = [item for item in jobs if item.deadline_ns > 20 * SECOND_NS]
    assert len(queue) == len(left)
    found = {(item.kind, item.value): item for item in queue.candidates(0, {"cloud": 0})}
    assert len(found) == len({(item.kind, item.value) for item in left})
    for sort, first in found.items():
        assert first.deadline_ns == min(item.deadline_ns for item in left if (item.kind, item.value) == sort)


def test_a_candidate_can_still_be_met_by_its_model() -> None:
    queue = JobQueue(8)
    for number, due_s in enumerate((5.0, 15.0, 25.0)):
        queue.add(job(number, due_s))
    queue.add(job(9, 50.0, model="unknown"))
    assert [item.job_id for item in queue.candidates(0, {"cloud": 10 * SECOND_NS})] == [1]
    assert queue.candidates(0, {"cloud": 60 * SECOND_NS}) == []


def test_backlog_counts_by_kind_and_says_when_the_last_is_due() -> None:
    queue = JobQueue(8)
    queue.add(job(1, 30.0, kind="a"))
    queue.add(job(2, 90.0, kind="a", value=2.0))
    queue.add(job(3, 50.0, kind="b"))
    assert {kind: (count, last_s) for kind, count, last_s in queue.backlog(10 * SECOND_NS)} == {
        "a": (2, 80.0),
        "b": (1, 40.0),
    }
    for number in (1, 2):
        queue.remove(number)
    assert [kind for kind, _, _ in queue.backlog(0)] == ["b"]


def test_a_thousand_values_leave_nothing_behind() -> None:
    """Values are free numbers that the ground chooses: the queue must not remember each it ever saw."""
    queue = JobQueue(4)
    for number in range(1000):
        queue.add(job(number, value=number + 0.5))
        queue.remove(number) if number % 2 else queue.expire(10**15)
    assert not queue._sorts
    assert not queue._ids


def test_points_start_from_the_table_and_run_faster_at_higher_settings() -> None:
    points = OperatingPoints(MISSION)
    for row in MISSION.models:
        table = points.of(row.name)
        assert len(table) == len(row.variants) * len(MISSION.payload.settings)
        best = [point for point in table if point.rank == 0]
        assert [point.seconds for point in best] == sorted((point.seconds for point in best), reverse=True)
        assert points.quickest_s(row.name) == min(point.seconds for point in table)
    assert points.of("no such model") == []


def test_a_point_learns_what_is_measured_and_its_watts_say_nothing_of_other_settings() -> None:
    points = OperatingPoints(MISSION)
    point, other = points.of("cloud")[:2]
    seconds, watts, others_w = point.seconds, point.watts, other.watts
    for _ in range(60):
        points.learn(point, 1.3 * seconds, 1.3 * seconds * 0.8 * watts)
    assert point.seconds == pytest.approx(1.3 * seconds, rel=0.01)
    assert point.watts == pytest.approx(0.8 * watts, rel=0.01)
    assert other.watts == others_w


@pytest.mark.parametrize(("seconds", "joules"), [(0.0, 10.0), (-1.0, 10.0), (1.0, 0.0), (1e9, 1e12), (1e-9, 1e9)])
def test_one_absurd_measurement_barely_moves_a_point(seconds: float, joules: float) -> None:
    points = OperatingPoints(MISSION)
    point = points.of("cloud")[0]
    before = (point.seconds, point.watts)
    points.learn(point, seconds, joules)
    assert (point.seconds, point.watts) == pytest.approx(before, rel=0.11)
    assert point.seconds > 0.0 and point.watts > 0.0


def metered(meter: EnergyMeter, *samples: tuple[float, float | None]) -> dict[int, tuple[float, bool]]:
    """Joules by job, and whether they were sampled, of the runs that ended within (second, watts) samples."""
    done = [run for second, watts in samples for run in meter.sample(int(second * SECOND_NS), watts)]
    return {run.job_id: (run.joules, run.sampled) for run in done}


def test_a_job_is_charged_the_rail_above_idle() -> None:
    meter = EnergyMeter(6.0, 58.0)
    meter.sample(0, 6.0)
    meter.start(1, 0, 20.0)
    meter.end(1, 3 * SECOND_NS)
    assert metered(meter, (1, 26.0), (2, 28.0), (3, 30.0)) == {1: (pytest.approx(66.0), True)}


def test_jobs_that_share_a_sample_share_its_energy_by_what_was_expected_of_them() -> None:
    meter = EnergyMeter(6.0, 58.0)
    meter.sample(0, 6.0)
    meter.start(1, 0, 10.0)
    meter.end(1, SECOND_NS // 2)
    meter.start(2, SECOND_NS // 2, 30.0)
    meter.end(2, SECOND_NS)
    joules = {key: value for key, (value, _) in metered(meter, (1, 46.0)).items()}
    assert joules == pytest.approx({1: 10.0, 2: 30.0})


def test_without_a_reading_the_prediction_is_charged_and_marked() -> None:
    meter = EnergyMeter(6.0, 58.0)
    meter.sample(0, 6.0)
    meter.start(1, 0, 20.0)
    meter.end(1, 2 * SECOND_NS)
    assert metered(meter, (1, 31.0), (2, None)) == {1: (pytest.approx(45.0), False)}


def test_a_run_is_complete_only_with_a_sample_after_its_end() -> None:
    meter = EnergyMeter(6.0, 58.0)
    meter.sample(0, 6.0)
    meter.start(1, 0, 20.0)
    meter.end(1, int(1.5 * SECOND_NS))
    assert metered(meter, (1, 26.0)) == {}
    assert metered(meter, (2, 16.0)) == {1: (pytest.approx(30.0), True)}


def test_a_rail_below_idle_never_gives_negative_energy() -> None:
    meter = EnergyMeter(6.0, 58.0)
    meter.sample(0, 6.0)
    meter.start(1, 0, 20.0)
    meter.end(1, SECOND_NS)
    assert metered(meter, (1, 2.0)) == {1: (0.0, True)}


def test_idle_draw_is_learnt_at_rest_and_a_latchup_is_not_idle() -> None:
    meter = EnergyMeter(6.0, 58.0)
    for second in range(400):
        meter.sample(second * SECOND_NS, 7.0)
    assert meter.idle_w == pytest.approx(7.0, abs=0.05)
    for second in range(400, 800):
        meter.sample(second * SECOND_NS, 19.0)
    assert meter.idle_w == pytest.approx(7.0, abs=0.05)


def test_a_counter_knows_what_was_drawn_between_two_samples() -> None:
    """The sampled power shows one moment; the counter has the second in between, wherever it was drawn."""
    meter = EnergyMeter(6.0, 58.0)
    meter.sample(0, 6.0, 100.0)
    run = meter.start(1, 0, 20.0)
    meter.end(1, 2 * SECOND_NS)
    meter.sample(SECOND_NS, 6.0, 131.0)
    assert meter.sample(2 * SECOND_NS, None, 157.0) == [run]
    assert run.joules == pytest.approx(57.0 - 12.0)
    assert (run.source, run.sampled) == ("counter", True)
    assert run.variance**0.5 < 0.005 * 58.0


@pytest.mark.parametrize(
    ("counts", "source"), [((None, 20.0), "sampled"), ((10.0, 5.0), "sampled"), ((10.0, 1e6), "sampled")]
)
def test_a_counter_that_is_silent_or_began_anew_leaves_it_to_the_samples(
    counts: tuple[float | None, float], source: str
) -> None:
    meter = EnergyMeter(6.0, 58.0)
    meter.sample(0, 6.0, counts[0])
    run = meter.start(1, 0, 20.0)
    meter.end(1, SECOND_NS)
    meter.sample(SECOND_NS, 26.0, counts[1])
    assert (run.joules, run.source) == (pytest.approx(20.0), source)


PRICES = Prices(
    time_ns=0,
    start_ns=100 * SECOND_NS,
    slot_s=10.0,
    joule_price=(1.0, 2.0, 4.0),
    time_price=(0.5, 0.0, 0.0),
    kinds=("k",),
    job_price=((7.0, 8.0, 9.0),),
)


def test_prices_hold_from_their_start_to_the_end_of_their_last_slot() -> None:
    table = PriceTable(PRICES)
    assert [table.covers(int(at * SECOND_NS)) for at in (99.9, 100.0, 129.9, 130.0)] == [False, True, True, False]
    assert table.joule_price(111 * SECOND_NS) == 2.0
    assert table.time_price(101 * SECOND_NS) == 0.5
    assert table.job_price("k", 125 * SECOND_NS) == 9.0
    assert table.job_price("not planned", 125 * SECOND_NS) == 0.0


@given(start_s=st.floats(0.0, 29.0), seconds=st.floats(0.0, 60.0), watts=st.floats(0.0, 60.0))
def test_the_cost_of_a_job_is_the_integral_of_the_prices_under_it(start_s: float, seconds: float, watts: float) -> None:
    """The last slot's price holds for what runs beyond the plan."""
    steps = 4000
    total = 0.0
    for index in range(steps):
        slot = min(2, int((start_s + (index + 0.5) * seconds / steps) / 10.0))
        total += (watts * PRICES.joule_price[slot] + PRICES.time_price[slot]) * seconds / steps
    cost = PriceTable(PRICES).cost(int((100.0 + start_s) * SECOND_NS), seconds, watts)
    assert cost == pytest.approx(total, rel=2e-3, abs=1e-6 + 240.0 * seconds / steps)

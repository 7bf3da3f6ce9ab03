"""Every policy stays inside the envelope; the priced one weighs energy, time and waiting."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.govern.points import OperatingPoints
from fsw.govern.policies import POLICIES, Choice, Situation
from fsw.govern.prices import PriceTable
from fsw.messages import Envelope, Job, Plant, Prices
from fsw.mission import POLICIES as NAMED_POLICIES
from fsw.mission import Mission, load_mission
from hal.clock import SECOND_NS

MISSION = load_mission("owned.toml")
POINTS = OperatingPoints(MISSION)
SETTINGS = MISSION.payload.settings
PLANT = Plant(
    time_ns=0, soc=0.9, worst_soc=0.895, energy_above_floor_j=70e3, worst_energy_above_floor_j=69e3,
    battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0, bus_power_w=21.0, worst_bus_power_w=21.0,
    payload_power_w=6.0, worst_payload_power_w=6.0, payload_temp_c=25.0, worst_payload_temp_c=25.0,
    radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
)  # fmt: skip
WIDE = Envelope(
    time_ns=0, run=True, power_w=100.0, energy_j=1e6, seconds=1e6, heat_j=(1e6,) * len(SETTINGS), cooling_w=0.0,
    bound_by="power",
)  # fmt: skip


def mission(**governor: Any) -> Mission:
    return dataclasses.replace(MISSION, governor=dataclasses.replace(MISSION.governor, **governor))


def job(job_id: int = 1, deadline_s: float = 5_000.0, **changes: Any) -> Job:
    base = Job(
        job_id=job_id,
        kind="screen",
        model="cloud",
        input_ref="",
        value=1.0,
        release_ns=0,
        deadline_ns=int(deadline_s * SECOND_NS),
    )
    return dataclasses.replace(base, **changes)


def prices(joule: float = 0.0, second: float = 0.0, kept: float = 0.0, slots: int = 100) -> PriceTable:
    return PriceTable(
        Prices(
            time_ns=0,
            start_ns=0,
            slot_s=120.0,
            joule_price=(joule,) * slots,
            time_price=(second,) * slots,
            kinds=("screen",),
            job_price=((kept,) * slots,),
        )
    )


def situation(
    table: PriceTable | None = None, now_s: float = 0.0, soc: float | None = 0.9, spent_j: float = 0.0, **envelope: Any
) -> Situation:
    return Situation(
        now_ns=int(now_s * SECOND_NS),
        plant=dataclasses.replace(PLANT, soc=soc),
        envelope=dataclasses.replace(WIDE, **envelope),
        spent_j=spent_j,
        prices=table,
        sunlit=True,
    )


def choose(now: Situation, *jobs: Job, policy: str = "priced") -> Choice:
    return POLICIES[policy](MISSION).choose(now, list(jobs), POINTS)


def losing(rate_hz: float, slots: int = 100) -> PriceTable:
    zero = (0.0,) * slots
    rates = (rate_hz,) * (slots // 2) + (0.0,) * (slots - slots // 2)
    return PriceTable(
        Prices(
            time_ns=0, start_ns=0, slot_s=120.0, joule_price=zero, time_price=zero, kinds=("detect",),
            job_price=((0.0,) * slots,), loss_rate_hz=rates,
        )
    )  # fmt: skip


def test_where_radiation_ends_jobs_a_short_one_is_worth_more_than_a_good_one() -> None:
    image = job(kind="detect", model="water", value=7.0)
    calm, rough = choose(situation(losing(0.0)), image), choose(situation(losing(0.05)), image)
    assert calm.point is not None and rough.point is not None
    assert (calm.point.variant, rough.point.variant) == ("full", "small")
    later = choose(situation(losing(0.05), now_s=7_000.0), job(kind="detect", model="water", deadline_s=9_000.0))
    assert later.point is not None and later.point.variant == "full"


def test_a_mission_may_name_every_policy_and_no_other() -> None:
    assert set(NAMED_POLICIES) == set(POLICIES)


envelopes = st.builds(
    dict,
    power_w=st.floats(0.0, 60.0),
    energy_j=st.floats(0.0, 3_000.0),
    seconds=st.floats(0.0, 100.0),
    heat_j=st.tuples(*[st.floats(0.0, 3_000.0)] * len(SETTINGS)),
    cooling_w=st.floats(0.0, 20.0),
)


@given(envelopes, st.sampled_from(sorted(POLICIES)), st.floats(1.0, 200.0), st.sampled_from([None, 5.0, 500.0]))
def test_no_policy_ever_leaves_the_envelope(
    envelope: dict[str, Any], policy: str, deadline_s: float, cap_j: float | None
) -> None:
    now = situation(prices(1e-5), spent_j=20.0, **envelope)
    jobs = [job(1, deadline_s, energy_cap_j=cap_j), job(2, deadline_s, model="water", value=7.0)]
    choice = choose(now, *jobs, policy=policy)
    if choice.job is None or choice.point is None:
        assert choice.because.startswith("refused")
        return
    point, bound = choice.point, now.envelope
    assert point.watts <= bound.power_w
    assert point.joules + 20.0 <= bound.energy_j
    assert point.seconds <= min(bound.seconds, choice.job.deadline_ns / SECOND_NS)
    assert (point.watts - bound.cooling_w) * point.seconds <= bound.heat_j[point.setting_index]
    assert choice.job.energy_cap_j is None or point.joules <= choice.job.energy_cap_j
    assert choice.because.startswith("admitted")


@pytest.mark.parametrize(
    ("bound", "word"),
    [
        ({"power_w": 1.0}, "power"),
        ({"energy_j": 1e-3}, "energy"),
        ({"heat_j": (0.0,) * len(SETTINGS)}, "temperature"),
        ({"seconds": 1e-3}, "allocation time"),
    ],
)
@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_a_refusal_names_the_bound_that_forbade_it(bound: dict[str, Any], word: str, policy: str) -> None:
    choice = choose(situation(prices(), **bound), job(), policy=policy)
    assert choice.job is None
    assert choice.because == f"refused: guard: {word}"


def test_free_energy_and_time_buy_the_best_variant() -> None:
    choice = choose(situation(prices()), job())
    assert choice.point is not None and choice.point.worth == 1.0


def test_dear_energy_buys_a_leaner_point_and_dearer_energy_none() -> None:
    joules = []
    for price in (0.0, 0.02, 0.05):
        choice = choose(situation(prices(joule=price)), job())
        joules.append(choice.point.joules if choice.point else 0.0)
    assert joules == sorted(joules, reverse=True)
    assert joules[0] > joules[-1]
    assert choose(situation(prices(joule=2.0)), job()).job is None


def test_dear_time_buys_a_faster_setting() -> None:
    cheap, dear = (choose(situation(prices(joule=0.001, second=price)), job()) for price in (0.0, 0.3))
    assert cheap.point is not None and dear.point is not None
    assert dear.point.seconds < cheap.point.seconds


def test_a_job_that_is_worth_more_later_waits() -> None:
    assert choose(situation(prices(kept=0.0)), job()).job is not None
    assert choose(situation(prices(kept=1.5)), job()).job is None


def test_what_is_due_first_goes_first_unless_it_is_not_worth_its_price() -> None:
    early, late = job(1, 400.0), job(2, 900.0)
    assert choose(situation(prices()), late, early).job is early
    poor = dataclasses.replace(early, value=1e-6)
    assert choose(situation(prices(joule=0.01)), late, poor).job is late


def test_a_job_that_would_outlast_anothers_deadline_takes_a_point_that_does_not() -> None:
    """At a price the digest takes a thrifty, slow point; beside a screen due meanwhile, one that ends before."""
    digest, screen = job(1, 900.0, kind="digest", model="telemetry-anomaly", value=20.0), job(2, 950.0)
    alone = choose(situation(prices(joule=0.002)), digest)
    due = dataclasses.replace(screen, deadline_ns=int(300.0 * SECOND_NS))
    table = prices(joule=0.002, kept=5.0)
    beside = choose(situation(table), digest, due)
    assert alone.point is not None and alone.point.seconds > 300.0
    assert beside.job is None or beside.point is None or beside.job is due or beside.point.seconds < 300.0


def test_a_job_so_long_that_others_come_and_lapse_meanwhile_pays_for_them() -> None:
    """Screens come five a minute and keep eight minutes: at a price each, the digest takes a faster point."""
    digest = job(1, 9_000.0, kind="digest", model="telemetry-anomaly", value=20.0)
    free, dear = (choose(situation(prices(joule=0.001, kept=kept)), digest) for kept in (0.0, 0.9))
    assert free.point is not None and dear.point is not None
    assert dear.point.seconds < free.point.seconds


def test_an_early_job_that_nothing_can_meet_does_not_block_the_next() -> None:
    assert choose(situation(prices()), job(1, 1e-3), job(2, 900.0)).job == job(2, 900.0)


def test_without_valid_prices_the_hysteresis_ladder_decides() -> None:
    for table in (None, prices(joule=1e6, slots=1)):
        choice = choose(situation(table, now_s=500.0), job())
        ladder = choose(situation(now_s=500.0), job(), policy="hysteresis")
        assert choice.job is not None
        assert choice.because == ladder.because


def test_the_ladder_sheds_with_charge_and_takes_up_again_later_than_it_shed() -> None:
    assert MISSION.battery is not None
    floor = MISSION.battery.floor_soc
    ladder = POLICIES["hysteresis"](MISSION)
    drawn = []
    for share in (0.9, 0.7, 0.5, 0.3, 0.2, 0.35, 0.45, 0.8, 0.9):
        soc = floor + share * (1.0 - floor)
        choice = ladder.choose(situation(soc=soc), [job()], POINTS)
        drawn.append(choice.point.watts if choice.point else 0.0)
    high, middle = drawn[0], drawn[2]
    assert high == SETTINGS[-1].watts > middle > 0.0
    assert drawn == [high, high, middle, middle, 0.0, 0.0, middle, middle, high]


def test_the_ladder_takes_the_middle_where_there_is_no_battery() -> None:
    choice = choose(situation(soc=None), job(), policy="hysteresis")
    assert choice.point is not None
    assert choice.point.watts < SETTINGS[-1].watts


def test_the_static_policy_keeps_its_point_and_its_duty() -> None:
    policy = POLICIES["static"](mission(static_variant=1, static_setting=2, static_duty=0.5))
    first = policy.choose(situation(), [job()], POINTS)
    assert first.point is not None
    assert (first.point.rank, first.point.setting_index) == (1, 2)
    rest_s = first.point.seconds / 0.5
    assert policy.choose(situation(now_s=0.9 * rest_s), [job(2)], POINTS).because == "refused: duty"
    assert policy.choose(situation(now_s=1.01 * rest_s), [job(2)], POINTS).job is not None


def test_a_static_rank_beyond_a_models_variants_takes_its_last() -> None:
    policy = POLICIES["static"](mission(static_variant=99, static_setting=0))
    choice = policy.choose(situation(), [job()], POINTS)
    assert choice.point is not None
    assert choice.point.rank == max(point.rank for point in POINTS.of("cloud"))

"""The planner's prices follow the physics: scarce joules cost, plentiful ones do not, full time does."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.govern.forecast import Forecaster
from fsw.govern.menu import Menu
from fsw.govern.plan import Forecast, Start, solve
from fsw.govern.programme import INFINITY, Change, Programme
from fsw.messages import Backlog, Plant, Prices
from fsw.mission import Mission, load_mission
from hal.clock import SECOND_NS, OnboardTime

MISSION, HOSTED = load_mission("owned.toml"), load_mission("hosted.toml")
MENU = Menu(MISSION)
SLOT_S = MISSION.governor.slot_s
SLOTS, SUNLIT = 40, 24  # 48 minutes of sun, then half an hour of night
assert MISSION.battery is not None
SPAN_J = MISSION.battery.energy_above_floor_j(1.0)
PLANT_0 = Plant(
    time_ns=0, soc=0.8, worst_soc=0.795, energy_above_floor_j=35e3, worst_energy_above_floor_j=34e3,
    battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0, bus_power_w=21.0, worst_bus_power_w=21.0,
    payload_power_w=6.0, worst_payload_power_w=6.0, payload_temp_c=25.0, worst_payload_temp_c=25.0,
    radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
)  # fmt: skip


def forecast(harvest_w: float = 70.0, sunlit: int = SUNLIT, surroundings_w: float = 0.0) -> Forecast:
    share = np.where(np.arange(SLOTS) < sunlit, 1.0, 0.0)
    return Forecast(harvest_w=harvest_w * share, surroundings_w=np.full(SLOTS, surroundings_w), sun_share=share)


def start(**changes: float) -> Start:
    base = Start(
        now_ns=0,
        slot_s=SLOT_S,
        energy_j=0.3 * SPAN_J,
        span_j=SPAN_J,
        temp_c=15.0,
        end_price_per_j=0.0,
        housekeeping_w=22.0,
        charge_efficiency=0.95,
        reserve_j=0.0,
    )
    return dataclasses.replace(base, **changes)  # type: ignore[arg-type]


def busy(mission: Mission = MISSION, factor: float = 1.0) -> Mission:
    """The mission with so many times its demand."""
    rows = tuple(
        dataclasses.replace(
            row, per_minute_sun=factor * row.per_minute_sun, per_minute_dark=factor * row.per_minute_dark
        )
        for row in mission.demand
    )
    return dataclasses.replace(mission, demand=rows)


def solved(
    mission: Mission = MISSION,
    begin: Start | None = None,
    ahead: Forecast | None = None,
    backlog: Backlog | None = None,
) -> Prices:
    prices, _ = solve(mission, MENU, begin or start(), ahead or forecast(), backlog)
    assert prices is not None
    everything = [*prices.joule_price, *prices.time_price, *(price for row in prices.job_price for price in row)]
    assert all(math.isfinite(price) and price >= 0.0 for price in everything)
    assert len(prices.joule_price) == len(prices.time_price) == SLOTS
    assert [len(row) for row in prices.job_price] == [SLOTS] * len(mission.demand)
    return prices


def test_scarce_energy_has_a_price_and_rises_towards_the_night() -> None:
    """A joule stored by day loses a share in the battery: in the dark it is worth more than it was in the sun."""
    prices = solved(busy(factor=3.0), start(energy_j=0.05 * SPAN_J), forecast(harvest_w=40.0))
    sun, dark = prices.joule_price[:SUNLIT], prices.joule_price[SUNLIT:]
    assert min(prices.joule_price) > 0.0
    assert min(dark) >= max(sun) - 1e-9
    assert max(dark) >= max(sun) / 0.95 * (1.0 - 1e-6)


def test_abundance_is_free() -> None:
    prices = solved(busy(factor=0.01), start(energy_j=SPAN_J), forecast(harvest_w=300.0))
    assert max(prices.joule_price) == pytest.approx(0.0, abs=1e-9)
    assert max(prices.time_price) == pytest.approx(0.0, abs=1e-9)


def test_jobs_are_kept_for_where_radiation_spares_them() -> None:
    rough = np.where(np.arange(SLOTS) < SLOTS // 2, 0.02, 0.0)
    calm, zone = solved(), solved(ahead=dataclasses.replace(forecast(), loss_rate_hz=rough))
    assert (calm.loss_rate_hz, zone.loss_rate_hz) == ((), tuple(rough.tolist()))
    early = slice(0, SLOTS // 4)
    assert sum(zone.joule_price[early]) < sum(calm.joule_price[early])  # what may be lost is worth less
    assert sum(zone.joule_price) > sum(calm.joule_price)  # and afterwards more wants to be done
    assert solved(ahead=dataclasses.replace(forecast(), loss_rate_hz=0.0 * rough)).joule_price == calm.joule_price


def test_less_sun_never_makes_a_joule_cheaper() -> None:
    means = [np.mean(solved(ahead=forecast(harvest_w=watts)).joule_price) for watts in (120.0, 60.0, 45.0, 30.0)]
    assert means == sorted(means)
    assert means[-1] > means[0]


def test_full_time_has_a_price_where_energy_has_none() -> None:
    prices = solved(busy(factor=40.0), start(energy_j=SPAN_J), forecast(harvest_w=400.0, sunlit=SLOTS))
    assert min(prices.time_price) > 0.0


def test_heat_prices_joules_where_the_battery_is_full() -> None:
    """Sun and battery to spare, but a warm radiator that can shed little more."""
    cool = solved(busy(factor=3.0), start(energy_j=SPAN_J), forecast(300.0, SLOTS))
    warm = solved(busy(factor=3.0), start(energy_j=SPAN_J, temp_c=41.0), forecast(300.0, SLOTS, surroundings_w=18.0))
    assert sum(warm.joule_price) > sum(cool.joule_price)
    assert warm.joule_price[0] > 0.0


def test_what_waits_has_a_price_when_there_is_more_of_it_than_can_be_run() -> None:
    """With demand to spare, keeping a job gains nothing; with too little of it each job left is worth something."""
    scarce = solved(busy(factor=0.01), start(energy_j=SPAN_J), forecast(harvest_w=300.0))
    assert max(max(row) for row in scarce.job_price) > 0.0
    flooded = solved(busy(factor=1000.0))
    for row in flooded.job_price:
        assert np.mean(row) < np.mean(scarce.job_price[flooded.job_price.index(row)])


def test_a_backlog_raises_the_price_of_energy() -> None:
    backlog = Backlog(time_ns=0, counts=((MISSION.demand[1].kind, 300, 3_000.0),))
    assert sum(solved(backlog=backlog).joule_price) > sum(solved().joule_price)


@pytest.mark.parametrize(
    "begin",
    [
        start(energy_j=-30e3),
        start(temp_c=70.0),
        start(energy_j=-30e3, temp_c=70.0),
        start(energy_j=5.0 * SPAN_J),
        start(temp_c=-60.0),
        start(housekeeping_w=500.0),
    ],
)
def test_a_start_outside_every_limit_still_gets_prices(begin: Start) -> None:
    solved(begin=begin)


def test_below_the_floor_and_over_the_ceiling_a_joule_costs_more_than_any_job_earns() -> None:
    dearest = max(row.value * each.worth / each.joules for row in MISSION.demand for each in MENU.of(row))
    broke = solved(begin=start(energy_j=0.0, housekeeping_w=60.0), ahead=forecast(0.0, 0))
    assert min(broke.joule_price) > dearest
    assert solved(begin=start(temp_c=70.0)).joule_price[0] > dearest


@settings(max_examples=12)
@given(
    share=st.floats(-0.5, 1.5),
    temp_c=st.floats(-30.0, 60.0),
    harvest_w=st.floats(0.0, 120.0),
    sunlit=st.integers(0, SLOTS),
    end_price=st.floats(0.0, 0.05),
)
def test_prices_are_finite_for_any_start(
    share: float, temp_c: float, harvest_w: float, sunlit: int, end_price: float
) -> None:
    solved(begin=start(energy_j=share * SPAN_J, temp_c=temp_c, end_price_per_j=end_price),
           ahead=forecast(harvest_w, sunlit))  # fmt: skip


def test_one_problem_has_one_answer() -> None:
    assert solved() == solved()


def test_a_guest_has_prices_from_its_grant_alone() -> None:
    begin = start(energy_j=0.0, span_j=0.0, charge_efficiency=1.0, housekeeping_w=HOSTED.payload.idle_w)
    tight, wide = (
        solved(busy(HOSTED, 3.0), begin, dataclasses.replace(forecast(), harvest_w=np.full(SLOTS, watts)))
        for watts in (10.0, 500.0)
    )
    assert min(tight.joule_price) > 0.0
    assert sum(wide.joule_price) < sum(tight.joule_price)


TIME = OnboardTime(tai_at_zero_ns=MISSION.epoch_tai_ns())


def test_the_forecast_has_night_where_the_ephemeris_has_it() -> None:
    forecaster = Forecaster(MISSION, TIME)
    ephemeris = MISSION.ephemeris()
    assert ephemeris is not None and MISSION.array is not None
    slots = int(forecaster.period_s / SLOT_S)
    ahead = forecaster.ahead(0, slots, SLOT_S)
    dark_s = float(np.sum(1.0 - ahead.sun_share)) * SLOT_S
    assert dark_s == pytest.approx(ephemeris.dark_s(TIME.tai_at_zero_ns / SECOND_NS), abs=SLOT_S)
    assert ahead.harvest_w[ahead.sun_share == 0.0].max() == 0.0
    assert 0.8 * MISSION.array.power_w < ahead.harvest_w.max() < 1.1 * MISSION.array.power_w
    assert (ahead.surroundings_w[0] > ahead.surroundings_w.min()) == (ahead.sun_share[0] > 0.0)


def test_the_forecast_starts_now() -> None:
    """Sunset comes nearer by as much as time goes on."""
    forecaster = Forecaster(MISSION, TIME)
    now, later = (forecaster.ahead(second * SECOND_NS, 60, SLOT_S).sun_share for second in (0, int(10 * SLOT_S)))
    assert now[10:].tolist() == pytest.approx(later[:50].tolist(), abs=0.13)


def test_a_weak_array_is_learnt_in_full_sun_and_not_at_the_charge_limit_or_in_the_dark() -> None:
    forecaster = Forecaster(MISSION, TIME)
    ephemeris = MISSION.ephemeris()
    assert ephemeris is not None and MISSION.array is not None
    tai_s = TIME.tai_at_zero_ns / SECOND_NS
    sunny_ns = int((ephemeris.until_sunrise_s(tai_s) + 120.0) * SECOND_NS)
    dark_ns = sunny_ns + int((ephemeris.until_sunset_s(tai_s + sunny_ns / SECOND_NS) + 60.0) * SECOND_NS)
    before = forecaster.array_factor
    weak = dataclasses.replace(PLANT_0, time_ns=sunny_ns, array_power_w=0.5 * MISSION.array.power_w)
    for plant in (
        dataclasses.replace(weak, soc=0.99),
        dataclasses.replace(weak, time_ns=dark_ns, array_power_w=0.0),
        dataclasses.replace(weak, array_power_w=None),
    ):
        forecaster.learn(plant)
        assert forecaster.array_factor == before
    for _ in range(500):
        forecaster.learn(weak)
    assert forecaster.array_factor == pytest.approx(0.5 * ephemeris.distance_au**2, rel=0.02)


def test_one_odd_array_reading_barely_moves_the_forecast() -> None:
    forecaster = Forecaster(MISSION, TIME)
    before = forecaster.array_factor
    forecaster.learn(dataclasses.replace(PLANT_0, array_power_w=1e6))
    assert forecaster.array_factor == pytest.approx(before, abs=0.05)


def test_a_payload_that_is_told_no_orbit_plans_for_even_light() -> None:
    forecaster = Forecaster(HOSTED, TIME)
    assert forecaster.ahead(0, 5, SLOT_S).sun_share.tolist() == [1.0] * 5
    assert forecaster.ahead(0, 5, SLOT_S).harvest_w.tolist() == [0.0] * 5


def test_what_must_be_left_at_the_horizons_end_makes_joules_dearer() -> None:
    """In the shadow until the end, the reserve can only come out of the work before it."""
    free = solved(busy(factor=3.0), start(energy_j=0.5 * SPAN_J))
    kept = solved(busy(factor=3.0), start(energy_j=0.5 * SPAN_J, reserve_j=0.4 * SPAN_J))
    assert sum(kept.joule_price) > 1.05 * sum(free.joule_price)


def test_with_all_else_equal_work_is_worth_more_sooner() -> None:
    prices = solved(busy(factor=0.05), start(energy_j=SPAN_J), forecast(harvest_w=300.0, sunlit=SLOTS))
    for row in prices.job_price:
        assert row[0] >= row[-1]


def test_the_radio_is_a_load_that_is_known() -> None:
    quiet = Forecaster(MISSION, TIME).ahead(0, 60, SLOT_S).harvest_w
    stations = tuple(dataclasses.replace(station, radio_w=20.0) for station in MISSION.station)
    loud = Forecaster(dataclasses.replace(MISSION, station=stations), TIME).ahead(0, 60, SLOT_S).harvest_w
    passes = MISSION.passes()
    assert passes is not None
    start_s = TIME.tai_at_zero_ns / SECOND_NS
    seen_s = sum(row.shared_s(start_s, start_s + 60 * SLOT_S) for row in passes.between(start_s, start_s + 60 * SLOT_S))
    assert seen_s > 300.0
    assert float(np.sum(quiet - loud)) * SLOT_S == pytest.approx(20.0 * seen_s)
    assert float(np.max(quiet - loud)) <= 20.0 + 1e-9


def test_prices_are_the_mean_of_more_and_of_fewer_arrivals_than_expected() -> None:
    """Where one programme's price jumps from nothing to a kink, the mean has what is between."""
    begin, ahead = start(energy_j=SPAN_J), forecast(harvest_w=300.0, sunlit=SLOTS)
    factors = np.geomspace(0.2, 5.0, 24)
    means = [float(np.mean(solved(busy(factor=factor), begin, ahead).time_price)) for factor in factors]
    steps = np.diff(means)
    assert means[0] == pytest.approx(0.0, abs=1e-9) and means[-1] > 0.0
    assert min(steps) > -0.1 * max(means)
    assert max(steps) < 0.5 * max(means)


def test_a_variation_without_an_optimum_is_left_out() -> None:
    programme = Programme()
    work = programme.columns(np.array([-1.0]), upper=5.0)
    rows = programme.rows(np.array([-INFINITY]), np.array([3.0]))
    programme.put(rows, work, 1.0)
    impossible = Change(work, np.array([5.0]), rows, np.array([-1.0]))
    plenty = Change(work, np.array([5.0]), rows, np.array([9.0]))
    alone, misled, mean = (programme.row_prices(*changes) for changes in ((), (impossible,), (plenty,)))
    assert alone is not None and misled is not None and mean is not None
    assert misled.tolist() == alone.tolist() == [-1.0]
    assert mean.tolist() == [-0.5]

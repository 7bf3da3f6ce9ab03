"""The planner as a service: when it plans and with what, how long it takes, and what it leaves behind."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import BACKLOG, EVENT, HOST, PLANT, POINTS, PRICES
from fsw.govern.delay import SolverDelay
from fsw.govern.forecast import Forecaster
from fsw.govern.menu import Menu
from fsw.govern.plan import columns_a_slot, solve
from fsw.govern.planner import MOST_COLUMNS, PlanService
from fsw.govern.table import SavedPrices
from fsw.messages import Allocation, Backlog, HostStatus, LearntPoint, LearntPoints, Prices
from fsw.mission import Mission
from fsw.payload import Batch
from fsw.store.state import NamedState
from hal.clock import SECOND_NS
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason
from tests.fsw.test_govern_plan import HOSTED, MENU, MISSION, PLANT_0, TIME, busy, forecast, start


class Planner:
    """The service on a bus."""

    def __init__(self, mission: Mission) -> None:
        self.bus = MemoryBus()
        self._prices = self.bus.subscribe(PRICES, "test")
        self.events = self.bus.subscribe(EVENT, "test")
        self.service = PlanService(self.bus, mission, TIME)

    def fly(self, seconds: range, host: HostStatus | None = None) -> list[Prices]:
        for second in seconds:
            self.bus.publish(PLANT, dataclasses.replace(PLANT_0, time_ns=second * SECOND_NS))
            if host is not None:
                self.bus.publish(HOST, host)
            self.service.step(second * SECOND_NS)
        return self._prices.drain()


def test_plans_come_at_their_interval_and_cover_the_time_to_the_next() -> None:
    plans = Planner(MISSION).fly(range(0, 1_000, 10))
    starts_s = [plan.start_ns / SECOND_NS for plan in plans]
    assert starts_s[0] <= 30.0
    gaps = np.diff(starts_s)
    assert gaps.min() == gaps.max() == MISSION.governor.replan_s
    assert all(len(plan.joule_price) * plan.slot_s > 2.0 * MISSION.governor.replan_s for plan in plans)


def test_without_a_plant_there_is_no_plan() -> None:
    planner = Planner(MISSION)
    planner.service.step(100 * SECOND_NS)
    assert planner.fly(range(0)) == []


def test_a_new_grant_is_planned_at_once_and_less_power_is_dearer() -> None:
    planner = Planner(HOSTED)
    planner.bus.publish(BACKLOG, Backlog(time_ns=0, counts=((HOSTED.demand[1].kind, 200, 3_000.0),)))
    rich = Allocation(from_ns=0, until_ns=10**13, mean_w=60.0, peak_w=70.0, energy_j=1e6)
    host = HostStatus(time_ns=0, heartbeat_ns=0, allocation=rich)
    before = planner.fly(range(0, 60, 10), host)
    poor = dataclasses.replace(host, allocation=dataclasses.replace(rich, mean_w=12.0))
    after = planner.fly(range(60, 70, 10), poor)
    assert before and len(after) == 1
    assert np.mean(after[0].joule_price) > np.mean(before[-1].joule_price)


class Flown(Planner):
    """The service with what a composition may give it."""

    def __init__(self, mission: Mission = MISSION, **given: Any) -> None:
        super().__init__(mission)
        self.service = PlanService(self.bus, mission, TIME, **given)


def test_a_modelled_solver_takes_its_time_and_the_prices_say_when_they_were_asked_for() -> None:
    delay = SolverDelay(base_s=3.0, column_s=1e-3)
    slow = Flown(delay=delay)
    at_once, later = Flown().fly(range(20)), slow.fly(range(12))
    assert len(at_once) == 1 and later == []
    arrived = slow.fly(range(12, 300))
    assert [plan.time_ns for plan in arrived] == [plan.time_ns for plan in at_once]
    assert arrived[0] == at_once[0]


def test_the_delay_follows_the_work_and_not_the_computer() -> None:
    assert SolverDelay().ns(3_500) == SolverDelay().ns(3_500) < SolverDelay().ns(10_000) < SECOND_NS // 2


def learnt(**changes: float) -> LearntPoints:
    """Every point as declared, but for `changes` by factor."""
    rows = [
        LearntPoint(
            model=row.name, variant=variant.name, setting=setting.name, batch=1, worst=1.0, threads=variant.threads,
            seconds=variant.work_s / setting.speed * changes.get("seconds", 1.0),
            watts=setting.watts * changes.get("watts", 1.0),
        )
        for row in MISSION.models for variant in row.variants for setting in MISSION.payload.settings
    ]  # fmt: skip
    return LearntPoints(time_ns=0, rows=tuple(rows))


def test_the_planner_plans_with_what_was_learnt() -> None:
    hungry = Flown()
    hungry.bus.publish(POINTS, learnt(watts=1.5))
    told, learnt_of = Flown().fly(range(0, 20, 10))[0], hungry.fly(range(0, 20, 10))[0]
    assert max(learnt_of.joule_price) < max(told.joule_price)  # fewer results come out of a joule


@pytest.mark.parametrize("factor", [math.nan, math.inf, 0.0, -1.0])
def test_figures_that_cannot_be_leave_the_plan_as_it_was(factor: float) -> None:
    misled = Flown()
    misled.bus.publish(POINTS, learnt(watts=factor))
    assert misled.fly(range(0, 20, 10)) == Flown().fly(range(0, 20, 10))


def batched(size: int = 4, share: float = 0.5) -> Mission:
    """Every variant can run several jobs at once, for a share of their time each."""
    models = tuple(
        dataclasses.replace(
            row,
            variants=tuple(
                dataclasses.replace(each, batches=(Batch(size=size, work_s=share * size * each.work_s),))
                for each in row.variants
            ),
        )
        for row in MISSION.models
    )
    return dataclasses.replace(MISSION, models=models)


def test_a_batch_costs_each_of_its_jobs_a_share_and_must_find_them_in_time() -> None:
    menu, (screen, _, vip, _) = Menu(batched()), MISSION.demand
    alone, together = Menu(MISSION).of(screen), menu.of(screen)
    assert min(each.joules for each in together) == pytest.approx(0.5 * min(each.joules for each in alone))
    assert menu.of(vip) == Menu(MISSION).of(vip)
    assert len(menu.of(vip, waiting=4)) == len(together)


def test_batches_make_more_of_the_same_energy() -> None:
    hungry = busy(batched(), 3.0)
    single, _ = solve(busy(factor=3.0), MENU, start(), forecast(), None)
    together, _ = solve(hungry, Menu(hungry), start(), forecast(), None)
    assert single is not None and together is not None
    assert sum(together.time_price) < sum(single.time_price) or sum(together.joule_price) > sum(single.joule_price)


def test_a_menu_of_many_dishes_is_planned_in_longer_slots_under_the_bound() -> None:
    settings_ = tuple(
        dataclasses.replace(MISSION.payload.settings[0], name=f"{watts}W", watts=watts, speed=watts**0.5)
        for watts in np.linspace(5.0, 60.0, 20).tolist()
    )
    rich = dataclasses.replace(MISSION, payload=dataclasses.replace(MISSION.payload, settings=settings_))
    plan = Flown(rich).fly(range(0, 20, 10))[0]
    columns = len(plan.joule_price) * columns_a_slot(rich, Menu(rich))
    assert columns <= MOST_COLUMNS
    assert plan.slot_s > rich.governor.slot_s
    horizon_s = rich.governor.horizon_orbits * Forecaster(rich, TIME).period_s
    assert len(plan.joule_price) * plan.slot_s > 0.9 * horizon_s


def test_the_table_of_prices_outlives_the_planner_and_goes_on_growing() -> None:
    disk = MemoryDisk()

    def fly() -> SavedPrices:
        planner = Flown(file=NamedState(disk, "prices", SavedPrices()))
        planner.fly(range(0, 3_000, 10))
        return NamedState(disk, "prices", SavedPrices()).load()[0]

    first, second = fly(), fly()
    assert first.cells and first.kinds == tuple(row.kind for row in MISSION.demand)
    assert sum(cell.seen for cell in second.cells) > sum(cell.seen for cell in first.cells)


def test_a_disk_that_fails_stops_no_plan() -> None:
    disk = MemoryDisk()
    planner = Flown(file=NamedState(disk, "prices", SavedPrices()))
    disk.fault = Reason.BUS
    assert len(planner.fly(range(0, 1_000, 10))) >= 3

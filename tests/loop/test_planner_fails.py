"""The planner dies, hangs, lies or is late, in closed loop: no limit is broken, and the flight goes on earning."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest

from fsw.bus.topics import PRICES
from fsw.govern.delay import SolverDelay
from fsw.govern.planner import PlanService
from fsw.messages import Prices
from hal.clock import SECOND_NS
from sim.scenario import load_scenario
from tools.flight.compare import value_of
from tools.flight.loop import Options, VirtualFlight
from tools.flight.record import FlightRecord

SCENARIO = load_scenario("default")
ORBIT_S = 5_700.0
SHORT = {"governor": {"horizon_orbits": 0.4}}  # so that the last prices run out within the flight
Step = Callable[[int], None]


class Flight(VirtualFlight):
    """A flight whose planner is another one, `made` of the one composed."""

    def __init__(self, made: Callable[[PlanService], Step], **mission: Any) -> None:
        super().__init__(SCENARIO, Options(execute=False, lean=True, mission=mission))
        self._made = made

    def _boot(self) -> None:
        super()._boot()
        plan: Any = self._by_name["plan"]
        step = self._made(plan)
        self._table = [(step, SECOND_NS, name) if name == "plan" else (old, ns, name) for old, ns, name in self._table]


def fly(made: Callable[[PlanService], Step], **mission: Any) -> FlightRecord:
    record = Flight(made, **mission).fly()
    assert record.violations == []
    return record


def well(plan: PlanService) -> Step:
    return plan.step


def gone_after(seconds: float) -> Callable[[PlanService], Step]:
    def made(plan: PlanService) -> Step:
        return lambda now_ns: plan.step(now_ns) if now_ns < seconds * SECOND_NS else None

    return made


def lying_after(seconds: float, **lie: Any) -> Callable[[PlanService], Step]:
    """From a time on, all its prices are a lie."""

    def made(plan: PlanService) -> Step:
        bus: Any = plan._bus
        publish = bus.publish

        def lied(topic: Any, message: Any) -> None:
            if topic is PRICES and message.time_ns >= seconds * SECOND_NS:
                slots = len(message.joule_price)
                message = dataclasses.replace(message, **{name: (price,) * slots for name, price in lie.items()})
            publish(topic, message)

        plan._bus = _Wire(bus, lied)  # type: ignore[assignment]
        return plan.step

    return made


class _Wire:
    """A bus on which something happens to what is published."""

    def __init__(self, bus: Any, publish: Callable[[Any, Any], None]) -> None:
        self._bus, self.publish = bus, publish

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)


@pytest.fixture(scope="module")
def earned() -> float:
    """What the flight earns with a planner that works."""
    return value_of(fly(well))


@pytest.fixture(scope="module")
def without() -> float:
    """What it earns without one: hysteresis."""
    return value_of(fly(gone_after(0.0)))


def test_a_planner_that_dies_leaves_its_prices_and_then_its_table(earned: float, without: float) -> None:
    """Its prices reach 0.4 orbits, it lives for one: the last half orbit of the two is the table's."""
    assert value_of(fly(gone_after(1.1 * ORBIT_S), **SHORT)) > max(0.9 * earned, 1.05 * without)


def test_a_planner_that_hangs_for_a_while_costs_little(earned: float) -> None:
    def made(plan: PlanService) -> Step:
        return lambda now_ns: None if 0.3 * ORBIT_S < now_ns / SECOND_NS < 0.9 * ORBIT_S else plan.step(now_ns)

    assert value_of(fly(made)) > 0.97 * earned


@pytest.mark.parametrize("price", [math.nan, -1.0, 1e9, math.inf])
def test_a_planner_that_lies_is_not_believed(price: float, earned: float) -> None:
    """Its last true prices go on, and then the table."""
    assert value_of(fly(lying_after(1_200.0, joule_price=price))) > 0.9 * earned


def test_a_planner_that_lies_from_the_start_is_none_at_all(without: float) -> None:
    record = fly(lying_after(0.0, joule_price=math.nan, time_price=0.0))
    assert value_of(record) == pytest.approx(without)


def test_a_planner_that_gives_everything_away_breaks_no_limit() -> None:
    """Nothing costs anything: such a lie cannot be told from plenty, and the guard holds."""
    fly(lying_after(0.0, joule_price=0.0, time_price=0.0))


@pytest.mark.parametrize(("base_s", "share"), [(0.02, 0.98), (30.0, 0.97), (240.0, 0.93)])
def test_prices_that_come_late_cost_little(base_s: float, share: float, earned: float) -> None:
    def made(plan: PlanService) -> Step:
        plan._delay = SolverDelay(base_s=base_s)
        return plan.step

    assert value_of(fly(made)) > share * earned


def test_a_late_solver_repeats_itself() -> None:
    def made(plan: PlanService) -> Step:
        plan._delay = SolverDelay(base_s=2.5)
        return plan.step

    flights = [Flight(made) for _ in range(2)]
    prices: list[list[Prices]] = [[], []]
    for flight, seen in zip(flights, prices, strict=True):
        flight.duration_s = 1_000.0
        subscription: Any = None
        for _ in flight.ticks():
            assert flight._bus is not None
            subscription = subscription or flight._bus.subscribe(PRICES, "test")
            seen.extend(subscription.drain())
    assert prices[0] == prices[1] and len(prices[0]) >= 3

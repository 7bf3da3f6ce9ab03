"""Forecast inputs that go bad, in closed loop: no limit is broken, and the flight goes on earning."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from sim.faults import Fault
from sim.host import HostEvent
from sim.scenario import Scenario, load_scenario
from tools.flight.compare import value_of
from tools.flight.loop import Options, VirtualFlight
from tools.flight.record import FlightRecord

DEFAULT = load_scenario("default")


def fly(scenario: Scenario, *faults: Fault, **flight: Any) -> FlightRecord:
    told = dataclasses.replace(scenario, fault=(*scenario.fault, *faults), flight={**scenario.flight, **flight})
    return VirtualFlight(told, Options(execute=False, lean=True)).fly()


@pytest.fixture(scope="module")
def plain() -> float:
    """What the default flight earns when nothing is wrong."""
    return value_of(fly(DEFAULT))


# What is wrong, the faults and the misleading tables, and the share of the plain flight that it must still earn.
CASES: dict[str, tuple[tuple[Fault, ...], dict[str, Any], float]] = {
    "no time, ever": ((Fault(at_s=0.0, kind="no_time"),), {}, 0.8),
    "no time for half an hour": ((Fault(at_s=0.0, kind="no_time", duration_s=1800.0),), {}, 0.9),
    "the clock jumps ahead": ((Fault(at_s=1000.0, kind="clock_step", value=30.0),), {}, 0.97),
    "the clock jumps back": ((Fault(at_s=1000.0, kind="clock_step", value=-30.0),), {}, 0.97),
    "the clock jumps in the night": ((Fault(at_s=3000.0, kind="clock_step", value=30.0),), {}, 0.97),
    "the clock jumps by ten minutes": ((Fault(at_s=1000.0, kind="clock_step", value=600.0),), {}, 0.85),
    "time is lost and comes back wrong": (
        (
            Fault(at_s=2000.0, kind="no_time", duration_s=600.0),
            Fault(at_s=2300.0, kind="clock_step", value=-1500.0),
        ),
        {},
        0.75,
    ),
    "elements of three days ago": ((), {"orbit": {"argument_of_latitude_deg": 0.6, "age_days": 3.0}}, 0.95),
    "elements of three days ago in a storm": (
        (),
        {"orbit": {"argument_of_latitude_deg": -3.5, "ltan_h": 10.48, "age_days": 3.0}},
        0.9,
    ),
    "an array turned half away": (
        (Fault(at_s=6000.0, kind="off_pointing", duration_s=1200.0, value=0.5),),
        {},
        0.85,
    ),
    "an array turned away for four minutes": (
        (Fault(at_s=7000.0, kind="off_pointing", duration_s=240.0, value=0.0),),
        {},
        0.85,
    ),
    "an array turned away before a sunset": (
        (Fault(at_s=1300.0, kind="off_pointing", duration_s=240.0, value=0.0),),
        {},
        0.85,
    ),
    "an array that was never as good as told": ((), {"array": {"power_w": 85.0}}, 0.9),
}


@pytest.mark.parametrize("name", CASES)
def test_the_flight_lives_on_what_it_measures(name: str, plain: float) -> None:
    faults, flight, share = CASES[name]
    record = fly(DEFAULT, *faults, **flight)
    assert record.violations == []
    assert value_of(record) >= share * plain


@pytest.mark.parametrize("level", [(12.0, 30.0), (8.0, 20.0)])
def test_a_grant_that_shrinks_without_much_notice_is_kept(level: tuple[float, float]) -> None:
    guest = load_scenario("guest")
    assert guest.host is not None
    less = HostEvent(at_s=700.0, kind="level", mean_w=level[0], peak_w=level[1], notice_s=5.0)
    silent = HostEvent(at_s=2000.0, kind="silence", duration_s=400.0)
    script = tuple(event for event in guest.host.event if event.at_s not in (700.0, 2000.0))
    host = dataclasses.replace(guest.host, event=tuple(sorted((*script, less, silent), key=lambda row: row.at_s)))
    record = fly(dataclasses.replace(guest, host=host))
    assert record.violations == []
    assert value_of(record) > 500.0

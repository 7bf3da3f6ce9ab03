"""Families of spacecraft for the yardstick: each seed draws one, with its orbit, its body and what is asked of it.

All are the small satellite of the scenario `default` with one thing drawn at random, or everything at once:

    shells      500, 600, 1,000 and 2,000 km; nodes from dawn-dusk to noon; any month
    arrays      45 to 100 W
    batteries   40 to 220 Wh with floors from 50 to 80 % of charge
    radiators   0.05 to 0.16 m2, with more or less mass behind
    mixes       two to five classes of jobs: value, rate in Sun and dark, deadline
    spacecraft  all of that at once
    guests      a host that grants power by the minute instead of array and battery, and classes of jobs

The flight software is told what its builders would know; `--sun-error` and `--load-error` make them err.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from sim.arrivals import Demand
from sim.faults import Fault
from sim.scenario import Scenario, load_scenario
from tools.bench.governor.case import Case
from tools.bench.governor.faults import drawn_faults, drawn_host_events, kept_w, misplaced_deg
from tools.bench.governor.guests import with_faults, with_host
from tools.bench.governor.probe import Surroundings, surroundings

SHELLS_KM = (500.0, 600.0, 1000.0, 2000.0)
NODES_H = (6.0, 7.5, 9.0, 10.5, 12.0)
MODELS = (("cloud", 480.0), ("water", 2700.0), ("telemetry-anomaly", 10_800.0))  # with the deadline of its usual class
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
OHM_WH = 0.2 * 110.0  # resistance falls as a pack gets more cells side by side
CHARGE_A_WH, DISCHARGE_A_WH = 7.0 / 110.0, 15.0 / 110.0  # 1 C and 2 C
ENVIRONMENT_MARGIN = 1.1  # on the surroundings' heat that builders tell the guard as the worst

Draw = Callable[[Scenario, np.random.Generator], Scenario]


def _shell(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    orbit = replace(
        scenario.orbit,
        altitude_km=float(rng.choice(SHELLS_KM)),
        ltan_h=float(rng.choice(NODES_H)),
        latitude_argument_deg=float(rng.uniform(0.0, 360.0)),
    )
    return replace(scenario, orbit=orbit, epoch_utc=EPOCH + timedelta(days=int(rng.integers(0, 365))))


def _array(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    return replace(scenario, array=replace(scenario.array, power_w=float(rng.uniform(45.0, 100.0))))


def _battery(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    capacity_wh, floor = float(rng.uniform(40.0, 220.0)), float(rng.uniform(0.5, 0.8))
    capacity_wh = max(capacity_wh, 24.0 / (1.0 - floor))  # a night's housekeeping must fit above the floor
    battery = replace(
        scenario.battery,
        capacity_wh=capacity_wh,
        start_soc=float(rng.uniform(floor + 0.75 * (1.0 - floor), 1.0)),
        resistance_ohm=OHM_WH / capacity_wh,
        charge_limit_a=max(7.0, CHARGE_A_WH * capacity_wh),
        discharge_limit_a=max(15.0, DISCHARGE_A_WH * capacity_wh),
    )
    return replace(scenario, battery=battery, limits=replace(scenario.limits, battery_floor_soc=floor))


def _radiator(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    heat = scenario.heat
    mass = float(rng.uniform(0.6, 2.0))
    payload = replace(heat.payload, capacity_j_k=mass * heat.payload.capacity_j_k)
    radiator = replace(
        heat.radiator,
        area_m2=float(rng.uniform(0.05, 0.16)),
        capacity_j_k=mass * heat.radiator.capacity_j_k,
    )
    return replace(scenario, heat=replace(heat, payload=payload, radiator=radiator))


def _mix(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    """Classes whose rates together ask for about as much of the computer as those of `default`."""
    count = int(rng.integers(2, 6))
    seconds = {"cloud": 4.0, "water": 40.0, "telemetry-anomaly": 400.0}
    rows = []
    for number in range(count):
        model, usual_s = MODELS[int(rng.integers(0, len(MODELS)))]
        busy = float(rng.uniform(0.2, 2.0)) / count  # of the computer, with the best variant
        rate = 60.0 * busy / seconds[model]
        night = float(rng.choice((0.0, 0.5, 1.0)))
        rows.append(
            Demand(
                kind=f"class-{number + 1}",
                model=model,
                value=float(seconds[model] * np.exp(rng.normal(-2.0, 0.8))),
                per_minute_sun=rate,
                per_minute_dark=night * rate,
                deadline_s=max(1.5 * seconds[model], usual_s * float(np.exp(rng.normal(0.0, 0.7)))),
            )
        )
    return replace(scenario, demand=tuple(rows))


def _guest(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    """The mission and limits of a guest, and a host."""
    guest = load_scenario("guest")
    return with_host(replace(scenario, mission=guest.mission, limits=guest.limits), rng)


FAMILIES: dict[str, tuple[Draw, ...]] = {
    "shells": (_shell,),
    "arrays": (_array,),
    "batteries": (_battery,),
    "radiators": (_radiator,),
    "mixes": (_mix,),
    "spacecraft": (_shell, _array, _battery, _radiator, _mix),
    "guests": (_shell, _mix, _guest),
}


@cache
def scenario_of(case: Case) -> Scenario:
    """The truth of a case. Raises KeyError for an unknown family."""
    draws = FAMILIES[case.family]
    rng = np.random.default_rng([case.seed, zlib.crc32(case.family.encode())])
    scenario = load_scenario("default")
    for draw in draws:
        scenario = draw(scenario, rng)
    actual = tuple(_times(row, case.load * (1.0 + case.load_error)) for row in scenario.demand)
    told_demand = [asdict(_times(row, case.load)) for row in scenario.demand]
    told_array_w = scenario.array.power_w
    scenario = replace(
        scenario,
        name=f"{case.family}-{case.seed}",
        seed=case.seed,
        duration_orbits=case.orbits,
        demand=actual,
        array=replace(scenario.array, power_w=told_array_w * (1.0 + case.sun_error)),
        fault=_faults(scenario, case),
        station=(),
    )
    told: dict[str, Any] = {"demand": told_demand, "payload": _told_payload(scenario)}
    if scenario.host is not None:
        events = drawn_host_events(case.seed, _duration_s(scenario, case)) if case.faults else ()
        return replace(with_faults(scenario, events), flight=told)
    told["array"] = {"power_w": told_array_w}
    if case.faults:
        place_deg = scenario.orbit.latitude_argument_deg + misplaced_deg(case.seed)
        told["orbit"] = {"argument_of_latitude_deg": place_deg}
        told["guard"] = {} if (free_w := kept_w(case.seed)) is None else {"power_margin_w": free_w}
    return replace(scenario, flight=told)


def around(case: Case) -> Surroundings:
    """What surrounds the spacecraft of a case while it idles."""
    return _around(_plain(case))


def _plain(case: Case) -> Case:
    """The case without what its surroundings do not depend on."""
    return replace(case, load=1.0, load_error=0.0, faults=False)


@cache
def _around(case: Case) -> Surroundings:
    return surroundings(scenario_of(case))


def _faults(scenario: Scenario, case: Case) -> tuple[Fault, ...]:
    if not case.faults:
        return ()
    return drawn_faults(case.seed, _duration_s(scenario, case), guest=scenario.host is not None)


def _duration_s(scenario: Scenario, case: Case) -> float:
    return case.orbits * scenario.world().orbit.period_s


def _times(row: Demand, factor: float) -> Demand:
    return replace(row, per_minute_sun=factor * row.per_minute_sun, per_minute_dark=factor * row.per_minute_dark)


def _told_payload(scenario: Scenario) -> dict[str, Any]:
    """The payload's heat as its builders know it, with the worst surroundings of an orbit."""
    heat, orbit = scenario.heat, surroundings(replace(scenario, duration_orbits=1.0))
    lit = orbit.sun_share > 0.5
    heat_w = orbit.heat_w
    warm = float(heat_w.max())
    cool = float(heat_w[~lit].max()) if (~lit).any() else warm
    return {
        "computer_j_k": heat.payload.capacity_j_k,
        "radiator_j_k": heat.radiator.capacity_j_k,
        "conductance_w_k": heat.payload_radiator_w_k,
        "radiator_area_m2": heat.radiator.area_m2,
        "radiator_emissivity": heat.radiator.emissivity,
        "environment_sun_w": ENVIRONMENT_MARGIN * warm,
        "environment_dark_w": ENVIRONMENT_MARGIN * cool,
    }

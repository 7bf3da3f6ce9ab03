"""Families that fly the simulator: what is drawn, what the flight software is told, and a bound that nobody beats."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from tools.bench.governor import tasks
from tools.bench.governor.bench import FAMILIES as NAMES
from tools.bench.governor.bench import Study
from tools.bench.governor.campaign import fly_campaign, summary
from tools.bench.governor.case import Case
from tools.bench.governor.contenders import contenders
from tools.bench.governor.families import FAMILIES, around, scenario_of
from tools.bench.governor.faults import (
    LATCH_APART_S,
    LONGEST_S,
    MOST_W,
    PLAIN_LATCH_W,
    drawn_faults,
    drawn_host_events,
    kept_w,
    spoiled_s,
)
from tools.bench.governor.probe import craft_of
from tools.flight.briefing import mission_of

FLIGHT = contenders(("flight",))[0]


def _case(family: str, **more: float) -> Case:
    return Case(family=family, seed=4, orbits=0.35, **more)


def test_the_command_knows_every_family() -> None:
    assert set(NAMES) == {"reference", *FAMILIES}


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_seed_draws_one_spacecraft(family: str) -> None:
    first, again = scenario_of(_case(family)), scenario_of(replace(_case(family)))
    other = scenario_of(replace(_case(family), seed=5))
    assert first == again
    changed = ("orbit", "array", "battery", "heat", "demand", "host")
    assert any(getattr(first, name) != getattr(other, name) for name in changed)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_nobody_beats_the_bound_and_no_limit_breaks(family: str) -> None:
    case = _case(family)
    score = tasks.fly(case, FLIGHT)
    assert 0.0 < score.value <= tasks.bound_of(case)
    assert score.broken == ()


def test_errors_are_in_the_truth_and_not_in_what_is_told() -> None:
    case = _case("arrays")
    plain, dark = scenario_of(case), scenario_of(replace(case, sun_error=-0.2, load_error=0.5))
    assert dark.array.power_w == pytest.approx(0.8 * plain.array.power_w)
    assert dark.demand[0].per_minute_sun == pytest.approx(1.5 * plain.demand[0].per_minute_sun)
    told, told_dark = mission_of(plain, {}), mission_of(dark, {})
    assert told_dark.array == told.array
    assert told_dark.demand == told.demand


def test_the_craft_of_the_bound_is_generous() -> None:
    case = _case("shells")
    scenario, seen = scenario_of(case), around(case)
    craft = craft_of(scenario, seen)
    assert craft.slots == seen.slots
    assert craft.array_w.max() <= scenario.array.power_w
    assert craft.discharge == 1.0
    assert (craft.reserve_j >= 0.0).all()
    assert craft.floor_j < craft.start_j <= craft.full_j


LYING = ("stuck", "noisy", "offset", "late")


@pytest.mark.parametrize("guest", [False, True])
def test_faults_are_inside_the_envelope(guest: bool) -> None:
    for seed in range(50):
        faults = drawn_faults(seed, 40_000.0, guest=guest)
        assert [fault.at_s for fault in faults] == sorted(fault.at_s for fault in faults)
        lying = [fault for fault in faults if fault.kind in LYING]
        assert all(later.at_s >= one.at_s + one.duration_s for one, later in pairwise(lying))  # one at a time
        assert all(0.0 < fault.duration_s <= LONGEST_S for fault in lying)
        latched = [fault for fault in faults if fault.kind == "latch_up"]
        assert all(later.at_s - one.at_s >= LATCH_APART_S for one, later in pairwise(latched))
        assert all(fault.value <= (PLAIN_LATCH_W if kept_w(seed) is None else MOST_W) for fault in latched)
        assert not (guest and latched)


def test_every_kind_of_fault_is_drawn() -> None:
    drawn = [fault for seed in range(40) for fault in drawn_faults(seed, 40_000.0)]
    kinds = {fault.kind for fault in drawn}
    assert kinds >= {"missing", "silent", "stuck", "noisy", "offset", "late", "hang", "killed", "restart", "brown_out"}
    assert kinds >= {"latch_up", "upsets", "deaf", "sluggish", "uncapped", "no_time", "clock_step"}
    assert {fault.target for fault in drawn if fault.kind in ("deaf", "sluggish")} == {"rail", "duty"}


def test_a_host_does_one_thing_at_a_time() -> None:
    events = [event for seed in range(20) for event in drawn_host_events(seed, 40_000.0)]
    assert {event.kind for event in events} >= {"silence", "cut", "power_off", "power_on", "safing_on", "safing_off"}
    assert spoiled_s(1, 40_000.0) == spoiled_s(1, 40_000.0) != spoiled_s(2, 40_000.0)


def test_a_guest_is_told_nothing_of_array_and_orbit_and_keeps_to_its_grants() -> None:
    case = replace(_case("guests"), orbits=1.0, faults=True)
    scenario = scenario_of(case)
    assert scenario.host is not None
    assert mission_of(scenario, {}).profile == "hosted"
    assert tasks.fly(case, FLIGHT).broken == ()


def test_faults_begin_and_break_no_limit() -> None:
    case = replace(_case("spacecraft"), faults=True)
    assert scenario_of(replace(case, orbits=6.0)).fault
    assert tasks.fly(case, FLIGHT).broken == ()


def test_a_campaign_goes_on_where_it_was_cut_off(tmp_path) -> None:
    path = tmp_path / "campaign.jsonl"
    case = Case(family="reference", seed=0, orbits=0.1)
    flown: list[int] = []
    fly_campaign(Study(case=case, seeds=(1, 2), policies=("flight",)), path, workers=1)
    path.write_text(path.read_text()[:-20])  # the last line was cut off
    fly_campaign(Study(case=case, seeds=(1, 2, 3), policies=("flight",)), path, workers=1, progress=flown.append)
    assert flown == [1, 2]  # one was known; two were owed
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted(row["case"]["seed"] for row in rows) == [1, 2, 3]
    assert summary(path)["violations"] == 0
    assert summary(path)["orbits"] == pytest.approx(0.3)

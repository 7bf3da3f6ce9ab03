"""The family of guests: a host grants power by the minute and changes its mind; a faulty one is silent or cuts.

The bound takes the largest mean that is granted in a slot or the window before it as what comes in, a whole window of
it as what is stored, and knows nothing of silence, cuts and the safing line.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hal.constants import STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K
from sim.host import HostConfig, HostEvent
from sim.scenario import Scenario
from tools.bench.governor.craft import Craft
from tools.bench.governor.probe import BODY_MARGIN_K, SLOT_S, Surroundings

MEAN_W, SPREAD_W, PEAK_W = (10.0, 50.0), (6.0, 30.0), 72.0  # mean; peak over it; the rail's own limit
LEVEL_S = (300.0, 1_800.0)  # a level holds so long
NOTICE_S = (5.0, 60.0)
WINDOWS_S = (30.0, 60.0, 120.0)
SCRIPT_S = 100_000.0  # levels are drawn for so long, whatever the length of the flight


def with_host(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    """The scenario with a host of its own levels and window of the mean."""
    at_s, levels = 0.0, []
    while at_s < SCRIPT_S:
        mean_w = float(rng.uniform(*MEAN_W))
        peak_w = min(PEAK_W, mean_w + float(rng.uniform(*SPREAD_W)))
        notice_s = float(rng.uniform(*NOTICE_S))
        levels.append(HostEvent(at_s=at_s, kind="level", mean_w=mean_w, peak_w=peak_w, notice_s=notice_s))
        at_s += float(rng.uniform(*LEVEL_S))
    return replace(scenario, host=HostConfig(window_s=float(rng.choice(WINDOWS_S)), event=tuple(levels)))


def with_faults(scenario: Scenario, events: tuple[HostEvent, ...]) -> Scenario:
    """The scenario with a host that also does what `events` say."""
    if scenario.host is None:
        raise ValueError(f"{scenario.name} has no host")
    return replace(scenario, host=replace(scenario.host, event=(*scenario.host.event, *events)))


def craft_of_guest(scenario: Scenario, around: Surroundings) -> Craft:
    """A guest as the bound sees it: an array that gives what is granted, a battery of one window."""
    if scenario.host is None:
        raise ValueError(f"{scenario.name} has no host")
    heat, slots, idle_w = scenario.heat, around.slots, scenario.computer.idle_w
    levels = [event for event in scenario.host.event if event.kind == "level"]
    window_s = scenario.host.window_s
    granted_w = np.array([_most_w(levels, slot * SLOT_S - window_s, (slot + 1) * SLOT_S) for slot in range(slots)])
    window_j = float(granted_w.max()) * window_s
    emission = sum(node.area_m2 * node.emissivity for node in (heat.payload, heat.radiator))
    return Craft(
        slot_s=SLOT_S,
        array_w=granted_w,
        base_w=idle_w,
        idle_w=idle_w,
        start_j=window_j,
        floor_j=0.0,
        full_j=window_j,
        charge=1.0,
        discharge=1.0,
        reserve_j=np.zeros(slots),
        heat_j_k=heat.payload.capacity_j_k + heat.radiator.capacity_j_k,
        start_k=heat.payload.start_c + ZERO_CELSIUS_K,
        ceiling_k=scenario.limits.node_high_c["payload"] + ZERO_CELSIUS_K,
        emission_w_k4=emission * STEFAN_BOLTZMANN_W_M2K4,
        surroundings_w=around.heat_w[:slots],
        leak_w_k=heat.payload_structure_w_k + heat.radiator_structure_w_k,
        leak_k=around.body_k[:slots] - BODY_MARGIN_K,
        room_w=max(level.peak_w for level in levels) - idle_w,
    )


def _most_w(levels: list[HostEvent], start_s: float, end_s: float) -> float:
    """The largest mean of any level in force between two times."""
    ends_s = [level.at_s for level in levels[1:]] + [np.inf]
    return max(
        level.mean_w for level, over_s in zip(levels, ends_s, strict=True) if level.at_s < end_s and over_s > start_s
    )

"""The truth of a scenario around its payload: sunlight, heat from Sun and Earth, and the body's temperature, by slot.

An idling spacecraft is flown for it. Its body is never warmer than that of one that works, so what leaks into it is
generous; sunlight and the Earth's heat do not depend on what the payload does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fsw.govern.programme import Floats
from hal.clock import SECOND_NS
from hal.constants import STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K
from sim.battery import Battery
from sim.scenario import Scenario
from tools.bench.governor.craft import Craft, idle_reserve_j

SLOT_S = 120.0
LOOK_S = 10.0  # between two looks: twelve a slot
BODY_MARGIN_K = 1.0  # under the idling body's temperature: the array is cooler while it feeds the payload
AFTER_ORBITS = 1.1  # looked at beyond the run, for the night that may follow it


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """By slot, from the start of the run to an orbit after it: mean share of sunlight, watts of heat, kelvins."""

    sun_share: Floats
    heat_w: Floats
    body_k: Floats
    slots: int  # of the run itself, the last one perhaps in part


def surroundings(scenario: Scenario) -> Surroundings:
    """Fly it idle and look around."""
    world = scenario.world()
    duration_s = scenario.duration_s(world)
    slots = math.ceil(duration_s / SLOT_S)
    every = slots + math.ceil(AFTER_ORBITS * world.orbit.period_s / SLOT_S)
    looks = round(SLOT_S / LOOK_S)
    found = np.empty((every * looks, 3))
    for index in range(len(found)):
        start_s, end_s = index * LOOK_S, (index + 1) * LOOK_S
        world.advance_to(round((start_s + 0.5 * LOOK_S) * SECOND_NS))
        truth, shadow = world.truth, world.shadow
        light_w_m2 = truth.illumination * shadow.flux_w_m2
        albedo_w_m2 = max(0.0, truth.sun_cosine) * shadow.flux_w_m2
        share = truth.illumination
        if index == 0 or share != found[index - 1, 0] or 0.0 < share < 1.0:
            share = shadow.mean_illumination(start_s, end_s)
        found[index] = share, world.heat.environment_w(light_w_m2, albedo_w_m2), world.heat.structure_k
    share, heat_w, body_k = found.reshape(every, looks, 3).mean(axis=1).T
    return Surroundings(sun_share=share, heat_w=heat_w, body_k=body_k, slots=slots)


def craft_of(scenario: Scenario, around: Surroundings) -> Craft:
    """The spacecraft of a scenario as the bound sees it.

    Generous throughout: the array gives its rated watts in all sunlight, the battery loses nothing to its resistance,
    the payload has no gradient to its radiator and leaks into a cold body.
    """
    heat, battery, slots = scenario.heat, Battery(scenario.battery), around.slots
    base_w = scenario.bus.avionics_w + scenario.computer.idle_w
    net_w = scenario.array.power_w * around.sun_share - base_w
    coulombic = scenario.battery.coulombic_efficiency
    reserve_j = idle_reserve_j(net_w, SLOT_S, coulombic, 1.0)
    emission = sum(node.area_m2 * node.emissivity for node in (heat.payload, heat.radiator))
    return Craft(
        slot_s=SLOT_S,
        array_w=(scenario.array.power_w * around.sun_share)[:slots],
        base_w=base_w,
        idle_w=scenario.computer.idle_w,
        start_j=battery.stored_j(scenario.battery.start_soc),
        floor_j=battery.stored_j(scenario.limits.battery_floor_soc),
        full_j=battery.stored_j(1.0),
        charge=coulombic,
        discharge=1.0,
        reserve_j=reserve_j[:slots],
        heat_j_k=heat.payload.capacity_j_k + heat.radiator.capacity_j_k,
        start_k=heat.payload.start_c + ZERO_CELSIUS_K,
        ceiling_k=scenario.limits.node_high_c["payload"] + ZERO_CELSIUS_K,
        emission_w_k4=emission * STEFAN_BOLTZMANN_W_M2K4,
        surroundings_w=around.heat_w[:slots],
        leak_w_k=heat.payload_structure_w_k + heat.radiator_structure_w_k,
        leak_k=around.body_k[:slots] - BODY_MARGIN_K,
        room_w=scenario.limits.bus_power_w - base_w,
    )

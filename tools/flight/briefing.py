"""What the flight computer is told of the spacecraft that it flies on: orbit, array, battery, limits, demand.

A scenario describes the truth; from it follows what its flight software would have been given by those who built the
spacecraft, and kept true by those who operate it: after years in orbit it is told the array and the pack as they are
now. `life.told_factor` is how wrong the operator is about the array. The scenario's own table `flight` is laid on top,
and that is where a scenario misleads its flight software.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from fsw.mission import Mission, load_mission, merge
from sim.scenario import Scenario

BUS_MARGIN = 1.07  # the guard counts on the avionics drawing this much more than they do


def mission_of(scenario: Scenario, overrides: Mapping[str, Any]) -> Mission:
    """The mission that flies `scenario`. Raises ConfigError."""
    return load_mission(scenario.mission, briefing(scenario, overrides))


def briefing(scenario: Scenario, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What is laid over the scenario's mission file, `overrides` on top."""
    told = _told(scenario) if scenario.host is None else _told_guest(scenario)
    return merge(merge(told, scenario.flight), overrides)


def _told_guest(scenario: Scenario) -> dict[str, Any]:
    """What any payload is told; a guest knows neither orbit nor array nor battery."""
    limits = {"bus_power_w": scenario.limits.bus_power_w}
    if "payload" in scenario.limits.node_high_c:
        limits["payload_temp_c"] = scenario.limits.node_high_c["payload"]
    return {
        "epoch_utc": scenario.epoch_utc.isoformat(),
        "limits": limits,
        "payload": {"idle_w": scenario.computer.idle_w},
        "demand": [dataclasses.asdict(row) for row in scenario.demand],
    }


def _told(scenario: Scenario) -> dict[str, Any]:
    orbit, flown = scenario.orbit, scenario.world_config()
    array, battery = flown.array, flown.battery
    elements = orbit.elements(scenario.epoch_utc)
    own = {
        "orbit": {
            "altitude_m": orbit.altitude_km * 1e3,
            "inclination_deg": math.degrees(elements.inclination_rad),
            "ltan_h": orbit.ltan_h,
            "argument_of_latitude_deg": orbit.latitude_argument_deg,
        },
        "array": {"power_w": array.power_w * array.share_left * scenario.life.told_factor},
        "battery": {
            "capacity_ah": battery.capacity_c / 3600.0,
            "resistance_ohm": battery.resistance_ohm,
            "floor_soc": scenario.limits.battery_floor_soc,
        },
        "guard": {"bus_w": BUS_MARGIN * scenario.bus.avionics_w},
    }
    if "battery" in scenario.limits.node_high_c:
        own["limits"] = {"battery_temp_c": scenario.limits.node_high_c["battery"]}
    return merge(_told_guest(scenario), own)

"""What other programs do on this machine, where they are installed: figures to stand beside the constellation's."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from hal.clock import SECOND_NS, MonotonicClock
from hal.constants import ASTRONOMICAL_UNIT_M, EARTH_MU_M3_S2

SGP4_SATELLITES, SGP4_MINUTES = 10_000, 10
BASILISK_STEPS = 2_000
AXIS_M = 6_978_137.0  # 600 km


def best_s(call: Callable[[], object], repeats: int) -> float:
    """The shortest of `repeats` calls, in seconds."""
    clock = MonotonicClock()
    elapsed_ns = []
    for _ in range(repeats):
        start_ns = clock.now_ns()
        call()
        elapsed_ns.append(max(1, clock.now_ns() - start_ns))
    return min(elapsed_ns) / SECOND_NS


def sgp4(repeats: int) -> dict[str, Any] | None:
    """Place and velocity alone of many satellites through SatrecArray, one thread; None where not installed."""
    if find_spec("sgp4") is None:
        return None
    from sgp4.api import WGS72, Satrec, SatrecArray

    satellites = []
    for index in range(SGP4_SATELLITES):
        one, anomaly = Satrec(), 2.0 * np.pi * index / SGP4_SATELLITES
        one.sgp4init(WGS72, "i", index, 27_759.0, 0.0, 0.0, 0.0, 1e-3, 0.0, 0.925, anomaly, 0.065, 0.0)
        satellites.append(one)
    array, days = SatrecArray(satellites), np.full(SGP4_MINUTES, 2_461_041.5)
    elapsed_s = best_s(lambda: array.sgp4(days, np.arange(SGP4_MINUTES) / 1440.0), repeats)
    return {
        "sat_steps_per_second": round(SGP4_SATELLITES * SGP4_MINUTES / elapsed_s),
        "step": "orbit",
        "version": version("sgp4"),
    }


def basilisk(repeats: int) -> dict[str, Any] | None:
    """One satellite with orbit, eclipse, panel, load and battery at steps of a second; None where not installed."""
    if find_spec("Basilisk") is None:
        return None
    from Basilisk.utilities import SimulationBaseClass, macros

    elapsed_s = []
    for _ in range(repeats):
        simulation = SimulationBaseClass.SimBaseClass()
        simulation.CreateNewProcess("process").addTask(simulation.CreateNewTask("task", macros.sec2nano(1.0)))
        kept = _modules()
        for module in kept[:5]:
            simulation.AddModelToTask("task", module)
        simulation.InitializeSimulation()
        simulation.ConfigureStopTime(macros.sec2nano(float(BASILISK_STEPS)))
        elapsed_s.append(best_s(simulation.ExecuteSimulation, 1))
    return {
        "sat_steps_per_second": round(BASILISK_STEPS / min(elapsed_s)),
        "step": "orbit, eclipse, panel, load, battery",
        "version": version("bsk"),
    }


def _modules() -> list[Any]:
    """Basilisk's modules, connected, in order; after the fifth what they need to stay alive. The Sun stands still."""
    from Basilisk.architecture import messaging
    from Basilisk.simulation import eclipse, simpleBattery, simplePowerSink, simpleSolarPanel, spacecraft
    from Basilisk.utilities import simIncludeGravBody

    vehicle, factory = spacecraft.Spacecraft(), simIncludeGravBody.gravBodyFactory()
    earth = factory.createEarth()
    earth.isCentralBody, earth.mu = True, EARTH_MU_M3_S2
    factory.addBodiesTo(vehicle)
    vehicle.hub.r_CN_NInit = [AXIS_M, 0.0, 0.0]
    vehicle.hub.v_CN_NInit = [0.0, 0.0, (EARTH_MU_M3_S2 / AXIS_M) ** 0.5]
    sun = messaging.SpicePlanetStateMsg().write(
        messaging.SpicePlanetStateMsgPayload(PlanetName="sun", PositionVector=[ASTRONOMICAL_UNIT_M, 0.0, 0.0])
    )
    ground = messaging.SpicePlanetStateMsg().write(messaging.SpicePlanetStateMsgPayload(PlanetName="earth"))
    shadow, panel = eclipse.Eclipse(), simpleSolarPanel.SimpleSolarPanel()
    shadow.sunInMsg.subscribeTo(sun)
    shadow.addPlanetToModel(ground)
    shadow.addSpacecraftToModel(vehicle.scStateOutMsg)
    panel.stateInMsg.subscribeTo(vehicle.scStateOutMsg)
    panel.sunInMsg.subscribeTo(sun)
    panel.sunEclipseInMsg.subscribeTo(shadow.eclipseOutMsgs[0])
    panel.setPanelParameters([1.0, 0.0, 0.0], 0.25, 0.3)
    load, battery = simplePowerSink.SimplePowerSink(), simpleBattery.SimpleBattery()
    load.nodePowerOut = -40.0
    battery.storageCapacity, battery.storedCharge_Init = 396_000.0, 300_000.0
    battery.addPowerNodeToModel(panel.nodePowerOutMsg)
    battery.addPowerNodeToModel(load.nodePowerOutMsg)
    return [vehicle, shadow, panel, load, battery, factory, earth, sun, ground]

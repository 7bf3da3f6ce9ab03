"""A node heated and cooled by Basilisk's sensorThermal (AVSLab, ISC licence): `basilisk_heat.json`.

A plate of its unit test, face to the Sun, through an eclipse fed by hand. Its Stefan-Boltzmann constant has two digits
swapped (5.76051e-8) and its solar constant is 1,366 W/m2: whoever compares must take the same.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from tools.sim.oracles import freeze

STEFAN_BOLTZMANN_W_M2K4, SOLAR_CONSTANT_W_M2 = 5.76051e-8, 1_366.0
AREA_M2, ABSORPTIVITY, EMISSIVITY, MASS_KG, HEAT_J_KG_K, LOAD_W, START_C = 1.0, 0.25, 0.34, 2.0, 890.0, 30.0, 0.0
SECONDS, EVERY_S = 5_400, 60  # about an orbit, and which seconds are kept
PENUMBRA_S, IN_S, OUT_S = 10, 1_700, 3_800


def illumination(second: int) -> float:
    """Light, a linear penumbra, the dark, and back."""
    falling = min(1.0, max(0.0, 1.0 - (second - IN_S) / PENUMBRA_S))
    rising = min(1.0, max(0.0, (second - OUT_S) / PENUMBRA_S))
    return max(falling, rising)


def ask() -> dict[str, Any]:
    """The node's temperature in degrees Celsius every minute."""
    from Basilisk.architecture import messaging
    from Basilisk.simulation import sensorThermal
    from Basilisk.utilities import SimulationBaseClass, macros

    simulation = SimulationBaseClass.SimBaseClass()
    simulation.CreateNewProcess("process").addTask(simulation.CreateNewTask("task", macros.sec2nano(1.0)))
    node = sensorThermal.SensorThermal()
    node.nHat_B, node.T_0 = [1, 0, 0], START_C
    node.sensorArea, node.sensorAbsorptivity, node.sensorEmissivity = AREA_M2, ABSORPTIVITY, EMISSIVITY
    node.sensorMass, node.sensorSpecificHeat, node.sensorPowerDraw = MASS_KG, HEAT_J_KG_K, LOAD_W
    sun = messaging.SpicePlanetStateMsgPayload(PositionVector=[149_597_870_693.0, 0.0, 0.0])
    place = messaging.SCStatesMsgPayload(r_BN_N=[6_378_000.0, 0.0, 0.0])
    shadow = messaging.EclipseMsg()
    kept = (messaging.SpicePlanetStateMsg().write(sun), messaging.SCStatesMsg().write(place))
    node.sunInMsg.subscribeTo(kept[0])
    node.stateInMsg.subscribeTo(kept[1])
    node.sunEclipseInMsg.subscribeTo(shadow)
    simulation.AddModelToTask("task", node)
    found = []
    for second in range(SECONDS + 1):
        shadow.write(messaging.EclipseMsgPayload(illuminationFactor=illumination(second)))
        if second == 0:
            simulation.InitializeSimulation()
        simulation.ConfigureStopTime(macros.sec2nano(float(second)))
        simulation.ExecuteSimulation()
        found.append(node.temperatureOutMsg.read().temperature)
    return {
        "source": f"Basilisk {version('bsk')} (pip package bsk, ISC licence), module sensorThermal at 1 s",
        "made": "2026-11-21",
        "every_s": EVERY_S,
        "temperature_c": found[::EVERY_S],
    }


if __name__ == "__main__":
    freeze("basilisk_heat", ask())

"""One orbit flown by Basilisk (AVSLab, ISC licence): the oracle behind `basilisk_orbit.json`.

Run as a program it writes that file anew: python tests/golden/basilisk_orbit.py. It needs the package bsk, and no
ephemeris: the Sun is fed by hand, from the formula that Penumbra uses, so that shadow and power alone are compared.
Spacecraft, gravity, eclipse, panel and battery are Basilisk's modules, stepped by one second.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from math import cos, pi, sin, sqrt
from pathlib import Path
from typing import Any

from hal.constants import EARTH_MU_M3_S2
from sim.orbit import node_from_ltan_rad
from sim.single import SingleRequest
from sim.sun import sun_at

GOLDEN = Path(__file__).with_suffix(".json")
CASES = {
    "noon-ish orbit": SingleRequest(is_lossless=True),
    "battery fills": SingleRequest(start_soc=0.98, load_w=600.0, battery_wh=1_500.0, is_lossless=True),
    "battery empties": SingleRequest(start_soc=0.5, battery_wh=400.0, is_lossless=True),
    "dawn-dusk, deep in its season": SingleRequest(
        altitude_km=600.0, ltan_h=6.0, day=date(2026, 12, 21), load_w=1_500.0, is_lossless=True
    ),
    "dawn-dusk, grazing": SingleRequest(altitude_km=1_000.0, ltan_h=18.0, day=date(2026, 5, 26), is_lossless=True),
    "thirty degrees": SingleRequest(
        altitude_km=2_000.0, inclination_deg=30.0, ltan_h=3.0, day=date(2027, 7, 4), is_lossless=True
    ),
}
SAMPLE_EVERY_S = 900  # outside the penumbra; inside, every second is kept


def fly(request: SingleRequest) -> dict[str, Any]:
    """Eclipse, power and battery of one orbit, with the samples that pin the shadow down."""
    from Basilisk.architecture import messaging
    from Basilisk.simulation import eclipse, simpleBattery, simplePowerSink, simpleSolarPanel, spacecraft
    from Basilisk.utilities import SimulationBaseClass, macros, simIncludeGravBody

    simulation = SimulationBaseClass.SimBaseClass()
    process = simulation.CreateNewProcess("process")
    process.addTask(simulation.CreateNewTask("task", macros.sec2nano(1.0)))
    vehicle = spacecraft.Spacecraft()
    factory = simIncludeGravBody.gravBodyFactory()
    earth = factory.createEarth()
    earth.isCentralBody, earth.mu = True, EARTH_MU_M3_S2
    factory.addBodiesTo(vehicle)
    vehicle.hub.r_CN_NInit, vehicle.hub.v_CN_NInit = _start(request)
    earth_message, sun_message = messaging.SpicePlanetStateMsg(), messaging.SpicePlanetStateMsg()
    earth_state, sun_state = messaging.SpicePlanetStateMsgPayload(), messaging.SpicePlanetStateMsgPayload()
    earth_state.PlanetName, sun_state.PlanetName = "earth", "sun"
    shadow = eclipse.Eclipse()
    shadow.sunInMsg.subscribeTo(sun_message)
    shadow.addPlanetToModel(earth_message)
    shadow.addSpacecraftToModel(vehicle.scStateOutMsg)
    panel = simpleSolarPanel.SimpleSolarPanel()
    panel.stateInMsg.subscribeTo(vehicle.scStateOutMsg)
    panel.sunInMsg.subscribeTo(sun_message)
    panel.sunEclipseInMsg.subscribeTo(shadow.eclipseOutMsgs[0])
    load = simplePowerSink.SimplePowerSink()
    load.nodePowerOut = -request.load_w
    battery = simpleBattery.SimpleBattery()
    battery.storageCapacity = request.battery_wh * 3600.0
    battery.storedCharge_Init = request.start_soc * request.battery_wh * 3600.0
    for node in (panel, load):
        battery.addPowerNodeToModel(node.nodePowerOutMsg)
    for module in (vehicle, shadow, panel, load, battery):
        simulation.AddModelToTask("task", module)
    rows = []
    period_s = 2.0 * pi * sqrt(request.semi_major_axis_m**3 / EARTH_MU_M3_S2)
    for second in range(int(period_s) + 1):
        sun = sun_at(request.start_unix_s + second)
        sun_state.PositionVector = [sun.distance_m * part for part in (sun.x, sun.y, sun.z)]
        sun_message.write(sun_state)
        earth_message.write(earth_state)
        panel.setPanelParameters([sun.x, sun.y, sun.z], request.array_m2, request.efficiency)  # attitude stays zero
        if second == 0:
            simulation.InitializeSimulation()
        simulation.ConfigureStopTime(macros.sec2nano(float(second)))
        simulation.ExecuteSimulation()
        rows.append(
            {
                "second": second,
                "place_m": list(vehicle.scStateOutMsg.read().r_BN_N),
                "sun_m": list(sun_state.PositionVector),
                "illumination": shadow.eclipseOutMsgs[0].read().shadowFactor,
                "array_w": panel.nodePowerOutMsg.read().netPower,
                "stored_wh": battery.batPowerOutMsg.read().storageLevel / 3600.0,
            }
        )
    return _summary(rows)


def _start(request: SingleRequest) -> tuple[list[float], list[float]]:
    """Place and velocity at the ascending node."""
    node, inclination = node_from_ltan_rad(request.ltan_h, request.start_unix_s), request.inclination_rad
    axis_m = request.semi_major_axis_m
    speed = sqrt(EARTH_MU_M3_S2 / axis_m)
    ahead = (-sin(node) * cos(inclination), cos(node) * cos(inclination), sin(inclination))
    return [axis_m * cos(node), axis_m * sin(node), 0.0], [speed * part for part in ahead]


def _summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    kept = [row for row in rows if row["second"] % SAMPLE_EVERY_S == 0 or 0.0 < row["illumination"] < 1.0]
    return {
        "eclipse_s": sum(1.0 - row["illumination"] for row in rows),
        "array_peak_w": max(row["array_w"] for row in rows),
        "battery_min_wh": min(row["stored_wh"] for row in rows),
        "battery_end_wh": rows[-1]["stored_wh"],
        "samples": kept[:: max(1, len(kept) // 10)],
    }


def _told(request: SingleRequest) -> dict[str, Any]:
    """The request as it can be read back: the day as text."""
    return {**asdict(request), "day": request.day.isoformat()}


def main() -> None:
    """Write the golden file."""
    found = {name: {"request": _told(request), **fly(request)} for name, request in CASES.items()}
    source = (
        f"Basilisk {version('bsk')} (pip package bsk, ISC licence), modules spacecraft, eclipse, simpleSolarPanel, "
    )
    source += "simpleBattery at 1 s; Sun fed by hand from the Astronomical Almanac's formula; Basilisk's own radii"
    GOLDEN.write_text(json.dumps({"source": source, "made": "2026-11-21", "cases": found}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

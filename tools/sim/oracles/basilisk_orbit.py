"""One orbit flown by Basilisk (AVSLab, ISC licence): `basilisk_orbit.json`.

It needs the package bsk, and no ephemeris: the Sun is fed by hand, from the formula that Penumbra uses, so that
shadow and power alone are compared. Spacecraft, gravity, eclipse, panel and battery are Basilisk's modules, stepped by
one second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from math import cos, pi, sin, sqrt
from typing import Any

from hal.constants import EARTH_MU_M3_S2
from sim.orbit import node_from_ltan_rad
from sim.single import HOUR_S, SingleRequest
from sim.sun import Sun, sun_at
from tools.sim.oracles import freeze

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
SAMPLE_EVERY_S = 600  # outside the penumbra; inside, every second is kept, thinned to the number below
SAMPLES = 30
WINDOW_S = 60  # of the battery, around the second in which it is first full, empty or in shadow


@dataclass(frozen=True, slots=True, kw_only=True)
class Second:
    """What Basilisk holds after a step, in its inertial frame. Energy in Wh as it tells it in J."""

    place_m: list[float]
    sun_m: list[float]
    illumination: float
    array_w: float
    stored_wh: float


def fly(request: SingleRequest, sun_of: Callable[[float], Sun] = sun_at) -> list[Second]:
    """Every whole second of one orbit from the ascending node at 00:00 UTC; `sun_of` takes Unix seconds."""
    from Basilisk.architecture import messaging
    from Basilisk.utilities import SimulationBaseClass, macros

    simulation = SimulationBaseClass.SimBaseClass()
    simulation.CreateNewProcess("process").addTask(simulation.CreateNewTask("task", macros.sec2nano(1.0)))
    sun_message, earth_message = messaging.SpicePlanetStateMsg(), messaging.SpicePlanetStateMsg()
    earth_message.write(messaging.SpicePlanetStateMsgPayload(PlanetName="earth"))
    vehicle, _factory = _vehicle(request)
    shadow, panel, load, battery = _power(request, vehicle, sun_message, earth_message)
    for module in (vehicle, shadow, panel, load, battery):
        simulation.AddModelToTask("task", module)
    seconds = []
    for second in range(int(2.0 * pi * sqrt(request.semi_major_axis_m**3 / EARTH_MU_M3_S2)) + 1):
        sun = sun_of(request.start_unix_s + second)
        sun_m = [sun.distance_m * part for part in (sun.x, sun.y, sun.z)]
        sun_message.write(messaging.SpicePlanetStateMsgPayload(PlanetName="sun", PositionVector=sun_m))
        panel.setPanelParameters([sun.x, sun.y, sun.z], request.array_m2, request.efficiency)  # attitude stays zero
        if second == 0:
            simulation.InitializeSimulation()
        simulation.ConfigureStopTime(macros.sec2nano(float(second)))
        simulation.ExecuteSimulation()
        seconds.append(_second(vehicle, sun_m, shadow, panel, battery))
    return seconds


def _vehicle(request: SingleRequest) -> tuple[Any, Any]:
    """A spacecraft in its node, and the factory that holds its gravity."""
    from Basilisk.simulation import spacecraft
    from Basilisk.utilities import simIncludeGravBody

    vehicle, factory = spacecraft.Spacecraft(), simIncludeGravBody.gravBodyFactory()
    earth = factory.createEarth()
    earth.isCentralBody, earth.mu = True, EARTH_MU_M3_S2
    factory.addBodiesTo(vehicle)
    vehicle.hub.r_CN_NInit, vehicle.hub.v_CN_NInit = _start(request)
    return vehicle, factory


def _start(request: SingleRequest) -> tuple[list[float], list[float]]:
    """Place and velocity at the ascending node."""
    node, inclination = node_from_ltan_rad(request.ltan_h, request.start_unix_s), request.inclination_rad
    axis_m = request.semi_major_axis_m
    speed = sqrt(EARTH_MU_M3_S2 / axis_m)
    ahead = (-sin(node) * cos(inclination), cos(node) * cos(inclination), sin(inclination))
    return [axis_m * cos(node), axis_m * sin(node), 0.0], [speed * part for part in ahead]


def _power(request: SingleRequest, vehicle: Any, sun: Any, earth: Any) -> tuple[Any, Any, Any, Any]:
    """Shadow, panel, load and battery, connected."""
    from Basilisk.simulation import eclipse, simpleBattery, simplePowerSink, simpleSolarPanel

    shadow, panel = eclipse.Eclipse(), simpleSolarPanel.SimpleSolarPanel()
    shadow.sunInMsg.subscribeTo(sun)
    shadow.addPlanetToModel(earth)
    shadow.addSpacecraftToModel(vehicle.scStateOutMsg)
    panel.stateInMsg.subscribeTo(vehicle.scStateOutMsg)
    panel.sunInMsg.subscribeTo(sun)
    panel.sunEclipseInMsg.subscribeTo(shadow.eclipseOutMsgs[0])
    load, battery = simplePowerSink.SimplePowerSink(), simpleBattery.SimpleBattery()
    load.nodePowerOut = -request.load_w
    battery.storageCapacity = request.battery_wh * HOUR_S
    battery.storedCharge_Init = request.start_soc * request.battery_wh * HOUR_S
    for node in (panel, load):
        battery.addPowerNodeToModel(node.nodePowerOutMsg)
    return shadow, panel, load, battery


def _second(vehicle: Any, sun_m: list[float], shadow: Any, panel: Any, battery: Any) -> Second:
    return Second(
        place_m=list(vehicle.scStateOutMsg.read().r_BN_N),
        sun_m=sun_m,
        illumination=shadow.eclipseOutMsgs[0].read().shadowFactor,
        array_w=panel.nodePowerOutMsg.read().netPower,
        stored_wh=battery.batPowerOutMsg.read().storageLevel / HOUR_S,
    )


def summary(seconds: list[Second]) -> dict[str, Any]:
    """The four answers of an orbit, as Basilisk's whole seconds give them."""
    return {
        "eclipse_s": sum(1.0 - second.illumination for second in seconds),
        "array_peak_w": max(second.array_w for second in seconds),
        "battery_min_wh": min(second.stored_wh for second in seconds),
        "battery_end_wh": seconds[-1].stored_wh,
    }


def _samples(seconds: list[Second]) -> list[dict[str, Any]]:
    """Places that pin the shadow down: the penumbra, and now and then one outside."""
    kept = [(at, one) for at, one in enumerate(seconds) if at % SAMPLE_EVERY_S == 0 or 0.0 < one.illumination < 1.0]
    return [{"second": at, **asdict(one)} for at, one in kept[:: -(-len(kept) // SAMPLES)]]


def _window(request: SingleRequest, seconds: list[Second]) -> dict[str, Any]:
    """Array and battery around the first second of interest; the battery before it has no array."""
    end = 0.0 if min(one.stored_wh for one in seconds) == 0.0 else request.battery_wh
    interest = (
        at for at, one in enumerate(seconds)
        if at > WINDOW_S // 2 and one.stored_wh == end != seconds[at - 1].stored_wh
    )  # fmt: skip
    in_shadow = next(at for at, one in enumerate(seconds) if one.illumination < 1.0)
    start = max(1, next(interest, in_shadow) - WINDOW_S // 2)
    part = seconds[start : start + WINDOW_S]
    return {
        "second": start,
        "before_wh": seconds[start - 1].stored_wh,
        "array_w": [one.array_w for one in part],
        "stored_wh": [one.stored_wh for one in part],
    }


def ask() -> dict[str, Any]:
    """All cases, each with its request, answers, samples and battery window."""
    cases = {}
    for name, request in CASES.items():
        seconds = fly(request)
        told = {**asdict(request), "day": request.day.isoformat()}
        parts = {"samples": _samples(seconds), "battery": _window(request, seconds)}
        cases[name] = {"request": told, **summary(seconds), **parts}
    source = (
        f"Basilisk {version('bsk')} (pip package bsk, ISC licence), modules spacecraft, eclipse, simpleSolarPanel, "
    )
    source += "simpleBattery at 1 s; Sun fed by hand from the Astronomical Almanac's formula; Basilisk's own radii"
    return {"source": source, "made": "2026-11-21", "cases": cases}


if __name__ == "__main__":
    freeze("basilisk_orbit", ask())

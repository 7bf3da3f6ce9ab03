"""Checks against Basilisk's frozen runs: shadow, panel, battery, whole orbits, a heated node, its own eclipse cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from hal.constants import (
    EARTH_RADIUS_M,
    SOLAR_CONSTANT_W_M2,
    SPACE_TEMPERATURE_K,
    STEFAN_BOLTZMANN_W_M2K4,
    ZERO_CELSIUS_K,
)
from sim.discs import Bodies, Floats, disc_illuminations, illuminations
from sim.heat import Heat, HeatConfig, NodeConfig
from sim.single import SingleRequest, fly_single, integrate, sunlight_of
from tools.sim.oracles import FOLDER, basilisk_heat, frozen
from tools.sim.power import answer
from tools.sim.row import Row, skipped

SECTION = "Basilisk"
BASILISK = Bodies(earth_m=6_378_136.6, sun_m=695_000e3)
BASILISK_AU_M = 149_597_870_693.0
SUN_ONLY = Bodies(earth_m=BASILISK.earth_m)  # its Earth and our Sun
SMALL_EARTH_M = 6_371_000.0


def rows(folder: Path = FOLDER) -> Iterator[Row]:
    """All comparisons; one skipped row for each file that is not there."""
    for name, compare in (
        ("basilisk_orbit", _orbits),
        ("basilisk_lot", _lots),
        ("basilisk_heat", _heated),
        ("eclipse_cases", _eclipse_cases),
    ):
        content = frozen(name, folder)
        if content is None:
            yield skipped(SECTION, name, "Basilisk", f"{name}.json is not part of this installation")
        else:
            yield from compare(content)
    yield _small_earth()


def _row(name: str, source: str, unit: str, expected: float, got: float, tolerance: float) -> Row:
    return Row(
        section=SECTION,
        name=name,
        source=source,
        unit=unit,
        expected=float(expected),
        got=float(got),
        tolerance=tolerance,
    )


def _orbits(content: dict[str, Any]) -> Iterator[Row]:
    source = content["source"].split(" (")[0]
    for name, case in content["cases"].items():
        request = _request(case)
        yield from _discs(name, request, case["samples"], source)
        yield _battery(name, request, case["battery"], source)
        yield from _orbit(name, request, case, source)


def _request(case: dict[str, Any]) -> SingleRequest:
    return SingleRequest(**{**case["request"], "day": date.fromisoformat(case["request"]["day"])})


def _discs(name: str, request: SingleRequest, samples: list[dict[str, Any]], source: str) -> Iterator[Row]:
    """Its own places and Sun: the largest differences in illumination and watts."""
    place, sun, lit, watts = (
        np.array([row[key] for row in samples]) for key in ("place_m", "sun_m", "illumination", "array_w")
    )
    for what, unit, differences, tolerance in shadow_differences(request, place, sun, lit, watts):
        got = float(np.abs(differences).max())
        yield _row(f"{name}: {what}, worst of {len(samples)} places", source, unit, 0.0, got, tolerance)


def shadow_differences(
    request: SingleRequest, place: Floats, sun: Floats, lit: Floats, watts: Floats
) -> Iterator[tuple[str, str, Floats, float]]:
    """Ours minus Basilisk's at its places (n, 3): what, unit, differences (n,), tolerance."""
    same, other_sun = (_seen(place, sun, bodies) for bodies in (BASILISK, SUN_ONLY))
    flux = SOLAR_CONSTANT_W_M2 * BASILISK_AU_M**2 / ((sun - place) ** 2).sum(axis=1)
    yield "illumination, its radii", "", same - lit, 1e-8
    yield "illumination, our Sun's radius", "", other_sun - lit, 5e-4
    yield "array in its light", "W", request.array_m2 * request.efficiency * flux * lit - watts, 1e-5


def _seen(place: Floats, sun: Floats, bodies: Bodies) -> Floats:
    """Illumination at places; the satellite's height is its own at each, so one at a time."""
    found = []
    for here, there in zip(place, sun, strict=True):
        radius_m, distance_m = float(np.linalg.norm(here)), np.array([np.linalg.norm(there)])
        found.append(illuminations(np.array([here @ there]) / (radius_m * distance_m), radius_m, distance_m, bodies)[0])
    return np.array(found)


def _battery(name: str, request: SingleRequest, window: dict[str, Any], source: str) -> Row:
    """Basilisk's own watts into our battery: its stored energy, second by second, through empty or full."""
    got = battery_difference_wh(request, window["before_wh"], window["array_w"], window["stored_wh"])
    what = f"{name}: battery, its watts, worst of {len(window['stored_wh'])} s"
    return _row(what, source, "Wh", 0.0, got, 1e-9)


def battery_difference_wh(request: SingleRequest, before_wh: float, array_w: list[float], wh: list[float]) -> float:
    """The largest difference of stored energy when our battery is given Basilisk's watts at steps of a second."""
    surplus_w = [watts - request.load_w for watts in array_w]
    stored_j, _, _ = integrate(before_wh * 3600.0, request.battery_wh * 3600.0, surplus_w, 1.0)
    return float(np.abs(np.array(stored_j[1:]) / 3600.0 - np.array(wh)).max())


def _orbit(name: str, request: SingleRequest, case: dict[str, Any], source: str) -> Iterator[Row]:
    """A whole orbit with our radii; Basilisk's sums take end-points and whole seconds."""
    flown = fly_single(request)
    found = answer(flown)
    steps_s = np.arange(len(flown.stored_wh)) * found["step_s"]
    found["battery_end_wh"] = float(np.interp(float(int(found["period_s"])), steps_s, flown.stored_wh))
    for key, unit, tolerance in (
        ("eclipse_s", "s", 0.15),
        ("array_peak_w", "W", 1e-3),
        ("battery_min_wh", "Wh", 0.15),
        ("battery_end_wh", "Wh", 0.15),
    ):
        yield _row(f"{name}: {key}", source, unit, case[key], found[key], tolerance)


def _lots(content: dict[str, Any]) -> Iterator[Row]:
    """Orbits drawn by lot. Basilisk's battery takes the watts of each second's end: a second of power apart."""
    source = content["source"].split(" (")[0] + ", by lot"
    for number, case in enumerate(content["orbits"], start=1):
        request = _request(case)
        found, second_wh = answer(fly_single(request)), max(request.load_w, case["array_peak_w"]) / 3600.0
        where = f"{number}: {request.altitude_km:.0f} km, {found['inclination_deg']:.0f} deg, {request.ltan_h:.1f} h"
        for key, unit, tolerance in (
            ("eclipse_s", "s", 0.15),
            ("array_peak_w", "W", 1e-6 * case["array_peak_w"]),
            ("battery_min_wh", "Wh", second_wh),
            ("battery_end_wh", "Wh", second_wh),
        ):
            yield _row(f"{where}: {key}", source, unit, case[key], found[key], tolerance)


def _heated(content: dict[str, Any]) -> Iterator[Row]:
    """The same node here, with Basilisk's two constants, at its step of a second."""
    source = content["source"].split(" (")[0]
    got = node_difference_k(content["temperature_c"], content["every_s"])
    what = f"sensorThermal with its constants, worst of {len(content['temperature_c'])} minutes"
    yield _row(what, source, "K", 0.0, got, 1e-6)


def node_difference_k(temperature_c: list[float], every_s: int) -> float:
    """The largest difference of our node's temperature; its Stefan-Boltzmann constant goes into the emissivity."""
    plate, other = basilisk_heat, basilisk_heat.STEFAN_BOLTZMANN_W_M2K4
    node = NodeConfig(
        capacity_j_k=plate.MASS_KG * plate.HEAT_J_KG_K,
        area_m2=plate.AREA_M2,
        emissivity=plate.EMISSIVITY * other / STEFAN_BOLTZMANN_W_M2K4,
        absorptivity=plate.ABSORPTIVITY,
        sun_cosine=1.0,
        start_c=plate.START_C,
    )
    sky_w = plate.AREA_M2 * plate.EMISSIVITY * other * SPACE_TEMPERATURE_K**4  # its sky is at absolute zero
    heat, found = alone(node), [plate.START_C]
    for second in range(1, plate.SECONDS + 1):
        sun_w_m2 = plate.SOLAR_CONSTANT_W_M2 * plate.illumination(second)
        heat.step(1.0, sun_w_m2, 0.0, 0.0, 0.0, 0.0, plate.LOAD_W - sky_w, 0)
        found.append(heat.structure_k - ZERO_CELSIUS_K)
    return float(np.abs(np.array(found[::every_s]) - np.array(temperature_c)).max())


def alone(node: NodeConfig) -> Heat:
    """A network in which nothing is connected to this node, which stands where the structure does."""
    return Heat(
        HeatConfig(
            structure=node,
            payload_radiator_w_k=0.0,
            payload_structure_w_k=0.0,
            battery_structure_w_k=0.0,
            radiator_structure_w_k=0.0,
            array_structure_w_k=0.0,
        ),
        0.0,
    )


def _eclipse_cases(content: dict[str, Any]) -> Iterator[Row]:
    """Its unit test's planets and places; what it reports of an annular eclipse is the covered part of the disc."""
    source = content["source"].split(";")[0]
    for name, case in content["cases"].items():
        place, sun = np.array(case["place_km"]), np.array(case["sun_km"])
        ranges_km, towards = np.linalg.norm(sun - place), sun - place
        separation = np.arccos(-(place @ towards) / (np.linalg.norm(place) * ranges_km))
        sun_rad = np.arcsin(content["sun_radius_km"] / ranges_km)
        planet_rad = np.arcsin(case["planet_radius_km"] / np.linalg.norm(place))
        free = float(disc_illuminations(sun_rad, planet_rad, separation))
        told, what = (1.0 - free, "covered part") if name.startswith("annular") else (free, "free part")
        yield _row(f"eclipse case: {name}, {what}", source, "", case["expected"], told, 1e-6)


def _small_earth() -> Row:
    """The wrong radius is a known error of another code: it must show."""
    seconds = []
    for earth_m in (EARTH_RADIUS_M, SMALL_EARTH_M):
        light = sunlight_of(SingleRequest(), Bodies(earth_m=earth_m))
        seconds.append(light.seconds(1.0 - light.illumination))
    source = "PASEOS's radius in an independent code"
    return _row("eclipse shorter with an Earth of 6,371 km", source, "s", 5.5, seconds[0] - seconds[1], 0.5)

"""Checks against other programs: Basilisk's frozen orbits, and what would need more than is here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from hal.constants import EARTH_RADIUS_M, SOLAR_CONSTANT_W_M2
from sim.discs import Bodies, Floats, illuminations
from sim.single import SingleRequest, fly_single, sunlight_of
from tools.sim.power import answer
from tools.sim.row import Row, skipped

SECTION = "other codes"
GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "basilisk_orbit.json"
BASILISK = Bodies(earth_m=6_378_136.6, sun_m=695_000e3)
BASILISK_AU_M = 149_597_870_693.0
SUN_ONLY = Bodies(earth_m=BASILISK.earth_m)  # its Earth and our Sun
SMALL_EARTH_M = 6_371_000.0
RADBELT, SPENVIS = "radbelt 0.1.8, AP8 with the field of 2021", "SPENVIS SHIELDOSE-2, 550 km"


def rows(golden: Path = GOLDEN) -> Iterator[Row]:
    """All comparisons with other programs."""
    yield from _basilisk(golden)
    yield _small_earth()
    for name, source, reason in (
        (
            "eclipse unit cases of Earth and Mars",
            "Basilisk, test_eclipse",
            "their Sun is that of JPL DE430, which is not part of the repository; its discs are compared above",
        ),
        ("sensorThermal", "Basilisk", "its node has other constants (5.76051e-8, 1,366 W/m2) and no frozen series"),
        ("20 MeV protons at 30 S, 45 W, 500 km", RADBELT, "the radiation map is a coarse one of protons above 30 MeV"),
        ("dose in five years behind 2, 4 and 10 mm", SPENVIS, "the simulation keeps no dose"),
        ("eclipses in flight", "BUPT-1 telemetry, June 2023", "the data have no licence and are not redistributed"),
    ):
        yield skipped(SECTION, name, source, reason)


def _basilisk(golden: Path) -> Iterator[Row]:
    if not golden.is_file():
        yield skipped(SECTION, "six orbits", "Basilisk", f"{golden.name} is part of the source tree alone")
        return
    frozen = json.loads(golden.read_text("utf-8"))
    source = frozen["source"].split(" (")[0]
    for name, case in frozen["cases"].items():
        request = SingleRequest(**{**case["request"], "day": date.fromisoformat(case["request"]["day"])})
        yield from _discs(name, request, case["samples"], source)
        yield from _orbit(name, request, case, source)


def _discs(name: str, request: SingleRequest, samples: list[dict[str, Any]], source: str) -> Iterator[Row]:
    """Its own places and Sun: the largest differences in illumination and watts."""
    place, sun = (np.array([row[key] for row in samples]) for key in ("place_m", "sun_m"))
    lit, watts = (np.array([row[key] for row in samples]) for key in ("illumination", "array_w"))
    same, other_sun = (_seen(place, sun, bodies) for bodies in (BASILISK, SUN_ONLY))
    flux = SOLAR_CONSTANT_W_M2 * BASILISK_AU_M**2 / ((sun - place) ** 2).sum(axis=1)
    for what, unit, differences, tolerance in (
        ("illumination, its radii", "", same - lit, 1e-8),
        ("illumination, our Sun's radius", "", other_sun - lit, 5e-4),
        ("array, its radii", "W", request.array_m2 * request.efficiency * flux * same - watts, 1e-5),
    ):
        yield Row(
            section=SECTION,
            name=f"{name}: largest difference, {what}",
            source=source,
            unit=unit,
            expected=0.0,
            got=float(np.abs(differences).max()),
            tolerance=tolerance,
        )


def _seen(place: Floats, sun: Floats, bodies: Bodies) -> Floats:
    """Illumination at places; the satellite's height is its own at each, so one at a time."""
    found = []
    for here, there in zip(place, sun, strict=True):
        radius_m, distance_m = float(np.linalg.norm(here)), np.array([np.linalg.norm(there)])
        found.append(illuminations(np.array([here @ there]) / (radius_m * distance_m), radius_m, distance_m, bodies)[0])
    return np.array(found)


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
        yield Row(
            section=SECTION,
            name=f"{name}: {key}",
            source=source,
            unit=unit,
            expected=case[key],
            got=found[key],
            tolerance=tolerance,
        )


def _small_earth() -> Row:
    """The wrong radius is a known error of another code: it must show."""
    seconds = []
    for earth_m in (EARTH_RADIUS_M, SMALL_EARTH_M):
        light = sunlight_of(SingleRequest(), Bodies(earth_m=earth_m))
        seconds.append(light.seconds(1.0 - light.illumination))
    return Row(
        section=SECTION,
        name="eclipse shorter with an Earth of 6,371 km",
        source="PASEOS's radius in an independent code",
        unit="s",
        expected=5.5,
        got=seconds[0] - seconds[1],
        tolerance=0.5,
    )

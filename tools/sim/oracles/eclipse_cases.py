"""The eclipse cases of Basilisk's own unit test (test_eclipse.py, AVSLab, ISC licence): `eclipse_cases.json`.

Places of the satellite and the expected numbers are that test's; Sun, Earth and Mars at its instant are JPL's DE421
through skyfield, where Basilisk takes DE430: 1 km apart, 4e-7 of the illumination.
"""

from __future__ import annotations

from importlib.metadata import version
from math import cos, radians, sin
from typing import Any

from tools.sim.oracles import freeze

INSTANT = (2021, 5, 4, 7, 47, 48.965)  # UTC
EARTH_KM, MARS_KM, SUN_KM = 6_378.1366, 3_396.19, 695_000.0  # Basilisk's radii
ECCENTRICITY, INCLINATION_DEG, NODE_DEG = 1e-5, 5.0, 48.2
FAR_KM = 9_959_991.68982


def _orbit_km(axis_km: float, anomaly_deg: float) -> list[float]:
    """A place on the test's orbit, perigee in the node."""
    angle, node, tilt = radians(anomaly_deg), radians(NODE_DEG), radians(INCLINATION_DEG)
    radius_km = axis_km * (1.0 - ECCENTRICITY**2) / (1.0 + ECCENTRICITY * cos(angle))
    return [
        radius_km * (cos(node) * cos(angle) - sin(node) * sin(angle) * cos(tilt)),
        radius_km * (sin(node) * cos(angle) + cos(node) * sin(angle) * cos(tilt)),
        radius_km * sin(angle) * sin(tilt),
    ]


# name, planet, place km, its number. In an annular eclipse that number is the covered part, else the free part.
CASES: tuple[tuple[str, str, list[float], float], ...] = (
    ("partial, Earth", "earth", _orbit_km(500.0 + EARTH_KM, 107.5), 0.62310760206735027),
    ("full, Earth", "earth", _orbit_km(500.0 + EARTH_KM, 173.0), 0.0),
    ("none, Earth", "earth", _orbit_km(FAR_KM, 107.5), 1.0),
    ("annular, Earth", "earth", [-326716535.628942, -287302983.139247, -124542549.301050], 1.497253388113018e-04),
    ("partial, Mars", "mars", [-6050.166454829555, 2813.822447404055, 571.7255651779658], 0.18745025055615416),
    ("full, Mars", "mars", [-2930.23355919119, 2567.609100747609, 41.38423366372246], 0.0),
    ("none, Mars", "mars", _orbit_km(FAR_KM, 107.5), 1.0),
    ("annular, Mars", "mars", [-427424601.171464, 541312532.797400, 259820030.623064], 4.245137380531894e-05),
)


def ask() -> dict[str, Any]:
    """Places and Suns relative to the planet in km, its radius, and the number."""
    suns = _suns_km()
    return {
        "source": "Basilisk, test_eclipse.py; bodies by JPL DE421 through skyfield " + version("skyfield"),
        "made": "2026-11-21",
        "sun_radius_km": SUN_KM,
        "cases": {
            name: {
                "planet_radius_km": EARTH_KM if planet == "earth" else MARS_KM,
                "place_km": place,
                "sun_km": suns[planet],
                "expected": number,
            }
            for name, planet, place, number in CASES
        },
    }


def _suns_km() -> dict[str, list[float]]:
    """The Sun from either planet, geometric, in J2000; of Mars it is the barycentre, as in the test."""
    from skyfield.api import Loader
    from skyfield_data import get_skyfield_data_path

    load = Loader(get_skyfield_data_path())
    when, kernel = load.timescale(builtin=True).utc(*INSTANT), load("de421.bsp")
    sun = kernel["sun"].at(when).position.km
    bodies = {"earth": "earth", "mars": "mars barycenter"}
    return {name: (sun - kernel[body].at(when).position.km).tolist() for name, body in bodies.items()}


if __name__ == "__main__":
    freeze("eclipse_cases", ask())

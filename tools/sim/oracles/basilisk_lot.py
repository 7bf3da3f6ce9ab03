"""Orbits that nobody chose, flown by Basilisk (AVSLab, ISC licence): `basilisk_lot.json`.

Any orbit and day of 2026, arrays from a cubesat's to a data centre's, batteries that run full and empty: drawn by lot
with a seed, flown as in `basilisk_orbit`.
"""

from __future__ import annotations

import random
from dataclasses import asdict
from datetime import date, timedelta
from importlib.metadata import version
from math import pi, sqrt
from typing import Any

from hal.constants import EARTH_MU_M3_S2, SOLAR_CONSTANT_W_M2
from sim.single import SingleRequest
from tools.sim.oracles import freeze
from tools.sim.oracles.basilisk_orbit import Second, fly, summary

SEED, ORBITS = 7, 30


def requests() -> list[SingleRequest]:
    """The same orbits each time."""
    chance = random.Random(SEED)
    return [_drawn(chance) for _ in range(ORBITS)]


def _drawn(chance: random.Random) -> SingleRequest:
    area_m2, efficiency = chance.choice([0.05, 0.2, 5.0, 40.0, 600.0]), chance.uniform(0.15, 0.34)
    peak_w = SOLAR_CONSTANT_W_M2 * area_m2 * efficiency
    return SingleRequest(
        altitude_km=chance.uniform(400.0, 2_000.0),
        inclination_deg=chance.choice([None, chance.uniform(0.0, 150.0)]),
        ltan_h=chance.uniform(0.0, 24.0),
        day=date(2026, 1, 1) + timedelta(days=chance.randrange(365)),
        array_m2=area_m2,
        efficiency=efficiency,
        load_w=peak_w * chance.uniform(0.0, 1.2),
        battery_wh=peak_w * chance.choice([0.05, 0.3, 1.0, 5.0]) * chance.uniform(0.5, 1.5),
        start_soc=chance.choice([0.0, 0.5, 1.0, chance.random()]),
        is_lossless=True,
    )


def answers(request: SingleRequest, seconds: list[Second]) -> dict[str, Any]:
    """Basilisk's four answers; its eclipse integrated by trapezoids to the end of the orbit."""
    dark = [1.0 - second.illumination for second in seconds]
    rest_s = 2.0 * pi * sqrt(request.semi_major_axis_m**3 / EARTH_MU_M3_S2) - (len(seconds) - 1)
    eclipse_s = sum(dark) - 0.5 * (dark[0] + dark[-1]) + rest_s * dark[-1]
    return {**summary(seconds), "eclipse_s": eclipse_s}


def ask() -> dict[str, Any]:
    """Each orbit's request and answers."""
    orbits = [
        {"request": {**asdict(request), "day": request.day.isoformat()}, **answers(request, fly(request))}
        for request in requests()
    ]
    return {
        "source": f"Basilisk {version('bsk')} (pip package bsk, ISC licence), modules and Sun as in basilisk_orbit",
        "made": "2026-11-21",
        "orbits": orbits,
    }


if __name__ == "__main__":
    freeze("basilisk_lot", ask())

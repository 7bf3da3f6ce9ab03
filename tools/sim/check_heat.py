"""Checks of heat: textbook radiators and plates, each settled in the simulation's own heat network.

One node of the network is left alone with a load, its surface and its surroundings, and stepped until it rests.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import asin, pi, sqrt

from hal.constants import EARTH_RADIUS_M, SOLAR_CONSTANT_W_M2, ZERO_CELSIUS_K
from sim.heat import NodeConfig
from tools.sim.check_codes import alone
from tools.sim.row import Row

SECTION, SOURCE = "radiators and plates", "Stefan-Boltzmann law, by hand"
STEPS = 600  # of a second, with a time constant under 40 s: at rest to 1e-6 K
CAPACITY_J_M2K = 200.0  # a foil
LUMP_J_K = 1e6  # cools by a millikelvin while it is looked at: 2e-5 of what it radiates
RELATIVE = 1e-3  # of the absolute temperature

AI1_M2 = 110.0  # one panel, radiating on both sides
TWO_SIDED = 1.8  # emissivity 0.9 twice


def rows() -> Iterator[Row]:
    """Temperatures at rest, what surfaces radiate, and how they see the Earth."""
    yield from _temperatures()
    yield from _radiated()
    for altitude_km, expected in ((500.0, 0.267), (600.0, 0.249), (1_000.0, 0.194), (2_000.0, 0.118)):
        name = f"view of the Earth from a plate edge-on at {altitude_km:g} km"
        # the source is rounded to a thousandth
        yield _row(name, "", expected, edge_view(altitude_km), 6e-4, "numerical integration over the disc")


def _row(name: str, unit: str, expected: float, got: float, tolerance: float, source: str = SOURCE) -> Row:
    return Row(section=SECTION, name=name, source=source, unit=unit, expected=expected, got=got, tolerance=tolerance)


def _temperatures() -> Iterator[Row]:
    """Loads in watts, areas in square metres."""
    edge = edge_view(600.0)
    for name, expected_c, got_c in (
        ("1 kW from 2.653 m2, emissivity 0.9", 20.0, settled_c(1e3, 2.653, 0.9)),
        ("1 kW from 1.327 m2 of two-sided panel", 20.0, settled_c(1e3, 1.327, TWO_SIDED)),
        ("1 kW from 1.591 m2, emissivity 0.9", 60.0, settled_c(1e3, 1.591, 0.9)),
        ("black sphere at 1 au", 278.3 - ZERO_CELSIUS_K, settled_c(0.0, 1.0, 1.0, absorptivity=1.0, cosine=0.25)),
        ("plate to the Sun, 0.92 and 0.85 twice", 64.4, settled_c(0.0, 1.0, 1.7, absorptivity=0.92, cosine=1.0)),
        ("150 kW from 110 m2 two-sided, empty space", 66.8, settled_c(150e3, AI1_M2, TWO_SIDED)),
        ("150 kW from 110 m2, Earth edge-on at 600 km", 73.3, settled_c(150e3, AI1_M2, TWO_SIDED, view=edge)),
        ("120 kW from 110 m2 two-sided, empty space", 48.4, settled_c(120e3, AI1_M2, TWO_SIDED)),
        ("120 kW from 110 m2, Earth edge-on at 600 km", 55.9, settled_c(120e3, AI1_M2, TWO_SIDED, view=edge)),
        ("1,400 W from each m2 of two-sided panel", 69.1, settled_c(1_400.0, 1.0, TWO_SIDED)),
    ):
        yield _row(name, "C", expected_c, got_c, RELATIVE * (expected_c + ZERO_CELSIUS_K))


def _radiated() -> Iterator[Row]:
    """Watts from a square metre, and the area of a kilowatt."""
    cold, warm, both = radiated_w_m2(20.0, 0.9), radiated_w_m2(60.0, 0.9), radiated_w_m2(20.0, TWO_SIDED)
    hot_c = settled_c(150e3, AI1_M2, TWO_SIDED)
    for name, unit, expected, got in (
        ("radiated at 20 C, emissivity 0.9", "W/m2", 376.9, cold),
        ("radiated at 60 C, emissivity 0.9", "W/m2", 628.7, warm),
        ("radiated by each side, 150 kW from 110 m2 two-sided", "W/m2", 682.0, radiated_w_m2(hot_c, 0.9)),
        ("area for 1 kW at 20 C, emissivity 0.9", "m2", 2.653, 1e3 / cold),
        ("two-sided panel for 1 kW at 20 C", "m2", 1.327, 1e3 / both),
        ("area for 1 kW at 60 C, emissivity 0.9", "m2", 1.591, 1e3 / warm),
    ):
        yield _row(name, unit, expected, got, RELATIVE * expected)


def edge_view(altitude_km: float) -> float:
    """View factor to the Earth of one side of a plate whose plane holds the nadir."""
    x = EARTH_RADIUS_M / (EARTH_RADIUS_M + 1000.0 * altitude_km)
    return (asin(x) - x * sqrt(1.0 - x * x)) / pi


def settled_c(
    load_w: float,
    area_m2: float,
    emissivity: float,
    *,
    absorptivity: float = 0.0,
    cosine: float = 0.0,
    view: float = 0.0,
) -> float:
    """The temperature at which a surface alone comes to rest, in degrees Celsius."""
    node = NodeConfig(
        capacity_j_k=CAPACITY_J_M2K * area_m2,
        area_m2=area_m2,
        emissivity=emissivity,
        absorptivity=absorptivity,
        sun_cosine=cosine,
        earth_view=view,
    )
    heat = alone(node)
    for _ in range(STEPS):
        heat.step(1.0, SOLAR_CONSTANT_W_M2, 0.0, 0.0, 0.0, 0.0, load_w, 0)
    return heat.structure_k - ZERO_CELSIUS_K


def radiated_w_m2(temperature_c: float, emissivity: float) -> float:
    """What a square metre loses to space in a short step, from its fall in temperature."""
    node = NodeConfig(
        capacity_j_k=LUMP_J_K, area_m2=1.0, emissivity=emissivity, absorptivity=0.0, start_c=temperature_c
    )
    heat = alone(node)
    before_k = heat.structure_k
    heat.step(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
    return LUMP_J_K * (before_k - heat.structure_k)

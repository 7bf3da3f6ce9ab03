"""The numbers that all satellites of a shell share during a cell of ten minutes; one layout for three executors.

The limb of the Earth is taken as a straight edge across the Sun's disc and the area it leaves free as a polynomial, so
that no step needs an inverse sine: see `EDGE_1`. Source of the model: the physics of `sim`, whose constants it uses.
"""

from __future__ import annotations

from math import asin, cos, pi, sin
from typing import NamedTuple

from hal.constants import (
    EARTH_RADIUS_M,
    SPACE_TEMPERATURE_K,
    STEFAN_BOLTZMANN_W_M2K4,
    SUN_RADIUS_M,
    ZERO_CELSIUS_K,
)
from sim.array import CELL_REFERENCE_C
from sim.constellation.design import Design
from sim.constellation.doses import map_year
from sim.constellation.shells import Shell
from sim.heat import HeatConfig, NodeConfig
from sim.orbit import latitude_rate_rad_s, node_rate_rad_s
from sim.sun import Sun, sun_at

CELL_S = 600.0  # the Sun and the node move 0.007 deg: 0.1 s of orbit
# Free part of a disc behind a straight edge at q radii: 1/2 + q (E1 + E3 q^2 + E5 q^4), within 0.0014 of
# 1/2 + (q sqrt(1 - q^2) + asin q)/pi. Odd about the half, so the energy of a crossing is exact; multiples of 1/512, so
# that it is exactly 0 and 1 at the ends in floating point.
EDGE_1, EDGE_3, EDGE_5 = 323.0 / 512.0, -37.0 / 512.0, -30.0 / 512.0
# Arc tangent of 0..1 as t (A1 + A3 t^2 + ..) within 1e-5 rad: Abramowitz and Stegun, formula 4.4.47.
ARC_1, ARC_3, ARC_5, ARC_7, ARC_9 = 0.9998660, -0.3302995, 0.1801410, -0.0851330, 0.0208351
ARC_GUARD = 1e-30  # below the line it stands for the pole, where the longitude is any
DEGREES = 180.0 / pi
ROOT_GUARD = 1.0 + 1e-12  # instead of 1 under the root: the product of two unit vectors exceeds 1 by rounding


class Coefficients(NamedTuple):
    """Everything a step needs beside the satellite's own state, as the C structure has it: doubles in this order."""

    turn_cos: float  # along the orbit in a step
    turn_sin: float
    node_turn_cos: float  # of the node in a cell
    node_turn_sin: float
    cos_inclination: float
    sin_inclination: float
    sun_x: float
    sun_y: float
    sun_z: float
    limb_root: float  # height of the Sun over the limb in solar radii: root sqrt(1 - m^2) + slope m - parallax
    limb_slope: float
    limb_parallax: float
    array_w: float  # in full sun at 0 K, its slope, and what the tracker passes
    array_w_k: float
    array_limit_w: float
    platform_w: float
    compute_w: float  # in sun and shadow alike
    compute_sun_w: float  # times the illumination
    charge_efficiency: float
    discharge_factor: float  # watts out of the store for a watt at the terminals
    charge_limit_w: float
    reserve_j: float
    capacity_j: float
    step_s: float
    array_sun_w: float  # each node: in full sun, under the subsolar point, always, 4 e s A, C / step
    array_albedo_w: float
    array_constant_w: float
    array_radiated_w_k4: float
    array_inertia_w_k: float
    payload_sun_w: float
    payload_albedo_w: float
    payload_constant_w: float
    payload_radiated_w_k4: float
    payload_inertia_w_k: float
    body_sun_w: float
    body_albedo_w: float
    body_constant_w: float
    body_radiated_w_k4: float
    body_inertia_w_k: float
    link_w_k: float  # between payload and body
    dose_altitude_km: float  # these two name the map of doses: see doses.py
    dose_year: float


def _node(
    nodes: tuple[tuple[NodeConfig, float], ...], heat: HeatConfig, flux_w_m2: float, step_s: float
) -> list[float]:
    """The five numbers of a lump of nodes, each scaled."""
    absorbing = [(node, node.absorptivity * node.area_m2 * scale) for node, scale in nodes]
    radiating = [(node, node.emissivity * node.area_m2 * scale) for node, scale in nodes]
    radiated_w_k4 = STEFAN_BOLTZMANN_W_M2K4 * sum(area_m2 for _, area_m2 in radiating)
    earth_w = heat.earth_infrared_w_m2 * sum(area_m2 * node.earth_view for node, area_m2 in radiating)
    return [
        flux_w_m2 * sum(area_m2 * node.sun_cosine for node, area_m2 in absorbing),
        flux_w_m2 * heat.albedo * sum(area_m2 * node.earth_view for node, area_m2 in absorbing),
        earth_w + radiated_w_k4 * SPACE_TEMPERATURE_K**4,
        4.0 * radiated_w_k4,
        sum(node.capacity_j_k * scale for node, scale in nodes) / step_s,
    ]


def _orbit(shell: Shell, step_s: float) -> list[float]:
    axis_m, inclination = shell.semi_major_axis_m, shell.inclination_rad
    turn = latitude_rate_rad_s(axis_m, inclination) * step_s
    node = node_rate_rad_s(axis_m, inclination) * CELL_S
    return [cos(turn), sin(turn), cos(node), sin(node), cos(inclination), sin(inclination)]


def _sun(shell: Shell, sun: Sun) -> list[float]:
    sun_sine = SUN_RADIUS_M / sun.distance_m
    earth_sine = EARTH_RADIUS_M / shell.semi_major_axis_m
    parallax = shell.semi_major_axis_m / sun.distance_m * earth_sine  # moves the limb; elsewhere it changes nothing
    return [sun.x, sun.y, sun.z, cos(asin(earth_sine)) / sun_sine, earth_sine / sun_sine, parallax / sun_sine]


def _power(design: Design, sun: Sun, unix_s: float, step_s: float) -> list[float]:
    array, storage, load = design.array, design.storage, design.load
    gain_w = array.gain_m2 * sun.flux_w_m2
    slope = array.temp_coefficient_per_k
    always, in_sun = load.compute_shares(unix_s)
    capacity_j = storage.capacity_wh * 3600.0
    return [
        gain_w * (1.0 - slope * (CELL_REFERENCE_C + ZERO_CELSIUS_K)),
        gain_w * slope,
        array.power_w,
        load.platform_w,
        load.compute_w * always,
        load.compute_w * in_sun,
        storage.charge_efficiency,
        1.0 / storage.discharge_efficiency,
        storage.charge_limit_w,
        storage.reserve_soc * capacity_j,
        capacity_j,
        step_s,
    ]


def _heat(design: Design, sun: Sun, step_s: float) -> list[float]:
    heat, flux_w_m2 = design.heat, sun.flux_w_m2
    return [
        *_node(((heat.array, design.array.area_m2),), heat, flux_w_m2, step_s),
        *_node(((heat.payload, 1.0), (heat.radiator, 1.0)), heat, flux_w_m2, step_s),
        *_node(((heat.battery, 1.0), (heat.structure, 1.0)), heat, flux_w_m2, step_s),
        heat.payload_structure_w_k + heat.radiator_structure_w_k,
    ]


def _dose(shell: Shell, unix_s: float) -> list[float]:
    return [shell.altitude_km, map_year(unix_s)]


def coefficients(shell: Shell, design: Design, epoch_unix_s: float, cell: int, step_s: float) -> Coefficients:
    """The coefficients of a cell, for its middle; `cell` counts from the epoch."""
    unix_s = epoch_unix_s + (cell + 0.5) * CELL_S
    sun = sun_at(unix_s)
    return Coefficients(
        *_orbit(shell, step_s),
        *_sun(shell, sun),
        *_power(design, sun, unix_s, step_s),
        *_heat(design, sun, step_s),
        *_dose(shell, unix_s),
    )

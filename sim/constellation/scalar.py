"""The model in plain Python for one satellite: the reference of the other two, and fast enough for a bench flight.

Every line has its twin in `arrays.py` and `kernel.c`, operation for operation; see there for the reasons.
"""

from __future__ import annotations

from math import sqrt

from sim.constellation.arrays import end_cell, sun_products
from sim.constellation.coefficients import (
    ARC_1,
    ARC_3,
    ARC_5,
    ARC_7,
    ARC_9,
    ARC_GUARD,
    DEGREES,
    EDGE_1,
    EDGE_3,
    EDGE_5,
    ROOT_GUARD,
    Coefficients,
)
from sim.constellation.doses import (
    CELLS_A_DEG,
    EQUATOR_ROW,
    GREENWICH_COLUMN,
    LAST_COLUMN,
    LAST_ROW,
    STRIDE,
    dose_list,
)

__all__ = ["State", "advance", "end_cell", "irradiate"]

State = tuple[float, ...]  # the nine rows of one satellite


def advance(k: Coefficients, state: State, steps: int) -> State:
    """`steps` steps within a cell. One loop over local names: calls and attributes would cost three times as much."""
    cos_u, sin_u, cos_node, sin_node, stored_j, array_k, payload_k, body_k, dose = state
    sun_node, sun_ahead = sun_products(k, cos_node, sin_node)
    (turn_cos, turn_sin, _, _, _, _, _, _, _, limb_root, limb_slope, limb_parallax,
     array_w, array_w_k, array_limit_w, platform_w, compute_w, compute_sun_w,
     charge_efficiency, discharge_factor, charge_limit_w, reserve_j, capacity_j, step_s,
     array_sun_w, array_albedo_w, array_constant_w, array_radiated_w_k4, array_inertia_w_k,
     payload_sun_w, payload_albedo_w, payload_constant_w, payload_radiated_w_k4, payload_inertia_w_k,
     body_sun_w, body_albedo_w, body_constant_w, body_radiated_w_k4, body_inertia_w_k, link_w_k, *_) = k  # fmt: skip
    payload_inertia_w_k += link_w_k
    body_inertia_w_k += link_w_k
    for _ in range(steps):
        sun_cosine = sun_node * cos_u + sun_ahead * sin_u
        height = sqrt(ROOT_GUARD - sun_cosine * sun_cosine) * limb_root + (sun_cosine * limb_slope - limb_parallax)
        if height >= 1.0:
            lit = 1.0
        elif height <= -1.0:
            lit = 0.0
        else:
            square = height * height
            lit = height * (square * (square * EDGE_5 + EDGE_3) + EDGE_1) + 0.5
        glow = sun_cosine if sun_cosine > 0.0 else 0.0
        power_w = lit * (array_k * array_w_k + array_w)
        if power_w > array_limit_w:
            power_w = array_limit_w
        load_w = lit * compute_sun_w + compute_w if stored_j > reserve_j else 0.0
        net_w = power_w - (load_w + platform_w)
        flow_w = net_w * charge_efficiency if net_w > 0.0 else net_w * discharge_factor
        stored_w = flow_w if flow_w < charge_limit_w else charge_limit_w
        linked_w = link_w_k * (payload_k - body_k)
        stored_j = stored_w * step_s + stored_j
        if stored_j > capacity_j:
            stored_j = capacity_j
        elif stored_j < 0.0:
            stored_j = 0.0

        heat_w = lit * array_sun_w + glow * array_albedo_w + array_constant_w - power_w
        stiff_w_k = array_k * array_k * array_k * array_radiated_w_k4
        array_k += (heat_w - stiff_w_k * array_k * 0.25) / (stiff_w_k + array_inertia_w_k)

        heat_w = lit * payload_sun_w + glow * payload_albedo_w + payload_constant_w + load_w - linked_w
        stiff_w_k = payload_k * payload_k * payload_k * payload_radiated_w_k4
        payload_k += (heat_w - stiff_w_k * payload_k * 0.25) / (stiff_w_k + payload_inertia_w_k)

        loss_w = net_w - flow_w + platform_w
        heat_w = lit * body_sun_w + glow * body_albedo_w + body_constant_w + loss_w + linked_w
        stiff_w_k = body_k * body_k * body_k * body_radiated_w_k4
        body_k += (heat_w - stiff_w_k * body_k * 0.25) / (stiff_w_k + body_inertia_w_k)

        cos_u, sin_u = cos_u * turn_cos - sin_u * turn_sin, sin_u * turn_cos + cos_u * turn_sin
    return cos_u, sin_u, cos_node, sin_node, stored_j, array_k, payload_k, body_k, dose


def direction_deg(y: float, x: float) -> float:
    """The angle of (x, y), within 0.001 deg."""
    wide, high = abs(x), abs(y)
    ratio = min(wide, high) / max(wide, high, ARC_GUARD)
    square = ratio * ratio
    series = (((square * ARC_9 + ARC_7) * square + ARC_5) * square + ARC_3) * square + ARC_1
    angle = series * ratio * DEGREES
    angle = 90.0 - angle if high > wide else angle
    angle = 180.0 - angle if x < 0.0 else angle
    return -angle if y < 0.0 else angle


def irradiate(k: Coefficients, state: State, earth: tuple[float, float]) -> State:
    """Add the dose of a minute."""
    cos_u, sin_u, cos_node, sin_node = state[:4]
    flat = sin_u * k.cos_inclination
    east, north = cos_u * cos_node - flat * sin_node, cos_u * sin_node + flat * cos_node
    x, y, z = east * earth[0] + north * earth[1], north * earth[0] - east * earth[1], sin_u * k.sin_inclination
    row = direction_deg(z, sqrt(x * x + y * y)) * CELLS_A_DEG + EQUATOR_ROW
    column = direction_deg(y, x) * CELLS_A_DEG + GREENWICH_COLUMN
    south, west = min(int(row), int(LAST_ROW)), min(int(column), int(LAST_COLUMN))
    up, across = row - south, column - west
    doses, corner = dose_list(k.dose_altitude_km, k.dose_year), south * STRIDE + west
    low, high = doses[corner], doses[corner + STRIDE]
    low += across * (doses[corner + 1] - low)
    high += across * (doses[corner + STRIDE + 1] - high)
    return (*state[:8], state[8] + (low + up * (high - low)))

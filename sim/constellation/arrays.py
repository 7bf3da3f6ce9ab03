"""The model on arrays of any array-API namespace: pure functions, no write in place, masks by `where`.

The operations and their order are those of `scalar.py` and `kernel.c`, and none but the exact ones of IEEE 754 (with
division and root) are used: the three agree to the last bit.
"""

from __future__ import annotations

from typing import Any

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
    dose_map,
)

Array = Any  # of the namespace `xp`; the standard has no type for it
State = tuple[Array, Array, Array, Array, Array, Array]  # cos_u, sin_u, stored_j, array_k, payload_k, body_k


def sun_products(k: Coefficients, cos_node: Array, sin_node: Array) -> tuple[Array, Array]:
    """The Sun's components along the ascending node and 90 degrees ahead of it in the orbit."""
    along = cos_node * k.sun_x + sin_node * k.sun_y
    across = cos_node * k.sun_y - sin_node * k.sun_x
    return along, across * k.cos_inclination + k.sin_inclination * k.sun_z


def illumination(xp: Any, k: Coefficients, sun_cosine: Array) -> Array:
    """The free part of the Sun's disc, from the cosine between zenith and Sun."""
    root = xp.sqrt(ROOT_GUARD - sun_cosine * sun_cosine)
    height = root * k.limb_root + (sun_cosine * k.limb_slope - k.limb_parallax)
    edge = xp.minimum(xp.maximum(height, -1.0), 1.0)
    square = edge * edge
    return edge * (square * (square * EDGE_5 + EDGE_3) + EDGE_1) + 0.5


def array_w(xp: Any, k: Coefficients, lit: Array, array_k: Array) -> Array:
    """What the tracker delivers."""
    return xp.minimum(lit * (array_k * k.array_w_k + k.array_w), k.array_limit_w)


def compute_w(xp: Any, k: Coefficients, lit: Array, stored_j: Array) -> Array:
    """What the payload draws: nothing at or below the reserve."""
    wanted_w = lit * k.compute_sun_w + k.compute_w
    return xp.where(stored_j > k.reserve_j, wanted_w, 0.0)


def step(xp: Any, k: Coefficients, sun_node: Array, sun_ahead: Array, state: State) -> State:
    """One step: illumination, array, load, battery, three nodes by linearised backward Euler, then the orbit.

    What the battery does not take (full, or beyond the charge limit) leaves through shunts outside the nodes. An empty
    battery carries the platform on: the reserve is there so that it does not come to that.
    """
    cos_u, sin_u, stored_j, array_k, payload_k, body_k = state
    sun_cosine = sun_node * cos_u + sun_ahead * sin_u
    lit = illumination(xp, k, sun_cosine)
    glow = xp.maximum(sun_cosine, 0.0)
    power_w = array_w(xp, k, lit, array_k)
    load_w = compute_w(xp, k, lit, stored_j)
    net_w = power_w - (load_w + k.platform_w)
    # One efficiency each way: the lesser of the two products is the right one for either sign.
    flow_w = xp.minimum(net_w * k.charge_efficiency, net_w * k.discharge_factor)
    stored_w = xp.minimum(flow_w, k.charge_limit_w)
    after_j = xp.minimum(xp.maximum(stored_w * k.step_s + stored_j, 0.0), k.capacity_j)
    linked_w = k.link_w_k * (payload_k - body_k)

    heat_w = lit * k.array_sun_w + glow * k.array_albedo_w + k.array_constant_w - power_w
    stiff_w_k = array_k * array_k * array_k * k.array_radiated_w_k4
    array_after_k = array_k + (heat_w - stiff_w_k * array_k * 0.25) / (stiff_w_k + k.array_inertia_w_k)

    heat_w = lit * k.payload_sun_w + glow * k.payload_albedo_w + k.payload_constant_w + load_w - linked_w
    stiff_w_k = payload_k * payload_k * payload_k * k.payload_radiated_w_k4
    payload_after_k = payload_k + (heat_w - stiff_w_k * payload_k * 0.25) / (
        stiff_w_k + (k.payload_inertia_w_k + k.link_w_k)
    )

    loss_w = net_w - flow_w + k.platform_w
    heat_w = lit * k.body_sun_w + glow * k.body_albedo_w + k.body_constant_w + loss_w + linked_w
    stiff_w_k = body_k * body_k * body_k * k.body_radiated_w_k4
    body_after_k = body_k + (heat_w - stiff_w_k * body_k * 0.25) / (stiff_w_k + (k.body_inertia_w_k + k.link_w_k))

    cos_after = cos_u * k.turn_cos - sin_u * k.turn_sin
    sin_after = sin_u * k.turn_cos + cos_u * k.turn_sin
    return cos_after, sin_after, after_j, array_after_k, payload_after_k, body_after_k


def turned(cosine: Array, sine: Array, turn_cos: float, turn_sin: float) -> tuple[Array, Array]:
    """A unit vector turned, and brought back to length one by one term of the inverse root."""
    x = cosine * turn_cos - sine * turn_sin
    y = sine * turn_cos + cosine * turn_sin
    scale = 1.5 - 0.5 * (x * x + y * y)
    return x * scale, y * scale


def direction_deg(xp: Any, y: Array, x: Array) -> Array:
    """The angle of (x, y), within 0.001 deg."""
    wide, high = xp.abs(x), xp.abs(y)
    ratio = xp.minimum(wide, high) / xp.maximum(xp.maximum(wide, high), ARC_GUARD)
    square = ratio * ratio
    series = (((square * ARC_9 + ARC_7) * square + ARC_5) * square + ARC_3) * square + ARC_1
    angle = series * ratio * DEGREES
    angle = xp.where(high > wide, 90.0 - angle, angle)
    angle = xp.where(x < 0.0, 180.0 - angle, angle)
    return xp.where(y < 0.0, -angle, angle)


def dose_ugy(
    xp: Any, k: Coefficients, position: tuple[Array, Array, Array, Array], earth: tuple[float, float]
) -> Array:
    """The dose of a minute at cos_u, sin_u, cos_node, sin_node; `earth` is the cosine and sine of sidereal time."""
    cos_u, sin_u, cos_node, sin_node = position
    doses = xp.asarray(dose_map(k.dose_altitude_km, k.dose_year), dtype=cos_u.dtype, device=cos_u.device)
    flat = sin_u * k.cos_inclination
    east, north = cos_u * cos_node - flat * sin_node, cos_u * sin_node + flat * cos_node
    x, y, z = east * earth[0] + north * earth[1], north * earth[0] - east * earth[1], sin_u * k.sin_inclination
    row = direction_deg(xp, z, xp.sqrt(x * x + y * y)) * CELLS_A_DEG + EQUATOR_ROW
    column = direction_deg(xp, y, x) * CELLS_A_DEG + GREENWICH_COLUMN
    south, west = xp.minimum(xp.floor(row), LAST_ROW), xp.minimum(xp.floor(column), LAST_COLUMN)
    up, across = row - south, column - west
    corner = xp.astype(south * STRIDE + west, xp.int64)
    low, high = xp.take(doses, corner), xp.take(doses, corner + STRIDE)
    low = low + across * (xp.take(doses, corner + 1) - low)
    high = high + across * (xp.take(doses, corner + (STRIDE + 1)) - high)
    return low + up * (high - low)


def advance(xp: Any, k: Coefficients, rows: tuple[Array, ...], steps: int) -> tuple[Array, ...]:
    """`steps` steps within a cell, on the nine rows of the state."""
    cos_u, sin_u, cos_node, sin_node, stored_j, array_k, payload_k, body_k, dose = rows
    sun_node, sun_ahead = sun_products(k, cos_node, sin_node)
    state: State = (cos_u, sin_u, stored_j, array_k, payload_k, body_k)
    for _ in range(steps):
        state = step(xp, k, sun_node, sun_ahead, state)
    return (state[0], state[1], cos_node, sin_node, *state[2:], dose)


def end_cell(k: Coefficients, rows: tuple[Array, ...]) -> tuple[Array, ...]:
    """The node moves on by a cell, and the position is brought back to length one."""
    position = turned(rows[0], rows[1], 1.0, 0.0)
    node = turned(rows[2], rows[3], k.node_turn_cos, k.node_turn_sin)
    return (*position, *node, *rows[4:])


def irradiate(xp: Any, k: Coefficients, rows: tuple[Array, ...], earth: tuple[float, float]) -> tuple[Array, ...]:
    """Add the dose of a minute."""
    return (*rows[:8], rows[8] + dose_ugy(xp, k, (rows[0], rows[1], rows[2], rows[3]), earth))

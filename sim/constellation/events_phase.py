"""A phase of event mode: the Sun shines or not, albedo has its mean, and all moves in closed form.

- array: relaxation to its equilibrium T* at the rate e s A (T + T*)(T^2 + T*^2) / C, exact for small distances and
  never beyond T*; taken at the middle of the phase, to which half a phase leads;
- payload and body: linearised about the temperature at the start of the phase, exponential;
- battery and load: see `_battery`. Powers, efficiencies and limits are those of the stepped model.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sim.constellation.events_cell import Cell

Array = Any  # of the namespace `xp`; the standard has no type for it

LEAST_STIFFNESS_W_K = 1e-6  # of a node without link or radiator, so that its share is defined
LEAST_POWER_W = 1e-9  # of a flow that is divided by
LEAST_TIME_S = 1e-9
LEAST_GOAL_K4 = 1.0  # where more leaves as electricity than comes in: the coldest that an array goes for


class Day(NamedTuple):
    """A satellite's own constants of a day."""

    sine_0: Array  # sin beta: 0 + x (1 + x 2), x in days since the start
    sine_1: Array
    sine_2: Array
    cycle_s: Array
    drift: Array  # of noon against the node, turns a cycle
    capacity_j: Array
    reserve_j: Array
    cos_node: Array  # at the end
    sin_node: Array


class Live(NamedTuple):
    """What a phase changes."""

    time_s: Array
    stored_j: Array
    array_k: Array
    payload_k: Array
    body_k: Array
    array_j: Array
    compute_j: Array
    low_j: Array
    high_j: Array
    array_low_k: Array
    array_high_k: Array
    payload_low_k: Array
    payload_high_k: Array
    body_low_k: Array
    body_high_k: Array


def rising(x: Array) -> Array:
    """exp(x) for x of 0 and more, the eighth power of four terms: exp(-x) within 1e-4; exactly 1 at 0.

    So a phase of no length changes nothing.
    """
    y = x * 0.125
    power = ((y * (1.0 / 6.0) + 0.5) * y + 1.0) * y + 1.0
    power = power * power
    power = power * power
    return power * power


def _array(xp: Any, k: Cell, lit: bool, glow: Array, left_k: Array, seconds: Array) -> tuple[Array, Array]:
    """Watts of the tracker and the temperature after a phase."""
    heat_w = glow * k.array_albedo_w + (k.array_sun_w + k.array_constant_w if lit else k.array_constant_w)
    power_0 = _tracker_w(xp, k, lit, left_k)
    goal_k = xp.sqrt(xp.sqrt(xp.maximum((heat_w - power_0) * k.array_cooling_k4_w, LEAST_GOAL_K4)))
    rate = (left_k + goal_k) * (left_k * left_k + goal_k * goal_k) * k.array_rate_k3_s
    power = rising(rate * (seconds * 0.5))
    middle_k = left_k + (goal_k - left_k) * (power - 1.0) / power
    power_1 = _tracker_w(xp, k, lit, middle_k)
    goal_k = xp.sqrt(xp.sqrt(xp.maximum((heat_w - power_1) * k.array_cooling_k4_w, LEAST_GOAL_K4)))
    rate = (middle_k + goal_k) * (middle_k * middle_k + goal_k * goal_k) * k.array_rate_k3_s
    power = rising(rate * seconds)
    after_k = left_k + (goal_k - left_k) * (power - 1.0) / power
    power_2 = _tracker_w(xp, k, lit, after_k)
    return (power_0 + 4.0 * power_1 + power_2) * (1.0 / 6.0), after_k


def _tracker_w(xp: Any, k: Cell, lit: bool, array_k: Array) -> Array:
    return xp.minimum(array_k * k.array_w_k + k.array_w, k.array_limit_w) if lit else 0.0 * array_k


def _node_k(xp: Any, k: Cell, heat_w: Array, radiated: float, k_j: float, node_k: Array, seconds: Array) -> Array:
    """The temperature of payload or body after a phase."""
    stiff = node_k * node_k * node_k * radiated
    stiff_w_k = xp.maximum(stiff + k.link_w_k, LEAST_STIFFNESS_W_K)
    power = rising(stiff_w_k * (seconds * k_j))
    return node_k + (heat_w - stiff * node_k * 0.25) * (power - 1.0) / (stiff_w_k * power)


def _battery(
    xp: Any, k: Cell, day: Day, power_w: Array, load_w: Array, seconds: Array, per_s: Array, stored_j: Array
) -> tuple[Array, Array, Array]:
    """The charge after a phase, the seconds with the load on, and what the body takes up of losses and platform.

    First straight on to the reserve, if it is met; then by the sign of what is left: with the load, without, or at the
    reserve with the load on for the part of the time that keeps the charge there.
    """
    off_w = power_w - k.platform_w
    on_w = off_w - load_w
    on_raw_w = xp.minimum(on_w * k.charge_efficiency, on_w * k.discharge_factor)
    off_raw_w = xp.minimum(off_w * k.charge_efficiency, off_w * k.discharge_factor)
    on_flow_w, off_flow_w = xp.minimum(on_raw_w, k.charge_limit_w), xp.minimum(off_raw_w, k.charge_limit_w)
    above = stored_j > day.reserve_j
    flow_w, towards_w = xp.where(above, on_flow_w, off_flow_w), xp.where(above, -on_flow_w, off_flow_w)
    gap_j = xp.abs(stored_j - day.reserve_j)
    first_s = xp.where(gap_j < towards_w * seconds, gap_j / xp.maximum(towards_w, LEAST_POWER_W), seconds)
    rest_s = seconds - first_s
    duty = xp.maximum(off_flow_w, 0.0) / xp.maximum(off_flow_w - on_flow_w, LEAST_POWER_W)
    on_s = xp.where(above, first_s, 0.0 * first_s) + xp.minimum(duty, 1.0) * rest_s
    rest_w = xp.maximum(on_flow_w, xp.minimum(off_flow_w, 0.0))
    after_j = xp.minimum(xp.maximum(stored_j + flow_w * first_s + rest_w * rest_s, 0.0), day.capacity_j)
    off_loss_w = off_w - off_raw_w
    return after_j, on_s, off_loss_w + (on_w - on_raw_w - off_loss_w) * (on_s * per_s) + k.platform_w


def phase(
    xp: Any, k: Cell, day: Day, shares: Array, lit: bool, glow: Array, seconds: Array, per_s: Array, was: Live
) -> Live:
    """One phase of `seconds`, the inverse of which is `per_s` (finite where there are none)."""
    power_w, array_k = _array(xp, k, lit, glow, was.array_k, seconds)
    hours = (was.time_s + seconds * 0.5) * k.day_share
    hour = xp.astype((hours - xp.floor(hours)) * 24.0, xp.int64)
    load_w = xp.take(shares, hour) * (k.compute_lit_w if lit else k.compute_dark_w)
    stored_j, on_s, loss_w = _battery(xp, k, day, power_w, load_w, seconds, per_s, was.stored_j)
    linked_w = (was.payload_k - was.body_k) * k.link_w_k
    sun_w = k.payload_sun_w + k.payload_constant_w if lit else k.payload_constant_w
    heat_w = glow * k.payload_albedo_w + sun_w + load_w * (on_s * per_s) - linked_w
    payload_k = _node_k(xp, k, heat_w, k.payload_radiated_w_k4, k.payload_k_j, was.payload_k, seconds)
    sun_w = k.body_sun_w + k.body_constant_w if lit else k.body_constant_w
    heat_w = glow * k.body_albedo_w + sun_w + loss_w + linked_w
    body_k = _node_k(xp, k, heat_w, k.body_radiated_w_k4, k.body_k_j, was.body_k, seconds)
    nodes = (array_k, payload_k, body_k)
    return Live(
        *(was.time_s + seconds, stored_j, *nodes),
        *(was.array_j + power_w * seconds, was.compute_j + load_w * on_s),
        *(xp.minimum(was.low_j, stored_j), xp.maximum(was.high_j, stored_j)),
        *_extremes(xp, was[9:], nodes),
    )


def _extremes(xp: Any, were: tuple[Array, ...], nodes: tuple[Array, ...]) -> tuple[Array, ...]:
    """Lowest and highest of each node."""
    pairs = zip(were[0::2], were[1::2], nodes, strict=True)
    return tuple(side for low, high, now in pairs for side in (xp.minimum(low, now), xp.maximum(high, now)))

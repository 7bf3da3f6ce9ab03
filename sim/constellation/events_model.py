"""Event mode on arrays of any array-API namespace, and on floats through `Scalars`: one orbit at a time.

An orbit runs from the satellite's noon to its next noon in ten phases that end at events: 45 and 90 degrees past noon,
entry into the shadow, thirds of it, exit, half way to 90 degrees before noon, 45 degrees before, noon. In a phase the
Sun shines or not, albedo has its mean, and array, battery and nodes move in closed form:

- half arc of darkness: the mean of acos(cos arc / cos beta) over two points of the Sun's disc; the battery and the
  nodes see sharp edges at that arc, which has the energy of the true penumbra;
- array: relaxation to its equilibrium T* at the rate e s A (T + T*)(T^2 + T*^2) / C, exact for small distances and
  never beyond T*; taken at the middle of the phase, which half a phase gives;
- payload and body: linearised about the temperature at the start of the phase, exponential;
- battery: straight to the reserve, and from there on by the sign of what is left: with the load, without, or at the
  reserve with the load on for a part of the time. `array_w`, `compute` and limits as in the stepped model.

The operations are exact ones of IEEE 754 in the order of `events.c`: the executors agree to the last bit.
"""

from __future__ import annotations

from math import floor, sqrt
from typing import Any, NamedTuple

from sim.constellation.events_cell import DAY_GLOW, TURN, Cell

Array = Any  # of the namespace `xp`; the standard has no type for it

# acos x = sqrt(1 - x) (C0 + C1 x + ..) within 2e-8 for 0..1: Abramowitz and Stegun, formula 4.4.46
ACOS = (
    1.5707963050,
    -0.2145988016,
    0.0889789874,
    -0.0501743046,
    0.0308918810,
    -0.0170881256,
    0.0066700901,
    -0.0012624911,
)
# arc tangent of 0..1 within 1e-5: Abramowitz and Stegun, formula 4.4.47
ARC = (0.9998660, -0.3302995, 0.1801410, -0.0851330, 0.0208351)
TINY = 1e-30
LEAST_STIFFNESS_W_K = 1e-6  # of a node without link or radiator, so that its share is defined
LEAST_POWER_W = 1e-9  # of a flow that is divided by
LEAST_TIME_S = 1e-9
LEAST_GOAL_K4 = 1.0  # where more leaves as electricity than comes in: the coldest that an array goes for
HALF_ARCS_A_TURN = 1.0 / TURN
GLOW_HIGH, GLOW_LOW = DAY_GLOW


class Scalars:
    """The few functions of the namespace, for Python's floats."""

    @staticmethod
    def minimum(a: float, b: float) -> float:
        return a if a < b else b

    @staticmethod
    def maximum(a: float, b: float) -> float:
        return a if a > b else b

    @staticmethod
    def where(condition: bool, a: float, b: float) -> float:
        return a if condition else b

    @staticmethod
    def take(table: Any, index: int) -> Any:
        return table[index]

    @staticmethod
    def astype(x: float, _: type) -> int:
        return int(x)

    int64 = int
    sqrt = staticmethod(sqrt)
    abs = staticmethod(abs)

    @staticmethod
    def floor(x: float) -> float:
        return float(floor(x))


class Rows(NamedTuple):
    """A satellite: what it is, then what happened to it since the last observation."""

    clock_s: Array  # of its coming noon, since the epoch
    turns: Array  # argument of latitude there, in turns
    cos_node: Array  # at the start of the day
    sin_node: Array
    stored_j: Array
    array_k: Array
    payload_k: Array
    body_k: Array
    fade: Array  # share of the battery's capacity that cycles have taken
    elapsed_s: Array
    sunlit_s: Array
    array_j: Array  # delivered by the tracker
    compute_j: Array  # delivered to the compute load
    cycles: Array  # with an eclipse
    umbra_s: Array  # the longest
    soc_low: Array
    depth: Array  # the deepest cycle, as a share of the capacity
    array_low_k: Array
    array_high_k: Array
    payload_low_k: Array
    payload_high_k: Array
    body_low_k: Array
    body_high_k: Array


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


def acos(xp: Any, x: Array) -> Array:
    """For 0..1."""
    series = ACOS[7]
    for term in (ACOS[6], ACOS[5], ACOS[4], ACOS[3], ACOS[2], ACOS[1], ACOS[0]):
        series = series * x + term
    return xp.sqrt(1.0 - x) * series


def turns_of(xp: Any, y: Array, x: Array) -> Array:
    """The angle of (x, y) in turns."""
    wide, high = xp.abs(x), xp.abs(y)
    ratio = xp.minimum(wide, high) / xp.maximum(xp.maximum(wide, high), TINY)
    square = ratio * ratio
    series = (((square * ARC[4] + ARC[3]) * square + ARC[2]) * square + ARC[1]) * square + ARC[0]
    angle = series * ratio * HALF_ARCS_A_TURN
    angle = xp.where(high > wide, 0.25 - angle, angle)
    angle = xp.where(x < 0.0, 0.5 - angle, angle)
    return xp.where(y < 0.0, -angle, angle)


def rising(x: Array) -> Array:
    """exp(x) for x of 0 and more, the eighth power of four terms: exp(-x) within 1e-4; exactly 1 at 0.

    So a phase of no length changes nothing.
    """
    y = x * 0.125
    power = ((y * (1.0 / 6.0) + 0.5) * y + 1.0) * y + 1.0
    power = power * power
    power = power * power
    return power * power


def _sun_in_plane(k: Cell, cos_node: Array, sin_node: Array, sun: tuple[float, float, float]) -> tuple[Array, ...]:
    """The Sun along the ascending node, 90 degrees ahead of it, and along the orbit's normal."""
    along = cos_node * sun[0] + sin_node * sun[1]
    across = cos_node * sun[1] - sin_node * sun[0]
    ahead = across * k.cos_inclination + k.sin_inclination * sun[2]
    return along, ahead, k.cos_inclination * sun[2] - across * k.sin_inclination


def _turned(k: Cell, cosine: Array, sine: Array) -> tuple[Array, Array]:
    """The node half a day later, at length one."""
    x = cosine * k.node_turn_cos - sine * k.node_turn_sin
    y = sine * k.node_turn_cos + cosine * k.node_turn_sin
    scale = 1.5 - 0.5 * (x * x + y * y)
    return x * scale, y * scale


def begin_day(xp: Any, k: Cell, rows: Rows) -> Day:
    """The parabola of sin beta, and a cycle's length by which noon is met again at the end of the day."""
    middle = _turned(k, rows.cos_node, rows.sin_node)
    end = _turned(k, *middle)
    _, _, sine_0 = _sun_in_plane(k, rows.cos_node, rows.sin_node, (k.sun_x_0, k.sun_y_0, k.sun_z_0))
    _, _, sine_1 = _sun_in_plane(k, *middle, (k.sun_x_1, k.sun_y_1, k.sun_z_1))
    along, ahead, sine_2 = _sun_in_plane(k, *end, (k.sun_x_2, k.sun_y_2, k.sun_z_2))
    off = turns_of(xp, ahead, along) - rows.turns
    off = off - xp.floor(off + 0.5)
    drift = off * (k.period_s * k.day_share)
    share = xp.maximum(1.0 - k.calendar_fade - rows.fade, k.least_share)
    capacity_j = share * k.capacity_j
    return Day(
        sine_0=sine_0,
        sine_1=4.0 * sine_1 - 3.0 * sine_0 - sine_2,
        sine_2=2.0 * (sine_0 + sine_2) - 4.0 * sine_1,
        cycle_s=(drift + 1.0) * k.period_s,
        drift=drift,
        capacity_j=capacity_j,
        reserve_j=capacity_j * k.reserve_soc,
        cos_node=end[0],
        sin_node=end[1],
    )


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


def phase(
    xp: Any, k: Cell, day: Day, shares: Array, lit: bool, glow: Array, seconds: Array, per_s: Array, was: Live
) -> Live:
    """One phase of `seconds`, the inverse of which is `per_s` (finite where there are none)."""
    power_w, array_k = _array(xp, k, lit, glow, was.array_k, seconds)
    hours = (was.time_s + seconds * 0.5) * k.day_share
    hour = xp.astype((hours - xp.floor(hours)) * 24.0, xp.int64)
    load_w = xp.take(shares, hour) * (k.compute_lit_w if lit else k.compute_dark_w)

    off_w = power_w - k.platform_w
    on_w = off_w - load_w
    on_raw_w = xp.minimum(on_w * k.charge_efficiency, on_w * k.discharge_factor)
    off_raw_w = xp.minimum(off_w * k.charge_efficiency, off_w * k.discharge_factor)
    on_flow_w = xp.minimum(on_raw_w, k.charge_limit_w)
    off_flow_w = xp.minimum(off_raw_w, k.charge_limit_w)
    above = was.stored_j > day.reserve_j
    flow_w = xp.where(above, on_flow_w, off_flow_w)
    towards_w = xp.where(above, -on_flow_w, off_flow_w)
    gap_j = xp.abs(was.stored_j - day.reserve_j)
    first_s = xp.where(gap_j < towards_w * seconds, gap_j / xp.maximum(towards_w, LEAST_POWER_W), seconds)
    rest_s = seconds - first_s
    duty = xp.maximum(off_flow_w, 0.0) / xp.maximum(off_flow_w - on_flow_w, LEAST_POWER_W)
    on_s = xp.where(above, first_s, 0.0 * first_s) + xp.minimum(duty, 1.0) * rest_s
    rest_w = xp.maximum(on_flow_w, xp.minimum(off_flow_w, 0.0))
    stored_j = was.stored_j + flow_w * first_s + rest_w * rest_s
    stored_j = xp.minimum(xp.maximum(stored_j, 0.0), day.capacity_j)

    share = on_s * per_s
    off_loss_w = off_w - off_raw_w
    loss_w = off_loss_w + (on_w - on_raw_w - off_loss_w) * share + k.platform_w
    linked_w = (was.payload_k - was.body_k) * k.link_w_k
    sun_w = k.payload_sun_w + k.payload_constant_w if lit else k.payload_constant_w
    heat_w = glow * k.payload_albedo_w + sun_w + load_w * share - linked_w
    payload_k = _node_k(xp, k, heat_w, k.payload_radiated_w_k4, k.payload_k_j, was.payload_k, seconds)
    sun_w = k.body_sun_w + k.body_constant_w if lit else k.body_constant_w
    heat_w = glow * k.body_albedo_w + sun_w + loss_w + linked_w
    body_k = _node_k(xp, k, heat_w, k.body_radiated_w_k4, k.body_k_j, was.body_k, seconds)
    return Live(
        time_s=was.time_s + seconds,
        stored_j=stored_j,
        array_k=array_k,
        payload_k=payload_k,
        body_k=body_k,
        array_j=was.array_j + power_w * seconds,
        compute_j=was.compute_j + load_w * on_s,
        low_j=xp.minimum(was.low_j, stored_j),
        high_j=xp.maximum(was.high_j, stored_j),
        array_low_k=xp.minimum(was.array_low_k, array_k),
        array_high_k=xp.maximum(was.array_high_k, array_k),
        payload_low_k=xp.minimum(was.payload_low_k, payload_k),
        payload_high_k=xp.maximum(was.payload_high_k, payload_k),
        body_low_k=xp.minimum(was.body_low_k, body_k),
        body_high_k=xp.maximum(was.body_high_k, body_k),
    )


def cycle(xp: Any, k: Cell, day: Day, shares: Array, rows: Rows) -> Rows:
    """From noon to noon; of no length where noon is beyond the day."""
    here = rows.clock_s < k.end_s
    cycle_s = xp.where(here, day.cycle_s, 0.0 * day.cycle_s)
    x = (rows.clock_s + 0.5 * cycle_s - k.start_s) * k.day_share
    sine = (day.sine_2 * x + day.sine_1) * x + day.sine_0
    cos_beta = xp.sqrt(xp.maximum(1.0 - sine * sine, 1e-12))
    inverse = 1.0 / cos_beta
    wide = acos(xp, xp.minimum(k.dark_cos_wide * inverse, 1.0))
    narrow = acos(xp, xp.minimum(k.dark_cos_narrow * inverse, 1.0))
    umbra = acos(xp, xp.minimum(k.umbra_cos * inverse, 1.0))
    per_rad_s = cycle_s * HALF_ARCS_A_TURN
    dark_s = (wide + narrow) * per_rad_s
    third_s = dark_s * (1.0 / 3.0)
    day_s = cycle_s * 0.125
    dusk_s = (cycle_s * 0.5 - dark_s) * 0.5
    high, low = cos_beta * GLOW_HIGH, cos_beta * GLOW_LOW
    none = 0.0 * cos_beta
    live = Live(
        rows.clock_s + k.midnight_s, *rows[4:8], rows.array_j, rows.compute_j, rows.stored_j, rows.stored_j, *rows[17:]
    )
    dawn_s = dusk_s * 0.5
    per_third, per_day = 1.0 / xp.maximum(third_s, LEAST_TIME_S), 1.0 / xp.maximum(day_s, LEAST_TIME_S)
    per_dusk = 1.0 / xp.maximum(dusk_s, LEAST_TIME_S)
    per_dawn = per_dusk * 2.0
    for lit, glow, seconds, per_s in (
        (True, high, day_s, per_day),
        (True, low, day_s, per_day),
        (True, none, dusk_s, per_dusk),
        *((False, none, third_s, per_third),) * 3,
        *((True, none, dawn_s, per_dawn),) * 2,
        (True, low, day_s, per_day),
        (True, high, day_s, per_day),
    ):
        live = phase(xp, k, day, shares, lit, glow, seconds, per_s, live)
    depth = (live.high_j - live.low_j) / day.capacity_j
    return Rows(
        rows.clock_s + cycle_s,
        rows.turns + xp.where(here, day.drift, 0.0 * day.drift),
        *rows[2:4],
        *live[1:5],
        rows.fade + depth * xp.sqrt(depth) * k.cycle_fade,
        rows.elapsed_s + cycle_s,
        rows.sunlit_s + (cycle_s - dark_s),
        live.array_j,
        live.compute_j,
        rows.cycles + xp.where(dark_s > 0.0, 1.0 + none, none),
        xp.maximum(rows.umbra_s, umbra * per_rad_s * 2.0),
        xp.minimum(rows.soc_low, live.low_j / day.capacity_j),
        xp.maximum(rows.depth, depth),
        *live[9:],
    )


def fly_day(xp: Any, k: Cell, shares: Array, rows: Rows) -> Rows:
    """The cycles whose noon falls into the day, and the node at its end."""
    day = begin_day(xp, k, rows)
    for _ in range(int(k.cycles)):
        rows = cycle(xp, k, day, shares, rows)
    return rows._replace(cos_node=day.cos_node, sin_node=day.sin_node, turns=rows.turns - xp.floor(rows.turns))

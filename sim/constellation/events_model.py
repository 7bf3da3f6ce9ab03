"""Event mode on arrays of any array-API namespace, and on floats through `Scalars`: one orbit at a time.

An orbit runs from the satellite's noon to its next noon in ten phases that end at events: 45 and 90 degrees past noon,
entry into the shadow, thirds of it, exit, half way to 90 degrees before noon, 45 degrees before, noon. What happens in
a phase is `events_phase.py`.

The half arc of darkness is the mean of acos(cos arc / cos beta) over two points of the Sun's disc; battery and nodes
see sharp edges at that arc, which has the energy of the true penumbra. Against the survey of a year (`sim.season`),
twelve orbits of 500 to 2,000 km: mean sunlight within 4e-5, the longest umbra within 3.4 s, a single orbit's sunlight
within 1e-6 through the shadow and 6e-3 where it grazes the edge.

Against ten-second steps, five designs and orbits over 30 days: energy within 0.09 % (of any one satellite 0.4 %),
lowest charge within 0.004, hottest and coldest of any node within 1.4 K. What is not seen: the beat of a load that
changes within a phase (a tariff's hour is that of the phase's middle), and the penumbra's length.

The operations are exact ones of IEEE 754 in the order of `events.c`: the executors agree to the last bit.
"""

from __future__ import annotations

from math import floor, sqrt
from typing import Any, NamedTuple

from sim.constellation.events_cell import DAY_GLOW, TURN, Cell
from sim.constellation.events_phase import LEAST_TIME_S, Array, Day, Live, phase

# acos x = sqrt(1 - x) (C0 + C1 x + ..) within 2e-8 for 0..1: Abramowitz and Stegun, formula 4.4.46
ACOS_LOW = (1.5707963050, -0.2145988016, 0.0889789874, -0.0501743046)
ACOS = (*ACOS_LOW, 0.0308918810, -0.0170881256, 0.0066700901, -0.0012624911)
# arc tangent of 0..1 within 1e-5: Abramowitz and Stegun, formula 4.4.47
ARC = (0.9998660, -0.3302995, 0.1801410, -0.0851330, 0.0208351)
TINY = 1e-30  # below the line it stands for an orbit that faces the Sun, where noon is any
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


def _geometry(xp: Any, k: Cell, day: Day, clock_s: Array) -> tuple[Array, ...]:
    """Length of the cycle (none where noon is beyond the day), of its darkness and umbra, and the cosine of beta."""
    here = clock_s < k.end_s
    cycle_s = xp.where(here, day.cycle_s, 0.0 * day.cycle_s)
    x = (clock_s + 0.5 * cycle_s - k.start_s) * k.day_share
    sine = (day.sine_2 * x + day.sine_1) * x + day.sine_0
    cos_beta = xp.sqrt(xp.maximum(1.0 - sine * sine, 1e-12))
    inverse = 1.0 / cos_beta
    wide = acos(xp, xp.minimum(k.dark_cos_wide * inverse, 1.0))
    narrow = acos(xp, xp.minimum(k.dark_cos_narrow * inverse, 1.0))
    umbra = acos(xp, xp.minimum(k.umbra_cos * inverse, 1.0))
    per_rad_s = cycle_s * HALF_ARCS_A_TURN
    drift = xp.where(here, day.drift, 0.0 * day.drift)
    return cycle_s, drift, (wide + narrow) * per_rad_s, umbra * per_rad_s * 2.0, cos_beta


def _phases(xp: Any, cycle_s: Array, dark_s: Array, cos_beta: Array) -> tuple[tuple[Any, ...], ...]:
    """From noon on: whether the Sun shines, the mean cosine to the sub-solar point, seconds and their inverse."""
    high, low, none = cos_beta * GLOW_HIGH, cos_beta * GLOW_LOW, 0.0 * cos_beta
    third_s, day_s = dark_s * (1.0 / 3.0), cycle_s * 0.125
    dusk_s = (cycle_s * 0.5 - dark_s) * 0.5
    per_third, per_day = 1.0 / xp.maximum(third_s, LEAST_TIME_S), 1.0 / xp.maximum(day_s, LEAST_TIME_S)
    per_dusk = 1.0 / xp.maximum(dusk_s, LEAST_TIME_S)
    return (
        (True, high, day_s, per_day),
        (True, low, day_s, per_day),
        (True, none, dusk_s, per_dusk),
        *((False, none, third_s, per_third),) * 3,
        *((True, none, dusk_s * 0.5, per_dusk * 2.0),) * 2,
        (True, low, day_s, per_day),
        (True, high, day_s, per_day),
    )


def cycle(xp: Any, k: Cell, day: Day, shares: Array, rows: Rows) -> Rows:
    """From noon to noon; of no length where noon is beyond the day."""
    cycle_s, drift, dark_s, umbra_s, cos_beta = _geometry(xp, k, day, rows.clock_s)
    live = Live(
        rows.clock_s + k.midnight_s, *rows[4:8], rows.array_j, rows.compute_j, rows.stored_j, rows.stored_j, *rows[17:]
    )
    for lit, glow, seconds, per_s in _phases(xp, cycle_s, dark_s, cos_beta):
        live = phase(xp, k, day, shares, lit, glow, seconds, per_s, live)
    depth = (live.high_j - live.low_j) / day.capacity_j
    none = 0.0 * cos_beta
    return Rows(
        *(rows.clock_s + cycle_s, rows.turns + drift, *rows[2:4], *live[1:5]),
        rows.fade + depth * xp.sqrt(depth) * k.cycle_fade,
        *(rows.elapsed_s + cycle_s, rows.sunlit_s + (cycle_s - dark_s), *live[5:7]),
        rows.cycles + xp.where(dark_s > 0.0, 1.0 + none, none),
        xp.maximum(rows.umbra_s, umbra_s),
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

"""Entry, exit and penumbra of every eclipse as events with their times, for any trajectory.

The Sun moves with every evaluation and the discs are exact, so times are good to the millisecond of this model; against
the real air and the real limb an edge is uncertain by seconds. Flights refresh Sun and node once a minute and see the
same edges within 0.02 s.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from hal.constants import EARTH_RADIUS_M, SUN_RADIUS_M
from sim.frames import OfDate, towards
from sim.orbit import Trajectory
from sim.search import crossing, dips, lowest
from sim.shadow import SQUARE_GAIN
from sim.sun import Sun, sun_at

STEPS_A_TURN = 24  # of the first look; a parabola through three of them finds the depth to a tenth of the Sun's radius
CLEAR_RADII = 4.0  # over the limb by this much in the first look, and there is no eclipse


class EclipseEdge(StrEnum):
    """What happens at an edge."""

    PENUMBRA_BEGIN = "penumbra begin"
    UMBRA_BEGIN = "umbra begin"
    UMBRA_END = "umbra end"
    PENUMBRA_END = "penumbra end"


@dataclass(frozen=True, slots=True, kw_only=True)
class EclipseEvent:
    """One edge; the time in seconds since the epoch of the trajectory."""

    edge: EclipseEdge
    time_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Eclipse:
    """One eclipse, in seconds since the epoch; `umbra_s` is None where the shadow is only grazed."""

    penumbra_begin_s: float
    umbra_s: tuple[float, float] | None  # begin and end
    penumbra_end_s: float

    @property
    def events(self) -> tuple[EclipseEvent, ...]:
        """Two or four edges in order."""
        rows = [(EclipseEdge.PENUMBRA_BEGIN, self.penumbra_begin_s), (EclipseEdge.PENUMBRA_END, self.penumbra_end_s)]
        if self.umbra_s is not None:
            rows[1:1] = [(EclipseEdge.UMBRA_BEGIN, self.umbra_s[0]), (EclipseEdge.UMBRA_END, self.umbra_s[1])]
        return tuple(EclipseEvent(edge=edge, time_s=time_s) for edge, time_s in rows)


def eclipses(trajectory: Trajectory, start_s: float, end_s: float, *, is_oblate: bool = False) -> Iterator[Eclipse]:
    """Every eclipse that touches the interval, in order, whole even where it begins before or ends after.

    The orbit must be a low one: one dip of the Sun a turn, and the Sun up a quarter of a turn from the deepest point.
    """
    epoch_unix_s, period_s = trajectory.epoch_unix_s, trajectory.period_s

    def over_limb(time_s: float) -> float:
        return sun_over_limb(trajectory.place(time_s), sun_at(epoch_unix_s + time_s), is_oblate=is_oblate)

    step_s = period_s / STEPS_A_TURN
    for low_s, span_s, depth in dips(over_limb, start_s - 0.5 * period_s, end_s + 0.5 * period_s, step_s):
        if depth > CLEAR_RADII:
            continue
        deepest_s = lowest(over_limb, low_s - span_s, low_s + span_s)
        begin_s, end_of_it_s = (
            crossing(lambda time_s: over_limb(time_s) - 1.0, deepest_s, deepest_s + side * period_s / 4.0)
            for side in (-1.0, 1.0)
        )
        if over_limb(deepest_s) >= 1.0 or begin_s > end_s or end_of_it_s < start_s:
            continue
        umbra = None
        if over_limb(deepest_s) < -1.0:
            first, last = (
                crossing(lambda time_s: over_limb(time_s) + 1.0, deepest_s, edge_s) for edge_s in (begin_s, end_of_it_s)
            )
            umbra = first, last
        yield Eclipse(penumbra_begin_s=begin_s, umbra_s=umbra, penumbra_end_s=end_of_it_s)


def eclipse_events(
    trajectory: Trajectory, start_s: float, end_s: float, *, is_oblate: bool = False
) -> Iterator[EclipseEvent]:
    """Every edge inside the interval, in order."""
    for eclipse in eclipses(trajectory, start_s, end_s, is_oblate=is_oblate):
        yield from (event for event in eclipse.events if start_s <= event.time_s <= end_s)


def sun_over_limb(place_m: OfDate, sun: Sun, *, is_oblate: bool = False) -> float:
    """Sine of the height of the Sun's centre over the Earth's limb, in sines of its radius: full sun from 1, umbra
    down to -1. On the flattened Earth z of both is stretched, as in `sim.shadow`."""
    gain = SQUARE_GAIN if is_oblate else 0.0
    direction, distance_m = towards(sun), sun.distance_m
    radius_m = sqrt(place_m.dot(place_m) + gain * place_m.z**2)
    sun_m = distance_m * sqrt(1.0 + gain * direction.z**2)
    product = distance_m * (place_m.dot(direction) + gain * place_m.z * direction.z)
    range_m = sqrt(sun_m**2 + radius_m**2 - 2.0 * product)
    seen = (product / radius_m - radius_m) / range_m
    sin_earth = EARTH_RADIUS_M / radius_m
    limb = sqrt(max(0.0, 1.0 - seen * seen)) * sqrt(1.0 - sin_earth * sin_earth) + seen * sin_earth
    return limb * range_m / SUN_RADIUS_M

"""Searching along a smooth function of time: its dips, its lowest points, and where it crosses zero."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, sqrt

GOLDEN = 0.5 * (sqrt(5.0) - 1.0)
TOLERANCE_S = 1e-4  # an order below the millisecond that callers promise

Function = Callable[[float], float]


def dips(function: Function, start_s: float, end_s: float, step_s: float) -> Iterator[tuple[float, float, float]]:
    """Every low sample between two higher ones: its time, the time of the step, and the least value that a parabola
    through the three would have. Dips closer than two steps are not told apart."""
    before, here = function(start_s - step_s), function(start_s)
    for index in range(1, ceil((end_s - start_s) / step_s) + 2):
        after = function(start_s + index * step_s)
        if before >= here < after:
            bend = before + after - 2.0 * here
            yield start_s + (index - 1) * step_s, step_s, here - (after - before) ** 2 / (8.0 * bend)
        before, here = here, after


def lowest(function: Function, low_s: float, high_s: float) -> float:
    """The time of the least value between two times, by golden section; good to the square root of rounding."""
    inner, outer = high_s - GOLDEN * (high_s - low_s), low_s + GOLDEN * (high_s - low_s)
    at_inner, at_outer = function(inner), function(outer)
    while high_s - low_s > TOLERANCE_S:
        if at_inner < at_outer:
            high_s, outer, at_outer = outer, inner, at_inner
            inner = high_s - GOLDEN * (high_s - low_s)
            at_inner = function(inner)
        else:
            low_s, inner, at_inner = inner, outer, at_outer
            outer = low_s + GOLDEN * (high_s - low_s)
            at_outer = function(outer)
    return 0.5 * (low_s + high_s)


def crossing(function: Function, negative_s: float, positive_s: float) -> float:
    """Where the function changes sign between a time where it is negative and one where it is not, by bisection."""
    while abs(positive_s - negative_s) > TOLERANCE_S:
        middle_s = 0.5 * (negative_s + positive_s)
        if function(middle_s) < 0.0:
            negative_s = middle_s
        else:
            positive_s = middle_s
    return 0.5 * (negative_s + positive_s)

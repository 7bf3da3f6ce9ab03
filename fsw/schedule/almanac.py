"""When the moments come that activities may be tied to: eclipses and passes, by the forecast as it is held true.

The forecast has a time of its own. `Sunwatch` holds it against the light that is seen and so finds how far the
on-board time, or the orbit's elements, are off; a moment keeps its place in the forecast's time, and `tai_s` says what
the on-board clock will show then.
"""

from __future__ import annotations

import math
from itertools import islice

from fsw.ephemeris import Sunlight, Sunwatch, shows_sun
from fsw.ephemeris.passes import Passes
from fsw.ephemeris.sun import DAY_S
from fsw.messages import Plant
from fsw.mission import Mission
from hal.clock import SECOND_NS

MOMENTS = ("eclipse_entry", "eclipse_exit", "pass_start", "pass_end")
PASSES_AHEAD_S = 14.0 * DAY_S  # as far as the elements of an orbit are good for; a search of some 40 ms a station
PAST_S = 1.0  # beyond an edge, to find the next one
SAME_SIGHT = 8  # passes over other stations that may begin before and end after the one looked for


class Almanac:
    """Moments of one mission, in seconds of the forecast's time. None where there is no forecast of the kind."""

    def __init__(self, mission: Mission) -> None:
        self._sunlight: Sunlight | None = mission.ephemeris()
        self._passes: Passes | None = mission.passes()
        self._array_w = mission.array.power_w if mission.array else 0.0
        margin_s = mission.guard.eclipse_margin_s
        self._watch = Sunwatch(self._sunlight, margin_s) if self._sunlight is not None else None

    def see(self, now_ns: int, tai_s: float | None, plant: Plant | None, host_sunlit: bool | None) -> None:
        """Hold the forecast against the light: every ten seconds or so."""
        if self._watch is None:
            return
        lit = host_sunlit
        if lit is None and plant is not None:
            lit = shows_sun(self._array_w, plant.array_power_w, plant.bus_power_w, plant.battery_power_w)
        self._watch.see(now_ns / SECOND_NS, tai_s, lit)

    @property
    def shift_s(self) -> float:
        """The forecast's time less on-board time."""
        return 0.0 if self._watch is None else self._watch.told_s(0.0)

    def nth(self, moment: str, tai_s: float, nth: int) -> float | None:
        """The `nth` moment (1: the next) after the on-board time `tai_s`."""
        told_s = tai_s + self.shift_s
        if moment.startswith("pass"):
            return self._nth_pass(moment, told_s, nth)
        found: float | None = told_s
        for _ in range(nth):
            found = None if found is None else self._next_edge(moment, found + PAST_S)
        return found

    def again(self, moment: str, told_s: float) -> float:
        """The same moment by the forecast of now: the one nearest to where it was, which stays if there is none."""
        if self._sunlight is None:
            return told_s
        half_s = 0.5 * self._sunlight.period_s
        if moment.startswith("pass"):
            found = self._edges(moment, told_s - half_s, told_s + half_s)
        else:
            first = self._next_edge(moment, told_s - half_s)
            second = None if first is None else self._next_edge(moment, first + PAST_S)
            found = [edge for edge in (first, second) if edge is not None]
        nearest_s = min(found, key=lambda edge_s: abs(edge_s - told_s), default=told_s)
        return nearest_s if abs(nearest_s - told_s) <= half_s else told_s

    def _next_edge(self, moment: str, from_s: float) -> float | None:
        """The first entry into shadow, or exit from it, after a time."""
        light = self._sunlight
        if light is None:
            return None
        if moment == "eclipse_entry" and light.until_sunset_s(from_s) <= 0.0:
            from_s += light.until_sunrise_s(from_s) + PAST_S
        elif moment == "eclipse_exit" and light.until_sunset_s(from_s) > 0.0:
            from_s += light.until_sunset_s(from_s) + PAST_S
        if not math.isfinite(from_s):
            return None
        wait_s = light.until_sunset_s(from_s) if moment == "eclipse_entry" else light.until_sunrise_s(from_s)
        return from_s + wait_s if math.isfinite(wait_s) else None

    def _nth_pass(self, moment: str, told_s: float, nth: int) -> float | None:
        if self._passes is None:
            return None
        coming = self._passes.between(told_s, told_s + PASSES_AHEAD_S)
        edges = (each.rise_tai_s if moment == "pass_start" else each.set_tai_s for each in coming)
        ahead = sorted(islice((edge_s for edge_s in edges if edge_s > told_s), nth + SAME_SIGHT))
        return ahead[nth - 1] if len(ahead) >= nth else None

    def _edges(self, moment: str, start_s: float, end_s: float) -> list[float]:
        if self._passes is None:
            return []
        found = self._passes.between(start_s, end_s)
        return [each.rise_tai_s if moment == "pass_start" else each.set_tai_s for each in found]

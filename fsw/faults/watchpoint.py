"""One watchpoint: a parameter held against limits, and what its values so far make of it. Pure.

    unchecked -> within | below | above | stale      a state is taken after `repetitions` values in a row that say so
    within    -> below | above | stale               a trip: events are told
    below, above, stale -> within                    over: the value is inside the limit by the hysteresis

A value that is older than the age limit counts, once a second, as one more beyond the limit that was being left; where
none was, as stale. So an input that is lost clears no fault that builds up, and none that stands. Stale is taken for
the worst: it tells the events of every limit that the watchpoint has. Source of states and repetitions:
ECSS-E-ST-70-41C, 6.12.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from hal.clock import SECOND_NS

UNCHECKED, WITHIN, BELOW, ABOVE, STALE, DISABLED = "unchecked", "within", "below", "above", "stale", "disabled"
BEYOND = (BELOW, ABOVE)
STALE_PERIOD_NS = SECOND_NS  # between two counts of a value that does not come
NEVER_NS = 1 << 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchpoint:
    """What is watched. Limits in the parameter's unit, infinite for none; `age_limit_s` 0: a value may be any age.

    An event of "" is not told. A label counts as its place in the list of labels.
    """

    number: int
    parameter: str
    repetitions: int = 1
    low: float = -math.inf
    low_event: str = ""
    high: float = math.inf
    high_event: str = ""
    age_limit_s: float = 0.0
    hysteresis: float = 0.0
    enabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of state. `value` is the last one, and for stale its age in seconds; `limit` what it is held against.

    A trip is one of a fault that did not stand already; `events` are those to be told of it.
    """

    watchpoint: Watchpoint
    previous: str
    state: str
    value: float
    limit: float
    is_trip: bool = False
    events: tuple[str, ...] = ()


class Watch:
    """A watchpoint at work since `now_ns`; at `stale_ns` its value is too old unless another one comes."""

    __slots__ = ("_age_ns", "_candidate", "_count", "_held", "_seen_ns", "point", "stale_ns", "state", "trips", "value")

    def __init__(self, point: Watchpoint, now_ns: int, trips: int = 0) -> None:
        self.point = point
        self.trips = trips
        self._age_ns = int(point.age_limit_s * SECOND_NS)
        self.value = 0.0
        self.restart(now_ns)

    def restart(self, now_ns: int) -> None:
        """Forget what was seen: nothing is checked yet."""
        self.state = UNCHECKED
        self._candidate, self._count, self._held = "", 0, ""
        self._see(now_ns)

    @property
    def is_violated(self) -> bool:
        """A trip that is not over."""
        return bool(self._held)

    def take(self, now_ns: int, value: float) -> Transition | None:
        """One value; what is no number is none."""
        if value != value:
            return None
        self.value = value
        self._see(now_ns)
        if self.state is WITHIN and not self._candidate and self.point.low <= value <= self.point.high:
            return None  # the usual case, at no cost
        return self._count_up(now_ns, self._verdict(value))

    def wait(self, now_ns: int) -> Transition | None:
        """No value until now: call it at `stale_ns`."""
        self.stale_ns = now_ns + STALE_PERIOD_NS
        return self._count_up(now_ns, self._candidate if self._candidate in BEYOND else STALE)

    def _see(self, now_ns: int) -> None:
        self._seen_ns = now_ns
        self.stale_ns = now_ns + self._age_ns + 1 if self._age_ns else NEVER_NS

    def _verdict(self, value: float) -> str:
        point = self.point
        if value > point.high or (self._held == ABOVE and value > point.high - point.hysteresis):
            return ABOVE
        if value < point.low or (self._held == BELOW and value < point.low + point.hysteresis):
            return BELOW
        return WITHIN

    def _count_up(self, now_ns: int, verdict: str) -> Transition | None:
        """One more that says so; enough of them in a row are a change of state."""
        if verdict == self.state:
            self._candidate, self._count = "", 0
            return None
        self._count = self._count + 1 if verdict == self._candidate else 1
        self._candidate = verdict
        if self._count < self.point.repetitions:
            return None
        self._candidate, self._count = "", 0
        return self._change(now_ns, verdict)

    def _change(self, now_ns: int, state: str) -> Transition:
        point, previous, held = self.point, self.state, self._held
        self.state = state
        if state == WITHIN:
            self._held = ""
        elif state != STALE or not held:  # what has gone stale stays beyond the limit that it was last seen beyond
            self._held = state
        is_trip = bool(self._held) and self._held != held
        self.trips += is_trip
        told = {ABOVE: (point.high_event,), BELOW: (point.low_event,), STALE: (point.high_event, point.low_event)}
        events = dict.fromkeys(event for event in told.get(state, ()) if event and is_trip)
        value, limit = self.value, self._limit(state, held)
        if state == STALE:
            value, limit = (now_ns - self._seen_ns) / SECOND_NS, point.age_limit_s
        return Transition(
            watchpoint=point,
            previous=previous,
            state=state,
            value=value,
            limit=limit,
            is_trip=is_trip,
            events=tuple(events),
        )

    def _limit(self, state: str, held: str) -> float:
        """The limit that was crossed, there or back."""
        if BELOW in (state, held) or not math.isfinite(self.point.high):
            return self.point.low
        return self.point.high

"""When it was dark, from what telemetry tells: the host's word where there is a host, else the array's power. Pure.

No orbit comes down, so the next eclipse is foretold from the last two alone, and said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass

from hal.clock import SECOND_NS
from tools.ground.console.trend import BUCKET_S, Trend

DARK_SHARE = 0.02  # of the array's best: albedo and the edges of the shadow give less
DARK_W = 0.5  # the same, while the best is not known: a console that was opened at night
LEAST_ORBIT_S, MOST_ORBIT_S = 5_000, 8_400  # what low orbits take; other intervals are gaps or manoeuvres
USUAL_ORBIT_S = 5_700
ORBITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One eclipse, on-board time as UTC nanoseconds; `end_ns` None while it lasts."""

    begin_ns: int
    end_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nights:
    """The eclipses within what is remembered, and the time from one to the next where two were seen to begin."""

    all: tuple[Night, ...]
    orbit_ns: int | None

    @property
    def next_ns(self) -> int | None:
        """When the next begins, if the orbit goes on as the last one."""
        return None if self.orbit_ns is None else self.all[-1].begin_ns + self.orbit_ns

    @property
    def span_ns(self) -> int:
        """Two orbits."""
        return ORBITS * (self.orbit_ns or USUAL_ORBIT_S * SECOND_NS)


def nights_of(sunlit: Trend, array_w: Trend, begin_ns: int, end_ns: int) -> Nights:
    """The eclipses between two times. `sunlit` is 1 in the Sun, 0 in the dark, and empty where there is no host."""
    dark = [(b.last_ns, b.last < 0.5) for b in sunlit.span(begin_ns, end_ns)] or _by_array(array_w, begin_ns, end_ns)
    nights: list[Night] = []
    begins: list[int] = []  # those that were seen to begin
    before: tuple[int, bool] | None = None
    for at_ns, is_dark in dark:
        if is_dark and (before is None or not before[1]):
            nights.append(Night(begin_ns=at_ns, end_ns=None))
            if before is not None and at_ns - before[0] <= 4 * BUCKET_S * SECOND_NS:
                begins.append(at_ns)
        elif not is_dark and before is not None and before[1]:
            nights[-1] = Night(begin_ns=nights[-1].begin_ns, end_ns=at_ns)
        before = (at_ns, is_dark)
    return Nights(all=tuple(nights), orbit_ns=_orbit(begins) if nights else None)


def _by_array(array_w: Trend, begin_ns: int, end_ns: int) -> list[tuple[int, bool]]:
    buckets = array_w.span(begin_ns, end_ns)
    best = max((bucket.high for bucket in buckets), default=0.0)
    dark_w = max(DARK_SHARE * best, DARK_W)
    return [(bucket.last_ns, bucket.last < dark_w) for bucket in buckets]


def _orbit(begins: list[int]) -> int | None:
    if len(begins) < 2:
        return None
    orbit_ns = begins[-1] - begins[-2]
    return orbit_ns if LEAST_ORBIT_S <= orbit_ns / SECOND_NS <= MOST_ORBIT_S else None


def is_dark(nights: Nights, begin_ns: int, end_ns: int) -> bool:
    """True where more than half of a span lies in an eclipse."""
    dark_ns = sum(
        max(0, min(end_ns, night.end_ns if night.end_ns is not None else end_ns) - max(begin_ns, night.begin_ns))
        for night in nights.all
    )
    return 2 * dark_ns > end_ns - begin_ns

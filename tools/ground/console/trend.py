"""The course of a number over hours in bounded memory: lowest, highest and last value of every few seconds. Pure.

A person's screen has some hundred columns: what falls into one of them is drawn from its lowest to its highest value,
so a peak of one sample is seen however coarse the picture is. Nothing here replaces the archive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from hal.clock import SECOND_NS

BUCKET_S = 16  # four columns of dots in a wide plot of two orbits, one row of housekeeping or two
BUCKETS_MOST = 1_000  # 4.4 hours: two orbits as high as 2,000 km
SLACK = 100  # buckets that may be too old before they are looked for


@dataclass(slots=True)
class Bucket:
    """What came in one span of BUCKET_S."""

    low: float
    high: float
    last: float
    last_ns: int

    def add(self, value: float, time_ns: int) -> None:
        """One more value; one that comes late counts, but is not the last."""
        self.low, self.high = min(self.low, value), max(self.high, value)
        if time_ns >= self.last_ns:
            self.last, self.last_ns = value, time_ns


class Trend:
    """One number by the time it was measured. Samples may come in any order; those too old to be shown are dropped."""

    def __init__(self, bucket_s: int = BUCKET_S, most: int = BUCKETS_MOST) -> None:
        self._width_ns = bucket_s * SECOND_NS
        self._most = most
        self._buckets: dict[int, Bucket] = {}
        self._newest = 0

    def __len__(self) -> int:
        return len(self._buckets)

    @property
    def first_ns(self) -> int | None:
        """When the oldest bucket begins."""
        places = [place for place in self._buckets if place > self._newest - self._most]
        return min(places) * self._width_ns if places else None

    def add(self, value: float, time_ns: int) -> None:
        """One sample; what is no finite number leaves a gap."""
        place = time_ns // self._width_ns
        if not math.isfinite(value) or place <= self._newest - self._most:
            return
        bucket = self._buckets.get(place)
        if bucket is not None:
            bucket.add(value, time_ns)
            return
        self._buckets[place] = Bucket(value, value, value, time_ns)
        self._newest = max(self._newest, place)
        if len(self._buckets) > self._most + SLACK:
            self._forget()

    def restart(self) -> None:
        """Forget everything: on-board time was set back, and what is known lies in its future."""
        self._buckets.clear()
        self._newest = 0

    def span(self, begin_ns: int, end_ns: int) -> list[Bucket]:
        """The buckets that begin within a span, in order of time."""
        first = max(begin_ns // self._width_ns, self._newest - self._most + 1)
        last = min(end_ns // self._width_ns, self._newest)
        return [self._buckets[place] for place in range(first, last + 1) if place in self._buckets]

    def columns(self, begin_ns: int, end_ns: int, count: int) -> list[Bucket | None]:
        """A span in `count` columns; None where nothing is known.

        A column narrower than a bucket shows the one it lies in, so that a fine picture has no gaps.
        """
        step_ns = (end_ns - begin_ns) / count
        edges = [begin_ns + round(step_ns * place) for place in range(count + 1)]
        return [_merged(self.span(left, max(left, right - 1))) for left, right in pairwise(edges)]

    def _forget(self) -> None:
        oldest = self._newest - self._most
        self._buckets = {place: bucket for place, bucket in self._buckets.items() if place > oldest}


def _merged(buckets: list[Bucket]) -> Bucket | None:
    if not buckets:
        return None
    last = buckets[-1]
    return Bucket(min(b.low for b in buckets), max(b.high for b in buckets), last.last, last.last_ns)

"""Whether the ground hears us: always, or by the passes over the mission's stations. Pure but for on-board time.

While on-board time is not known no pass can be foretold: then we speak as if the ground heard us, because a payload
that is silent cannot be helped.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from fsw.ephemeris.passes import AHEAD_S, Pass, Passes
from fsw.messages import Contact
from fsw.telemetry.downlink import Window
from hal.clock import SECOND_NS, OnboardTime

EVER_NS = (1 << 62) - 1  # a century and a half: no flight lasts as long, and it fits every integer
BEYOND_NS = 1000  # more than TAI seconds in a double are off, so that at the boundary it lies behind us


class Contacts:
    """Without `passes` the ground hears us all the time, at `rate_bps` (0: no limit is known)."""

    def __init__(self, time: OnboardTime, passes: Passes | None = None, rate_bps: float = 0.0) -> None:
        self._time = time
        self._passes = passes
        self._rate_bps = rate_bps

    def at(self, now_ns: int) -> Contact:
        """The contact at `now_ns`, or its absence, and until when that holds."""
        tai_s = self._time.known_tai_s(now_ns)
        if self._passes is None or tai_s is None:
            return Contact(time_ns=now_ns, in_contact=True, until_ns=EVER_NS, rate_bps=self._rate_bps)
        current = self._passes.current(tai_s)
        if current is not None:
            return Contact(
                time_ns=now_ns,
                in_contact=True,
                until_ns=self._ns(current.set_tai_s),
                rate_bps=self._rate(current),
                station=current.station,
            )
        coming = self._passes.next(tai_s)
        until_ns = now_ns + int(AHEAD_S) * SECOND_NS if coming is None else self._ns(coming.rise_tai_s)
        return Contact(time_ns=now_ns, in_contact=False, until_ns=until_ns)

    def ahead(self, now_ns: int) -> Iterator[Window]:
        """The windows of the next day, the present one first; found one by one, none reaching into another."""
        tai_s = self._time.known_tai_s(now_ns)
        if self._passes is None or tai_s is None:
            yield Window(now_ns, EVER_NS, math.ceil(self._rate_bps))
            return
        free_ns = now_ns
        for each in self._passes.between(tai_s, tai_s + AHEAD_S):
            start_ns, end_ns = max(self._ns(each.rise_tai_s), free_ns), self._ns(each.set_tai_s)
            if start_ns < end_ns:
                yield Window(start_ns, end_ns, math.ceil(self._rate(each)))
                free_ns = end_ns

    def _rate(self, over: Pass) -> float:
        """The slower of the station's rate and the link's own; 0 is no limit in either."""
        return min((rate for rate in (over.down_bps, self._rate_bps) if rate), default=0.0)

    def _ns(self, tai_s: float) -> int:
        """The monotonic time of a TAI time."""
        return int(tai_s * SECOND_NS) - self._time.tai_at_zero_ns + BEYOND_NS

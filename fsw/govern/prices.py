"""Reading the planner's prices: what joules, seconds and waiting are worth from a moment on."""

from __future__ import annotations

from fsw.messages import Prices
from hal.clock import SECOND_NS


class PriceTable:
    """A `Prices` message made quick to read."""

    def __init__(self, prices: Prices) -> None:
        self._start_ns = prices.start_ns
        self._slot_s = prices.slot_s
        self._slots = len(prices.joule_price)
        self._joule = prices.joule_price
        self._time = prices.time_price
        self._job = dict(zip(prices.kinds, prices.job_price, strict=True))

    def covers(self, now_ns: int) -> bool:
        """True while `now_ns` lies inside the planned slots."""
        return 0 <= now_ns - self._start_ns < self._slots * self._slot_s * SECOND_NS

    def joule_price(self, now_ns: int) -> float:
        """Value of a joule now."""
        return self._joule[self._slot(self._offset_s(now_ns))]

    def time_price(self, now_ns: int) -> float:
        """Value of a second of the computer now."""
        return self._time[self._slot(self._offset_s(now_ns))]

    def job_price(self, kind: str, now_ns: int) -> float:
        """Value of keeping a job of this kind for later; 0 for a kind that was not planned."""
        prices = self._job.get(kind)
        return 0.0 if prices is None else prices[self._slot(self._offset_s(now_ns))]

    def cost(self, now_ns: int, seconds: float, watts: float) -> float:
        """Price of drawing `watts` and holding the computer for `seconds` from now, slot by slot."""
        at_s = self._offset_s(now_ns)
        slot = self._slot(at_s)
        left_s = (slot + 1) * self._slot_s - at_s
        if seconds <= left_s:
            return seconds * (watts * self._joule[slot] + self._time[slot])
        total = 0.0
        while seconds > 0.0:
            share_s = min(seconds, left_s) if slot < self._slots - 1 else seconds
            total += share_s * (watts * self._joule[slot] + self._time[slot])
            seconds -= share_s
            slot, left_s = min(slot + 1, self._slots - 1), self._slot_s
        return total

    def _offset_s(self, now_ns: int) -> float:
        return (now_ns - self._start_ns) / SECOND_NS

    def _slot(self, offset_s: float) -> int:
        return min(max(0, int(offset_s / self._slot_s)), self._slots - 1)

"""Reading the planner's prices: what joules, seconds and waiting are worth from a moment on; and what serves instead.

    fresh prices -> the last prices, while they cover now -> a table by charge and orbit phase -> none: hysteresis

Prices that cannot be are taken for none: not finite, negative, out of shape, or dearer than any plan makes them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from fsw.govern.table import Phase, PhaseTable, Place, SavedPrices
from fsw.messages import Plant, Prices
from fsw.mission import Mission
from hal.clock import SECOND_NS

LATE = 2.0  # replanning intervals: prices older than that are late
LEARN_NS = 60 * SECOND_NS  # how often fresh prices go into the table
TABLE_S = 60.0  # prices from the table hold so long
DEAREST = 30.0  # times what the dearest job pays for a joule: twice what a plan outside all limits says, and a half
NO_TABLE, NOT_SOUND = "hysteresis: there is no table", "hysteresis: the table is damaged"


class PriceTable:
    """A `Prices` message made quick to read. One that is out of shape, not finite or negative covers no time."""

    def __init__(self, prices: Prices) -> None:
        self.time_ns = prices.time_ns
        if not _is_sound(prices):
            prices = Prices(
                time_ns=0, start_ns=0, slot_s=1.0, joule_price=(), time_price=(), kinds=(), job_price=()
            )  # fmt: skip
        self._start_ns = prices.start_ns
        self._slot_s = prices.slot_s
        self._slots = len(prices.joule_price)
        self._joule = prices.joule_price
        self._time = prices.time_price
        self._job = dict(zip(prices.kinds, prices.job_price, strict=True))
        self._loss_hz = prices.loss_rate_hz

    @property
    def highest(self) -> tuple[float, float, float]:
        """The highest price of a joule, of a second, and of a job."""
        jobs = [max(row, default=0.0) for row in self._job.values()]
        return max(self._joule, default=0.0), max(self._time, default=0.0), max(jobs, default=0.0)

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

    def survival(self, now_ns: int, seconds: float) -> float:
        """How likely a job of `seconds` from now on is not ended by radiation; 1 where nothing is foretold of it."""
        if not self._loss_hz:
            return 1.0
        at_s, losses = self._offset_s(now_ns), 0.0
        slot = self._slot(at_s)
        left_s = (slot + 1) * self._slot_s - at_s
        while seconds > 0.0:
            share_s = min(seconds, left_s) if slot < self._slots - 1 else seconds
            losses += share_s * self._loss_hz[slot]
            seconds -= share_s
            slot, left_s = min(slot + 1, self._slots - 1), self._slot_s
        return math.exp(-losses)

    def _offset_s(self, now_ns: int) -> float:
        return (now_ns - self._start_ns) / SECOND_NS

    def _slot(self, offset_s: float) -> int:
        return min(max(0, int(offset_s / self._slot_s)), self._slots - 1)


def _is_sound(prices: Prices) -> bool:
    """Of one shape, finite and not negative throughout."""
    rows = (prices.joule_price, prices.time_price, *prices.job_price)
    rows += (prices.loss_rate_hz,) if prices.loss_rate_hz else ()
    slots = len(prices.joule_price)
    if len(prices.job_price) != len(prices.kinds) or not 0.0 < prices.slot_s < math.inf:
        return False
    return all(len(row) == slots and all(0.0 <= price < math.inf for price in row) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What serves instead of fresh prices, and how old the last ones are: the values of event `planner_late`."""

    age_s: float
    fallback: str


class PriceChain:
    """Fresh prices, else the next best. What is fresh fills the table; `notice` is there when what serves got worse."""

    def __init__(self, mission: Mission) -> None:
        self._kinds = tuple([row.kind for row in mission.demand])
        self._late_ns = round(LATE * mission.governor.replan_s * SECOND_NS)
        self._ceilings = _ceilings(mission)
        self._phase = Phase(mission)
        self._table = PhaseTable(self._kinds)
        self._without = NO_TABLE
        self._last: PriceTable | None = None
        self._told: PriceTable | None = None  # looked at, whether it is sound or not
        self._stand_in: tuple[Place, PriceTable] | None = None
        self._began_ns: int | None = None
        self._learnt_ns = -LEARN_NS
        self._served = ""
        self.notice: Notice | None = None

    def recall(self, saved: SavedPrices | None) -> None:
        """Begin with a table that was kept; None where it was lost. A damaged one is as good as none."""
        try:
            if saved is None:
                raise ValueError("nothing of it can be read")
            self._table = PhaseTable.of_saved(saved, self._kinds)
        except ValueError as error:
            self._without = NOT_SOUND
            self.notice = Notice(age_s=0.0, fallback=f"the table that was kept is not used: {error}")

    def at(self, now_ns: int, prices: PriceTable | None, plant: Plant, sunlit: bool) -> PriceTable | None:
        """What prices hold now; None where none do."""
        self._began_ns = now_ns if self._began_ns is None else self._began_ns
        place = self._phase.see(now_ns, sunlit, plant)
        if prices is not None and prices is not self._told:
            self._told = prices
            self._last = prices if self._is_credible(prices, now_ns) else self._last
        serving = self._last if self._last is not None and self._last.covers(now_ns) else None
        age_ns = now_ns - (self._began_ns if self._last is None else self._last.time_ns)
        if serving is not None and age_ns <= self._late_ns:
            self._learn(now_ns, place, serving)
            return self._serve("", age_ns, serving)
        if serving is not None:
            return self._serve("the last prices", age_ns, serving)
        serving = self._from_table(now_ns, place)
        fallback = "the table by charge and orbit phase" if serving else self._without
        return self._serve(fallback if age_ns > self._late_ns else "", age_ns, serving)

    def _is_credible(self, prices: PriceTable, now_ns: int) -> bool:
        dear = any(price > ceiling for price, ceiling in zip(prices.highest, self._ceilings, strict=True))
        return prices.covers(now_ns) and not dear

    def _learn(self, now_ns: int, place: Place, prices: PriceTable) -> None:
        if now_ns - self._learnt_ns < LEARN_NS:
            return
        self._learnt_ns, self._stand_in = now_ns, None
        jobs = [prices.job_price(kind, now_ns) for kind in self._kinds]
        self._table.learn(place, prices.joule_price(now_ns), prices.time_price(now_ns), jobs)

    def _from_table(self, now_ns: int, place: Place) -> PriceTable | None:
        if self._stand_in is not None and self._stand_in[0] == place and self._stand_in[1].covers(now_ns):
            return self._stand_in[1]
        prices = self._table.at(now_ns, place, TABLE_S)
        self._stand_in = (place, PriceTable(prices)) if prices is not None else None
        return self._stand_in[1] if self._stand_in else None

    def _serve(self, fallback: str, age_ns: int, prices: PriceTable | None) -> PriceTable | None:
        if fallback and fallback != self._served:
            self.notice = Notice(age_s=age_ns / SECOND_NS, fallback=fallback)
        self._served = fallback
        return prices


def _ceilings(mission: Mission) -> tuple[float, float, float]:
    """What no joule, second or job can be worth, whatever the plan: some times what the dearest job pays."""
    models = {row.name: row for row in mission.models}
    setting = max(mission.payload.settings, key=lambda row: row.speed / row.watts)
    fastest = max(row.speed for row in mission.payload.settings)
    a_second = max(
        (row.value * each.worth / each.work_s for row in mission.demand for each in models[row.model].variants),
        default=math.inf,
    )
    value = max((row.value for row in mission.demand), default=math.inf)
    return DEAREST * a_second * setting.speed / setting.watts, DEAREST * a_second * fastest, DEAREST * value

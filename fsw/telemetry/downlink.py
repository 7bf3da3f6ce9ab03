"""What waits to go down: by rank, within a rank by value and then by age, at the rate of the link. No I/O, no clock.

    offer   a packet joins its rank; a full rank gives up its oldest, results their least valuable, and counts it
    take    what may go now: a bucket fills at the link's rate, and each packet takes its bits out of it
    defer   which packets a pass will not carry, and when the first of each kind goes down after it

Over any time t at most rate * t + BURST_S * rate bits are given out, and one packet that is larger than the bucket.
"""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from hal.clock import SECOND_NS

DEPTH = 1024  # packets of a rank: a quiet day's events; in all some megabytes at worst
BURST_S = 2  # the bucket: telemetry steps once a second, and may be late


class Rank(IntEnum):
    """What goes first."""

    ALARM = 0  # events of high severity
    VERIFICATION = 1  # what became of commands, and time packets
    WARNING = 2
    NOTICE = 3
    NEWS = 4  # events of severity MEDIUM, LOW and INFO
    RESULT = 5
    REPORT = 6  # answers to commands
    HOUSEKEEPING = 7
    RETRIEVED = 8
    FILE = 9


class Window(NamedTuple):
    """A time in which the ground hears us; rate 0: no limit."""

    start_ns: int
    end_ns: int
    rate_bps: int


class Deferred(NamedTuple):
    """Packets of a rank that the present window does not carry; `start_ns` None: no window of those known does."""

    rank: Rank
    packets: int
    start_ns: int | None


class _Item(NamedTuple):
    """A packet in its place: more valuable first, then older."""

    demerit: float
    order: int
    octets: bytes


class Downlink:
    """The queue and the bucket. Shut at first."""

    def __init__(self, depth: int = DEPTH) -> None:
        self._depth = depth
        self._ranks: dict[Rank, list[_Item]] = {rank: [] for rank in Rank}
        self._bits = dict.fromkeys(Rank, 0)
        self._orders = 0
        self._is_open = False
        self._rate_bps = 0
        self._room = 0  # in the bucket, in bits times SECOND_NS: whole numbers, so that nothing is rounded away
        self._filled_ns = 0
        self.queued = 0
        self.dropped = 0

    @property
    def is_free(self) -> bool:
        """True while whatever comes may go at once."""
        return self._is_open and self._rate_bps == 0 and self.queued == 0

    def open(self, now_ns: int, rate_bps: float) -> None:
        """The ground hears us from now on; 0 for no limit. The bucket begins empty when the rate is another."""
        rate = math.ceil(rate_bps)
        if not self._is_open or rate != self._rate_bps:
            self._rate_bps, self._room, self._filled_ns = rate, 0, now_ns
        self._is_open = True

    def shut(self) -> int:
        """The ground does not hear us. Housekeeping is let go, since packet stores have it and by the next pass
        there is newer: gives how many packets."""
        self._is_open = False
        let_go = len(self._ranks[Rank.HOUSEKEEPING])
        self._ranks[Rank.HOUSEKEEPING].clear()
        self._bits[Rank.HOUSEKEEPING] = 0
        self.queued -= let_go
        return let_go

    def offer(self, rank: Rank, octets: bytes, value: float = 0.0) -> None:
        """A packet joins the queue."""
        items = self._ranks[rank]
        if len(items) >= self._depth and not self._give_way(rank, items, value):
            return
        self._orders += 1
        self.queued += 1
        self._bits[rank] += 8 * len(octets)
        insort(items, _Item(-value, self._orders, octets))

    def _give_way(self, rank: Rank, items: list[_Item], value: float) -> bool:
        """One of a full rank is dropped; False when it is the newcomer."""
        self.dropped += 1
        if rank is Rank.RESULT and items[-1].demerit <= -value:
            return False
        dropped = items.pop(-1 if rank is Rank.RESULT else 0)
        self._bits[rank] -= 8 * len(dropped.octets)
        self.queued -= 1
        return True

    def wants(self, rank: Rank) -> bool:
        """True when another packet of a rank that is fetched is worth fetching: the ground hears us, and less of it
        waits here than goes down in the time of a bucket."""
        if not self._is_open or len(self._ranks[rank]) >= self._depth:
            return False
        return self._rate_bps == 0 or self._bits[rank] < BURST_S * self._rate_bps

    def passes(self, now_ns: int, octets: bytes) -> bool:
        """True when a packet that is worth nothing later may go before all others, and its bits are taken."""
        if not self._is_open:
            return False
        self._fill(now_ns)
        cost = 8 * len(octets) * SECOND_NS if self._rate_bps else 0
        if self._room < min(cost, self._full):
            return False
        self._room -= cost
        return True

    def take(self, now_ns: int) -> list[bytes]:
        """The packets that go now, in order."""
        if not self._is_open or not self.queued:
            return []
        taken: list[bytes] = []
        self._fill(now_ns)
        for rank, items in self._ranks.items():
            gone = [item.octets for item in items[: self._affordable(items)]]
            del items[: len(gone)]
            self._bits[rank] -= 8 * sum(map(len, gone))
            taken += gone
            if items:
                break
        self.queued -= len(taken)
        return taken

    def defer(self, now_ns: int, windows: Iterable[Window]) -> list[Deferred]:
        """What the present one of `windows` does not carry, if one is on, and when it goes in those after it."""
        plan = _Plan(now_ns, windows)
        found = []
        for rank, items in self._ranks.items():
            if rank is Rank.HOUSEKEEPING:
                continue  # of this only what this pass carries is sent
            later = [start_ns for item in items if (start_ns := plan.place(8 * len(item.octets))) != 0]
            if later:
                found.append(Deferred(rank, len(later), later[0]))
        return found

    def _fill(self, now_ns: int) -> None:
        gained = (now_ns - self._filled_ns) * self._rate_bps
        self._room = min(self._room + gained, self._full)
        self._filled_ns = now_ns

    @property
    def _full(self) -> int:
        return BURST_S * self._rate_bps * SECOND_NS

    def _affordable(self, items: list[_Item]) -> int:
        """How many of the first go now; their bits are taken. One that no bucket holds goes when the bucket is full."""
        if self._rate_bps == 0:
            return len(items)
        for count, item in enumerate(items):
            cost = 8 * len(item.octets) * SECOND_NS
            if self._room < min(cost, self._full):
                return count
            self._room -= cost
        return len(items)


class _Plan:
    """Lays packets one after the other into windows."""

    def __init__(self, now_ns: int, windows: Iterable[Window]) -> None:
        self._windows: Iterator[Window] = iter(windows)
        self._window = next(self._windows, None)
        self._at_ns = now_ns
        self._is_present = self._window is not None and self._window.start_ns <= now_ns

    def place(self, bits: int) -> int | None:
        """When a packet begins to go down: 0 in the present window, else when; None after the last one."""
        while self._window is not None:
            start_ns = max(self._at_ns, self._window.start_ns)
            rate_bps = self._window.rate_bps
            end_ns = start_ns + (bits * SECOND_NS // rate_bps if rate_bps else 0)
            if end_ns <= self._window.end_ns:
                self._at_ns = end_ns
                return 0 if self._is_present else start_ns
            self._window, self._is_present = next(self._windows, None), False
        return None

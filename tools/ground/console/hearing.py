"""What is heard of the spacecraft at all: packets, losses, rate, age, and the two clocks. Pure."""

from __future__ import annotations

from collections import deque
from enum import Enum

from hal.clock import SECOND_NS
from tools.ground.decoder import FilePart, Record, Undecoded

RATE_S = 10  # packets a second are the mean over so long
SILENCE_S = 40.0  # longer than the slowest of the structures that say how it is
LATE_NS = 60 * SECOND_NS  # made so long before the newest: it was kept on board, or comes a second time
STEPPED_NS = 30 * SECOND_NS  # nothing but late packets for so long: the on-board time itself was set back


class Timing(Enum):
    """When a record was made, seen from what is known already."""

    LIVE = "live"
    LATE = "late"
    STEPPED = "stepped"  # the on-board time has gone back; what was known is of another time


class Hearing:
    """Counts since the console began. Times of arguments are monotonic."""

    def __init__(self) -> None:
        self.packets = self.missed = self.late = self.undecoded = self.bad = 0
        self.last_undecoded = ""
        self.heard_ns: int | None = None
        self.newest: Record | None = None  # of those with an on-board time of their own
        self._newest_ns = 0
        self._live_ns = 0
        self._seconds: deque[tuple[int, int]] = deque(maxlen=RATE_S + 1)

    def take(self, record: Record, now_ns: int) -> Timing:
        """One record; tells whether it is news."""
        self.packets += 1
        self.missed += record.missed
        self.heard_ns = now_ns
        self._count(now_ns // SECOND_NS)
        if isinstance(record.content, Undecoded):
            self.undecoded += 1
            self.last_undecoded = record.content.why
        if isinstance(record.content, FilePart):  # it has no time of its own
            return Timing.LIVE
        return self._timing(record, now_ns)

    def silent_s(self, now_ns: int) -> float | None:
        """Seconds since the last packet; None where none was ever heard."""
        return None if self.heard_ns is None else (now_ns - self.heard_ns) / SECOND_NS

    def rate(self, now_ns: int) -> float:
        """Packets a second, over the last RATE_S whole seconds."""
        second = now_ns // SECOND_NS
        return sum(count for at, count in self._seconds if second - RATE_S <= at < second) / RATE_S

    def _count(self, second: int) -> None:
        count = self._seconds.pop()[1] if self._seconds and self._seconds[-1][0] == second else 0
        self._seconds.append((second, count + 1))

    def _timing(self, record: Record, now_ns: int) -> Timing:
        if record.generated_ns < self._newest_ns - LATE_NS:
            if now_ns - self._live_ns < STEPPED_NS:
                self.late += 1
                return Timing.LATE
            self._newest_ns, self._live_ns, self.newest = record.generated_ns, now_ns, record
            return Timing.STEPPED
        self._live_ns = now_ns
        if record.generated_ns >= self._newest_ns:
            self._newest_ns, self.newest = record.generated_ns, record
        return Timing.LIVE

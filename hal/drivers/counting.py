"""Sensors of counts that only grow: the total since the first look, and the mean rate since the last one.

A count before a momentary value: what happens between two looks is in it. The first look is taken when the driver is
made, so that the first read has an interval to speak of.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import SECOND_NS, Clock
from hal.drivers.sampling import missing, sample
from hal.errors import PortError
from hal.ports.files import FileTree
from hal.reading import Channel, Reason, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a role is made of: the count `key`, in units of `scale`; its total, or its rate a second."""

    key: str
    scale: float
    is_rate: bool = False
    high: float | None = None  # clip there: a kernel that books late shows a little more than can be


class Tally:
    """One count, followed across wraps at `range_` (a period, None where it never wraps) and across new beginnings.

    A fall that as a wrap would mean more than `max_rate_per_s` counts a second is a new beginning, from 0.
    """

    def __init__(self, max_rate_per_s: float) -> None:
        self._max_rate_per_s = max_rate_per_s
        self._last: tuple[int, int] | None = None
        self.total = 0
        self.rate_per_s: float | None = None

    def look(self, count: int, now_ns: int, range_: int | None) -> None:
        """Take in what the counter shows now; raises PortError for a number that no counter shows."""
        if count < 0 or (range_ is not None and count > range_):
            raise PortError(Reason.CORRUPT, f"{count} is no count of 0 to {range_ or 'any'}")
        if self._last is not None:
            self._pass(count, now_ns, *self._last, range_)
        self._last = (count, now_ns)

    def begin_anew(self) -> None:
        """What was counted is not connected with what comes: the device was away."""
        self._last, self.rate_per_s = None, None

    def _pass(self, count: int, now_ns: int, last: int, last_ns: int, range_: int | None) -> None:
        seconds = (now_ns - last_ns) / SECOND_NS
        passed = count - last
        if passed < 0 and range_ is not None and passed + range_ <= self._max_rate_per_s * max(seconds, 1e-3):
            passed += range_
        if passed < 0:
            self.total, self.rate_per_s = self.total + count, None
            return
        self.total += passed
        if seconds > 0.0:
            self.rate_per_s = passed / seconds


class CountFiles(ABC):
    """A `hal.contract.Sensor` over the counts that `_counts` reads; `COUNTS` says what each role makes of them."""

    COUNTS: Mapping[str, Count] = {}

    def __init__(
        self, port: FileTree, clock: Clock, channels: Mapping[str, Channel], max_rate_per_s: float = 1e18
    ) -> None:
        self._files = port
        self._clock = clock
        self._rows = tuple((channels[role], self.COUNTS[role]) for role in self.COUNTS if role in channels)
        self.channels = tuple(channel for channel, _ in self._rows)
        self._tallies = {count.key: Tally(max_rate_per_s) for _, count in self._rows}
        self._look(clock.now_ns())

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        failures = self._look(now_ns)
        return tuple([self._sample(channel, count, now_ns, failures) for channel, count in self._rows])

    @abstractmethod
    def _counts(self) -> Mapping[str, int]:
        """What the counters show now, by key. Raises PortError."""

    def _range(self) -> int | None:
        """The period at which a counter begins at 0 again."""
        return None

    def _look(self, now_ns: int) -> dict[str, PortError]:
        """Take in all counts; gives the failures by key."""
        failures: dict[str, PortError] = {}
        try:
            counts, range_ = self._counts(), self._range()
        except PortError as error:
            counts, range_ = {}, None
            failures = dict.fromkeys(self._tallies, error)
        for key, tally in self._tallies.items():
            try:
                if key in counts:
                    tally.look(counts[key], now_ns, range_)
                elif key not in failures:
                    failures[key] = PortError(Reason.ABSENT, f"this kernel does not count {key}")
            except PortError as error:
                failures[key] = error
            if key in failures and failures[key].reason is Reason.ABSENT:
                tally.begin_anew()
        return failures

    def _sample(self, channel: Channel, count: Count, now_ns: int, failures: Mapping[str, PortError]) -> Sample:
        tally = self._tallies[count.key]
        if count.key in failures:
            return missing(channel, now_ns, failures[count.key])
        if not count.is_rate:
            return sample(channel, now_ns, tally.total * count.scale)
        if tally.rate_per_s is None:
            return missing(channel, now_ns, PortError(Reason.TIMEOUT, "the first interval is not over"))
        value = tally.rate_per_s * count.scale
        return sample(channel, now_ns, value if count.high is None else min(value, count.high))

"""Clocks: the only place where the project asks the time or sleeps.

Control runs on monotonic nanoseconds. Stamps and schedules run on on-board time: TAI nanoseconds since
1958-01-01, with a source and a quality. `SteppedClock` is driven by hand, so an orbit takes a second.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

SECOND_NS = 1_000_000_000


class Clock(Protocol):
    """Monotonic time for control."""

    def now_ns(self) -> int:
        """Nanoseconds since an arbitrary start; never goes back."""
        ...

    def sleep_until_ns(self, deadline_ns: int) -> None:
        """Return at `deadline_ns` or as soon after as the system allows."""
        ...


def utc_ns() -> int:
    """UTC as this computer has it: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.

    For stamps that people read and for setting on-board time; it may jump, so nothing is controlled by it.
    """
    return time.time_ns()


class MonotonicClock:
    """The computer's own monotonic clock."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep_until_ns(self, deadline_ns: int) -> None:
        remaining_ns = deadline_ns - time.monotonic_ns()
        if remaining_ns > 0:
            time.sleep(remaining_ns / SECOND_NS)


class ScaledClock:
    """A monotonic clock that runs `speed` times as fast; processes that share `start_ns` share the time.

    `start_ns` is a reading of the computer's monotonic clock; this clock shows 0 there.
    """

    def __init__(self, start_ns: int, speed: float) -> None:
        self._start_ns = start_ns
        self._speed = speed

    def now_ns(self) -> int:
        return int((time.monotonic_ns() - self._start_ns) * self._speed)

    def sleep_until_ns(self, deadline_ns: int) -> None:
        remaining_ns = (deadline_ns - self.now_ns()) / self._speed
        if remaining_ns > 0:
            time.sleep(remaining_ns / SECOND_NS)


class SteppedClock:
    """A clock that stands still until it is moved; sleeping moves it."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until_ns(self, deadline_ns: int) -> None:
        self.advance_to_ns(max(deadline_ns, self._now_ns))

    def advance_to_ns(self, time_ns: int) -> None:
        """Move to `time_ns`; raises ValueError for a step back."""
        if time_ns < self._now_ns:
            raise ValueError(f"clock at {self._now_ns} ns cannot go back to {time_ns} ns")
        self._now_ns = time_ns


class TimeQuality(IntEnum):
    """How far on-board time may be trusted; goes into the PUS time status field."""

    UNKNOWN = 0  # never set since boot
    FREE_RUNNING = 1  # set once, coasting on the local oscillator
    SYNCHRONISED = 2  # set by the host or ground within the age limit


@dataclass(slots=True, kw_only=True)
class OnboardTime:
    """On-board time as an offset to the monotonic clock: TAI nanoseconds since 1958-01-01T00:00:00.

    It may be set in flight, so whoever needs it asks each time.
    """

    tai_at_zero_ns: int
    quality: TimeQuality = TimeQuality.SYNCHRONISED
    source: str = "mission start"

    def tai_ns(self, now_ns: int) -> int:
        """TAI at the monotonic time `now_ns`."""
        return self.tai_at_zero_ns + now_ns

    def known_tai_s(self, now_ns: int) -> float | None:
        """TAI seconds at the monotonic time `now_ns`; None while the time was never set."""
        return None if self.quality is TimeQuality.UNKNOWN else self.tai_ns(now_ns) / SECOND_NS

    def set(self, tai_at_zero_ns: int, quality: TimeQuality, source: str) -> None:
        """Another offset, from a source of a quality."""
        self.tai_at_zero_ns, self.quality, self.source = tai_at_zero_ns, quality, source

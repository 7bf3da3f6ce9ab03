"""Time on the ground: UTC as this computer has it, and what the spacecraft's TAI is in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from hal.clock import SECOND_NS, Clock, MonotonicClock, utc_ns
from hal.constants import TAI_EPOCH_TO_UNIX_S, TAI_MINUS_UTC_S

UNIX_TO_TAI_NS = (TAI_EPOCH_TO_UNIX_S + TAI_MINUS_UTC_S) * SECOND_NS
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class GroundClock(Clock, Protocol):
    """A monotonic clock for waiting that also tells UTC for stamps."""

    def utc_ns(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z, without leap seconds."""
        ...


class StationClock(MonotonicClock):
    """The clock of the computer that the tool runs on."""

    def utc_ns(self) -> int:
        return utc_ns()


def utc_of_tai_ns(tai_ns: int) -> int:
    """UTC (as `GroundClock.utc_ns`) of on-board time: TAI since 1958.

    >>> iso(utc_of_tai_ns(2_173_824_037_250_000_000))
    '2026-11-20T00:00:00.250Z'
    """
    return tai_ns - UNIX_TO_TAI_NS


def tai_of_utc_ns(utc_ns: int) -> int:
    """On-board time of UTC.

    >>> tai_of_utc_ns(parse_iso("2026-11-20T00:00:00.25Z"))
    2173824037250000000
    """
    return utc_ns + UNIX_TO_TAI_NS


def parse_iso(text: str) -> int:
    """UTC nanoseconds since 1970 of ISO 8601 with Z or an offset; raises ValueError for anything else."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; UTC ends with Z")
    return (moment - _UNIX_EPOCH) // timedelta(microseconds=1) * 1000


def iso(utc_ns: int) -> str:
    """ISO 8601 with milliseconds and Z."""
    moment = _UNIX_EPOCH + timedelta(microseconds=utc_ns // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

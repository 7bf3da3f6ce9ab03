"""A sample is a reading or the reason why there is none; a failed read never becomes a number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Reason(IntEnum):
    """Why a channel has no value."""

    UNPOWERED = 1  # the device's rail is off
    ABSENT = 2  # the board has no such device, or it was never found
    BUS = 3  # the transfer failed: NACK, short read, I/O error
    TIMEOUT = 4  # the transfer did not end in its time
    CORRUPT = 5  # what came back is not a value of this device
    IMPLAUSIBLE = 6  # a value, but outside what the quantity can be
    SILENT = 7  # nothing was read for longer than the channel allows


class Quality(IntEnum):
    """How far a reading may be trusted."""

    GOOD = 0
    SUSPECT = 1  # plausible, but something about it is odd (unchanged for long, saturated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One value of one channel in SI units (temperatures in degrees Celsius)."""

    channel: str
    time_ns: int
    value: float
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """One failed read of one channel, and why."""

    channel: str
    time_ns: int
    reason: Reason
    detail: str = ""


Sample = Reading | Missing


# Of energy and power. A counter misses nothing between two looks; samples are blind between them; a model is a guess.
SOURCES = ("", "counter", "sampled", "model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What is known of a channel before it is read; declared in the board file.

    `low` and `high` bound what the quantity can be, in `unit`. `max_rate_per_s` is the fastest credible change
    and `worst` ("low", "high" or "") the direction of harm: a silent channel is extrapolated that way. `source` says
    where energy and power come from, which decides how far they may be summed up, and `sigma` the standard deviation
    of one reading in `unit`, 0 where nobody knows it.
    """

    name: str
    unit: str
    low: float
    high: float
    max_rate_per_s: float = 0.0
    worst: str = ""
    period_s: float = 1.0
    owner: str = "payload"
    source: str = ""
    sigma: float = 0.0

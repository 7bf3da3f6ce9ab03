"""Values of the ordered command service: states of FOP-1, settings, notices. Source: CCSDS 232.1-B-2, 4, 5."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class FopState(IntEnum):
    """States S1 to S6 of table 5-1."""

    ACTIVE = 1
    RETRANSMIT = 2
    RETRANSMIT_WAIT = 3
    INITIALISING = 4
    INITIALISING_BC = 5
    INITIAL = 6


class AlertReason(IntEnum):
    """Why the ordered service ended (4.3.2)."""

    SYNCHRONISATION = 1  # the board acknowledged what cannot be
    CLCW = 2  # its flags contradict each other
    LIMIT = 3  # sent as often as allowed
    TIMER = 4  # no answer, as often as allowed
    SEQUENCE = 5  # N(R) outside what was sent
    LOCKOUT = 6
    TERMINATED = 7  # by the operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """The board has the data of request `ticket`: COP-1 says no more than that."""

    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """Request `ticket` was given up. Where `is_sent`, the board may have it all the same."""

    ticket: int
    is_sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The ordered service ended."""

    reason: AlertReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiated:
    """The ordered service is ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended:
    """No answer for long: `resume` goes on where it stopped, `initiate` starts again."""


Notice = Acknowledged | Undelivered | Alert | Initiated | Suspended


@dataclass(frozen=True, slots=True, kw_only=True)
class FopConfig:
    """`window` is K, frames sent ahead of the acknowledgement: at most half of what the 8-bit sequence can tell apart.

    `timer_ns` is T1, longer than the round trip.
    """

    scid: int
    vcid: int
    timer_ns: int
    window: int = 10
    transmission_limit: int = 8  # of one frame; at 20 % loss one in 400,000 needs more
    suspends: bool = False  # timeout type: True waits for `resume`, False gives up
    waiting_limit: int = 256

    def __post_init__(self) -> None:
        if not 1 <= self.window <= 127:
            raise ValueError(
                f"window {self.window} is not from 1 to 127, half of what an 8-bit sequence can tell apart"
            )
        if self.transmission_limit < 1 or self.timer_ns <= 0:
            raise ValueError("transmission limit and timer must be positive")

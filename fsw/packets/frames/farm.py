"""FARM-1, the board's half of COP-1: takes AD frames in order, each once. Source: CCSDS 232.1-B-2, 6 and table 6-1.

    OPEN     takes the frame whose N(S) is V(R); asks for a retransmission when one is missing
    WAIT     no room: takes nothing until `release`
    LOCKOUT  a frame came from far outside the window: takes nothing until Unlock

A frame reaches this after its checks (232.0-B-4, 4.4) and, where the channel is secured, after its MAC.
"""

from __future__ import annotations

from enum import IntEnum

from fsw.packets.frames.clcw import Clcw
from fsw.packets.frames.tc import TcFrame, control_of

WINDOW = 254  # W, the widest that the standard allows: half ahead of V(R), half behind it


class FarmState(IntEnum):
    """States of table 6-1."""

    OPEN = 1
    WAIT = 2
    LOCKOUT = 3


class Verdict(IntEnum):
    """What became of a frame. ORDERED and BYPASSED data go to the higher procedures, nothing else does."""

    ORDERED = 1  # E1
    BYPASSED = 2  # E6
    CONTROL = 3  # E7, E8
    NO_ROOM = 4  # E2, and any frame in WAIT
    MISSING_BEFORE = 5  # E3: an earlier frame has not come
    REPEATED = 6  # E4
    LOCKED_OUT = 7  # E5, and any ordered frame in LOCKOUT
    INVALID = 8  # E9

    @property
    def is_accepted(self) -> bool:
        """True where the data is to be handed on."""
        return self in (Verdict.ORDERED, Verdict.BYPASSED)


class Farm:
    """One virtual channel. V(R) starts at 0 with each boot: the ground sets it, or asks the CLCW."""

    def __init__(self, scid: int, vcid: int, window: int = WINDOW) -> None:
        if window % 2 or not 2 <= window <= WINDOW:
            raise ValueError(f"window {window} is not an even number from 2 to {WINDOW}")
        self._scid = scid
        self._vcid = vcid
        self._half = window // 2
        self._wants_wait = self._wants_retransmission = False
        self.state = FarmState.OPEN
        self.next_sequence = 0  # V(R)
        self.farm_b_count = 0
        self.counts = dict.fromkeys(Verdict, 0)

    def judge(self, frame: TcFrame, has_room: bool = True) -> Verdict:
        """What would become of `frame`; changes nothing."""
        if (frame.scid, frame.vcid) != (self._scid, self._vcid):
            return Verdict.INVALID
        if frame.is_control:
            return Verdict.INVALID if control_of(frame.data) is None else Verdict.CONTROL
        if frame.is_bypass:
            return Verdict.BYPASSED
        return self._judge_ordered(frame.sequence, has_room)

    def receive(self, frame: TcFrame, has_room: bool = True) -> Verdict:
        """Take one sound frame; `has_room` says whether the higher procedures can hold its data."""
        verdict = self.judge(frame, has_room)
        self.counts[verdict] += 1
        match verdict:
            case Verdict.ORDERED:
                self.next_sequence = self.next_sequence + 1 & 255
                self._wants_retransmission = False
            case Verdict.BYPASSED:
                self.farm_b_count = self.farm_b_count + 1 & 3
            case Verdict.CONTROL:
                self._control(control_of(frame.data))
            case Verdict.NO_ROOM if self.state is FarmState.OPEN:
                self._wants_retransmission = self._wants_wait = True
                self.state = FarmState.WAIT
            case Verdict.MISSING_BEFORE:
                self._wants_retransmission = True
            case Verdict.LOCKED_OUT:
                self.state = FarmState.LOCKOUT
        return verdict

    def release(self) -> None:
        """There is room again (E10)."""
        self._wants_wait = False
        if self.state is FarmState.WAIT:
            self.state = FarmState.OPEN

    def clcw(self, has_no_rf: bool = False, has_no_bit_lock: bool = False) -> Clcw:
        """The report for the next telemetry frame (E11)."""
        return Clcw(
            vcid=self._vcid,
            next_sequence=self.next_sequence,
            is_locked_out=self.state is FarmState.LOCKOUT,
            wants_wait=self._wants_wait,
            wants_retransmission=self._wants_retransmission,
            farm_b_count=self.farm_b_count,
            has_no_rf=has_no_rf,
            has_no_bit_lock=has_no_bit_lock,
        )

    def _judge_ordered(self, sequence: int, has_room: bool) -> Verdict:
        ahead = sequence - self.next_sequence & 255
        if self.state is FarmState.LOCKOUT or self._half <= ahead < 256 - self._half:
            return Verdict.LOCKED_OUT
        if ahead >= 256 - self._half:
            return Verdict.REPEATED
        if self.state is FarmState.WAIT:
            return Verdict.NO_ROOM
        if ahead:
            return Verdict.MISSING_BEFORE
        return Verdict.ORDERED if has_room else Verdict.NO_ROOM

    def _control(self, value: int | None) -> None:
        """Unlock (-1) and Set V(R), which a lockout leaves without effect (E7, E8)."""
        self.farm_b_count = self.farm_b_count + 1 & 3
        if value is None or (value >= 0 and self.state is FarmState.LOCKOUT):
            return
        self.state = FarmState.OPEN
        self._wants_wait = self._wants_retransmission = False
        if value >= 0:
            self.next_sequence = value

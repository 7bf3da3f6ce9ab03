"""FOP-1, the ground's half of COP-1: sends commands until the board has them, in order. Source: CCSDS 232.1-B-2, 5.

    INITIAL --initiate--> ACTIVE (or INITIALISING, or INITIALISING_BC until the board has done what the BC frame says)
    ACTIVE --CLCW asks--> RETRANSMIT or RETRANSMIT_WAIT --CLCW content--> ACTIVE
    any --alert--> INITIAL; of what was sent and is not acknowledged then, nobody knows whether it arrived

No I/O and no clock: `transmit` gives the next frame when the radio is ready for one, `clcw` takes each report and
`tick` each moment. Event numbers are those of table 5-1. Beyond the standard, more than one request may wait. Security
is put on after this, again for each transmission, so that no counter of the channel is ever used twice.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from fsw.packets.frames.clcw import Clcw
from fsw.packets.frames.tc import TcFrame, set_vr, unlock
from tools.ground.fop_values import (
    Acknowledged,
    Alert,
    AlertReason,
    FopConfig,
    FopState,
    Initiated,
    Notice,
    Suspended,
    Undelivered,
)


@dataclass(slots=True)
class _Sent:
    ticket: int
    frame: TcFrame
    is_due: bool = False  # to be retransmitted


class Fop:
    """One virtual channel. Everything that happens to a request is told once in `notices`."""

    def __init__(self, config: FopConfig) -> None:
        self._config = config
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._sent: deque[_Sent] = deque()
        self._control: TcFrame | None = None  # the BC frame in work
        self._is_control_due = False
        self._bypass: deque[TcFrame] = deque()
        self._deadline_ns: int | None = None
        self._suspended: FopState | None = None
        self._notices: deque[Notice] = deque(maxlen=2 * (config.waiting_limit + 128))
        self._tickets = 0
        self.state = FopState.INITIAL
        self.next_sequence = 0  # V(S)
        self.acknowledged = 0  # NN(R)
        self.transmission_count = 1
        self.retransmissions = 0

    # What the operator asks for.

    def initiate(self, now_ns: int, checks_clcw: bool = True) -> bool:
        """Begin ordered service, after a CLCW that agrees where `checks_clcw` (E23, E24); False outside INITIAL."""
        if not self._initialise():
            return False
        if checks_clcw:
            self.state = FopState.INITIALISING
            self._start_timer(now_ns)
        else:
            self._activate()
        return True

    def initiate_with_unlock(self) -> bool:
        """Begin with an Unlock (E25); False outside INITIAL."""
        return self._initiate_with(unlock(self._config.scid, self._config.vcid))

    def initiate_with_set_vr(self, value: int) -> bool:
        """Begin by making `value` the next sequence number of both ends (E27); False outside INITIAL."""
        if not self._initiate_with(set_vr(self._config.scid, self._config.vcid, value)):
            return False
        self.next_sequence = self.acknowledged = value & 255
        return True

    def set_sequence(self, value: int) -> bool:
        """Make `value`, as a CLCW reports it, our next sequence number (E35); False outside INITIAL."""
        if self.state is not FopState.INITIAL or self._suspended is not None:
            return False
        self.next_sequence = self.acknowledged = value & 255
        return True

    def resume(self, now_ns: int) -> bool:
        """Go on after Suspended (E31 to E34); False where nothing is suspended."""
        if self._suspended is None or self.state is not FopState.INITIAL:
            return False
        self.state, self._suspended = self._suspended, None
        self._start_timer(now_ns)
        return True

    def terminate(self) -> None:
        """End the ordered service (E29)."""
        if self.state is not FopState.INITIAL or self._suspended is not None:
            self._alert(AlertReason.TERMINATED)

    def has_room(self, requests: int = 1) -> bool:
        """True where the service is on and that many more requests would be taken."""
        is_on = self.state in (FopState.ACTIVE, FopState.RETRANSMIT, FopState.RETRANSMIT_WAIT)
        return is_on and len(self._waiting) + requests <= self._config.waiting_limit

    def request(self, data: bytes) -> int | None:
        """Send `data` in order; gives the ticket of its notices, None where it is not on or full (E19, E20)."""
        if not self.has_room():
            return None
        self._tickets += 1
        self._waiting.append((self._tickets, data))
        return self._tickets

    def request_bypass(self, data: bytes) -> bool:
        """Send `data` once, past the order, in any state (E21, E22); False where too many wait."""
        if len(self._bypass) >= self._config.waiting_limit:
            return False
        self._bypass.append(TcFrame(self._config.scid, self._config.vcid, data, is_bypass=True))
        return True

    # What the link tells.

    def transmit(self, now_ns: int) -> TcFrame | None:
        """The next frame for the radio, which is ready for one; None where there is nothing to send."""
        if self._bypass:
            return self._bypass.popleft()
        if self.state is FopState.INITIALISING_BC:
            return self._transmit_control(now_ns)
        if self.state not in (FopState.ACTIVE, FopState.RETRANSMIT):
            return None
        for sent in self._sent:
            if sent.is_due:
                sent.is_due = False
                self.retransmissions += 1
                self._start_timer(now_ns)
                return sent.frame
        outstanding = self.next_sequence - self.acknowledged & 255
        return self._transmit_new(now_ns) if self._waiting and outstanding < self._config.window else None

    def tick(self, now_ns: int) -> None:
        """Time has come to `now_ns`: the timer may have run out (E16 to E18, E104)."""
        if self._deadline_ns is None or now_ns < self._deadline_ns:
            return
        is_exhausted = self.transmission_count >= self._config.transmission_limit
        if self.state is FopState.INITIALISING_BC and not is_exhausted:
            self._retransmit_control(now_ns)
        elif self.state is FopState.INITIALISING_BC:
            self._alert(AlertReason.TIMER)
        elif self.state is FopState.INITIALISING or is_exhausted:
            self._time_out()
        elif self.state is FopState.RETRANSMIT_WAIT:
            self._deadline_ns = None  # the board said wait: its next report decides
        else:
            self._retransmit(now_ns)

    def clcw(self, now_ns: int, report: Clcw) -> None:
        """The board's report (E1 to E14, E101 to E103); another virtual channel's is none of ours (5.3.2)."""
        if report.vcid != self._config.vcid or self.state is FopState.INITIAL:
            return
        if self.state is FopState.INITIALISING_BC:
            self._clcw_while_control(report)
            return
        reason = self._contradiction(report)
        if reason is not None:
            self._alert(reason)
        elif report.next_sequence == self.next_sequence:
            self._all_acknowledged(report)
        else:
            self._some_outstanding(now_ns, report)

    def notices(self) -> list[Notice]:
        """What happened since the last call, oldest first."""
        told = list(self._notices)
        self._notices.clear()
        return told

    @property
    def unfinished(self) -> int:
        """Requests that wait or are not acknowledged."""
        return len(self._waiting) + len(self._sent)

    # Table 5-1.

    def _contradiction(self, report: Clcw) -> AlertReason | None:
        """Why this report ends the service, if it does: E14, E13, E3 and E7, E4."""
        if report.is_locked_out:
            return AlertReason.LOCKOUT
        newly = report.next_sequence - self.acknowledged & 255
        outstanding = self.next_sequence - self.acknowledged & 255
        if newly > outstanding:
            return AlertReason.SEQUENCE
        if report.wants_wait and not (report.wants_retransmission and newly < outstanding):
            return AlertReason.CLCW
        if report.wants_retransmission and newly == outstanding:
            return AlertReason.SYNCHRONISATION
        return None

    def _all_acknowledged(self, report: Clcw) -> None:
        """E1, E2: nothing is missing."""
        if self.state is FopState.INITIALISING:
            self._activate()
        elif report.next_sequence != self.acknowledged:
            self._acknowledge(report.next_sequence)
            self.state = FopState.ACTIVE
        elif self.state is not FopState.ACTIVE:
            self._alert(AlertReason.SYNCHRONISATION)

    def _some_outstanding(self, now_ns: int, report: Clcw) -> None:
        """E5, E6, E8 to E12, E101 to E103: some frames are not acknowledged yet."""
        is_progress = report.next_sequence != self.acknowledged
        if is_progress:
            self._acknowledge(report.next_sequence)
        if not report.wants_retransmission:
            self._nothing_asked(is_progress)
        elif self._config.transmission_limit == 1:
            self._alert(AlertReason.LIMIT)
        elif report.wants_wait:
            self.state = FopState.RETRANSMIT_WAIT
        elif is_progress or self.state is not FopState.RETRANSMIT:
            # At the limit (E12) only the timer decides: the last transmission may be on its way.
            if is_progress or self.transmission_count < self._config.transmission_limit:
                self._retransmit(now_ns)
            self.state = FopState.RETRANSMIT

    def _nothing_asked(self, is_progress: bool) -> None:
        """E5, E6: the board misses nothing; it asked before, so something must have come since."""
        if not is_progress and self.state is not FopState.ACTIVE:
            self._alert(AlertReason.SYNCHRONISATION)
        else:
            self.state = FopState.ACTIVE

    def _clcw_while_control(self, report: Clcw) -> None:
        """S5: the report that shows that the BC frame was carried out (E1); most others are of before."""
        if report.is_locked_out or report.wants_retransmission or report.next_sequence != self.next_sequence:
            return
        if report.wants_wait:
            self._alert(AlertReason.CLCW)  # E3
            return
        self._control = None
        self._activate()

    def _initialise(self) -> bool:
        if self.state is not FopState.INITIAL:
            return False
        self._purge()
        self.transmission_count, self._suspended = 1, None
        self.acknowledged = self.next_sequence  # nothing of before may be taken for an acknowledgement
        return True

    def _initiate_with(self, frame: TcFrame) -> bool:
        if not self._initialise():
            return False
        self.state = FopState.INITIALISING_BC
        self._control, self._is_control_due = frame, True
        return True

    def _activate(self) -> None:
        self._deadline_ns = None
        self.transmission_count = 1
        self.state = FopState.ACTIVE
        self._notices.append(Initiated())

    def _transmit_new(self, now_ns: int) -> TcFrame:
        ticket, data = self._waiting.popleft()
        frame = TcFrame(self._config.scid, self._config.vcid, data, self.next_sequence)
        if not self._sent:
            self.transmission_count = 1
        self._sent.append(_Sent(ticket, frame))
        self.next_sequence = self.next_sequence + 1 & 255
        self._start_timer(now_ns)
        return frame

    def _transmit_control(self, now_ns: int) -> TcFrame | None:
        if not self._is_control_due:
            return None
        self._is_control_due = False
        self._start_timer(now_ns)
        return self._control

    def _retransmit(self, now_ns: int) -> None:
        self.transmission_count += 1
        self._start_timer(now_ns)
        for sent in self._sent:
            sent.is_due = True

    def _retransmit_control(self, now_ns: int) -> None:
        self.transmission_count += 1
        self._is_control_due = True
        self._start_timer(now_ns)

    def _acknowledge(self, next_sequence: int) -> None:
        for _ in range(min(len(self._sent), next_sequence - self.acknowledged & 255)):
            self._notices.append(Acknowledged(ticket=self._sent.popleft().ticket))
        self.acknowledged = next_sequence
        self.transmission_count = 1
        if not self._sent:
            self._deadline_ns = None

    def _time_out(self) -> None:
        if not self._config.suspends:
            self._alert(AlertReason.TIMER)
            return
        self._deadline_ns = None
        self._suspended, self.state = self.state, FopState.INITIAL
        self._notices.append(Suspended())

    def _alert(self, reason: AlertReason) -> None:
        self._purge()
        self._deadline_ns = self._control = self._suspended = None
        self.state = FopState.INITIAL
        self._notices.append(Alert(reason=reason))

    def _purge(self) -> None:
        self._notices.extend(Undelivered(ticket=sent.ticket, is_sent=True) for sent in self._sent)
        self._notices.extend(Undelivered(ticket=ticket, is_sent=False) for ticket, _ in self._waiting)
        self._sent.clear()
        self._waiting.clear()

    def _start_timer(self, now_ns: int) -> None:
        self._deadline_ns = now_ns + self._config.timer_ns

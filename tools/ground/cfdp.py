"""Files between the ground and any CFDP entity: runs an entity over whatever carries its PDUs, paced.

Pacing is not optional: a file is thousands of PDUs, and what overruns a queue on the way must be sent again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from fsw.cfdp.entity import Entity
from fsw.cfdp.settings import Indication
from hal.clock import SECOND_NS
from tools.ground.clock import GroundClock
from tools.ground.link import GroundLink

TICK_NS = SECOND_NS // 100  # how long to listen before looking at timers and what is to be sent
RECEIVED_AT_ONCE = 256  # before it is the sender's turn again


class PduLink(Protocol):
    """What carries PDUs."""

    def send(self, pdu: bytes) -> bool:
        """Send one; False where there is no room now. Raises LinkDown, SecurityError."""
        ...

    def receive(self, timeout_ns: int) -> bytes | None:
        """The next one within `timeout_ns`, else None. Raises LinkDown, SecurityError."""
        ...


class DatagramPdus:
    """A PDU is a datagram: for peers."""

    def __init__(self, link: GroundLink) -> None:
        self._link = link

    def send(self, pdu: bytes) -> bool:
        self._link.send(pdu)
        return True

    def receive(self, timeout_ns: int) -> bytes | None:
        return self._link.receive(timeout_ns)


class FileLink:
    """Lets `entity` speak over `link`, with at most `rate` PDUs a second."""

    def __init__(self, entity: Entity, link: PduLink, clock: GroundClock, rate: float) -> None:
        self.entity = entity
        self._link = link
        self._clock = clock
        self._interval_ns = max(1, int(SECOND_NS / rate))
        self._credit_ns = self._interval_ns
        self._last_ns = clock.now_ns()
        self._held: deque[bytes] = deque()  # PDUs that the link had no room for

    def indications(self, deadline_ns: int | None) -> Iterator[Indication]:
        """What happens until `deadline_ns`, None for ever; raises LinkDown."""
        while deadline_ns is None or self._clock.now_ns() < deadline_ns:
            self.step()
            yield from self.entity.indications()

    def step(self) -> None:
        """Send what may be sent now, then listen for a tick."""
        now_ns = self._clock.now_ns()
        self._credit_ns = min(self._credit_ns + now_ns - self._last_ns, max(self._interval_ns, 2 * TICK_NS))
        self._last_ns = now_ns
        if not self._held:
            pdus = self.entity.poll(now_ns, self._credit_ns // self._interval_ns)
            self._credit_ns -= len(pdus) * self._interval_ns
            self._held.extend(pdus)
        while self._held and self._link.send(self._held[0]):
            self._held.popleft()
        for _ in range(RECEIVED_AT_ONCE):
            if (octets := self._link.receive(TICK_NS)) is None:
                break
            self.entity.receive(self._clock.now_ns(), octets)
            if self._clock.now_ns() - now_ns >= TICK_NS:
                break

"""A ground link in one of the profiles, over a link of datagrams: what it gives and takes are packets.

Telemetry comes to whoever was heard lately, so a listener says hello with an empty datagram, which asks for nothing and
needs no key. Whoever sends holds the counters' lock while a counter is taken and its packet leaves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext

from fsw.packets.frames.clcw import Clcw
from fsw.packets.security.association import SendAssociation
from fsw.packets.security.counters import RECEIVE_BLOCK
from hal.clock import SECOND_NS
from tools.ground.clock import GroundClock
from tools.ground.counters import SharedCounter
from tools.ground.link import GroundLink, LinkDown
from tools.ground.ring import GroundRing
from tools.ground.stack import FrameStack, OrderLost, Stack

TURN_NS = SECOND_NS // 10  # a retransmission is late by no more
BEGIN_NS = 5 * SECOND_NS  # to hear where the order of commands stands
HELLO = b""
# The board's mark is at most a block ahead of what it has taken; twice that may be believed of telemetry, which nobody
# signs, without giving a forger the means to use the counters up.
ADVANCE_MOST = 2 * RECEIVE_BLOCK
COP_LOCK = "cop1"  # one tool at a time may send in order


class ProfiledLink:
    """Fills `GroundLink`. `ring` are the keys where the profile has any; `association` seals."""

    def __init__(
        self,
        link: GroundLink,
        stack: Stack,
        clock: GroundClock,
        ring: GroundRing | None = None,
        association: SendAssociation | None = None,
    ) -> None:
        self._link, self.stack, self._clock, self.ring = link, stack, clock, ring
        self._association = association
        self._packets: deque[bytes] = deque()
        self._held = ExitStack()
        self._has_order = False

    @property
    def has_acks(self) -> bool:
        """True where the link itself says that the board has a packet."""
        return self.stack.has_acks

    def send(self, packet: bytes) -> None:
        """Send one packet; raises LinkDown, SecurityError. With frames, once the board has told where its order is."""
        if isinstance(self.stack, FrameStack) and not self._has_order:
            self._find_order(self.stack)
        with self._guarded():
            self._transmit(self._try(lambda: self.stack.send(packet, self._clock.now_ns())))

    def send_answer(self, data: bytes) -> None:
        """Send the answer to a challenge; raises LinkDown."""
        self._transmit(self.stack.recover(data))

    def hello(self) -> None:
        """Say where telemetry is to come to; raises LinkDown."""
        self._link.send(HELLO)

    def receive(self, timeout_ns: int) -> bytes | None:
        """The next packet within `timeout_ns`, else None; raises LinkDown, SecurityError."""
        deadline_ns = self._clock.now_ns() + timeout_ns
        while not self._packets:
            self.turn()
            wait_ns = min(TURN_NS, deadline_ns - self._clock.now_ns()) if self.has_acks else timeout_ns
            datagram = self._link.receive(max(wait_ns, 0))
            if datagram:
                self._packets.extend(self.stack.take(datagram, self._clock.now_ns()))
            if self._clock.now_ns() >= deadline_ns:
                break
        return self._packets.popleft() if self._packets else None

    def turn(self) -> None:
        """Send what is due; raises LinkDown where the ordered service has ended."""
        if not self.has_acks:
            return
        with self._guarded():
            self._transmit(self._try(lambda: self.stack.turn(self._clock.now_ns())))
        if isinstance(self.stack, FrameStack) and self.stack.alert:
            raise LinkDown(f"COP-1 has ended: {self.stack.alert}; what was sent may have arrived")

    def acknowledged(self) -> list[int]:
        """Requests that the board has, as the link says, since the last call."""
        return self.stack.acknowledged()

    def advance(self, spi: int, floor: int) -> bool:
        """Go on above the counters that the board refuses; True where that changes something."""
        if self._association is None or self._association.spi != spi:
            return False
        counter = self._association.counter
        last = counter.last if isinstance(counter, SharedCounter) else None
        if last is None or not last < floor <= last + ADVANCE_MOST:
            return False
        with self._guarded():
            counter.advance(floor)
        return True

    def status(self) -> dict[str, object]:
        """What a person wants to know of the link."""
        rows = self.stack.status()
        if self._association is not None and isinstance(self._association.counter, SharedCounter):
            rows |= {"spi": self._association.spi, "counter_used": self._association.counter.last}
        return rows

    def close(self) -> None:
        """Give everything back."""
        self._held.close()
        self._link.close()

    def order(self, stack: FrameStack) -> Clcw:
        """The board's next word of where its order stands. Raises LinkDown when none comes."""
        stack.forget_order()  # one of before may be of another boot
        deadline_ns = self._clock.now_ns() + BEGIN_NS
        while stack.clcw is None:
            if self._clock.now_ns() >= deadline_ns:
                raise LinkDown("no telemetry frame says which command frame is expected")
            self.hello()
            datagram = self._link.receive(SECOND_NS // 2)
            if datagram:
                self._packets.extend(stack.take(datagram, self._clock.now_ns()))
        return stack.clcw

    def _find_order(self, stack: FrameStack) -> None:
        """Hold the channel, and know which frame the board expects."""
        with ExitStack() as held:
            if self.ring is not None:
                held.enter_context(self.ring.store.locked(self._clock, COP_LOCK))
            self.order(stack)
            self._held, self._has_order = held.pop_all(), True

    def _transmit(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            self._link.send(datagram)

    def _guarded(self) -> AbstractContextManager[None]:
        if self.ring is None or self._association is None:
            return nullcontext()
        return self.ring.store.locked(self._clock)

    @staticmethod
    def _try(send: Callable[[], list[bytes]]) -> list[bytes]:
        try:
            return send()
        except OrderLost as error:
            raise LinkDown(str(error)) from error

"""The loop that drives the services of one process: hear the bus, step what is due, prove that it goes on.

A pass takes at most PASS_MS of waiting; a service is stepped when its period is over or when one of its waking topics
has something. A step that raises costs itself: an event says so, and the process goes on; one that raises again and
again ends the process, because a fresh start is what the supervisor can do about it.
"""

from __future__ import annotations

import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fsw.bus.contract import Policy, Subscription
from fsw.bus.topics import EVENT, TOPICS
from fsw.bus.zmq import ZmqBus
from fsw.messages import Event
from fsw.service import Service
from fsw.supervise.notify import Notifier
from hal.clock import SECOND_NS, Clock, MonotonicClock
from hal.ports.host import Demand, HostBus, HostMessage
from hal.ports.link import DatagramLink

PASS_MS = 25  # an eighth of the lease, and a command waits no longer for its first look
KICK_NS = SECOND_NS // 5  # between two signs of life: a fifteenth of the shortest watchdog
FAILURES_IN_A_ROW = 10  # of one service: beyond, its state is what fails
ERROR_TEXT = 120  # characters of an error that an event carries
WAKE_DEPTH = 1024  # drained at every pass, so never full in practice
FETCHED_MOST = 64  # datagrams held for the command service, which takes 16 a step

TOPIC_BY_NAME = {topic.name: topic for topic in TOPICS}
Wake = Callable[[], bool]
Beat = Callable[[int], None]


class ProcessFailed(Exception):
    """A service fails at every step."""


@dataclass(slots=True)
class _Row:
    service: Service
    wakes: tuple[Wake, ...]
    due_ns: int = 0
    failures: int = 0
    failed_in_a_row: int = 0


class Shell:
    """Drives `services` in their order. `beats` are called at every pass, `wakes` before each step that is not due.

    `clock` is the flight's, which runs `speed` times as fast as the computer's own.
    """

    def __init__(
        self,
        bus: ZmqBus,
        services: Sequence[Service],
        clock: Clock,
        notifier: Notifier,
        *,
        speed: float = 1.0,
        wakes: Mapping[str, Iterable[Wake]] | None = None,
        beats: Iterable[Beat] = (),
    ) -> None:
        self._bus, self._clock, self._notifier = bus, clock, notifier
        self._wall: Clock = MonotonicClock()
        self._speed = speed
        self._beats = tuple(beats)
        self._rows = [_Row(service, tuple((wakes or {}).get(service.name, ()))) for service in services]
        self._kick_ns = 0

    def run(self, may_go_on: Callable[[], bool]) -> None:
        """Pass after pass, while it may go on. Raises ProcessFailed."""
        self._notifier.ready()
        while may_go_on():
            self.turn()
        self._notifier.stopping()

    def turn(self) -> None:
        """One pass."""
        self._bus.poll(self._patience_ms())
        for beat in self._beats:
            beat(self._clock.now_ns())
        for row in self._rows:
            now_ns = self._clock.now_ns()
            news = sum(wake() for wake in row.wakes)  # asks all of them: to look is to empty
            if news or now_ns >= row.due_ns:
                self._step(row, now_ns)
        wall_ns = self._wall.now_ns()
        if wall_ns >= self._kick_ns:
            self._kick_ns = wall_ns + KICK_NS
            self._notifier.watchdog()

    def counts(self) -> dict[str, int]:
        """Failed steps by service."""
        return {row.service.name: row.failures for row in self._rows}

    def _patience_ms(self) -> int:
        """How long nothing is due, in milliseconds of the computer's clock."""
        wait_ns = (min(row.due_ns for row in self._rows) - self._clock.now_ns()) / self._speed
        return min(PASS_MS, max(0, int(wait_ns // 1_000_000)))

    def _step(self, row: _Row, now_ns: int) -> None:
        if now_ns >= row.due_ns:
            row.due_ns = now_ns + row.service.period_ns
        try:
            row.service.step(now_ns)
            row.failed_in_a_row = 0
        except Exception as error:  # the one place where a service's defect is met
            self._failed(row, now_ns, error)

    def _failed(self, row: _Row, now_ns: int, error: Exception) -> None:
        if row.failures == 0:
            traceback.print_exception(error, file=sys.stderr)
        row.failures += 1
        row.failed_in_a_row += 1
        text = f"{type(error).__name__}: {error}"[:ERROR_TEXT]
        self._bus.publish(EVENT, Event(time_ns=now_ns, name="step_failed", values=(row.service.name, text)))
        if row.failed_in_a_row >= FAILURES_IN_A_ROW:
            raise ProcessFailed(f"{row.service.name}: {text}") from error


def topic_wake(bus: ZmqBus, service: str, topics: Iterable[str]) -> Wake:
    """True when something came on one of `topics` since the last look."""
    inboxes: list[Subscription[object]] = [
        bus.subscribe(TOPIC_BY_NAME[name], f"wake of {service}", Policy.DROP_OLDEST, WAKE_DEPTH) for name in topics
    ]
    return lambda: sum(len(inbox.drain()) for inbox in inboxes) > 0


class FetchingLink:
    """A link that can be asked whether something has come: `fetch` takes it off the socket, `receive` hands it out."""

    def __init__(self, link: DatagramLink) -> None:
        self._link = link
        self._waiting: deque[bytes] = deque()

    @property
    def sent(self) -> int:
        return self._link.sent

    @property
    def received(self) -> int:
        return self._link.received

    @property
    def dropped(self) -> int:
        return self._link.dropped

    def fetch(self) -> bool:
        """True when something waits; at most FETCHED_MOST datagrams are held, the others stay in the socket."""
        while len(self._waiting) < FETCHED_MOST and (datagram := self._link.receive()) is not None:
            self._waiting.append(datagram)
        return bool(self._waiting)

    def send(self, datagram: bytes) -> None:
        self._link.send(datagram)

    def receive(self) -> bytes | None:
        return self._waiting.popleft() if self._waiting else self._link.receive()


class FetchingHostBus:
    """A host bus that can be asked whether the host has spoken; a safing line waits for no period."""

    def __init__(self, host_bus: HostBus) -> None:
        self._host_bus = host_bus
        self._waiting: tuple[HostMessage, ...] = ()

    def fetch(self) -> bool:
        """True when something waits; what comes meanwhile stays in the bus."""
        self._waiting = self._waiting or self._host_bus.receive()
        return bool(self._waiting)

    def send(self, demand: Demand) -> None:
        self._host_bus.send(demand)

    def receive(self) -> tuple[HostMessage, ...]:
        taken, self._waiting = self._waiting, ()
        return taken or self._host_bus.receive()

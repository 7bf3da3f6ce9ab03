"""A sender's own queue for messages that must arrive: what the bus cannot take now is kept, in order, and retried."""

from __future__ import annotations

from collections import deque
from typing import Any, TypeVar

from fsw.bus.contract import Bus, BusFull
from fsw.bus.topics import Topic

T = TypeVar("T")

OUTBOX_DEPTH = 4096  # half an hour of a very busy dispatcher; beyond it the oldest goes, and is counted


class Outbox:
    """Publishes in order; keeps what is refused. `dropped` counts what even the outbox could not hold."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waiting: deque[tuple[Topic[Any], Any]] = deque()
        self.dropped = 0

    def publish(self, topic: Topic[T], message: T) -> None:
        """Send, behind whatever still waits."""
        if not self._waiting:
            try:
                self._bus.publish(topic, message)
                return
            except BusFull:
                pass
        if len(self._waiting) >= OUTBOX_DEPTH:
            self._waiting.popleft()
            self.dropped += 1
        self._waiting.append((topic, message))

    def flush(self) -> None:
        """Try again what waits."""
        while self._waiting:
            topic, message = self._waiting[0]
            try:
                self._bus.publish(topic, message)
            except BusFull:
                return
            self._waiting.popleft()

"""Responses to events: which telecommand an event sends, and how often at most. Pure.

A response that fires again and again waits longer each time, so that a watchpoint that flaps cannot flood the command
path; what came while it waited is answered once at the end of the wait, so that none is forgotten either.
"""

from __future__ import annotations

from dataclasses import dataclass

from hal.clock import SECOND_NS

FIRST_WAIT_NS = 30 * SECOND_NS  # a mode takes 10 s to settle and a payload some minutes to cool
LONGEST_WAIT_NS = 3_600 * SECOND_NS  # an hour: still several times an orbit's pass
CALM_WAITS = 2  # so many waits without the event, and the next one counts as the first


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A rule: the event by name, the packet that it sends. What the packet may do was armed when it was loaded."""

    event: str
    packet: bytes
    enabled: bool = False


class Responder:
    """One response at work."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.fired = 0
        self.held_back = 0  # in this wait
        self.due_ns: int | None = None  # when what was held back is answered
        self._free_ns = 0
        self._wait_ns = FIRST_WAIT_NS

    def hear(self, now_ns: int) -> bool:
        """The event came; True when the response fires now."""
        if now_ns >= self._free_ns:
            self._fire(now_ns)
            return True
        self.held_back += 1
        self.due_ns = self._free_ns
        return False

    def catch_up(self, now_ns: int) -> bool:
        """True when the wait is over and something was held back in it: the response fires now."""
        if self.due_ns is None or now_ns < self.due_ns:
            return False
        self._fire(now_ns)
        return True

    def forget(self) -> None:
        """What was held back is not answered: the response was disabled."""
        self.due_ns, self.held_back = None, 0

    @property
    def free_ns(self) -> int:
        """When it may fire again."""
        return self._free_ns

    def _fire(self, now_ns: int) -> None:
        is_calm = now_ns >= self._free_ns + CALM_WAITS * self._wait_ns
        if self.fired:
            self._wait_ns = FIRST_WAIT_NS if is_calm else min(2 * self._wait_ns, LONGEST_WAIT_NS)
        self._free_ns = now_ns + self._wait_ns
        self.fired += 1
        self.forget()

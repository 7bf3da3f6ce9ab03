"""Keeps one noisy kind of event from filling the link: a budget a window, and a summary of what was held back."""

from __future__ import annotations

from fsw.messages import Event

SUMMARY = "events_held_back"


class EventLimiter:
    """Admits at most `budget` events of a kind in each window; kinds are bounded by `kinds`, the rest share one."""

    def __init__(self, budget: int, window_ns: int, kinds: int = 256) -> None:
        self._budget = budget
        self._window_ns = window_ns
        self._kinds = kinds
        self._ends_ns = 0
        self._seen: dict[str, int] = {}
        self.held_back = 0

    @property
    def ends_ns(self) -> int:
        """When the present window ends."""
        return self._ends_ns

    def admit(self, event: Event) -> bool:
        """True when the event may go; else it is counted."""
        name = event.name if event.name in self._seen or len(self._seen) < self._kinds else ""
        seen = self._seen.get(name, 0) + 1
        self._seen[name] = seen
        if seen <= self._budget:
            return True
        self.held_back += 1
        return False

    def turn(self, now_ns: int) -> list[Event]:
        """Begin a new window; gives one summary for every kind of which some were held back."""
        held = [(name, seen - self._budget) for name, seen in self._seen.items() if seen > self._budget]
        self._seen.clear()
        self._ends_ns = now_ns + self._window_ns
        return [Event(time_ns=now_ns, name=SUMMARY, values=item) for item in held]

"""What a service is to the loop that drives it, in one process or in many."""

from __future__ import annotations

from typing import Protocol


class Service(Protocol):
    """A pure step in a thin shell: `step` drains its subscriptions, decides, publishes. It never sleeps or blocks."""

    @property
    def name(self) -> str:
        """The name in the process table, in heartbeats and in the bus account."""
        ...

    @property
    def period_ns(self) -> int:
        """The nominal time between steps; messages may cause steps in between."""
        ...

    def step(self, now_ns: int) -> None:
        """Do all that is due at `now_ns`."""
        ...

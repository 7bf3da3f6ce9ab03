"""A clock that is the simulated world's: sleeping lets the world go on."""

from __future__ import annotations

from sim.world import World


class WorldClock:
    """Virtual time of one world, for tools that drive it alone."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now_ns(self) -> int:
        """The world's time."""
        return self._world.now_ns

    def sleep_until_ns(self, deadline_ns: int) -> None:
        """Advance the world."""
        if deadline_ns > self._world.now_ns:
            self._world.advance_to(deadline_ns)

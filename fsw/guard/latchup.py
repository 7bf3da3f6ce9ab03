"""Latch-up: a draw on the payload's rail that nothing running explains, which only a power cycle ends."""

from __future__ import annotations

from hal.clock import SECOND_NS

UNEXPLAINED = 0.55  # of the smallest power setting, above idle with nothing running: far over the rail's noise
OFF_NS = 3 * SECOND_NS  # the rail's capacitors are empty and a parasitic thyristor has let go
SETTLE_NS = 60 * SECOND_NS  # boot of the payload computer: its draw says nothing


class LatchupWatch:
    """Pure: `step` returns True or False when the rail should be switched on or off, else None.

    `suspect_s` is how long a draw must go unexplained: longer than a worker takes to stop and the meter to settle.
    """

    def __init__(self, idle_w: float, smallest_w: float, suspect_s: float = 8.0) -> None:
        self._suspect_ns = int(suspect_s * SECOND_NS)
        self._bound_w = idle_w + UNEXPLAINED * smallest_w
        self._since_ns: int | None = None
        self._off_at_ns: int | None = None
        self._settled_ns = 0

    def step(self, now_ns: int, payload_power_w: float | None, running: bool) -> bool | None:
        """What to do with the rail; an unread rail is never a reason to switch it."""
        if self._off_at_ns is not None:
            if now_ns - self._off_at_ns < OFF_NS:
                return None
            self._off_at_ns, self._settled_ns = None, now_ns + SETTLE_NS
            return True
        odd = payload_power_w is not None and payload_power_w > self._bound_w and not running
        if not odd or now_ns < self._settled_ns:
            self._since_ns = None
            return None
        if self._since_ns is None:
            self._since_ns = now_ns
        if now_ns - self._since_ns < self._suspect_ns:
            return None
        self._since_ns, self._off_at_ns = None, now_ns
        return False

"""Latch-up: a draw on the payload's rail that nothing running explains, which only a power cycle ends."""

from __future__ import annotations

from hal.clock import SECOND_NS

UNEXPLAINED = 0.55  # of the smallest power setting, above what should draw: far over the rail's noise
LOOK_NS = 5 * SECOND_NS  # of odd draw while a job runs, before the rail is to be seen without one
OFF_NS = 3 * SECOND_NS  # the rail's capacitors are empty and a parasitic thyristor has let go
TRY_NS = 30 * SECOND_NS  # for so long a switch that does not obey is asked again, before work beside it goes on
SETTLE_NS = 60 * SECOND_NS  # boot of the payload computer: its draw says nothing


class LatchupWatch:
    """Pure: `step` returns True or False when the rail should be switched on or off, else None.

    A draw is judged where nothing runs. One job after the other would hide it for as long as they go on: an odd draw
    beside a job makes `wants_look`, and while it does nothing new may start, so that the rail is seen idle; nor while
    the rail is off. A switch that does not obey is asked for a while, then the draw is looked at anew.

    `suspect_s` is how long a draw must go unexplained: longer than a worker takes to stop and the meter to settle.
    """

    def __init__(self, idle_w: float, smallest_w: float, suspect_s: float = 8.0) -> None:
        self._suspect_ns = int(suspect_s * SECOND_NS)
        self._idle_w, self._odd_w = idle_w, UNEXPLAINED * smallest_w
        self.wants_look = False
        self._beside_ns: int | None = None  # since when the draw has been odd beside a job
        self._since_ns: int | None = None  # and without one
        self._off_at_ns: int | None = None  # or at least not on since
        self._asked_ns = 0
        self._settled_ns = 0

    def step(self, now_ns: int, payload_power_w: float | None, running_w: float | None) -> bool | None:
        """What to do with the rail; `running_w` is what the running job should draw above idle, None without one.

        An unread rail is never a reason to switch it.
        """
        if self._off_at_ns is not None:
            if now_ns - self._off_at_ns < OFF_NS:
                return None
            self._off_at_ns, self._settled_ns, self.wants_look = None, now_ns + SETTLE_NS, False
            return True
        explained_w = self._idle_w + (running_w or 0.0)
        odd = payload_power_w is not None and payload_power_w > explained_w + self._odd_w
        if now_ns < self._settled_ns:
            odd = False
        if running_w is not None:
            self._since_ns = None
            self._beside(now_ns, odd)
            return None
        self._beside_ns = None
        self.wants_look = self.wants_look and (odd or payload_power_w is None)
        return False if self._lasts(now_ns, odd) else None

    def _beside(self, now_ns: int, odd: bool) -> None:
        if not odd:
            self._beside_ns = None
        elif self._beside_ns is None:
            self._beside_ns = now_ns
        elif now_ns - self._beside_ns >= LOOK_NS:
            self.wants_look = True

    def _lasts(self, now_ns: int, odd: bool) -> bool:
        """Whether the draw has been odd with nothing running for long enough to switch the rail off."""
        if not odd:
            self._since_ns = None
            return False
        if self._since_ns is None:
            self._since_ns = now_ns
        if now_ns - self._since_ns < self._suspect_ns:
            return False
        self._since_ns, self._off_at_ns, self.wants_look = None, now_ns, True
        self._asked_ns = now_ns
        return True

    def not_off(self, now_ns: int) -> None:
        """The switch was asked and the rail is on: it is not off before now."""
        if self._off_at_ns is not None and now_ns - self._asked_ns < TRY_NS:
            self._off_at_ns = now_ns

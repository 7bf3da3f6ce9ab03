"""The mode tree with reasons.

    BOOT ----------------> OPERATIONAL
                             |-- NOMINAL        in the Sun, the guard leaves room for every setting
                             |-- THROTTLED      the guard binds below the highest setting
                             `-- ECLIPSE_SAVE   in the dark, living on the battery
    SAFE <--- from anywhere; nothing runs; leaving depends on why it was entered

Every change says who, why, from, to and what it takes to leave.
"""

from __future__ import annotations

from dataclasses import dataclass

from hal.clock import SECOND_NS

TREE = {
    "BOOT": None,
    "SAFE": None,
    "OPERATIONAL": None,
    "NOMINAL": "OPERATIONAL",
    "THROTTLED": "OPERATIONAL",
    "ECLIPSE_SAVE": "OPERATIONAL",
}
SETTLE_NS = 5 * SECOND_NS  # BOOT: every input has reported and the first plan is due
RECOVERY_NS = 60 * SECOND_NS  # SAFE by a fault of our own: this long with every guarded channel alive
TRIPS_TO_SAFE = 5  # trips within TRIP_WINDOW_NS that show that stopping work does not help
TRIP_WINDOW_NS = 600 * SECOND_NS
DEBOUNCE_NS = 10 * SECOND_NS  # a working mode is kept this long before the next working mode

EXIT_CONDITIONS = {
    "command": "command from ground",
    "host safing": "host withdraws safing",
    "guard trips": "60 s with every guarded channel alive",
    "unclean boot": "60 s with every guarded channel alive; a guest also needs a valid allocation",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of mode."""

    mode: str
    previous: str
    who: str
    why: str
    exit_condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What the mode depends on at one moment."""

    now_ns: int
    healthy: bool  # every guarded channel alive and the guard's word fresh
    sunlit: bool
    throttled: bool
    host_safing: bool
    host_allows: bool  # True where there is no host


class ModeMachine:
    """Pure: `step` and `request` return a change or None."""

    def __init__(self) -> None:
        self.mode = "BOOT"
        self.reason = "power on"
        self._host_safing = False
        self._since_ns = 0
        self._healthy_ns: int | None = None
        self._trips: list[int] = []

    @property
    def may_work(self) -> bool:
        """True where jobs may start."""
        return TREE[self.mode] == "OPERATIONAL"

    @property
    def has_fault(self) -> bool:
        """True while something is there that leads to SAFE by itself, or a guarded channel is silent."""
        return self._host_safing or self._healthy_ns is None

    def step(self, condition: Condition) -> Change | None:
        """What the conditions alone make of the mode."""
        now_ns = condition.now_ns
        self._host_safing = condition.host_safing
        if not condition.healthy:
            self._healthy_ns = None
        elif self._healthy_ns is None:
            self._healthy_ns = now_ns
        if condition.host_safing and self.mode != "SAFE":
            return self._change(now_ns, "SAFE", "host", "host safing")
        if self.mode == "SAFE":
            return self._leave_safe(condition)
        if self.mode == "BOOT":
            ready = self._healthy_ns is not None and now_ns - self._healthy_ns >= SETTLE_NS
            return self._change(now_ns, _working(condition), "govern", "every input has reported") if ready else None
        wanted = _working(condition)
        if wanted == self.mode or now_ns - self._since_ns < DEBOUNCE_NS:
            return None
        return self._change(now_ns, wanted, "govern", _WHY[wanted])

    def trip(self, now_ns: int, limit: str) -> Change | None:
        """Count a trip of the guard; too many lead to SAFE."""
        self._trips = [time_ns for time_ns in self._trips if now_ns - time_ns < TRIP_WINDOW_NS] + [now_ns]
        if len(self._trips) < TRIPS_TO_SAFE or self.mode == "SAFE":
            return None
        self._trips.clear()
        return self._change(now_ns, "SAFE", "guard", f"guard trips: {limit}")

    def unclean_boot(self, now_ns: int) -> Change:
        """The last run did not end cleanly: begin in SAFE."""
        return self._change(now_ns, "SAFE", "store", "unclean boot")

    def request(self, now_ns: int, mode: str, who: str) -> Change | None:
        """A commanded mode: SAFE always, OPERATIONAL only out of SAFE and not against the host; None when refused."""
        if mode == "SAFE":
            return self._change(now_ns, "SAFE", who, "command")
        is_working = mode == "OPERATIONAL" or TREE.get(mode) == "OPERATIONAL"
        if self.mode != "SAFE" or self._host_safing or not is_working:
            return None
        return self._change(now_ns, "NOMINAL", who, "command")

    def _leave_safe(self, condition: Condition) -> Change | None:
        if self.reason == "command":
            return None
        if self.reason == "host safing":
            ready = not condition.host_safing
        else:
            ready = self._healthy_ns is not None and condition.now_ns - self._healthy_ns >= RECOVERY_NS
        if not ready or not condition.host_allows or condition.host_safing:
            return None
        why = f"{self.reason} is over"
        return self._change(condition.now_ns, _working(condition), "govern", why)

    def _change(self, now_ns: int, mode: str, who: str, why: str) -> Change:
        previous, self.mode, self._since_ns = self.mode, mode, now_ns
        self.reason = why
        cause = why.split(":")[0]
        exit_condition = EXIT_CONDITIONS.get(cause, "by itself") if mode == "SAFE" else "by itself"
        if mode == "SAFE":
            self.reason, self._healthy_ns = cause, None
        return Change(mode=mode, previous=previous, who=who, why=why, exit_condition=exit_condition)


def _working(condition: Condition) -> str:
    """The working mode that fits."""
    if condition.throttled:
        return "THROTTLED"
    return "NOMINAL" if condition.sunlit else "ECLIPSE_SAVE"


_WHY = {
    "THROTTLED": "the guard leaves less than the highest setting",
    "NOMINAL": "in the Sun with room for every setting",
    "ECLIPSE_SAVE": "in eclipse, living on the battery",
}

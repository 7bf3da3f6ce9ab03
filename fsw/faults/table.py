"""The fault table: watchpoints and responses by what they are called, changed by labels, kept as one state. Pure.

Labels that methods return are rows of `fsw.catalogue.failures`; an empty one is success. As ECSS-E-ST-70-41C, 6.12 and
6.19, has it, what is added is disabled until it is enabled, and what is modified is unchecked again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fsw.faults.responses import Responder, Response
from fsw.faults.watchpoint import DISABLED, Watch, Watchpoint

WATCHPOINTS_MOST = 64  # some 30 microseconds a second if all were on the fastest topic
RESPONSES_MOST = 64  # with packets of the longest kind the saved table stays under 100 KB


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultState:
    """What outlives the power: definitions and switches. What was seen begins anew."""

    watchpoints: tuple[Watchpoint, ...] = ()
    responses: tuple[Response, ...] = ()
    monitoring: bool = True
    responding: bool = True
    passive: bool = False


class FaultTable:
    """Watchpoints by number, responses by event."""

    def __init__(self, state: FaultState, now_ns: int = 0) -> None:
        self.watches = {point.number: Watch(point, now_ns) for point in state.watchpoints}
        self.responders = {response.event: Responder(response) for response in state.responses}
        self.monitoring = state.monitoring
        self.responding = state.responding
        self.passive = state.passive
        self.is_changed = True  # who watches what is to be worked out anew

    @property
    def state(self) -> FaultState:
        """What to keep."""
        return FaultState(
            watchpoints=tuple(watch.point for watch in self.watches.values()),
            responses=tuple(responder.response for responder in self.responders.values()),
            monitoring=self.monitoring,
            responding=self.responding,
            passive=self.passive,
        )

    def working(self) -> Iterator[Watch]:
        """The watches that are on."""
        return (watch for watch in self.watches.values() if self.monitoring and watch.point.enabled)

    def status(self, watch: Watch) -> str:
        """The state of a watch as it is reported."""
        return watch.state if self.monitoring and watch.point.enabled else DISABLED

    def add(self, now_ns: int, point: Watchpoint) -> str:
        """A new watchpoint, disabled."""
        if point.number in self.watches:
            return "monitor_exists"
        if len(self.watches) >= WATCHPOINTS_MOST:
            return "no_room"
        self._set(now_ns, point)
        return ""

    def modify(self, now_ns: int, point: Watchpoint) -> str:
        """Other limits for a watchpoint, which stays enabled or not."""
        watch = self.watches.get(point.number)
        if watch is None:
            return "no_such_monitor"
        self._set(now_ns, replace(point, enabled=watch.point.enabled), watch.trips)
        return ""

    def delete(self, number: int) -> str:
        """Forget a watchpoint."""
        self.is_changed = True
        return "" if self.watches.pop(number, None) is not None else "no_such_monitor"

    def enable(self, now_ns: int, number: int, enabled: bool) -> str:
        """A watchpoint on or off; one that is switched on is unchecked."""
        watch = self.watches.get(number)
        if watch is None:
            return "no_such_monitor"
        if watch.point.enabled is not enabled:
            self._set(now_ns, replace(watch.point, enabled=enabled), watch.trips)
        return ""

    def monitor(self, now_ns: int, monitoring: bool) -> str:
        """All watching on or off; what is switched on is unchecked."""
        if monitoring and not self.monitoring:
            for watch in self.watches.values():
                watch.restart(now_ns)
        self.monitoring, self.is_changed = monitoring, True
        return ""

    def respond(self, response: Response) -> str:
        """A response to an event, disabled, in the place of the one before."""
        if response.event not in self.responders and len(self.responders) >= RESPONSES_MOST:
            return "no_room"
        self.responders[response.event] = Responder(response)
        return ""

    def forget(self, event: str) -> str:
        """No response to an event."""
        return "" if self.responders.pop(event, None) is not None else "no_such_response"

    def forget_all(self) -> str:
        """No response to anything."""
        self.responders.clear()
        return ""

    def arm(self, event: str, enabled: bool) -> str:
        """A response on or off."""
        responder = self.responders.get(event)
        if responder is None:
            return "no_such_response"
        responder.response = replace(responder.response, enabled=enabled)
        responder.forget()
        return ""

    def respond_to_all(self, responding: bool) -> str:
        """All responses on or off."""
        self.responding = responding
        for responder in self.responders.values():
            responder.forget()
        return ""

    def responder(self, event: str) -> Responder | None:
        """The response that an event has now, or None."""
        responder = self.responders.get(event) if self.responding else None
        return responder if responder is not None and responder.response.enabled else None

    def _set(self, now_ns: int, point: Watchpoint, trips: int = 0) -> None:
        self.watches[point.number] = Watch(point, now_ns, trips)
        self.is_changed = True

"""What the host said last. Pure; nothing here decides what it means: the guard does, and fails closed.

An allocation stays in the status after it has expired, a notice of power-off after its time has passed, so that
whoever looks at their times sees that nothing has replaced them. A host never heard has granted nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from fsw.messages import Allocation, Event, HostStatus
from hal.clock import SECOND_NS
from hal.ports.host import Beat, Grant, HostMessage, PowerOff, Safing

Value = float | int | str


class HostWatch:
    """Follows one host; `silence_s` is how long it may be quiet before an event says so."""

    def __init__(self, silence_s: float) -> None:
        self._silence_ns = int(silence_s * SECOND_NS)
        self._heard_ns: int | None = None
        self._is_silent = False
        self._allocation: Allocation | None = None
        self._next: Allocation | None = None
        self._told_expired = False
        self._is_sunlit: bool | None = None
        self._safing = False
        self._power_off_ns: int | None = None
        self._events: list[Event] = []

    def step(self, now_ns: int, messages: Sequence[HostMessage]) -> tuple[HostStatus, list[Event]]:
        """The status at `now_ns` and the events since the last step."""
        self._events = []
        if self._heard_ns is None:
            self._heard_ns = now_ns  # the silence of a host never heard counts from our start
        if messages:
            self._hear(now_ns, self._heard_ns)
            for message in messages:
                self._take(now_ns, message)
        self._follow_allocation(now_ns)
        self._follow_silence(now_ns, self._heard_ns)
        status = HostStatus(
            time_ns=now_ns,
            heartbeat_ns=self._heard_ns,
            allocation=self._allocation,
            next_allocation=self._next,
            is_sunlit=self._is_sunlit,
            safing=self._safing,
            power_off_ns=self._power_off_ns,
        )
        return status, self._events

    def _hear(self, now_ns: int, last_ns: int) -> None:
        if self._is_silent:
            self._is_silent = False
            self._tell(now_ns, "host_back", (now_ns - last_ns) / SECOND_NS)
        self._heard_ns = now_ns
        if self._power_off_ns is not None and now_ns > self._power_off_ns:
            self._power_off_ns = None  # the cut is over, or was called off: the host talks to us after its time

    def _take(self, now_ns: int, message: HostMessage) -> None:
        match message:
            case Grant():
                self._grant(now_ns, message)
            case Beat():
                self._is_sunlit = message.is_sunlit
            case PowerOff():
                if message.at_ns != self._power_off_ns:
                    self._tell(now_ns, "power_off_notice", (message.at_ns - now_ns) / SECOND_NS)
                self._power_off_ns = message.at_ns
            case Safing():
                if message.on and not self._safing:
                    self._tell(now_ns, "host_safing", "safing line")
                self._safing = message.on

    def _grant(self, now_ns: int, grant: Grant) -> None:
        """The newest grant counts, at once or from its start on; one that is older than the present one came late."""
        allocation = Allocation(
            from_ns=grant.from_ns,
            until_ns=grant.until_ns,
            mean_w=grant.mean_w,
            peak_w=grant.peak_w,
            energy_j=grant.energy_j,
            window_s=grant.window_s,
        )
        if grant.from_ns > now_ns:
            self._next = allocation
        elif self._allocation is None or grant.from_ns >= self._allocation.from_ns:
            self._begin(now_ns, allocation)

    def _begin(self, now_ns: int, allocation: Allocation) -> None:
        self._allocation = allocation
        self._told_expired = False
        valid_s = (allocation.until_ns - now_ns) / SECOND_NS
        values = (allocation.mean_w, allocation.peak_w, allocation.energy_j, valid_s)
        self._tell(now_ns, "allocation_changed", *values)

    def _follow_allocation(self, now_ns: int) -> None:
        if self._next is not None and now_ns >= self._next.from_ns:
            self._begin(now_ns, self._next)
            self._next = None
        if self._allocation is not None and now_ns >= self._allocation.until_ns and not self._told_expired:
            self._told_expired = True
            self._tell(now_ns, "allocation_expired", (now_ns - self._allocation.until_ns) / SECOND_NS)

    def _follow_silence(self, now_ns: int, heard_ns: int) -> None:
        if now_ns - heard_ns > self._silence_ns and not self._is_silent:
            self._is_silent = True
            self._tell(now_ns, "host_silent", (now_ns - heard_ns) / SECOND_NS)

    def _tell(self, now_ns: int, name: str, *values: Value) -> None:
        self._events.append(Event(time_ns=now_ns, name=name, values=values))

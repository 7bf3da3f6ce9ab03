"""The fault table's shell: values and events in, responses out; the table kept durable as the ground changes it.

Events are heard as their services say them, before telemetry filters any. In passive mode a response is told and not
sent.
"""

from __future__ import annotations

from collections import deque

from fsw.bus.contract import Bus, BusFull, Policy
from fsw.bus.topics import COMMAND, EVENT, HEARTBEAT, JOB_REPORT, PARAMETER, STORED_COMMAND
from fsw.carried import check_carried
from fsw.catalogue.wire import WireError
from fsw.faults.desk import FaultDesk
from fsw.faults.feeds import Feeds
from fsw.faults.responses import Responder
from fsw.faults.table import FaultState, FaultTable
from fsw.faults.watchpoint import NEVER_NS, Transition
from fsw.keeping import Found, Kept, StateFile
from fsw.messages import Event, Heartbeat, JobState, ParameterSet, StoredCommand
from fsw.replies import Replies
from hal.clock import SECOND_NS, OnboardTime

SLOW_NS = 10 * SECOND_NS
EVENT_DEPTH = 1024  # every event of every service: four times what telemetry takes, since none may be missed
READY_DEPTH = 128  # twice all responses; they fire twice a minute at most
ORIGIN = "response"
DAMAGE = {Found.OLDER: "the copy before the newest serves", Found.LOST: "the shipped table serves"}
JOB_EVENTS = {
    JobState.DONE: "job_done",
    JobState.FAILED: "job_failed",
    JobState.EXPIRED: "job_expired",
    JobState.CANCELLED: "job_cancelled",
}  # telemetry makes these events of job reports; no service emits them


class FaultService:
    """Serves one table, kept in `file`; on-board time only stamps reports."""

    name = "faults"
    period_ns = SECOND_NS

    def __init__(self, bus: Bus, time: OnboardTime, file: StateFile[FaultState]) -> None:
        self._bus, self._time = bus, time
        self._kept = Kept(file)
        state, found = self._kept.load()
        self.table = FaultTable(state)
        self._replies = Replies(bus)
        self._desk = FaultDesk(self.table, self._replies)
        self._feeds = Feeds(bus, self.name)
        self._feeds.connect(self.table.working())  # subscribed before anything is published
        self._commands = bus.subscribe(COMMAND, self.name, Policy.DROP_OLDEST, depth=256)
        self._events = bus.subscribe(EVENT, self.name, Policy.DROP_OLDEST, depth=EVENT_DEPTH)
        self._jobs = bus.subscribe(JOB_REPORT, self.name, Policy.DROP_OLDEST, depth=EVENT_DEPTH)
        self._settings = bus.subscribe(PARAMETER, self.name, Policy.DROP_OLDEST, depth=16)
        self._ready: deque[bytes] = deque(maxlen=READY_DEPTH)
        self._catch_up_ns = NEVER_NS
        self._slow_ns = self._steps = 0
        self._has_started = self._has_failed = False
        self._failed_ns = 0
        self._counts = dict.fromkeys(("trips", "fired", "passive", "held_back"), 0)
        self._news: list[tuple[str, tuple[float | int | str, ...]]] = []
        if found in DAMAGE:
            self._news.append(("fault_table_damaged", (DAMAGE[found],)))

    def step(self, now_ns: int) -> None:
        """Watch, respond, obey, keep, answer."""
        if not self._has_started:
            self._start(now_ns)
        for setting in self._settings.drain():
            self._set(setting)
        for change in self._feeds.take(now_ns):
            self._tell_change(now_ns, change)
        for event in self._events.drain():
            self._hear(now_ns, event.name)
        for job in self._jobs.drain():
            self._hear(now_ns, JOB_EVENTS.get(job.state, ""))
        if now_ns >= self._catch_up_ns:
            self._catch_up(now_ns)
        for command in self._commands.drain():
            self._desk.obey(now_ns, command)
        if self._desk.owed:
            self._kept.touch()
        if now_ns >= self._slow_ns:
            self._look_slowly(now_ns)
        if self._kept.is_due(now_ns):
            self._keep(now_ns)
        if self.table.is_changed:
            self._feeds.connect(self.table.working())
            self.table.is_changed = False
        if self._ready:
            self._send(now_ns)
        if self._news:
            self._tell(now_ns)
        if self._replies.are_waiting:
            self._replies.flush()

    def counts(self) -> dict[str, int]:
        """What the table did since start, and how many watchpoints are beyond a limit now."""
        return {**self._counts, "violated": sum(watch.is_violated for watch in self.table.working())}

    def _start(self, now_ns: int) -> None:
        """Ages count from the first step."""
        self._has_started = True
        for watch in self.table.watches.values():
            watch.restart(now_ns)
        self._feeds.connect(self.table.working())

    def _set(self, setting: ParameterSet) -> None:
        if setting.name == "responses_passive" and bool(setting.value) is not self.table.passive:
            self.table.passive = bool(setting.value)
            self._kept.touch()

    def _tell_change(self, now_ns: int, change: Transition) -> None:
        """A change of state is a report; a trip also the events of its watchpoint, which come back by the bus."""
        point = change.watchpoint
        states = (change.previous, change.state, self._time.tai_ns(now_ns))
        values = (point.number, point.parameter, change.value, change.limit)
        self._replies.tell(now_ns, "monitor_transition", (*values, *states))
        self._counts["trips"] += change.is_trip
        told = (point.number, point.parameter, change.state, change.value, change.limit)
        self._news.extend((event, told) for event in change.events)

    def _hear(self, now_ns: int, event: str) -> None:
        responder = self.table.responder(event)
        if responder is None:
            return
        if responder.hear(now_ns):
            self._fire(responder, "")
            return
        self._counts["held_back"] += 1
        self._catch_up_ns = min(self._catch_up_ns, responder.free_ns)
        if responder.held_back == 1:
            wait_s = (responder.free_ns - now_ns) / SECOND_NS
            self._news.append(("response_held_back", (event, 1, wait_s)))

    def _catch_up(self, now_ns: int) -> None:
        """Answer what was held back in waits that are over."""
        self._catch_up_ns = NEVER_NS
        for event in list(self.table.responders):
            responder = self.table.responder(event)
            if responder is None or responder.due_ns is None:
                continue
            times = responder.held_back
            if responder.catch_up(now_ns):
                self._fire(responder, f" after {times} times held back")
            else:
                self._catch_up_ns = min(self._catch_up_ns, responder.due_ns or NEVER_NS)

    def _fire(self, responder: Responder, how: str) -> None:
        response, passive = responder.response, self.table.passive
        self._counts["passive" if passive else "fired"] += 1
        if not passive:
            self._ready.append(response.packet)
        outcome = "is passive and was not sent" if passive else f"was sent{how}"
        self._news.append(("response_fired", (response.event, _command_of(response.packet), outcome)))

    def _send(self, now_ns: int) -> None:
        while self._ready:
            try:
                self._bus.publish(STORED_COMMAND, StoredCommand(time_ns=now_ns, packet=self._ready[0], origin=ORIGIN))
            except BusFull:
                return
            self._ready.popleft()

    def _look_slowly(self, now_ns: int) -> None:
        """Every ten seconds: a sign of life."""
        self._slow_ns = now_ns + SLOW_NS
        self._steps += 1
        self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def _keep(self, now_ns: int) -> None:
        durable = self._kept.save(now_ns, self.table.state)
        self._desk.settle(now_ns, durable)
        if durable is self._has_failed:
            self._has_failed = not durable
            if self._has_failed:
                self._failed_ns = now_ns
                self._news.append(("store_degraded", ("the fault table cannot be saved",)))
            else:
                self._news.append(("store_back", ((now_ns - self._failed_ns) / SECOND_NS,)))

    def _tell(self, now_ns: int) -> None:
        for name, values in self._news:
            self._bus.publish(EVENT, Event(time_ns=now_ns, name=name, values=values))
        self._news.clear()


def _command_of(packet: bytes) -> str:
    """What a packet commands, for a person."""
    try:
        return check_carried(packet, 0)
    except WireError:  # saved by other software, whose commands were others
        return "unknown"

"""The telemetry shell: reads the bus, writes what is due to the link. Cheap while nothing is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fsw.bus.contract import Bus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, EVENT, HEARTBEAT, JOB_REPORT
from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.structures import STRUCTURE_BY_NAME, STRUCTURES
from fsw.messages import Command, CommandReport, Event, Heartbeat, Stage
from fsw.telemetry.encoder import TelemetryEncoder, job_event
from fsw.telemetry.limiter import EventLimiter
from fsw.telemetry.sources import Counters, Sources
from hal.clock import SECOND_NS, OnboardTime
from hal.ports.link import DatagramLink

HEARTBEAT_STEPS = 10
EVENT_DEPTH = 256  # a burst of every service's events in one step; more is counted by the bus
DROP_EVENTS_MAX = 32  # events of one dump_counts
OWN_COMMANDS = frozenset(row.name for row in COMMANDS if row.owner == "telemetry")
PARAMETERS_OF = {row.id: row.parameters for row in STRUCTURES}
INTERVAL_OF = {row.id: row.interval for row in STRUCTURES}


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryConfig:
    """`max_age_s` is how old a message may be before its values count as missing: three beats of 10 s."""

    apid: int = PAYLOAD_APID
    events_per_window: int = 20
    window_s: float = 60.0
    max_age_s: float = 30.0


class TelemetryService:
    """Sends PUS 1, 3, 5, 17 and 20. `counters` are the `counts` of services in the same process, by name.

    `settings` are the values that settable parameters start with where they are not the dictionary's defaults.
    """

    name = "telemetry"
    period_ns = SECOND_NS

    def __init__(
        self,
        bus: Bus,
        link: DatagramLink,
        time: OnboardTime,
        config: TelemetryConfig | None = None,
        counters: Counters | None = None,
        settings: Mapping[str, float] | None = None,
    ) -> None:
        config = config or TelemetryConfig()
        self._bus = bus
        self._link = link
        self.encoder = TelemetryEncoder(time, config.apid)
        self._limiter = EventLimiter(config.events_per_window, int(config.window_s * SECOND_NS))
        defaults = {name: row.default for name, row in PARAMETER_BY_NAME.items() if row.default is not None}
        self._sources = Sources(
            bus,
            {**(counters or {}), self.name: self.counts},
            {**defaults, **(settings or {})},
            int(config.max_age_s * SECOND_NS),
        )
        self._events = bus.subscribe(EVENT, self.name, depth=EVENT_DEPTH)
        self._jobs = bus.subscribe(JOB_REPORT, self.name)
        self._reports = bus.subscribe(COMMAND_REPORT, self.name)
        self._commands = bus.subscribe(COMMAND, self.name)
        self._due_ns = {row.id: 0 for row in STRUCTURES}
        self._next_ns = 0
        self._events_sent = 0
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Send what happened since the last step and what is due now."""
        for event in self._events.drain():
            self._send_event(event)
        for job in self._jobs.drain():
            if (ended := job_event(job)) is not None:
                self._send_event(ended)
        self._send_reports()
        for command in self._commands.drain():
            self._carry_out(now_ns, command)
        if now_ns >= self._next_ns:
            self._send_due(now_ns)
        self._steps += 1
        if self._steps % HEARTBEAT_STEPS == 1:
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def counts(self) -> dict[str, int]:
        """What was sent, lost and held back."""
        return {
            "packets_sent": self.encoder.written,
            "packets_lost": self._link.dropped,
            "events_sent": self._events_sent,
            "events_held_back": self._limiter.held_back,
            "events_undeclared": self.encoder.undeclared,
        }

    def _send_event(self, event: Event) -> None:
        if self._limiter.admit(event):
            self._events_sent += 1
            self._link.send(self.encoder.event(event))

    def _send_reports(self) -> None:
        for report in self._reports.drain():
            if (packet := self.encoder.verification(report)) is not None:
                self._link.send(packet)

    def _send_due(self, now_ns: int) -> None:
        """Structures whose time has come; settings and the event window are looked after in the same breath."""
        self._take_settings()
        due = [number for number, time_ns in self._due_ns.items() if now_ns >= time_ns]
        if due:
            self._sources.refresh(now_ns)
        for number in due:
            self._send_structure(now_ns, number)
            self._due_ns[number] = now_ns + self._interval_ns(number)
        if now_ns >= self._limiter.ends_ns:
            for summary in self._limiter.turn(now_ns):
                self._send_event(summary)
        self._next_ns = min(*self._due_ns.values(), self._limiter.ends_ns)

    def _take_settings(self) -> None:
        changed = {change.name for change in self._sources.take_settings()}
        for number, interval in INTERVAL_OF.items():
            if interval in changed:
                self._due_ns[number] = 0

    def _interval_ns(self, number: int) -> int:
        return int(self._sources.settings[INTERVAL_OF[number]] * SECOND_NS)

    def _send_structure(self, now_ns: int, number: int) -> None:
        values = self._sources.values(PARAMETERS_OF[number])
        self._link.send(self.encoder.structure(now_ns, number, values))

    def _carry_out(self, now_ns: int, command: Command) -> None:
        """The commands that telemetry owns; a set parameter makes it look at its intervals at once."""
        if command.name == "set_parameter":
            self._next_ns = 0
        elif command.name in OWN_COMMANDS:
            self._take_settings()
            self._sources.refresh(now_ns)
            self._reply(now_ns, command)
            self._complete(now_ns, command)

    def _reply(self, now_ns: int, command: Command) -> None:
        argument = str(command.arguments[0]) if command.arguments else ""
        match command.name:
            case "ping":
                self._link.send(self.encoder.alive(now_ns))
            case "get_parameter":
                self._link.send(self.encoder.parameter(now_ns, argument, self._sources.value(argument)))
            case "report_structure":
                self._send_structure(now_ns, STRUCTURE_BY_NAME[argument].id)
            case "dump_counts":
                self._send_structure(now_ns, STRUCTURE_BY_NAME["health"].id)
                self._send_dropping(now_ns)

    def _send_dropping(self, now_ns: int) -> None:
        for count in self._sources.dropping()[:DROP_EVENTS_MAX]:
            values = (count.topic, count.subscriber, count.dropped)
            self._send_event(Event(time_ns=now_ns, name="messages_dropped", values=values))

    def _complete(self, now_ns: int, command: Command) -> None:
        for stage in (Stage.STARTED, Stage.COMPLETED):
            report = CommandReport(time_ns=now_ns, request=command.request, stage=stage, ack=command.ack)
            self._bus.publish(COMMAND_REPORT, report)
        self._send_reports()

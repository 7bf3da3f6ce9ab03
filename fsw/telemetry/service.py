"""The telemetry shell: reads the bus, says what is due, keeps what the ground chose. Cheap while nothing is due."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from fsw.bus.contract import Bus, Policy
from fsw.bus.topics import (
    COMMAND,
    COMMAND_REPORT,
    DOWNLINKED_PDU,
    EVENT,
    HEARTBEAT,
    JOB_REPORT,
    RECOVERED,
    REPORT,
    RETRIEVED,
)
from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.failures import failure_code
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.keeping import Found, Kept, StateFile
from fsw.messages import Command, CommandReport, Event, Heartbeat, Stage
from fsw.telemetry.as_flown import AsFlown
from fsw.telemetry.choices import Choices, Refused
from fsw.telemetry.contact import Contacts
from fsw.telemetry.desk import OWN_COMMANDS, Desk
from fsw.telemetry.downlink import Rank
from fsw.telemetry.encoder import TelemetryEncoder
from fsw.telemetry.limiter import EventLimiter
from fsw.telemetry.outlet import Outlet
from fsw.telemetry.sources import Counters, Sources
from fsw.telemetry.voice import Voice
from hal.clock import SECOND_NS, OnboardTime
from hal.ports.link import DatagramLink

HEARTBEAT_STEPS = 10
EVENT_DEPTH = 256  # a burst of every service's events in one step; more is counted by the bus
REPORT_DEPTH = 256  # a whole schedule or fault table, described at once
FETCHED_DEPTH = 256  # packets of stores and parts of files between two steps: what is over waits with its sender
RECOVERY_NS = 10 * SECOND_NS  # the store tells what held before in its first step; without a store nobody does


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryConfig:
    """`max_age_s` is how old a message may be before its values count as missing: three beats of 10 s."""

    apid: int = PAYLOAD_APID
    events_per_window: int = 20
    window_s: float = 60.0
    max_age_s: float = 30.0


class TelemetryService:
    """Sends PUS 1, 3, 5, 9, 17, 20 and the reports of all services. `counters` are the `counts` of services in the same
    process, by name; `settings` the values that settable parameters start with where they are not the defaults.

    `memory` keeps what the ground chose over a restart; `contacts` say when the ground hears us (None: always);
    `as_flown` gives what flies now, where that is known.
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
        memory: StateFile[Choices] | None = None,
        contacts: Contacts | None = None,
        as_flown: Callable[[], AsFlown] | None = None,
    ) -> None:
        config = config or TelemetryConfig()
        self._bus = bus
        self._kept = None if memory is None else Kept(memory)
        self._saved = Choices()
        self.encoder = TelemetryEncoder(time, config.apid)
        self._limiter = EventLimiter(config.events_per_window, int(config.window_s * SECOND_NS))
        defaults = {name: row.default for name, row in PARAMETER_BY_NAME.items() if row.default is not None}
        self._sources = Sources(
            bus,
            {} if counters is None else counters,  # of services that may join later
            {**defaults, **(settings or {})},
            int(config.max_age_s * SECOND_NS),
            self.counts,
        )
        self._outlet = Outlet(bus, link, contacts or Contacts(time))
        self._voice = Voice(self.encoder, self._outlet, self._sources, self._limiter)
        self._desk = Desk(bus, self._voice, self._sources, self._outlet.forwarding, as_flown)
        self._events = bus.subscribe(EVENT, self.name, depth=EVENT_DEPTH)
        self._jobs = bus.subscribe(JOB_REPORT, self.name)
        self._reports = bus.subscribe(COMMAND_REPORT, self.name)
        self._commands = bus.subscribe(COMMAND, self.name)
        self._others = bus.subscribe(REPORT, self.name, depth=REPORT_DEPTH)
        self._recovered = bus.subscribe(RECOVERED, self.name)
        self._retrieved = bus.subscribe(RETRIEVED, self.name, Policy.MUST_DELIVER, FETCHED_DEPTH)
        self._parts = bus.subscribe(DOWNLINKED_PDU, self.name, Policy.MUST_DELIVER, FETCHED_DEPTH)
        self._next_ns = 0
        self._time_ns = 0
        self._boot_report_ns: int | None = None
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Send what happened since the last step and what is due now."""
        if self._steps == 0:
            self._start(now_ns)
        voice = self._voice
        for event in self._outlet.follow(now_ns):
            voice.event(event)
        for event in self._events.drain():
            voice.event(event)
        for job in self._jobs.drain():
            voice.job(job)
        for report in self._others.drain():  # before the word that the command for it is complete
            voice.report(report)
        self._send_reports()
        for command in self._commands.drain():
            self._carry_out(now_ns, command)
        if now_ns >= self._next_ns:
            self._send_due(now_ns)
        self._fetch()
        if self._outlet.downlink.queued:
            self._outlet.flush(now_ns)
        self._steps += 1
        if self._steps % HEARTBEAT_STEPS == 1:
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def counts(self) -> dict[str, int]:
        """What was sent, lost, held back and kept waiting."""
        return {**self._voice.counts(), **self._outlet.counts()}

    def _start(self, now_ns: int) -> None:
        """Go on as the ground had it before the restart; soon the boot report."""
        self._boot_report_ns = now_ns + RECOVERY_NS
        if self._kept is None:
            return
        self._saved, found = self._kept.load()
        if found in (Found.OLDER, Found.LOST):
            self._voice.event(_unsaved(now_ns, "what was saved last cannot be read"))
        for name in self._desk.restore(self._saved):
            self._voice.event(_unsaved(now_ns, f"structure {name} has parameters that are no more"))

    def _send_reports(self) -> None:
        for report in self._reports.drain():
            self._voice.verification(report)

    def _send_due(self, now_ns: int) -> None:
        """Structures whose time has come; all that is seldom is looked after in the same breath."""
        self._take_settings(now_ns)
        self._report_boot(now_ns)
        due = self._desk.structures.due(now_ns)
        if due:
            self._sources.refresh(now_ns)
        for row in due:
            self._voice.structure(now_ns, row)
        if now_ns >= self._limiter.ends_ns:
            self._turn(now_ns)
        self._next_ns = min(self._desk.structures.next_ns, self._limiter.ends_ns, now_ns + RECOVERY_NS)
        self._send_time(now_ns)

    def _turn(self, now_ns: int) -> None:
        """A window of events is over."""
        for summary in self._voice.switch.turn(now_ns) + self._limiter.turn(now_ns):
            self._voice.summary(summary)
        self._keep(now_ns)

    def _send_time(self, now_ns: int) -> None:
        rate = self._desk.time_rate
        if rate is None:
            return
        if now_ns >= self._time_ns:
            self._voice.time(now_ns, rate)
            self._time_ns = now_ns + (SECOND_NS << rate)
        self._next_ns = min(self._next_ns, self._time_ns)

    def _fetch(self) -> None:
        """Packets of stores and parts of files, as many as go down soon; the rest waits with its senders."""
        downlink = self._outlet.downlink
        while downlink.wants(Rank.RETRIEVED) and (packet := self._retrieved.take()) is not None:
            self._voice.retrieved(packet)
        while downlink.wants(Rank.FILE) and (part := self._parts.take()) is not None:
            self._voice.file_part(part)

    def _take_settings(self, now_ns: int) -> None:
        """Parameters that were set, or that were before a restart; those of ours are kept."""
        changes = self._sources.take_settings()
        for change in changes:
            row = PARAMETER_BY_NAME.get(change.name)
            if row is not None and row.owner == self.name:
                self._desk.set(change)
        for recovered in self._recovered.drain():
            self._boot_report_ns = None if self._boot_report_ns is None else now_ns
            for setting in recovered.settings:
                if setting.name in PARAMETER_BY_NAME and not self._desk.holds(setting.name):
                    self._sources.settings[setting.name] = setting.value
                    self._desk.structures.follow(setting.name, setting.value)
        if changes:
            self._keep(now_ns)

    def _report_boot(self, now_ns: int) -> None:
        """What flies, once the parameters are those of before the restart."""
        if self._boot_report_ns is not None and now_ns >= self._boot_report_ns:
            self._boot_report_ns = None
            with suppress(Refused):
                self._desk.report_as_flown(now_ns)

    def _keep(self, now_ns: int) -> None:
        """Make durable what the ground chose, if it differs. Without a disk it holds until the next start, as an event
        says; the next window of events tries again."""
        if self._kept is None or (choices := self._desk.choices()) == self._saved:
            return
        if self._kept.save(now_ns, choices):
            self._saved = choices
        else:
            self._voice.event(_unsaved(now_ns, "the disk does not take them"))

    def _carry_out(self, now_ns: int, command: Command) -> None:
        """The commands that telemetry owns; a set parameter makes it look at its intervals at once."""
        if command.name == "set_parameter":
            self._next_ns = 0
        elif command.name in OWN_COMMANDS:
            self._take_settings(now_ns)
            self._sources.refresh(now_ns)
            self._answer(now_ns, command)
            self._next_ns = 0
            self._send_reports()

    def _answer(self, now_ns: int, command: Command) -> None:
        try:
            self._desk.carry_out(now_ns, command)
        except Refused as refused:
            self._tell(now_ns, command, Stage.STARTED, failure_code(refused.label), refused.values)
            return
        self._take_settings(now_ns)
        self._keep(now_ns)
        for stage in (Stage.STARTED, Stage.COMPLETED):
            self._tell(now_ns, command, stage)

    def _tell(self, now_ns: int, command: Command, stage: Stage, code: int = 0, values: tuple[float, ...] = ()) -> None:
        report = CommandReport(
            time_ns=now_ns, request=command.request, stage=stage, code=code, values=values, ack=command.ack
        )
        self._bus.publish(COMMAND_REPORT, report)


def _unsaved(now_ns: int, why: str) -> Event:
    return Event(time_ns=now_ns, name="telemetry_unsaved", values=(why,))

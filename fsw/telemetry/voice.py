"""What telemetry says: each message as its packet, with the rank at which it goes down and the store that keeps it."""

from __future__ import annotations

from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.reports import REPORT_BY_NAME
from fsw.catalogue.rows import Severity
from fsw.catalogue.wire import Value
from fsw.messages import CommandReport, Event, FilePdu, JobReport, JobState, Report, TelemetryPacket
from fsw.packets import connection, events, housekeeping, parameters, verification
from fsw.telemetry.downlink import Rank
from fsw.telemetry.encoder import TelemetryEncoder, job_event
from fsw.telemetry.filters import EventSwitch
from fsw.telemetry.limiter import EventLimiter
from fsw.telemetry.outlet import Outlet
from fsw.telemetry.sources import Sources
from fsw.telemetry.structures import Row

EVENTS_STORE, HOUSEKEEPING_STORE, RESULTS_STORE = "events", "housekeeping", "results"
RANKS = {
    Severity.HIGH: Rank.ALARM,
    Severity.MEDIUM: Rank.WARNING,
    Severity.LOW: Rank.NOTICE,
    Severity.INFO: Rank.NEWS,
}
ALIVE = (connection.SERVICE, connection.ALIVE)
PARAMETER = (parameters.SERVICE, parameters.REPORT)


class Voice:
    """Puts packets into the outlet. `limiter` and `switch` say which events are reported."""

    def __init__(self, encoder: TelemetryEncoder, outlet: Outlet, sources: Sources, limiter: EventLimiter) -> None:
        self._encoder = encoder
        self._outlet = outlet
        self._sources = sources
        self._limiter = limiter
        self.switch = EventSwitch()
        self._events_sent = 0

    def counts(self) -> dict[str, int]:
        """What was said, and what was not."""
        return {
            "packets_sent": self._encoder.written,
            "events_sent": self._events_sent,
            "events_held_back": self._limiter.held_back,
            "events_disabled": self.switch.counted,
            "events_undeclared": self._encoder.undeclared,
            "reports_undeclared": self._encoder.undeclared_reports,
        }

    def event(self, event: Event) -> None:
        """An event, unless it is disabled or there were too many of its kind."""
        if self.switch.admit(event) and self._limiter.admit(event):
            self.summary(event)

    def summary(self, event: Event) -> None:
        """An event that nothing holds back."""
        self._events_sent += 1
        row = EVENT_BY_NAME.get(event.name)
        severity = Severity.LOW if row is None else row.severity
        octets = self._encoder.event(event)
        self._outlet.keep(event.time_ns, EVENTS_STORE, octets)
        self._outlet.send(octets, (events.SERVICE, severity), RANKS[severity])

    def job(self, report: JobReport) -> None:
        """A job that came to its end; one that is done is a result, of which the store has every one."""
        event = job_event(report)
        if event is None:
            return
        if report.state is not JobState.DONE:
            self.event(event)
            return
        if not self.switch.admit(event):
            return
        octets = self._encoder.event(event)
        self._outlet.keep(event.time_ns, RESULTS_STORE, octets)
        if self._limiter.admit(event):
            self._events_sent += 1
            self._outlet.send(octets, (events.SERVICE, Severity.INFO), Rank.RESULT, report.value)

    def verification(self, report: CommandReport) -> None:
        """What became of a command, as far as it asked to hear of it."""
        octets = self._encoder.verification(report)
        if octets is not None:
            self._outlet.keep(report.time_ns, EVENTS_STORE, octets)
            kind = (verification.SERVICE, report.stage + (report.code != 0))
            self._outlet.send(octets, kind, Rank.VERIFICATION)

    def structure(self, now_ns: int, row: Row, answers: bool = False) -> None:
        """A structure or trace, as of the sources' last refresh; one that `answers` a command waits for a pass."""
        subtype = housekeeping.TRACE if row.is_trace else housekeeping.REPORT
        values = self._sources.values(row.parameters)
        octets = self._encoder.row(now_ns, row.number, row.parameters, values, subtype)
        self._outlet.keep(now_ns, HOUSEKEEPING_STORE, octets)
        self._outlet.send(octets, (housekeeping.SERVICE, subtype), Rank.REPORT if answers else Rank.HOUSEKEEPING)

    def report(self, report: Report) -> None:
        """A service's report. One that the dictionary does not know is an event."""
        octets = self._encoder.report(report)
        if octets is None:
            values: tuple[Value, ...] = (str(report.name), len(report.values))
            self.event(Event(time_ns=report.time_ns, name="undeclared_event", values=values))
            return
        row = REPORT_BY_NAME[report.name]
        self._outlet.send(octets, (row.service, row.subtype), Rank.REPORT)

    def alive(self, now_ns: int) -> None:
        """The answer to a ping."""
        self._outlet.send(self._encoder.alive(now_ns), ALIVE, Rank.VERIFICATION)

    def parameter(self, now_ns: int, name: str) -> None:
        """The value of one parameter."""
        octets = self._encoder.parameter(now_ns, name, self._sources.value(name))
        self._outlet.send(octets, PARAMETER, Rank.REPORT)

    def time(self, now_ns: int, rate: int) -> None:
        """A time packet, while the ground hears it."""
        if self._outlet.hears:
            self._outlet.send_now(now_ns, self._encoder.time_report(now_ns, rate))

    def retrieved(self, packet: TelemetryPacket) -> None:
        """A packet out of a packet store, as it was."""
        self._outlet.pass_on(packet.octets, Rank.RETRIEVED)

    def file_part(self, part: FilePdu) -> None:
        """A part of a file."""
        self._outlet.pass_on(self._encoder.file_part(part.octets), Rank.FILE)

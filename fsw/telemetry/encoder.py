"""Messages of the bus to telemetry packets: no I/O, no clock; it owns the counters that packets carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fsw.catalogue.apids import FILE_APID, PAYLOAD_APID
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.reports import REPORT_BY_NAME
from fsw.catalogue.structures import STRUCTURE_BY_ID
from fsw.catalogue.wire import Value, WireError, encode_event, encode_report, encode_row, encode_structure
from fsw.messages import CommandReport, Event, JobReport, JobState, Report, Stage
from fsw.packets import connection, events, housekeeping, parameters, verification
from fsw.packets.cuc import Cuc
from fsw.packets.pus import ACK_ACCEPTANCE, ACK_COMPLETION, ACK_PROGRESS, ACK_START, Telemetry
from fsw.packets.space_packet import TELEMETRY, PrimaryHeader
from fsw.packets.time_report import TimeReport
from hal.clock import OnboardTime

_ACK_OF_STAGE = {
    Stage.ACCEPTED: ACK_ACCEPTANCE,
    Stage.STARTED: ACK_START,
    Stage.PROGRESS: ACK_PROGRESS,
    Stage.COMPLETED: ACK_COMPLETION,
}


class TelemetryEncoder:
    """Writes packets of one application process. Every method gives the octets of one packet."""

    def __init__(self, time: OnboardTime, apid: int = PAYLOAD_APID) -> None:
        self.time = time
        self._apid = apid
        self._sequence = 0
        self._counters: dict[tuple[int, int], int] = {}
        self._times = 0
        self._files = 0
        self.undeclared = 0
        self.undeclared_reports = 0

    @property
    def written(self) -> int:
        """Packets written so far."""
        return self._sequence + self._times + self._files

    def verification(self, report: CommandReport) -> bytes | None:
        """The ST01 packet of a report; None for a success that the telecommand did not ask to hear of."""
        if report.code == 0 and not report.ack & _ACK_OF_STAGE.get(report.stage, 0):
            return None
        subtype = report.stage + (report.code != 0)
        values = tuple(float(value) for value in report.values)
        data = verification.Verification(subtype, report.request, report.code, values, report.step).pack()
        return self._write(report.time_ns, verification.SERVICE, subtype, data)

    def event(self, event: Event) -> bytes:
        """The ST05 packet of an event; one that the dictionary does not know goes out as `undeclared_event`."""
        row = EVENT_BY_NAME.get(event.name)
        if row is None:
            return self._undeclared(event)
        try:
            data = events.EventReport(row.id, encode_event(event.name, event.values)).pack()
        except WireError:
            return self._undeclared(event)
        return self._write(event.time_ns, events.SERVICE, row.severity, data)

    def structure(self, now_ns: int, number: int, values: Mapping[str, Value | None]) -> bytes:
        """The TM[3,25] of one structure of the dictionary; what `values` lacks is marked missing."""
        data = housekeeping.HousekeepingReport(number, encode_structure(number, values)).pack()
        return self._write(now_ns, housekeeping.SERVICE, housekeeping.REPORT, data)

    def row(
        self, now_ns: int, number: int, names: tuple[str, ...], values: Mapping[str, Value | None], subtype: int
    ) -> bytes:
        """The TM[3,25] or TM[3,26] (`subtype`) of any structure or trace of the parameters `names`."""
        if number in STRUCTURE_BY_ID:
            return self.structure(now_ns, number, values)
        data = housekeeping.HousekeepingReport(number, encode_row(names, values)).pack()
        return self._write(now_ns, housekeeping.SERVICE, subtype, data)

    def report(self, report: Report) -> bytes | None:
        """The packet of a service's report; None, counted, for one that the dictionary does not know."""
        try:
            data = encode_report(report.name, report.values)
        except (WireError, KeyError):
            self.undeclared_reports += 1
            return None
        row = REPORT_BY_NAME[report.name]
        return self._write(report.time_ns, row.service, row.subtype, data)

    def time_report(self, now_ns: int, rate: int) -> bytes:
        """The time packet of this moment."""
        self._times += 1
        now = Cuc.from_ns(self.time.tai_ns(now_ns))
        return TimeReport(self._times - 1, rate, now, self.time.quality).pack()

    def file_part(self, octets: bytes) -> bytes:
        """One protocol data unit of the file service, which has a packet of its own and no secondary header."""
        self._files += 1
        header = PrimaryHeader(TELEMETRY, FILE_APID, self._files - 1, len(octets), has_secondary=False)
        return header.pack() + octets

    def alive(self, now_ns: int) -> bytes:
        """The TM[17,2] that answers a ping."""
        return self._write(now_ns, connection.SERVICE, connection.ALIVE, b"")

    def parameter(self, now_ns: int, name: str, value: Value | None) -> bytes:
        """The TM[20,2] of one parameter; labels go as their place in the list."""
        row = PARAMETER_BY_NAME[name]
        number = row.labels.index(value) if isinstance(value, str) and value in row.labels else value
        known = None if number is None or isinstance(number, str) else float(number)
        data = parameters.ParameterReport(((row.id, known),)).pack()
        return self._write(now_ns, parameters.SERVICE, parameters.REPORT, data)

    def _undeclared(self, event: Event) -> bytes:
        self.undeclared += 1
        values: Sequence[Value] = (str(event.name), len(event.values))
        return self.event(Event(time_ns=event.time_ns, name="undeclared_event", values=tuple(values)))

    def _write(self, now_ns: int, service: int, subtype: int, data: bytes) -> bytes:
        counter = self._counters.get((service, subtype), 0)
        self._counters[(service, subtype)] = counter + 1
        time = Cuc.from_ns(self.time.tai_ns(now_ns))
        packet = Telemetry(
            self._apid, self._sequence, service, subtype, time, data, counter, 0, self.time.quality
        ).pack()  # fmt: skip
        self._sequence += 1
        return packet


def job_event(report: JobReport) -> Event | None:
    """The event of a job that came to its end; None before that."""
    job, model = report.job_id, report.model
    values: tuple[Value, ...]
    if report.state is JobState.DONE:
        values = (job, model, report.variant, report.value, report.energy_j, report.seconds)
        values += (report.predicted_j, report.predicted_s)
        return Event(time_ns=report.time_ns, name="job_done", values=values)
    if report.state is JobState.FAILED:
        return Event(time_ns=report.time_ns, name="job_failed", values=(job, model, report.attempts, report.reason))
    if report.state is JobState.EXPIRED:
        return Event(time_ns=report.time_ns, name="job_expired", values=(job, model, report.reason))
    if report.state is JobState.CANCELLED:
        return Event(time_ns=report.time_ns, name="job_cancelled", values=(job, model, report.reason))
    return None

"""Octets of telemetry to what they mean: the one decoder, for the live link and for replay. No I/O, no clock.

Every record has when it was generated (on board, as UTC), when it was received, and how good the on-board time was.
Octets that cannot be decoded give an `Undecoded` and a count; nothing is raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from fsw.catalogue.apids import FILE_APID, TIME_APID
from fsw.catalogue.events import EVENT_BY_ID, event_text
from fsw.catalogue.parameters import PARAMETER_BY_ID, PARAMETER_BY_NAME
from fsw.catalogue.reports import REPORT_BY_SERVICE
from fsw.catalogue.rows import ReportRow, Severity
from fsw.catalogue.structures import STRUCTURE_BY_ID
from fsw.catalogue.wire import Value, WireError, decode_event, decode_report, decode_row, decode_structure
from fsw.packets import connection, events, housekeeping, parameters, verification
from fsw.packets.errors import PacketError
from fsw.packets.pus import Telemetry
from fsw.packets.space_packet import COUNT_MODULUS, HEADER_OCTETS, PrimaryHeader, check_length
from fsw.packets.time_report import TimeReport
from fsw.packets.verification import Verification
from tools.ground.clock import utc_of_tai_ns

SEVERITIES = frozenset(Severity)
MADE_UP_MOST = 256  # structures that were created: several times what a spacecraft holds
TIME_QUALITIES = ("unknown", "free running", "synchronised")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """One parameter. `value` is None, and `quality` "missing", where the spacecraft has none."""

    name: str
    value: Value | None
    unit: str

    @property
    def quality(self) -> str:
        """ "valid" or "missing"."""
        return "missing" if self.value is None else "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Parameters of one packet. `structure` is empty where they were asked for one by one."""

    structure: str
    values: tuple[Sampled, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event."""

    name: str
    severity: str
    values: tuple[Value, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive:
    """The answer to a ping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A report of a service; `values` by the names of its fields, in order."""

    name: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeTold:
    """A time packet: what on-board time was when it left, in nanoseconds of TAI since 1958; every 2^`rate` seconds."""

    onboard_tai_ns: int
    rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A protocol data unit of CFDP."""

    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecoded:
    """A packet, or octets, that the dictionary has no words for."""

    why: str


Content = Samples | Happened | Verification | Alive | Reported | TimeTold | FilePart | Undecoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One packet as understood. Times are UTC nanoseconds since 1970; `missed` counts packets lost before it.

    A part of a file has no time of its own: it counts as made when it was received.
    """

    generated_ns: int
    received_ns: int
    time_quality: str
    apid: int
    sequence: int
    service: int
    subtype: int
    missed: int
    content: Content


class Decoder:
    """Understands the packets of one link and counts what it could not."""

    def __init__(self) -> None:
        self.packets = 0
        self.bad = 0
        self.undecoded = 0  # sound packets that the dictionary has no words for
        self.missed = 0
        self._expected: dict[int, int] = {}
        self._made_up: dict[int, tuple[str, ...]] = {}  # structures that the ground created, as reports have told

    def decode(self, octets: bytes, received_ns: int) -> Record | Undecoded:
        """The record in `octets`; Undecoded where they are no telemetry packet."""
        try:
            header = PrimaryHeader.unpack(octets)
            read = self._HEADLESS.get(header.apid, Decoder._telemetry)
            record = read(self, octets, received_ns)
        except PacketError as error:
            self.bad += 1
            return Undecoded(why=str(error))
        self.packets += 1
        self.undecoded += isinstance(record.content, Undecoded)
        return record

    def learn(self, structure: int, parameters: Sequence[str]) -> None:
        """What a structure that was created consists of; at most MADE_UP_MOST are remembered."""
        self._made_up.pop(structure, None)
        if len(self._made_up) >= MADE_UP_MOST:
            del self._made_up[next(iter(self._made_up))]
        self._made_up[structure] = tuple(parameters)

    def _telemetry(self, octets: bytes, received_ns: int) -> Record:
        packet = Telemetry.unpack(octets)
        return Record(
            generated_ns=utc_of_tai_ns(packet.time.to_ns()),
            received_ns=received_ns,
            time_quality=_quality(packet.time_status),
            apid=packet.apid,
            sequence=packet.sequence,
            service=packet.service,
            subtype=packet.subtype,
            missed=self._count_missed(packet.apid, packet.sequence),
            content=self._content(packet),
        )

    def _time(self, octets: bytes, received_ns: int) -> Record:
        report = TimeReport.unpack(octets)
        told_ns = report.time.to_ns()
        return Record(
            generated_ns=utc_of_tai_ns(told_ns),
            received_ns=received_ns,
            time_quality=_quality(report.quality),
            apid=TIME_APID,
            sequence=report.sequence,
            service=9,
            subtype=2,
            missed=self._count_missed(TIME_APID, report.sequence),
            content=TimeTold(onboard_tai_ns=told_ns, rate=report.rate),
        )

    def _file(self, octets: bytes, received_ns: int) -> Record:
        check_length(octets)
        header = PrimaryHeader.unpack(octets)
        return Record(
            generated_ns=received_ns,
            received_ns=received_ns,
            time_quality=_quality(0),
            apid=FILE_APID,
            sequence=header.sequence,
            service=0,
            subtype=0,
            missed=self._count_missed(FILE_APID, header.sequence),
            content=FilePart(octets=octets[HEADER_OCTETS:]),
        )

    _HEADLESS: ClassVar = {TIME_APID: _time, FILE_APID: _file}

    def _count_missed(self, apid: int, sequence: int) -> int:
        """Packets lost before this one; one that comes late or twice counts none."""
        expected = self._expected.get(apid, sequence)
        missed = (sequence - expected) % COUNT_MODULUS
        if missed >= COUNT_MODULUS // 2:
            return 0
        self._expected[apid] = (sequence + 1) % COUNT_MODULUS
        self.missed += missed
        return missed

    def _content(self, packet: Telemetry) -> Content:
        try:
            return self._read(packet)
        except (PacketError, WireError) as error:
            return Undecoded(why=f"TM[{packet.service},{packet.subtype}]: {error}")

    def _read(self, packet: Telemetry) -> Content:
        match packet.service, packet.subtype:
            case housekeeping.SERVICE, (housekeeping.REPORT | housekeeping.TRACE):
                return self._structure(housekeeping.HousekeepingReport.unpack(packet.data))
            case events.SERVICE, subtype if subtype in SEVERITIES:
                return _event(events.EventReport.unpack(packet.data))
            case verification.SERVICE, subtype:
                return Verification.unpack(subtype, packet.data)
            case connection.SERVICE, connection.ALIVE:
                return Alive()
            case parameters.SERVICE, parameters.REPORT:
                return _parameters(parameters.ParameterReport.unpack(packet.data))
            case message if message in REPORT_BY_SERVICE:
                return self._report(REPORT_BY_SERVICE[message], packet.data)
        return Undecoded(why=f"TM[{packet.service},{packet.subtype}] is not in the dictionary")

    def _report(self, row: ReportRow, data: bytes) -> Content:
        values = decode_report(row.service, row.subtype, data)
        named = dict(zip((field.name for field in row.fields), values, strict=True))
        if row.name in ("structure_definition", "trace_definition") and str(named["structure"]).isdecimal():
            self.learn(int(named["structure"]), str(named["parameters"]).split(","))
        return Reported(name=row.name, values=named)

    def _structure(self, report: housekeeping.HousekeepingReport) -> Content:
        row = STRUCTURE_BY_ID.get(report.structure)
        if row is not None:
            name, values = row.name, decode_structure(row.id, report.row)
        elif report.structure in self._made_up:
            name, values = str(report.structure), decode_row(self._made_up[report.structure], report.row)
        else:
            return Undecoded(
                why=f"structure {report.structure} is not known; what it holds: penumbra gnd cmd send "
                f"describe_structure structure={report.structure}"
            )
        return Samples(structure=name, values=tuple(_sampled(*pair) for pair in values.items()))


def _quality(status: int) -> str:
    return TIME_QUALITIES[min(status, len(TIME_QUALITIES) - 1)]


def _parameters(report: parameters.ParameterReport) -> Content:
    samples = []
    for number, value in report.values:
        if (row := PARAMETER_BY_ID.get(number)) is None:
            return Undecoded(why=f"parameter {number} is not in the dictionary")
        place = -1 if value is None or not row.labels else int(value)
        shown = row.labels[place] if 0 <= place < len(row.labels) else value
        samples.append(_sampled(row.name, shown))
    return Samples(structure="", values=tuple(samples))


def _sampled(name: str, value: Value | None) -> Sampled:
    return Sampled(name=name, value=value, unit=PARAMETER_BY_NAME[name].unit)


def _event(report: events.EventReport) -> Content:
    row = EVENT_BY_ID.get(report.event)
    if row is None:
        return Undecoded(why=f"event {report.event} is not in the dictionary")
    values = decode_event(row.id, report.auxiliary)
    return Happened(
        name=row.name, severity=row.severity.name.lower(), values=values, text=event_text(row.name, values)
    )  # fmt: skip

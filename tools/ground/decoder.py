"""Octets of telemetry to what they mean: the one decoder, for the live link and for replay. No I/O, no clock.

Every record has when it was generated (on board, as UTC), when it was received, and how good the on-board time was.
Octets that cannot be decoded give an `Undecoded` and a count; nothing is raised.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsw.catalogue.events import EVENT_BY_ID, event_text
from fsw.catalogue.parameters import PARAMETER_BY_ID, PARAMETER_BY_NAME
from fsw.catalogue.structures import STRUCTURE_BY_ID
from fsw.catalogue.wire import Value, WireError, decode_event, decode_structure
from fsw.packets import connection, events, housekeeping, parameters, verification
from fsw.packets.errors import PacketError
from fsw.packets.pus import Telemetry
from fsw.packets.space_packet import COUNT_MODULUS
from fsw.packets.verification import Verification
from tools.ground.clock import utc_of_tai_ns

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
class Undecoded:
    """A packet, or octets, that the dictionary has no words for."""

    why: str


Content = Samples | Happened | Verification | Alive | Undecoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One packet as understood. Times are UTC nanoseconds since 1970; `missed` counts packets lost before it."""

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
        self.missed = 0
        self._expected: dict[int, int] = {}

    def decode(self, octets: bytes, received_ns: int) -> Record | Undecoded:
        """The record in `octets`; Undecoded where they are no telemetry packet."""
        try:
            packet = Telemetry.unpack(octets)
        except PacketError as error:
            self.bad += 1
            return Undecoded(why=str(error))
        self.packets += 1
        return Record(
            generated_ns=utc_of_tai_ns(packet.time.to_ns()),
            received_ns=received_ns,
            time_quality=TIME_QUALITIES[min(packet.time_status, len(TIME_QUALITIES) - 1)],
            apid=packet.apid,
            sequence=packet.sequence,
            service=packet.service,
            subtype=packet.subtype,
            missed=self._count_missed(packet),
            content=_content(packet),
        )

    def _count_missed(self, packet: Telemetry) -> int:
        """Packets lost before this one; one that comes late or twice counts none."""
        expected = self._expected.get(packet.apid, packet.sequence)
        missed = (packet.sequence - expected) % COUNT_MODULUS
        if missed >= COUNT_MODULUS // 2:
            return 0
        self._expected[packet.apid] = (packet.sequence + 1) % COUNT_MODULUS
        self.missed += missed
        return missed


def _content(packet: Telemetry) -> Content:
    try:
        match packet.service, packet.subtype:
            case housekeeping.SERVICE, housekeeping.REPORT:
                return _structure(housekeeping.HousekeepingReport.unpack(packet.data))
            case events.SERVICE, _:
                return _event(events.EventReport.unpack(packet.data))
            case verification.SERVICE, subtype:
                return Verification.unpack(subtype, packet.data)
            case connection.SERVICE, connection.ALIVE:
                return Alive()
            case parameters.SERVICE, parameters.REPORT:
                return _parameters(parameters.ParameterReport.unpack(packet.data))
    except (PacketError, WireError) as error:
        return Undecoded(why=f"TM[{packet.service},{packet.subtype}]: {error}")
    return Undecoded(why=f"TM[{packet.service},{packet.subtype}] is not in the dictionary")


def _structure(report: housekeeping.HousekeepingReport) -> Content:
    row = STRUCTURE_BY_ID.get(report.structure)
    if row is None:
        return Undecoded(why=f"structure {report.structure} is not in the dictionary")
    values = decode_structure(row.id, report.row)
    samples = tuple(_sampled(name, value) for name, value in values.items())
    return Samples(structure=row.name, values=samples)


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

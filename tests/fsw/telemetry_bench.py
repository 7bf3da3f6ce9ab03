"""A telemetry service on a bus, and the ground's end of its link; for the tests of telemetry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, CONTACT, PACKET
from fsw.catalogue.wire import Value, decode_event, decode_report, decode_structure
from fsw.keeping import StateFile
from fsw.messages import Command
from fsw.packets.events import EventReport
from fsw.packets.housekeeping import HousekeepingReport
from fsw.packets.pus import Telemetry
from fsw.packets.verification import Verification
from fsw.telemetry.as_flown import AsFlown
from fsw.telemetry.choices import Choices
from fsw.telemetry.contact import Contacts
from fsw.telemetry.service import TelemetryConfig, TelemetryService
from hal.clock import SECOND_NS, OnboardTime
from hal.ports.link import MemoryLink, memory_pair

START_TAI_NS = 2_173_824_037 * SECOND_NS
REQUEST = 0x1842C005
DEPTH = 4096


@dataclass
class Bench:
    """`said` are the packets for the packet stores, by their names."""

    bus: MemoryBus = field(default_factory=MemoryBus)
    config: TelemetryConfig = field(default_factory=TelemetryConfig)
    memory: StateFile[Choices] | None = None
    contacts: Contacts | None = None
    as_flown: AsFlown | None = None

    def __post_init__(self) -> None:
        flight, self.ground = memory_pair(DEPTH)
        self._stored = self.bus.subscribe(PACKET, "test", Policy.DROP_OLDEST, DEPTH)
        self.contact = self.bus.subscribe(CONTACT, "test", Policy.DROP_OLDEST, DEPTH)
        flown = self.as_flown
        self.service = TelemetryService(
            self.bus,
            flight,
            OnboardTime(tai_at_zero_ns=START_TAI_NS),
            self.config,
            {"command": lambda: {"accepted": 3}},
            memory=self.memory,
            contacts=self.contacts,
            as_flown=None if flown is None else lambda: flown,
        )
        self.now_s = 0

    def run(self, seconds: int, first: int | None = None) -> list[Telemetry]:
        """Step once a second; gives what the ground received."""
        for second in range(self.now_s if first is None else first, (self.now_s if first is None else first) + seconds):
            self.service.step(second * SECOND_NS)
            self.now_s = second + 1
        return received(self.ground)

    def do(self, name: str, *arguments: Value) -> list[Telemetry]:
        """Carry out a command in the next step; gives what the ground received in it."""
        self.bus.publish(COMMAND, command(name, *arguments))
        return self.run(1)

    def stored(self) -> list[tuple[str, Telemetry]]:
        """What went to the packet stores since the last call."""
        return [(packet.store, Telemetry.unpack(packet.octets)) for packet in self._stored.drain()]


def command(name: str, *arguments: Value) -> Command:
    return Command(time_ns=0, name=name, arguments=arguments, request=REQUEST, ack=0xF, source=0)


def octets_of(link: MemoryLink) -> Iterator[bytes]:
    while (datagram := link.receive()) is not None:
        yield datagram


def received(link: MemoryLink) -> list[Telemetry]:
    """The packets with a secondary header: neither time nor files."""
    return [Telemetry.unpack(octets) for octets in octets_of(link) if octets[0] & 0x08]


def kinds(packets: list[Telemetry]) -> list[tuple[int, int]]:
    return [(packet.service, packet.subtype) for packet in packets]


def rows(packets: list[Telemetry], number: int) -> list[dict[str, Value | None]]:
    reports = [HousekeepingReport.unpack(packet.data) for packet in packets if packet.service == 3]
    return [decode_structure(number, report.row) for report in reports if report.structure == number]


def events(packets: list[Telemetry]) -> list[tuple[int, tuple[Value, ...]]]:
    reports = [EventReport.unpack(packet.data) for packet in packets if packet.service == 5]
    return [(report.event, decode_event(report.event, report.auxiliary)) for report in reports]


def reports(packets: list[Telemetry], service: int, subtype: int) -> list[tuple[Value, ...]]:
    wanted = [packet for packet in packets if (packet.service, packet.subtype) == (service, subtype)]
    return [decode_report(service, subtype, packet.data) for packet in wanted]


def failure(packets: list[Telemetry]) -> tuple[int, tuple[float, ...]] | None:
    """The failure code, and its values, of the command in `packets`; None when it was completed."""
    found = [Verification.unpack(packet.subtype, packet.data) for packet in packets if packet.service == 1]
    assert found, "nothing was said of the command"
    failed = [report for report in found if report.is_failure]
    assert failed or found[-1].subtype == 7
    return (failed[0].code, failed[0].values) if failed else None

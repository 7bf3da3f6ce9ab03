"""The disk fails in flight: commands complete, telemetry flows, jobs run, nothing vanishes uncounted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest

from fsw.bus.contract import Subscription
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, EVENT, JOB_REPORT, PACKET
from fsw.catalogue.failures import FAILURE_BY_CODE
from fsw.messages import Command, CommandReport, Event, JobReport, JobState, Stage, TelemetryPacket
from fsw.store.archive import STORES
from fsw.store.packets import PacketStore
from hal.clock import SECOND_NS
from sim.scenario import load_scenario
from tests.fsw.failing_disk import FAILURES, FailingDisk
from tools.flight.loop import Options, VirtualFlight

FAILS_S, BACK_S, END_S = 120, 420, 900
PING_S = 30


@dataclass(slots=True)
class Watch:
    """What a flight said, seen on its bus."""

    bus: MemoryBus
    reports: Subscription[CommandReport] = field(init=False)
    events: Subscription[Event] = field(init=False)
    packets: Subscription[TelemetryPacket] = field(init=False)
    jobs: Subscription[JobReport] = field(init=False)
    completed: dict[int, str] = field(default_factory=dict)  # label of the failure by request, "" for success

    def __post_init__(self) -> None:
        self.reports = self.bus.subscribe(COMMAND_REPORT, "watch", depth=10_000)
        self.events = self.bus.subscribe(EVENT, "watch", depth=10_000)
        self.packets = self.bus.subscribe(PACKET, "watch", depth=10_000)
        self.jobs = self.bus.subscribe(JOB_REPORT, "watch", depth=10_000)

    def send(self, request: int, name: str, *arguments: str | float) -> None:
        self.bus.publish(COMMAND, Command(time_ns=0, name=name, arguments=arguments, request=request, ack=15, source=1))

    def note(self) -> None:
        for report in self.reports.drain():
            if report.code or report.stage is Stage.COMPLETED:
                self.completed[report.request] = FAILURE_BY_CODE[report.code].label if report.code else ""


def fly(failure: str) -> tuple[Watch, FailingDisk]:
    """A flight whose disk fails from FAILS_S to BACK_S; the request of each command is the second it was sent in."""
    flight = VirtualFlight(load_scenario("default"), Options(execute=False, duration_s=float(END_S)))
    flight._disk = disk = FailingDisk()
    watch: Watch | None = None
    for tick_ns in flight.ticks():
        second = tick_ns // SECOND_NS
        if watch is None:
            assert isinstance(flight._bus, MemoryBus)
            watch = Watch(flight._bus)
        disk.failure = failure if FAILS_S <= second < BACK_S else ""
        if second % PING_S == 1:
            watch.send(second, "ping")
        if second in (FAILS_S + 50, BACK_S + 300):
            watch.send(second, "submit_job", "cloud", "scene:1", 1.0, 300.0)
        watch.note()
    assert watch is not None
    return watch, disk


@pytest.mark.parametrize("failure", FAILURES)
def test_a_disk_that_fails_for_minutes_costs_no_command_no_packet_and_no_job(failure: str) -> None:
    watch, disk = fly(failure)
    assert {label for second, label in watch.completed.items() if second % PING_S == 1} == {""}
    assert sum(second % PING_S == 1 for second in watch.completed) == END_S // PING_S
    assert watch.completed[FAILS_S + 50] == "store_degraded"
    assert watch.completed[BACK_S + 300] == ""

    told = Counter(event.name for event in watch.events.drain())
    assert told["store_degraded"] == told["store_back"] == 2  # the recorder and the archive

    ended = [report for report in watch.jobs.drain() if report.state is JobState.DONE]
    assert any(FAILS_S < report.time_ns / SECOND_NS < BACK_S for report in ended)

    packets = watch.packets.drain()
    assert any(FAILS_S < packet.time_ns / SECOND_NS < BACK_S for packet in packets)
    for size in STORES:
        store = PacketStore(disk, size.name, size.segment_bytes, size.segments)
        store.commit()
        sent = [packet.octets for packet in packets if packet.store == size.name]
        assert store.lost == 0
        kept = content(store)
        assert kept[len(kept) - len(sent) :] == sent  # what came before this test listened is there too


def content(store: PacketStore) -> list[bytes]:
    number, found = 0, []
    while packets := store.read(number):
        found += [packet.octets for packet in packets]
        number = packets[-1].number + 1
    return found


def test_what_was_stored_before_the_power_went_comes_down_after_it() -> None:
    flight = VirtualFlight(load_scenario("guest"), Options(execute=False, duration_s=5_990.0))
    heard: list[bytes] = []
    flight.hear = heard.append
    stored: list[bytes] = []
    packets: Subscription[TelemetryPacket] | None = None
    again = 0
    for tick_ns in flight.ticks():
        assert flight._bus is None or isinstance(flight._bus, MemoryBus)
        if packets is None and flight._bus is not None:
            packets = flight._bus.subscribe(PACKET, "watch", depth=10_000)
        if flight.boots == 1 and packets is not None:
            stored += [packet.octets for packet in packets.drain() if packet.store == "housekeeping"]
        if tick_ns == 5_930 * SECOND_NS and flight._bus is not None:
            again = len(heard)
            arguments = ("housekeeping", 0, 1 << 62)
            command = Command(time_ns=0, name="retrieve_range", arguments=arguments, request=7, ack=15, source=1)
            flight._bus.publish(COMMAND, command)
    assert flight.boots == 2
    came_back = [packet for packet in heard[again:] if packet in set(stored)]
    assert came_back == stored
    assert len(stored) > 1000

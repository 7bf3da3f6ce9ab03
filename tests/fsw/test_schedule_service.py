"""The schedule on the bus and on a disk: answered when durable, released once, whatever moment the power goes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count as count_up

import pytest

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, EVENT, PARAMETER, REPORT, STORED_COMMAND
from fsw.carried import carry, key_of
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.failures import failure_code
from fsw.catalogue.wire import Value, decode_arguments, encode_arguments, encode_event, encode_report
from fsw.messages import Command, Event, ParameterSet, Stage
from fsw.mission import Mission, load_mission
from fsw.packets.pus import Telecommand
from fsw.schedule.activity import ScheduleState
from fsw.schedule.almanac import Almanac
from fsw.schedule.service import ScheduleService
from fsw.store.state import NamedState
from hal.clock import SECOND_NS, OnboardTime, TimeQuality
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason
from tests.fsw.autonomy_bench import CuttingDisk, PowerCut

MISSION = load_mission("owned.toml")
BLIND = load_mission("hosted.toml")  # is told no orbit
EPOCH_NS = MISSION.epoch_tai_ns()
DONE = [(Stage.STARTED, 0), (Stage.COMPLETED, 0)]


class Flight:
    """The service on a disk, with the test as ground and as command service."""

    def __init__(self, disk: MemoryDisk | None = None, mission: Mission = MISSION, depth: int = 64) -> None:
        self.disk = disk or MemoryDisk()
        self.bus = MemoryBus()
        self.time = OnboardTime(tai_at_zero_ns=EPOCH_NS)
        self.reports = self.bus.subscribe(COMMAND_REPORT, "telemetry", depth=2048)
        self.data = self.bus.subscribe(REPORT, "telemetry", depth=64)
        self.events = self.bus.subscribe(EVENT, "telemetry", depth=1024)
        self.stored = self.bus.subscribe(STORED_COMMAND, "command", Policy.MUST_DELIVER, depth=depth)
        file = NamedState(self.disk, "schedule", ScheduleState())
        self.service = ScheduleService(self.bus, self.time, Almanac(mission), file)
        self.now_s = 0
        self._requests = count_up(1)

    def send(self, name: str, *values: Value) -> int:
        """A command as it comes off the link."""
        request = next(self._requests)
        arguments = decode_arguments(name, encode_arguments(name, values))
        command = Command(
            time_ns=self.now_s * SECOND_NS, name=name, arguments=arguments, request=request, ack=15, source=0
        )
        assert COMMAND_BY_NAME[name].owner == "schedule"
        self.bus.publish(COMMAND, command)
        return request

    def plan(self, count: int, at_s: float, sub_schedule: int = 0) -> int:
        release_ns = self.time.tai_at_zero_ns + int(at_s * SECOND_NS)
        return self.send("schedule_command", sub_schedule, release_ns, carry("ping", (), count).hex())

    def until(self, now_s: int) -> list[int]:
        """Step second by second; the sequence counts released."""
        released = []
        while self.now_s < now_s:
            self.now_s += 1
            self.service.step(self.now_s * SECOND_NS)
            released += [key_of(message.packet).sequence for message in self.stored.drain()]
        return released

    def answers(self, request: int) -> list[tuple[Stage, int]]:
        return [(report.stage, report.code) for report in self.reports.drain() if report.request == request]

    def told(self) -> list[tuple[str, tuple[Value, ...]]]:
        """Reports, which the dictionary must be able to write."""
        reports = self.data.drain()
        assert all(encode_report(report.name, report.values) for report in reports)
        return [(report.name, report.values) for report in reports]

    def news(self) -> list[Event]:
        events = self.events.drain()
        for event in events:
            encode_event(event.name, event.values)
        return events


def refused(label: str) -> list[tuple[Stage, int]]:
    return [(Stage.STARTED, failure_code(label))]


def test_a_command_is_released_at_its_time_and_named_by_its_packet() -> None:
    flight = Flight()
    request = flight.plan(5, at_s=10.0)
    assert flight.until(9) == []
    assert flight.answers(request) == DONE
    assert flight.until(10) == [5]
    events = [(event.name, event.values) for event in flight.news()]
    assert events == [("activity_released", (0xFFFF, 0x42, 5, 0.0))]
    assert flight.service.counts() == {"released": 1, "skipped": 0, "in_doubt": 0, "waiting": 0}


def test_it_is_durable_before_it_is_answered() -> None:
    disk = CuttingDisk(cut=0)
    flight = Flight(disk)
    request = flight.plan(5, at_s=10.0)
    with pytest.raises(PowerCut):
        flight.until(1)
    assert flight.answers(request) == []
    again = Flight(disk)
    assert len(again.service.schedule) == 0


def test_what_the_disk_does_not_take_is_not_scheduled_but_the_schedule_can_be_stopped() -> None:
    flight = Flight()
    flight.plan(1, at_s=10.0)
    flight.until(1)
    flight.disk.fault = Reason.BUS
    refused_request = flight.plan(2, at_s=10.0)
    stop_request = flight.send("disable_schedule")
    flight.until(10)
    reports = flight.reports.drain()
    degraded = (Stage.COMPLETED, failure_code("store_degraded"))
    for request in (refused_request, stop_request):
        mine = [(report.stage, report.code) for report in reports if report.request == request]
        assert mine == [(Stage.STARTED, 0), degraded]
    events = [event.name for event in flight.news()]
    assert events.count("store_degraded") == 1 and "activity_skipped" in events
    flight.disk.fault = None
    flight.until(40)
    assert [event.name for event in flight.news()] == ["store_back"]


def test_while_the_disk_fails_what_is_scheduled_is_released_from_memory() -> None:
    flight = Flight()
    flight.plan(1, at_s=10.0)
    flight.until(1)
    flight.disk.fault = Reason.BUS
    assert flight.until(12) == [1]


@pytest.mark.parametrize(
    ("name", "values", "label"),
    [
        ("schedule_command", (0, EPOCH_NS - 1, carry("ping", (), 1).hex()), "too_late"),
        ("schedule_command", (0, EPOCH_NS + 1, "1842c00500062f110100009d76"), ""),
        ("schedule_command", (0, EPOCH_NS + 1, Telecommand(0x42, 1, 238, 1).pack().hex()), "unknown_service"),
        ("schedule_command", (0, EPOCH_NS + 1, Telecommand(0x43, 1, 17, 1).pack().hex()), "wrong_apid"),
        ("schedule_command", (0, EPOCH_NS + 1, Telecommand(0x42, 1, 17, 1, b"?").pack().hex()), "bad_argument"),
        ("shift_schedule", (-1,), ""),
        ("schedule_at", ("eclipse_entry", 1, -86_400, 0, carry("ping", (), 1).hex()), "too_late"),
        ("delete_scheduled", (1, 2, 3), "no_such_activity"),
        ("describe_scheduled", (1, 2, 3), "no_such_activity"),
    ],
)
def test_a_refusal_says_why(name: str, values: tuple[Value, ...], label: str) -> None:
    flight = Flight()
    request = flight.send(name, *values)
    flight.service.step(0)
    assert flight.answers(request) == (refused(label) if label else DONE)


def test_the_schedule_can_be_listed_whole_however_long_it_is() -> None:
    flight = Flight()
    for count in range(200):
        flight.plan(count, at_s=1000.0 + count)
        if count % 50 == 49:
            flight.until(flight.now_s + 1)
    flight.reports.drain()
    request = flight.send("summarise_schedule")
    seen = []
    for second in range(5, 12):
        flight.until(second)
        seen += flight.told()
    assert [values[-1] for name, values in seen if name == "scheduled_summary"] == list(range(200))
    assert flight.answers(request) == DONE
    flight.send("describe_scheduled", 0xFFFF, 0x42, 7)
    flight.until(13)
    assert flight.told() == [("scheduled_command", (0, EPOCH_NS + 1007 * SECOND_NS, carry("ping", (), 7).hex()))]


def test_without_the_time_nothing_is_released_and_it_says_so() -> None:
    flight = Flight()
    flight.plan(1, at_s=30.0)
    flight.until(1)
    flight.time.quality = TimeQuality.UNKNOWN
    assert flight.until(60) == []
    assert [event.name for event in flight.news()] == ["schedule_waits"]
    flight.time.quality = TimeQuality.FREE_RUNNING
    assert flight.until(72) == [1]
    assert [event.name for event in flight.news()] == ["schedule_goes_on", "activity_released"]


def test_how_late_an_activity_may_be_is_a_setting_that_stays() -> None:
    flight = Flight()
    flight.bus.publish(PARAMETER, ParameterSet(time_ns=0, name="schedule_late_s", value=3600.0))
    flight.plan(1, at_s=100.0)
    flight.until(20)
    again = Flight(flight.disk)
    again.now_s = 2000
    assert again.until(2001) == [1]


def test_a_command_path_that_is_full_delays_and_loses_nothing() -> None:
    flight = Flight(depth=2)
    for count in range(10):
        flight.plan(count, at_s=5.0)
    assert flight.until(15) == list(range(10))


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("cut", range(8))
def test_a_power_cut_at_any_write_releases_nothing_twice_and_loses_nothing_in_silence(
    cut: int, is_written: bool
) -> None:
    disk = CuttingDisk(cut, is_written)
    first = Flight(disk)
    requests = {count: first.plan(count, at_s=3.0 * count) for count in (1, 2, 3)}
    released: list[int] = []
    try:
        for second in range(1, 12):
            if second == 7:
                requests |= {count: first.plan(count, at_s=9.0) for count in (4, 5)}
            released += first.until(second)
    except PowerCut:
        pass
    answered = {report.request for report in first.reports.drain() if report.stage is Stage.COMPLETED}
    assert disk.writes == min(cut + 1, 7)  # the last time nothing happens
    disk.cut = -1
    second_flight = Flight(disk)
    second_flight.now_s = first.now_s
    again = second_flight.until(first.now_s + 20)
    doubtful = [event.values[2] for event in second_flight.news() if event.name == "activity_in_doubt"]
    ended = released + again
    assert len(set(ended)) == len(ended)
    for count, request in requests.items():
        if request in answered:
            assert count in ended or count in doubtful
    assert len(second_flight.service.schedule) == 0


def _cannot_read(disk: MemoryDisk) -> None:
    for name in ("state/schedule.0", "state/schedule.1"):
        content = bytearray(disk.read_file(name) or b"")
        content[-1] ^= 1
        disk.write_file_atomic(name, bytes(content))


def _newest_is_damaged(disk: MemoryDisk) -> None:
    name = max(("state/schedule.0", "state/schedule.1"), key=lambda file: (disk.read_file(file) or b"")[:14])
    content = bytearray(disk.read_file(name) or b"")
    content[-1] ^= 1
    disk.write_file_atomic(name, bytes(content))


@pytest.mark.parametrize(("damage", "left"), [(_newest_is_damaged, 1), (_cannot_read, 0)])
def test_an_older_copy_releases_nothing_that_may_have_been_released(
    damage: Callable[[MemoryDisk], None], left: int
) -> None:
    flight = Flight()
    flight.plan(1, at_s=3.0)
    flight.plan(2, at_s=60.0)
    flight.until(2)
    flight.plan(3, at_s=90.0)
    flight.until(3)  # the older of two copies has activity 1 still waiting
    damage(flight.disk)
    again = Flight(flight.disk)
    again.now_s = 4
    assert 1 not in again.until(62)
    assert (2 in [event.values[2] for event in again.news() if event.name == "activity_released"]) == bool(left)


def test_without_an_orbit_there_is_no_forecast() -> None:
    flight = Flight(mission=BLIND)
    packet = carry("hold_jobs", (), 1).hex()
    requests = [flight.send("schedule_at", moment, 1, 0, 0, packet) for moment in ("eclipse_entry", "pass_start")]
    flight.until(1)
    reports = flight.reports.drain()
    assert [report.code for report in reports] == 2 * [failure_code("no_forecast")]
    assert [report.request for report in reports] == requests

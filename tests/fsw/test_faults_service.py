"""The fault table on the bus: what a value or an event sets off without the ground, and what the ground may change."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import count as count_up

import pytest

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import (
    BUS_STATUS,
    COMMAND,
    COMMAND_REPORT,
    EVENT,
    HEARTBEAT,
    HOST,
    JOB_REPORT,
    MODE,
    PARAMETER,
    PLANT,
    REPORT,
    SAMPLES,
    STORED_COMMAND,
)
from fsw.carried import carry, check_carried
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.failures import failure_code
from fsw.catalogue.wire import Value, decode_arguments, encode_arguments, encode_event, encode_report
from fsw.faults.defaults import default_table
from fsw.faults.service import FaultService
from fsw.faults.table import FaultState
from fsw.messages import (
    BusStatus,
    Command,
    Event,
    Heartbeat,
    HostStatus,
    JobReport,
    JobState,
    ModeStatus,
    ParameterSet,
    SampleBatch,
    Stage,
)
from fsw.mission import load_mission
from fsw.store.state import NamedState
from hal.clock import SECOND_NS, OnboardTime
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Missing, Reading, Reason
from tests.fsw.autonomy_bench import PLANT_NOW, CuttingDisk, PowerCut

MISSION = load_mission("owned.toml")
HOT_C = 50.0
DONE = [(Stage.STARTED, 0), (Stage.COMPLETED, 0)]
INFINITE = math.inf
HOLD = carry("hold_jobs", (), 77).hex()
APID = 0x42


class Flight:
    """The service with its table on a disk; the test is sensing, ground and command service."""

    def __init__(self, disk: MemoryDisk | None = None, table: FaultState | None = None, depth: int = 64) -> None:
        self.disk = disk or MemoryDisk()
        self.bus = MemoryBus()
        self.reports = self.bus.subscribe(COMMAND_REPORT, "telemetry", depth=1024)
        self.data = self.bus.subscribe(REPORT, "telemetry", depth=64)
        self.events = self.bus.subscribe(EVENT, "telemetry", depth=1024)
        self.stored = self.bus.subscribe(STORED_COMMAND, "command", Policy.MUST_DELIVER, depth=depth)
        file = NamedState(self.disk, "faults", default_table(MISSION) if table is None else table)
        self.service = FaultService(self.bus, OnboardTime(tai_at_zero_ns=MISSION.epoch_tai_ns()), file)
        self.now_s = 0
        self._requests = count_up(1)

    def send(self, name: str, *values: Value) -> int:
        request = next(self._requests)
        arguments = decode_arguments(name, encode_arguments(name, values))
        now_ns = self.now_s * SECOND_NS
        assert COMMAND_BY_NAME[name].owner == "faults"
        self.bus.publish(
            COMMAND, Command(time_ns=now_ns, name=name, arguments=arguments, request=request, ack=15, source=0)
        )
        return request

    def obeyed(self, name: str, *values: Value) -> None:
        """Send a command that must be carried out, and take its step."""
        request = self.send(name, *values)
        self.step()
        assert self.answers(request) == DONE

    def step(self, seconds: int = 1, temp_c: float | None = 20.0, **plant: float | None) -> list[str]:
        """Second by second with a plant message in each; the commands sent in response."""
        sent: list[str] = []
        for _ in range(seconds):
            self.now_s += 1
            now_ns = self.now_s * SECOND_NS
            self.bus.publish(PLANT, replace(PLANT_NOW, time_ns=now_ns, payload_temp_c=temp_c, **plant))  # type: ignore[arg-type]
            self.service.step(now_ns)
            for message in self.stored.drain():
                assert message.origin == "response"
                sent.append(check_carried(message.packet, 0))
        return sent

    def answers(self, request: int) -> list[tuple[Stage, int]]:
        return [(report.stage, report.code) for report in self.reports.drain() if report.request == request]

    def told(self, name: str) -> list[tuple[Value, ...]]:
        reports = self.data.drain()
        assert all(encode_report(report.name, report.values) for report in reports)
        return [report.values for report in reports if report.name == name]

    def news(self) -> list[Event]:
        events = self.events.drain()
        for event in events:
            encode_event(event.name, event.values)
        return events


def test_a_payload_that_is_too_hot_sheds_its_load_without_the_ground() -> None:
    flight = Flight()
    assert flight.step(10) == []
    assert flight.step(4, HOT_C) == ["hold_jobs"]
    names = [event.name for event in flight.news()]
    assert names == ["payload_too_hot", "response_fired"]
    transitions = flight.told("monitor_transition")
    payload = [values[4:6] for values in transitions if values[0] == 1]
    assert payload == [("unchecked", "within"), ("within", "above")]
    assert flight.step(60, HOT_C) == []
    assert flight.service.counts() == {"trips": 1, "fired": 1, "passive": 0, "held_back": 0, "violated": 1}


def test_in_passive_mode_the_table_only_says_so() -> None:
    flight = Flight()
    flight.bus.publish(PARAMETER, ParameterSet(time_ns=0, name="responses_passive", value=1.0))
    assert flight.step(20, HOT_C) == []
    fired = [event.values for event in flight.news() if event.name == "response_fired"]
    assert fired == [("payload_too_hot", "hold_jobs", "is passive and was not sent")]
    again = Flight(flight.disk)
    assert again.step(20, HOT_C) == []


def test_a_value_that_flaps_cannot_flood_the_command_path() -> None:
    flight = Flight()
    sent = []
    for _ in range(600):
        sent += flight.step(3, HOT_C) + flight.step(3, 20.0)
    assert 3 < len(sent) < 12
    assert flight.service.counts()["trips"] == 600
    held_back = [event for event in flight.news() if event.name == "response_held_back"]
    assert 0 < len(held_back) < 12


def test_losing_the_sensor_does_not_clear_what_builds_up_and_long_silence_counts_as_too_hot() -> None:
    flight = Flight()
    flight.step(10)
    assert flight.step(2, HOT_C) == []
    assert flight.step(890, None) == []
    assert flight.step(20, None) == ["hold_jobs"]
    told = [event.values[2] for event in flight.news() if event.name == "payload_too_hot"]
    assert told == ["above"]


def test_every_event_of_every_service_may_have_a_response() -> None:
    flight = Flight(table=FaultState())
    for event in ("host_silent", "job_failed"):
        flight.obeyed("add_response", APID, event, carry("dump_counts", (), 5).hex())
        flight.obeyed("enable_response", APID, event)
    flight.bus.publish(EVENT, Event(time_ns=0, name="host_silent", values=(30.0,)))
    assert flight.step() == ["dump_counts"]
    report = JobReport(time_ns=0, job_id=1, kind="k", model="m", state=JobState.FAILED)
    flight.bus.publish(JOB_REPORT, report)
    assert flight.step() == ["dump_counts"]
    flight.obeyed("disable_response", APID, "host_silent")
    flight.bus.publish(EVENT, Event(time_ns=0, name="host_silent", values=(30.0,)))
    assert flight.step(100) == []


def test_all_responses_can_be_stopped_and_what_was_held_back_then_is_forgotten() -> None:
    flight = Flight()
    flight.bus.publish(EVENT, Event(time_ns=0, name="store_degraded", values=("full",)))
    assert flight.step() == ["dump_counts"]
    flight.bus.publish(EVENT, Event(time_ns=0, name="store_degraded", values=("full",)))
    flight.obeyed("disable_responses")
    flight.obeyed("enable_responses")
    assert flight.step(100) == []


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ((9, "soc", 1, 0.2, "", 0.1, "", 0.0, 0.0), "bad_argument"),
        ((9, "soc", 1, 0.2, "", 0.3, "", 0.0, 0.5), "bad_argument"),
        ((9, "soc", 1, 0.2, "mode_changed", 0.3, "", 0.0, 0.0), "bad_argument"),
        ((9, "queue_bound_by", 1, 0.2, "", 0.3, "", 0.0, 0.0), "not_reportable"),
        ((1, "soc", 1, 0.2, "", 0.3, "", 0.0, 0.0), "monitor_exists"),
    ],
)
def test_a_watchpoint_that_cannot_work_is_refused(values: tuple[Value, ...], label: str) -> None:
    flight = Flight()
    request = flight.send("add_monitor", *values)
    flight.step()
    assert flight.answers(request) == [(Stage.STARTED, failure_code(label))]


def test_the_ground_adds_a_watchpoint_with_a_response_of_its_own_and_both_outlive_the_power() -> None:
    flight = Flight()
    flight.obeyed("add_monitor", 100, "soc", 2, 0.85, "watchpoint_1", INFINITE, "", 0.0, 0.02)
    flight.obeyed("add_response", APID, "watchpoint_1", carry("set_mode", ("SAFE",), 4).hex())
    assert flight.step(10, soc=0.8) == []
    flight.obeyed("enable_monitor", 100)
    flight.obeyed("enable_response", APID, "watchpoint_1")
    again = Flight(flight.disk)
    assert again.step(10, soc=0.8)[0] == "set_mode"
    again.obeyed("modify_monitor", 100, "soc", 2, 0.1, "watchpoint_1", INFINITE, "", 0.0, 0.02)
    again.data.drain()
    again.obeyed("describe_monitor", 100)
    row = (100, "soc", 2, 0.1, "watchpoint_1", INFINITE, "", 0.0, 0.02, "yes")
    assert again.told("monitor_definition") == [row]
    again.obeyed("delete_monitor", 100)
    request = again.send("describe_monitor", 100)
    again.step()
    assert again.answers(request) == [(Stage.STARTED, failure_code("no_such_monitor"))]


def test_the_whole_table_can_be_listed() -> None:
    flight = Flight()
    flight.step(20, HOT_C)
    flight.told("")
    for question in ("report_monitors", "report_responses", "describe_responses"):
        flight.obeyed(question)
    flight.obeyed("disable_monitoring")
    flight.obeyed("report_monitors")
    reports = [(report.name, report.values) for report in flight.data.drain()]
    statuses = [values for name, values in reports if name == "monitor_status"]
    assert statuses[0] == (1, "above", 1)
    assert {values[1] for values in statuses[len(statuses) // 2 :]} == {"disabled"}
    fired = {values[1]: values[3] for name, values in reports if name == "response_status"}
    assert fired["payload_too_hot"] == 1 and fired["battery_too_low"] == 0
    packets = [values[3] for name, values in reports if name == "response_definition"]
    assert check_carried(bytes.fromhex(str(packets[0])), 0) == "hold_jobs"
    assert flight.step(30, HOT_C) == []


def test_values_come_from_every_kind_of_message() -> None:
    flight = Flight(table=FaultState())
    rows = [
        ("battery_temp_c", 0.0, 50.0),
        ("host_safing", -INFINITE, 0.5),
        ("mode", -INFINITE, 3.5),
        ("commands_refused", -INFINITE, 5.0),
        ("services_silent", -INFINITE, 0.5),
        ("temp_margin_c", 2.0, INFINITE),
    ]
    for number, (parameter, low, high) in enumerate(rows, start=1):
        flight.obeyed("add_monitor", number, parameter, 1, low, "", high, "", 0.0, 0.0)
        flight.obeyed("enable_monitor", number)
    hot = Reading(channel="battery_temp_c", time_ns=0, value=60.0)
    gone = Missing(channel="payload_temp_c", time_ns=0, reason=Reason.BUS)
    flight.bus.publish(SAMPLES, SampleBatch(time_ns=0, samples=(hot, gone)))
    flight.bus.publish(HOST, HostStatus(time_ns=0, heartbeat_ns=0, safing=True))
    flight.bus.publish(
        MODE, ModeStatus(time_ns=0, mode="SAFE", previous="NOMINAL", who="host", why="", exit_condition="")
    )
    flight.bus.publish(BUS_STATUS, BusStatus(time_ns=0, process="comms", counters=(("command", "refused", 6),)))
    flight.bus.publish(PARAMETER, ParameterSet(time_ns=0, name="temp_margin_c", value=1.0))
    flight.bus.publish(HEARTBEAT, Heartbeat(time_ns=0, service="plan", steps=1))
    flight.step(60)
    flight.told("")
    flight.obeyed("report_monitors")
    assert [values[1] for values in flight.told("monitor_status")] == 5 * ["above"] + ["below"]


def test_what_the_disk_does_not_take_holds_until_the_power_goes() -> None:
    flight = Flight()
    flight.step()
    flight.disk.fault = Reason.BUS
    request = flight.send("disable_monitor", 1)
    flight.step()
    assert flight.answers(request) == [(Stage.STARTED, 0), (Stage.COMPLETED, failure_code("store_degraded"))]
    assert flight.step(20, HOT_C) == ["dump_counts"]
    flight.disk.fault = None
    flight.step(20)
    assert Flight(flight.disk).step(20, HOT_C) == []


@pytest.mark.parametrize("is_written", [False, True])
@pytest.mark.parametrize("cut", range(4))
def test_what_was_answered_outlives_a_power_cut_at_any_write(cut: int, is_written: bool) -> None:
    disk = CuttingDisk(cut, is_written)
    flight = Flight(disk)
    requests = {}
    try:
        for number in (100, 101, 102, 103):
            requests[number] = flight.send("add_monitor", number, "soc", 2, 0.85, "", INFINITE, "", 0.0, 0.02)
            flight.step()
    except PowerCut:
        pass
    done = {report.request for report in flight.reports.drain() if report.stage is Stage.COMPLETED}
    assert len(done) == cut
    disk.cut = -1
    known = set(Flight(disk).service.table.watches)
    assert {number for number, request in requests.items() if request in done} <= known


def test_a_table_that_cannot_be_read_is_told_and_the_shipped_one_serves() -> None:
    flight = Flight()
    flight.obeyed("disable_monitoring")
    for name in ("state/faults.0", "state/faults.1"):
        flight.disk.write_file_atomic(name, b"damaged")
    again = Flight(flight.disk)
    assert again.step(10, HOT_C) == ["hold_jobs"]
    assert again.news()[0].name == "fault_table_damaged"


def test_a_command_path_that_is_full_delays_a_response() -> None:
    flight = Flight(depth=1)
    for event in ("store_degraded", "service_failed"):
        flight.bus.publish(EVENT, Event(time_ns=0, name=event, values=("x", "y")))
    assert flight.step(1) == ["dump_counts"]
    assert flight.step(1) == ["set_mode"]


def test_a_packet_that_is_no_command_of_ours_is_no_response() -> None:
    flight = Flight()
    request = flight.send("add_response", APID, "", HOLD)
    flight.step()
    assert flight.answers(request) == [(Stage.STARTED, failure_code("bad_argument"))]

"""What the ground chose of telemetry: events (ST05), forwarding (ST14), time packets (ST09); and over a restart."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.bus.topics import BUS_STATUS, COMMAND, EVENT, JOB_REPORT, PARAMETER, RECOVERED, REPORT
from fsw.catalogue.check import example
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.failures import failure_code
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.rows import Wire
from fsw.catalogue.structures import STRUCTURES
from fsw.catalogue.wire import WireError, decode_arguments, encode_arguments
from fsw.messages import BusStatus, Event, JobReport, JobState, ParameterSet, RecoveredJobs, Report
from fsw.packets.parameters import ParameterReport
from fsw.packets.time_report import TimeReport
from fsw.store.state import NamedState
from fsw.telemetry.as_flown import AsFlown
from fsw.telemetry.choices import Choices, Created
from fsw.telemetry.desk import OWN_COMMANDS
from fsw.telemetry.filters import Forwarding
from fsw.telemetry.service import TelemetryConfig
from hal.clock import SECOND_NS, TimeQuality
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason
from tests.fsw.telemetry_bench import START_TAI_NS, Bench, command, events, failure, kinds, octets_of, reports, rows

UPSET = Event(time_ns=0, name="upset_detected", values=(1, 1))
TRIP = Event(time_ns=0, name="guard_trip", values=("payload_temp_c", 46.0, 45.0))
UPSET_ID, TRIP_ID = EVENT_BY_NAME["upset_detected"].id, EVENT_BY_NAME["guard_trip"].id
HELD_BACK = EVENT_BY_NAME["events_held_back"].id
UNSAVED = EVENT_BY_NAME["telemetry_unsaved"].id
PARAMETER_NAMES = st.sampled_from(sorted(PARAMETER_BY_NAME))
NUMBERS = st.integers(0, 2**16)
VALUES = {
    Wire.U8: st.integers(0, 255),
    Wire.U16: st.integers(95, 110),
    Wire.U32: NUMBERS,
    Wire.LABEL: st.sampled_from([row.name for row in STRUCTURES]),
    Wire.PARAMETER: PARAMETER_NAMES,
    Wire.PARAMETERS: st.lists(PARAMETER_NAMES, max_size=5).map(",".join),
    Wire.EVENT: st.sampled_from(sorted(EVENT_BY_NAME)),
    Wire.STRUCTURE: st.sampled_from([*(row.name for row in STRUCTURES), *map(str, range(95, 110))]),
    Wire.NUMBERS: st.lists(st.integers(0, 255).map(str), max_size=5).map(",".join),
}


@dataclass
class Board:
    """A disk that outlives the telemetry service."""

    disk: MemoryDisk = field(default_factory=MemoryDisk)

    def boot(self) -> Bench:
        return Bench(memory=NamedState(self.disk, "telemetry", Choices()))


def numbers(bench: Bench, *happened: Event) -> list[int]:
    for event in happened:
        bench.bus.publish(EVENT, event)
    return [number for number, _ in events(bench.run(1))]


# events


def test_a_disabled_event_is_counted_and_neither_sent_nor_stored() -> None:
    bench = Bench()
    bench.do("disable_event", "upset_detected")
    bench.stored()
    assert numbers(bench, UPSET, TRIP) == [TRIP_ID]
    assert len([1 for store, _ in bench.stored() if store == "events"]) == 1
    assert bench.service.counts()["events_disabled"] == 1
    bench.do("enable_event", "upset_detected")
    assert numbers(bench, UPSET) == [UPSET_ID]


def test_an_event_of_high_severity_is_not_silent_even_when_it_is_disabled() -> None:
    bench = Bench(config=TelemetryConfig(window_s=10.0))
    bench.do("disable_event", "guard_trip")
    bench.do("disable_event", "upset_detected")
    bench.do("disable_event", "events_held_back")
    assert numbers(bench, TRIP, TRIP, UPSET) == []
    assert events(bench.run(10)) == [(HELD_BACK, ("guard_trip", 2))]
    assert events(bench.run(20)) == []


def test_the_disabled_events_are_listed() -> None:
    bench = Bench()
    assert reports(bench.do("list_disabled_events"), 5, 8) == [("",)]
    bench.do("disable_event", "upset_detected")
    bench.do("disable_event", "host_back")
    assert reports(bench.do("list_disabled_events"), 5, 8) == [("upset_detected,host_back",)]


# forwarding


def test_a_stopped_report_is_not_sent_and_is_in_the_packet_store_all_the_same() -> None:
    bench = Bench()
    bench.run(1)
    bench.stored()
    bench.do("stop_report", 3, "25")
    assert (3, 25) not in kinds(bench.run(20))
    assert ("housekeeping", 25) in [(store, packet.subtype) for store, packet in bench.stored()]
    assert bench.service.counts()["packets_withheld"] > 0
    bench.do("forward_report", 3, "25")
    assert (3, 25) in kinds(bench.run(20))


def test_what_is_stopped_is_listed_by_service() -> None:
    bench = Bench()
    assert reports(bench.do("list_forwarded"), 14, 4) == []
    bench.do("stop_report", 5, "2,1")
    bench.do("stop_report", 3, "")
    assert reports(bench.do("list_forwarded"), 14, 4) == [(3, ""), (5, "1,2")]
    bench.do("forward_report", 5, "1")
    bench.do("forward_report", 3, "")
    assert reports(bench.do("list_forwarded"), 14, 4) == [(5, "2")]


def test_a_service_that_is_stopped_whole_is_forwarded_whole() -> None:
    bench = Bench()
    bench.do("stop_report", 5, "")
    assert numbers(bench, TRIP, UPSET) == []
    assert failure(bench.do("forward_report", 5, "4")) == (failure_code("bad_argument"), (1.0,))
    bench.do("forward_report", 5, "")
    assert numbers(bench, TRIP) == [TRIP_ID]


def test_the_number_of_stopped_reports_is_bounded() -> None:
    forwarding = Forwarding()
    with pytest.raises(Exception, match="no_room"):
        for service in range(1, 256):
            forwarding.stop(service, tuple(range(1, 65)))
    assert len(forwarding.stopped) == 256


# time packets


def times(bench: Bench, seconds: int) -> list[TimeReport]:
    for _ in range(seconds):
        bench.service.step(bench.now_s * SECOND_NS)
        bench.now_s += 1
    return [TimeReport.unpack(octets) for octets in octets_of(bench.ground) if octets[:2] == b"\x00\x00"]


def test_there_are_no_time_packets_until_they_are_asked_for() -> None:
    assert times(Bench(), 300) == []


def test_time_packets_come_every_second_power_of_two_with_time_and_quality() -> None:
    bench = Bench()
    bench.bus.publish(COMMAND, command("set_time_report_rate", 3))
    found = times(bench, 33)
    assert [report.time.to_ns() - START_TAI_NS for report in found] == [8 * place * SECOND_NS for place in range(5)]
    assert [report.sequence for report in found] == list(range(5))
    assert {(report.rate, report.quality) for report in found} == {(3, TimeQuality.SYNCHRONISED)}


# other services' reports


def test_a_report_of_any_service_goes_out_as_the_dictionary_lays_it_out() -> None:
    bench = Bench()
    bench.bus.publish(REPORT, Report(time_ns=0, name="monitor_status", values=(7, "within", 3)))
    assert reports(bench.run(1), 12, 14) == [(7, "within", 3)]


@pytest.mark.parametrize(("name", "values"), [("no_such_report", (1,)), ("monitor_status", ("x",))])
def test_an_undeclared_report_is_counted_and_told(name: str, values: tuple[int | str, ...]) -> None:
    bench = Bench()
    bench.bus.publish(REPORT, Report(time_ns=0, name=name, values=values))
    assert events(bench.run(1)) == [(1, (name, 1))]
    assert bench.service.counts()["reports_undeclared"] == 1


def test_results_are_all_in_their_store_even_those_beyond_the_link_s_budget() -> None:
    bench = Bench(config=TelemetryConfig(events_per_window=5))
    for job in range(9):
        report = JobReport(time_ns=0, job_id=job, kind="x", model="water", state=JobState.DONE, value=1.0)
        bench.bus.publish(JOB_REPORT, report)
    bench.bus.publish(
        JOB_REPORT, JobReport(time_ns=0, job_id=10, kind="x", model="water", state=JobState.FAILED, reason="why")
    )
    assert len(events(bench.run(1))) == 5 + 1 + 1  # the failure, and the summary of what was held back
    stores = [store for store, _ in bench.stored() if store != "housekeeping"]
    assert (stores.count("results"), stores.count("events")) == (9, 2)


def test_counters_of_services_in_other_processes_come_with_their_account_and_age() -> None:
    bench = Bench()
    bench.bus.publish(BUS_STATUS, BusStatus(time_ns=0, process="store", counters=(("store", "lost", 4),)))
    before, *_, after = rows(bench.run(121), 7)
    assert (before["records_lost"], after["records_lost"]) == (4, None)


@pytest.mark.parametrize("name", sorted(OWN_COMMANDS))
def test_every_command_of_telemetry_s_is_answered(name: str) -> None:
    bench = Bench()
    arguments = [example(field) for field in COMMAND_BY_NAME[name].fields]
    assert [packet for packet in bench.do(name, *arguments) if packet.service == 1]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(OWN_COMMANDS)), st.data()), min_size=1, max_size=6))
def test_whatever_the_ground_may_send_is_answered_and_harms_nothing(orders: list[tuple[str, st.DataObject]]) -> None:
    bench = Bench(memory=NamedState(MemoryDisk(), "telemetry", Choices()))
    for name, data in orders:
        values = [data.draw(VALUES[field.wire]) for field in COMMAND_BY_NAME[name].fields]
        try:
            arguments = decode_arguments(name, encode_arguments(name, values))
        except WireError:
            continue
        bench.do(name, *arguments)
        assert [packet for _, packet in bench.stored() if packet.service == 1]  # even where service 1 is stopped
    bench.run(2)


# over a restart


def test_everything_that_was_chosen_holds_after_a_restart() -> None:
    board = Board()
    bench = board.boot()
    bench.run(1)
    for name, *arguments in (
        ("create_structure", 100, 2000, "soc,mode"), ("enable_structure", "100"), ("create_trace", 101, 1000, "soc"),
        ("disable_structure", "thermal"), ("set_structure_interval", "power", 3000),
        ("disable_event", "upset_detected"), ("stop_report", 5, "1"), ("set_time_report_rate", 2),
    ):  # fmt: skip
        assert failure(bench.do(str(name), *arguments)) is None  # type: ignore[arg-type]
    again = board.boot()
    assert reports(again.do("describe_structure", "100"), 3, 10) == [("100", "yes", 2000, "soc,mode")]
    assert reports(again.do("describe_trace", "101"), 3, 12) == [("101", "no", 1000, "soc")]
    assert reports(again.do("describe_structure", "thermal"), 3, 10)[0][:3] == ("thermal", "no", 10_000)
    assert reports(again.do("describe_structure", "power"), 3, 10)[0][:3] == ("power", "yes", 3000)
    assert numbers(again, UPSET) == []
    assert reports(again.do("list_forwarded"), 14, 4) == [(5, "1")]
    assert len(times(again, 8)) == 2


def test_an_interval_that_was_a_parameter_s_value_holds_after_a_restart() -> None:
    board = Board()
    bench = board.boot()
    bench.run(1)
    bench.bus.publish(PARAMETER, ParameterSet(time_ns=0, name="power_interval_s", value=4.0))
    bench.bus.publish(COMMAND, command("set_parameter", "power_interval_s", 4.0))
    bench.run(1)
    assert len(rows(board.boot().run(12), 1)) == 3


def test_the_store_s_memory_of_parameters_gives_way_to_a_later_choice() -> None:
    bench = Board().boot()
    bench.run(1)
    bench.do("set_structure_interval", "power", 3000)
    settings = (
        ParameterSet(time_ns=0, name="power_interval_s", value=7.0),
        ParameterSet(time_ns=0, name="thermal_interval_s", value=5.0),
        ParameterSet(time_ns=0, name="temp_margin_c", value=2.5),
    )
    recovered = RecoveredJobs(time_ns=0, jobs=(), attempts=(), next_job_id=1, unclean=False, settings=settings)
    bench.bus.publish(RECOVERED, recovered)
    bench.run(11)
    found = {}
    for name in ("power_interval_s", "thermal_interval_s", "temp_margin_c"):
        (packet,) = [packet for packet in bench.do("get_parameter", name) if packet.service == 20]
        found[name] = ParameterReport.unpack(packet.data).values[0][1]
    assert found == {"power_interval_s": 3.0, "thermal_interval_s": 5.0, "temp_margin_c": 2.5}


def test_without_a_disk_choices_hold_and_the_ground_is_told_that_they_are_not_kept() -> None:
    board = Board()
    bench = board.boot()
    bench.run(1)
    board.disk.fault = Reason.BUS
    packets = bench.do("disable_structure", "power")
    assert failure(packets) is None
    assert [number for number, _ in events(packets)] == [UNSAVED]
    assert rows(bench.run(50), 1) == []
    board.disk.fault = None
    bench.run(61)  # the next window of events tries again
    assert rows(board.boot().run(1), 1) == []


def test_choices_that_name_what_is_no_more_are_left_out_and_told() -> None:
    board = Board()
    gone = Created(number=100, is_trace=False, interval_ms=1000, parameters=("flux_capacitor",), enabled=True)
    saved = Choices(created=(gone,), disabled_events=("no_such_event",), disabled_structures=(4711,))
    NamedState(board.disk, "telemetry", Choices()).save(saved)
    packets = board.boot().run(1)
    assert [number for number, _ in events(packets)] == [UNSAVED]
    assert "100" in str(events(packets)[0][1][0])


# as flown


def test_what_flies_is_told_at_boot_with_the_parameters_that_hold_and_on_request() -> None:
    flown = AsFlown(software="aa" * 32, board="bb" * 32, models="cc" * 32, keys="dd" * 32)
    bench = Bench(as_flown=flown)
    settings = (ParameterSet(time_ns=0, name="temp_margin_c", value=2.5),)
    recovered = RecoveredJobs(time_ns=0, jobs=(), attempts=(), next_job_id=1, unclean=False, settings=settings)
    bench.bus.publish(RECOVERED, recovered)
    packets = bench.run(1)
    (at_boot,) = reports(packets, 130, 4)
    assert events(packets) == [(EVENT_BY_NAME["as_flown"].id, (at_boot[0],))]
    assert at_boot[1] == "aa" * 12
    assert reports(bench.run(30), 130, 4) == []
    assert reports(bench.do("report_as_flown"), 130, 4) == [at_boot]
    bench.bus.publish(PARAMETER, ParameterSet(time_ns=0, name="temp_margin_c", value=2.0))
    (changed,) = reports(bench.do("report_as_flown"), 130, 4)
    assert [left == right for left, right in zip(changed, at_boot, strict=True)] == [
        False, True, True, True, False, True, True,
    ]  # fmt: skip


def test_without_a_store_what_flies_is_told_ten_seconds_after_the_start() -> None:
    bench = Bench(as_flown=AsFlown(software="aa", board="bb", models="cc", keys="dd"))
    assert reports(bench.run(10), 130, 4) == []
    assert len(reports(bench.run(2), 130, 4)) == 1


def test_where_it_is_not_known_what_flies_the_command_says_so() -> None:
    assert failure(Bench().do("report_as_flown")) == (failure_code("failed"), ())

"""Telemetry: what is due goes out, what is missing shows as missing, noise is bounded and counted, idling is cheap."""

from __future__ import annotations

import time

import pytest

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import BUS_STATUS, COMMAND, COMMAND_REPORT, EVENT, HOST, JOB_REPORT, MODE, PARAMETER, PLANT, SAMPLES
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.structures import STRUCTURES
from fsw.catalogue.wire import Value
from fsw.messages import (
    Allocation,
    BusStatus,
    CommandReport,
    Event,
    HostStatus,
    JobReport,
    JobState,
    ModeStatus,
    ParameterSet,
    Plant,
    SampleBatch,
    Stage,
    TopicCount,
)
from fsw.packets.cuc import Cuc
from fsw.packets.parameters import ParameterReport
from fsw.packets.verification import Verification
from fsw.telemetry.service import TelemetryConfig, TelemetryService
from hal.clock import SECOND_NS, OnboardTime, TimeQuality
from hal.ports.link import memory_pair
from hal.reading import Missing, Reading, Reason
from tests.fsw.telemetry_bench import REQUEST, START_TAI_NS, Bench, command, events, rows


def plant(time_ns: int, **changes: float | None) -> Plant:
    values: dict[str, float | None] = dict.fromkeys(
        ("soc", "worst_soc", "energy_above_floor_j", "worst_energy_above_floor_j", "battery_power_w"), 0.5
    )
    values |= dict.fromkeys(("worst_battery_temp_c", "array_power_w", "bus_power_w", "worst_bus_power_w"), 1.0)
    values |= dict.fromkeys(("payload_power_w", "worst_payload_power_w", "payload_temp_c"), 2.0)
    values |= dict.fromkeys(("worst_payload_temp_c", "radiator_temp_c", "dose_rate_ugy_s"), 3.0)
    return Plant(time_ns=time_ns, upsets=4, **(values | changes))  # type: ignore[arg-type]


def test_structures_go_out_at_their_intervals() -> None:
    packets = Bench().run(61)
    assert [len(rows(packets, number)) for number in (1, 2, 3, 4, 5)] == [7, 7, 7, 3, 3]


def test_sequence_counts_have_no_gap_and_counters_run_for_each_kind() -> None:
    packets = Bench().run(61)
    assert [packet.sequence for packet in packets] == list(range(len(packets)))
    assert [packet.counter for packet in packets] == list(range(len(packets)))  # all of one kind, TM[3,25]


def test_packets_carry_generation_time_and_its_quality() -> None:
    first, *_ = Bench().run(1)
    assert first.time == Cuc.from_ns(START_TAI_NS)
    assert first.time_status == TimeQuality.SYNCHRONISED


def test_values_come_from_the_latest_messages_and_are_missing_when_unknown() -> None:
    bench = Bench()
    bench.bus.publish(PLANT, plant(0, soc=0.75, array_power_w=None))
    bench.bus.publish(MODE, ModeStatus(time_ns=0, mode="NOMINAL", previous="BOOT", who="", why="", exit_condition=""))
    packets = bench.run(1)
    (power,), (governor,), (health,) = (rows(packets, number) for number in (1, 3, 4))
    assert (power["soc"], power["array_power_w"], power["allocation_mean_w"]) == (0.75, None, None)
    assert (governor["mode"], governor["jobs_done"]) == ("NOMINAL", None)
    assert (health["commands_accepted"], health["bus_sent"]) == (3, None)


def test_a_topic_that_fell_silent_is_missing_and_the_mode_stays() -> None:
    bench = Bench()
    bench.bus.publish(PLANT, plant(0))
    bench.bus.publish(MODE, ModeStatus(time_ns=0, mode="SAFE", previous="BOOT", who="", why="", exit_condition=""))
    packets = bench.run(51)
    assert [row["soc"] is None for row in rows(packets, 1)] == [False] * 4 + [True] * 2
    assert {row["mode"] for row in rows(packets, 3)} == {"SAFE"}


def test_a_channel_whose_last_sample_is_missing_has_no_value() -> None:
    bench = Bench()
    good = Reading(channel="battery_temp_c", time_ns=0, value=12.0)
    bad = Missing(channel="radiator_temp_c", time_ns=1, reason=Reason.BUS)
    before = Reading(channel="radiator_temp_c", time_ns=0, value=7.0)
    bench.bus.publish(SAMPLES, SampleBatch(time_ns=0, samples=(good, before)))
    bench.bus.publish(SAMPLES, SampleBatch(time_ns=1, samples=(bad,)))
    (thermal,) = rows(bench.run(1), 2)
    assert (thermal["battery_temp_c"], thermal["radiator_temp_c"]) == (12.0, None)


def test_the_host_s_allocation_is_shown_while_there_is_one() -> None:
    bench = Bench()
    grant = Allocation(from_ns=0, until_ns=SECOND_NS, mean_w=20.0, peak_w=40.0, energy_j=9e3)
    bench.bus.publish(HOST, HostStatus(time_ns=0, heartbeat_ns=0, allocation=grant, is_sunlit=True))
    (power,) = rows(bench.run(1), 1)
    assert (power["allocation_mean_w"], power["allocation_energy_j"], power["host_sunlit"]) == (20.0, 9e3, "yes")


def test_events_go_out_with_severity_time_and_values() -> None:
    bench = Bench()
    bench.bus.publish(EVENT, Event(time_ns=SECOND_NS // 2, name="guard_trip", values=("payload_temp_c", 46.0, 45.0)))
    packet = bench.run(1)[0]
    assert (packet.service, packet.subtype, packet.time.fraction) == (5, 4, 1 << 23)
    assert events([packet]) == [(21, ("payload_temp_c", 46.0, 45.0))]


@pytest.mark.parametrize(
    ("name", "values"), [("no_such_event", (1, 2)), ("guard_trip", ("x",)), ("job_retried", (-1, "a", 0))]
)
def test_an_event_that_the_dictionary_does_not_know_is_sent_as_undeclared(name: str, values: tuple[Value, ...]) -> None:
    bench = Bench()
    bench.bus.publish(EVENT, Event(time_ns=0, name=name, values=values))
    assert events(bench.run(1)) == [(1, (name, len(values)))]
    assert bench.service.counts()["events_undeclared"] == 1


def test_a_babbling_event_is_held_back_and_summed_up() -> None:
    bench = Bench(config=TelemetryConfig(events_per_window=5, window_s=60.0))
    for _ in range(50):
        bench.bus.publish(EVENT, Event(time_ns=0, name="upset_detected", values=(1, 1)))
    bench.bus.publish(EVENT, Event(time_ns=0, name="host_silent", values=(31.0,)))
    sent = events(bench.run(1))
    assert [number for number, _ in sent] == [32] * 5 + [42, 2]
    assert sent[-1] == (2, ("upset_detected", 45))
    assert bench.service.counts()["events_held_back"] == 45


@pytest.mark.parametrize(
    ("state", "number"), [(JobState.DONE, 10), (JobState.FAILED, 11), (JobState.EXPIRED, 12), (JobState.CANCELLED, 13)]
)
def test_a_job_s_end_is_an_event(state: JobState, number: int) -> None:
    bench = Bench()
    report = JobReport(time_ns=0, job_id=9, kind="detect", model="water", state=state, reason="deadline", attempts=1)
    bench.bus.publish(JOB_REPORT, report)
    assert [event[0] for event in events(bench.run(1))] == [number]


def test_a_job_under_way_is_no_event() -> None:
    bench = Bench()
    bench.bus.publish(JOB_REPORT, JobReport(time_ns=0, job_id=9, kind="x", model="water", state=JobState.RUNNING))
    assert events(bench.run(1)) == []


@pytest.mark.parametrize(("ack", "stages"), [(0xF, [1, 3, 5, 7]), (0x1, [1]), (0x8, [7]), (0x0, [])])
def test_success_is_reported_as_far_as_the_command_asked(ack: int, stages: list[int]) -> None:
    bench = Bench()
    for stage in Stage:
        bench.bus.publish(COMMAND_REPORT, CommandReport(time_ns=0, request=REQUEST, stage=stage, ack=ack))
    assert [packet.subtype for packet in bench.run(1) if packet.service == 1] == stages


def test_failure_is_always_reported_with_code_and_values() -> None:
    bench = Bench()
    report = CommandReport(time_ns=0, request=REQUEST, stage=Stage.STARTED, code=26, values=(1, 2.5), ack=0)
    bench.bus.publish(COMMAND_REPORT, report)
    (packet,) = [packet for packet in bench.run(1) if packet.service == 1]
    assert Verification.unpack(packet.subtype, packet.data) == Verification(4, REQUEST, 26, (1.0, 2.5))


def test_a_ping_is_answered_between_acceptance_and_completion() -> None:
    bench = Bench()
    bench.bus.publish(COMMAND_REPORT, CommandReport(time_ns=0, request=REQUEST, stage=Stage.ACCEPTED))
    bench.bus.publish(COMMAND, command("ping"))
    kinds = [(packet.service, packet.subtype) for packet in bench.run(1) if packet.service != 3]
    assert kinds == [(1, 1), (17, 2), (1, 3), (1, 7)]


def test_parameters_are_reported_on_request_missing_ones_as_missing() -> None:
    bench = Bench()
    bench.bus.publish(PARAMETER, ParameterSet(time_ns=0, name="temp_margin_c", value=4.0))
    for name in ("temp_margin_c", "soc", "mode"):
        bench.bus.publish(COMMAND, command("get_parameter", name))
    reports = [ParameterReport.unpack(packet.data).values[0] for packet in bench.run(1) if packet.service == 20]
    expected = {"temp_margin_c": 4.0, "soc": None, "mode": None}
    assert reports == [(PARAMETER_BY_NAME[name].id, value) for name, value in expected.items()]


def test_an_interval_set_by_command_holds_at_once() -> None:
    bench = Bench()
    bench.run(2)
    bench.bus.publish(PARAMETER, ParameterSet(time_ns=0, name="power_interval_s", value=2.0))
    bench.bus.publish(COMMAND, command("set_parameter", "power_interval_s", 2.0))
    assert len(rows(bench.run(10, first=2), 1)) == 5


def test_counts_are_dumped_with_an_event_for_each_loss() -> None:
    bench = Bench()
    bench.run(1)
    count = TopicCount(topic="plant", subscriber="store", sent=9, delivered=5, dropped=3, in_flight=1)
    bench.bus.publish(BUS_STATUS, BusStatus(time_ns=0, process="control", counts=(count,)))
    bench.bus.publish(COMMAND, command("dump_counts"))
    packets = bench.run(1, first=1)
    assert rows(packets, 4)[0]["bus_dropped"] == 3.0
    assert events(packets) == [(3, ("plant", "store", 3))]


def test_one_structure_is_reported_on_request() -> None:
    bench = Bench()
    bench.run(1)
    bench.bus.publish(COMMAND, command("report_structure", "radiation"))
    assert len(rows(bench.run(1, first=1), 5)) == 1


def test_a_link_that_takes_nothing_is_counted_and_stops_nothing() -> None:
    flight, _ground = memory_pair(depth=2)
    service = TelemetryService(MemoryBus(), flight, OnboardTime(tai_at_zero_ns=0))
    service.step(0)
    assert service.counts()["packets_lost"] == len(STRUCTURES) - 2


def test_a_step_with_nothing_due_is_cheap() -> None:
    bench = Bench()
    bench.run(1)
    best_s = min(_timed(bench) for _ in range(5))
    assert best_s < 60e-6  # nominally 3 us; the margin is for a busy machine


def _timed(bench: Bench) -> float:
    before_s = time.perf_counter()
    for _ in range(100):
        bench.service.step(SECOND_NS)
    return (time.perf_counter() - before_s) / 100

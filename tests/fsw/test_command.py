"""Commands: sound ones are accepted and carried out once, others refused with a code, garbage counted; none raises."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, DURABLE, EVENT, MODE, PARAMETER, STORED_COMMAND, UPLINKED_PDU
from fsw.catalogue.apids import FILE_APID
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.failures import FAILURE_BY_CODE, FAILURE_BY_LABEL
from fsw.catalogue.wire import Value, encode_arguments
from fsw.command.decoder import MEMORY_NS, CommandDecoder, Garbage, Refusal, Repeat
from fsw.command.service import CommandService
from fsw.messages import Command, CommandReport, Durable, ModeStatus, Stage, StoredCommand
from fsw.packets.pus import Telecommand
from fsw.packets.space_packet import PrimaryHeader
from hal.clock import SECOND_NS
from hal.ports.link import memory_pair


def packet(name: str, *values: Value, sequence: int = 0, ack: int = 0xF, apid: int = 0x42) -> bytes:
    row = COMMAND_BY_NAME[name]
    data = row.prefix + encode_arguments(name, values)
    return Telecommand(apid, sequence, row.service, row.subtype, data, ack, 7).pack()


def arm(command: str, window_s: float = 60.0, sequence: int = 100) -> bytes:
    return packet("arm", command, window_s, sequence=sequence)


def refused(octets: bytes, mode: str | None = None) -> tuple[str, tuple[float, ...]]:
    decoded = CommandDecoder().decode(0, octets, mode)
    assert isinstance(decoded, Refusal)
    return FAILURE_BY_CODE[decoded.code].label, decoded.values


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ping", ()),
        ("set_mode", ("SAFE",)),
        ("submit_job", ("water", "scene-12", 7.0, 600.0)),
        ("set_parameter", ("temp_margin_c", 2.5)),
        ("get_parameter", ("soc",)),
        ("report_structure", ("thermal",)),
    ],
)
def test_a_sound_telecommand_becomes_a_command(name: str, values: tuple[Value, ...]) -> None:
    octets = packet(name, *values, sequence=9, ack=0x9)
    command = CommandDecoder().decode(5, octets)
    request = int.from_bytes(octets[:4], "big")
    assert command == Command(time_ns=5, name=name, arguments=values, request=request, ack=9, source=7)


@pytest.mark.parametrize(
    ("octets", "label", "values"),
    [
        (packet("ping", apid=0x43), "wrong_apid", (0x43,)),
        (Telecommand(0x42, 0, 200, 1).pack(), "unknown_service", (200, 1)),
        (Telecommand(0x42, 0, 8, 1, b"\x03\xe7").pack(), "unknown_function", (999,)),
        (Telecommand(0x42, 0, 8, 1, b"\x03").pack(), "bad_length", (1,)),
        (Telecommand(0x42, 0, 17, 1, b"\x00").pack(), "bad_length", (1,)),
        (Telecommand(0x42, 0, 20, 1, b"\x02\x00\x01\x00\x02").pack(), "bad_length", (5,)),
        (Telecommand(0x42, 0, 20, 1, b"\x01\xff\xff").pack(), "unknown_parameter", (0xFFFF,)),
        (Telecommand(0x42, 0, 8, 1, b"\x00\x01\x09").pack(), "bad_argument", (0,)),
        (packet("set_parameter", "soc", 0.9), "not_settable", (1,)),
        (packet("set_parameter", "temp_margin_c", 99.0), "out_of_range", (1, 99.0, 0.0, 20.0)),
        (packet("get_parameter", "queue_bound_by"), "not_reportable", (66,)),
        (packet("cancel_job", 0), "out_of_range", (0, 0.0, 1.0, 2.0**32 - 1)),
    ],
)
def test_what_is_wrong_is_refused_with_a_code(octets: bytes, label: str, values: tuple[float, ...]) -> None:
    assert refused(octets) == (label, values)


def test_a_command_is_refused_in_modes_where_it_is_not_legal() -> None:
    assert refused(packet("hold_jobs"), "SAFE") == ("illegal_in_mode", (0.0,))
    assert isinstance(CommandDecoder().decode(0, packet("hold_jobs"), "NOMINAL"), Command)


def test_the_same_packet_again_is_a_repeat_for_a_minute() -> None:
    decoder, octets = CommandDecoder(), packet("ping")
    assert isinstance(decoder.decode(0, octets), Command)
    assert isinstance(decoder.decode(MEMORY_NS, octets), Repeat)
    assert isinstance(decoder.decode(MEMORY_NS + 1, octets), Command)


def test_another_packet_with_a_used_count_is_refused() -> None:
    decoder = CommandDecoder()
    decoder.decode(0, packet("ping"))
    refusal = decoder.decode(2 * SECOND_NS, packet("dump_counts"))
    assert isinstance(refusal, Refusal)
    assert "sequence_reused" in refusal.text


def test_a_refused_packet_may_come_again() -> None:
    decoder, octets = CommandDecoder(), packet("hold_jobs")
    assert isinstance(decoder.decode(0, octets, "SAFE"), Refusal)
    assert isinstance(decoder.decode(1, octets, "NOMINAL"), Command)


@given(st.binary(max_size=64))
def test_any_octets_are_decoded_to_something(octets: bytes) -> None:
    assert isinstance(CommandDecoder().decode(0, octets), Garbage)


@given(st.sampled_from([(8, 1), (17, 1), (20, 1), (20, 3), (99, 9)]), st.binary(max_size=40))
def test_any_data_in_a_sound_packet_is_decoded_to_something(kind: tuple[int, int], data: bytes) -> None:
    decoded = CommandDecoder().decode(0, Telecommand(0x42, 0, *kind, data).pack())
    assert isinstance(decoded, Command | Refusal)


@dataclass
class Bench:
    """A command service, the ground's end of its link, and what others on the bus see."""

    bus: MemoryBus = field(default_factory=MemoryBus)

    def __post_init__(self) -> None:
        flight, self.ground = memory_pair()
        self.service = CommandService(self.bus, flight)
        self.commands = self.bus.subscribe(COMMAND, "test")
        self.reports = self.bus.subscribe(COMMAND_REPORT, "test")
        self.parameters = self.bus.subscribe(PARAMETER, "test")
        self.events = self.bus.subscribe(EVENT, "test")

    def send(self, *octets: bytes, second: int = 0) -> list[tuple[Stage, int]]:
        """Send, step once; gives stage and code of each report."""
        for datagram in octets:
            self.ground.send(datagram)
        self.service.step(second * SECOND_NS)
        return [(report.stage, report.code) for report in self.reports.drain()]


def test_acceptance_is_reported_and_the_command_published() -> None:
    bench = Bench()
    assert bench.send(packet("clear_fault", "")) == [(Stage.ACCEPTED, 0)]
    assert [command.name for command in bench.commands.drain()] == ["clear_fault"]


def test_a_parameter_is_set_at_once_and_completed_when_that_is_durable() -> None:
    bench, octets = Bench(), packet("set_parameter", "temp_margin_c", 3.0)
    assert bench.send(octets) == [(Stage.ACCEPTED, 0), (Stage.STARTED, 0)]
    assert bench.send(second=8) == []
    bench.bus.publish(DURABLE, Durable(time_ns=0, job_ids=(), requests=(7, int.from_bytes(octets[:4], "big"))))
    assert bench.send(second=8) == [(Stage.COMPLETED, 0)]
    assert [(change.name, change.value) for change in bench.parameters.drain()] == [("temp_margin_c", 3.0)]
    assert [event.name for event in bench.events.drain()] == ["parameter_set"]


def test_a_parameter_that_the_store_does_not_record_is_not_completed() -> None:
    bench = Bench()
    bench.send(packet("set_parameter", "temp_margin_c", 3.0))
    assert bench.send(second=9) == [(Stage.COMPLETED, FAILURE_BY_LABEL["store_degraded"].code)]
    assert bench.send(second=10) == []


def test_a_repeated_packet_is_carried_out_once() -> None:
    bench, octets = Bench(), packet("cancel_job", 4)
    assert bench.send(octets, octets, octets) == [(Stage.ACCEPTED, 0)]
    assert len(bench.commands.drain()) == 1
    assert bench.service.counts()["repeated"] == 2


def test_truncated_and_random_packets_are_counted_and_the_next_command_works() -> None:
    bench, octets = Bench(), packet("ping")
    assert bench.send(octets[:-3], b"", b"\xff" * 40, octets) == [(Stage.ACCEPTED, 0)]
    assert bench.service.counts()["garbage"] == 3
    assert [event.name for event in bench.events.drain()] == ["packet_refused"] * 3


def test_a_refusal_is_reported_as_failed_acceptance() -> None:
    bench = Bench()
    assert bench.send(packet("set_parameter", "soc", 1.0)) == [(Stage.ACCEPTED, 10)]
    assert not bench.commands.drain()
    assert bench.service.counts()["refused"] == 1


def test_the_mode_is_heard() -> None:
    bench = Bench()
    status = ModeStatus(time_ns=0, mode="SAFE", previous="", who="", why="", exit_condition="")
    bench.bus.publish(MODE, status)
    assert bench.send(packet("hold_jobs")) == [(Stage.ACCEPTED, 7)]


def test_a_command_that_nobody_ends_fails_after_its_time() -> None:
    bench = Bench()
    bench.send(packet("clear_fault", ""))
    assert bench.send(second=9) == []
    assert bench.send(second=10) == [(Stage.COMPLETED, 100)]
    assert bench.send(second=11) == []


def test_a_command_that_ended_is_watched_no_more() -> None:
    bench = Bench()
    bench.send(packet("clear_fault", ""))
    request = bench.commands.drain()[0].request
    bench.bus.publish(COMMAND_REPORT, CommandReport(time_ns=0, request=request, stage=Stage.COMPLETED))
    bench.send(second=1)
    assert bench.send(second=60) == []


def test_when_too_many_are_under_way_the_rest_is_untracked_and_still_carried_out() -> None:
    bench = Bench()
    for first in range(0, 48, 16):
        bench.send(*(packet("cancel_job", 1, sequence=first + place) for place in range(16)))
    assert len(bench.commands.drain()) == 48
    assert bench.service.counts()["untracked"] == 16


def test_more_packets_than_a_step_takes_wait_in_the_link() -> None:
    bench = Bench()
    bench.send(*(packet("ping", sequence=place) for place in range(20)))
    assert len(bench.commands.drain()) == 16
    bench.send(second=1)
    assert len(bench.commands.drain()) == 4


def test_a_full_subscriber_makes_the_command_fail_and_it_may_come_again() -> None:
    bench = Bench()
    slow = bench.bus.subscribe(COMMAND, "slow", Policy.MUST_DELIVER, 1)
    bench.send(packet("ping", sequence=1))
    assert bench.send(packet("ping", sequence=2)) == [(Stage.ACCEPTED, 0), (Stage.STARTED, 11)]
    slow.drain()
    assert bench.send(packet("ping", sequence=2)) == [(Stage.ACCEPTED, 0)]


NOT_ARMED, ARM_EXPIRED, NOT_HAZARDOUS = (
    FAILURE_BY_LABEL[name].code for name in ("not_armed", "arm_expired", "not_hazardous")
)
DONE = [(Stage.ACCEPTED, 0), (Stage.STARTED, 0), (Stage.COMPLETED, 0)]


def test_a_hazardous_command_acts_once_within_the_window_that_arms_it() -> None:
    bench = Bench()
    assert bench.send(packet("set_mode", "SAFE", sequence=1)) == [(Stage.ACCEPTED, NOT_ARMED)]
    assert bench.send(arm("set_mode", 60.0, sequence=2)) == DONE
    assert bench.send(packet("set_mode", "SAFE", sequence=1), second=60) == [(Stage.ACCEPTED, 0)]
    assert bench.send(packet("set_mode", "SAFE", sequence=3), second=60) == [(Stage.ACCEPTED, NOT_ARMED)]
    assert [command.name for command in bench.commands.drain()] == ["arm", "set_mode"]
    assert bench.service.counts()["unarmed"] == 2


def test_an_arming_ends_with_its_window_and_holds_for_its_own_command_alone() -> None:
    bench = Bench()
    bench.send(arm("set_mode", 5.0))
    assert bench.send(packet("rollback_model", "water", sequence=1)) == [(Stage.ACCEPTED, NOT_ARMED)]
    assert bench.send(packet("set_mode", "SAFE", sequence=2), second=6) == [(Stage.ACCEPTED, ARM_EXPIRED)]
    assert bench.send(packet("set_mode", "SAFE", sequence=3), second=6) == [(Stage.ACCEPTED, NOT_ARMED)]


def test_what_is_harmless_is_not_armed() -> None:
    assert Bench().send(arm("ping")) == [(Stage.ACCEPTED, NOT_HAZARDOUS)]


def stored(bench: Bench, octets: bytes, origin: str, second: int = 0) -> list[tuple[Stage, int]]:
    bench.bus.publish(STORED_COMMAND, StoredCommand(time_ns=0, packet=octets, origin=origin))
    return bench.send(second=second)


def test_a_stored_command_acts_as_often_as_it_comes() -> None:
    bench, octets = Bench(), packet("ping")
    assert bench.send(octets) == [(Stage.ACCEPTED, 0)]
    assert stored(bench, octets, "schedule", 1) == stored(bench, octets, "schedule", 2) == [(Stage.ACCEPTED, 0)]
    assert len(bench.commands.drain()) == 3
    assert bench.send(octets, second=3) == [] and bench.service.counts()["repeated"] == 1


def test_a_response_fires_a_hazardous_command_and_a_schedule_must_arm_it() -> None:
    bench, octets = Bench(), packet("set_mode", "SAFE")
    assert stored(bench, octets, "response") == [(Stage.ACCEPTED, 0)]
    assert stored(bench, octets, "schedule") == [(Stage.ACCEPTED, NOT_ARMED)]
    assert stored(bench, arm("set_mode"), "schedule") == DONE
    assert stored(bench, octets, "schedule") == [(Stage.ACCEPTED, 0)]


def test_a_stored_packet_that_is_none_is_counted() -> None:
    bench = Bench()
    assert stored(bench, b"nonsense", "schedule") == []
    assert bench.service.counts()["garbage"] == bench.service.counts()["stored"] == 1


def test_a_packet_for_nobody_here_fails_its_routing() -> None:
    assert Bench().send(packet("ping", apid=0x43)) == [(Stage.ROUTED, 1)]


def test_parts_of_files_are_handed_on() -> None:
    bench = Bench()
    parts = bench.bus.subscribe(UPLINKED_PDU, "test")
    octets = PrimaryHeader(1, FILE_APID, 0, 5, has_secondary=False).pack() + b"a pdu"
    assert bench.send(octets, octets[:-1]) == []
    assert [part.octets for part in parts.drain()] == [b"a pdu"]
    assert (bench.service.counts()["file_parts"], bench.service.counts()["garbage"]) == (1, 1)

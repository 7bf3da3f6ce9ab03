"""The ground tool against the real command and telemetry services, over a link in memory and a stepped clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from click.testing import CliRunner, Result

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, DURABLE, EVENT, MODE
from fsw.command.service import CommandService
from fsw.messages import CommandReport, Durable, Event, ModeStatus, Stage
from fsw.packets.connection import are_you_alive
from fsw.telemetry.service import TelemetryService
from hal.clock import SECOND_NS, OnboardTime, SteppedClock
from hal.ports.link import memory_pair
from tools.ground.cli import gnd
from tools.ground.link import LinkDown, UdpGroundLink
from tools.ground.options import Station

TAI_AT_ZERO_NS = 2_173_824_037 * SECOND_NS
UTC_AT_ZERO_NS = 1_795_132_800 * SECOND_NS  # the same moment


class StationInTheLab(SteppedClock):
    """A stepped clock that also tells UTC."""

    def utc_ns(self) -> int:
        return UTC_AT_ZERO_NS + self.now_ns()


@dataclass
class Flight:
    """Both services of the space link. Waiting for a packet makes time pass on board, a step at a time."""

    governed: bool = True
    silent: bool = False
    babble: Event | None = None
    clock: StationInTheLab = field(default_factory=StationInTheLab)
    bus: MemoryBus = field(default_factory=MemoryBus)

    def __post_init__(self) -> None:
        on_board, self._ground = memory_pair(depth=4096)
        self._command = CommandService(self.bus, on_board)
        self._telemetry = TelemetryService(
            self.bus, on_board, OnboardTime(tai_at_zero_ns=TAI_AT_ZERO_NS), counters={"command": self._command.counts}
        )
        self._orders = self.bus.subscribe(COMMAND, "govern")

    def send(self, packet: bytes) -> None:
        self._ground.send(packet)

    def receive(self, timeout_ns: int) -> bytes | None:
        waiting = None if self.silent else self._ground.receive()
        if waiting is not None:
            return waiting
        self._step()
        self.clock.advance_to_ns(self.clock.now_ns() + timeout_ns)
        return None

    def close(self) -> None:
        self._ground.receive()

    def _step(self) -> None:
        now_ns = self.clock.now_ns()
        if self.babble is not None:
            self.bus.publish(EVENT, self.babble)
        self._command.step(now_ns)
        for command in self._orders.drain():
            self.bus.publish(DURABLE, Durable(time_ns=now_ns, job_ids=(), requests=(command.request,)))
            if self.governed and command.name in ("set_mode", "clear_fault", "cancel_job"):
                self._obey(now_ns, command.request, 22 if command.name == "cancel_job" else 0)
        self._telemetry.step(now_ns)

    def _obey(self, now_ns: int, request: int, code: int) -> None:
        for stage in (Stage.STARTED, Stage.COMPLETED):
            if stage is Stage.STARTED or code == 0:
                report = CommandReport(
                    time_ns=now_ns, request=request, stage=stage, code=code, values=(4,) if code else ()
                )
                self.bus.publish(COMMAND_REPORT, report)


def run(flight: Flight, *words: str) -> Result:
    station = Station(link=lambda: flight, clock=flight.clock, sequence=0)
    return CliRunner().invoke(gnd, list(words), obj=station)


def test_a_ping_completes() -> None:
    result = run(Flight(), "cmd", "send", "ping", "--format", "json")
    stages = {row["stage"]: row["state"] for row in json.loads(result.stdout)}
    assert result.exit_code == 0
    assert stages["ACCEPTED"] == stages["STARTED"] == stages["COMPLETED"] == "done"
    assert stages["LINK-ACK"] == stages["PROGRESS"] == "n/a"


def test_the_table_has_request_stages_utc_and_elapsed_time() -> None:
    result = run(Flight(), "cmd", "send", "clear_fault", "fault=")
    assert result.stdout.startswith("request 0x1842c001 (APID 0x42, sequence count 1)")
    lines = [line.split()[:2] for line in result.stdout.splitlines()[2:]]
    assert [name for name, _ in lines] == [
        "QUEUED", "RELEASED", "SENT", "LINK-ACK", "ACCEPTED", "STARTED", "PROGRESS", "COMPLETED",
    ]  # fmt: skip
    assert "2026-11-20T00:00:00" in result.stdout


def test_a_parameter_is_set_and_read_back() -> None:
    flight = Flight()
    assert run(flight, "cmd", "send", "set_parameter", "parameter=temp_margin_c", "value=2.5degC").exit_code == 0
    station = Station(link=lambda: flight, clock=flight.clock, sequence=50)
    words = ["tlm", "get", "temp_margin_c", "uptime_s", "--format", "json"]
    result = CliRunner().invoke(gnd, words, obj=station)
    rows = json.loads(result.stdout)
    assert (result.exit_code, rows[0]["value"], rows[0]["unit"], rows[0]["quality"]) == (0, 2.5, "degC", "valid")
    assert rows[1]["structure"] == "health"


def test_a_command_that_fails_later_says_why_and_greys_the_rest() -> None:
    result = run(Flight(), "cmd", "send", "cancel_job", "job=4", "--format", "json")
    rows = {row["stage"]: row for row in json.loads(result.stdout)}
    assert result.exit_code == 5
    assert (rows["STARTED"]["label"], rows["STARTED"]["detail"]) == ("unknown_job", "unknown_job: job 4 is not known")
    assert rows["COMPLETED"]["state"] == "n/a"


def test_a_command_that_is_not_legal_now_is_not_accepted() -> None:
    flight = Flight()
    status = ModeStatus(time_ns=0, mode="SAFE", previous="", who="", why="", exit_condition="")
    flight.bus.publish(MODE, status)
    result = run(flight, "cmd", "send", "hold_jobs")
    assert result.exit_code == 4
    assert "illegal_in_mode" in result.stdout


def test_an_unanswered_command_is_unknown_before_it_fails_on_board() -> None:
    result = run(Flight(governed=False), "cmd", "send", "clear_fault", "fault=", "--timeout", "5")
    assert result.exit_code == 6
    assert "COMPLETED  unknown" in result.stdout
    assert "telemetry was heard" in result.stderr
    late = run(Flight(governed=False), "cmd", "send", "clear_fault", "fault=")
    assert (late.exit_code, "no_answer" in late.stdout) == (5, True)


def test_a_hazardous_command_is_armed_and_then_fired_once() -> None:
    flight = Flight()
    refused = run(flight, "cmd", "send", "set_mode", "mode=SAFE")
    assert (refused.exit_code, "cmd arm set_mode mode=SAFE" in refused.stderr) == (3, True)
    armed = run(flight, "cmd", "arm", "set_mode", "mode=SAFE")
    assert armed.exit_code == 0
    assert "set_mode (warning): enters a mode" in armed.stderr
    token = armed.stdout.splitlines()[-1]
    station = Station(link=lambda: flight, clock=flight.clock, sequence=60)
    assert CliRunner().invoke(gnd, ["cmd", "fire", token], obj=station).exit_code == 0
    station = Station(link=lambda: flight, clock=flight.clock, sequence=70)
    again = CliRunner().invoke(gnd, ["cmd", "fire", token], obj=station)
    assert (again.exit_code, "not_armed: command 10 is hazardous" in again.stdout) == (4, True)


def test_a_token_that_is_wrong_or_old_fires_nothing() -> None:
    flight = Flight()
    token = run(flight, "cmd", "arm", "set_mode", "mode=SAFE", "--window", "30").stdout.splitlines()[-1]
    assert run(flight, "cmd", "fire", token[:-1] + "0").exit_code == 2
    assert run(flight, "cmd", "fire", "nonsense").exit_code == 2
    flight.clock.advance_to_ns(flight.clock.now_ns() + 31 * SECOND_NS)
    late = run(flight, "cmd", "fire", token)
    assert (late.exit_code, "its window ended" in late.stderr) == (3, True)
    assert run(flight, "cmd", "arm", "ping").exit_code == 3


def test_waiting_for_acceptance_alone() -> None:
    result = run(Flight(governed=False), "cmd", "send", "clear_fault", "fault=", "--wait", "accepted")
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("cmd", "send", "nonsense"), 2),
        (("cmd", "send", "ping", "--ack", "0x1"), 2),
        (("cmd", "send", "ping", "--ack", "lots"), 2),
        (("cmd", "send", "set_parameter", "parameter=temp_margin_c", "value=99"), 3),
        (("tlm", "watch", "nonsense"), 2),
        (("tlm", "watch", "temp_margin_c"), 2),
        (("cmd", "send", "cancel_job", "job=5000000000"), 3),
        (("cmd", "send", "ping", "--timeout", "-1"), 2),
        (("tlm", "get", "soc", "--tm-port", "99999"), 2),
    ],
)
def test_what_the_tool_refuses_is_not_sent(words: tuple[str, ...], code: int) -> None:
    flight = Flight()
    assert run(flight, *words).exit_code == code
    assert flight.receive(0) is None


def test_a_dry_run_shows_the_packet_and_sends_nothing() -> None:
    result = run(Flight(), "cmd", "send", "ping", "--dry-run")
    assert (result.exit_code, result.stdout.splitlines()[1].split()[-1]) == (0, are_you_alive(0x42, 0).pack().hex())


def test_a_dry_run_for_a_script_has_the_arguments_and_the_packet() -> None:
    words = ["cmd", "send", "submit_job", "model=cloud", "input=", "value=1", "deadline=10min", "--dry-run"]
    (row,) = json.loads(run(Flight(), *words, "--format", "json").stdout)
    assert row["arguments"] == {"model": "cloud", "input": "", "value": 1.0, "deadline": 600.0}
    assert bytes.fromhex(row["packet"])[7:9] == bytes((row["service"], row["subtype"]))


def test_the_value_asked_for_comes_after_the_stages() -> None:
    result = run(Flight(), "cmd", "send", "get_parameter", "parameter=mode")
    assert (result.exit_code, result.stderr) == (0, "mode = - (missing)\n")
    assert result.stdout.splitlines()[-1].startswith("COMPLETED  done")


def test_what_can_be_set_is_listed_with_its_range() -> None:
    rows = json.loads(run(Flight(), "tlm", "list", "--settable", "--format", "json").stdout)
    margin = next(row for row in rows if row["name"] == "temp_margin_c")
    assert (margin["low"], margin["high"], margin["default"], margin["unit"]) == (0.0, 20.0, 0.0, "degC")
    assert all(row["is_settable"] for row in rows)
    assert "tlm list --settable" in run(Flight(), "cmd", "describe", "set_parameter").stdout


def test_a_noun_or_verb_typed_wrongly_is_suggested() -> None:
    assert "Did you mean 'cmd'?" in run(Flight(), "cmdd", "list").stderr
    assert "Did you mean 'send'?" in run(Flight(), "cmd", "sned").stderr


def test_values_are_watched_with_both_times() -> None:
    result = run(Flight(), "tlm", "watch", "health", "--count", "16", "--format", "jsonl")
    rows = {row["name"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert rows["bus_sent"]["quality"] == "missing"
    assert rows["commands_accepted"]["value"] == 1  # the tool's own ping
    assert rows["uptime_s"]["generated"].startswith("2026-11-20T00:00:00")


def test_a_value_that_never_comes_is_told() -> None:
    flight = Flight(silent=True)
    result = run(flight, "tlm", "get", "soc")
    assert (result.exit_code, "never" in result.stdout) == (6, True)
    for words in (("link", "status"), ("tlm", "watch", "--seconds", "90"), ("event", "log", "--seconds", "90")):
        assert run(flight, *words).exit_code == 7
    watched = run(flight, "tlm", "watch", "power", "--seconds", "90")
    assert watched.stderr == "no telemetry for 40 s\nError: no telemetry was heard in 90 s\n"


def test_a_whole_structure_is_asked_for_at_once() -> None:
    result = run(Flight(), "tlm", "get", "health", "packets_sent", "--format", "jsonl")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 16)


def test_who_stops_waiting_is_told_what_is_unknown() -> None:
    class Interrupted(Flight):
        def receive(self, timeout_ns: int) -> bytes | None:
            if self.clock.now_ns() > SECOND_NS:
                raise KeyboardInterrupt
            return super().receive(timeout_ns)

    result = run(Interrupted(governed=False), "cmd", "send", "clear_fault", "fault=", "--format", "json")
    stages = {row["stage"]: row["state"] for row in json.loads(result.stdout)}
    assert (stages["ACCEPTED"], stages["COMPLETED"]) == ("done", "unknown")


def test_events_are_logged_as_sentences_from_a_severity_on() -> None:
    trip = Event(time_ns=0, name="guard_trip", values=("payload_temp_c", 46.0, 45.0))
    result = run(Flight(babble=trip), "event", "log", "--count", "2", "--severity", "high")
    assert result.stdout.count("guard stopped the payload: payload_temp_c is 46.000, bound 45.000") == 2
    quiet = Flight(babble=Event(time_ns=0, name="upset_detected", values=(1, 1)))
    assert run(quiet, "event", "log", "--seconds", "3", "--severity", "high").stdout == ""


def test_the_link_s_status_counts_and_measures() -> None:
    result = run(Flight(), "link", "status", "--format", "json")
    rows = {row["item"]: row["value"] for row in json.loads(result.stdout)}
    assert result.exit_code == 0
    assert rows["packets"] > 0
    assert (rows["packets_missed"], rows["packets_bad"], rows["ping_round_trip_s"]) == (0, 0, 0.2)


def test_commands_are_listed_and_described() -> None:
    names = [row["name"] for row in json.loads(run(Flight(), "cmd", "list", "--format", "json").stdout)]
    assert names[0] == "ping"
    assert "usage: set_mode mode=BOOT|" in run(Flight(), "cmd", "describe", "Set-Mode").stdout


def test_two_tools_on_one_computer_get_a_port_each() -> None:
    first = UdpGroundLink(tm_port=0, tc_port=9)
    second = UdpGroundLink(tm_port=first.port, tc_port=9)
    try:
        assert second.port != first.port
    finally:
        first.close()
        second.close()


def test_nobody_at_the_other_end_is_a_link_that_is_down() -> None:
    nobody = UdpGroundLink(tm_port=0, tc_port=9)
    vacant = nobody.port
    nobody.close()
    link = UdpGroundLink(tm_port=0, tc_port=vacant)
    try:
        link.send(b"anybody there")
        with pytest.raises(LinkDown, match="no spacecraft at"):
            link.receive(SECOND_NS)
    finally:
        link.close()

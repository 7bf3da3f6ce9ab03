"""Stacks: checked whole before anything leaves, then step by step, each when the one before is as it should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fsw.catalogue.wire import encode_structure
from fsw.packets import housekeeping
from fsw.packets.cuc import Cuc
from fsw.packets.pus import Telemetry
from hal.clock import SECOND_NS
from tests.tools.test_ground_loop import TAI_AT_ZERO_NS, Flight
from tools.ground.arguments import ArgumentError
from tools.ground.cli import gnd
from tools.ground.decoder import Decoder, Record
from tools.ground.history import History
from tools.ground.journal import commands_of
from tools.ground.options import Station
from tools.ground.predicate import parse_predicate

MARGIN = {"name": "set_parameter", "args": {"parameter": "temp_margin_c", "value": "2.5degC"}}
PING = {"name": "ping"}
FAILING = {"name": "cancel_job", "args": {"job": 4}}
HAZARDOUS = {"name": "set_mode", "args": {"mode": "SAFE"}}


def run(folder: Path, steps: object, *words: str, flight: Flight | None = None) -> Result:
    file = folder / "stack.json"
    file.write_text(json.dumps({"steps": steps}))
    flight = flight or Flight()
    station = Station(link=lambda: flight, clock=flight.clock, sequence=0, history=folder / "h.jsonl")
    return CliRunner().invoke(gnd, ["cmd", "stack", str(file), *words], obj=station)


def codes(result: Result) -> list[tuple[int, int]]:
    return [(row["step"], row["code"]) for row in map(json.loads, result.stdout.splitlines())]


def test_steps_go_one_after_the_other_when_telemetry_says_what_was_expected(tmp_path: Path) -> None:
    steps = [{**MARGIN, "expect": "temp_margin_c == 2.5", "comment": "warm"}, {**PING, "delay_s": 30}]
    result = run(tmp_path, steps, "--format", "jsonl", "--comment", "morning")
    assert (result.exit_code, codes(result)) == (0, [(1, 0), (2, 0)])
    assert json.loads(result.stdout.splitlines()[1])["elapsed_s"] >= 30.0
    told = commands_of(History(tmp_path / "h.jsonl").entries())
    assert [(row["command"], row["comment"], row["verdict"]) for row in told] == [
        ("set_parameter", "warm", "completed"), ("ping", "morning", "completed"),
    ]  # fmt: skip


def test_a_failed_step_stops_the_rest_and_says_how_to_go_on(tmp_path: Path) -> None:
    result = run(tmp_path, [PING, FAILING, PING], "--format", "jsonl")
    assert (result.exit_code, codes(result)) == (9, [(1, 0), (2, 5)])
    assert "unknown_job: job 4 is not known" in result.stdout
    assert "stopped at step 2; to go on" in result.stderr and "--resume-from 2" in result.stderr
    assert codes(run(tmp_path, [PING, FAILING, PING], "--resume-from", "3", "--format", "jsonl")) == [(3, 0)]
    assert run(tmp_path, [FAILING, PING]).exit_code == 5
    assert run(tmp_path, [PING], "--resume-from", "2").exit_code == 2


def test_a_step_that_may_fail_is_told_and_passed(tmp_path: Path) -> None:
    result = run(tmp_path, [{**FAILING, "stop_on_failure": False}, PING], "--format", "jsonl")
    assert (result.exit_code, codes(result)) == (9, [(1, 5), (2, 0)])


def test_what_was_not_seen_in_telemetry_stops_with_what_is_there_instead(tmp_path: Path) -> None:
    result = run(tmp_path, [{**MARGIN, "expect": "temp_margin_c > 3", "within_s": 12}, PING], "--format", "jsonl")
    assert (result.exit_code, codes(result)) == (5, [(1, 5)])
    assert "within 12 s: temp_margin_c is 2.5, wanted > 3" in result.stdout


def test_a_hazardous_step_is_left_to_a_person(tmp_path: Path) -> None:
    flight = Flight()
    result = run(tmp_path, [PING, HAZARDOUS, PING], flight=flight)
    assert result.exit_code == 9
    assert "cmd arm set_mode mode=SAFE, fire what it says, then --resume-from 3" in result.stdout
    assert run(tmp_path, [HAZARDOUS]).exit_code == 3


def test_a_silent_board_leaves_the_outcome_unknown_and_the_rest_unsent(tmp_path: Path) -> None:
    result = run(tmp_path, [{**PING, "timeout_s": 5}, PING], "--format", "jsonl", flight=Flight(silent=True))
    assert (result.exit_code, codes(result)) == (6, [(1, 6)])


def test_a_dry_run_shows_every_packet_and_sends_none(tmp_path: Path) -> None:
    flight = Flight()
    result = run(tmp_path, [MARGIN, HAZARDOUS], "--dry-run", "--format", "jsonl", flight=flight)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["hazard"], bytes.fromhex(row["packet"])[7]) for row in rows] == [(None, 20), ("warning", 8)]
    assert flight.receive(0) is None
    assert not (tmp_path / "h.jsonl").exists()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"name": "pnig"}, "did you mean ping"),
        ({"name": "ping", "arg": {}}, "did you mean args"),
        ({"name": "ping", "delay_s": -1}, "delay_s is -1"),
        ({"name": "ping", "advance_on": "sent"}, "accepted are accepted, started, completed"),
        ({"name": "ping", "expect": "soc ~ 1"}, "is no condition"),
        ({"name": "ping", "stop_on_failure": 1}, "accepted are true and false"),
        ({"name": "set_parameter", "args": {"parameter": "temp_margin_c", "value": 99}}, "accepted are 0 to 20"),
        ({"name": "ping", "args": []}, "args are"),
        ("ping", "is no object"),
    ],
)
def test_a_wrong_file_is_told_by_step_before_anything_is_sent(tmp_path: Path, step: Any, said: str) -> None:
    flight = Flight()
    result = run(tmp_path, [PING, step], flight=flight)
    assert (result.exit_code, "step 2: " in result.stderr, said in result.stderr) == (2, True, True)
    assert flight.receive(0) is None


def test_what_is_no_stack_is_told(tmp_path: Path) -> None:
    for text in ("{", "{}", '{"steps": []}', "3"):
        file = tmp_path / "x.json"
        file.write_text(text)
        assert CliRunner().invoke(gnd, ["cmd", "stack", str(file)]).exit_code == 2


def power(second: int, **values: object) -> Record:
    data = housekeeping.HousekeepingReport(1, encode_structure(1, values)).pack()  # type: ignore[arg-type]
    octets = Telemetry(0x42, 0, 3, 25, Cuc.from_ns(TAI_AT_ZERO_NS + second * SECOND_NS), data).pack()
    record = Decoder().decode(octets, 0)
    assert isinstance(record, Record)
    return record


def test_a_predicate_holds_when_all_is_heard_and_as_wanted() -> None:
    predicate = parse_predicate("soc > 0.6 and host_sunlit == YES and bus_power_w != 20")
    assert not predicate.is_met and "soc is not heard" in predicate.state()
    predicate.take(power(9, soc=0.7, host_sunlit="yes", bus_power_w=21.0))
    assert predicate.is_met and predicate.state() == "as expected"
    predicate.take(power(5, soc=0.1))  # made before
    assert predicate.is_met
    predicate.take(power(10, soc=0.1))
    assert predicate.state() == "soc is 0.1, wanted > 0.6"


@pytest.mark.parametrize("text", ["", "soc", "soc = 1", "sok > 1", "mode > SAFE", "mode == SAVE", "soc > 1W"])
def test_what_is_no_predicate_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError):
        parse_predicate(text)

"""The ground tool's pure parts: decoder, verifier, arguments, output, watch."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.catalogue.wire import encode_event, encode_structure
from fsw.packets.cuc import Cuc
from fsw.packets.events import EventReport
from fsw.packets.housekeeping import HousekeepingReport
from fsw.packets.parameters import ParameterReport
from fsw.packets.pus import Telemetry
from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tools.ground.arguments import ArgumentError, RangeError, find_command, parse_arguments
from tools.ground.clock import iso
from tools.ground.decoder import Alive, Decoder, Happened, Record, Samples, Undecoded
from tools.ground.output import Writer
from tools.ground.telemetry import Watch
from tools.ground.verifier import STAGES, State, Verifier

REQUEST = 0x1842C005
TIME = Cuc.from_ns(2_173_824_037_250_000_000)


def record(service: int, subtype: int, data: bytes, sequence: int = 0, decoder: Decoder | None = None) -> Record:
    octets = Telemetry(0x42, sequence, service, subtype, TIME, data, time_status=2).pack()
    decoded = (decoder or Decoder()).decode(octets, received_ns=5)
    assert isinstance(decoded, Record)
    return decoded


def power(sequence: int = 0) -> Record:
    return record(3, 25, HousekeepingReport(1, encode_structure(1, {"soc": 0.5})).pack(), sequence)


def test_a_record_has_both_times_and_the_quality_of_the_on_board_one() -> None:
    alive = record(17, 2, b"")
    assert iso(alive.generated_ns) == "2026-11-20T00:00:00.250Z"
    assert (alive.received_ns, alive.time_quality, alive.content) == (5, "synchronised", Alive())


def test_a_missing_value_is_shown_as_missing() -> None:
    content = power().content
    assert isinstance(content, Samples)
    assert [(item.value, item.quality) for item in content.values[:2]] == [(0.5, "valid"), (None, "missing")]


def test_an_event_reads_as_a_sentence() -> None:
    data = EventReport(20, encode_event("mode_changed", ("BOOT", "SAFE", "ground", "command"))).pack()
    content = record(5, 3, data).content
    assert isinstance(content, Happened)
    assert (content.severity, content.text) == ("medium", "mode BOOT -> SAFE by ground: command")


def test_a_label_asked_for_alone_is_shown_by_name() -> None:
    content = record(20, 2, ParameterReport(((50, 4.0), (1, None))).pack()).content
    assert isinstance(content, Samples)
    assert [(item.name, item.value) for item in content.values] == [("mode", "SAFE"), ("soc", None)]


@pytest.mark.parametrize(
    ("service", "subtype", "data", "why"),
    [
        (99, 1, b"", "not in the dictionary"),
        (3, 25, b"\xff\xff", "structure 65535"),
        (3, 25, b"\x00\x01\x00", "too few or too many"),
        (5, 1, b"\xff\xff", "event 65535"),
        (20, 2, ParameterReport(((9999, 1.0),)).pack(), "parameter 9999"),
        (1, 2, b"", "at least"),
    ],
)
def test_a_sound_packet_without_words_is_told_apart(service: int, subtype: int, data: bytes, why: str) -> None:
    content = record(service, subtype, data).content
    assert isinstance(content, Undecoded)
    assert why in content.why


@given(st.binary(max_size=60))
def test_any_octets_are_decoded_to_something(octets: bytes) -> None:
    assert isinstance(Decoder().decode(octets, 0), Undecoded)


@given(st.sampled_from([(1, 2), (1, 6), (3, 25), (5, 1), (5, 4), (20, 2), (17, 2)]), st.binary(max_size=60))
def test_any_data_in_a_sound_packet_is_decoded_to_something(kind: tuple[int, int], data: bytes) -> None:
    assert record(*kind, data).content is not None


def test_lost_packets_are_counted_and_late_ones_are_not() -> None:
    decoder = Decoder()
    missed = [record(17, 2, b"", sequence, decoder).missed for sequence in (16382, 16383, 0, 4, 2, 5)]
    assert missed == [0, 0, 0, 3, 0, 0]
    assert decoder.missed == 3


def states(verifier: Verifier) -> dict[str, State]:
    return {row.stage: row.state for row in verifier.rows}


def sent(ack: int = 0xF, wait: str = "completed") -> Verifier:
    verifier = Verifier(REQUEST, ack, wait)
    for stage in ("QUEUED", "RELEASED", "SENT"):
        verifier.mark(stage, 0)
    return verifier


def test_a_command_completes_stage_by_stage() -> None:
    verifier = sent()
    for subtype in (1, 3, 7):
        assert verifier.verdict is None
        verifier.take(Verification(subtype, REQUEST), subtype * SECOND_NS)
    assert verifier.verdict == 0
    assert verifier.rows[-1].elapsed_ns == 7 * SECOND_NS
    assert states(verifier)["PROGRESS"] is states(verifier)["LINK-ACK"] is State.NOT_APPLICABLE


@pytest.mark.parametrize(("subtype", "stage", "code"), [(2, "ACCEPTED", 4), (4, "STARTED", 5), (8, "COMPLETED", 5)])
def test_a_failed_stage_greys_all_later_ones(subtype: int, stage: str, code: int) -> None:
    verifier = sent()
    row = verifier.take(Verification(subtype, REQUEST, 6, (1.0, 9.0, 0.0, 5.0)), 1)
    assert row is not None
    assert (row.label, row.values, verifier.verdict) == ("out_of_range", (1.0, 9.0, 0.0, 5.0), code)
    later = STAGES[STAGES.index(stage) + 1 :]
    assert {states(verifier)[name] for name in later} <= {State.NOT_APPLICABLE}
    assert verifier.take(Verification(7, REQUEST), 2) is None or stage != "COMPLETED"


def test_a_failed_routing_is_a_failed_acceptance() -> None:
    verifier = sent()
    verifier.take(Verification(10, REQUEST, 1), 1)
    assert verifier.verdict == 4


def test_silence_is_unknown_and_not_failure() -> None:
    verifier = sent()
    verifier.take(Verification(1, REQUEST), 1)
    verifier.expire()
    assert verifier.verdict == 6
    assert states(verifier)["ACCEPTED"] is State.DONE
    assert states(verifier)["COMPLETED"] is State.UNKNOWN


def test_waiting_ends_at_the_stage_asked_for() -> None:
    verifier = sent(wait="accepted")
    verifier.take(Verification(1, REQUEST), 1)
    assert verifier.verdict == 0


def test_reports_of_other_commands_and_repeated_ones_tell_nothing() -> None:
    verifier = sent()
    assert verifier.take(Verification(1, REQUEST + 1), 1) is None
    assert verifier.take(Verification(1, REQUEST), 1) is not None
    assert verifier.take(Verification(1, REQUEST), 2) is None


@pytest.mark.parametrize("report", [Verification(7, REQUEST), Verification(8, REQUEST, 9, (10.0,))])
def test_a_report_that_was_lost_leaves_its_stage_unknown(report: Verification) -> None:
    verifier = sent()
    verifier.take(Verification(1, REQUEST), 1)
    verifier.take(report, 2)
    assert states(verifier)["STARTED"] is State.UNKNOWN
    assert states(verifier)["PROGRESS"] is State.NOT_APPLICABLE


def test_progress_shows_its_latest_step() -> None:
    verifier = sent()
    for step in (1, 2):
        verifier.take(Verification(5, REQUEST, step=step), step)
    assert {row.stage: row.step for row in verifier.rows}["PROGRESS"] == 2


def test_stages_that_were_not_asked_for_are_not_awaited() -> None:
    verifier = sent(ack=0x9)
    assert states(verifier)["STARTED"] is State.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("command", "typed", "values"),
    [
        ("set_mode", ["mode=safe"], ("SAFE",)),
        ("SET-MODE", ["MODE=eclipse-save"], ("ECLIPSE_SAVE",)),
        ("cancel_job", ["job=0x10"], (16,)),
        ("submit_job", ["deadline=10min", "value=7", "model=water", "input=a=b"], ("water", "a=b", 7.0, 600.0)),
        ("set_parameter", ["parameter=temp_margin_c", "value=2.5C"], ("temp_margin_c", 2.5)),
        ("set_parameter", ["parameter=energy_reserve_j", "value=1Wh"], ("energy_reserve_j", 3600.0)),
    ],
)
def test_what_is_typed_becomes_values(command: str, typed: list[str], values: tuple[object, ...]) -> None:
    assert parse_arguments(find_command(command), typed) == values


@pytest.mark.parametrize(
    ("command", "typed", "said"),
    [
        ("set_mode", ["mode=saffe"], "did you mean SAFE"),
        ("set_mode", [], "needs mode"),
        ("set_mode", ["SAFE"], "is not ARG=VALUE"),
        ("set_mode", ["mode=SAFE", "mode=SAFE"], "twice"),
        ("cancel_job", ["jub=1"], "did you mean job[?] - usage: cancel_job job=INTEGER"),
        ("cancel_job", ["job=1.5"], "not a whole number"),
        ("cancel_job", ["job=inf"], "not a whole number"),
        ("ping", ["x=1"], "ping takes no argument"),
        ("cancel_job", ["job=one"], "not a number"),
        ("submit_job", ["model=a", "input=b", "value=1W", "deadline=1min"], "a number without unit is needed"),
        ("submit_job", ["model=a", "input=b", "value=1", "deadline=1W"], "is in W, s is needed"),
        ("set_parameter", ["parameter=tempmargin", "value=1"], "did you mean temp_margin_c"),
        ("set_parameter", ["parameter=temp", "value=1"], "did you mean temp_margin_c"),
    ],
)
def test_what_is_typed_wrongly_is_explained(command: str, typed: list[str], said: str) -> None:
    with pytest.raises(ArgumentError, match=said) as caught:
        parse_arguments(find_command(command), typed)
    assert not isinstance(caught.value, RangeError)


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        ("cancel_job", ["job=0"]),
        ("cancel_job", ["job=5000000000"]),
        ("get_parameter", ["parameter=envelope_bound_by"]),
        ("submit_job", ["model=a", "input=b", "value=nan", "deadline=60"]),
        ("set_parameter", ["parameter=temp_margin_c", "value=99"]),
        ("set_parameter", ["parameter=soc", "value=1"]),
    ],
)
def test_what_is_out_of_range_is_refused_here(command: str, typed: list[str]) -> None:
    with pytest.raises(RangeError):
        parse_arguments(find_command(command), typed)


def test_an_unknown_command_gets_a_suggestion() -> None:
    with pytest.raises(ArgumentError, match="did you mean set_mode"):
        find_command("setmode")


def written(style: str) -> str:
    stream = io.StringIO()
    writer = Writer(stream, style, {"name": 6, "value": 0})
    writer.write({"name": "soc", "value": 0.123456789, "more": 1})
    writer.write({"name": "mode", "value": None, "more": float("inf")})
    writer.close()
    return stream.getvalue()


def test_rows_in_every_format() -> None:
    assert written("table") == "name   value\nsoc    0.123457\nmode   -\n"
    assert written("csv") == "name,value\nsoc,0.123456789\nmode,\n"
    assert [json.loads(line) for line in written("jsonl").splitlines()] == json.loads(written("json"))
    assert json.loads(written("json"))[1] == {"name": "mode", "value": None, "more": "inf"}


def test_a_structure_that_is_late_twice_over_is_shown_once_as_stale() -> None:
    watch = Watch(frozenset({"soc"}))
    for second in (0, 10):
        assert len(watch.take(power(), second * SECOND_NS)) == 1
    assert watch.stale(30 * SECOND_NS) == []
    assert [row["quality"] for row in watch.stale(31 * SECOND_NS)] == ["stale"]
    assert watch.stale(60 * SECOND_NS) == []

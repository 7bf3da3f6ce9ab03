"""The dictionary agrees with itself, and what it derives survives the link; what is missing stays missing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.catalogue import check, commands
from fsw.catalogue.commands import COMMAND_BY_NAME, COMMANDS
from fsw.catalogue.events import EVENTS, event_text
from fsw.catalogue.failures import FAILURES, failure_code, failure_text
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.reports import REPORTS
from fsw.catalogue.rows import ONE, Field, ReportRow, Wire
from fsw.catalogue.structures import STRUCTURE_BY_NAME, STRUCTURES, StructureRow
from fsw.catalogue.wire import (
    Value,
    WireError,
    decode_arguments,
    decode_event,
    decode_report,
    decode_row,
    decode_structure,
    encode_arguments,
    encode_event,
    encode_report,
    encode_row,
    encode_structure,
    row_octets,
    structure_size,
)


def test_the_dictionary_agrees_with_itself() -> None:
    assert check.problems() == []


def test_the_check_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = StructureRow(1, "Power", "power_interval_s", ("soc", "soc", "nonsense"))
    monkeypatch.setattr(check, "STRUCTURES", (*STRUCTURES, broken))
    monkeypatch.setattr(check, "FAILURES", FAILURES + FAILURES[:1])
    found = " ".join(check.problems())
    for problem in (
        "structure number 1 is used twice",
        "'Power' is not lower_case",
        "no parameter nonsense",
        "soc stands twice",
        "failure number 1 is used twice",
    ):
        assert problem in found


def test_a_missing_value_is_none_on_the_ground_and_not_a_number() -> None:
    values: dict[str, Value | None] = {"payload_temp_c": 20.0, "battery_temp_c": None, "radiator_temp_c": 0.0}
    read = decode_structure(2, encode_structure(2, values))
    assert read == {
        "payload_temp_c": 20.0,
        "worst_payload_temp_c": None,
        "battery_temp_c": None,
        "worst_battery_temp_c": None,
        "radiator_temp_c": 0.0,
    }


@pytest.mark.parametrize("value", [float("nan"), "warm", 1e300])
def test_a_value_that_does_not_fit_is_missing(value: Value) -> None:
    assert decode_structure(2, encode_structure(2, {"payload_temp_c": value}))["payload_temp_c"] is None


def test_labels_names_and_counts_of_a_structure_come_back() -> None:
    values: dict[str, Value | bool | None] = {"mode": "SAFE", "envelope_run": True, "envelope_bound_by": "battery"}
    values |= {"jobs_done": 7.0, "jobs_queued": -1, "queue_bound_by": "x" * 100}
    read = decode_structure(3, encode_structure(3, values))
    assert (read["mode"], read["envelope_run"], read["envelope_bound_by"]) == ("SAFE", "yes", "battery")
    assert (read["jobs_done"], read["jobs_queued"], read["queue_bound_by"]) == (7, None, "x" * 24)


@given(st.sampled_from(STRUCTURES), st.binary(max_size=200))
def test_any_octets_give_a_structure_or_a_wire_error(row: StructureRow, octets: bytes) -> None:
    try:
        assert set(decode_structure(row.id, octets)) == set(row.parameters)
    except WireError as error:
        assert failure_code(error.label)


@given(st.sampled_from(COMMANDS), st.binary(max_size=80))
def test_any_octets_give_arguments_or_a_wire_error(row: commands.CommandRow, octets: bytes) -> None:
    try:
        encode_arguments(row.name, decode_arguments(row.name, octets))
    except WireError as error:
        assert failure_code(error.label)


@given(st.sampled_from(EVENTS), st.data())
def test_events_come_back_and_read_as_a_sentence(row: object, choice: st.DataObject) -> None:
    values = tuple(choice.draw(_values(field)) for field in row.fields)  # type: ignore[attr-defined]
    name: str = row.name  # type: ignore[attr-defined]
    assert decode_event(row.id, encode_event(name, values)) == values  # type: ignore[attr-defined]
    assert name not in event_text(name, values) or "(" not in event_text(name, values)


def _values(field: Field) -> st.SearchStrategy[Value]:
    if field.wire is Wire.TEXT:
        return st.text(max_size=40).filter(lambda text: len(text.encode()) <= 160)
    if field.wire in (Wire.U32, Wire.U64):
        return st.integers(0, 2**32 - 1 if field.wire is Wire.U32 else 2**64 - 1)
    return st.floats(allow_nan=False, allow_infinity=False)


def test_a_long_text_of_an_event_is_cut_at_a_letter_and_that_of_a_command_refused() -> None:
    (text,) = decode_event(44, encode_event("host_safing", ("é" * 300,)))
    assert text == "é" * 100
    with pytest.raises(WireError, match="longer"):
        encode_arguments("clear_fault", ("x" * 300,))


@pytest.mark.parametrize(
    ("command", "values", "label"),
    [
        ("submit_job", ("water", "scene", 7.0, 0.5), "out_of_range"),
        ("submit_job", ("w" * 33, "scene", 7.0, 60.0), "out_of_range"),
        ("submit_job", ("water", "scene", float("nan"), 60.0), "out_of_range"),
        ("cancel_job", (0,), "out_of_range"),
    ],
)
def test_arguments_out_of_range_are_refused(command: str, values: tuple[Value, ...], label: str) -> None:
    with pytest.raises(WireError) as caught:
        decode_arguments(command, encode_arguments(command, values))
    assert caught.value.label == label


@pytest.mark.parametrize("values", [(), ("nonsense",), (7.5,), (99,), ("SAFE", "SAFE")])
def test_arguments_that_do_not_fit_are_refused(values: tuple[Value, ...]) -> None:
    with pytest.raises(WireError):
        decode_arguments("set_mode", encode_arguments("set_mode", values))


def test_failures_read_as_a_sentence_whatever_came_with_them() -> None:
    assert failure_text(failure_code("out_of_range"), (1, 9.0, 0.0, 5.0)).startswith("out_of_range: argument 1 is 9")
    assert failure_text(12345) == "code 12345"


def test_commands_of_service_8_are_told_apart_by_number() -> None:
    assert COMMAND_BY_NAME["set_mode"].prefix == b"\x00\x01"
    assert COMMAND_BY_NAME["set_parameter"].prefix == b"\x01"
    assert COMMAND_BY_NAME["ping"].prefix == b""


def test_only_settable_parameters_have_an_owning_service() -> None:
    assert PARAMETER_BY_NAME["temp_margin_c"].owner == "guard"
    assert not PARAMETER_BY_NAME["soc"].is_settable


@given(st.sampled_from(REPORTS), st.binary(max_size=80))
def test_any_octets_give_a_report_or_a_wire_error(row: ReportRow, octets: bytes) -> None:
    data = octets if row.fields and not row.fields[0].lead else ONE + octets
    try:
        values = decode_report(row.service, row.subtype, data)
    except WireError:
        return
    assert decode_report(row.service, row.subtype, encode_report(row.name, values)) == values


def test_a_list_of_one_item_has_its_count_before_it() -> None:
    release_ns = 2_173_824_037_500_000_000
    ping = "1842c00500062f110100009d76"
    data = encode_arguments("schedule_command", (3, release_ns, ping))
    assert data.hex() == "03" + "01" + "8191ec25800000" + ping  # CUC of 2026-11-20T00:00:00.5Z, without P-field
    assert decode_arguments("schedule_command", data) == (3, release_ns, ping)
    with pytest.raises(WireError, match="one item"):
        decode_arguments("schedule_command", data[:1] + b"\x02" + data[2:])


def test_a_carried_packet_that_is_no_telecommand_is_refused() -> None:
    damaged = "1842c00500062f110100009d77"
    with pytest.raises(WireError, match="packet"):
        encode_arguments("schedule_command", (0, 0, damaged))
    with pytest.raises(WireError, match="packet"):
        decode_arguments("schedule_command", bytes.fromhex("0001" + 14 * "0" + damaged))


def test_names_in_lists_come_back_and_unknown_ones_are_refused() -> None:
    data = encode_arguments("create_structure", (100, 1000, "soc, payload_temp_c"))
    assert data.hex() == "0064" + "000003e8" + "02" + "0001" + "001e"
    assert decode_arguments("create_structure", data) == (100, 1000, "soc,payload_temp_c")
    with pytest.raises(WireError) as caught:
        decode_arguments("create_structure", bytes.fromhex("0064000003e8017fff"))
    assert caught.value.label == "unknown_parameter"


def test_no_limit_is_infinite_and_not_a_number_is_no_limit() -> None:
    values = (7, "payload_temp_c", 3, -math.inf, "watchpoint_low", 70.0, "watchpoint_high", 30.0, 2.0)
    assert decode_arguments("add_monitor", encode_arguments("add_monitor", values)) == values
    with pytest.raises(WireError):
        decode_arguments("add_monitor", encode_arguments("add_monitor", (*values[:3], math.nan, *values[4:])))


def test_a_structure_made_up_in_flight_is_laid_out_as_a_declared_one() -> None:
    thermal = STRUCTURE_BY_NAME["thermal"]
    values = {"payload_temp_c": 20.0, "battery_temp_c": None}
    assert encode_row(thermal.parameters, values) == encode_structure(thermal.id, values)
    assert decode_row(thermal.parameters, encode_row(thermal.parameters, values))["payload_temp_c"] == 20.0
    assert row_octets(thermal.parameters) == structure_size(thermal.id)

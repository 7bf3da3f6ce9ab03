"""What the ground understands beyond housekeeping and events: reports, time packets, files, structures made up."""

from __future__ import annotations

import pytest

from fsw.catalogue.apids import FILE_APID
from fsw.catalogue.check import example
from fsw.catalogue.reports import REPORTS
from fsw.catalogue.rows import ReportRow
from fsw.catalogue.wire import encode_report, encode_row
from fsw.packets import housekeeping
from fsw.packets.cuc import Cuc
from fsw.packets.pus import Telecommand, Telemetry
from fsw.packets.space_packet import TELEMETRY, PrimaryHeader
from fsw.packets.time_report import TimeReport
from tools.ground.arguments import ArgumentError, carried_packet, find_command, parse_arguments, parse_time
from tools.ground.decoder import Decoder, FilePart, Record, Reported, Samples, TimeTold, Undecoded

NOON = Cuc.from_ns(2_173_824_037_500_000_000)


def telemetry(service: int, subtype: int, data: bytes, sequence: int = 0) -> bytes:
    return Telemetry(0x42, sequence, service, subtype, NOON, data, time_status=2).pack()


def content(decoder: Decoder, octets: bytes) -> object:
    record = decoder.decode(octets, 5)
    assert isinstance(record, Record)
    return record.content


@pytest.mark.parametrize("row", REPORTS, ids=lambda row: row.name)
def test_every_report_comes_back_by_its_names(row: ReportRow) -> None:
    values = {field.name: example(field) for field in row.fields}
    data = encode_report(row.name, tuple(values.values()))
    assert content(Decoder(), telemetry(row.service, row.subtype, data)) == Reported(name=row.name, values=values)


@pytest.mark.parametrize("row", REPORTS, ids=lambda row: row.name)
def test_a_report_that_is_cut_is_told_and_not_raised(row: ReportRow) -> None:
    data = encode_report(row.name, [example(field) for field in row.fields])
    assert isinstance(content(Decoder(), telemetry(row.service, row.subtype, data[:-1])), Undecoded)


def test_a_structure_made_up_in_flight_is_read_once_its_definition_has_come() -> None:
    decoder, names = Decoder(), ("soc", "payload_temp_c")
    row = encode_row(names, {"soc": 0.5})
    packet = telemetry(3, 25, housekeeping.HousekeepingReport(150, row).pack())
    unknown = content(decoder, packet)
    assert isinstance(unknown, Undecoded) and "describe_structure structure=150" in unknown.why
    definition = encode_report("structure_definition", ("150", "yes", 1000, ",".join(names)))
    content(decoder, telemetry(3, 10, definition))
    samples = content(decoder, packet)
    assert isinstance(samples, Samples)
    assert {sampled.name: sampled.value for sampled in samples.values} == {"soc": 0.5, "payload_temp_c": None}


def test_time_packets_and_parts_of_files_are_told_apart_by_their_application_process() -> None:
    decoder = Decoder()
    report = TimeReport(sequence=0, rate=4, time=NOON, quality=2)
    assert content(decoder, report.pack()) == TimeTold(onboard_tai_ns=NOON.to_ns(), rate=4)
    head = PrimaryHeader(TELEMETRY, FILE_APID, 9, 5, has_secondary=False).pack()
    assert content(decoder, head + b"units") == FilePart(octets=b"units")
    assert isinstance(decoder.decode(head + b"unit", 0), Undecoded)


def test_a_gap_is_counted_for_each_application_process() -> None:
    decoder = Decoder()
    for sequence in (0, 1, 4):
        decoder.decode(TimeReport(sequence=sequence, rate=0, time=NOON, quality=2).pack(), 0)
        decoder.decode(telemetry(17, 2, b"", sequence=sequence // 4), 0)
    assert decoder.missed == 2


def test_a_carried_command_is_typed_as_it_is_sent() -> None:
    row = find_command("schedule_command")
    words = ["sub_schedule=1", "release=2026-11-20T00:00:00.5Z", "packet=17 set_mode mode=SAFE"]
    sub_schedule, release_ns, packet = parse_arguments(row, words)
    assert (sub_schedule, release_ns) == (1, 2_173_824_037_500_000_000)
    assert Telecommand.unpack(bytes.fromhex(str(packet))) == Telecommand(0x42, 17, 8, 1, bytes.fromhex("000104"))
    assert carried_packet(str(packet)).hex() == packet


@pytest.mark.parametrize(
    ("command", "words", "problem"),
    [
        ("schedule_command", ["sub_schedule=1", "release=tomorrow", "packet=ping"], "no time"),
        ("schedule_command", ["sub_schedule=1", "release=2026-11-20T00:00:00", "packet=ping"], "no time"),
        ("schedule_command", ["sub_schedule=1", "release=+90s", "packet=pink"], "did you mean ping"),
        ("schedule_command", ["sub_schedule=1", "release=+90s", "packet=set_mode mode=ZEN"], "no mode"),
        ("create_structure", ["structure=100", "interval=1000", "parameters=soc,payload_tmp_c"], "payload_temp_c"),
        ("create_structure", ["structure=7", "interval=1000", "parameters=soc"], "accepted are 100"),
        ("forward_report", ["service=3", "subtypes=25,x"], "subtypes"),
    ],
)
def test_what_is_mistyped_is_told_with_its_cure(command: str, words: list[str], problem: str) -> None:
    with pytest.raises(ArgumentError, match=problem):
        parse_arguments(find_command(command), words)


def test_a_time_from_now_on_is_later_than_now() -> None:
    first_ns = parse_time("+1h")
    assert parse_time("+2h") - first_ns >= 3_600 * 10**9

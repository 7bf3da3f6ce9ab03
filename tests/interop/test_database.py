"""Our XTCE is sound and read by others to the values that we mean: space_packet_parser, ccsdspy."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fsw.catalogue.apids import FILE_APID
from fsw.catalogue.events import EVENT_BY_NAME, EVENTS
from fsw.catalogue.failures import FAILURES
from fsw.catalogue.parameters import PARAMETER_BY_NAME, PARAMETERS, ParameterRow
from fsw.catalogue.reports import REPORTS
from fsw.catalogue.rows import Field, ReportRow, Wire
from fsw.catalogue.structures import STRUCTURE_BY_NAME, STRUCTURES, StructureRow
from fsw.catalogue.wire import Value, decode_event, decode_structure, encode_event, encode_report, encode_structure
from fsw.packets import connection, events, housekeeping, parameters, verification
from fsw.packets.cuc import Cuc
from fsw.packets.pus import Telecommand, Telemetry
from fsw.packets.space_packet import TELEMETRY, PrimaryHeader
from fsw.packets.time_report import TimeReport
from tools.ground.mdb_xtce import xtce

spp = pytest.importorskip("space_packet_parser")
ccsdspy = pytest.importorskip("ccsdspy")

INTEGERS = {Wire.U8: 8, Wire.U16: 16, Wire.U32: 32, Wire.U64: 64}
TIME = Cuc(0x30000000, 0x800000)


@pytest.fixture(scope="module")
def definition(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("xtce") / "penumbra.xml"
    path.write_text(xtce(), encoding="utf-8")
    return spp.load_xtce(path)


def test_xtce_is_valid_at_every_level(tmp_path: Path) -> None:
    path = tmp_path / "penumbra.xml"
    path.write_text(xtce(), encoding="utf-8")
    command = ["-m", "space_packet_parser.cli", "validate", "--level", "all", "--no-schema-download", str(path)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def packet(service: int, subtype: int, data: bytes, sequence: int = 7) -> bytes:
    return Telemetry(0x42, sequence, service, subtype, TIME, data, counter=9, destination=3, time_status=2).pack()


def some(row: Field | ParameterRow, source: random.Random) -> Value:
    """A value that the row's wire type takes."""
    match row.wire:
        case Wire.LABEL:
            return source.choice(row.labels)
        case Wire.PARAMETER:
            return source.choice(PARAMETERS).name
        case Wire.NAME:
            return "".join(source.choices("abcdefgh_", k=source.randrange(1, 23)))
        case Wire.TEXT:
            return "".join(source.choices("abc µ°é", k=source.randrange(0, 80)))
        case Wire.F32 | Wire.F64:
            return source.uniform(-1e6, 1e6)
        case Wire.EVENT:
            return source.choice(EVENTS).name
        case Wire.STRUCTURE:
            return source.choice(STRUCTURES).name
        case Wire.PARAMETERS | Wire.EVENTS:
            rows = PARAMETERS if row.wire is Wire.PARAMETERS else EVENTS
            return ",".join(item.name for item in source.sample(rows, source.randrange(1, 20)))
        case Wire.NUMBERS:
            return ",".join(str(source.randrange(256)) for _ in range(source.randrange(1, 9)))
        case Wire.OCTETS:
            return source.randbytes(source.randrange(1, 900)).hex()
        case Wire.PACKET:
            return Telecommand(0x42, source.randrange(16384), 17, 1, source.randbytes(source.randrange(9))).pack().hex()
        case Wire.TIME:
            return Cuc(source.randrange(2**32), source.randrange(2**24)).to_ns()
        case Wire.I32:
            return source.randrange(-(2**31), 2**31)
        case wire:
            return source.randrange(2 ** INTEGERS[wire])


@pytest.mark.parametrize("row", STRUCTURES, ids=lambda row: row.name)
def test_housekeeping_reads_the_same(definition: Any, row: StructureRow) -> None:
    source = random.Random(row.id)
    for _ in range(20):
        values = {
            name: some(PARAMETER_BY_NAME[name], source) if source.random() < 0.8 else None for name in row.parameters
        }
        data = encode_structure(row.id, values)
        read = definition.parse_bytes(
            packet(housekeeping.SERVICE, housekeeping.REPORT, housekeeping.HousekeepingReport(row.id, data).pack())
        )
        assert read["structure"] == row.name
        for name, value in decode_structure(row.id, data).items():
            assert read[f"{name}_known"] == ("missing" if value is None else "known")
            if value is not None:
                assert read[name] == value


@pytest.mark.parametrize("row", EVENTS, ids=lambda row: row.name)
def test_events_read_the_same(definition: Any, row: Any) -> None:
    source = random.Random(row.id)
    for _ in range(5):
        data = encode_event(row.name, [some(field, source) for field in row.fields])
        read = definition.parse_bytes(packet(events.SERVICE, row.severity, events.EventReport(row.id, data).pack()))
        assert read["event"] == row.name
        for field, value in zip(row.fields, decode_event(row.id, data), strict=True):
            assert read[f"{row.name}_{field.name}"] == value


def reports() -> Iterator[verification.Verification]:
    for subtype in (1, 3, 5, 7):
        yield verification.Verification(subtype, 0x1842C005, step=3 if subtype == 5 else 0)
    for subtype in (2, 4, 6, 8, 10):
        for number in range(verification.VALUES_MAX + 1):
            code = FAILURES[number].code
            values = tuple(place + 0.5 for place in range(number))
            yield verification.Verification(subtype, 0x1842C005, code, values, 4 if subtype == 6 else 0)


@pytest.mark.parametrize("report", list(reports()), ids=lambda one: f"{one.subtype}-{len(one.values)}")
def test_verification_reads_the_same(definition: Any, report: verification.Verification) -> None:
    read = definition.parse_bytes(packet(verification.SERVICE, report.subtype, report.pack()))
    assert read["request"] == report.request
    if report.subtype in (5, 6):
        assert read["step"] == report.step
    if report.is_failure:
        assert read["failure_code"].raw_value == report.code
        assert tuple(read[f"failure_value_{place}"] for place in range(len(report.values))) == report.values


@pytest.mark.parametrize("row", [row for row in PARAMETERS if row.wire is not Wire.NAME], ids=lambda row: row.name)
def test_parameter_report_reads_the_same(definition: Any, row: ParameterRow) -> None:
    for value in (1.5, None):
        data = parameters.ParameterReport(((row.id, value),)).pack()
        read = definition.parse_bytes(packet(parameters.SERVICE, parameters.REPORT, data))
        assert read["reported_parameter"] == row.name
        assert read["reported_known"] == ("missing" if value is None else "known")
        if value is not None:
            assert read[row.name if row.is_settable else "reported_value"] == value


@pytest.mark.parametrize("row", REPORTS, ids=lambda row: row.name)
def test_reports_of_services_read_the_same(definition: Any, row: ReportRow) -> None:
    source = random.Random(row.name)
    for _ in range(5):
        values = [some(field, source) for field in row.fields]
        read = definition.parse_bytes(packet(row.service, row.subtype, encode_report(row.name, values)))
        for field, value in zip(row.fields, values, strict=True):
            for name, expected in parts(field, f"{row.name}_{field.name}", value).items():
                assert read[name] == expected


def parts(field: Field, name: str, value: Value) -> dict[str, Value | bytes]:
    """What XTCE calls the parts of a value that it cannot hold in one."""
    text = str(value)
    match field.wire:
        case Wire.TIME:
            time = Cuc.from_ns(int(value))
            return {f"{name}_seconds": time.seconds, f"{name}_fraction": time.fraction}
        case Wire.OCTETS:
            return {name: bytes.fromhex(text)}
        case Wire.PACKET:
            return {name: bytes.fromhex(text)[6:]}
        case Wire.NUMBERS:
            return {name: bytes(int(item) for item in text.split(","))}
        case Wire.PARAMETERS | Wire.EVENTS:
            rows = PARAMETER_BY_NAME if field.wire is Wire.PARAMETERS else EVENT_BY_NAME
            return {name: b"".join(rows[item].id.to_bytes(2, "big") for item in text.split(","))}
        case Wire.STRUCTURE:
            return {name: STRUCTURE_BY_NAME[text].id}
    return {name: value}


def test_packets_without_secondary_header_read_the_same(definition: Any) -> None:
    read = definition.parse_bytes(TimeReport(sequence=3, rate=4, time=TIME, quality=2).pack())
    assert (read["time_report_rate"], read["time_report_seconds"], read["time_report_quality"]) == (4, TIME.seconds, 2)
    pdu = bytes(range(40))
    head = PrimaryHeader(TELEMETRY, FILE_APID, 5, len(pdu), has_secondary=False).pack()
    assert definition.parse_bytes(head + pdu)["file_pdu"] == pdu


def test_headers_read_the_same(definition: Any) -> None:
    octets = packet(connection.SERVICE, connection.ALIVE, b"")
    read = definition.parse_bytes(octets)
    expected = {
        "packet_version": 0, "packet_type": 0, "secondary_header_flag": 1, "apid": 0x42, "sequence_flags": 3,
        "sequence_count": 7, "data_length": len(octets) - 7, "pus_version": 2, "time_status": 2, "service": 17,
        "subtype": 2, "message_counter": 9, "destination": 3, "time_p_field": 0x1F, "time_seconds": 0x30000000,
        "time_fraction": 0x800000, "packet_error_control": int.from_bytes(octets[-2:], "big"),
    }  # fmt: skip
    assert dict(read) == expected


CCSDSPY_TYPES = {
    Wire.U8: ("uint", 8), Wire.U16: ("uint", 16), Wire.U32: ("uint", 32), Wire.U64: ("uint", 64),
    Wire.I32: ("int", 32), Wire.F32: ("float", 32), Wire.F64: ("float", 64), Wire.LABEL: ("uint", 8),
}  # fmt: skip


def columns(row: StructureRow) -> Iterator[Any]:
    """The fields of one structure's packet as ccsdspy has them, from the secondary header on."""
    for name, bits in (
        ("version", 4), ("status", 4), ("service", 8), ("subtype", 8), ("counter", 16), ("destination", 16),
        ("p_field", 8), ("seconds", 32), ("fraction", 24), ("structure", 16),
    ):  # fmt: skip
        yield ccsdspy.PacketField(name=name, data_type="uint", bit_length=bits)
    for name in row.parameters:
        yield ccsdspy.PacketField(name=f"{name}_known", data_type="uint", bit_length=1)
    if len(row.parameters) % 8:
        yield ccsdspy.PacketField(name="spare", data_type="uint", bit_length=-len(row.parameters) % 8)
    for name in row.parameters:
        kind, bits = CCSDSPY_TYPES[PARAMETER_BY_NAME[name].wire]
        yield ccsdspy.PacketField(name=name, data_type=kind, bit_length=bits)
    yield ccsdspy.PacketField(name="check", data_type="uint", bit_length=16)


def test_ccsdspy_agrees_on_10_000_packets(tmp_path: Path) -> None:
    row, source = STRUCTURES[0], random.Random(1)
    decoded, path = [], tmp_path / "packets.bin"
    with path.open("wb") as file:
        for number in range(10_000):
            values = {name: some(PARAMETER_BY_NAME[name], source) for name in row.parameters}
            if number % 10 == 0:
                values[source.choice(row.parameters)] = None  # type: ignore[assignment]
            data = encode_structure(row.id, values)
            report = housekeeping.HousekeepingReport(row.id, data).pack()
            file.write(packet(housekeeping.SERVICE, housekeeping.REPORT, report, number))
            decoded.append(decode_structure(row.id, data))
    read = ccsdspy.FixedLength(list(columns(row))).load(str(path), include_primary_header=True)
    assert read["CCSDS_SEQUENCE_COUNT"].tolist() == list(range(10_000))
    for name in row.parameters:
        labels = PARAMETER_BY_NAME[name].labels
        theirs = [labels[value] for value in read[name].tolist()] if labels else read[name].tolist()
        known = read[f"{name}_known"].tolist()
        assert [value if is_known else None for value, is_known in zip(theirs, known, strict=True)] == [
            values[name] for values in decoded
        ]

"""Telemetry packets octet for octet, laid out by hand from ECSS-E-ST-70-41C and the dictionary's numbers."""

from __future__ import annotations

import pytest

from fsw.catalogue.wire import Value
from fsw.messages import Report
from fsw.packets import housekeeping
from fsw.packets.pus import check_packet
from fsw.telemetry.encoder import TelemetryEncoder
from hal.clock import SECOND_NS, OnboardTime

START_TAI_NS = 2_173_824_037 * SECOND_NS
SECONDARY = "22 {kind} 0000 0000 1f8191ec25000000"  # PUS 2, synchronised; counter; destination; TAI since 1958

REPORTS: dict[str, tuple[str, tuple[Value, ...], str, str]] = {
    "structure 100, disabled, every 5000 ms, soc and mode": (
        "structure_definition", ("100", "no", 5000, "soc,mode"), "030a", "0064 00 00001388 02 0001 0032",
    ),
    "trace 101, enabled, every second, soc": (
        "trace_definition", ("101", "yes", 1000, "soc"), "030c", "0065 01 000003e8 01 0001",
    ),
    "upset_detected and guard_trip are disabled": (
        "disabled_events", ("upset_detected,guard_trip",), "0508", "02 0020 0015",
    ),
    "of service 3 of APID 0x42, subtypes 10 and 25 are stopped": (
        "forwarded_report", (3, "10,25"), "0e04", "01 0042 01 03 02 0a19",
    ),
}  # fmt: skip


def encoder() -> TelemetryEncoder:
    return TelemetryEncoder(OnboardTime(tai_at_zero_ns=START_TAI_NS))


def golden(kind: str, data: str) -> bytes:
    """The first packet of the payload, without its checksum."""
    body = bytes.fromhex(SECONDARY.format(kind=kind)) + bytes.fromhex(data)
    return bytes.fromhex("0842 c000") + (len(body) + 2 - 1).to_bytes(2, "big") + body


@pytest.mark.parametrize("about", REPORTS)
def test_reports(about: str) -> None:
    name, values, kind, data = REPORTS[about]
    packet = encoder().report(Report(time_ns=0, name=name, values=values))
    assert packet is not None
    assert packet[:-2] == golden(kind, data)
    check_packet(packet, 25)


@pytest.mark.parametrize(("subtype", "kind"), [(housekeeping.REPORT, "0319"), (housekeeping.TRACE, "031a")])
def test_a_row_of_the_ground_s_making_has_bitmap_then_values(subtype: int, kind: str) -> None:
    names, values = ("soc", "mode", "uptime_s"), {"soc": 0.5, "mode": None, "uptime_s": 2.0}
    packet = encoder().row(0, 100, names, values, subtype)
    assert packet[:-2] == golden(kind, "0064 a0 3f000000 00 4000000000000000")


def test_a_part_of_a_file_is_a_packet_without_secondary_header() -> None:
    writer = encoder()
    assert writer.file_part(b"\x24\x01\x02").hex() == "07fdc0000002" + "240102"
    assert writer.file_part(b"\x24").hex() == "07fdc0010000" + "24"


def test_each_application_process_counts_its_own_packets() -> None:
    writer = encoder()
    first = [writer.alive(0), writer.time_report(0, 3), writer.file_part(b"\x24")]
    second = [writer.alive(0), writer.time_report(0, 3), writer.file_part(b"\x24")]
    assert [packet[:4].hex() for packet in first] == ["0842c000", "0000c000", "07fdc000"]
    assert [packet[:4].hex() for packet in second] == ["0842c001", "0000c001", "07fdc001"]
    assert writer.written == 6

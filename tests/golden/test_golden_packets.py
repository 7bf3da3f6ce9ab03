"""Our packets against octets that other implementations made or confirmed (spacepackets, puslib, tshark)."""

from __future__ import annotations

import pytest

from fsw.packets.connection import are_you_alive
from fsw.packets.cuc import AGENCY_EPOCH, Cuc
from fsw.packets.pus import Telecommand, Telemetry, check_packet
from fsw.packets.space_packet import TELECOMMAND, TELEMETRY, PrimaryHeader

PING = bytes.fromhex("1842c00500062f110100009d76")
ALIVE = bytes.fromhex("0842c0000010201102000000002f30000000800000342a")


def test_ping_is_octet_for_octet_that_of_other_implementations() -> None:
    assert are_you_alive(apid=0x42, sequence=5).pack() == PING
    assert Telecommand.unpack(PING) == are_you_alive(apid=0x42, sequence=5)


def test_alive_report_is_octet_for_octet_that_of_other_implementations() -> None:
    report = Telemetry(0x42, 0, 17, 2, Cuc(0x30000000, 0x800000, AGENCY_EPOCH))
    assert report.pack() == ALIVE
    assert Telemetry.unpack(ALIVE) == report


def test_request_identifier_is_the_first_four_octets() -> None:
    assert Telecommand.unpack(PING).request == int.from_bytes(PING[:4], "big")


@pytest.mark.parametrize(("packet", "kind", "sequence"), [(PING, TELECOMMAND, 5), (ALIVE, TELEMETRY, 0)])
def test_primary_headers(packet: bytes, kind: int, sequence: int) -> None:
    header = PrimaryHeader.unpack(packet)
    assert (header.type, header.apid, header.sequence, header.length) == (kind, 0x42, sequence, len(packet) - 6)
    assert header.pack() == packet[:6]


def test_checksum_starts_with_ones_and_has_the_published_check_value() -> None:
    from binascii import crc_hqx

    assert crc_hqx(b"123456789", 0xFFFF) == 0x29B1
    check_packet(PING, 13)
    check_packet(ALIVE, 23)

"""The time packet, octet for octet: put together by hand from the standards' tables, its check bit by bit."""

from __future__ import annotations

import pytest

from fsw.packets.cuc import Cuc
from fsw.packets.errors import BadChecksum, BadLength, PacketError, TooShort, WrongType
from fsw.packets.time_report import OCTETS, TimeReport

NOON = 0x8191EC25  # TAI seconds of 2026-11-20T00:00:00Z since 1958
PARTS = {
    "version 0, telemetry, no secondary header, APID 0": "0000",
    "unsegmented, count 3": "c003",
    "12 octets follow, less one": "000b",
    "every 2^4 s": "04",
    "CUC, 4 + 3 octets, TAI since 1958": "1f",
    "seconds": "8191ec25",
    "half a second": "800000",
    "synchronised": "02",
}
REPORT = TimeReport(sequence=3, rate=4, time=Cuc(NOON, 0x800000), quality=2)


def crc_of(octets: bytes) -> int:
    """CRC-16-CCITT as ECSS-E-ST-70-41C, Annex B, draws it: a shift register of ones."""
    register = 0xFFFF
    for octet in octets:
        for bit in range(7, -1, -1):
            feedback = (octet >> bit & 1) ^ (register >> 15)
            register = (register << 1 & 0xFFFF) ^ (0x1021 if feedback else 0)
    return register


GOLDEN = bytes.fromhex("".join(PARTS.values()))
GOLDEN += crc_of(GOLDEN).to_bytes(2, "big")


def test_the_time_packet_is_as_the_tables_say() -> None:
    assert len(GOLDEN) == OCTETS == 18
    assert REPORT.pack() == GOLDEN
    assert TimeReport.unpack(GOLDEN) == REPORT


@pytest.mark.parametrize("bit", range(8 * OCTETS))
def test_one_flipped_bit_is_refused(bit: int) -> None:
    damaged = bytearray(GOLDEN)
    damaged[bit // 8] ^= 0x80 >> bit % 8
    with pytest.raises(PacketError):
        TimeReport.unpack(bytes(damaged))


@pytest.mark.parametrize(
    ("octets", "error"),
    [(GOLDEN[:-1], TooShort), (GOLDEN + b"\x00", BadLength), (b"", TooShort), (bytes(18), BadLength)],
)
def test_what_is_no_time_packet_is_refused(octets: bytes, error: type[PacketError]) -> None:
    with pytest.raises(error):
        TimeReport.unpack(octets)


def test_another_application_s_packet_is_refused() -> None:
    other = b"\x00\x42" + GOLDEN[2:-2]
    with pytest.raises(WrongType):
        TimeReport.unpack(other + crc_of(other).to_bytes(2, "big"))
    with pytest.raises(BadChecksum):
        TimeReport.unpack(other + GOLDEN[-2:])

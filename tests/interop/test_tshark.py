"""tshark reads our primary headers, and the PDUs of our file transfers, from a capture. Debian's package `tshark`."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from fsw.cfdp.checksum import CRC_32
from fsw.cfdp.directives import Condition, Eof, FileData, Metadata
from fsw.cfdp.header import Header
from fsw.packets.cuc import Cuc
from fsw.packets.pus import Telecommand, Telemetry

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not on this machine")

PACKETS_PORT, CFDP_PORT = 10015, 10016
ETHERNET, IP, UDP = struct.Struct("!6s6sH"), struct.Struct("!BBHHHBBH4s4s"), struct.Struct("!HHHH")


def capture(path: Path, port: int, payloads: Sequence[bytes]) -> None:
    """A pcap file of one UDP datagram a payload, written by hand: no right to capture is needed."""
    with path.open("wb") as file:
        file.write(struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for second, payload in enumerate(payloads):
            udp = UDP.pack(40000, port, UDP.size + len(payload), 0) + payload
            here = bytes((127, 0, 0, 1))
            ip = IP.pack(0x45, 0, IP.size + len(udp), second, 0, 64, 17, 0, here, here) + udp
            frame = ETHERNET.pack(bytes(6), bytes(6), 0x0800) + ip
            file.write(struct.pack("!IIII", second, 0, len(frame), len(frame)) + frame)


def read(path: Path, port: int, protocol: str, fields: Sequence[str]) -> list[list[str]]:
    """The fields of each datagram, as tshark prints them."""
    command = ["tshark", "-r", str(path), "-d", f"udp.port=={port},{protocol}", "-T", "fields", "-E", "separator=,"]
    for field in fields:
        command += ["-e", f"{protocol}.{field}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split(",") for line in done.stdout.splitlines()]


def test_primary_headers(tmp_path: Path) -> None:
    time, path = Cuc(0x30000000, 0x800000), tmp_path / "packets.pcap"
    packets = [Telecommand(0x42, 5 + number, 8, 1, bytes(12 + number)).pack() for number in range(5)]
    packets += [Telemetry(0x42 + number, 16_380 + number, 3, 25, time, bytes(number)).pack() for number in range(5)]
    capture(path, PACKETS_PORT, packets)
    fields = ("version", "type", "secheader", "apid", "seqflag", "seqnum", "length")
    rows = [[int(value, 0) for value in row] for row in read(path, PACKETS_PORT, "ccsds", fields)]
    commands = [[0, 1, 1, 0x42, 3, 5 + number] for number in range(5)]
    reports = [[0, 0, 1, 0x42 + number, 3, (16_380 + number) % 16_384] for number in range(5)]
    lengths = [len(packet) - 7 for packet in packets]
    assert rows == [[*row, length] for row, length in zip(commands + reports, lengths, strict=True)]


def test_length_beyond_the_datagram_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "broken.pcap"
    packet = bytearray(Telecommand(0x42, 5, 8, 1, bytes(20)).pack())
    packet[5] += 4
    capture(path, PACKETS_PORT, [bytes(packet)])
    assert read(path, PACKETS_PORT, "ccsds", ["length.error"]) != [[""]]


def test_file_delivery_units(tmp_path: Path) -> None:
    path, header = tmp_path / "cfdp.pcap", Header(source=1, sequence=77, destination=2)
    pdus = [
        Metadata(5000, "model.onnx", "in/model.onnx", CRC_32).pack(header),
        FileData(1000, bytes(64)).pack(header),
        Eof(Condition.NO_ERROR, 0xDEADBEEF, 5000).pack(header),
    ]
    capture(path, CFDP_PORT, pdus)
    fields = ("srcid", "transeqnum", "dstid", "file_size", "src_file_name", "checksum", "offset")
    rows = read(path, CFDP_PORT, "cfdp", fields)
    assert [[int(value, 0) for value in row[:3]] for row in rows] == [[1, 77, 2]] * 3
    assert (int(rows[0][3], 0), rows[0][4], int(rows[1][6], 0), int(rows[2][5], 0)) == (
        5000, "model.onnx", 1000, 0xDEADBEEF,
    )  # fmt: skip

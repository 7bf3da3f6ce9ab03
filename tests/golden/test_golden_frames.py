"""Frames, code blocks and secured frames against octets that other implementations made or confirmed.

CryptoLib took the AD frame and both secured frames, in both directions; SpacePyLibrary the AD frame, the code blocks
and the CLCW; fprime-gds makes the BD frame. `frames_peers.json` says of itself who made it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fsw.packets.frames.clcw import Clcw
from fsw.packets.frames.cltu import Cltu, decode_cltu, encode_cltu
from fsw.packets.frames.randomiser import TC_SEQUENCE, TM_SEQUENCE
from fsw.packets.frames.segments import cut, split_packets
from fsw.packets.frames.tc import TcFrame, set_vr, split_frames, unlock
from fsw.packets.frames.tm import TmFrame
from fsw.packets.security.association import Opened, ReceiveAssociation, Receiver, Rejected, SendAssociation
from fsw.packets.security.cipher import AesGcm, Cipher, HmacSha256
from fsw.packets.security.counters import MemoryStore, ReceiveCounter, SendCounter, provision
from fsw.packets.security.keys import Secret
from fsw.packets.security.packet_mac import open_packet, seal_packet
from fsw.packets.security.sdls import open_frame, seal_frame

PING = bytes.fromhex("1842c00500062f110100009d76")
AD = bytes.fromhex("00ab001400c01842c00500062f110100009d76a7a9")
BD = bytes.fromhex("20ab0013001842c00500062f110100009d764feb")
CLTU = bytes.fromhex("eb9000ab001400c0184842c00500062f11780100009d76a7a976c5c5c5c5c5c5c579")
SDLS_GCM = "00ab003200c000040000000000000000000000017edf9c258d4bf8d41d88bf91aab71e76af88c57258801641d3967e344582e1"
SDLS_HMAC = "00ab002a00c00004000000011842c00500062f110100009d76705c01b56d12d00b0019f73333c0171bd7d1"
ORDERED = TcFrame(scid=0xAB, vcid=0, data=b"\xc0" + PING)
KEY = Secret(bytes.fromhex("FEDCBA9876543210" * 4))  # CryptoLib's test key: of no spacecraft
PEERS: dict[str, Any] = json.loads(Path(__file__).with_name("frames_peers.json").read_text(encoding="utf-8"))


def ends(spi: int, cipher: Cipher) -> tuple[SendAssociation, Receiver]:
    """Both ends of a fresh association."""
    store = MemoryStore()
    for name in ("send", "receive"):
        provision(store, name)
    sender = SendAssociation(spi, cipher, SendCounter(store, "send", cipher.counter_octets))
    return sender, Receiver((ReceiveAssociation(spi, cipher, ReceiveCounter(store, "receive")),))


def test_ordered_frame() -> None:
    assert cut(PING, room=100) == [ORDERED.data]
    assert ORDERED.pack() == AD
    assert TcFrame.unpack(AD) == ORDERED
    assert split_packets(ORDERED.data[1:]) == [PING]


def test_bypass_frame_without_segment_header() -> None:
    frame = TcFrame(scid=0xAB, vcid=0, data=PING, is_bypass=True)
    assert frame.pack() == BD
    assert TcFrame.unpack(BD) == frame


def test_transmission_unit() -> None:
    assert encode_cltu(AD) == CLTU
    assert decode_cltu(CLTU) == Cltu(AD, 0)
    assert list(split_frames(decode_cltu(CLTU).octets)) == [AD]


def test_control_frames_and_control_word() -> None:
    assert unlock(0xAB, 0).pack().hex() == "30ab000700006297"
    assert set_vr(0xAB, 0, 5).pack().hex() == "30ab0009008200055421"
    assert Clcw(vcid=0, next_sequence=1).pack().hex() == "01000001"


def test_randomisers_start_as_published() -> None:
    assert TC_SEQUENCE[:8].hex().upper() == "FF399E5A68E906F5"
    assert TM_SEQUENCE[:8].hex().upper() == "FF480EC09A0D70BC"


@pytest.mark.parametrize(("cipher", "octets"), [(AesGcm(KEY), SDLS_GCM), (HmacSha256(KEY), SDLS_HMAC)])
def test_secured_frames(cipher: Cipher, octets: str) -> None:
    sender, receiver = ends(4, cipher)
    assert seal_frame(sender, ORDERED).pack().hex() == octets
    result = open_frame(receiver, TcFrame.unpack(bytes.fromhex(octets)))
    assert not isinstance(result, Rejected)
    frame, opened = result
    assert (frame, opened.counter) == (ORDERED, 1)


def test_packet_with_a_mac_that_openssl_made() -> None:
    sender, receiver = ends(9, HmacSha256(KEY))
    packet = seal_packet(sender, PING, apid=0x42, sequence=6).pack()
    assert packet.hex() == PEERS["packet_mac"]["packet"]
    assert open_packet(receiver, packet) == Opened(data=PING, spi=9, counter=1)


@pytest.mark.parametrize("salt", [b"", bytes(range(16))])
def test_keys_are_derived_as_by_another_hkdf(salt: bytes) -> None:
    other = HKDF(SHA256(), 32, salt or None, b"purpose").derive(KEY.reveal())
    assert KEY.derive(b"purpose", salt).reveal() == other


@pytest.mark.parametrize("row", PEERS["tm"])
def test_telemetry_frames_of_spacepackets(row: dict[str, Any]) -> None:
    control = bytes.fromhex(row["control"]) if row["control"] else None
    counts = (row["master_count"], row["virtual_count"], row["first_header"])
    frame = TmFrame(0xAB, row["vcid"], *counts, bytes.fromhex(row["data"]), control)
    assert frame.pack().hex() == row["frame"]
    assert TmFrame.unpack(bytes.fromhex(row["frame"])) == frame


@pytest.mark.parametrize("row", PEERS["bd"])
def test_bypass_frames_of_fprime(row: dict[str, Any]) -> None:
    frame = TcFrame(0xAB, row["vcid"], bytes.fromhex(row["data"]), is_bypass=True)
    assert frame.pack().hex() == row["frame"]

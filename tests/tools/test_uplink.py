"""The whole command channel, secured, over a bad radio and with an enemy on it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.counter_store import DiskCounterStore
from fsw.packets.frames.acceptance import Acceptance, ChannelConfig
from fsw.packets.frames.clcw import Clcw
from fsw.packets.frames.cltu import encode_cltu
from fsw.packets.frames.farm import Farm
from fsw.packets.frames.tc import TcFrame
from fsw.packets.pus import Telecommand
from fsw.packets.security.association import Reason, ReceiveAssociation, Receiver, SendAssociation
from fsw.packets.security.cipher import AesGcm
from fsw.packets.security.counters import MemoryStore, ReceiveCounter, SendCounter, provision
from fsw.packets.security.errors import StoreFailed
from fsw.packets.security.keys import Secret
from hal.clock import SECOND_NS
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason as DiskReason
from tools.ground.fop import Fop
from tools.ground.fop_values import FopConfig
from tools.ground.uplink import Uplink

KEY, SPI = Secret(bytes(range(32))), 2
CONFIG = ChannelConfig(scid=0xAB, vcid=1)
FOP = FopConfig(scid=0xAB, vcid=1, timer_ns=SECOND_NS, transmission_limit=100)


def command(number: int, octets: int = 8) -> bytes:
    return Telecommand(0x42, number, 8, 1, number.to_bytes(4, "big") * (octets // 4)).pack()


def channel(config: ChannelConfig = CONFIG, is_secured: bool = True) -> tuple[Uplink, Acceptance]:
    store = MemoryStore()
    for name in ("send", "receive"):
        provision(store, name)
    cipher = AesGcm(KEY)
    sender = SendAssociation(SPI, cipher, SendCounter(store, "send", 12)) if is_secured else None
    receiver = Receiver((ReceiveAssociation(SPI, cipher, ReceiveCounter(store, "receive")),)) if is_secured else None
    uplink = Uplink(config, Fop(FOP), sender)
    assert uplink.fop.initiate(0, checks_clcw=False)
    return uplink, Acceptance(config, Farm(config.scid, config.vcid), receiver)


def deliver(uplink: Uplink, board: Acceptance, now_ns: int = 0) -> list[bytes]:
    units = iter(lambda: uplink.next_unit(now_ns), None)
    return [received.packet for unit in units for received in board.receive(unit)]


@pytest.mark.parametrize("is_secured", [True, False])
@pytest.mark.parametrize("is_coded", [True, False])
@pytest.mark.parametrize("is_randomised", [True, False])
@pytest.mark.parametrize("has_segment_header", [True, False])
def test_each_layer_may_be_left_out(
    is_secured: bool, is_coded: bool, is_randomised: bool, has_segment_header: bool
) -> None:
    config = ChannelConfig(
        scid=0xAB, vcid=1, has_segment_header=has_segment_header, is_coded=is_coded, is_randomised=is_randomised
    )  # fmt: skip
    uplink, board = channel(config, is_secured)
    packets = [command(number, 800) for number in range(5)]
    assert all(uplink.send(packet) for packet in packets)
    assert uplink.send_bypass(command(9))
    assert sorted(deliver(uplink, board)) == sorted([*packets, command(9)])


def test_a_long_packet_goes_in_segments_and_says_under_which_key() -> None:
    uplink, board = channel()
    packet = command(1, 4000)
    tickets = uplink.send(packet)
    assert len(tickets) == 5
    received = [item for unit in iter(lambda: uplink.next_unit(0), None) for item in board.receive(unit)]
    assert [(item.packet, item.spi, item.is_bypass) for item in received] == [(packet, SPI, False)]
    with pytest.raises(ValueError, match="do not fit"):
        uplink.send_bypass(packet)
    plain, _board = channel(ChannelConfig(scid=0xAB, vcid=1, has_segment_header=False))
    with pytest.raises(ValueError, match="no segments"):
        plain.send(packet)


class Enemy:
    """Hears every unit; repeats old ones, changes bits, and makes frames without a key."""

    def __init__(self, random_source: random.Random) -> None:
        self._random = random_source
        self._heard: list[bytes] = []

    def hear(self, unit: bytes) -> None:
        self._heard.append(unit)

    def speak(self) -> list[bytes]:
        if not self._heard:
            return []
        unit = self._random.choice(self._heard)
        broken = bytearray(unit)
        for _ in range(self._random.randint(1, 4)):
            broken[self._random.randrange(len(broken))] ^= 1 << self._random.randrange(8)
        forged = TcFrame(
            0xAB, 1, b"\xc0" + self._random.choice([b"", b"\x00\x02"]) + self._random.randbytes(60),
            self._random.randrange(256), is_bypass=self._random.random() < 0.5,
        )  # fmt: skip
        return [unit, bytes(broken), unit[: self._random.randrange(len(unit))], encode_cltu(forged.pack())]


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_each_command_acts_once_and_in_order_whatever_an_enemy_sends(seed: int) -> None:
    """20 % of all frames are lost; the enemy cannot unlock, because nobody is locked out, and sends everything else."""
    random_source = random.Random(seed)
    uplink, board = channel()
    enemy = Enemy(random_source)
    commands = [command(number) for number in range(150)]
    waiting, acted, now_ns = list(commands), [], 0
    for _ in range(6000):
        while waiting and uplink.send(waiting[0]):
            waiting.pop(0)
        if not waiting and not uplink.fop.unfinished:
            break
        now_ns += SECOND_NS // 10
        heard: list[bytes] = []
        for unit in [unit for _ in range(3) if (unit := uplink.next_unit(now_ns)) is not None]:
            enemy.hear(unit)
            heard += [unit] if random_source.random() > 0.2 else []
        heard += enemy.speak()
        acted += [received.packet for unit in heard for received in board.receive(unit)]
        if random_source.random() > 0.2:
            uplink.fop.clcw(now_ns, Clcw.unpack(board.farm.clcw().pack()))
        uplink.fop.tick(now_ns)
    assert acted == commands
    assert board.counts["rejected"] > 100
    assert board.counts["packets"] == len(commands)


def test_a_forged_frame_does_not_move_the_sequence_and_a_real_one_out_of_order_costs_nothing() -> None:
    uplink, board = channel()
    for number in range(2):
        uplink.send(command(number))
    first, second = uplink.next_unit(0), uplink.next_unit(0)
    assert first is not None and second is not None
    forged = TcFrame(0xAB, 1, b"\xc0\x00\x02" + bytes(40), sequence=0)
    assert board.receive(encode_cltu(forged.pack())) == []
    assert board.farm.next_sequence == 0
    assert board.receive(second) == []
    assert board.counts["not_taken"] == 1
    assert [received.packet for received in board.receive(first)] == [command(0)]
    assert [received.packet for received in board.receive(second)] == [command(1)]
    assert board.receive(first) == []


@given(st.binary(max_size=200))
def test_anything_received_is_counted_and_nothing_escapes(octets: bytes) -> None:
    for config in (CONFIG, ChannelConfig(scid=0xAB, vcid=1, is_coded=False)):
        _uplink, board = channel(config)
        assert board.receive(octets) == []
        counts = board.counts
        refused = ("no_unit", "bad_checksum", "bad_frame", "bad_packet", "rejected", "not_taken", "control")
        assert counts["units"] == 1 and sum(counts[name] for name in refused) >= 1


def test_an_unsecured_channel_counts_what_is_no_packet() -> None:
    _uplink, board = channel(is_secured=False)
    assert board.receive(encode_cltu(TcFrame(0xAB, 1, b"\xc0nonsense").pack())) == []
    assert board.counts["bad_packet"] == 1


def test_counters_on_a_disk_are_there_after_a_restart_and_damage_is_a_loss() -> None:
    disk = MemoryDisk()
    store = DiskCounterStore(disk)
    assert store.load("receive") is None
    provision(store, "receive", 7)
    assert ReceiveCounter(DiskCounterStore(disk), "receive").floor == 7
    disk.fault = DiskReason.BUS
    with pytest.raises(StoreFailed):
        store.save("receive", b"x")
    with pytest.raises(StoreFailed):
        store.load("receive")
    disk.fault = None
    content = disk.read_file("security/receive")
    assert content is not None
    disk.write_file_atomic("security/receive", content[:-1] + b"\xff")
    assert ReceiveCounter(DiskCounterStore(disk), "receive").floor is None
    disk.write_file_atomic("security/other", content)  # another counter's file
    assert ReceiveCounter(DiskCounterStore(disk), "other").floor is None


def test_security_reasons_are_counted_by_reason() -> None:
    uplink, board = channel()
    uplink.send(command(1))
    unit = uplink.next_unit(0)
    assert unit is not None
    assert len(board.receive(unit)) == 1
    assert board.receive(unit) == []
    security = board.security
    assert security is not None
    assert (security.counts[Reason.REPEATED], security.taken) == (1, 1)

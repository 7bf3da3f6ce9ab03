"""Frames: what goes in comes out, what is broken is refused, what is lost is counted and costs nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.packets.errors import BadLength, PacketError, WrongType
from fsw.packets.frames.clcw import Clcw
from fsw.packets.frames.cltu import START, TAIL, NoCltu, decode_cltu, encode_cltu
from fsw.packets.frames.randomiser import TC_SEQUENCE, TM_SEQUENCE, randomise
from fsw.packets.frames.segments import Joiner, cut, split_packets
from fsw.packets.frames.tc import MOST_DATA, TcFrame, split_frames
from fsw.packets.frames.tm import IDLE_FRAME, TmFrame
from fsw.packets.frames.tm_stream import IDLE_VCID, QUEUE_OCTETS, TmReceiver, TmSender
from fsw.packets.space_packet import TELEMETRY, PrimaryHeader

octet, scids = st.integers(0, 255), st.integers(0, 1023)
ordered = st.builds(TcFrame, scids, st.integers(0, 63), st.binary(min_size=1, max_size=200), octet)
bypasses = ordered.map(lambda frame: frame._replace(is_bypass=True))
controls = bypasses.map(lambda frame: frame._replace(is_control=True))
tc_frames = st.one_of(ordered, bypasses, controls)
tm_frames = st.builds(
    TmFrame, scids, st.integers(0, 7), octet, octet, st.integers(0, 2047), st.binary(max_size=200),
    st.none() | st.binary(min_size=4, max_size=4),
)  # fmt: skip
flag = st.booleans()
words = st.builds(
    Clcw, st.integers(0, 63), octet, flag, flag, flag, st.integers(0, 3), flag, flag, st.integers(0, 7)
)  # fmt: skip
UNPACKERS: list[Callable[[bytes], object]] = [
    TcFrame.unpack, TmFrame.unpack, Clcw.unpack, decode_cltu, split_packets, Joiner().add,
    lambda octets: list(split_frames(octets)), TmReceiver(1).receive,
]  # fmt: skip
CLCW = Clcw(0, 0).pack()


def packet_of(data: bytes, number: int = 0) -> bytes:
    return PrimaryHeader(TELEMETRY, 0x42, number, len(data)).pack() + data


def flipped(octets: bytes, bit: int) -> bytes:
    return (int.from_bytes(octets, "big") ^ 1 << bit).to_bytes(len(octets), "big")


@given(st.one_of(tc_frames, tm_frames, words))
def test_a_frame_comes_back(value: TcFrame | TmFrame | Clcw) -> None:
    assert type(value).unpack(value.pack()) == value


@given(st.one_of(tc_frames, tm_frames), st.data())
def test_a_flipped_bit_or_a_wrong_length_is_refused(value: TcFrame | TmFrame, choice: st.DataObject) -> None:
    octets = value.pack()
    cut_off = choice.draw(st.integers(0, len(octets) - 1))
    flip = choice.draw(st.integers(0, 8 * len(octets) - 1))
    for broken in (flipped(octets, flip), octets[:cut_off]):
        with pytest.raises(PacketError):
            type(value).unpack(broken)


@pytest.mark.parametrize("unpack", UNPACKERS)
@given(octets=st.binary(max_size=120))
def test_any_octets_give_a_value_or_a_packet_error(unpack: Callable[[bytes], object], octets: bytes) -> None:
    try:
        unpack(octets)
    except PacketError:
        return


def test_a_telecommand_frame_has_at_most_1024_octets() -> None:
    assert len(TcFrame(1, 0, bytes(MOST_DATA)).pack()) == 1024
    with pytest.raises(BadLength):
        TcFrame(1, 0, bytes(MOST_DATA + 1)).pack()


@given(st.binary(min_size=1, max_size=80), st.data())
def test_a_transmission_unit_loses_one_bit_in_each_block(frame: bytes, choice: st.DataObject) -> None:
    """One wrong bit a block is corrected, the filler bit included; noise before the start does not matter."""
    unit = bytearray(encode_cltu(frame))
    blocks = range(len(START), len(unit) - len(TAIL), 8)
    for start in blocks:
        bit = choice.draw(st.integers(0, 63))
        unit[start + bit // 8] ^= 0x80 >> bit % 8
    found = decode_cltu(b"\x55" * 5 + bytes(unit))
    assert found.octets[: len(frame)] == frame
    assert set(found.octets[len(frame) :]) <= {0x55}
    assert found.corrected <= len(blocks)


@given(st.binary(min_size=7, max_size=7), st.integers(0, 62), st.integers(0, 62))
def test_two_wrong_bits_in_a_block_are_seen(information: bytes, first: int, second: int) -> None:
    unit = encode_cltu(information)
    end = 8 * (len(unit) - len(START)) - 1
    broken = flipped(unit, end - first) if first == second else flipped(flipped(unit, end - first), end - second)
    if first != second:
        with pytest.raises(NoCltu):
            decode_cltu(broken)
    with pytest.raises(NoCltu):
        decode_cltu(broken, corrects=False)


@pytest.mark.parametrize("tail", [TAIL, b"\x55" * 8, b""])
@pytest.mark.parametrize("corrects", [True, False])
def test_reception_ends_with_either_tail(tail: bytes, corrects: bool) -> None:
    unit = encode_cltu(bytes(14)).removesuffix(TAIL) + tail
    assert decode_cltu(unit, corrects).octets == bytes(14)


@given(st.binary(max_size=1200), st.sampled_from([TC_SEQUENCE, TM_SEQUENCE]))
def test_randomising_twice_is_nothing(octets: bytes, sequence: bytes) -> None:
    assert randomise(randomise(octets, sequence), sequence) == octets


@given(st.lists(st.binary(min_size=1, max_size=400), max_size=5), st.integers(2, 200), st.integers(0, 63))
def test_segments_join_to_the_packets(contents: list[bytes], room: int, map_id: int) -> None:
    joiner, packets = Joiner(), [packet_of(data) for data in contents]
    segments = [segment for packet in packets for segment in cut(packet, room, map_id)]
    assert [packet for segment in segments for packet in joiner.add(segment)] == packets
    assert all(len(segment) <= room for segment in segments)


def test_a_lost_segment_costs_one_packet_and_is_counted() -> None:
    joiner = Joiner()
    first, second = cut(packet_of(bytes(100)), 60), cut(packet_of(bytes(100)), 60)
    assert joiner.add(first[0]) == []
    assert [packet for segment in second for packet in joiner.add(segment)] == [packet_of(bytes(100))]
    assert joiner.add(first[1]) == []
    assert joiner.dropped == 2


@given(st.lists(st.tuples(st.integers(0, 2), st.binary(min_size=1, max_size=400)), max_size=30), st.integers(24, 300))
def test_packets_span_frames_of_one_length(sent: list[tuple[int, bytes]], frame_octets: int) -> None:
    sender, receiver = TmSender(0xAB, frame_octets), TmReceiver(0xAB, frame_octets)
    for vcid, data in sent:
        assert sender.add(vcid, packet_of(data))
    received: dict[int, list[bytes]] = {0: [], 1: [], 2: []}
    for vcid in received:
        while sender.waiting(vcid):
            frame = sender.next_frame(vcid, CLCW)
            assert len(frame) == frame_octets
            received[vcid] += receiver.receive(frame).packets
    assert received == {vcid: [packet_of(data) for to, data in sent if to == vcid] for vcid in received}
    assert receiver.counts["lost"] == receiver.broken_packets == 0


def test_nothing_to_send_is_an_idle_frame() -> None:
    sender, receiver = TmSender(0xAB), TmReceiver(0xAB)
    frame = TmFrame.unpack(sender.next_frame(0, CLCW))
    assert (frame.vcid, frame.first_header, frame.control) == (IDLE_VCID, IDLE_FRAME, CLCW)
    assert receiver.receive(frame.pack()).packets == ()
    assert receiver.counts["idle"] == 1


@given(st.integers(0, 2**32 - 1))
def test_lost_frames_are_counted_and_cost_only_their_own_packets(seed: int) -> None:
    """Every packet arrives of which no octet was lost."""
    random_source = random.Random(seed)
    packets = [packet_of(random_source.randbytes(random_source.randint(1, 150)), number) for number in range(60)]
    sender, receiver = TmSender(0xAB, 64), TmReceiver(0xAB, 64)
    for packet in packets:
        sender.add(1, packet)
    frames = []
    while sender.waiting(1):
        frames.append(sender.next_frame(1, CLCW))
    is_lost = [0 < number < len(frames) - 1 and random_source.random() < 0.2 for number in range(len(frames))]
    received = [packet for frame, gone in zip(frames, is_lost, strict=True) if not gone
                for packet in receiver.receive(frame).packets]  # fmt: skip
    start, whole = 0, []
    for packet in packets:
        touched = range(start // sender.room, (start + len(packet) - 1) // sender.room + 1)
        whole += [packet] if not any(is_lost[frame] for frame in touched) else []
        start += len(packet)
    assert received == whole
    assert receiver.counts["lost"] == receiver.counts["lost_in_channels"] == sum(is_lost)


def test_an_exact_repeat_and_a_late_frame_are_left_out() -> None:
    sender, receiver = TmSender(0xAB, 64), TmReceiver(0xAB, 64, reorder_depth=16)
    frames = []
    for number in range(3):
        sender.add(0, packet_of(bytes(30), number))
        frames.append(sender.next_frame(0, CLCW))
    assert receiver.receive(frames[0]).frame is not None
    assert receiver.receive(frames[0]).frame is None
    assert receiver.receive(frames[2]).frame is not None
    assert receiver.receive(frames[1]).frame is None
    assert (receiver.counts["late"], receiver.counts["lost"]) == (2, 1)


def test_a_full_queue_gives_the_packet_back() -> None:
    sender = TmSender(0xAB)
    packet = packet_of(bytes(60_000))
    taken = 0
    while sender.add(0, packet):
        taken += 1
    assert taken == QUEUE_OCTETS // len(packet)


def test_frames_of_another_spacecraft_or_length_are_refused_and_counted() -> None:
    receiver = TmReceiver(0xAB, 64)
    for sender in (TmSender(0xAC, 64), TmSender(0xAB, 65)):
        with pytest.raises(WrongType):
            receiver.receive(sender.next_frame(0, CLCW))
    assert receiver.counts["refused"] == 2

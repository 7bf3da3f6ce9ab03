"""fprime-gds and spacepackets read our frames, and we read theirs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.packets.frames.tc import TcFrame
from fsw.packets.frames.tm import TmFrame
from fsw.packets.frames.tm_stream import TmSender
from fsw.packets.space_packet import TELEMETRY, PrimaryHeader

pytest.importorskip("fprime_gds")
pytest.importorskip("spacepackets")

from fprime_gds.common.communication.ccsds.space_data_link import SpaceDataLinkFramerDeframer
from spacepackets.ccsds.tm_frame import TmTransferFrame

SCID, FRAME_OCTETS = 0xAB, 64
EXAMPLES = settings(max_examples=100)
packets = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=12)


@EXAMPLES
@given(st.integers(0, 63), st.binary(min_size=1, max_size=1000))
def test_fprime_makes_our_bypass_frame(vcid: int, data: bytes) -> None:
    theirs = bytes(SpaceDataLinkFramerDeframer(SCID, vcid, FRAME_OCTETS).frame(data))
    ours = TcFrame(SCID, vcid, data, is_bypass=True)
    assert ours.pack() == theirs
    assert TcFrame.unpack(theirs) == ours


@EXAMPLES
@given(packets)
def test_fprime_finds_the_packets_in_our_frames(contents: list[bytes]) -> None:
    """Without a control word: its deframer takes that for data."""
    sent = [PrimaryHeader(TELEMETRY, 0x42, n, len(data)).pack() + data for n, data in enumerate(contents)]
    sender = TmSender(SCID, FRAME_OCTETS, has_control=False)
    assert all(sender.add(0, packet) for packet in sent)
    peer = SpaceDataLinkFramerDeframer(SCID, 0, FRAME_OCTETS)
    received = b""
    while sender.waiting(0):
        stream = sender.next_frame(0)
        while stream:
            found, stream, discarded = peer.deframe(stream)
            assert not discarded
            received += found or b""
    assert received.startswith(b"".join(sent))


@EXAMPLES
@given(packets)
def test_spacepackets_reads_our_frames(contents: list[bytes]) -> None:
    sender = TmSender(SCID, FRAME_OCTETS)
    for number, data in enumerate(contents):
        assert sender.add(3, PrimaryHeader(TELEMETRY, 0x42, number, len(data)).pack() + data)
    while sender.waiting(3):
        octets = sender.next_frame(3, b"\x01\x00\x00\x01")
        ours, theirs = TmFrame.unpack(octets), TmTransferFrame.unpack(octets, FRAME_OCTETS, True)
        header = theirs.primary_header
        assert (header.vc_id, header.master_ch_frame_count, header.vc_frame_count) == (
            ours.vcid, ours.master_count, ours.virtual_count,
        )  # fmt: skip
        assert header.frame_datafield_status.first_header_pointer == ours.first_header
        assert (theirs.data_field, theirs.op_ctrl_field) == (ours.data, ours.control)

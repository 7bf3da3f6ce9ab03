"""Packets into telemetry frames and out again. Source: CCSDS 132.0-B-3, 4.1.2.7 (first header pointer), 4.2, 4.3.

A packet may span frames, and a frame is filled up with an idle packet, which may span too. A lost frame costs the
packets that touch it and no other: the first header pointer of the next one tells where packets begin again.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from fsw.packets.errors import PacketError, WrongType
from fsw.packets.frames.randomiser import TM_SEQUENCE
from fsw.packets.frames.tm import (
    CHECK_OCTETS,
    CONTROL_OCTETS,
    FRAME_OCTETS,
    HEADER_OCTETS,
    IDLE_FRAME,
    NO_PACKET_STARTS,
    TmFrame,
)
from fsw.packets.space_packet import APID_MAX, TELEMETRY, PrimaryHeader
from fsw.packets.space_packet import HEADER_OCTETS as PACKET_HEADER

IDLE_VCID = 7  # by custom, frames without any packet go on the last virtual channel
IDLE_APID = APID_MAX
SMALLEST_PACKET = PACKET_HEADER + 1
QUEUE_OCTETS = 1 << 20  # of packets waiting in one virtual channel: 15 of the longest


def idle_packet(octets: int) -> bytes:
    """A packet of `octets` (at least 7) that receivers throw away. Its data looks random, for the signal's sake."""
    data = octets - PACKET_HEADER
    noise = TM_SEQUENCE * (data // len(TM_SEQUENCE) + 1)
    return PrimaryHeader(TELEMETRY, IDLE_APID, 0, data, has_secondary=False).pack() + noise[:data]


class VirtualChannelSource:
    """Packets that wait for a frame, in order."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._octets = bytearray()
        self._starts: deque[int] = deque()  # where packets begin, in octets since the channel began
        self._taken = 0  # octets since the channel began
        self.count = 0

    def __len__(self) -> int:
        """Octets that wait."""
        return len(self._octets)

    def add(self, packet: bytes) -> bool:
        """Queue one packet; False where it does not fit and the caller keeps it."""
        if len(self._octets) + len(packet) > QUEUE_OCTETS:
            return False
        self._append(packet)
        return True

    def take(self) -> tuple[int, bytes]:
        """First header pointer and data of the next frame, filled up with idle where too little waits."""
        missing = self._room - len(self._octets)
        if missing > 0:
            self._append(idle_packet(max(missing, SMALLEST_PACKET)))
        data = bytes(self._octets[: self._room])
        del self._octets[: self._room]
        end = self._taken + self._room
        starts_here = bool(self._starts) and self._starts[0] < end
        pointer = self._starts[0] - self._taken if starts_here else NO_PACKET_STARTS
        while self._starts and self._starts[0] < end:
            self._starts.popleft()
        self._taken = end
        return pointer, data

    def _append(self, packet: bytes) -> None:
        self._starts.append(self._taken + len(self._octets))
        self._octets += packet


class TmSender:
    """Fills the frames of one master channel. `frame_octets` and `has_control` hold for all of them."""

    def __init__(self, scid: int, frame_octets: int = FRAME_OCTETS, has_control: bool = True) -> None:
        self._scid = scid
        self._room = frame_octets - HEADER_OCTETS - CHECK_OCTETS - (CONTROL_OCTETS if has_control else 0)
        if self._room < SMALLEST_PACKET:
            raise ValueError(f"a frame of {frame_octets} octets has no room for a packet")
        self._has_control = has_control
        self._sources: dict[int, VirtualChannelSource] = {}
        self._master_count = 0

    def add(self, vcid: int, packet: bytes) -> bool:
        """Queue `packet` in virtual channel `vcid`; False where the queue is full."""
        return self._source(vcid).add(packet)

    def waiting(self, vcid: int) -> int:
        """Octets that wait in `vcid`; a frame is full from `room` on."""
        return len(self._source(vcid))

    @property
    def room(self) -> int:
        """Octets of packets in one frame."""
        return self._room

    def next_frame(self, vcid: int, control: bytes | None = None) -> bytes:
        """A frame of `vcid` with what waits there, filled up with idle; an idle frame where nothing waits."""
        if self._has_control != (control is not None):
            raise WrongType("control field present", self._has_control, control is not None)
        source = self._source(vcid)
        if not len(source):
            source = self._source(IDLE_VCID)
            pointer, data = IDLE_FRAME, (TM_SEQUENCE * (self._room // len(TM_SEQUENCE) + 1))[: self._room]
            vcid = IDLE_VCID
        else:
            pointer, data = source.take()
        frame = TmFrame(self._scid, vcid, self._master_count, source.count, pointer, data, control)
        self._master_count = (self._master_count + 1) & 255
        source.count = (source.count + 1) & 255
        return frame.pack()

    def _source(self, vcid: int) -> VirtualChannelSource:
        return self._sources.setdefault(vcid & 7, VirtualChannelSource(self._room))


class TmReception(NamedTuple):
    """What one frame brought. `frame` is None where it came again or late and was left out."""

    frame: TmFrame | None
    packets: tuple[bytes, ...] = ()


class VirtualChannelSink:
    """Puts the packets of one virtual channel together again."""

    def __init__(self) -> None:
        self._partial: bytearray | None = None  # None: waits for a frame in which a packet starts
        self.expected: int | None = None
        self.broken_packets = 0

    def lose(self) -> None:
        """A frame is missing: what was begun cannot be ended."""
        self.broken_packets += bool(self._partial)
        self._partial = None

    def add(self, frame: TmFrame) -> list[bytes]:
        """The packets that `frame` completes, idle ones too."""
        data, pointer = frame.data, frame.first_header
        if pointer == NO_PACKET_STARTS:
            if self._partial is None:
                return []
            pointer = len(data)
        elif pointer > len(data):
            self.lose()
            return []
        packets = []
        if self._partial is not None:
            self._partial += data[:pointer]
            packets = self._split()
            if self._partial and pointer < len(data):
                self.lose()  # its length does not end where the next one starts
        if pointer < len(data):
            self._partial = bytearray(data[pointer:])
            packets += self._split()
        return packets

    def _split(self) -> list[bytes]:
        """Takes the whole packets off the front of what is there; the rest stays."""
        octets, packets, offset = bytes(self._partial or b""), [], 0
        while len(octets) - offset > PACKET_HEADER:
            end = offset + (octets[offset + 4] << 8 | octets[offset + 5]) + PACKET_HEADER + 1
            if end > len(octets):
                break
            packets.append(octets[offset:end])
            offset = end
        self._partial = bytearray(octets[offset:])
        return packets


class TmReceiver:
    """Takes the packets out of the frames of one master channel, and counts what is missing.

    A frame up to `reorder_depth` behind the newest of its channel is late or a repeat, and is left out; on a radio link
    frames cannot overtake each other and 0 is right, but an exact repeat is always left out.
    """

    def __init__(self, scid: int, frame_octets: int | None = None, reorder_depth: int = 0) -> None:
        self._scid = scid
        self._frame_octets = frame_octets
        self._reorder_depth = reorder_depth
        self._sinks: dict[int, VirtualChannelSink] = {}
        self._last: bytes = b""
        self._expected_master: int | None = None
        self.counts = {"frames": 0, "refused": 0, "late": 0, "lost": 0, "lost_in_channels": 0, "idle": 0}

    @property
    def broken_packets(self) -> int:
        """Packets of which a part was received and a part was lost."""
        return sum(sink.broken_packets for sink in self._sinks.values())

    def receive(self, octets: bytes) -> TmReception:
        """What the frame in `octets` brings. Raises PacketError, counted, for what is no frame of this channel."""
        try:
            frame = self._unpack(octets)
        except PacketError:
            self.counts["refused"] += 1
            raise
        behind = -1 if self._expected_master is None else (self._expected_master - 1 - frame.master_count) & 255
        if octets == self._last or 0 <= behind < self._reorder_depth:
            self.counts["late"] += 1
            return TmReception(None)
        self._last = octets
        if self._expected_master is not None:
            self.counts["lost"] += frame.master_count - self._expected_master & 255
        self._expected_master = frame.master_count + 1 & 255
        self.counts["frames"] += 1
        return TmReception(frame, tuple(self._packets(frame)))

    def _unpack(self, octets: bytes) -> TmFrame:
        if self._frame_octets is not None and len(octets) != self._frame_octets:
            raise WrongType("frame length", self._frame_octets, len(octets))
        frame = TmFrame.unpack(octets)
        if frame.scid != self._scid:
            raise WrongType("spacecraft", self._scid, frame.scid)
        return frame

    def _packets(self, frame: TmFrame) -> list[bytes]:
        sink = self._sinks.setdefault(frame.vcid, VirtualChannelSink())
        if sink.expected is not None and frame.virtual_count != sink.expected:
            self.counts["lost_in_channels"] += frame.virtual_count - sink.expected & 255
            sink.lose()
        sink.expected = frame.virtual_count + 1 & 255
        if frame.is_idle:
            self.counts["idle"] += 1
            return []
        return [packet for packet in sink.add(frame) if (packet[0] & 7) << 8 | packet[1] != IDLE_APID]

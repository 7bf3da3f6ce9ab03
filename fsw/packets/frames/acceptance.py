"""The board's end of the command channel: what the radio received in, packets out. One virtual channel, no I/O.

    octets -> code blocks -> [randomiser] -> frames -> [security: MAC, counter] -> FARM-1 -> counter used up -> packets

The MAC comes before FARM-1, so that a forged frame does not even move V(R); the counter is used up after it, so that a
frame which FARM-1 refuses may come again. Every frame that has no effect is counted under its reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsw.packets.errors import BadChecksum, PacketError
from fsw.packets.frames.cltu import decode_cltu
from fsw.packets.frames.farm import Farm, Verdict
from fsw.packets.frames.randomiser import TC_SEQUENCE, randomise
from fsw.packets.frames.segments import Joiner, split_packets
from fsw.packets.frames.tc import TcFrame, control_of, split_frames
from fsw.packets.security.association import Opened, Receiver, Rejected
from fsw.packets.security.sdls import open_frame


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelConfig:
    """What both ends of a command channel agree on (managed parameters, CCSDS 232.0-B-4, 5)."""

    scid: int
    vcid: int
    has_segment_header: bool = True
    is_coded: bool = True  # CLTUs; else bare frames, as over UDP
    is_randomised: bool = False
    corrects: bool = True  # one bit a code block, or none: then any wrong bit ends the reception


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One packet, whether it came past the order, and under which key (None: the channel has no security)."""

    packet: bytes
    is_bypass: bool
    spi: int | None


class Acceptance:
    """Takes what the radio gives. Without `security` every sound frame is believed: on the bench, never in flight."""

    def __init__(self, config: ChannelConfig, farm: Farm, security: Receiver | None) -> None:
        self._config = config
        self.security = security
        self._joiners = (Joiner(), Joiner())  # ordered and bypassing frames have nothing to do with each other
        self.farm = farm
        self.counts = {
            "units": 0, "frames": 0, "packets": 0, "no_unit": 0, "corrected_bits": 0, "bad_checksum": 0, "bad_frame": 0,
            "bad_packet": 0, "rejected": 0, "not_taken": 0, "control": 0,
        }  # fmt: skip

    @property
    def dropped_parts(self) -> int:
        """Packets that were begun and not ended, or ended and not begun."""
        return sum(joiner.dropped for joiner in self._joiners)

    def receive(self, octets: bytes, has_room: bool = True) -> list[Received]:
        """The packets that one reception brings. Never raises for what was received."""
        self.counts["units"] += 1
        try:
            frames = self._frames(octets)
        except PacketError:
            self.counts["no_unit"] += 1
            return []
        received = []
        for frame_octets in frames:
            received += self._frame(frame_octets, has_room)
        self.counts["packets"] += len(received)
        return received

    def _frames(self, octets: bytes) -> list[bytes]:
        if not self._config.is_coded:
            return [octets]
        information, corrected = decode_cltu(octets, self._config.corrects)
        self.counts["corrected_bits"] += corrected
        if self._config.is_randomised:
            information = randomise(information, TC_SEQUENCE)
        return list(split_frames(information))

    def _frame(self, octets: bytes, has_room: bool) -> list[Received]:
        self.counts["frames"] += 1
        try:
            frame = TcFrame.unpack(octets)
        except BadChecksum:
            self.counts["bad_checksum"] += 1
            return []
        except PacketError:
            self.counts["bad_frame"] += 1
            return []
        if (frame.scid, frame.vcid) != (self._config.scid, self._config.vcid):
            self.counts["bad_frame"] += 1
            return []
        return self._control(frame) if frame.is_control else self._data(frame, has_room)

    def _control(self, frame: TcFrame) -> list[Received]:
        """Unlock and Set V(R): nobody signs them, so they are counted, and hold for the order of frames alone."""
        self.farm.receive(frame)
        self.counts["control" if control_of(frame.data) is not None else "bad_frame"] += 1
        return []

    def _data(self, frame: TcFrame, has_room: bool) -> list[Received]:
        opened: Opened | None = None
        if self.security is not None:
            result = open_frame(self.security, frame, self._config.has_segment_header)
            if isinstance(result, Rejected):
                self.counts["rejected"] += 1
                return []
            frame, opened = result
        if not self._is_taken(frame, opened, has_room):
            return []
        spi = opened.spi if opened else None
        return [Received(packet=packet, is_bypass=frame.is_bypass, spi=spi) for packet in self._packets(frame)]

    def _is_taken(self, frame: TcFrame, opened: Opened | None, has_room: bool) -> bool:
        """FARM-1 and then the counter; a counter that cannot be used up leaves V(R) where it was."""
        if not self.farm.judge(frame, has_room).is_accepted:
            verdict: Verdict = self.farm.receive(frame, has_room)
            self.counts["not_taken"] += not verdict.is_accepted
            return False
        if opened is not None and self.security is not None and not self.security.commit(opened):
            self.counts["rejected"] += 1
            return False
        return self.farm.receive(frame, has_room).is_accepted

    def _packets(self, frame: TcFrame) -> list[bytes]:
        try:
            if self._config.has_segment_header:
                return self._joiners[frame.is_bypass].add(frame.data)
            return split_packets(frame.data)
        except PacketError:
            self.counts["bad_packet"] += 1
            return []

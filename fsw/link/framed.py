"""The profiles `frames` and `frames+sdls`: CLTUs up through FARM-1, telemetry frames with the CLCW down.

    up     a datagram is a CLTU -> frame -> [MAC, counter] -> FARM-1 -> counter used up -> packets
    down   packets fill frames and span them; `flush` fills the last one up with idle, and sends one for the CLCW alone
           where nothing else goes down

While a counter is lost, frames of the next virtual channel are heard too, without security: they may bring nothing
but the answer to the challenge, which bears a MAC of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from enum import IntEnum

from fsw.link.channel import SecureChannel
from fsw.link.contract import NO_EFFECT_MOST, Recovered, Rejection, Tally
from fsw.packets.errors import PacketError
from fsw.packets.frames.acceptance import Acceptance, ChannelConfig
from fsw.packets.frames.farm import Farm
from fsw.packets.frames.tm_stream import TmSender
from fsw.packets.pus import Telecommand
from fsw.packets.security.association import Reason
from fsw.packets.security.contingency import ANSWER, Challenge, Refusal
from fsw.packets.security.packet_mac import SERVICE
from hal.ports.link import DatagramLink

LIVE_VCID = 0  # of telemetry
_PLAIN_REASONS = ("no_unit", "bad_checksum", "bad_frame", "bad_packet", "not_taken")  # as acceptance counts them
_Snapshot = tuple[tuple[int, ...], tuple[int, ...]]


class FrameLink:
    """Frames both ways. `channel` None: commands are believed, on a bench."""

    def __init__(
        self, link: DatagramLink, config: ChannelConfig, frame_octets: int, channel: SecureChannel | None = None
    ) -> None:
        self._link, self._channel = link, channel
        self._tally = Tally("frames" if channel is None else "frames+sdls")
        self.farm = Farm(config.scid, config.vcid)
        self._acceptance = Acceptance(config, self.farm, channel.receiver if channel else None)
        emergency = replace(config, vcid=config.vcid + 1)
        self._emergency = Acceptance(emergency, Farm(emergency.scid, emergency.vcid), None)
        self._sender = TmSender(config.scid, frame_octets)
        self._packets: deque[bytes] = deque()
        self._owes_clcw = True  # the first frame tells the ground where the order stands
        self._lost_packets = 0
        self._refresh()

    @property
    def sent(self) -> int:
        return self._tally.counts["frames_sent"]

    @property
    def received(self) -> int:
        return self._tally.counts["taken"]

    @property
    def dropped(self) -> int:
        return self._link.dropped + self._lost_packets

    @property
    def has_packets(self) -> bool:
        return bool(self._packets)

    @property
    def is_waiting(self) -> bool:
        return self._owes_clcw or self._sender.waiting(LIVE_VCID) > 0 or self._tally.has_news

    def send(self, datagram: bytes) -> None:
        """Put a packet into the next frame, or count it as dropped; full frames leave at once."""
        if not self._sender.add(LIVE_VCID, datagram):
            self._lost_packets += 1
            return
        while self._sender.waiting(LIVE_VCID) >= self._sender.room:
            self._send_frame()

    def receive(self) -> bytes | None:
        """The next packet that may act; None when there is none now."""
        for _ in range(NO_EFFECT_MOST):
            if self._packets:
                self._tally.counts["taken"] += 1
                return self._packets.popleft()
            datagram = self._link.receive()
            if datagram is None:
                return None
            self._owes_clcw = True  # also for an empty one: a listener that says where it is
            if datagram:
                self._take(datagram)
        return None

    def flush(self) -> None:
        """Send what waits, and the CLCW where it is owed."""
        while self._sender.waiting(LIVE_VCID) or self._owes_clcw:
            self._send_frame()

    def counts(self) -> Mapping[str, int]:
        if self._channel is not None:
            self._tally.counts["unsaved"] = self._channel.unsaved
        return self._tally.counts

    def news(self) -> list[Rejection | Recovered]:
        return self._tally.news()

    def challenge(self) -> Challenge | None:
        return None if self._channel is None else self._channel.challenge()

    def set_running(self, spi: int, is_running: bool) -> str:
        return "unknown_key" if self._channel is None else self._channel.set_running(spi, is_running)

    def _send_frame(self) -> None:
        self._owes_clcw = False
        self._tally.counts["frames_sent"] += 1
        self._link.send(self._sender.next_frame(LIVE_VCID, self.farm.clcw().pack()))

    def _take(self, datagram: bytes) -> None:
        if self._channel is not None and self._channel.is_lost and self._hear_answer(datagram):
            return
        before = self._snapshot()
        received = self._acceptance.receive(datagram)
        for item in received:
            if item.spi is not None and self._channel is not None:
                self._channel.note(item.spi)
            self._packets.append(item.packet)
        self._tell_rejections(before)
        self._refresh()

    def _hear_answer(self, datagram: bytes) -> bool:
        """True where the unit was of the emergency channel: at most an answer, never a command."""
        packets = [item.packet for item in self._emergency.receive(datagram)]
        for packet in packets:
            self._answer(packet)
        return bool(packets)

    def _answer(self, packet: bytes) -> None:
        channel = self._channel
        try:
            telecommand = Telecommand.unpack(packet)
        except PacketError:
            self._tally.reject("bad_packet")
            return
        if channel is None or (telecommand.service, telecommand.subtype) != (SERVICE, ANSWER):
            self._tally.reject("unprotected")
            return
        verdict = channel.answer(telecommand.data)
        if isinstance(verdict, Refusal):
            self._tally.reject("answers_refused")
        else:
            self._tally.tell(Recovered(channel.channel.number, verdict, channel.recovery.is_saved))
        self._refresh()

    def _snapshot(self) -> _Snapshot:
        counts = self._acceptance.counts
        security = self._acceptance.security
        reasons = tuple(security.counts.values()) if security else ()
        return tuple(counts[name] for name in _PLAIN_REASONS), reasons

    def _tell_rejections(self, before: _Snapshot) -> None:
        """What the last unit was rejected for, found in the counts of those who look at it."""
        after = self._snapshot()
        for name, earlier, later in zip(_PLAIN_REASONS, before[0], after[0], strict=True):
            if later > earlier:
                self._tally.reject(name, times=later - earlier)
        for reason, earlier, later in zip(Reason, before[1], after[1], strict=False):
            if later > earlier:
                self._reject_secured(reason, later - earlier)

    def _reject_secured(self, reason: IntEnum, times: int) -> None:
        channel = self._channel
        spi = channel.receiver.rejected_spi if channel else 0
        self._tally.reject(reason.name.lower(), spi, channel.floor(spi) if channel else 0, times)

    def _refresh(self) -> None:
        """The figures that a reception or a recovery changes."""
        counts, accepted, channel = self._tally.counts, self._acceptance.counts, self._channel
        counts["control"], counts["corrected_bits"] = accepted["control"], accepted["corrected_bits"]
        if channel is not None:
            counts["spi"] = channel.spi
            counts["floor"] = channel.floor(channel.spi)
            counts["lost"] = int(channel.is_lost)

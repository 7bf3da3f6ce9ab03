"""The profile `packets+mac`: a command acts when it came in TC[130,1], authentic, fresh, and its counter is used up.

Everything else on the uplink has no effect but the answer to a challenge, TC[130,3], which bears a MAC of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from fsw.link.channel import SecureChannel
from fsw.link.contract import Recovered
from fsw.link.plain import PlainLink
from fsw.packets.errors import PacketError
from fsw.packets.pus import Telecommand
from fsw.packets.security.association import Rejected
from fsw.packets.security.contingency import ANSWER, Challenge, Refusal
from fsw.packets.security.packet_mac import PROTECTED, SERVICE, open_telecommand
from hal.ports.link import DatagramLink


class AuthenticLink(PlainLink):
    """Opens what is received; telemetry goes down as it is."""

    def __init__(self, link: DatagramLink, channel: SecureChannel) -> None:
        super().__init__(link, "packets+mac")
        self._channel = channel
        self._refresh()

    def counts(self) -> Mapping[str, int]:
        self._tally.counts["unsaved"] = self._channel.unsaved
        return self._tally.counts

    def challenge(self) -> Challenge | None:
        return self._channel.challenge()

    def set_running(self, spi: int, is_running: bool) -> str:
        return self._channel.set_running(spi, is_running)

    def _open(self, datagram: bytes) -> bytes | None:
        try:
            outer = Telecommand.unpack(datagram)
        except PacketError:
            self._tally.reject("bad_packet")
            return None
        if (outer.service, outer.subtype) == (SERVICE, ANSWER):
            self._recover(outer.data)
        elif (outer.service, outer.subtype) == (SERVICE, PROTECTED):
            return self._open_protected(outer)
        else:
            self._tally.reject("unprotected")
        return None

    def _open_protected(self, outer: Telecommand) -> bytes | None:
        channel = self._channel
        opened = open_telecommand(channel.receiver, outer)
        if isinstance(opened, Rejected):
            spi = opened.spi or 0
            self._tally.reject(opened.reason.name.lower(), spi, channel.floor(spi))
            return None
        if not channel.commit(opened):
            self._tally.reject("not_kept", opened.spi, channel.floor(opened.spi))
            return None
        self._refresh()
        return opened.data

    def _recover(self, data: bytes) -> None:
        verdict = self._channel.answer(data)
        if isinstance(verdict, Refusal):
            self._tally.reject("answers_refused")
            return
        self._tally.tell(Recovered(self._channel.channel.number, verdict, self._channel.recovery.is_saved))
        self._refresh()

    def _refresh(self) -> None:
        """The figures that a command or a recovery changes."""
        counts, channel = self._tally.counts, self._channel
        counts["spi"] = channel.spi
        counts["floor"] = channel.floor(channel.spi)
        counts["lost"] = int(channel.is_lost)

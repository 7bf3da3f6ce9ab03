"""The profile `packets`: a datagram is a packet, both ways, and commands are believed. For a bench."""

from __future__ import annotations

from collections.abc import Mapping

from fsw.link.contract import NO_EFFECT_MOST, Recovered, Rejection, Tally
from fsw.packets.security.contingency import Challenge
from hal.ports.link import DatagramLink


class PlainLink:
    """Hands packets through. An empty datagram is a listener that says where it is, and no packet."""

    def __init__(self, link: DatagramLink, profile: str = "packets") -> None:
        self._link = link
        self._tally = Tally(profile)

    @property
    def sent(self) -> int:
        return self._link.sent

    @property
    def received(self) -> int:
        return self._tally.counts["taken"]

    @property
    def dropped(self) -> int:
        return self._link.dropped

    @property
    def has_packets(self) -> bool:
        return False

    @property
    def is_waiting(self) -> bool:
        return self._tally.has_news

    def send(self, datagram: bytes) -> None:
        self._link.send(datagram)

    def receive(self) -> bytes | None:
        """The next packet that may act; None when there is none now."""
        for _ in range(NO_EFFECT_MOST):
            datagram = self._link.receive()
            if datagram is None:
                return None
            packet = self._open(datagram) if datagram else None
            if packet is not None:
                self._tally.counts["taken"] += 1
                return packet
        return None

    def flush(self) -> None:
        """Nothing waits: a packet leaves when it is sent."""

    def counts(self) -> Mapping[str, int]:
        return self._tally.counts

    def news(self) -> list[Rejection | Recovered]:
        return self._tally.news()

    def challenge(self) -> Challenge | None:
        return None

    def set_running(self, _spi: int, _is_running: bool) -> str:
        return "unknown_key"

    def _open(self, datagram: bytes) -> bytes | None:
        """The packet in a datagram; None for one without effect, counted."""
        return datagram

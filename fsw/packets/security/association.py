"""Security associations: a key, its counter, and whether it may be used. Source: CCSDS 355.0-B-2, 3 and 5.

Two for each channel and direction: one in use, one whose key waits, so that a key is changed by a swap and never while
a command depends on it. `open` checks and changes nothing; `commit` uses the counter up, once the command is really
taken. So a frame that is refused for its order may come again, and a command that acted may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from fsw.packets.security.cipher import MAC_OCTETS, SPI_OCTETS, Cipher
from fsw.packets.security.counters import Freshness, ReceiveCounter, SendCounter


class Reason(IntEnum):
    """Why something was rejected. The number is what telemetry shows."""

    TRUNCATED = 1  # shorter than header and MAC
    UNKNOWN_SPI = 2  # no association of this channel, or unprotected octets
    STOPPED = 3
    COUNTER_LOST = 4  # ours: only a contingency key helps
    FORGED = 5
    REPEATED = 6
    BEYOND_WINDOW = 7
    NOT_KEPT = 8  # the store is away and the reserve of counters is used up


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Octets without effect."""

    reason: Reason
    spi: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Authentic and fresh data. `spi` says under which key: an emergency key may be good for a few commands only."""

    data: bytes
    spi: int
    counter: int


_OF_FRESHNESS = {
    Freshness.REPEATED: Reason.REPEATED,
    Freshness.BEYOND: Reason.BEYOND_WINDOW,
    Freshness.UNKNOWN: Reason.COUNTER_LOST,
}


class SendAssociation:
    """The sending end of one association."""

    def __init__(self, spi: int, cipher: Cipher, counter: SendCounter) -> None:
        self.spi = spi
        self._cipher = cipher
        self.counter = counter

    @property
    def overhead(self) -> int:
        """Octets that protection adds."""
        return SPI_OCTETS + self._cipher.counter_octets + MAC_OCTETS

    def seal(self, prefix: bytes, data: bytes) -> bytes:
        """Security header, protected data, MAC. Raises CounterLost, Exhausted, StoreFailed."""
        counter = self.counter.next()
        header = self.spi.to_bytes(SPI_OCTETS, "big") + counter.to_bytes(self._cipher.counter_octets, "big")
        return header + self._cipher.protect(prefix, header, data)


class ReceiveAssociation:
    """The receiving end of one association. A stopped one rejects everything."""

    def __init__(self, spi: int, cipher: Cipher, counter: ReceiveCounter, is_running: bool = True) -> None:
        self.spi = spi
        self._cipher = cipher
        self.counter = counter
        self.is_running = is_running

    def open(self, prefix: bytes, octets: bytes) -> Opened | Rejected:
        """What `octets` hold, if they may be taken; the counter is looked at after the MAC."""
        reason = self._obstacle(octets)
        if reason is not None:
            return Rejected(reason=reason, spi=self.spi)
        end = SPI_OCTETS + self._cipher.counter_octets
        data = self._cipher.verify(prefix, octets[:end], octets[end:])
        if data is None:
            return Rejected(reason=Reason.FORGED, spi=self.spi)
        counter = int.from_bytes(octets[SPI_OCTETS:end], "big")
        freshness = self.counter.judge(counter)
        if freshness is not Freshness.FRESH:
            return Rejected(reason=_OF_FRESHNESS[freshness], spi=self.spi)
        return Opened(data=data, spi=self.spi, counter=counter)

    def _obstacle(self, octets: bytes) -> Reason | None:
        if not self.is_running:
            return Reason.STOPPED
        if len(octets) < SPI_OCTETS + self._cipher.counter_octets + MAC_OCTETS:
            return Reason.TRUNCATED
        return Reason.COUNTER_LOST if self.counter.floor is None else None


class Receiver:
    """The associations of one channel in one direction; every rejection is counted."""

    def __init__(self, associations: tuple[ReceiveAssociation, ...]) -> None:
        self._associations = {association.spi: association for association in associations}
        self.counts = dict.fromkeys(Reason, 0)
        self.taken = 0

    def association(self, spi: int) -> ReceiveAssociation | None:
        """The association of that index."""
        return self._associations.get(spi)

    def replace(self, association: ReceiveAssociation) -> None:
        """Another key and counter under the index that it bears."""
        self._associations[association.spi] = association

    def open(self, prefix: bytes, octets: bytes) -> Opened | Rejected:
        """What `octets` hold, if they may be taken. Never raises for what somebody sent."""
        result = self._open(prefix, octets)
        if isinstance(result, Rejected):
            self.counts[result.reason] += 1
        return result

    def commit(self, opened: Opened) -> bool:
        """Use its counter up; only where this gives True may the data act. Counted where it does not."""
        association = self._associations.get(opened.spi)
        if association is None:
            self.counts[Reason.UNKNOWN_SPI] += 1
            return False
        freshness = association.counter.judge(opened.counter)
        if association.counter.commit(opened.counter):
            self.taken += 1
            return True
        self.counts[_OF_FRESHNESS.get(freshness, Reason.NOT_KEPT)] += 1
        return False

    def _open(self, prefix: bytes, octets: bytes) -> Opened | Rejected:
        if len(octets) < SPI_OCTETS:
            return Rejected(reason=Reason.TRUNCATED)
        spi = int.from_bytes(octets[:SPI_OCTETS], "big")
        association = self._associations.get(spi)
        if association is None:
            return Rejected(reason=Reason.UNKNOWN_SPI, spi=spi)
        return association.open(prefix, octets)

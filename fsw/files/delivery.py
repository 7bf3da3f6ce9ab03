"""The CFDP entity on a link that comes and goes: suspended while the ground does not hear us, at the pace of the pass.

What comes while there is no contact is taken in (an EOF may arrive with the last packet of a pass) and answered when
the contact is back. All timers stand still in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fsw.cfdp.entity import Checkpoint, Entity
from fsw.cfdp.settings import CfdpSettings, TransactionId
from fsw.files.repository import Repositories
from fsw.messages import Contact
from hal.clock import SECOND_NS

HEAD_OCTETS = 32  # of a packet beside the segment: packet header, CFDP header of our sizes, offset
UNLIMITED_PDUS = 64  # a step, where no rate is known; the bus says when it is too many
BURST_S = 2.0  # of the rate, that may go at once after a pause: two steps' worth


class Delivery:
    """`entity` does the work; here is when it may."""

    def __init__(self, files: Repositories, settings: CfdpSettings, next_sequence: int) -> None:
        self.entity = Entity(settings, files, next_sequence)
        self._files = files
        self._pdu_octets = settings.segment_octets + HEAD_OCTETS
        self._contact: Contact | None = None
        self._credit_octets = 0.0
        self._last_ns = 0

    @property
    def is_active(self) -> bool:
        """There is something to send or to wait for, and somebody who hears it."""
        return not self.entity.is_suspended and bool(self.entity.status())

    def restore(self, now_ns: int, checkpoints: Iterable[Checkpoint]) -> int:
        """Go on with receptions of an earlier life; how many. One whose file is gone asks for all of it again."""
        known = tuple(checkpoints)
        for checkpoint in known:
            is_there = self._files.spool.holds(checkpoint.partial) or checkpoint.finished
            self.entity.restore(now_ns, checkpoint if is_there else replace(checkpoint, received=()))
        return len(known)

    def hear(self, now_ns: int, contact: Contact | None) -> None:
        """Whether the ground hears us, as told last; a word whose time is over counts as silence."""
        self._contact = contact or self._contact
        known = self._contact
        if known is None or (known.in_contact and now_ns < known.until_ns):
            self.entity.resume(now_ns)
        else:
            self.entity.suspend(now_ns)

    def pull(self, now_ns: int) -> list[bytes]:
        """What may be sent now."""
        rate_bps = self._contact.rate_bps if self._contact is not None else 0.0
        if rate_bps <= 0.0:
            return self.entity.poll(now_ns, UNLIMITED_PDUS)
        octets_per_ns = rate_bps / 8 / SECOND_NS
        most = max(self._pdu_octets, octets_per_ns * BURST_S * SECOND_NS)
        self._credit_octets = min(most, self._credit_octets + octets_per_ns * (now_ns - self._last_ns))
        self._last_ns = now_ns
        pdus = self.entity.poll(now_ns, int(self._credit_octets // self._pdu_octets))
        self._credit_octets -= sum(map(len, pdus))
        return pdus

    def receiving(self) -> tuple[tuple[TransactionId, str], ...]:
        """What must be durable before anything is acknowledged: receptions, and the stage of each."""
        return tuple((one.id, one.stage) for one in self.entity.status() if not one.is_sender)

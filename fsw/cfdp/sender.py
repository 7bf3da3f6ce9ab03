"""The sending end of one file: metadata, data, EOF; then what the receiver lacks, until it has finished.

    SENDING -> CLOSING (EOF out; class 2 or closure) -> ended
       |          |
       +----------+--> CANCELLING (EOF with condition) -> ended

What is sent first when there is room: acknowledgement, metadata, EOF, what was asked for again, new data. A transaction
from before a restart begins at CLOSING.
Source: CCSDS 727.0-B-5, 4.6.3 (unacknowledged), 4.6.4 (acknowledged), 4.6.6 (cancel).
"""

from __future__ import annotations

from enum import Enum

from fsw.cfdp.checksum import Checksum
from fsw.cfdp.directives import (
    EOF_CODE,
    FINISHED_CODE,
    Ack,
    Condition,
    Directive,
    Eof,
    FileData,
    Finished,
    Metadata,
    Nak,
    TransactionStatus,
)
from fsw.cfdp.files import Files
from fsw.cfdp.header import Header
from fsw.cfdp.intervals import Intervals
from fsw.cfdp.settings import CfdpSettings, Ended, PutRequest
from fsw.cfdp.transaction import Tell, Transaction

CHECK_OCTETS = 1 << 20  # read at once where only the checksum is wanted


class Phase(Enum):
    """Where a sender is."""

    SENDING = "sending"
    CLOSING = "closing"
    CANCELLING = "cancelling"


class Sender(Transaction):
    """Sends one file of `size` octets.

    With `is_taken_up` another life of this end began the transaction: it says only what the file is and where it ends,
    and the receiver asks for what it lacks, be it everything.
    """

    is_sender = True

    def __init__(
        self,
        header: Header,
        request: PutRequest,
        size: int,
        settings: CfdpSettings,
        files: Files,
        tell: Tell,
        is_taken_up: bool = False,
    ) -> None:
        super().__init__(header, settings, files, tell)
        self._request = request
        self._size = size
        self._phase = Phase.SENDING
        self._position = 0
        self._checksum = Checksum(settings.checksum_type)
        self._again = Intervals(settings.intervals)
        self._owes_metadata = True
        self._owes_eof = False
        self._owes_ack = False
        self._is_delivered = False
        self._is_taken_up = is_taken_up
        if is_taken_up:
            self._skip()

    @property
    def is_over(self) -> bool:
        return self.has_ended and not self._owes_ack

    @property
    def progress(self) -> tuple[int, int | None]:
        return self._position - self._again.octets, self._size

    @property
    def stage(self) -> str:
        return self._phase.value

    def take(self, directive: Directive, now_ns: int) -> None:
        if self._inactivity.is_running:
            self._inactivity.start(now_ns)
        match directive:
            case Nak() if self._phase is not Phase.CANCELLING:
                self._take_nak(directive)
            case Ack(directive=code) if code == EOF_CODE:
                self._take_eof_ack(directive)
            case Finished():
                self._take_finished(directive)
            case _:
                pass  # a keep-alive has said that the other end lives; what a receiver never writes is nothing

    def tick(self, now_ns: int) -> None:
        if self._ack.expires(now_ns):
            if self._ack.is_exhausted:
                self.fault(Condition.POSITIVE_ACK_LIMIT, now_ns)
            else:
                self._owes_eof = True
        if self._check.expires(now_ns) and self._check.is_exhausted:
            self.fault(Condition.CHECK_LIMIT, now_ns)
        if self._inactivity.expires(now_ns):
            self.fault(Condition.INACTIVITY, now_ns)

    def pull(self, now_ns: int) -> bytes | None:
        try:
            return self._next(now_ns)
        except OSError:
            self.fault(Condition.FILESTORE_REJECTION, now_ns)
            return None

    def cancel(self, now_ns: int, condition: Condition = Condition.CANCELLED) -> None:
        if self._phase is Phase.CANCELLING:
            self._end()
        if self.has_ended:
            return
        self.condition = condition
        self._phase = Phase.CANCELLING
        self._is_delivered = False
        self._owes_metadata, self._owes_eof = False, True
        self._check.stop()
        self._inactivity.stop()
        self._ack.stop()

    def _next(self, now_ns: int) -> bytes | None:
        if self._owes_ack:
            self._owes_ack = False
            return Ack(FINISHED_CODE, self.condition, TransactionStatus.ACTIVE).pack(self.header)
        if self.has_ended:
            return None
        if self._owes_metadata:
            return self._metadata()
        if self._phase is Phase.SENDING and not self._again and self._position >= self._size:
            self._close(now_ns)
        if self._owes_eof:
            return self._eof(now_ns)
        if self._phase is Phase.CANCELLING:
            return None
        return self._data()

    def _metadata(self) -> bytes:
        self._owes_metadata = False
        request = self._request
        return Metadata(
            self._size,
            request.source_name,
            request.destination_name,
            self._settings.checksum_type,
            request.is_closure_requested,
        ).pack(self.header)

    def _close(self, now_ns: int) -> None:
        """The last octet was sent for the first time."""
        self._phase = Phase.CLOSING
        self._owes_eof = True
        if not self.header.is_unacknowledged:
            self._inactivity.start(now_ns)
        elif self._request.is_closure_requested:
            self._check.start(now_ns)

    def _eof(self, now_ns: int) -> bytes:
        self._owes_eof = False
        size = self._size if self._phase is Phase.CLOSING else self._position
        pdu = Eof(self.condition, self._checksum.value, size).pack(self.header)
        if not self.header.is_unacknowledged:
            if not self._ack.is_running:
                self._ack.start(now_ns)
        elif self._phase is Phase.CANCELLING or not self._request.is_closure_requested:
            self._end()
        return pdu

    def _data(self) -> bytes | None:
        """What was asked for again, else what is new."""
        most = self._settings.segment_octets
        if (segment := self._again.take(most)) is not None:
            start, end = segment
            return FileData(start, self._read(start, end)).pack(self.header)
        if self._position >= self._size:
            return None
        start, self._position = self._position, min(self._size, self._position + most)
        data = self._read(start, self._position)
        self._checksum.add(data)
        return FileData(start, data).pack(self.header)

    def _read(self, start: int, end: int) -> bytes:
        data = self._files.read(self._request.source_name, start, end - start)
        if len(data) != end - start:
            raise OSError(f"{self._request.source_name} became shorter while it was sent")
        return data

    def _take_nak(self, nak: Nak) -> None:
        """Only what was sent before can be missing; the rest comes anyway."""
        for start, end in nak.segments:
            if (start, end) == (0, 0):
                self._owes_metadata = True
            else:
                self._again.add(start, min(end, self._position))

    def _take_eof_ack(self, ack: Ack) -> None:
        """A receiver that had ended before this end was restarted says so, and how it ended stays unknown."""
        self._ack.stop()
        self._owes_eof = False
        has_ended_there = self._is_taken_up and ack.status is not TransactionStatus.ACTIVE
        if self._phase is Phase.CANCELLING or has_ended_there:
            self._end()

    def _skip(self) -> None:
        """All of the file counts as sent. Raises OSError."""
        while self._position < self._size:
            end = min(self._size, self._position + CHECK_OCTETS)
            self._checksum.add(self._read(self._position, end))
            self._position = end

    def _take_finished(self, finished: Finished) -> None:
        """The receiver's last word holds, unless this end cancelled before."""
        self._owes_ack = not self.header.is_unacknowledged
        if self.condition is Condition.NO_ERROR:
            self.condition = finished.condition
            self._is_delivered = finished.is_complete and finished.condition is Condition.NO_ERROR
        self._end()

    def _ended(self) -> Ended:
        return Ended(
            id=self.id,
            is_sender=True,
            name=self._request.source_name,
            condition=self.condition,
            is_delivered=self._is_delivered and self.condition is Condition.NO_ERROR,
            octets=self._position,
        )

"""The receiving end of one file: keeps what comes, asks for what is missing, checks it, gives it its name.

    RECEIVING -> (EOF, nothing missing) CHECKING -> FINISHED (class 2: until acknowledged) -> ended
        |                                  |
        +----------------------------------+--> FINISHED with a condition -> ended

PDUs may come in any order, and the first one may be any of them. What is missing is asked for after the EOF, in
NAKs no longer than a segment, so that each fits where the data does. Checking reads the file back in bounded pieces,
one a tick. Source: CCSDS 727.0-B-5, 4.6.3 (unacknowledged), 4.6.4 (acknowledged), 4.6.6 (cancel).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from fsw.cfdp.checksum import SUPPORTED, Checksum
from fsw.cfdp.directives import (
    EOF_CODE,
    FINISHED_CODE,
    Ack,
    Condition,
    Directive,
    Eof,
    FileData,
    FileStatus,
    Finished,
    KeepAlive,
    Metadata,
    Nak,
    Prompt,
    TransactionStatus,
)
from fsw.cfdp.files import Files
from fsw.cfdp.header import Header
from fsw.cfdp.intervals import Intervals
from fsw.cfdp.settings import SECOND_NS, CfdpSettings, Ended, Started
from fsw.cfdp.timing import Timer
from fsw.cfdp.transaction import Tell, Transaction

CHECK_OCTETS = 1 << 20  # a millisecond or so of CRC-32 a tick
REPORTED_GAPS = 32


class Phase(Enum):
    """Where a receiver is."""

    RECEIVING = "receiving"
    CHECKING = "checking"
    FINISHED = "finished"


def partial_name(header: Header) -> str:
    """What a file is called while it is received."""
    return f"{header.source}-{header.sequence}.part"


class Receiver(Transaction):
    """Receives one file. `header` is that of a PDU that came; what is written goes the other way."""

    def __init__(self, header: Header, settings: CfdpSettings, files: Files, tell: Tell, now_ns: int) -> None:
        super().__init__(header._replace(towards_sender=True), settings, files, tell)
        self.metadata: Metadata | None = None
        self.eof: Eof | None = None
        self.received = Intervals(settings.intervals)
        self.partial = partial_name(header)
        self._phase = Phase.RECEIVING
        self._nak = Timer(int(settings.nak_s * SECOND_NS), settings.nak_limit)
        self._timers.append(self._nak)
        self._naks: list[Nak] = []
        self._check_sum: Checksum | None = None
        self._status = FileStatus.UNREPORTED
        self._gaps: tuple[tuple[int, int], ...] = ()
        self._owes_eof_ack = self._owes_finished = self._owes_keep_alive = False
        self._inactivity.start(now_ns)

    @property
    def is_over(self) -> bool:
        return self.has_ended and not (self._owes_eof_ack or self._owes_finished)

    @property
    def progress(self) -> tuple[int, int | None]:
        return self.received.octets, self.metadata.size if self.metadata else self.eof.size if self.eof else None

    @property
    def stage(self) -> str:
        return "closing" if self._phase is Phase.RECEIVING and self.eof is not None else self._phase.value

    @property
    def _wants_closure(self) -> bool:
        """Class 1 with closure: a word at the end, without acknowledgement."""
        return self.header.is_unacknowledged and self.metadata is not None and self.metadata.is_closure_requested

    def take(self, directive: Directive, now_ns: int) -> None:
        if self._phase is not Phase.FINISHED:
            self._inactivity.start(now_ns)
        try:
            self._take(directive, now_ns)
        except OSError:
            self._status = FileStatus.REJECTED
            self.fault(Condition.FILESTORE_REJECTION, now_ns)

    def tick(self, now_ns: int) -> None:
        if self._phase is Phase.CHECKING:
            self._go_on_checking(now_ns)
        if self._inactivity.expires(now_ns):
            self.fault(Condition.INACTIVITY, now_ns)
        if self._nak.expires(now_ns):
            self._ask_again(now_ns)
        if self._check.expires(now_ns) and self._check.is_exhausted:
            self.fault(Condition.CHECK_LIMIT, now_ns)
        if self._ack.expires(now_ns):
            self._owes_finished = not self._ack.is_exhausted
            if self._ack.is_exhausted:
                self.fault(Condition.POSITIVE_ACK_LIMIT, now_ns)

    def pull(self, now_ns: int) -> bytes | None:
        if self._owes_eof_ack and self.eof is not None:
            self._owes_eof_ack = False
            return Ack(EOF_CODE, self.eof.condition, TransactionStatus.ACTIVE).pack(self.header)
        if self._owes_finished:
            return self._finished(now_ns)
        if self._naks:
            return self._naks.pop(0).pack(self.header)
        if self._owes_keep_alive:
            self._owes_keep_alive = False
            return KeepAlive(self.received.end).pack(self.header)
        return None

    @property
    def finished(self) -> bytes:
        """The last word, which is said until it is acknowledged; nothing before the end."""
        if self._phase is not Phase.FINISHED or self.has_ended:
            return b""
        return Finished(self.condition, self._status is FileStatus.RETAINED, self._status).pack(self.header)

    def finish_again(self, said: Iterable[Directive], finished: Directive) -> None:
        """Say the last word of before a restart again, with what the sender had `said`."""
        for directive in said:
            if isinstance(directive, Metadata):
                self.metadata = directive
            elif isinstance(directive, Eof):
                self.eof = directive
        if isinstance(finished, Finished):
            self.condition, self._status = finished.condition, finished.status
        self._finish()

    def cancel(self, now_ns: int, condition: Condition = Condition.CANCELLED) -> None:
        if self._phase is Phase.FINISHED:
            is_too_late = condition is Condition.CANCELLED and self.condition is Condition.NO_ERROR
            if not is_too_late:  # a file that was delivered stays, and the sender still hears of it
                self._end()
            return
        self.condition = condition
        self._discard()
        self._finish()

    def _discard(self) -> None:
        """What there is of the file goes; what was missing of it is kept for the report."""
        self._gaps = tuple(self._missing()[:REPORTED_GAPS])
        if self._status is not FileStatus.REJECTED:
            self._status = FileStatus.DISCARDED
        try:
            self._files.discard(self.partial)
        except OSError:
            self._status = FileStatus.REJECTED

    def _end(self) -> None:
        if self._phase is not Phase.FINISHED:
            self._phase = Phase.FINISHED
            self._discard()
        super()._end()

    def _take(self, directive: Directive, now_ns: int) -> None:
        match directive:
            case FileData() if self._phase is Phase.RECEIVING:
                self._take_data(directive, now_ns)
            case Metadata() if self.metadata is None and self._phase is Phase.RECEIVING:
                self._take_metadata(directive, now_ns)
            case Eof():
                self._take_eof(directive, now_ns)
            case Ack(directive=code) if code == FINISHED_CODE and self._phase is Phase.FINISHED:
                self._owes_finished = False
                self._end()
            case Prompt(is_keep_alive=True):
                self._owes_keep_alive = not self.header.is_unacknowledged
            case Prompt() if self._phase is Phase.RECEIVING and not self.header.is_unacknowledged:
                self._ask(self.received.end if self.eof is None else self.eof.size)
            case _:
                pass  # what comes twice, or is not for a receiver, changes nothing

    def _take_data(self, segment: FileData, now_ns: int) -> None:
        start, end = segment.offset, segment.offset + len(segment.data)
        size = self.progress[1]
        if size is not None and end > size:
            self.fault(Condition.FILE_SIZE_ERROR, now_ns)
            return
        if not self.received.has_room(start, end):
            return
        self._files.write(self.partial, start, segment.data)
        if self.received.add(start, end):
            self._moved_on(now_ns)

    def _take_metadata(self, metadata: Metadata, now_ns: int) -> None:
        self.metadata = metadata
        self._tell(Started(id=self.id, name=metadata.destination_name, size=metadata.size))
        if metadata.checksum_type not in SUPPORTED:
            self.fault(Condition.UNSUPPORTED_CHECKSUM, now_ns)
        elif self._sizes_disagree():
            self.fault(Condition.FILE_SIZE_ERROR, now_ns)
        else:
            self._files.begin(self.partial, metadata.destination_name, metadata.size)
            self._moved_on(now_ns)

    def _take_eof(self, eof: Eof, now_ns: int) -> None:
        self._owes_eof_ack = not self.header.is_unacknowledged
        is_cancel = eof.condition is not Condition.NO_ERROR  # which may follow an end without one
        if self._phase is not Phase.RECEIVING or (self.eof is not None and not is_cancel):
            self.eof = self.eof or eof
            return
        self.eof = eof
        if is_cancel:
            self.cancel(now_ns, eof.condition)
        elif self._sizes_disagree():
            self.fault(Condition.FILE_SIZE_ERROR, now_ns)
        else:
            self._moved_on(now_ns)
            if self._phase is Phase.RECEIVING:
                self._wait_for_the_rest(now_ns)

    def _sizes_disagree(self) -> bool:
        sizes = {said.size for said in (self.metadata, self.eof) if said is not None}
        return len(sizes) > 1 or self.received.end > min(sizes)

    def _wait_for_the_rest(self, now_ns: int) -> None:
        if self.header.is_unacknowledged:
            self._check.start(now_ns)
        else:
            self._nak.start(now_ns)
            self._ask(self.eof.size if self.eof else self.received.end)

    def _missing(self) -> list[tuple[int, int]]:
        """The gaps up to the end, as far as that is known."""
        size = self.progress[1]
        return list(self.received.gaps(self.received.end if size is None else size))

    def _moved_on(self, now_ns: int) -> None:
        """Something new came: patience begins anew, and perhaps that was all."""
        if self._nak.is_running:
            self._nak.start(now_ns)
        if self.metadata is not None and self.eof is not None and self.received.octets >= self.eof.size:
            self._nak.stop()
            self._check.stop()
            self._naks.clear()
            self._phase = Phase.CHECKING
            self._check_sum = Checksum(self.metadata.checksum_type)
            self._go_on_checking(now_ns)

    def _ask(self, end: int) -> None:
        """NAKs over [0, end), each at most as long as a segment of the file."""
        width = 8 if self.header.is_large else 4
        most = max(1, (self._settings.segment_octets - 2 * width) // (2 * width))
        wanted = [(0, 0)] if self.metadata is None else []
        wanted += self.received.gaps(end)
        groups = [tuple(wanted[start : start + most]) for start in range(0, len(wanted), most)] or [()]
        starts = [0, *(group[0][0] for group in groups[1:])]
        self._naks = [
            Nak(start, stop, group) for start, stop, group in zip(starts, [*starts[1:], end], groups, strict=True)
        ]  # fmt: skip

    def _ask_again(self, now_ns: int) -> None:
        if self._nak.is_exhausted:
            self.fault(Condition.NAK_LIMIT, now_ns)
        elif self.eof is not None:
            self._ask(self.eof.size)

    def _go_on_checking(self, now_ns: int) -> None:
        """Read back one piece; at the end compare, and give the file its name."""
        if self._check_sum is None or self.eof is None or self.metadata is None:
            return
        done = self._check_sum
        try:
            data = b"" if done.octets >= self.eof.size else self._read_back(done.octets)
            done.add(data)
            if data and done.octets < self.eof.size:
                return
            if done.octets != self.eof.size or not self._matches(done):
                self.fault(Condition.CHECKSUM_FAILURE, now_ns)
                return
            self._files.commit(self.partial, self.metadata.destination_name)
        except OSError:
            self._status = FileStatus.REJECTED
            self.fault(Condition.FILESTORE_REJECTION, now_ns)
            return
        self._status = FileStatus.RETAINED
        self._finish()

    def _read_back(self, offset: int) -> bytes:
        return self._files.read_back(self.partial, offset, CHECK_OCTETS)

    def _matches(self, checksum: Checksum) -> bool:
        return self.eof is not None and checksum.value == self.eof.checksum

    def _finish(self) -> None:
        """Reception is over, well or not; class 2 says so until it is acknowledged."""
        self._phase = Phase.FINISHED
        for timer in (self._nak, self._check, self._inactivity):
            timer.stop()
        self._naks.clear()
        self._owes_finished = not self.header.is_unacknowledged or self._wants_closure
        if self.header.is_unacknowledged:
            self._end()

    def _finished(self, now_ns: int) -> bytes:
        self._owes_finished = False
        if not self.header.is_unacknowledged and not self._ack.is_running:
            self._ack.start(now_ns)
        is_complete = self._status is FileStatus.RETAINED
        return Finished(self.condition, is_complete, self._status).pack(self.header)

    def _ended(self) -> Ended:
        return Ended(
            id=self.id,
            is_sender=False,
            name=self.metadata.destination_name if self.metadata else "",
            condition=self.condition,
            is_delivered=self._status is FileStatus.RETAINED,
            octets=self.received.octets,
            gaps=self._gaps,
        )

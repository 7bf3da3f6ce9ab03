"""All transactions of one end: starts them, hands them their PDUs, collects theirs, bounds and counts everything.

    entity.put(now, PutRequest(...))     start to send
    entity.take_up(request, number)      go on with a transaction from before a restart
    entity.receive(now, octets)          a PDU from the other end, however broken; never raises
    entity.poll(now, room)               at most `room` PDUs to send now, transactions in turn
    entity.suspend(now), resume(now)     loss and return of the signal: all timers stand still in between
    entity.indications()                 what became of what

What arrives while suspended is taken in, and answered after the return of the signal.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

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
    TransactionStatus,
    unpack,
)
from fsw.cfdp.files import Files
from fsw.cfdp.header import Header
from fsw.cfdp.receiver import Receiver, partial_name
from fsw.cfdp.sender import Sender
from fsw.cfdp.settings import LARGE_FILE, CfdpSettings, Indication, PutRequest, TransactionId
from fsw.cfdp.timing import LinkTime
from fsw.cfdp.transaction import Transaction
from fsw.packets.errors import PacketError

ANSWERS_MAX = 64  # to ended transactions; the other end asks again for what is beyond


class CfdpBusy(RuntimeError):
    """All transactions are in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CfdpStatus:
    """How far one transaction is. `stage` is a word for it."""

    id: TransactionId
    is_sender: bool
    octets: int
    size: int | None
    is_suspended: bool
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A reception as it can be stored: PDUs that opened it, what is on the disk, synced, and how it ended."""

    header: bytes
    metadata: bytes
    eof: bytes
    received: tuple[tuple[int, int], ...]
    finished: bytes = b""

    @property
    def partial(self) -> str:
        """The name of its partial file."""
        return partial_name(unpack(self.header)[0])


class Entity:
    """One CFDP entity. `first_sequence` is the next free number: it must survive a restart, kept by the caller.

    `refused` counts octets that were no PDU for us, `unclaimed` PDUs that no transaction could take, `untold`
    indications that nobody fetched in time.
    """

    def __init__(self, settings: CfdpSettings, files: Files, first_sequence: int = 0) -> None:
        self._settings = settings
        self._files = files
        self._time = LinkTime()
        self._next_sequence = first_sequence
        self._active: dict[TransactionId, Transaction] = {}
        self._ended: dict[TransactionId, Condition] = {}
        self._answers: deque[bytes] = deque(maxlen=ANSWERS_MAX)
        self._indications: deque[Indication] = deque()
        self.refused = self.unclaimed = self.untold = 0

    @property
    def is_suspended(self) -> bool:
        """True between loss and return of the signal."""
        return self._time.is_suspended

    @property
    def next_sequence(self) -> int:
        """The number of the next transaction that starts here."""
        return self._next_sequence

    def put(self, now_ns: int, request: PutRequest) -> TransactionId:
        """Begin to send a file; raises OSError where there is none, CfdpBusy, ValueError for a name too long."""
        id_ = self._send(request, self._next_sequence, is_taken_up=False)
        self._next_sequence = (self._next_sequence + 1) % (1 << 8 * self._settings.sequence_octets)
        return id_

    def take_up(self, request: PutRequest, sequence: int) -> TransactionId:
        """Go on with what `put` began before a restart, class 2: the receiver asks for what it lacks. Raises as `put`.

        Reads the whole file once, for its checksum.
        """
        return self._send(request, sequence, is_taken_up=True)

    def _send(self, request: PutRequest, sequence: int, is_taken_up: bool) -> TransactionId:
        if len(self._active) >= self._settings.transactions:
            raise CfdpBusy(f"{len(self._active)} transactions are in use")
        size = self._files.size(request.source_name)
        header = self._header(request, size)._replace(sequence=sequence)
        Metadata(size, request.source_name, request.destination_name, self._settings.checksum_type).pack(header)
        sender = Sender(header, request, size, self._settings, self._files, self._tell, is_taken_up)
        self._active[sender.id] = sender
        return sender.id

    def receive(self, now_ns: int, octets: bytes) -> None:
        """Take a PDU."""
        try:
            header, directive = unpack(octets)
        except PacketError:
            self.refused += 1
            return
        ours = header.source if header.towards_sender else header.destination
        if ours != self._settings.entity:
            self.refused += 1
            return
        now_ns = self._time.at(now_ns)
        transaction = self._active.get((header.source, header.sequence)) or self._begin(header, directive, now_ns)
        if transaction is None or not _fits(header, transaction):
            self.unclaimed += 1
            return
        transaction.take(directive, transaction.time.at(now_ns))

    def poll(self, now_ns: int, room: int) -> list[bytes]:
        """At most `room` PDUs; none while suspended."""
        if self.is_suspended:
            return []
        now_ns = self._time.at(now_ns)
        for transaction in self._active.values():
            if not transaction.time.is_suspended:
                transaction.tick(transaction.time.at(now_ns))
        pdus = [self._answers.popleft() for _ in range(min(room, len(self._answers)))]
        while len(pdus) < room and (turn := self._turn(now_ns, room - len(pdus))):
            pdus += turn
        self._forget_ended()
        return pdus

    def suspend(self, now_ns: int) -> None:
        """The signal is lost."""
        self._time.suspend(now_ns)

    def resume(self, now_ns: int) -> None:
        """The signal is back."""
        self._time.resume(now_ns)

    def hold(self, now_ns: int, id_: TransactionId) -> None:
        """Suspend one transaction; raises KeyError for one that is not active."""
        self._active[id_].time.suspend(self._time.at(now_ns))

    def release(self, now_ns: int, id_: TransactionId) -> None:
        """Resume one transaction; raises KeyError for one that is not active."""
        self._active[id_].time.resume(self._time.at(now_ns))

    def cancel(self, now_ns: int, id_: TransactionId) -> None:
        """Cancel one transaction, held or not; raises KeyError for one that is not active."""
        transaction, now_ns = self._active[id_], self._time.at(now_ns)
        transaction.time.resume(now_ns)
        transaction.cancel(transaction.time.at(now_ns))

    def indications(self) -> list[Indication]:
        """What happened since the last call."""
        told = list(self._indications)
        self._indications.clear()
        return told

    def status(self) -> list[CfdpStatus]:
        """The active transactions."""
        return [
            CfdpStatus(
                id=one.id,
                is_sender=one.is_sender,
                octets=one.progress[0],
                size=one.progress[1],
                is_suspended=self.is_suspended or one.time.is_suspended,
                stage=one.stage,
            )
            for one in self._active.values()
        ]

    def checkpoints(self) -> list[Checkpoint]:
        """Receptions under way, after their octets were synced: stored, they can be resumed after a restart."""
        return [_checkpoint(one, self._files) for one in self._active.values() if isinstance(one, Receiver)]

    def restore(self, now_ns: int, checkpoint: Checkpoint) -> None:
        """Go on with a reception from before a restart; what came after the checkpoint is asked for again."""
        header, _ = unpack(checkpoint.header)
        now_ns = self._time.at(now_ns)
        receiver = Receiver(header, self._settings, self._files, self._tell, now_ns)
        for start, end in checkpoint.received:
            receiver.received.add(start, end)
        self._active[receiver.id] = receiver
        said = [unpack(pdu)[1] for pdu in (checkpoint.metadata, checkpoint.eof) if pdu]
        if checkpoint.finished:
            receiver.finish_again(said, unpack(checkpoint.finished)[1])
            return
        for directive in said:
            receiver.take(directive, now_ns)

    def _header(self, request: PutRequest, size: int) -> Header:
        settings = self._settings
        return Header(
            source=settings.entity,
            sequence=self._next_sequence,
            destination=request.destination,
            is_unacknowledged=request.is_unacknowledged,
            has_crc=settings.has_crc,
            is_large=settings.is_large or size >= LARGE_FILE,
            id_octets=settings.id_octets,
            sequence_octets=settings.sequence_octets,
        )

    def _begin(self, header: Header, directive: Directive, now_ns: int) -> Transaction | None:
        """A new reception, where the PDU can open one; an ended transaction is answered instead."""
        id_ = header.source, header.sequence
        if id_ in self._ended:
            self._answer(header, directive, self._ended[id_])
            return None
        if header.towards_sender:
            if isinstance(directive, Finished):  # a transaction from before a restart: let the other end rest
                self._answer(header, directive, directive.condition, TransactionStatus.UNRECOGNISED)
            return None
        can_open = self._settings.takes_files and isinstance(directive, Metadata | FileData | Eof)
        if not can_open or len(self._active) >= self._settings.transactions:
            return None
        receiver = Receiver(header, self._settings, self._files, self._tell, now_ns)
        self._active[id_] = receiver
        return receiver

    def _answer(
        self,
        header: Header,
        directive: Directive,
        condition: Condition,
        status: TransactionStatus = TransactionStatus.TERMINATED,
    ) -> None:
        """An acknowledgement that was lost is given again."""
        if header.is_unacknowledged or not isinstance(directive, Eof | Finished):
            return
        code = EOF_CODE if isinstance(directive, Eof) else FINISHED_CODE
        back = header._replace(towards_sender=not header.towards_sender)
        self._answers.append(Ack(code, condition, status).pack(back))

    def _turn(self, now_ns: int, room: int) -> list[bytes]:
        """One PDU of each transaction that has one; who was served goes to the end of the line."""
        pdus: list[bytes] = []
        for id_, transaction in list(self._active.items()):
            if len(pdus) == room:
                break
            if transaction.time.is_suspended:
                continue
            if (pdu := transaction.pull(transaction.time.at(now_ns))) is not None:
                pdus.append(pdu)
                self._active[id_] = self._active.pop(id_)
        return pdus

    def _forget_ended(self) -> None:
        for id_ in [id_ for id_, transaction in self._active.items() if transaction.is_over]:
            self._ended[id_] = self._active.pop(id_).condition
            if len(self._ended) > self._settings.remembered:
                del self._ended[next(iter(self._ended))]

    def _tell(self, indication: Indication) -> None:
        if len(self._indications) >= self._settings.indications:
            self._indications.popleft()
            self.untold += 1
        self._indications.append(indication)


def _fits(header: Header, transaction: Transaction) -> bool:
    """A PDU for this end of the transaction, whose sizes the answers can hold."""
    return transaction.is_sender == header.towards_sender and header.is_large <= transaction.header.is_large


def _checkpoint(receiver: Receiver, files: Files) -> Checkpoint:
    if receiver.received and not receiver.finished:
        files.sync(receiver.partial)
    header = receiver.header._replace(towards_sender=False)
    return Checkpoint(
        header=FileData(0, b"").pack(header),
        metadata=receiver.metadata.pack(header) if receiver.metadata else b"",
        eof=receiver.eof.pack(header) if receiver.eof else b"",
        received=tuple(receiver.received),
        finished=receiver.finished,
    )

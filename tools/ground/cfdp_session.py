"""Files with the spacecraft in one conversation: PDUs in packets of their own APID, beside the commands about them.

While the spacecraft is silent the transfers stand still, as they do on board.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fsw.catalogue.apids import FILE_APID
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.wire import Value
from fsw.cfdp.entity import Entity
from fsw.cfdp.settings import Ended, Faulted, Indication, Started, TransactionId
from fsw.packets.space_packet import COUNT_MODULUS, TELECOMMAND, PrimaryHeader
from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tools.ground.cfdp import FileLink
from tools.ground.decoder import FilePart, Record, Reported
from tools.ground.session import Session
from tools.ground.verifier import Verifier

SILENT_S = 40.0  # longer than the slowest default structure: then the signal is gone
ANSWER_S = 20.0  # for a command that is carried out at once
BOARD = 2  # the spacecraft's CFDP entity
LOOK_NS = SECOND_NS // 10


@dataclass(slots=True)
class Answer:
    """What became of a command: an exit code once there is one, why it failed, and the reports that came meanwhile."""

    verifier: Verifier
    reports: list[Reported] = field(default_factory=list)

    @property
    def verdict(self) -> int | None:
        """0, 4, 5, or None while nothing is known."""
        return self.verifier.verdict

    @property
    def why(self) -> str:
        """What the board said about a failure."""
        return next((row.text for row in self.verifier.rows if row.text), "nothing was heard of it")


class SessionPdus:
    """PDUs in packets without secondary header; whatever else is received goes to `hear`."""

    def __init__(self, session: Session, hear: Callable[[Record], None]) -> None:
        self._session, self._hear = session, hear
        self._sequence = 0

    def send(self, pdu: bytes) -> bool:
        header = PrimaryHeader(TELECOMMAND, FILE_APID, self._sequence, len(pdu), has_secondary=False)
        if not self._session.send_packet(header.pack() + pdu):
            return False
        self._sequence = (self._sequence + 1) % COUNT_MODULUS
        return True

    def receive(self, timeout_ns: int) -> bytes | None:
        for record in self._session.records(self._session.clock.now_ns() + timeout_ns):
            if record is None:
                continue
            if isinstance(record.content, FilePart):
                return record.content.octets
            self._hear(record)
        return None


class FileSession:
    """Transfers of `entity`, and commands, over one session. `tell` hears what happens to transfers."""

    def __init__(
        self, session: Session, entity: Entity, rate: float, tell: Callable[[Indication], None] = lambda told: None
    ) -> None:
        self.session, self.entity = session, entity
        self._tell = tell
        self._link = FileLink(entity, SessionPdus(session, self._hear), session.clock, rate)
        self._answers: dict[int, Answer] = {}
        self.ended: dict[TransactionId, Ended] = {}
        self.names: dict[TransactionId, str] = {}  # of what the board sends
        self.shown_ns = 0  # when progress was shown last

    def begin(self, name: str, *values: Value) -> Answer:
        """Send a command; its answer fills while the session goes on."""
        telecommand = self.session.build(COMMAND_BY_NAME[name], values)
        answer = Answer(Verifier(telecommand.request))
        self._answers[telecommand.request] = answer
        self.session.send(telecommand)
        return answer

    def command(self, name: str, *values: Value, seconds: float = ANSWER_S) -> Answer:
        """Send a command and wait for its end; the verdict is UNKNOWN where nothing was heard in time."""
        answer = self.begin(name, *values)
        deadline_ns = self.session.clock.now_ns() + int(seconds * SECOND_NS)
        while answer.verdict is None and self.session.clock.now_ns() < deadline_ns:
            self.step()
        if answer.verdict is None:
            answer.verifier.expire()
        self._answers.pop(answer.verifier.request, None)
        return answer

    def step(self) -> None:
        """Send and receive for a moment."""
        now_ns = self.session.clock.now_ns()
        if self.session.silent_s() > SILENT_S:
            self.entity.suspend(now_ns)
        else:
            self.entity.resume(now_ns)
        self._link.step()
        for told in self.entity.indications():
            match told:
                case Ended():
                    self.ended[told.id] = told
                case Started():
                    self.names[told.id] = told.name
                case Faulted():
                    pass  # the end tells it
            self._tell(told)

    def finish(self, seconds: float = 5.0) -> None:
        """The last acknowledgements are still to be sent."""
        deadline_ns = self.session.clock.now_ns() + int(seconds * SECOND_NS)
        while self.entity.status() and self.session.clock.now_ns() < deadline_ns:
            self.step()

    def _hear(self, record: Record) -> None:
        content = record.content
        if isinstance(content, Verification) and content.request in self._answers:
            self._answers[content.request].verifier.take(content, record.received_ns)
        elif isinstance(content, Reported):
            for answer in self._answers.values():
                answer.reports.append(content)

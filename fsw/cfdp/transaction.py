"""What the sender and the receiver of one file have in common: identity, own time, faults, the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from fsw.cfdp.directives import Condition, Directive
from fsw.cfdp.files import Files
from fsw.cfdp.header import Header
from fsw.cfdp.settings import SECOND_NS, Action, CfdpSettings, Ended, Faulted, Indication, TransactionId
from fsw.cfdp.timing import LinkTime, Timer

Tell = Callable[[Indication], None]


class Transaction(ABC):
    """One file on its way. All times are of the link; `time` freezes this transaction alone.

    `is_over` is True when it has ended and nothing is left to be said. `header` is that of the PDUs it writes.
    """

    is_sender = False

    def __init__(self, header: Header, settings: CfdpSettings, files: Files, tell: Tell) -> None:
        self.header = header
        self.time = LinkTime()
        self.condition = Condition.NO_ERROR
        self.has_ended = False
        self._settings = settings
        self._files = files
        self._tell = tell
        self._ack = Timer(int(settings.ack_s * SECOND_NS), settings.ack_limit)
        self._check = Timer(int(settings.check_s * SECOND_NS), settings.check_limit)
        self._inactivity = Timer(int(settings.inactivity_s * SECOND_NS))
        self._timers = [self._ack, self._check, self._inactivity]

    @property
    def id(self) -> TransactionId:
        """Source entity and sequence number."""
        return self.header.source, self.header.sequence

    @property
    def is_over(self) -> bool:
        """Nothing is left to do or to say."""
        return self.has_ended

    @property
    @abstractmethod
    def progress(self) -> tuple[int, int | None]:
        """Octets sent or received, and of how many; None where that is not known yet."""

    @property
    @abstractmethod
    def stage(self) -> str:
        """Where it is, in a word: a change of it is worth keeping."""

    @abstractmethod
    def take(self, directive: Directive, now_ns: int) -> None:
        """A PDU for this transaction."""

    @abstractmethod
    def tick(self, now_ns: int) -> None:
        """Look at the timers."""

    @abstractmethod
    def pull(self, now_ns: int) -> bytes | None:
        """The next PDU to send, None when there is none."""

    @abstractmethod
    def cancel(self, now_ns: int, condition: Condition = Condition.CANCELLED) -> None:
        """Stop, and tell the other end; cancelled twice, it ends without a word."""

    def fault(self, condition: Condition, now_ns: int) -> None:
        """Something went wrong: do what the settings say; what goes wrong while cancelling ends the transaction."""
        is_cancelling = self.condition is not Condition.NO_ERROR
        action = Action.ABANDON if is_cancelling else self._settings.action(condition)
        self._tell(Faulted(id=self.id, condition=condition, action=action))
        match action:
            case Action.CANCEL:
                self.cancel(now_ns, condition)
            case Action.ABANDON:
                self.condition = self.condition or condition
                self._end()
            case Action.SUSPEND:
                self.time.suspend(now_ns)
            case Action.IGNORE:
                self._forgive()

    def _forgive(self) -> None:
        """Patience begins anew."""
        for timer in self._timers:
            timer.expirations = 0

    def _end(self) -> None:
        """End once: stop the timers and tell the user."""
        if self.has_ended:
            return
        self.has_ended = True
        for timer in self._timers:
            timer.stop()
        self._tell(self._ended())

    @abstractmethod
    def _ended(self) -> Ended:
        """What the user is told at the end."""

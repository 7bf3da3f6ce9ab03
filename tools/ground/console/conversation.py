"""Speaks with the spacecraft in a thread of its own, so that the screen never waits: records in, orders out.

Every record goes into the picture as it comes. Orders wait in a bounded queue; one that finds it full is refused at
once, and its author told. What cannot be written into the history is not sent.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread
from typing import Protocol

from fsw.catalogue.commands import CommandRow
from fsw.catalogue.wire import Value
from fsw.packets.security.errors import SecurityError
from hal.clock import SECOND_NS
from tools.ground.console.picture import Moment, Picture
from tools.ground.console.sent import Sent, deadline_ns
from tools.ground.decoder import Record
from tools.ground.history import HistoryError
from tools.ground.journal import Journal
from tools.ground.link import LinkDown
from tools.ground.profiled import ProfiledLink
from tools.ground.session import Session
from tools.ground.verifier import Verifier

ORDERS_MOST = 16  # a person types one a second at best
RETRY_S = 1.0  # between two tries of a link that is down


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command to be sent. `on_sent` is called in the thread, with the lock of the picture held."""

    text: str
    row: CommandRow
    values: tuple[Value, ...]
    user: str
    queued_ns: int
    on_sent: Callable[[Sent], None] = lambda _sent: None


class Desk(Protocol):
    """What the screen speaks to."""

    def order(self, order: Order) -> bool:
        """Take an order; False where too many wait."""
        ...

    def moment(self) -> Moment:
        """Now."""
        ...


class Conversation:
    """Fills `Desk` over a session. `run` is the thread, `listen` a part of it.

    `reopen` gives a new session in place of one whose link went down: the flight may have begun anew with other keys,
    and what waited for the order of frames must not leave when nobody expects it any more. It raises LinkDown.
    """

    def __init__(
        self,
        session: Session,
        picture: Picture,
        journal: Journal | None = None,
        reopen: Callable[[], Session] | None = None,
    ) -> None:
        self._session, self._picture, self._journal, self._reopen = session, picture, journal, reopen
        self._bad = 0  # packets of the sessions before
        self._open: list[Sent] = []  # what the history does not know the end of
        self._orders: queue.Queue[Order] = queue.Queue(ORDERS_MOST)
        self._stop = Event()
        self._status_ns = session.clock.now_ns() - SECOND_NS
        self._thread = Thread(target=self.run, name="conversation", daemon=True)

    def order(self, order: Order) -> bool:
        try:
            self._orders.put_nowait(order)
        except queue.Full:
            return False
        return True

    def moment(self) -> Moment:
        return Moment(now_ns=self._session.clock.now_ns(), utc_ns=self._session.clock.utc_ns())

    def start(self) -> None:
        """Begin in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End it; what waits is not sent, and of what is under way the outcome is unknown."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10.0)  # sending in order may take five seconds to give up
        for sent in self._open:
            sent.verifier.expire()
        self._close_books()

    def run(self) -> None:
        """Listen and send until stopped; a link that is down is tried again."""
        while not self._stop.is_set():
            try:
                self.listen()
            except (LinkDown, SecurityError) as error:
                self._tell(str(error))
                self.send_waiting()
                self._close_books()
                self._stop.wait(RETRY_S)
                self.renew()

    def listen(self, until_ns: int | None = None) -> None:
        """Take what comes until the time, or until stopped; raises LinkDown, SecurityError."""
        for record in self._session.records(until_ns):
            self._take(record)
            self.send_waiting()
            self._close_books()
            if self._stop.is_set():
                return

    def send_waiting(self) -> None:
        """Send the orders that wait."""
        while not self._orders.empty():
            self._send(self._orders.get_nowait())

    def _take(self, record: Record | None) -> None:
        session, picture = self._session, self._picture
        with picture.lock:
            if record is not None:
                picture.trouble = ""
                picture.take(record, session.clock.now_ns())
            picture.hearing.bad = self._bad + session.decoder.bad
            picture.commands.acknowledged(session.acknowledged(), session.clock.utc_ns())
            if session.clock.now_ns() - self._status_ns >= SECOND_NS:  # it changes slowly
                self._status_ns = session.clock.now_ns()
                picture.link = self._status()

    def _status(self) -> dict[str, object]:
        session = self._session
        rows = session.link.status() if isinstance(session.link, ProfiledLink) else {}
        return rows | ({"rejected": session.rejected} if session.rejected else {})

    def _send(self, order: Order) -> None:
        """One order leaves, or is told why not; the stages that the ground itself knows are marked."""
        session, picture = self._session, self._picture
        telecommand = session.build(order.row, order.values)
        verifier = Verifier(telecommand.request, telecommand.ack, has_link_ack=session.has_acks)
        due_ns = deadline_ns(session.clock.now_ns(), order.row.timeout_s)
        sent = Sent(text=order.text, user=order.user, verifier=verifier, deadline_ns=due_ns)
        with picture.lock:
            verifier.mark("QUEUED", order.queued_ns)
            verifier.mark("RELEASED", session.clock.utc_ns())
            picture.commands.add(sent)
            order.on_sent(sent)
        try:
            if self._journal is not None:
                sent.line = self._journal.begin(telecommand, order.row, order.text)
                self._open.append(sent)
            session.send(telecommand)  # frames may wait seconds for the board's order: the lock is not held
        except (LinkDown, SecurityError, HistoryError) as error:
            with picture.lock:
                sent.trouble = str(error)
                verifier.expire()
            return
        with picture.lock:
            verifier.mark("SENT", session.clock.utc_ns())

    def _close_books(self) -> None:
        """Write down what became of the commands whose verdict is known."""
        ended = [sent for sent in self._open if sent.trouble or sent.verifier.verdict is not None]
        for sent in ended:
            self._open.remove(sent)
            try:
                if self._journal is not None:
                    self._journal.end(sent.line, sent.verifier, sent.trouble)
            except HistoryError as error:
                self._tell(str(error))

    def renew(self) -> None:
        """A new session in place of this one; without, this one is tried again."""
        if self._reopen is None or self._stop.is_set():
            return
        bad = self._session.decoder.bad
        try:
            self._session = self._reopen()
        except LinkDown as error:
            self._tell(str(error))
            return
        self._bad += bad

    def _tell(self, trouble: str) -> None:
        with self._picture.lock:
            self._picture.trouble = trouble
            self._picture.revision += 1

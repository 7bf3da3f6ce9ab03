"""Hears the spacecraft in a thread of its own and keeps the picture.

It sends nothing but the empty datagram by which a listener says where telemetry is to come to.
"""

from __future__ import annotations

from threading import Event, Thread

from fsw.packets.security.errors import SecurityError
from tools.ground.console.picture import Moment, Picture
from tools.ground.link import LinkDown
from tools.ground.session import Session

RETRY_S = 1.0  # between two tries of a link that is down
END_S = 5.0


class Feed:
    """Records of a session into a picture. `run` is the thread; `turn` one step of it."""

    def __init__(self, session: Session, picture: Picture) -> None:
        self._session, self._picture = session, picture
        self._end = Event()
        self._thread = Thread(target=self.run, name="feed", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End; returns once the thread has."""
        self._end.set()
        self._thread.join(END_S)

    def run(self) -> None:
        """Listen until `stop`; a link that is down is tried again."""
        while not self._end.is_set():
            if not self.turn():
                self._end.wait(RETRY_S)

    def turn(self) -> bool:
        """Take what comes until the end; False where the link went down, which the picture then tells."""
        try:
            for record in self._session.records(None):
                moment = self.moment()
                with self._picture.lock:
                    if record is not None:
                        self._picture.trouble = ""
                        self._picture.take(record, moment.now_ns)
                    self._picture.hearing.bad = self._session.decoder.bad
                if self._end.is_set():
                    break
        except (LinkDown, SecurityError) as error:
            with self._picture.lock:
                self._picture.trouble = str(error)
            return False
        return True

    def moment(self) -> Moment:
        """Now, by the clock of the session."""
        return Moment(now_ns=self._session.clock.now_ns(), utc_ns=self._session.clock.utc_ns())

    def onboard_utc_ns(self, moment: Moment) -> int:
        """What it is on board: the last time that was told, and what has passed here since; ours before the first.

        The caller holds the picture's lock.
        """
        heard_ns, newest = self._picture.hearing.heard_ns, self._picture.hearing.newest
        if newest is None or heard_ns is None:
            return moment.utc_ns
        return newest.generated_ns + max(0, moment.utc_ns - newest.received_ns)

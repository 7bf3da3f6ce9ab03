"""Keeps everything that is received live, as it was received."""

from __future__ import annotations

import click

from hal.clock import SECOND_NS
from tools.ground.archive.archive import Archive
from tools.ground.archive.rawlog import Received
from tools.ground.link import LinkDown
from tools.ground.session import Session

SYNC_NS = SECOND_NS  # what a crash may cost; a sync takes some milliseconds
RETRY_NS = SECOND_NS


class Recorder:
    """Takes over a session: what it hears goes into the archive, whether or not it can be understood."""

    def __init__(self, session: Session, archive: Archive) -> None:
        self.packets = 0
        self._session, self._archive = session, archive
        self._synced_ns = session.clock.now_ns()
        session.on_octets = self._keep

    def run(self, until_ns: int | None) -> None:
        """Record until that time (monotonic; None: for ever); a link that is down is tried again every second."""
        clock = self._session.clock
        was_down = False
        while until_ns is None or clock.now_ns() < until_ns:
            try:
                for record in self._session.records(until_ns):
                    was_down = was_down and record is None
                    self._sync_if_due()
            except LinkDown as error:
                if not was_down:
                    click.echo(str(error), err=True)
                was_down = True
                clock.sleep_until_ns(clock.now_ns() + RETRY_NS)

    def _keep(self, octets: bytes, received_ns: int) -> None:
        self._archive.add(Received(received_ns, True, octets))
        self.packets += 1

    def _sync_if_due(self) -> None:
        now_ns = self._session.clock.now_ns()
        if now_ns - self._synced_ns >= SYNC_NS:
            self._synced_ns = now_ns
            self._archive.sync()

"""A command is sent and followed: first into the history, then to the board, then every stage as it is reached."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from fsw.catalogue.commands import CommandRow
from fsw.catalogue.wire import Value
from fsw.packets.pus import ACK_ALL
from fsw.packets.security.errors import SecurityError
from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tools.ground.decoder import Record, Reported, Sampled, Samples
from tools.ground.journal import Journal, stage_line
from tools.ground.link import LinkDown
from tools.ground.output import Writer, shown
from tools.ground.session import Session
from tools.ground.verifier import UNKNOWN, StageRow, State, Verifier

STAGE_WIDTHS = {"stage": 10, "state": 8, "utc": 24, "elapsed_s": 10, "detail": 0}
Show = Callable[[Verifier], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command to be sent. `typed` is how it was asked for, `wait` the stage that counts as done as asked.

    `comment` is said of this one in the history, in place of what is said of all.
    """

    row: CommandRow
    values: tuple[Value, ...]
    typed: str
    ack: int = ACK_ALL
    wait: str = "completed"
    timeout_s: float = 15.0
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a command. `verdict` is the exit code, `values` what it asked for by get_parameter.

    `reports` are those that came meanwhile: the answer to a question, and whatever others asked for.
    """

    request: int
    verdict: int
    stages: tuple[StageRow, ...]
    values: tuple[Sampled, ...] = ()
    reports: tuple[Reported, ...] = ()

    @property
    def failure(self) -> str:
        """The stage that failed and why; empty where none did."""
        return next((f"{row.stage}: {row.text}" for row in self.stages if row.state is State.FAILED), "")


class Sender:
    """Sends the commands of one person. Without a journal nothing is written down: for a rehearsal."""

    def __init__(self, session: Session, journal: Journal | None) -> None:
        self.session, self._journal = session, journal

    def send(self, order: Order, show: Show = lambda _verifier: None, linger_s: float = 0.0) -> Outcome:
        """Send and wait; `show` is called whenever a stage was reached, and late reports are waited for `linger_s`.

        Raises LinkDown, SecurityError, and HistoryError where it cannot be written down: then nothing is sent.
        """
        telecommand = self.session.build(order.row, order.values, order.ack)
        verifier = Verifier(telecommand.request, telecommand.ack, order.wait, self.session.has_acks)
        verifier.mark("QUEUED", self.session.clock.utc_ns())
        number = self._journal.begin(telecommand, order.row, order.typed, order.comment) if self._journal else 0
        verifier.mark("RELEASED", self.session.clock.utc_ns())
        trouble, answers = "", Answers()
        try:
            self.session.send(telecommand)
            verifier.mark("SENT", self.session.clock.utc_ns())
            show(verifier)
            self._await(verifier, answers, order.timeout_s, linger_s, show)
        except (LinkDown, SecurityError, KeyboardInterrupt) as error:  # who stops waiting stops no spacecraft
            trouble = str(error) or "interrupted"
            raise
        finally:
            if verifier.verdict is None:
                verifier.expire()
                show(verifier)
            if self._journal:
                self._journal.end(number, verifier, trouble)
        return answers.outcome(verifier)

    def _await(self, verifier: Verifier, answers: Answers, timeout_s: float, linger_s: float, show: Show) -> None:
        """Take what comes until there is a verdict, and `linger_s` longer, or the time is up."""
        session = self.session
        until_ns = session.clock.now_ns() + round(timeout_s * SECOND_NS)
        is_decided = False
        for record in session.records(None):
            if verifier.request in session.acknowledged():
                verifier.mark("LINK-ACK", session.clock.utc_ns())
                show(verifier)
            if record is not None and isinstance(record.content, Verification):
                verifier.take(record.content, record.received_ns)
                show(verifier)
            elif record is not None:
                answers.take(record)
            if verifier.verdict is not None and not is_decided:
                is_decided, until_ns = True, session.clock.now_ns() + round(linger_s * SECOND_NS)
            if session.clock.now_ns() >= until_ns:
                return


class Answers:
    """What came while a command was followed, and may be its answer."""

    def __init__(self) -> None:
        self._values: tuple[Sampled, ...] = ()
        self._reports: list[Reported] = []

    def take(self, record: Record) -> None:
        """One record."""
        if isinstance(record.content, Reported):
            self._reports.append(record.content)
        elif isinstance(record.content, Samples) and not record.content.structure:
            self._values = record.content.values

    def outcome(self, verifier: Verifier) -> Outcome:
        """All of it."""
        return Outcome(
            request=verifier.request,
            verdict=UNKNOWN if verifier.verdict is None else verifier.verdict,
            stages=verifier.rows,
            values=self._values,
            reports=tuple(self._reports),
        )


def follow(sender: Sender, order: Order, style: str) -> int:
    """Send and show each stage as it is reached; gives the exit code."""
    lines = StageLines(style)
    try:
        outcome = sender.send(order, lines.show)
    finally:
        lines.close()
    for sampled in outcome.values:
        words = (sampled.name, "=", shown(sampled.value), sampled.unit, f"({sampled.quality})")
        click.echo(" ".join(word for word in words if word), err=True)
    if outcome.verdict == UNKNOWN:
        session = sender.session
        heard = "telemetry was heard" if session.decoder.packets else "no telemetry was heard"
        heard += f"; {session.rejected}" if session.rejected else ""
        click.echo(f"no report within {order.timeout_s:g} s ({heard}): the outcome is unknown", err=True)
    return outcome.verdict


class StageLines:
    """Writes every stage of a command once, and again when it changes."""

    def __init__(self, style: str) -> None:
        self._has_head = style != "table"
        self._writer = Writer(sys.stdout, style, STAGE_WIDTHS)
        self._shown: dict[str, StageRow] = {}

    def show(self, verifier: Verifier) -> None:
        """Write what is new."""
        request = verifier.request
        if not self._has_head:
            self._has_head = True
            click.echo(f"request {request:#x} (APID {request >> 16 & 0x7FF:#x}, sequence count {request & 0x3FFF})")
        for row in verifier.rows:
            if row.state is not State.PENDING and self._shown.get(row.stage) != row:
                self._shown[row.stage] = row
                self._writer.write({"request": f"{request:#x}", **stage_line(row)})

    def close(self) -> None:
        """End the output."""
        self._writer.close()

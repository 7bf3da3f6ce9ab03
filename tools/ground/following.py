"""A command that was sent is followed: every stage as it is reached, on the terminal or for a script."""

from __future__ import annotations

import sys

import click

from fsw.packets.pus import Telecommand
from fsw.packets.security.errors import SecurityError
from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tools.ground import options
from tools.ground.clock import iso
from tools.ground.decoder import Sampled, Samples
from tools.ground.link import LinkDown
from tools.ground.output import Writer, shown
from tools.ground.session import Session
from tools.ground.verifier import UNKNOWN, StageRow, State, Verifier

STAGE_WIDTHS = {"stage": 10, "state": 8, "utc": 24, "elapsed_s": 10, "detail": 0}


def follow(session: Session, telecommand: Telecommand, wait: str, timeout_s: float, style: str) -> int:
    """Send and show each stage as it is reached; gives the exit code."""
    verifier = Verifier(telecommand.request, telecommand.ack, wait, session.has_acks)
    lines = StageLines(verifier, style)
    if style == "table":
        click.echo(f"request {lines.request} (APID {telecommand.apid:#x}, sequence count {telecommand.sequence})")
    verifier.mark("QUEUED", session.clock.utc_ns())
    verifier.mark("RELEASED", session.clock.utc_ns())
    try:
        session.send(telecommand)
        verifier.mark("SENT", session.clock.utc_ns())
        lines.show()
        values = _await(session, lines, timeout_s)
    except (LinkDown, SecurityError, KeyboardInterrupt):  # who stops waiting stops no spacecraft
        verifier.expire()
        lines.show()
        raise
    finally:
        lines.close()
    for sampled in values:
        words = (sampled.name, "=", shown(sampled.value), sampled.unit, f"({sampled.quality})")
        click.echo(" ".join(word for word in words if word), err=True)
    if verifier.verdict == UNKNOWN:
        heard = "telemetry was heard" if session.decoder.packets else "no telemetry was heard"
        heard += f"; {session.rejected}" if session.rejected else ""
        click.echo(f"no report within {timeout_s:g} s ({heard}): the outcome is unknown", err=True)
    return UNKNOWN if verifier.verdict is None else verifier.verdict


def _await(session: Session, lines: StageLines, timeout_s: float) -> tuple[Sampled, ...]:
    """Take reports until there is a verdict or the time is up; gives what get_parameter asked for."""
    verifier = lines.verifier
    values: tuple[Sampled, ...] = ()
    for record in session.records(options.deadline_ns(session.clock, timeout_s)):
        if verifier.request in session.acknowledged():
            verifier.mark("LINK-ACK", session.clock.utc_ns())
            lines.show()
        if record is not None and isinstance(record.content, Verification):
            verifier.take(record.content, record.received_ns)
            lines.show()
        elif record is not None and isinstance(record.content, Samples) and not record.content.structure:
            values = record.content.values
        if verifier.verdict is not None:
            return values
    verifier.expire()
    lines.show()
    return values


class StageLines:
    """Writes every stage of a verifier once, and again when it changes."""

    def __init__(self, verifier: Verifier, style: str) -> None:
        self.verifier = verifier
        self.request = f"{verifier.request:#010x}"
        self._writer = Writer(sys.stdout, style, STAGE_WIDTHS)
        self._shown: dict[str, StageRow] = {}

    def show(self) -> None:
        """Write what is new."""
        for row in self.verifier.rows:
            if row.state is not State.PENDING and self._shown.get(row.stage) != row:
                self._shown[row.stage] = row
                self._writer.write(self._line(row))

    def close(self) -> None:
        """End the output."""
        self._writer.close()

    def _line(self, row: StageRow) -> dict[str, object]:
        return {
            "request": self.request,
            "stage": row.stage,
            "state": row.state.value,
            "utc": None if row.utc_ns is None else iso(row.utc_ns),
            "elapsed_s": None if row.elapsed_ns is None else round(row.elapsed_ns / SECOND_NS, 3),
            "code": row.code,
            "label": row.label,
            "values": list(row.values),
            "detail": row.text or (f"step {row.step}" if row.step is not None else ""),
        }

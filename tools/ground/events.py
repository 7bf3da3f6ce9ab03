"""`penumbra gnd event`: log."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import click

from fsw.catalogue.rows import Severity
from tools.ground import options
from tools.ground.clock import iso
from tools.ground.decoder import Happened, Record
from tools.ground.output import Writer
from tools.ground.since import SPAN

WIDTHS = {"generated": 24, "severity": 8, "name": 18, "text": 0}
FOLDER = click.Path(file_okay=False, path_type=Path)
SEVERITIES = tuple(severity.name.lower() for severity in Severity)


@click.group()
def event() -> None:
    """Events: what happened on board, as sentences."""


@event.command()
@click.option("--severity", type=click.Choice(SEVERITIES), default="info", help="Least severity shown.")
@click.option("--count", type=options.COUNT, default=None, help="Stop after so many events.")
@click.option("--seconds", type=options.SECONDS, default=None, help="Stop after so long.")
@click.option("--last", "span_s", type=SPAN, default=None, help="From the archive instead: 3h back from its newest.")
@click.option("--archive", "folder", type=FOLDER, default=Path("archive"), show_default=True, help="Its folder.")
@options.format_option
@options.link_options
def log(
    severity: str,
    count: int | None,
    seconds: float | None,
    span_s: float | None,
    folder: Path,
    style: str,
    tm_port: int,
    tc_host: str,
    tc_port: int,
) -> None:
    """Show events as they arrive, or with --last those of before.

    Example: penumbra gnd event log --severity medium --format jsonl
    """
    least = SEVERITIES.index(severity)
    writer = Writer(sys.stdout, style, WIDTHS)
    shown = 0
    try:
        if span_s is not None:
            from tools.ground.archive_cli import kept_events  # DuckDB loads longer than a live event takes to arrive

            for row in islice(kept_events(folder, span_s, SEVERITIES[least:]), count):
                writer.write(row)
            return
        with options.session(tm_port, tc_host, tc_port) as session:
            for record in options.watched(session, seconds):
                happened = record.content if record is not None else None
                if record is None or not isinstance(happened, Happened):
                    continue
                if SEVERITIES.index(happened.severity) < least:
                    continue
                writer.write(row_of(happened, record))
                shown += 1
                if count is not None and shown >= count:
                    return
    finally:
        writer.close()


def row_of(happened: Happened, record: Record) -> dict[str, object]:
    """One event with its times, its values and its sentence."""
    return {
        "generated": iso(record.generated_ns),
        "received": iso(record.received_ns),
        "severity": happened.severity,
        "name": happened.name,
        "values": list(happened.values),
        "text": happened.text,
    }

"""`penumbra gnd archive` and `penumbra gnd query`: keep everything that is received, and ask it in SQL."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import duckdb

from hal.clock import SECOND_NS
from tools.ground import options
from tools.ground.archive.archive import Archive, ask, known
from tools.ground.archive.packets_file import packets_in
from tools.ground.archive.rawlog import ArchiveError, Received
from tools.ground.archive.tables import TABLES
from tools.ground.clock import StationClock, iso
from tools.ground.output import Writer
from tools.ground.recording import Recorder

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
IMPORT_WIDTHS = {"file": 32, "packets": 9, "new": 9, "skipped_octets": 0}
INFO_WIDTHS = {"table": 10, "rows": 12, "first": 30, "last": 0}
WIDEST = 40  # characters of a column of an answer; the last one is not cut
Function = TypeVar("Function", bound=Callable[..., Any])


def folder_option(function: Function) -> Function:
    """Which archive."""
    option = click.option(
        "--archive", "folder", type=FOLDER, default=Path("archive"), show_default=True, help="Folder of the archive."
    )
    return option(function)


@click.group()
def archive() -> None:
    """Everything that was received: record, import, info."""


@archive.command()
@click.option("--seconds", type=options.SECONDS, default=None, help="Stop after so long; without, at Ctrl-C.")
@folder_option
@options.link_options
def record(seconds: float | None, folder: Path, tm_port: int, tc_host: str, tc_port: int) -> None:
    """Keep everything that is received from now on; what is older than a second survives a crash.

    Exit code 7 when nothing was heard.  Example: penumbra gnd archive record --seconds 3600
    """
    with options.session(tm_port, tc_host, tc_port) as session, told(), Archive(folder) as keeper:
        recorder = Recorder(session, keeper)
        if keeper.torn_octets:
            click.echo(f"{folder}: {keeper.torn_octets} octets that a crash tore off are cut away", err=True)
        try:
            recorder.run(options.deadline_ns(session.clock, seconds))
        except KeyboardInterrupt:  # how it is ended where no time was given
            click.echo("", err=True)
    click.echo(f"{recorder.packets} packets kept in {folder}")
    click.get_current_context().exit(0 if recorder.packets else options.EXIT_LINK_DOWN)


@archive.command("import")
@click.argument("files", nargs=-1, required=True, type=FILE)
@folder_option
@options.format_option
def import_files(files: tuple[Path, ...], folder: Path, style: str) -> None:
    """Take in files of space packets, late and in any order; what is there already is not taken twice.

    Example: penumbra gnd archive import pass-17.bin pass-16.bin
    """
    writer = Writer(sys.stdout, style, IMPORT_WIDTHS)
    with told(), Archive(folder) as keeper:
        for path in files:
            writer.write({"file": path.name, **_import(keeper, folder, path.read_bytes())})
    writer.close()


@archive.command()
@folder_option
@options.format_option
def info(folder: Path, style: str) -> None:
    """What the archive holds.  Example: penumbra gnd archive info"""
    writer = Writer(sys.stdout, style, INFO_WIDTHS)
    with told():
        for name in TABLES:
            question = f"SELECT count(*) AS rows, min(generated) AS first, max(generated) AS last FROM {name}"
            writer.write({"table": name, **{key: _plain(value) for key, value in next(ask(folder, question)).items()}})
    writer.close()


@click.command()
@click.argument("question")
@folder_option
@options.format_option
def query(question: str, folder: Path, style: str) -> None:
    """Ask the archive in SQL (DuckDB's): tables packets, samples, events, stages, reports.

    Example: penumbra gnd query "SELECT generated, value FROM samples WHERE name = 'soc' ORDER BY generated"
    """
    with told():
        rows = ask(folder, question)
        first = next(rows, None)
        writer = Writer(sys.stdout, style, _widths(first))
        if first is not None:
            writer.write({name: _plain(value) for name, value in first.items()})
        for row in rows:
            writer.write({name: _plain(value) for name, value in row.items()})
        writer.close()


@contextmanager
def told() -> Iterator[None]:
    """Errors of the archive and of the question become one line."""
    try:
        yield
    except BrokenPipeError:  # whoever reads the output has enough
        raise
    except (ArchiveError, OSError) as error:
        raise options.Refused(str(error)) from error
    except duckdb.Error as error:
        raise options.Misunderstood(str(error)) from error


def kept_events(folder: Path, span_s: float, severities: Sequence[str]) -> Iterator[dict[str, object]]:
    """The events of the archive's last `span_s` seconds, by on-board time, in the words of `event log`."""
    wanted = ", ".join(f"'{name}'" for name in severities)
    question = (
        "SELECT generated_ns, received_ns, severity, name, details, text, is_live FROM events WHERE severity IN "
        f"({wanted}) AND generated_ns >= (SELECT max(generated_ns) FROM packets WHERE kind <> 'garbage') "
        f"- {round(span_s * SECOND_NS)} ORDER BY generated_ns, n"
    )
    with told():
        for row in ask(folder, question):
            times = {"generated": iso(int(str(row["generated_ns"]))), "received": iso(int(str(row["received_ns"])))}
            rest = {name: row[name] for name in ("severity", "name", "text", "is_live")}
            yield {**times, **rest, "values": json.loads(str(row["details"]))}


def _import(keeper: Archive, folder: Path, data: bytes) -> dict[str, int]:
    """Take the packets that are new; the archive is durable before it is said."""
    found = list(packets_in(data))
    packets = list(dict.fromkeys(packet for packet in found if isinstance(packet, bytes)))
    received_ns = StationClock().utc_ns()
    new = [packet for packet, is_known in zip(packets, known(folder, packets), strict=True) if not is_known]
    for packet in new:
        keeper.add(Received(received_ns, False, packet))
    keeper.sync()
    skipped = sum(octets for octets in found if isinstance(octets, int))
    return {"packets": len(packets), "new": len(new), "skipped_octets": skipped}


def _plain(value: object) -> object:
    """As the writers of rows take it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return f"{value.isoformat(timespec='microseconds')}Z"
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _widths(row: dict[str, object] | None) -> dict[str, int]:
    if row is None:
        return {}
    widths = {name: min(WIDEST, max(len(name), len(str(_plain(value)))) + 1) for name, value in row.items()}
    return {**widths, list(widths)[-1]: 0}

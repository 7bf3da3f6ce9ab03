"""`penumbra gnd cmd history`: who sent what, when, and what became of it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hal.clock import utc_ns
from tools.ground import options
from tools.ground.clock import iso, parse_iso
from tools.ground.history import History, HistoryError
from tools.ground.journal import commands_of
from tools.ground.output import Writer
from tools.ground.since import SINCE, Moment

WIDTHS = {"n": 4, "utc": 24, "operator": 10, "verdict": 12, "typed": 50, "comment": 0}
EXIT_BROKEN = 5


@click.command()
@click.option("--since", type=SINCE, default=None, help="UTC, or how long ago: 2h, 30min.")
@click.option(
    "--archive",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Archive whose reports, however late, decide what was unknown.",
)
@click.option("--verify", is_flag=True, help="Only check that no line was changed, removed or added.")
@options.format_option
@options.history_option
@click.pass_context
def history(context: click.Context, since: Moment | None, folder: Path | None, verify: bool, style: str) -> None:
    """What was sent, by whom, and what became of it. Exit code 5 where the chain of --verify is broken.

    A command that is "open" has no verdict: the tool that sent it is still waiting, or was ended before it knew.

    Example: penumbra gnd cmd history --since 2h --format json
    """
    path = options.history_file()
    if path is None or not path.exists():
        raise options.Refused(f"{path or 'history'}: nothing was sent from here yet; another one by --history FILE")
    record = History(path)
    if verify:
        context.exit(_verify(record))
    from_ns = 0 if since is None else since.utc_ns(utc_ns())
    writer = Writer(sys.stdout, style, WIDTHS)
    with options.told():
        rows = commands_of(record.entries())
        if folder is not None:
            _resolve(folder, rows)
        for row in rows:
            if parse_iso(str(row["utc"])) >= from_ns:
                writer.write(row)
    writer.close()


def _resolve(folder: Path, rows: list[dict[str, object]]) -> None:
    from tools.ground.archive.resolving import resolve  # DuckDB, which the history alone does not need
    from tools.ground.archive_cli import told

    with told():
        resolve(folder, rows)


def _verify(record: History) -> int:
    try:
        last = record.verify()
    except HistoryError as error:
        click.echo(f"the chain is broken: {error}", err=True)
        return EXIT_BROKEN
    click.echo(f"{sum(1 for _ in record.entries())} lines, whole to the last; its hash is {last}")
    click.echo(f"as of {iso(utc_ns())}; keep that hash elsewhere, to see whether the end was cut", err=True)
    return 0

"""`penumbra gnd config`: save, diff."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tools.ground import options
from tools.ground.clock import iso
from tools.ground.configuration import SETTABLE, Configuration, ask_board, differences, load, save, shipped
from tools.ground.output import Writer

WIDTHS = {"item": 28, "baseline": 26, "board": 26, "unit": 0}
EXIT_DIFFERS, EXIT_UNKNOWN = 5, 6


@click.group()
def config() -> None:
    """What flies, against what should: digests of software, dictionary, board file, models, keys; parameters."""


@config.command("save")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@options.link_options
@click.pass_context
def save_baseline(context: click.Context, file: Path, tm_port: int, tc_host: str, tc_port: int) -> None:
    """Ask the board what it is, and keep that as the baseline.  Example: penumbra gnd config save baseline.json"""
    with options.session(tm_port, tc_host, tc_port) as session:
        found = ask_board(session)
        save(file, found, iso(session.clock.utc_ns()))
    click.echo(f"{file}: {len(found.parameters)} parameters, digest {found.digests['digest']}")
    context.exit(_missing(found))


@config.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.format_option
@options.link_options
@click.pass_context
def diff(context: click.Context, file: Path | None, style: str, tm_port: int, tc_host: str, tc_port: int) -> None:
    """What on board is not as in the baseline FILE; without, not as this tool's dictionary and its defaults have it.

    Exit code 0 all the same, 5 something differs, 6 not everything was answered.

    Example: penumbra gnd config diff baseline.json
    """
    with options.session(tm_port, tc_host, tc_port) as session:
        baseline = shipped() if file is None else load(file)
        found = ask_board(session)
    writer = Writer(sys.stdout, style, WIDTHS)
    rows = list(differences(baseline, found))
    for row in rows:
        writer.write({"item": row.item, "baseline": row.baseline, "board": row.board, "unit": row.unit})
    writer.close()
    if found.digests["dictionary"] != shipped().digests["dictionary"]:
        click.echo("the board has another dictionary: use the ground tool of the release that flies", err=True)
    context.exit(_missing(found) or (EXIT_DIFFERS if rows else 0))


def _missing(found: Configuration) -> int:
    missing = [name for name in SETTABLE if name not in found.parameters]
    if missing:
        click.echo(f"not answered: {', '.join(missing)}", err=True)
    return EXIT_UNKNOWN if missing else 0

"""`penumbra gnd mdb`: the dictionary for other people: check, export-xtce, doc."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fsw.catalogue.check import problems


@click.group()
def mdb() -> None:
    """The mission database: check it, export it, document it."""


@mdb.command(epilog="Example: penumbra gnd mdb check")
def check() -> None:
    """Say what is wrong with the dictionary; exit code 1 if anything is."""
    found = problems()
    for problem in found:
        click.echo(problem)
    sys.exit(bool(found))


@mdb.command("export-xtce", epilog="Example: penumbra gnd mdb export-xtce --output penumbra.xml")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; without, standard output.")
def export_xtce(output: Path | None) -> None:
    """Write XTCE 1.2: every parameter, packet, command, limit and unit."""
    from tools.ground.mdb_xtce import xtce

    _write(xtce(), output)


@mdb.command(epilog="Example: penumbra gnd mdb doc --output interface.md")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; without, standard output.")
def doc(output: Path | None) -> None:
    """Write the interface document in Markdown."""
    from tools.ground.mdb_page import page

    _write(page(), output)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(f"{output}: {len(text.encode())} octets", err=True)

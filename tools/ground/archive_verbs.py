"""`penumbra gnd tlm plot` and `export`: parameters as the archive has them."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import duckdb

from tools.ground import completing, options
from tools.ground.archive.archive import connect
from tools.ground.archive.series import Series, Stretch, last, limits, nights, samples, series
from tools.ground.archive_cli import folder_option, told
from tools.ground.clock import iso
from tools.ground.output import Writer
from tools.ground.plot import draw
from tools.ground.since import SPAN
from tools.ground.telemetry import parameters

EXPORT_WIDTHS = {
    "generated": 24, "received": 24, "name": 27, "value": 14, "unit": 6, "quality": 8, "structure": 10, "is_live": 0,
}  # fmt: skip
_span = click.option(
    "--last", "seconds", type=SPAN, default=None, help="How far back from the newest: 3h, 90min. Without, everything."
)


@click.command()
@click.argument("names", nargs=-1, required=True, shell_complete=completing.parameters)
@_span
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("plot.png"), show_default=True)
@folder_option
def plot(names: tuple[str, ...], seconds: float | None, out: Path, folder: Path) -> None:
    """Draw parameters over on-board time: a panel a unit, eclipses shaded, limits where the board has told them.

    Limits are those of the watchpoints; have them told by: penumbra gnd cmd send describe_monitor monitor=1

    Example: penumbra gnd tlm plot soc payload_temp_c --last 3h --out night.png
    """
    with options.told(), told():
        wanted = parameters(names)
        connection = connect(folder)
        stretch = _stretch(connection, folder, seconds)
        found = [series(connection, name, stretch) for name in wanted]
        there = [item for item in found if item.values]
        _tell_missing(found)
        if not there:
            raise options.Refused(f"{folder}: nothing of these was received in that time")
        bounds = {item.name: limits(connection, item.name) for item in there}
        try:
            draw(out, there, nights(connection, stretch), bounds, stretch)
        except ValueError as error:
            raise options.Misunderstood(f"{out}: {error}") from error
    click.echo(f"{out}: {iso(stretch.begin_ns)} to {iso(stretch.end_ns)}")


@click.command()
@click.argument("names", nargs=-1, required=True, shell_complete=completing.parameters)
@_span
@click.option("--format", "style", type=click.Choice(("csv", "jsonl", "json", "table")), default="csv")
@folder_option
def export(names: tuple[str, ...], seconds: float | None, style: str, folder: Path) -> None:
    """Write every sample of parameters or structures as kept, in the order of on-board time.

    Example: penumbra gnd tlm export soc mode --last 3h --format jsonl
    """
    with options.told(), told():
        wanted = parameters(names)
        connection = connect(folder)
        stretch = _stretch(connection, folder, seconds)
        writer = Writer(sys.stdout, style, EXPORT_WIDTHS)
        for row in samples(connection, wanted, stretch):
            times = {"generated": iso(int(str(row["generated_ns"]))), "received": iso(int(str(row["received_ns"])))}
            value = row["value"] if row["text"] is None else row["text"]
            rest = {name: row[name] for name in ("name", "unit", "quality", "structure", "is_live")}
            writer.write({**times, **rest, "value": value})
        writer.close()


def _stretch(connection: duckdb.DuckDBPyConnection, folder: Path, seconds: float | None) -> Stretch:
    found = last(connection, seconds)
    if found is None:
        raise options.Refused(f"{folder}: the archive is empty")
    return found


def _tell_missing(found: list[Series]) -> None:
    for item in found:
        if not item.values:
            click.echo(f"{item.name}: never received in that time", err=True)

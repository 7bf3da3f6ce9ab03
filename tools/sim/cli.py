"""`penumbra sim`: questions to the physics, answered as text, one JSON object or a plot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: penumbra sim orbit --alt 500 --ltan 10.5",
)
def sim() -> None:
    """Ask the physics: orbit, eclipse, power; check it."""


@sim.command(epilog="Example: penumbra sim orbit --alt 600 --ltan 6 --plot year.png")
@click.option("--alt", default=500.0, show_default=True, help="Altitude in km above 6378.137 km.")
@click.option("--ltan", default=10.5, show_default=True, help="Local mean solar time of the ascending node, hours.")
@click.option("--inc", type=float, help="Inclination in degrees; without it, the sun-synchronous one.")
@click.option("--all-nodes", is_flag=True, help="Mean and worst over all nodes; needs --inc.")
@click.option("--year", default=2026, show_default=True)
@click.option("--plot", type=FILE, help="Draw beta and eclipse over the year into this PNG.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def orbit(
    alt: float, ltan: float, inc: float | None, all_nodes: bool, year: int, plot: Path | None, as_json: bool
) -> None:
    """Period, inclination, beta, eclipses and sunlight of every orbit of a year."""
    from sim.season import YearRequest, survey
    from tools.sim.year import answer, save_plot, text

    try:
        request = YearRequest(altitude_km=alt, ltan_h=ltan, inclination_deg=inc, year=year, all_nodes=all_nodes)
        found = survey(request)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if plot is not None:
        save_plot(found, plot)
    _show(answer(found), text, as_json)


def _show(found: dict[str, Any], text: Any, as_json: bool) -> None:
    click.echo(json.dumps(found) if as_json else text(found))

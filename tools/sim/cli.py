"""`penumbra sim`: questions to the physics, answered as text, one JSON object or a plot."""

from __future__ import annotations

import json
from collections.abc import Callable
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


@sim.command(epilog="Example: penumbra sim power --alt 600 --ltan 6 --date 2026-12-21 --lossless")
@click.option("--alt", default=500.0, show_default=True, help="Altitude in km above 6378.137 km.")
@click.option("--inc", type=float, help="Inclination in degrees; without it, the sun-synchronous one.")
@click.option("--ltan", default=10.5, show_default=True, help="Local mean solar time of the ascending node, hours.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), default="2026-03-20", show_default=True)
@click.option("--array-m2", default=5.0, show_default=True, help="Area of the array, which faces the Sun.")
@click.option("--efficiency", default=0.3, show_default=True, help="From sunlight to the bus.")
@click.option("--load-w", default=1000.0, show_default=True)
@click.option("--battery-wh", default=2000.0, show_default=True, help="From full to empty.")
@click.option("--start-soc", default=0.9, show_default=True)
@click.option("--lossless", is_flag=True, help="A battery without resistance, coulombic loss or current limits.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def power(as_json: bool, **options: Any) -> None:
    """One orbit from the ascending node at 00:00 UTC: array, load and battery."""
    from sim.single import SingleRequest, fly_single
    from tools.sim.power import answer, text

    try:
        request = SingleRequest(
            altitude_km=options["alt"],
            inclination_deg=options["inc"],
            ltan_h=options["ltan"],
            day=options["day"].date(),
            array_m2=options["array_m2"],
            efficiency=options["efficiency"],
            load_w=options["load_w"],
            battery_wh=options["battery_wh"],
            start_soc=options["start_soc"],
            is_lossless=options["lossless"],
        )
        flown = fly_single(request)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _show(answer(flown), text, as_json)


@sim.command(epilog="Example: penumbra sim validate --report runs/validation")
@click.option("--report", type=click.Path(file_okay=False, path_type=Path), help="Write HTML and JSON in this folder.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
@click.pass_context
def validate(context: click.Context, report: Path | None, as_json: bool) -> None:
    """Hold the physics against other codes and published numbers; exit code 1 where a row is off."""
    from tools.sim.validate import text, validate, write_report

    found = validate()
    if report is not None:
        write_report(found, report)
    _show(found, text, as_json)
    context.exit(1 if found["counts"]["off"] else 0)


def _show(found: dict[str, Any], text: Callable[[dict[str, Any]], str], as_json: bool) -> None:
    click.echo(json.dumps(found) if as_json else text(found))

"""`penumbra sim study`: comparisons of designs, as a table, one JSON object or a plot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.group(epilog="Example: penumbra sim study pv --alt 600 --ltan 6 --years 5 --power-w 1000")
def study() -> None:
    """Compare designs for an orbit and a life."""


@study.command(epilog="Example: penumbra sim study pv --alt 2000 --ltan 10.5 --years 5 --power-w 120000 --plot pv.png")
@click.option("--alt", default=600.0, show_default=True, help="Altitude in km above 6378.137 km.")
@click.option("--ltan", default=6.0, show_default=True, help="Local mean solar time of the ascending node, hours.")
@click.option("--inc", type=float, help="Inclination in degrees; without it, the sun-synchronous one.")
@click.option("--years", default=5.0, show_default=True, help="Length of life.")
@click.option("--power-w", type=float, help="Constant load carried at the end of life; 1000 W if no area is given.")
@click.option("--area-m2", type=float, help="Panel area, instead of the power.")
@click.option("--joules-per-inference", type=float, help="Without it, water/full of the shipped mission: 1333 J.")
@click.option("--solar", type=click.Choice(["min", "max", "worst"]), default="worst", show_default=True)
@click.option(
    "--technology", "technologies", multiple=True, help="A name or a TOML file; may be repeated. All, if none."
)
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw the comparison into this PNG.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def pv(plot: Path | None, as_json: bool, **options: Any) -> None:
    """Technologies of solar cells: watts, area, mass, cost, end of life, inferences a kilogram."""
    from hal.config import ConfigError
    from tools.sim.study_pv import answer, study, text

    try:
        found = study(_request(options))
    except (ValueError, ConfigError) as error:
        raise click.UsageError(str(error)) from error
    if plot is not None:
        from tools.sim.study_plot import save_plot

        save_plot(found, plot)
    click.echo(json.dumps(answer(found)) if as_json else text(answer(found)))


def _request(options: dict[str, Any]) -> Any:
    from sim.lifetime import LifeRequest
    from tools.sim.study_pv import WATER_FULL_J, PvRequest

    life = LifeRequest(
        altitude_km=options["alt"],
        ltan_h=options["ltan"],
        inclination_deg=options["inc"],
        years=options["years"],
        solar=options["solar"],
    )
    is_unsized = options["power_w"] is None and options["area_m2"] is None
    joules = options["joules_per_inference"]
    return PvRequest(
        life=life,
        power_w=1_000.0 if is_unsized else options["power_w"],
        area_m2=options["area_m2"],
        joules_per_inference=WATER_FULL_J if joules is None else joules,
        technologies=options["technologies"],
    )

"""`penumbra sim`: questions to the physics, answered as text, one JSON object or a plot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tools.sim.constellation_cli import constellation
from tools.sim.study import study

if TYPE_CHECKING:
    from tools.sim.orbit import Asked

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: penumbra sim orbit --alt 500 --ltan 10.5",
)
def sim() -> None:
    """Ask the physics: orbit, eclipse, power; check it."""


sim.add_command(study)


sim.add_command(constellation)


def _orbit_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which orbit a question is about."""
    for option in (
        click.option(
            "--tle", type=click.File(encoding="utf-8"), help="A real satellite: two-line elements, - for stdin."
        ),
        click.option(
            "--date", "start", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="UTC to begin at."
        ),
        click.option("--inc", type=float, help="Inclination in degrees; without it, the sun-synchronous one."),
        click.option("--ltan", default=10.5, show_default=True, help="Local mean solar time of the ascending node, h."),
        click.option("--alt", default=500.0, show_default=True, help="Altitude in km above 6378.137 km."),
    ):
        command = option(command)
    return command


@sim.command(epilog="Example: penumbra sim orbit --alt 600 --ltan 6 --plot year.png --events 8")
@_orbit_options
@click.option("--all-nodes", is_flag=True, help="Mean and worst over all nodes; needs --inc.")
@click.option("--year", type=int, help="The year to survey; 2026, or that of --date or --tle.")
@click.option("--oblate", is_flag=True, help="The shadow of the flattened Earth instead of a sphere's.")
@click.option("--events", type=int, help="The next so many entries and exits of umbra and penumbra, from --date on.")
@click.option("--plot", type=FILE, help="Draw beta and eclipse over the year into this PNG.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
@click.pass_context
def orbit(context: click.Context, /, events: int | None, plot: Path | None, as_json: bool, **options: Any) -> None:
    """Period, inclination, beta, eclipses and sunlight of every orbit of a year."""
    from sim.season import survey
    from tools.sim.orbit import coming_events, events_text, told_tle
    from tools.sim.year import answer, save_plot, text

    asked = _asked(context, options)
    try:
        year = survey(asked.year_request())
        coming = None if events is None else coming_events(asked, events)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if plot is not None:
        save_plot(year, plot)
    found = answer(year)
    if asked.tle is not None:
        found["tle"] = told_tle(asked.tle)
    if coming is not None:
        found["events"] = coming
    _show(found, text, as_json)
    if coming is not None and not as_json:
        click.echo(events_text(coming, asked.start_unix_s))


@sim.command(epilog="Example: penumbra sim passes --alt 600 --ltan 6 --station Svalbard,78.23,15.39,450 --hours 48")
@_orbit_options
@click.option(
    "--station", "named", multiple=True, metavar="NAME,LAT,LON[,ALT_M]", help="Those of the default scenario."
)
@click.option("--hours", default=24.0, show_default=True)
@click.option("--mask", type=float, help="Elevation in degrees from which a station hears; 5 unless given.")
@click.option("--plot", type=FILE, help="Draw the ground track and the stations into this PNG.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
@click.pass_context
def passes(
    context: click.Context,
    /,
    named: tuple[str, ...],
    hours: float,
    mask: float | None,
    plot: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """When a satellite is over ground stations."""
    from tools.sim.passes import answer, save_plot, stations, text

    asked = _asked(context, options)
    try:
        trajectory, places = asked.trajectory(), stations(named, mask)
        found = answer(trajectory, places, hours)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if plot is not None:
        save_plot(trajectory, places, found, plot)
    _show(found, text, as_json)


def _asked(context: click.Context, options: dict[str, Any]) -> Asked:
    """The orbit that the options name. UsageError where a TLE meets what it already says."""
    from tools.sim.orbit import Asked

    file = options["tle"]
    given = [name for name in ("alt", "ltan", "inc", "all_nodes") if _is_given(context, name)]
    if file is not None and given:
        raise click.UsageError(f"--tle gives the whole orbit; leave out --{given[0].replace('_', '-')}")
    try:
        asked = Asked(
            altitude_km=options["alt"],
            ltan_h=options["ltan"],
            inclination_deg=options["inc"],
            all_nodes=options.get("all_nodes", False),
            is_oblate=options.get("oblate", False),
            year=options.get("year"),
            start=options["start"],
            tle_text=None if file is None else file.read(),
        )
        _ = asked.tle  # its lines are checked before anything is asked of them
        return asked
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE


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

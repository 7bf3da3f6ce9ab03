"""`penumbra sim constellation`: from a file of shells to statistics, pictures and a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sim.constellation.campaign import Campaign, Progress
    from sim.constellation.layers import Layer

STEP_S = 10.0
EVENTS_FROM_HOURS = 720.0  # a month of a million satellites takes half an hour in steps and half a minute by events
HOURS_A_YEAR = 8_766.0
EXECUTORS = ("python", "numpy", "c", "torch", "cupy")
EPILOG = """\b
Examples:
penumbra sim constellation --satellites 10000 --report runs/shells
penumbra sim constellation --years 1 --policy sun
penumbra sim constellation --satellites 1000 --hours 3 --fly 17"""


@click.command(epilog=EPILOG)
@click.option(
    "--satellites", type=int, help="In all, shared over the shells as in the file (default: those of the file)."
)
@click.option("--shells", type=click.Path(dir_okay=False, path_type=Path), help="TOML file (default: a public filing).")
@click.option("--hours", default=24.0, show_default=True, help="From 720 on in event mode, unless --step is given.")
@click.option("--years", type=float, help="Event mode: orbit by orbit, for years instead of hours.")
@click.option("--step", "step_s", type=float, help=f"Seconds; divides 60 (default: {STEP_S:.0f}).")
@click.option("--every", type=float, help="Minutes between samples, with --years days (default: 10).")
@click.option("--policy", type=click.Choice(["constant", "sun", "price"]), help="What all loads follow.")
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), default="2026-12-21", show_default=True)
@click.option("--map-hour", type=float, help="When the map is drawn (default: at the end).")
@click.option("--executor", type=click.Choice(EXECUTORS), help="Changes the speed only (default: the fastest).")
@click.option("--workers", type=click.IntRange(1, 1024), help="Threads (default: one a processor).")
@click.option("--block", type=click.IntRange(1), help="Satellites that fly together; changes the speed only.")
@click.option("--dask", "address", help="Address of a Dask scheduler whose workers do the flying.")
@click.option("--replay", type=int, help="This satellite alone, as it is in the whole.")
@click.option("--fly", "flown", type=int, help="This satellite is flown by the flight software, the others beside it.")
@click.option("--report", type=click.Path(file_okay=False, path_type=Path), help="Folder for HTML, PNG and JSON.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def constellation(**options: Any) -> None:
    """Fly up to millions of satellites: power, compute, batteries, heat and dose of every shell."""
    chosen = [name for name in ("years", "address", "replay", "flown") if options[name] is not None]
    if len(chosen) > 1:
        raise click.UsageError("--years, --dask, --replay and --fly exclude each other")
    try:
        _run(options)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _run(options: dict[str, Any]) -> None:
    from tools.sim import constellation as told

    layers = _layers(options)
    if is_long(options):
        options["years"] = options["hours"] / HOURS_A_YEAR
    if options["years"] is not None:
        _run_years(options, layers)
        return
    campaign = _campaign(options, layers)
    if options["replay"] is not None:
        from sim.constellation.campaign import replay

        satellite = options["replay"]
        _show(options, told.track_answer(campaign, satellite, replay(campaign, satellite)), told.track_text)
        return
    from tools.sim.constellation_run import run

    with _watched(campaign.satellites * campaign.steps) as progress:
        outcome = run(campaign, options, progress)
    if options["report"] is not None:
        from tools.sim.constellation_page import write_report

        write_report(outcome, options["report"])
    _show(options, outcome.answer, told.text)


def is_long(options: dict[str, Any]) -> bool:
    """Whether so many hours are asked for, and nothing that goes by steps alone."""
    by_steps = ("years", "step_s", "address", "replay", "flown", "map_hour")
    return options["hours"] >= EVENTS_FROM_HOURS and all(options[name] is None for name in by_steps)


def _run_years(options: dict[str, Any], layers: tuple[Layer, ...]) -> None:
    from tools.sim import constellation_years as told

    epoch_unix_s, every_days = _epoch(options), round(options["every"] or 10.0)
    with _watched(sum(layer.shell.satellites for layer in layers), unit="satellite-days") as progress:
        outcome = told.run(layers, epoch_unix_s, every_days, options, progress)
    if options["report"] is not None:
        told.write_report(outcome, options["report"])
    _show(options, outcome.answer, told.text)


def _layers(options: dict[str, Any]) -> tuple[Layer, ...]:
    from sim.constellation.layers import FILING, load_layers, with_policy, with_total

    layers = load_layers(options["shells"] or FILING)
    if options["satellites"] is not None:
        layers = with_total(layers, options["satellites"])
    return layers if options["policy"] is None else with_policy(layers, options["policy"])


def _epoch(options: dict[str, Any]) -> float:
    from datetime import UTC

    return float(options["day"].replace(tzinfo=UTC).timestamp())


def _campaign(options: dict[str, Any], layers: tuple[Layer, ...]) -> Campaign:
    from sim.constellation.campaign import Campaign

    map_hour = options["map_hour"]
    return Campaign(
        layers=layers,
        epoch_unix_s=_epoch(options),
        duration_s=options["hours"] * 3600.0,
        step_s=options["step_s"] or STEP_S,
        sample_s=60.0 * (options["every"] or 10.0),
        map_s=None if map_hour is None else 3600.0 * map_hour,
        executor=options["executor"],
        block=options["block"],
    )


def _show(options: dict[str, Any], found: dict[str, Any], text: Callable[[dict[str, Any]], str]) -> None:
    click.echo(json.dumps(found) if options["as_json"] else text(found))
    if options["report"] is not None and not options["as_json"]:
        click.echo(f"\nreport    {options['report'] / 'report.html'}")


@contextmanager
def _watched(total: int, unit: str = "satellite-steps") -> Iterator[Progress]:
    """A bar on a terminal's standard error, with speed and time left; nothing where no one watches."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TimeRemainingColumn
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{(task.finished_speed or task.speed or 0.0) / 1e6:,.1f} million {unit}/s")

    console = Console(stderr=True)
    columns = (BarColumn(), TaskProgressColumn(), Speed(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda steps: bar.advance(task, steps)

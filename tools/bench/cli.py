"""`penumbra bench NAME`: one benchmark, one JSON object on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from fsw.link.settings import PROFILES


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog="Example: penumbra bench flight --json")
def bench() -> None:
    """Run one benchmark, print one JSON object."""


@bench.command(epilog="Example: penumbra bench flight --scenario hot --json")
@click.option("--scenario", default="default", show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--repeats", default=3, show_default=True, help="Flights a figure; the best counts on a shared machine.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def flight(scenario: str, seed: int, repeats: int, as_json: bool) -> None:
    """Simulated seconds a wall second of the closed loop, with and without the planner."""
    from tools.bench.flight import run

    _show(run(scenario, seed, repeats), as_json)


@bench.command(epilog="Example: penumbra bench overhead --package ../models/net.onnx --json")
@click.option("--package", "packages", multiple=True, help="A package folder or a plain .onnx file; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def overhead(packages: tuple[str, ...], as_json: bool) -> None:
    """What a job costs through the runtime against plain session.run, in alternation in one run."""
    from tools.bench.overhead import run

    _show(run(list(packages)), as_json)


@bench.command(epilog="Example: penumbra bench shed --trials 50 --json")
@click.option("--trials", default=200, show_default=True, type=click.IntRange(1, 10_000), help="Limits crossed.")
@click.option("--host-trials", default=50, show_default=True, type=click.IntRange(1, 10_000), help="Safing lines.")
@click.option("--seed", default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def shed(trials: int, host_trials: int, seed: int, as_json: bool) -> None:
    """How fast inference ends after a limit is crossed, in real processes."""
    from tools.bench.shed import run

    _show(run(trials, host_trials, seed), as_json)


@bench.command(epilog="Example: penumbra bench constellation --satellites 1000000 --json")
@click.option("--satellites", default=1_000_000, show_default=True, type=click.IntRange(1, 10_000_000))
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(1), help="The best counts.")
@click.option("--workers", default=None, type=click.IntRange(1, 64), help="Threads; without, one a core.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def constellation(satellites: int, repeats: int, workers: int | None, as_json: bool) -> None:
    """Satellite steps a second of the constellation's model in Python, NumPy and C."""
    from tools.bench.constellation import run

    _show(run(satellites, repeats, workers), as_json)


@bench.command(epilog="Example: penumbra bench years --satellites 1000000 --years 1 --json")
@click.option("--satellites", default=1_000_000, show_default=True, type=click.IntRange(10, 10_000_000))
@click.option("--years", default=1.0, show_default=True, type=click.FloatRange(0.003, 30.0))
@click.option("--executor", default=None, type=click.Choice(["python", "numpy", "c"]), help="Without, the fastest.")
@click.option("--workers", default=None, type=click.IntRange(1, 64), help="Threads; without, one a core.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def years(satellites: int, years: float, executor: Any, workers: int | None, as_json: bool) -> None:
    """Event mode: a constellation for years, in satellite orbits a second."""
    from tools.bench.constellation_years import run

    with click.progressbar(length=1000, label="years", hidden=as_json, file=sys.stderr) as bar:
        result = run(satellites, years, executor, workers, observer=lambda day, all_: _move(bar, day, all_))
    _show(result, as_json)


@bench.command(epilog="Example: penumbra bench governor --family reference --seeds 1:4 --policies all --plot bench.png")
@click.option("--family", default="reference", show_default=True, help="reference, or one that flies the simulator.")
@click.option("--seeds", default="1:3", show_default=True, metavar="A:B", help="From A to B, both of them; or one.")
@click.option("--orbits", default=6.0, show_default=True, type=click.FloatRange(0.1, 1000.0))
@click.option("--load", default=1.0, show_default=True, type=click.FloatRange(0.01, 100.0), help="On the arrivals.")
@click.option("--sun-error", default=0.0, show_default=True, help="The array's truth over its forecast, less one.")
@click.option("--load-error", default=0.0, show_default=True, help="The arrivals' truth over their forecast, less one.")
@click.option("--faults", is_flag=True, help="Seeded faults inside the stated envelope.")
@click.option("--policies", default="flight,static,hysteresis", show_default=True, help="Names with commas, or all.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
@click.option("--plot", type=click.Path(dir_okay=False), help="Also draw it, into a PNG.")
@click.option("--workers", default=None, type=click.IntRange(1, 256), help="Processes; without, one a core.")
@click.option("--dask", "address", help="Address of a Dask scheduler whose workers do the flying.")
@click.option("--campaign", type=click.Path(file_okay=False), help="Seed by seed into this folder; goes on from there.")
def governor(**options: Any) -> None:
    """Governors against the clairvoyant bound: the flight's own, and those that it must beat."""
    from tools.bench.governor.cli import governor as run_governor

    run_governor(options)


@bench.command(epilog="Example: penumbra bench codec --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def codec(as_json: bool) -> None:
    """Packets a second, one by one (beside spacepackets where it is installed) and in bulk."""
    from tools.bench.codec import run

    _show(run(), as_json)


@bench.command(epilog="Example: penumbra bench fuzz --seconds 60 --json")
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(0.1, 1e6))
@click.option("--inputs", default=None, type=click.IntRange(1), help="So many instead, whatever time they take.")
@click.option("--seed", default=1, show_default=True)
@click.option("--workers", default=None, type=click.IntRange(1, 256), help="Processes; without, one a core.")
@click.option("--only", multiple=True, metavar="ENTRANCE", help="One entrance; may be repeated. Without, all.")
@click.option("--guided/--no-guided", default=None, help="Seeds by coverage; without, where atheris is installed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def fuzz(as_json: bool, **options: Any) -> None:
    """Mutated and random octets to every entrance. Exit code 1 where one escapes, or a reject is not counted."""
    from tools.bench.fuzz_cli import campaign

    result, is_sound = campaign(**options)
    _show(result, as_json)
    sys.exit(0 if is_sound else 1)


@bench.command(epilog="Example: penumbra bench link --profile packets+mac --json")
@click.option("--profile", default="packets+mac", show_default=True, type=click.Choice([*PROFILES, "all"]))
@click.option("--commands", default=300, show_default=True, type=click.IntRange(1, 100_000), help="Measured.")
@click.option("--reports", default=20_000, show_default=True, type=click.IntRange(1, 10_000_000), help="Sent down.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def link(profile: str, commands: int, reports: int, as_json: bool) -> None:
    """Commands and telemetry over UDP on loopback, with the real comms process: latency, rate, what was lost."""
    from tools.bench.link import run

    _show(run(profile, commands, reports), as_json)


def _move(bar: Any, day: int, days: int) -> None:
    bar.update(1000 * day // days - bar.pos)


def _show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result))
        return
    for key, value in result.items():
        click.echo(f"{key:32} {json.dumps(value, indent=2) if isinstance(value, dict) else value}")

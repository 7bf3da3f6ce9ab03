"""`penumbra bench NAME`: one benchmark, one JSON object on standard output."""

from __future__ import annotations

import json
from typing import Any

import click


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


@bench.command(epilog="Example: penumbra bench constellation --satellites 1000000 --json")
@click.option("--satellites", default=1_000_000, show_default=True, type=click.IntRange(1, 10_000_000))
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(1), help="The best counts.")
@click.option("--workers", default=None, type=click.IntRange(1, 64), help="Threads; without, one a core.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object and nothing else.")
def constellation(satellites: int, repeats: int, workers: int | None, as_json: bool) -> None:
    """Satellite steps a second of the constellation's model in Python, NumPy and C."""
    from tools.bench.constellation import run

    _show(run(satellites, repeats, workers), as_json)


def _show(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(result))
        return
    for key, value in result.items():
        click.echo(f"{key:32} {json.dumps(value, indent=2) if isinstance(value, dict) else value}")

"""`penumbra bench governor`: options in, a table for people or one JSON object out, progress beside it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from tools.bench.governor.bench import Study, run
from tools.bench.governor.campaign import fly_campaign, summary
from tools.bench.governor.case import Case

MOST_SEEDS = 10_000
COLUMNS = ("policy", "mean %", "min %", "violations", "joules", "missed")


def governor(options: dict[str, Any]) -> None:
    """The command. Raises click's errors for what a person gets wrong."""
    try:
        study = _study(options)
        tasks = len(study.tasks)
    except (ValueError, KeyError) as error:
        raise click.UsageError(str(error.args[0])) from error
    try:
        if options["campaign"]:
            _campaign(study, options)
            return
        with click.progressbar(length=tasks, label="runs", file=sys.stderr) as bar:
            told = run(study, workers=options["workers"], address=options["address"], progress=bar.update)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    if options["plot"]:
        from tools.bench.governor.plot import save_plot

        save_plot(told, Path(options["plot"]))
    click.echo(json.dumps(told) if options["as_json"] else table(told))


def _study(options: dict[str, Any]) -> Study:
    names = ("family", "orbits", "load", "sun_error", "load_error", "faults")
    case = Case(seed=0, **{name: options[name] for name in names})
    policies = tuple(name.strip() for name in options["policies"].split(",") if name.strip())
    return Study(case=case, seeds=seeds(options["seeds"]), policies=policies)


def seeds(text: str) -> tuple[int, ...]:
    """`A:B` is from A to B with both ends; a single number is itself. Raises ValueError."""
    first, _, last = text.partition(":")
    if not first.isdigit() or (last and not last.isdigit()) or (":" in text and not last):
        raise ValueError(f"seeds must be A:B or a number, both whole and not negative; is {text!r}")
    found = tuple(range(int(first), int(last or first) + 1))
    if not 0 < len(found) <= MOST_SEEDS:
        raise ValueError(f"seeds must be 1 to {MOST_SEEDS:,} in rising order, is {text!r}")
    return found


def table(told: dict[str, Any]) -> str:
    """The answer for people."""
    errors = "".join(
        f", {name} {100.0 * told[key]:+g} % of forecast"
        for name, key in (("Sun", "sun_error"), ("load", "load_error"))
        if told[key]
    )
    head = f"family {told['family']}, load {told['load']:g}{errors}{', faults' if told['faults'] else ''}; "
    head += f"{len(told['seeds'])} seeds of {told['orbits']:g} orbits"
    rows = sorted(told["policies"].items(), key=lambda row: -row[1]["percent_of_bound_mean"])
    lines = [head, "", f"{COLUMNS[0]:20}" + "".join(f"{name:>12}" for name in COLUMNS[1:])]
    for name, row in rows:
        numbers = f"{row['percent_of_bound_mean']:12.2f}{row['percent_of_bound_min']:12.2f}{row['violations']:12d}"
        lines.append(f"{name:20}{numbers}{row['joules']:12,.0f}{row['deadline_misses']:12,d}")
        if row["broken"]:
            lines.append(f"{'':20}broken: {', '.join(row['broken'])}")
    replan = told["replan_ms_p99"]
    lines += ["", f"the bound took {told['bound_seconds']:.1f} s at most"]
    lines[-1] += "" if replan is None else f"; of the flight's replans 99 % took under {replan:.0f} ms"
    return "\n".join(lines)


def _campaign(study: Study, options: dict[str, Any]) -> None:
    path = Path(options["campaign"]) / "campaign.jsonl"
    with click.progressbar(length=len(study.seeds), label="seeds", file=sys.stderr) as bar:
        fly_campaign(
            study, path, workers=options["workers"], address=options["address"], progress=bar.update,
            report=lambda text: click.echo(text, err=True),
        )  # fmt: skip
    told = summary(path)
    if options["as_json"]:
        click.echo(json.dumps(told))
        return
    click.echo(f"{'family':12} {'load':>5} {'seeds':>6} {'orbits':>8} {'violations':>11} {'mean %':>8} {'min %':>8}")
    for row in told["rows"]:
        click.echo(
            f"{row['family']:12} {row['load']:5g} {row['seeds']:6d} {row['orbits']:8g} {row['violations']:11d} "
            f"{row['percent_of_bound_mean']:8.2f} {row['percent_of_bound_min']:8.2f}"
        )
    click.echo(f"{told['orbits']:g} orbits, {told['violations']} violations")

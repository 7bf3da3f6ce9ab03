"""The summary of a flight as tables on a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tools.flight.record import FlightRecord
from tools.flight.summary import joule_unit, summarise


def print_summary(record: FlightRecord, console: Console) -> None:
    """Print what was done, what it cost, how near the limits came, and where every message went."""
    summary = summarise(record)
    parts = (
        _story(summary),
        _models(summary),
        _limits(summary),
        _policies(summary),
        _events(summary),
        _account(summary),
    )
    console.print(Group(*(part for part in parts if part is not None)))


def _story(summary: dict[str, Any]) -> RenderableType:
    jobs, eclipse = summary["jobs"], summary["eclipse"]
    text = Text.assemble((summary["title"], "bold"), f"  {summary['scenario']}, seed {summary['seed']}\n")
    text.append(
        f"{summary['duration_s'] / 60.0:.0f} minutes, {eclipse['entered']} eclipses. "
        f"{jobs['done']} of {jobs['arrived']} jobs done ({jobs['failed']} failed, {jobs['expired']} expired, "
        f"{jobs['cancelled']} cancelled, {jobs['waiting_at_end']} waiting at the end).\n"
    )
    text.append(f"Value {summary['value']:.1f}")
    if summary["value_of_offered"] is not None:
        text.append(f", {summary['value_of_offered']:.0%} of what was offered")
    joules, unit = joule_unit(summary)
    text.append(f", for {summary['energy_of_done_j'] / joules:.1f} {unit}")
    if summary["prediction_error"] is not None:
        text.append(f"; energy was predicted to {summary['prediction_error']:.1%}")
    text.append(".\n")
    shares = sorted(summary["modes"]["seconds"].items(), key=lambda item: -item[1])
    text.append(", ".join(f"{mode} {seconds / 60.0:.0f} min" for mode, seconds in shares), "dim")
    return Padding(text, (1, 0))


def _models(summary: dict[str, Any]) -> RenderableType | None:
    joules, unit = joule_unit(summary)
    table = _table("jobs done", "model", "variant", "done", "value", unit, f"value/{unit}", "prediction error")
    for model, row in summary["models"].items():
        for variant, figures in row["variants"].items():
            table.add_row(
                model,
                variant,
                str(figures["done"]),
                f"{figures['value']:.1f}",
                f"{figures['energy_of_done_j'] / joules:.2f}",
                _number(figures["value_per_j"], joules),
                _percent(figures["prediction_error"]),
            )
    return _spaced(table) if table.row_count else None


def _limits(summary: dict[str, Any]) -> RenderableType:
    table = _table("limits, at simulator truth", "limit", "closest", "bound", "margin", "at min")
    for item in summary["limits"]["approached"]:
        style = "red" if item["margin"] < 0.0 else ""
        cells = (f"{item['closest']:.3f}", f"{item['bound']:g}", f"{item['margin']:.3f}", f"{item['at_s'] / 60.0:.1f}")
        table.add_row(item["limit"], *cells, style=style)
    broken = summary["limits"]["violations"]
    text = Text("No limit was broken.", "green") if not broken else Text(f"{len(broken)} LIMITS BROKEN:", "bold red")
    for item in broken:
        text.append(
            f"\n  {item['limit']}: worst {item['worst']:.3f}, bound {item['bound']:g}, {item['seconds']:.0f} s, "
            f"first at {item['first_s'] / 60.0:.1f} min"
        )
    return Group(table, Padding(text, (0, 0, 1, 1)))


def _policies(summary: dict[str, Any]) -> RenderableType | None:
    policies = summary["policies"]
    if not policies["flown"]:
        return None
    joules, unit = joule_unit(summary)
    table = _table("other policies, same spacecraft and arrivals", "policy", "value", unit, "limits broken")
    for item in policies["flown"]:
        energy = f"{item['energy_j'] / joules:.1f}"
        table.add_row(item["policy"], f"{item['value']:.1f}", energy, str(item["violations"]))
    ratios = (policies["ratio_over_best_static"], policies["ratio_over_hysteresis"])
    text = f"The governor got {_number(ratios[0])} times the value of the best static policy, "
    text += f"{_number(ratios[1])} times that of hysteresis."
    return Group(table, Padding(text, (0, 0, 1, 1)))


def _events(summary: dict[str, Any]) -> RenderableType | None:
    events = summary["events"]
    if not events["total"]:
        return None
    severities = ", ".join(f"{count} {name}" for name, count in events["by_severity"].items() if count)
    table = _table(f"{events['total']} events: {severities}", "event", "times")
    for name, times in sorted(events["by_name"].items(), key=lambda item: (-item[1], item[0])):
        table.add_row(name, str(times))
    return _spaced(table)


def _account(summary: dict[str, Any]) -> RenderableType | None:
    messages = summary["messages"]
    columns = ("sent", "delivered", "dropped", "in_flight", "unaccounted")
    table = _table(
        "messages (dropped: states that a newer one overwrote)",
        "topic",
        *(column.replace("_", " ") for column in columns),
    )
    for topic, row in messages["topics"].items():
        table.add_row(topic, *(f"{row[column]:,}" for column in columns))
    table.add_section()
    table.add_row("all", *(f"{messages[column]:,}" for column in columns), style="bold")
    return _spaced(table) if messages["topics"] else None


def _table(title: str, *columns: str) -> Table:
    heading = Text(title, "bold", no_wrap=True)
    table = Table(title=heading, title_justify="left", header_style="dim", box=None, min_width=len(title) + 2)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 or column == "variant" else "right", no_wrap=True)
    return table


def _spaced(table: Table) -> RenderableType:
    return Padding(table, (0, 0, 1, 0))


def _number(value: float | None, factor: float = 1.0) -> str:
    return "-" if value is None else f"{value * factor:.2f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"

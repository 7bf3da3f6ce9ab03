"""The report of a constellation: one HTML file, the pictures beside it as PNG, and the numbers as JSON."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from sim.constellation.statistics import STATES
from tools.flight import page
from tools.flight.plots import inline_svg
from tools.sim.constellation import energy_text, flown_text, table_rows, watts, years_text
from tools.sim.constellation_plots import Axis, fan_figure, map_figure, power_figure, save, states_figure
from tools.sim.constellation_run import Outcome

BATTERY = (("soc", "battery, %", 100.0, "battery"),)
HEAT = (
    ("array_c", "array, °C", 1.0, "array"),
    ("payload_c", "payload, °C", 1.0, "payload"),
    ("body_c", "body and battery, °C", 1.0, "radiator"),
)
FAN = "Line: median. Bands: a half, nine tenths and 98 % of the satellites. Dotted: least and greatest."


def write_report(outcome: Outcome, folder: Path) -> None:
    """Write `report.html`, `summary.json` and the PNGs into `folder`."""
    campaign, found = outcome.campaign, outcome.found
    names = tuple(layer.shell.name for layer in campaign.layers)
    axis = Axis(times=campaign.hours(), label="hours since the start", names=names, found=found)
    map_unix_s = campaign.epoch_unix_s + campaign.map_sample * campaign.sample_s
    figures = {
        "power": power_figure(axis),
        "battery": fan_figure(axis, BATTERY, 2.2),
        "temperature": fan_figure(axis, HEAT),
        "states": states_figure(axis),
        "map": map_figure(found, map_unix_s),
    }
    sections = [
        picture("Power and compute", "", figures, "power"),
        picture("Who is in eclipse", "", figures, "map"),
        picture("Batteries", FAN, figures, "battery"),
        picture("Temperatures", FAN, figures, "temperature"),
        picture("Eclipse, reserve, shunts", "", figures, "states"),
        *(_shell(shell) for shell in outcome.answer["shells"]),
    ]
    if outcome.alongside is not None:
        from tools.flight.alongside_plot import alongside_figure

        figures["flown"] = alongside_figure(outcome.alongside)
        note = f"{flown_text(outcome.answer['flown'])} Grey: its twin, whose load follows the shell's policy."
        sections.insert(1, picture("Flown by the flight software", note, figures, "flown"))
    write_page(outcome.answer, "A constellation", tiles(outcome.answer), sections, figures, folder)


def write_page(
    answer: dict[str, Any],
    title: str,
    first: list[tuple[str, str]],
    sections: list[str],
    figures: dict[str, Figure],
    folder: Path,
) -> None:
    """Header, tiles and sections as `report.html`, with the figures and the answer beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    save(figures, folder)
    (folder / "summary.json").write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    run = answer["run"]
    head = f"<h1>{escape(title)}</h1><p>{escape(_story(answer))}</p><p class=about>{escape(answer['model'])}. "
    head += f"Executor {escape(run['executor'])}, {escape(run['workers'])}: {run['wall_s']:.1f} s.</p>"
    body = "".join(f"<div class=tile><b>{escape(value)}</b><span>{escape(name)}</span></div>" for name, value in first)
    part = folder / "report.html.part"
    text = page.document(title, f"{head}<div class=tiles>{body}</div>{''.join(sections)}")
    part.write_text(text, encoding="utf-8")
    part.replace(folder / "report.html")


def _story(answer: dict[str, Any]) -> str:
    shells = ", ".join(f"{shell['satellites']:,} in {shell['name']}" for shell in answer["shells"])
    time = years_text(answer["years"]) if "years" in answer else f"{answer['hours']:g} hours"
    return f"{answer['satellites']:,} satellites for {time} from {answer['date'][:10]}: {shells}."


def tiles(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """The numbers to see first: name and value."""
    count = answer["satellites"]
    eclipsed = sum(shell["in_eclipse"]["mean"] for shell in answer["shells"])
    reserve = sum(shell["at_reserve"]["mean"] for shell in answer["shells"])
    return [
        ("satellites", f"{count:,}"),
        ("compute, mean", watts(1e9 * answer["compute_gw"])),
        ("compute, least", watts(1e9 * answer["compute_low_gw"])),
        ("compute energy", energy_text(answer["compute_gwh"])),
        ("in eclipse, mean", f"{eclipsed / count:.1%}"),
        ("at the reserve, mean", f"{reserve / count:.1%}"),
    ]


def picture(title: str, note: str, figures: dict[str, Figure], name: str) -> str:
    """A section with a figure."""
    text = f"<p class=note>{escape(note)}</p>" if note else ""
    return page.section(title, f'{text}<div class="wide">{inline_svg(figures[name], name)}</div>')


def _shell(shell: dict[str, Any]) -> str:
    columns = ("mean", "min", "p1", "p5", "p25", "p50", "p75", "p95", "p99", "max")
    rows = [
        [name, *(f"{factor * shell['whole'][key][column]:.{digits}f}" for column in columns)]
        for name, key, factor, digits in table_rows(shell["whole"])
    ]
    shares = ", ".join(f"{shell[name]['mean'] / shell['satellites']:.1%} {name.replace('_', ' ')}" for name in STATES)
    about = (
        f"{shell['satellites']:,} satellites in {shell['planes']} planes at {shell['altitude_km']:g} km, "
        f"{shell['inclination_deg']:.2f} degrees; load {shell['policy']}; in the mean {shares}. "
        "Over all satellites and samples:"
    )
    return page.section(shell["name"], f"<p class=note>{escape(about)}</p>{page.table(('', *columns), rows, 1)}")

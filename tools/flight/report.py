"""The report of a flight: one HTML file with everything in it, for a screen, a projector or paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fsw.catalogue.events import event_text
from fsw.catalogue.rows import Severity
from hal.clock import SECOND_NS
from tools.flight import page
from tools.flight.plots import flight_figure, inline_svg, policies_figure
from tools.flight.record import FlightRecord, Picture
from tools.flight.summary import joule_unit, severity_of, summarise

MAX_PICTURES = 12  # about 100 kB each; more would make the file slow to open
MAX_ROWS = 200  # of a list of happenings; the rest is counted
WATER_THRESHOLD = 0.5  # of a mask's probability, as the packages' metric has it


def write_report(record: FlightRecord, folder: Path) -> Path:
    """Write `report.html` into `folder`, whole or not at all; the path."""
    folder.mkdir(parents=True, exist_ok=True)
    path, part = folder / "report.html", folder / "report.html.part"
    part.write_text(report_html(record), encoding="utf-8")
    part.replace(path)
    return path


def report_html(record: FlightRecord) -> str:
    """The whole page. One record gives the same text each time."""
    summary = summarise(record)
    sections = (
        _header(record, summary),
        _tiles(record, summary),
        page.section("The flight", f'<div class="wide">{inline_svg(flight_figure(record), "flight")}</div>'),
        _policies(record, summary),
        _models(summary),
        _pictures(record.pictures),
        _limits(summary),
        _sky(summary),
        _modes(record),
        _events(record),
        _account(summary),
        _energy(summary),
    )
    return page.document(record.title, "".join(sections))


def _header(record: FlightRecord, summary: dict[str, Any]) -> str:
    jobs, broken = summary["jobs"], summary["limits"]["violations"]
    eclipses = summary["eclipse"]["entered"]
    joules, unit = joule_unit(summary)
    story = (
        f"In {record.duration_s / 60.0:.0f} minutes and {eclipses} {'eclipse' if eclipses == 1 else 'eclipses'}, "
        f"the payload did {jobs['done']} of {jobs['arrived']} jobs and earned a value of {summary['value']:.1f} "
        f"for {summary['energy_of_done_j'] / joules:.1f} {unit}. "
    )
    limits = "no limit was broken."
    if broken:
        limits = "1 limit was broken." if len(broken) == 1 else f"{len(broken)} limits were broken."
    ratio = summary["policies"]["ratio_over_best_static"]
    story += (
        f"That is {ratio:.2f} times what the best static policy gets, and {limits}" if ratio else limits.capitalize()
    )
    ran = "every inference executed" if record.executed else "inferences not executed, their cost alone simulated"
    return (
        f"<h1>{escape(record.title)}</h1><p>{escape(story)}</p><p class=about>{escape(record.about)} "
        f"Scenario {escape(record.scenario)}, seed {record.seed}, from {escape(record.epoch_utc)}; {ran}.</p>"
    )


def _tiles(record: FlightRecord, summary: dict[str, Any]) -> str:
    policies, broken = summary["policies"], len(summary["limits"]["violations"])
    lost = summary["messages"]["unaccounted"]
    joules, unit = joule_unit(summary)
    tiles = [
        ("value earned", f"{summary['value']:.1f}", ""),
        ("of the value offered", _percent(summary["value_of_offered"]), ""),
        ("times the best static policy", _number(policies["ratio_over_best_static"]), ""),
        ("times hysteresis", _number(policies["ratio_over_hysteresis"]), ""),
        ("jobs done", str(summary["jobs"]["done"]), ""),
        (f"value per {unit}", _number(summary["value_per_j"], joules), ""),
        ("error of predicted energy", _percent(summary["prediction_error"]), ""),
        ("lowest battery", _extreme(record.trace.soc_truth, min, 100.0, " %"), ""),
        ("hottest payload", _extreme(record.trace.payload_temp_c, max, 1.0, " °C"), ""),
        ("limits broken", str(broken), "bad" if broken else "good"),
        ("messages unaccounted for", str(lost), "bad" if lost else "good"),
    ]
    shown = (
        f'<div class="tile {kind}"><b>{value}</b><span>{label}</span></div>'
        for label, value, kind in tiles
        if value != "-"
    )
    return f"<div class=tiles>{''.join(shown)}</div>"


def _policies(record: FlightRecord, summary: dict[str, Any]) -> str:
    figure = policies_figure(record)
    if figure is None:
        return ""
    details = [f"{item.policy}: {item.detail}" for item in record.comparisons if item.detail]
    note = f"<p class=note>{escape('; '.join(details))}</p>" if details else ""
    text = "<p class=note>The same spacecraft, seed and arrivals, flown again under other policies.</p>"
    return page.section("Against other policies", f"{text}{inline_svg(figure, 'policies')}{note}")


def _models(summary: dict[str, Any]) -> str:
    joules, unit = joule_unit(summary)
    rows = []
    for model, figures in summary["models"].items():
        for variant, row in figures["variants"].items():
            rows.append((model, variant, *_model_cells(row, joules)))
        if len(figures["variants"]) > 1:
            rows.append((model, "all", *_model_cells(figures, joules)))
    energy = (f"energy, {unit}", f"value per {unit}")
    columns = ("model", "variant", "done", "value", *energy, "error of prediction", "busy, min")
    return page.section("Models", page.table(columns, rows, texts=2)) if rows else ""


def _model_cells(row: dict[str, Any], joules: float) -> tuple[str, ...]:
    return (
        str(row["done"]),
        f"{row['value']:.1f}",
        f"{row['energy_of_done_j'] / joules:.2f}",
        _number(row["value_per_j"], joules),
        _percent(row["prediction_error"]),
        f"{row['busy_s'] / 60.0:.1f}",
    )


def _pictures(pictures: Sequence[Picture]) -> str:
    if not pictures:
        return ""
    shown = "".join(_picture(picture) for picture in pictures[:MAX_PICTURES])
    note = "False colour: near infrared, red, green; the mask is the probability of water."
    if len(pictures) > MAX_PICTURES:
        note += f" {len(pictures) - MAX_PICTURES} more are not shown."
    return page.section("Pictures and masks", f"<p class=note>{note}</p><div class=pictures>{shown}</div>")


def _picture(picture: Picture) -> str:
    parts = [("tile", _false_colour(picture.image)), ("mask", _grey(picture.mask))]
    caption = f"{np.mean(picture.mask > WATER_THRESHOLD):.0%} water"
    if picture.label is not None:
        parts.append(("label", _grey(picture.label)))
        caption += f", {np.mean(picture.label):.0%} in the label; {_agreement(picture.mask, picture.label)}"
    images = "".join(
        f'<div><img alt="{name}" src="data:image/png;base64,{data}"><small>{name}</small></div>' for name, data in parts
    )
    return (
        f"<figure><div class=strip>{images}</div><figcaption>{escape(picture.title)}: {caption}</figcaption></figure>"
    )


def _agreement(mask: npt.NDArray[np.float32], label: npt.NDArray[np.bool_]) -> str:
    """Intersection over union, where there is a union."""
    water = mask > WATER_THRESHOLD
    union = np.count_nonzero(water | label)
    return f"IoU {np.count_nonzero(water & label) / union:.2f}" if union else "no water in either"


def _false_colour(image: npt.NDArray[np.float32]) -> str:
    """Bands 4, 3, 2 stretched between their 2nd and 98th percentile, as base64 PNG. NaN is shown black."""
    bands = np.nan_to_num(image[..., [3, 2, 1]].astype(np.float64))
    low, high = np.percentile(bands, (2.0, 98.0))
    return page.png(np.clip((bands - low) / max(high - low, 1e-9), 0.0, 1.0))


def _grey(mask: npt.NDArray[Any]) -> str:
    return page.png(np.clip(np.nan_to_num(mask.astype(np.float64)), 0.0, 1.0))


def _limits(summary: dict[str, Any]) -> str:
    broken = {item["limit"]: item for item in summary["limits"]["violations"]}
    rows = []
    for item in summary["limits"]["approached"]:
        fault = broken.get(item["limit"])
        state = f"broken for {fault['seconds']:.0f} s" if fault else "held"
        figures = (
            f"{item['bound']:g}",
            f"{item['closest']:.3f}",
            f"{item['margin']:.3f}",
            f"{item['at_s'] / 60.0:.1f}",
        )
        rows.append((item["limit"], state, *figures))
    approached = {item["limit"] for item in summary["limits"]["approached"]}
    for name, item in broken.items():
        if name not in approached:
            state = f"broken for {item['seconds']:.0f} s"
            rows.append(
                (name, state, f"{item['bound']:g}", f"{item['worst']:.3f}", "-", f"{item['first_s'] / 60.0:.1f}")
            )
    columns = ("limit", "state", "bound", "closest", "margin", "at, min")
    return page.section("Limits, at simulator truth", page.table(columns, rows, texts=2)) if rows else ""


def _sky(summary: dict[str, Any]) -> str:
    """Eclipses by their edges and passes by their stations, in minutes of the flight."""
    edges = [(row["edge"], f"{row['time_s'] / 60.0:.2f}") for row in summary["eclipse"]["edges"]]
    rows = [
        (
            row["station"],
            f"{row['rise_s'] / 60.0:.2f}",
            f"{(row['set_s'] - row['rise_s']) / 60.0:.2f}",
            f"{row['max_elevation_deg']:.1f}",
        )
        for row in summary["passes"]
    ]
    dark = page.table(("eclipse", "minute"), edges, texts=1) if edges else "<p class=note>No eclipse.</p>"
    heads = ("pass over", "rises at minute", "minutes", "highest, deg")
    return page.section("Sky", dark + (page.table(heads, rows, texts=1) if rows else ""))


def _modes(record: FlightRecord) -> str:
    rows = [
        (_minute(item.time_ns), item.mode, item.previous or "-", item.who, item.why, item.exit_condition)
        for item in record.modes[:MAX_ROWS]
    ]
    columns = ("min", "mode", "from", "by", "why", "leaves when")
    note = _more(len(record.modes))
    return page.section("Modes", page.table(columns, rows, texts=6) + note) if rows else ""


def _events(record: FlightRecord) -> str:
    if not record.events:
        return ""
    counts = sorted(Counter(event.name for event in record.events).items(), key=lambda item: (-item[1], item[0]))
    table = page.table(
        ("event", "severity", "times"), [(n, severity_of(n).name.lower(), str(c)) for n, c in counts], texts=2
    )
    grave = [event for event in record.events if severity_of(event.name) >= Severity.MEDIUM]
    rows = [
        (_minute(event.time_ns), severity_of(event.name).name.lower(), event_text(event.name, event.values))
        for event in grave[:MAX_ROWS]
    ]
    happened = page.table(("min", "severity", "what"), rows, texts=3) + _more(len(grave)) if rows else ""
    return page.section("Events", table) + (
        page.section("Events of medium and high severity", happened) if rows else ""
    )


def _account(summary: dict[str, Any]) -> str:
    messages = summary["messages"]
    if not messages["topics"]:
        return ""
    columns = ("sent", "delivered", "dropped", "in_flight", "unaccounted")
    rows = [
        (topic, *(f"{row[column]:,}" for column in columns))
        for topic, row in (*messages["topics"].items(), ("all", messages))
    ]
    packets = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in summary["packets"].items())
    note = "<p class=note>Dropped are states that a newer one overwrote, as their readers ask.</p>"
    note += f"<p class=note>Packets: {escape(packets)}.</p>" if packets else ""
    heads = ("topic", *(column.replace("_", " ") for column in columns))
    return page.section("Every message", page.table(heads, rows, texts=1, has_sum=True) + note)


def _energy(summary: dict[str, Any]) -> str:
    joules, unit = joule_unit(summary)
    rows = [(name.replace("_", " "), f"{energy_j / joules:.2f}") for name, energy_j in summary["energy_j"].items()]
    return page.section("Energy", page.table(("", unit), rows, texts=1)) if rows else ""


def _more(total: int) -> str:
    return f"<p class=note>{total - MAX_ROWS} more are not shown.</p>" if total > MAX_ROWS else ""


def _minute(time_ns: int) -> str:
    return f"{time_ns / SECOND_NS / 60.0:.1f}"


def _number(value: float | None, factor: float = 1.0) -> str:
    return "-" if value is None else f"{value * factor:.2f}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _extreme(values: Sequence[float], which: Any, factor: float, unit: str) -> str:
    return f"{factor * which(values):.1f}{unit}" if values else "-"

"""Plots of a flight: the story on one time axis, and the policies side by side.

Deterministic: one record gives the same octets. Drawn in the light colours of `palette`; the SVG text follows the
page's theme.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fsw.messages import JobState
from hal.clock import SECOND_NS
from tools.flight.record import FlightRecord, Trace
from tools.flight.summary import PENUMBRA_ILLUMINATION, best_static
from tools.palette import LIGHT, SERIES, themed

MINUTE_S = 60.0
KILO = 1e3
WIDTH_IN = 10.5
MAX_ROWS = 4_000  # about four a pixel of the page; a longer trace is thinned
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same widths everywhere
    "font.size": 9.0,
    "text.color": LIGHT["ink"],
    "axes.labelcolor": LIGHT["muted"],
    "axes.edgecolor": LIGHT["rule"],
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": LIGHT["rule"],
    "ytick.color": LIGHT["rule"],
    "xtick.labelcolor": LIGHT["muted"],
    "ytick.labelcolor": LIGHT["muted"],
    "grid.color": LIGHT["rule"],
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.4,
    "svg.fonttype": "none",  # text stays text: it can be searched, and takes the page's font
    "svg.hashsalt": "penumbra",
    "path.simplify": True,
}

Label = tuple[float, str, str]  # height in data units, text, colour


def flight_figure(record: FlightRecord) -> Figure:
    """Modes, battery, temperatures, power, inferences, price and value over the minutes of the flight."""
    trace = _thinned(record.trace)
    panels: list[tuple[float, Callable[[Axes, FlightRecord, Trace], None]]] = [
        (0.3, _draw_modes),  # heights in inches
        (1.7, _draw_battery),
        (1.7, _draw_temperatures),
        (2.1, _draw_power),
        (1.7, _draw_inferences),
        (1.0, _draw_price),
        (1.0, _draw_value),
    ]
    if trace.flux_cm2_s and max(trace.flux_cm2_s) > 1.0:  # above the quiet background of a low orbit
        panels.append((0.9, _draw_flux))
    with rc_context(STYLE):
        heights = [height for height, _ in panels]
        figure, axes = _stack(heights)
        for axis, (_, draw) in zip(axes, panels, strict=True):
            draw(axis, record, trace)
        for axis in axes[1:]:
            _shade_eclipses(axis, trace)
        axes[-1].set_xlabel("minutes since the start")
        axes[-1].set_xlim(0.0, max(record.duration_s, 1.0) / MINUTE_S)
    return figure


def _stack(heights_in: Sequence[float]) -> tuple[Figure, Sequence[Axes]]:
    """Panels above each other with one time axis. Margins are fixed: layout by a solver differs in the last digits."""
    gap_in, top_in, bottom_in = 0.36, 0.25, 0.45
    panels_in = sum(heights_in)
    total_in = panels_in + gap_in * (len(heights_in) - 1) + top_in + bottom_in
    margins = {"top": 1.0 - top_in / total_in, "bottom": bottom_in / total_in, **_side_margins(1.55, 0.85)}
    spacing = {"hspace": gap_in * len(heights_in) / panels_in, "height_ratios": heights_in}
    figure = Figure(figsize=(WIDTH_IN, total_in))
    axes: Sequence[Axes] = figure.subplots(len(heights_in), 1, sharex=True, gridspec_kw={**margins, **spacing})
    return figure, axes


def _side_margins(left_in: float, right_in: float) -> dict[str, float]:
    return {"left": left_in / WIDTH_IN, "right": 1.0 - right_in / WIDTH_IN}


def policies_figure(record: FlightRecord) -> Figure | None:
    """The governor's value beside every other policy's; None when nothing was compared."""
    if not record.comparisons:
        return None
    value = sum(job.value for job in record.jobs)
    bars = [("Penumbra", value, len(record.violations), LIGHT["accent"])]
    best = best_static(record.comparisons)
    for item in sorted(record.comparisons, key=lambda item: -item.value):
        colour = LIGHT["limit"] if item.violations else LIGHT["battery"] if item is best else LIGHT["bus"]
        bars.append((item.policy, item.value, item.violations, colour))
    with rc_context(STYLE):
        height_in = 0.55 + 0.34 * len(bars)
        figure = Figure(figsize=(WIDTH_IN, height_in))
        margins = {"top": 1.0 - 0.05 / height_in, "bottom": 0.5 / height_in, **_side_margins(2.2, 0.3)}
        axis = figure.subplots(gridspec_kw=margins)
        for row, (_, worth, broken, colour) in enumerate(bars):
            axis.barh(row, worth, color=colour, height=0.68, alpha=0.45 if broken else 1.0)
            text = f"{worth:.1f}, {broken} limits broken" if broken else f"{worth:.1f}"
            axis.annotate(text, (worth, row), xytext=(5.0, 0.0), textcoords="offset points", va="center")
        axis.set_yticks(range(len(bars)), [name for name, *_ in bars], color=LIGHT["ink"])
        axis.set_xlim(0.0, 1.25 * max(worth for _, worth, *_ in bars) or 1.0)
        axis.set_xlabel("mission value")
        axis.invert_yaxis()
        axis.tick_params(length=0.0)
    return figure


def save_figure(record: FlightRecord, path: Path) -> None:
    """The flight figure as a PNG."""
    with rc_context(STYLE):
        flight_figure(record).savefig(
            path, format="png", dpi=150, facecolor=LIGHT["paper"], metadata={"Software": None}
        )


def inline_svg(figure: Figure, prefix: str) -> str:
    """A figure as an SVG element that follows the page's theme. `prefix` keeps its ids apart from other figures'."""
    buffer = io.StringIO()
    with rc_context(STYLE):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'<svg [^>]*viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" role="img">', svg, count=1)
    for number, name in enumerate(dict.fromkeys(re.findall(r'<clipPath id="([^"]*)"', svg))):
        svg = svg.replace(name, f"{prefix}{number}")
    return themed(svg)


def _thinned(trace: Trace) -> Trace:
    stride = -(-len(trace.time_s) // MAX_ROWS)
    if stride <= 1:
        return trace
    return Trace(**{name: getattr(trace, name)[::stride] for name in Trace.__slots__})


def _minutes(trace: Trace) -> list[float]:
    return [time_s / MINUTE_S for time_s in trace.time_s]


def _shade_eclipses(axis: Axes, trace: Trace) -> None:
    for start, end in eclipse_spans(trace):
        axis.axvspan(start / MINUTE_S, end / MINUTE_S, color=LIGHT["shade"], linewidth=0.0, zorder=0)


def eclipse_spans(trace: Trace) -> list[tuple[float, float]]:
    """Start and end in seconds of every stretch in which more than half of the sun is hidden."""
    spans: list[tuple[float, float]] = []
    start: float | None = None
    for time_s, light in zip(trace.time_s, trace.illumination, strict=True):
        if light < PENUMBRA_ILLUMINATION and start is None:
            start = time_s
        elif light >= PENUMBRA_ILLUMINATION and start is not None:
            spans.append((start, time_s))
            start = None
    if start is not None:
        spans.append((start, trace.time_s[-1]))
    return spans


def _draw_modes(axis: Axes, record: FlightRecord, trace: Trace) -> None:
    names = list(dict.fromkeys(status.mode for status in record.modes))
    starts = [status.time_ns / SECOND_NS / MINUTE_S for status in record.modes]
    ends = [*starts[1:], record.duration_s / MINUTE_S]
    for status, start, end in zip(record.modes, starts, ends, strict=False):
        colour = LIGHT[SERIES[names.index(status.mode) % len(SERIES)]]
        axis.axvspan(start, end, color=colour, alpha=0.3, linewidth=0.0)
        if end - start > 0.06 * record.duration_s / MINUTE_S:  # room for the name
            axis.text((start + end) / 2.0, 0.45, status.mode, ha="center", va="center", fontsize=7.5)
    axis.set(ylim=(0.0, 1.0), yticks=[])
    axis.set_title("mode", pad=3.0)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0.0)


def _draw_battery(axis: Axes, record: FlightRecord, trace: Trace) -> None:
    minutes, truth = _minutes(trace), [100.0 * soc for soc in trace.soc_truth]
    sensed = [float("nan") if soc is None else 100.0 * soc for soc in trace.soc_sensed]
    axis.plot(minutes, sensed, color=LIGHT["muted"], linewidth=0.6)
    axis.plot(minutes, truth, color=LIGHT["battery"])
    labels = [(truth[-1], "true", LIGHT["battery"])] if truth else []
    labels += _draw_bound(axis, record, "soc_truth", "floor", 100.0, is_lower=True)
    _finish(axis, "battery, % (thin: as sensed; shaded: eclipse)", labels)


def _draw_temperatures(axis: Axes, record: FlightRecord, trace: Trace) -> None:
    rows = (
        ("payload", trace.payload_temp_c, "payload"),
        ("radiator", trace.radiator_temp_c, "radiator"),
        ("battery", trace.battery_temp_c, "battery"),
    )
    labels = _draw_lines(axis, trace, rows)
    labels += _draw_bound(axis, record, "payload_temp_c", "ceiling", 1.0)
    _finish(axis, "temperature, °C", labels)


def _draw_power(axis: Axes, record: FlightRecord, trace: Trace) -> None:
    minutes = _minutes(trace)
    axis.fill_between(minutes, trace.array_w, color=LIGHT["array"], alpha=0.16, linewidth=0.0)
    axis.fill_between(minutes, trace.payload_w, color=LIGHT["payload"], alpha=0.5, linewidth=0.0)
    axis.step(minutes, trace.allowed_w, color=LIGHT["accent"], linewidth=0.9, linestyle=(0, (4, 2)), where="post")
    rows = (
        ("array", trace.array_w, "array"),
        ("all loads", trace.bus_w, "bus"),
        ("payload", trace.payload_w, "payload"),
    )
    labels = _draw_lines(axis, trace, rows, linewidth=0.6)
    labels += [(trace.allowed_w[-1], "allowed", LIGHT["accent"])] if minutes else []
    granted = [float("nan") if watts is None else watts for watts in trace.grant_w]
    if any(watts is not None for watts in trace.grant_w):
        axis.step(minutes, granted, color=LIGHT["price"], linewidth=1.1, where="post")
        labels += [(watts, "granted", LIGHT["price"]) for watts in trace.grant_w[-1:] if watts is not None]
    labels += _draw_bound(axis, record, "bus_w", "cap", 1.0)
    axis.set_ylim(bottom=0.0)
    unit = "W"
    if _is_large(trace):
        unit = "kW"
        axis.yaxis.set_major_formatter(lambda watts, _: f"{watts / KILO:g}")
    _finish(axis, f"power, {unit} (dashed: allowed to the payload above idle)", labels)


def _is_large(trace: Trace) -> bool:
    """Whether a reader thinks of this spacecraft in kilowatts."""
    return max(trace.bus_w, default=0.0) > 5.0 * KILO


def _draw_inferences(axis: Axes, record: FlightRecord, trace: Trace) -> None:
    done = [job for job in record.jobs if job.state is JobState.DONE]
    rows = sorted({(job.model, job.variant) for job in done})
    models = sorted({model for model, _ in rows})
    least = record.duration_s / MINUTE_S / 1_500.0  # a bar thinner than half a pixel is not seen
    for row, (model, variant) in enumerate(rows):
        ends = [
            (job.time_ns / SECOND_NS / MINUTE_S, job.seconds / MINUTE_S) for job in done if _is(job, model, variant)
        ]
        spans = [(end - length, max(length, least)) for end, length in ends]
        colour = LIGHT[SERIES[models.index(model) % len(SERIES)]]
        axis.broken_barh(spans, (row - 0.36, 0.72), color=colour, linewidth=0.0)
    counts = [sum(_is(job, *row) for job in done) for row in rows]
    axis.set_yticks(range(len(rows)), [f"{model} {variant}" for model, variant in rows], fontsize=7.5)
    axis.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axis.set_title("inferences", pad=3.0)
    axis.tick_params(length=0.0)
    labels = [(float(row), f"{count} done", LIGHT["muted"]) for row, count in enumerate(counts)]
    _label_ends(axis, labels)


def _is(job: Any, model: str, variant: str) -> bool:
    return bool(job.model == model and job.variant == variant)


def _draw_price(axis: Axes, record: FlightRecord, trace: Trace) -> None:
    joules, unit = (1e6, "MJ") if _is_large(trace) else (1e3, "kJ")
    axis.step(_minutes(trace), [joules * price for price in trace.energy_price], color=LIGHT["price"], where="post")
    axis.set_ylim(bottom=0.0)
    _finish(axis, f"price of energy, value per {unit}", [])


def _draw_value(axis: Axes, record: FlightRecord, trace: Trace) -> None:
    axis.plot(_minutes(trace), trace.value, color=LIGHT["accent"])
    labels = [(trace.value[-1], f"{trace.value[-1]:.0f}", LIGHT["accent"])] if trace.value else []
    axis.set_ylim(bottom=0.0)
    _finish(axis, "mission value so far", labels)


def _draw_flux(axis: Axes, record: FlightRecord, trace: Trace) -> None:
    axis.fill_between(_minutes(trace), trace.flux_cm2_s, color=LIGHT["limit"], alpha=0.4, linewidth=0.0)
    axis.set_ylim(bottom=0.0)
    _finish(axis, "protons above 30 MeV, per cm² and second", [])


def _draw_lines(
    axis: Axes, trace: Trace, rows: Sequence[tuple[str, Sequence[float], str]], linewidth: float = 1.4
) -> list[Label]:
    minutes = _minutes(trace)
    for _, values, colour in rows:
        axis.plot(minutes, values, color=LIGHT[colour], linewidth=linewidth)
    return [(values[-1], name, LIGHT[colour]) for name, values, colour in rows if values]


def _draw_bound(
    axis: Axes, record: FlightRecord, channel: str, name: str, factor: float, *, is_lower: bool = False
) -> list[Label]:
    """The bound of a channel as a dashed line, and a tint on what lies beyond it."""
    if channel not in record.limits:
        return []
    bound = factor * record.limits[channel]
    axis.axhline(bound, color=LIGHT["limit"], linewidth=0.9, linestyle=(0, (5, 3)))
    axis.margins(y=0.12)
    low, high = axis.get_ylim()
    axis.axhspan(
        low if is_lower else bound, bound if is_lower else high, color=LIGHT["limit"], alpha=0.1, linewidth=0.0
    )
    axis.set_ylim(low, high)
    shown = bound / KILO if bound > 5.0 * KILO else bound
    return [(bound, f"{name} {shown:g}", LIGHT["limit"])]


def _finish(axis: Axes, title: str, labels: Sequence[Label]) -> None:
    axis.set_title(title, pad=3.0)
    axis.grid(axis="y")
    axis.set_axisbelow(True)
    axis.tick_params(length=2.0)
    axis.locator_params(axis="y", nbins=5)
    _label_ends(axis, labels)


def _label_ends(axis: Axes, labels: Sequence[Label]) -> None:
    """Names at the right end of the lines, moved apart where they would touch."""
    low, high = axis.get_ylim()
    figure = axis.figure
    inches = axis.get_position().height * figure.bbox.height / figure.dpi
    gap = 0.15 / inches  # height of a line of text as a fraction of the panel
    place = -1.0
    for height, text, colour in sorted(labels, key=lambda label: (label[0] - low) / (high - low)):
        place = max((height - low) / (high - low), place + gap)
        axis.text(1.008, place, text, color=colour, transform=axis.transAxes, va="center", fontsize=8.0)

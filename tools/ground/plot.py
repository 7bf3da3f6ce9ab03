"""Parameters over on-board time as a picture: a panel a unit, eclipses shaded, limits of the board's watchpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from hal.clock import SECOND_NS
from tools.ground.archive.series import Series, Stretch
from tools.palette import LIGHT, SERIES

WIDTH_IN, PANEL_IN, HEAD_IN = 10.0, 2.0, 0.7
POINTS_MOST = 4_000  # about four a pixel; longer series are thinned for the eye, extremes kept
DAY_NS = 86_400 * SECOND_NS
GAP_S = 600.0  # a line across a silence would claim what nobody has measured


def draw(
    path: Path, found: Sequence[Series], dark: Sequence[Stretch], limits: Mapping[str, Sequence[float]], span: Stretch
) -> None:
    """Write the picture in the format that the file's name ends with. Raises ValueError for an unknown one, OSError."""
    panels = _panels(found)
    figure = Figure(figsize=(WIDTH_IN, HEAD_IN + PANEL_IN * len(panels)), layout="constrained")
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (unit, members) in zip(axes, panels.items(), strict=True):
        for night in dark:
            axis.axvspan(_date(night.begin_ns), _date(night.end_ns), color=LIGHT["shade"], linewidth=0.0, zorder=0)
        _draw_panel(axis, unit, members, limits)
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes[-1].xaxis.set_major_locator(locator)
    axes[-1].xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes[-1].set_xlim(_date(span.begin_ns), _date(max(span.end_ns, span.begin_ns + SECOND_NS)))
    axes[-1].set_xlabel("on-board time (UTC)" + ("; shaded: eclipse" if dark else ""))
    figure.savefig(path, dpi=130, facecolor=LIGHT["paper"])


def _panels(found: Sequence[Series]) -> dict[str, list[Series]]:
    """By unit, in the order asked for; a parameter of words has a panel of its own."""
    panels: dict[str, list[Series]] = {}
    for series in found:
        panels.setdefault(f"={series.name}" if series.texts else series.unit, []).append(series)
    return panels


def _draw_panel(axis: Axes, unit: str, members: Sequence[Series], limits: Mapping[str, Sequence[float]]) -> None:
    for place, series in enumerate(members):
        colour = LIGHT[SERIES[place % len(SERIES)]]
        times, values = _thinned(series)
        is_words = bool(series.texts)
        axis.plot(times, values, color=colour, label=series.name, drawstyle="steps-post" if is_words else "default")
        for bound in limits.get(series.name, ()):
            axis.axhline(bound, color=LIGHT["limit"], linewidth=0.8, linestyle="--")
        if is_words:
            axis.set_yticks(range(len(series.texts)), series.texts)
    axis.set_ylabel("" if unit.startswith("=") or unit == "1" else unit)
    axis.set_title(", ".join(series.name for series in members), loc="left", fontsize=9.5)
    axis.grid(color=LIGHT["rule"], linewidth=0.5)
    axis.spines[["top", "right"]].set_visible(False)
    if len(members) > 1:
        axis.legend(loc="upper right", fontsize=8, framealpha=0.8)


def _thinned(series: Series) -> tuple[list[float], list[float]]:
    """Lowest and highest of each group in their order, and nothing drawn across a silence."""
    size = max(1, 2 * len(series.values) // POINTS_MOST)
    times: list[float] = []
    values: list[float] = []
    before_ns = None
    for begin in range(0, len(series.values), size):
        group = range(begin, min(begin + size, len(series.values)))
        for place in sorted({min(group, key=series.values.__getitem__), max(group, key=series.values.__getitem__)}):
            at_ns = series.times_ns[place]
            if before_ns is not None and at_ns - before_ns > GAP_S * SECOND_NS:
                times.append(_date(at_ns))
                values.append(float("nan"))
            times.append(_date(at_ns))
            values.append(series.values[place])
            before_ns = at_ns
    return times, values


def _date(utc_ns: int) -> float:
    """As matplotlib has it: days since 1970."""
    return utc_ns / DAY_NS

"""Plots of a constellation: power and compute by shell, fans of percentiles, and who is in eclipse where."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import asin, atan2, degrees, tan
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sim.constellation.statistics import MAP_COLUMNS, MAP_ROWS, PERCENTILES, STATES, Statistics
from sim.sun import sidereal_angle_rad, sun_at
from tools.flight.plots import STYLE, WIDTH_IN
from tools.palette import LIGHT, SERIES

BANDS = ((1, 99, 0.14), (5, 95, 0.16), (25, 75, 0.24))  # percentiles and how strongly each is drawn over the last
STATE_COLOURS = ("bus", "limit", "array")
DARK_COLOUR, LIT_COLOUR = "#2b3f8f", "#f0a500"
COARSE = ((3, 3_000), (2, 12_000))  # cells of the map put together, so that few satellites can be seen; up to how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """What all plots have in common: the samples' times, and the shells by name."""

    times: NDArray[np.float64]
    label: str
    names: tuple[str, ...]
    found: tuple[Statistics, ...]


def power_figure(axis: Axis) -> Figure:
    """Watts of arrays and compute, the shells on top of each other."""
    with rc_context(STYLE):
        figure, panels = _grid(2, 1, 2.0)
        for panel, name, title in ((panels[0][0], "array_w", "arrays"), (panels[1][0], "compute_w", "compute")):
            series = np.stack([one.total(name) for one in axis.found])
            scale, unit = _scale(float(series.sum(axis=0).max()))
            colours = [LIGHT[SERIES[index % len(SERIES)]] for index in range(len(series))]
            panel.stackplot(axis.times, series / scale, colors=colours, alpha=0.75, linewidth=0.0)
            _finish(panel, f"{title}, {unit}", axis.times)
            panel.set_ylim(bottom=0.0)
            _label_stack(panel, series / scale, axis.names, colours)
        panels[-1][0].set_xlabel(axis.label)
    return figure


def fan_figure(axis: Axis, rows: Sequence[tuple[str, str, float, str]], height_in: float = 1.7) -> Figure:
    """A column a shell, a row a quantity: `rows` are name, title, factor and colour."""
    with rc_context(STYLE):
        figure, panels = _grid(len(rows), len(axis.found), height_in)
        for row, (name, title, factor, colour) in zip(panels, rows, strict=True):
            for panel, one, shell in zip(row, axis.found, axis.names, strict=True):
                _fan(panel, axis.times, one, name, factor, LIGHT[colour])
                _finish(panel, f"{shell}: {title}" if row is panels[0] else title, axis.times)
        for panel in panels[-1]:
            panel.set_xlabel(axis.label)
    return figure


def _fan(panel: Axes, times: NDArray[np.float64], one: Statistics, name: str, factor: float, colour: str) -> None:
    index = one.names.index(name)
    of = {percent: factor * one.percentiles[:, index, place] for place, percent in enumerate(PERCENTILES)}
    for low, high, alpha in BANDS:
        panel.fill_between(times, of[low], of[high], color=colour, alpha=alpha, linewidth=0.0)
    panel.plot(times, of[50], color=colour)
    for edge in (one.low, one.high):
        panel.plot(times, factor * edge[:, index], color=colour, linewidth=0.6, linestyle=(0, (2, 2)))


def states_figure(axis: Axis) -> Figure:
    """The share of each shell in eclipse, at the reserve and at the shunts."""
    with rc_context(STYLE):
        figure, panels = _grid(1, len(axis.found), 1.7)
        for panel, one, shell in zip(panels[0], axis.found, axis.names, strict=True):
            for index, (state, colour) in enumerate(zip(STATES, STATE_COLOURS, strict=True)):
                share = 100.0 * one.states[:, index] / one.satellites
                panel.plot(axis.times, share, color=LIGHT[colour], label=state.replace("_", " "))
            _finish(panel, f"{shell}: % of satellites", axis.times)
            panel.set_ylim(-2.0, 102.0)
            panel.set_xlabel(axis.label)
        panels[0][0].legend(frameon=False, fontsize=8.0, labelcolor=LIGHT["ink"])
    return figure


def map_figure(found: Sequence[Statistics], unix_s: float) -> Figure:
    """Sub-satellite points at a moment: lit, in eclipse, and the terminator on the ground."""
    counts = np.sum([one.map for one in found], axis=0)
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, 5.5))
        panel: Any = figure.subplots(gridspec_kw={"left": 0.05, "right": 0.975, "top": 0.95, "bottom": 0.06})
        _draw_night(panel, unix_s)
        colours, extent = _map_colours(counts), (-180.0, 180.0, -90.0, 90.0)
        panel.imshow(colours, extent=extent, origin="lower", aspect="auto", interpolation="nearest", zorder=2)
        when = datetime.fromtimestamp(unix_s, tz=UTC).strftime("%d %B %Y, %H:%M UTC")
        lit, dark = (int(plane.sum()) for plane in counts)
        panel.set_title(f"{when}: {lit:,} lit (yellow), {dark:,} in eclipse (blue); grey: night on the ground", pad=4.0)
        panel.set_xticks(range(-180, 181, 60), [_degrees(x, "WE") for x in range(-180, 181, 60)])
        panel.set_yticks(range(-60, 61, 30), [_degrees(y, "SN") for y in range(-60, 61, 30)])
        panel.grid(linewidth=0.4, alpha=0.6)
        panel.tick_params(length=0.0)
    return figure


def _degrees(angle: int, sides: str) -> str:
    """An angle as a map has it, with the side that it lies on."""
    return f"{abs(angle)}°{'' if angle in (-180, 0, 180) else sides[angle > 0]}"


def _map_colours(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Red, green, blue and opacity: hue by the share in eclipse, opacity by the logarithm of the number."""
    group = next((size for size, most in COARSE if counts.sum() < most), 1)
    cells = counts.reshape(2, MAP_ROWS // group, group, MAP_COLUMNS // group, group).sum(axis=(2, 4))
    number = cells.sum(axis=0)
    dark = np.divide(cells[1], number, out=np.zeros(number.shape), where=number > 0)[..., None]
    colour = (1.0 - dark) * np.array(to_rgb(LIT_COLOUR)) + dark * np.array(to_rgb(DARK_COLOUR))
    most = float(np.percentile(number[number > 0], 95))
    opacity = np.where(number > 0, np.clip(0.35 + 0.65 * np.log1p(number) / np.log1p(most), 0.0, 1.0), 0.0)
    return np.concatenate([colour, opacity[..., None]], axis=-1)


def _draw_night(panel: Axes, unix_s: float) -> None:
    """Shade the ground where the Sun is below the horizon."""
    sun = sun_at(unix_s)
    latitude, longitude = asin(sun.z), atan2(sun.y, sun.x) - sidereal_angle_rad(unix_s)
    across = np.linspace(-180.0, 180.0, 721)
    edge = np.degrees(np.arctan(-np.cos(np.radians(across) - longitude) / tan(latitude)))
    panel.fill_between(across, edge, -90.0 if latitude > 0.0 else 90.0, color=LIGHT["shade"], linewidth=0.0, zorder=0.5)
    panel.plot(across, edge, color=LIGHT["muted"], linewidth=0.8)
    under = (degrees(longitude) + 180.0) % 360.0 - 180.0
    style: dict[str, Any] = {"markersize": 9.0, "markeredgecolor": LIGHT["ink"], "clip_on": False, "zorder": 3}
    panel.plot([under], [degrees(latitude)], marker="o", color=LIT_COLOUR, **style)


def _grid(rows: int, columns: int, height_in: float) -> tuple[Figure, list[list[Axes]]]:
    """Panels with one time axis; the panels of a row share their height."""
    gap_in, top_in, bottom_in, left_in, right_in = 0.36, 0.28, 0.45, 0.5, 1.15 if columns == 1 else 0.15
    total_in = rows * height_in + (rows - 1) * gap_in + top_in + bottom_in
    figure = Figure(figsize=(WIDTH_IN, total_in))
    margins = {
        "top": 1.0 - top_in / total_in,
        "bottom": bottom_in / total_in,
        "left": left_in / WIDTH_IN,
        "right": 1.0 - right_in / WIDTH_IN,
        "hspace": gap_in / height_in,
        "wspace": 0.12,
    }
    panels = figure.subplots(rows, columns, sharex=True, sharey="row", squeeze=False, gridspec_kw=margins)
    return figure, [list(row) for row in panels]


def _finish(panel: Axes, title: str, times: NDArray[np.float64]) -> None:
    panel.set_title(title, pad=3.0)
    panel.grid(axis="y")
    panel.set_axisbelow(True)
    panel.tick_params(length=2.0)
    panel.locator_params(axis="y", nbins=5)
    panel.set_xlim(float(times[0]), max(float(times[-1]), float(times[0]) + 1e-9))


def _label_stack(panel: Axes, series: NDArray[np.float64], names: Sequence[str], colours: Sequence[str]) -> None:
    """Names beside the ends of the areas, moved apart where they would touch."""
    top = panel.get_ylim()[1]
    ends = np.cumsum(series[:, -1])
    place = -1.0
    for end, value, name, colour in zip(ends, series[:, -1], names, colours, strict=True):
        place = max((end - value / 2.0) / top, place + 0.08)
        panel.text(1.008, place, name, color=colour, transform=panel.transAxes, va="center", fontsize=8.0)


def _scale(most: float) -> tuple[float, str]:
    for scale, unit in ((1e9, "GW"), (1e6, "MW"), (1e3, "kW")):
        if most >= scale:
            return scale, unit
    return 1.0, "W"


def png(figure: Figure) -> bytes:
    """A figure as a PNG, the same octets each time."""
    buffer = io.BytesIO()
    with rc_context(STYLE):
        figure.savefig(buffer, format="png", dpi=130, facecolor=LIGHT["paper"], metadata={"Software": None})
    return buffer.getvalue()


def save(figures: dict[str, Figure], folder: Path) -> None:
    """Each figure as a PNG under its name."""
    for name, figure in figures.items():
        (folder / f"{name}.png").write_bytes(png(figure))

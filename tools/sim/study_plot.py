"""The picture of `penumbra sim study pv`: power over life, mass against cost, inferences a kilogram."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from tools.flight.plots import STYLE
from tools.palette import LIGHT, SERIES
from tools.sim.study_pv import ENDS, PvStudy, answer, short

WIDTH_IN = 10.5
HEAD_IN, LIFE_IN, LOWER_IN, FOOT_IN = 1.0, 1.55, 2.6, 0.55  # heights of the title, a row of lives, the rest
GAP_IN = 0.62
LEFT_IN, RIGHT_IN = 0.62, 0.25
NAMES = 0.11  # of the width, for the names beside the bars


def save_plot(found: PvStudy, path: Path) -> None:
    """The study as a PNG."""
    with rc_context(STYLE):
        figure_of(found).savefig(path, format="png", dpi=150, facecolor=LIGHT["paper"], metadata={"Software": None})


def figure_of(found: PvStudy) -> Figure:
    """A panel of each life over the others' lines, then mass, cost and inferences; a technology keeps its colour."""
    told = answer(found)
    count = len(found.compared)
    columns = count if count < 4 else 2 if count == 4 else 3
    rows = ceil(count / columns)
    height_in = HEAD_IN + rows * (LIFE_IN + GAP_IN) + LOWER_IN + FOOT_IN
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, height_in))
        margins = {"left": LEFT_IN / WIDTH_IN, "right": 1.0 - RIGHT_IN / WIDTH_IN, "bottom": FOOT_IN / height_in}
        heights = [*(LIFE_IN for _ in range(rows)), LOWER_IN]
        spacing = {"hspace": GAP_IN * len(heights) / sum(heights), "wspace": 0.12, "height_ratios": heights}
        grid = figure.add_gridspec(rows + 1, 6, top=1.0 - HEAD_IN / height_in, **margins, **spacing)
        width = 6 // columns
        for index in range(count):
            row, column = divmod(index, columns)
            axis = figure.add_subplot(grid[row, column * width : (column + 1) * width])
            _draw_life(axis, found, index, is_first=column == 0)
        _draw_mass_and_cost(figure.add_subplot(grid[rows, :3]), told["technologies"])
        _draw_inferences(figure.add_subplot(grid[rows, 3:]), told["technologies"])
        _write_head(figure, told, height_in)
    return figure


def colour(index: int) -> str:
    """The colour of the technology with this place in the study."""
    return LIGHT[SERIES[index % len(SERIES)]]


def _write_head(figure: Figure, told: dict[str, Any], height_in: float) -> None:
    sized = f"{told['power_w']:,g} W at the end of life" if told["power_w"] else f"{told['area_m2']:,g} m² of panel"
    orbit = f"{told['altitude_km']:g} km, {told['inclination_deg']:.1f}°, node at {told['ltan_h']:g} h"
    lines = (
        (0.3, f"Solar cells for {told['years']:g} years: {orbit}", {"fontsize": 12.0, "fontweight": "bold"}),
        (
            0.52,
            f"power to the bus in the Sun, W/m² of panel, over the years; {told['fluence_cm2_year']:.1e} electrons/cm² "
            f"and {told['thermal_cycles_per_year']:,.0f} eclipses a year; below: sized for {sized}",
            {"color": LIGHT["muted"]},
        ),
        (
            0.69,
            "shaded and thin: every number at its bad, at its good end at once; grey: the other technologies",
            {"color": LIGHT["muted"]},
        ),
    )
    for down_in, said, style in lines:
        figure.text(LEFT_IN / WIDTH_IN, 1.0 - down_in / height_in, said, va="center", **style)


def _draw_life(axis: Axes, found: PvStudy, index: int, *, is_first: bool) -> None:
    item, shade = found.compared[index], colour(index)
    for other in found.compared:
        axis.plot(other.life.years, other.life.begin_w_m2 * other.life.share, color=LIGHT["rule"], linewidth=0.9)
    bad, good = (getattr(item, end).begin_w_m2 * getattr(item, end).share for end in ENDS)
    power = item.life.begin_w_m2 * item.life.share
    axis.fill_between(item.life.years, bad, good, color=shade, alpha=0.16, linewidth=0.0)
    axis.plot(item.life.years, power, color=shade, linewidth=2.2)
    years = float(item.life.years[-1])
    for at, watts, side in ((0.0, power[0], "left"), (years, power[-1], "right")):
        axis.annotate(
            f"{watts:.0f}", (at, watts), xytext=(3.0 if side == "left" else -3.0, 5.0), textcoords="offset points",
            ha=side, fontweight="bold", color=shade,
        )  # fmt: skip
    ceiling = max(float((other.good.begin_w_m2 * other.good.share).max()) for other in found.compared)
    axis.set(xlim=(0.0, years), ylim=(0.0, 1.12 * ceiling))
    axis.set_title(item.life.technology.title, pad=4.0, color=shade)
    axis.grid(axis="y")
    axis.set_axisbelow(True)
    axis.tick_params(length=0.0, labelleft=is_first)
    axis.locator_params(axis="both", nbins=5)


def _draw_mass_and_cost(axis: Axes, rows: list[dict[str, Any]]) -> None:
    """A cross a technology; one that leaves nothing at the end has neither mass nor cost."""
    axis.set(xscale="log", yscale="log", xlabel="mass of the array, kg")
    for index, row in enumerate(rows):
        if row["mass_kg"] is None:
            continue
        x, y, shade = row["mass_kg"], row["cost"], colour(index)
        for key, is_x in (("mass_kg", True), ("cost", False)):
            ends = [row[key] if end is None else end for end in row["ranges"][key]]
            axis.plot(ends if is_x else [x, x], [y, y] if is_x else ends, color=shade, alpha=0.45, linewidth=1.2)
        axis.plot([x], [y], "o", color=shade, markersize=8.0, markeredgecolor=LIGHT["paper"])
    if all(row["mass_kg"] is None for row in rows):
        axis.text(0.5, 0.5, "nothing carries the load at the end of life", transform=axis.transAxes, ha="center")
        axis.set_axis_off()
        return
    axis.set_title(f"cost over mass, {rows[0]['currency']} of {rows[0]['cost_as_of']} (log scales)", pad=4.0)
    axis.grid(which="major")
    axis.set_axisbelow(True)
    axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.minorticks_off()
    axis.tick_params(length=0.0)
    for scale in (axis.xaxis, axis.yaxis):
        scale.set_major_formatter(lambda value, _: _tick(value))


def _draw_inferences(axis: Axes, rows: list[dict[str, Any]]) -> None:
    box = axis.get_position()
    axis.set_position((box.x0 + NAMES, box.y0, box.width - NAMES, box.height))
    for index, row in enumerate(rows):
        bad, good = row["ranges"]["inferences_per_kg"]
        axis.barh(index, row["inferences_per_kg"], color=colour(index), height=0.62, alpha=0.85)
        axis.plot([bad, good], [index, index], color=LIGHT["ink"], linewidth=1.0, alpha=0.55)
        axis.annotate(
            short(row["inferences_per_kg"]), (good, index), xytext=(5.0, 0.0), textcoords="offset points", va="center",
        )  # fmt: skip
    axis.set(yticks=[], ylim=(max(len(rows), 4) - 0.5, -0.5))  # few bars stay bars
    for index, row in enumerate(rows):
        axis.annotate(
            row["name"], (0.0, index), xytext=(-5.0, 0.0), textcoords="offset points", ha="right", va="center",
            color=colour(index), fontsize=8.0,
        )  # fmt: skip
    axis.set_xlim(0.0, 1.16 * max(row["ranges"]["inferences_per_kg"][1] for row in rows))
    axis.locator_params(axis="x", nbins=6)
    axis.xaxis.set_major_formatter(lambda value, _: _tick(value) if value else "0")
    axis.set_title("inferences per kilogram of array, whole life", pad=4.0)
    axis.tick_params(length=0.0)
    axis.grid(axis="x")
    axis.set_axisbelow(True)


def _tick(value: float) -> str:
    """A number of an axis: as short as it can be."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"

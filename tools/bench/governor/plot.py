"""The picture of `penumbra bench governor`: a row a policy, a dot a seed, against what nobody can beat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tools.flight.plots import STYLE
from tools.palette import LIGHT

WIDTH_IN, ROW_IN, HEAD_IN, FOOT_IN = 9.0, 0.42, 0.85, 0.62
NAMES, RIGHT = 0.19, 0.86  # of the width: where the axis begins and ends
SPREAD = 0.24  # of a row's height, over which the seeds are laid
FLIGHT = "flight"


def save_plot(told: dict[str, Any], path: Path) -> None:
    """The answer as a PNG."""
    with rc_context(STYLE):
        figure_of(told).savefig(path, format="png", dpi=150, facecolor=LIGHT["paper"], metadata={"Software": None})


def figure_of(told: dict[str, Any]) -> Figure:
    """Best policy first; the line is the mean, the dots are the seeds."""
    rows = sorted(told["policies"].items(), key=lambda row: -row[1]["percent_of_bound_mean"])
    height_in = HEAD_IN + ROW_IN * len(rows) + FOOT_IN
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, height_in))
        bottom, top = FOOT_IN / height_in, 1.0 - HEAD_IN / height_in
        axis = figure.add_axes((NAMES, bottom, RIGHT - NAMES, top - bottom))
        _write_head(figure, told, height_in)
        for index, (name, row) in enumerate(rows):
            _draw_row(axis, index, name, row)
        lowest = min(row["percent_of_bound_min"] for _, row in rows)
        axis.set(xlim=(max(0.0, 10.0 * ((lowest - 4.0) // 10.0)), 100.0), ylim=(len(rows) - 0.5, -0.5), yticks=[])
        axis.axvline(100.0, color=LIGHT["limit"], linewidth=1.6)
        axis.set_xlabel("value, per cent of the clairvoyant bound")
        axis.grid(axis="x")
        axis.set_axisbelow(True)
        axis.spines["left"].set_visible(False)
        axis.tick_params(length=0.0)
    return figure


def _draw_row(axis: Axes, index: int, name: str, row: dict[str, Any]) -> None:
    shares, mean = row["percent_of_bound_by_seed"], row["percent_of_bound_mean"]
    colour = LIGHT["accent"] if name == FLIGHT else LIGHT["bus"]
    step = 2.0 * SPREAD / max(1, len(shares) - 1)
    heights = [index - SPREAD + step * place if len(shares) > 1 else index for place in range(len(shares))]
    axis.plot(shares, heights, "o", color=colour, markersize=4.0, alpha=0.55, markeredgewidth=0.0)
    axis.plot([mean, mean], [index - 0.34, index + 0.34], color=colour, linewidth=2.4)
    weight = "bold" if name == FLIGHT else "normal"
    axis.annotate(
        name, (0.0, index), xycoords=("axes fraction", "data"), xytext=(-8.0, 0.0), textcoords="offset points",
        ha="right", va="center", color=colour if name == FLIGHT else LIGHT["ink"], fontweight=weight,
    )  # fmt: skip
    broken = f", {row['violations']} broken" if row["violations"] else ""
    axis.annotate(
        f"{mean:.1f}{broken}", (1.0, index), xycoords=("axes fraction", "data"), xytext=(8.0, 0.0),
        textcoords="offset points", va="center", fontweight=weight,
        color=LIGHT["limit"] if broken else LIGHT["ink"],
    )  # fmt: skip


def _write_head(figure: Figure, told: dict[str, Any], height_in: float) -> None:
    """What was flown, in two lines."""
    said = [f"load × {told['load']:g}", f"{len(told['seeds'])} seeds of {told['orbits']:g} orbits"]
    said += [f"Sun {100.0 * told['sun_error']:+g} % of its forecast"] if told["sun_error"] else []
    said += [f"arrivals {100.0 * told['load_error']:+g} % of theirs"] if told["load_error"] else []
    said += ["with faults"] if told["faults"] else []
    lines = (
        (0.28, f"Governors on the family {told['family']}", {"fontsize": 12.0, "fontweight": "bold"}),
        (0.52, "; ".join(said) + "; a dot a seed, a bar their mean", {"color": LIGHT["muted"]}),
    )
    for down_in, text, style in lines:
        figure.text(0.03, 1.0 - down_in / height_in, text, va="center", **style)

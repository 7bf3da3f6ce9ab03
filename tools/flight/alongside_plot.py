"""The flown satellite against its twin, for the report of a constellation."""

from __future__ import annotations

from matplotlib import rc_context
from matplotlib.figure import Figure

from tools.flight.alongside import Alongside
from tools.flight.plots import STYLE, WIDTH_IN
from tools.palette import LIGHT

PANELS = (
    ("soc", "battery, %", 100.0, "battery"),
    ("compute_w", "payload, kW (flown: with what it draws idle)", 1e-3, "payload"),
    ("payload_c", "payload and radiator, °C", 1.0, "limit"),
    ("array_c", "array, °C", 1.0, "array"),
)


def alongside_figure(pair: Alongside) -> Figure:
    """Battery, watts and temperatures: flown by the flight software, and by the shell's policy (grey)."""
    with rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, 4.6))
        margins = {"left": 0.05, "right": 0.985, "top": 0.93, "bottom": 0.1, "hspace": 0.28, "wspace": 0.12}
        panels = figure.subplots(2, 2, sharex=True, gridspec_kw=margins).ravel()
        for panel, (name, title, factor, colour) in zip(panels, PANELS, strict=True):
            for series, line, width, label in (
                (pair.twin, LIGHT["muted"], 1.0, "policy"),
                (pair.flown, LIGHT[colour], 1.5, "flown"),
            ):
                panel.plot(
                    pair.hours, [factor * value for value in series[name]], color=line, linewidth=width, label=label
                )
            panel.set_title(title, pad=3.0)
            panel.grid(axis="y")
            panel.tick_params(length=2.0)
            panel.locator_params(axis="y", nbins=5)
            panel.set_xlim(0.0, max(float(pair.hours[-1]), 1e-9))
            panel.legend(frameon=False, fontsize=8.0, labelcolor=LIGHT["ink"])
        for panel in panels[2:]:
            panel.set_xlabel("hours since the start")
    return figure

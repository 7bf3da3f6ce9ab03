"""Pictures of the validation: shares of tolerances, the Sun over thirty years, a shadow's edge, a year of light."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from sim.season import YearRequest, survey
from sim.single import SingleRequest, sunlight_of
from sim.sun import DAY_S
from tools.flight.plots import STYLE, WIDTH_IN
from tools.palette import LIGHT, SERIES
from tools.sim import check_sun
from tools.sim.check_codes import BASILISK
from tools.sim.check_year import LIGHT_TABLE
from tools.sim.oracles import frozen
from tools.sim.row import SKIP

Told = tuple[str, str, str, Figure]
YEAR_S = 365.25 * DAY_S
LEAST_SHARE = 1e-4  # of a tolerance; what is nearer is drawn there
EDGE_CASE = "dawn-dusk, grazing"


def figures(found: dict[str, Any], share: Callable[[dict[str, Any]], float]) -> Iterator[Told]:
    """Name, title, note and figure; those whose frozen file is missing are left out."""
    with rc_context(STYLE):
        note = "One dot a row, on a logarithmic axis; what is nearer than a ten-thousandth stands at its left."
        yield "shares", "How much of each tolerance is used", note, _shares(found["rows"], share)
        sun, orbits = frozen("sun"), frozen("basilisk_orbit")
        if sun is not None:
            source = sun["source"].split(",")[0]
            note = f"Angle between our Sun and that of {source}, of date; turned to J2000 the curve is the same."
            yield "sun", "The Sun over thirty years", note, _sun(sun)
        if orbits is not None:
            note = "A grazing eclipse, second by second: Basilisk's shadow factor as dots, our illumination as a line."
            yield "edge", "Through the penumbra", note, _edge(orbits["cases"][EDGE_CASE])
        note = "Mean illumination of every orbit of 2026; the dots are the worst orbits of the reference table."
        yield "year", "Dawn-dusk and other orbits over a year", note, _year()


def _shares(rows: list[dict[str, Any]], share: Callable[[dict[str, Any]], float]) -> Figure:
    compared = [row for row in rows if row["status"] != SKIP]
    titles = list(dict.fromkeys(row["section"] for row in compared))
    figure = Figure(figsize=(WIDTH_IN, 0.9 + 0.34 * len(titles)), layout="constrained")
    axis = figure.subplots()
    for height, title in enumerate(reversed(titles)):
        used = [share(row) for row in compared if row["section"] == title]
        spread = 0.28 * (np.arange(len(used)) * 0.618034 % 1.0 - 0.5)  # even, so that dots do not hide each other
        shown = np.clip(used, LEAST_SHARE, 3.0)
        axis.scatter(shown, height + spread, s=11, color=LIGHT["accent"], alpha=0.6, linewidths=0)
    axis.axvline(1.0, color=LIGHT["limit"], linewidth=1.0, linestyle=(0, (5, 3)))
    axis.set(xscale="log", xlim=(0.7 * LEAST_SHARE, 2.0), yticks=range(len(titles)), yticklabels=titles[::-1])
    axis.set_xticks([1e-4, 1e-3, 1e-2, 0.1, 1.0], ["0.0001", "0.001", "0.01", "0.1", "tolerance"])
    axis.tick_params(axis="y", length=0)
    axis.grid(axis="x")
    return figure


def _sun(content: dict[str, Any]) -> Figure:
    found = check_sun.differences(content)
    years = 2020.0 + (found["unix_s"] - content["start_unix_s"]) / YEAR_S
    figure = Figure(figsize=(WIDTH_IN, 3.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    upper.plot(years, found["of_date_deg"], color=LIGHT["accent"], linewidth=0.9)
    lower.plot(years, 1e5 * found["distance_au"], color=LIGHT["battery"], linewidth=0.9)
    limits = (check_sun.SUN_DEG, 1e5 * check_sun.DISTANCE_AU)
    titles = ("direction, degrees", "distance, 1e-5 au")
    for axis, limit, title in zip((upper, lower), limits, titles, strict=True):
        axis.axhline(limit, color=LIGHT["limit"], linewidth=1.0, linestyle=(0, (5, 3)))
        axis.set(title=title, ylim=(0.0, 1.15 * limit), xlim=(2020.0, 2050.0))
        axis.grid(axis="y")
    return figure


def _edge(case: dict[str, Any]) -> Figure:
    request = SingleRequest(**{**case["request"], "day": date.fromisoformat(case["request"]["day"])})
    light = sunlight_of(request, BASILISK)
    dots = [(row["second"], row["illumination"]) for row in case["samples"]]
    touched = light.time_s[light.illumination < 1.0]
    start_s, end_s = float(touched[0]) - 20.0, float(touched[-1]) + 20.0
    shown = (light.time_s > start_s) & (light.time_s < end_s)
    figure = Figure(figsize=(WIDTH_IN, 2.4), layout="constrained")
    axis = figure.subplots()
    axis.plot(light.time_s[shown], light.illumination[shown], color=LIGHT["accent"])
    inside = [(second, lit) for second, lit in dots if start_s < second < end_s]
    axis.scatter([at for at, _ in inside], [lit for _, lit in inside], s=20, color=LIGHT["payload"], zorder=3)
    axis.set(xlabel="seconds since the ascending node", title="illumination", ylim=(-0.04, 1.06), xlim=(start_s, end_s))
    axis.grid(axis="y")
    return figure


def _year() -> Figure:
    figure = Figure(figsize=(WIDTH_IN, 2.9), layout="constrained")
    axis = figure.subplots()
    shown = [(altitude_km, ltan_h, values[3] or 1.0) for altitude_km, ltan_h, values in LIGHT_TABLE]
    for number, (altitude_km, ltan_h, worst) in enumerate(row for row in shown if row[2] < 1.0):
        year = survey(YearRequest(altitude_km=altitude_km, ltan_h=ltan_h))
        day = (year.unix_s - datetime(2026, 1, 1, tzinfo=UTC).timestamp()) / DAY_S
        colour, line = LIGHT[SERIES[number % len(SERIES)]], "-" if number < len(SERIES) else "--"
        name = f"{altitude_km:,g} km, {ltan_h:g} h"
        axis.plot(day, year.sunlit[0], line, color=colour, linewidth=1.0, label=name)
        axis.scatter(day[int(np.argmin(year.sunlit[0]))], worst, s=22, color=colour, zorder=3)
    axis.set(title="sunlit part of an orbit", xlabel="day of 2026", xlim=(0.0, 365.0), ylim=(0.58, 1.02))
    axis.grid(axis="y")
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8.0)
    return figure

"""A year of an orbit as an object for JSON, as text and as a plot."""

from __future__ import annotations

from datetime import UTC, datetime
from math import degrees
from pathlib import Path
from typing import Any

import numpy as np

from sim.season import Year, beta_star_rad, longest_dark_s
from sim.sun import DAY_S

MINUTE_S = 60.0
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def answer(year: Year) -> dict[str, Any]:
    """The everyday questions: numbers, the months of the year, and the eclipse seasons."""
    request, beta_deg = year.request, np.degrees(year.beta_rad)
    return {
        "altitude_km": request.altitude_km,
        "ltan_h": request.ltan_h,
        "year": request.year,
        "all_nodes": request.all_nodes,
        "is_sun_synchronous": request.inclination_deg is None,
        "inclination_deg": degrees(request.inclination_rad),
        "period_s": year.period_s,
        "nodal_period_s": year.nodal_period_s,
        "beta_min_deg": float(np.abs(beta_deg).min()),
        "beta_max_deg": float(np.abs(beta_deg).max()),
        "beta_star_deg": degrees(beta_star_rad(request.altitude_km)),
        "longest_dark_possible_min": longest_dark_s(request.altitude_km) / MINUTE_S,
        "sunlit_mean": float(year.sunlit.mean()),
        "sunlit_worst": float(year.sunlit.min()),
        "umbra_max_min": float(year.umbra_s.max()) / MINUTE_S,
        "shadow_max_min": float(year.shadow_s.max()) / MINUTE_S,
        "eclipse_days": year.eclipse_days,
        "seasons": seasons(year),
        "months": months(year),
        "is_oblate": request.is_oblate,
        "model": f"every orbit under secular J2, {'oblate' if request.is_oblate else 'spherical'} Earth, conical "
        "shadow, Sun of the Astronomical Almanac",
    }


def seasons(year: Year) -> list[dict[str, str]]:
    """First and last day of every stretch of days with any penumbra; one that spans New Year is told in two."""
    days = np.unique(year.days[(year.shadow_s > 0.0).any(axis=0)]).astype(int)
    stretches = np.split(days, np.flatnonzero(np.diff(days) > 1) + 1) if len(days) else []
    start_s = datetime(year.request.year, 1, 1, tzinfo=UTC).timestamp()
    return [
        {name: _date(start_s + int(days[index]) * DAY_S) for name, index in (("first", 0), ("last", -1))}
        for days in stretches
    ]


def _date(unix_s: float) -> str:
    return datetime.fromtimestamp(unix_s, tz=UTC).date().isoformat()


def months(year: Year) -> list[dict[str, Any]]:
    """Beta, eclipse and sunlight of each month."""
    index = np.array([datetime.fromtimestamp(float(when), tz=UTC).month for when in year.unix_s])
    rows = []
    for number, name in enumerate(MONTHS, start=1):
        is_in = index == number
        beta_deg, umbra_s, shadow_s = (
            np.degrees(year.beta_rad[:, is_in]),
            year.umbra_s[:, is_in],
            year.shadow_s[:, is_in],
        )
        rows.append(
            {
                "month": name,
                "beta_low_deg": float(beta_deg.min()),
                "beta_high_deg": float(beta_deg.max()),
                "umbra_min_min": float(umbra_s.min()) / MINUTE_S,
                "umbra_max_min": float(umbra_s.max()) / MINUTE_S,
                "shadow_max_min": float(shadow_s.max()) / MINUTE_S,
                "eclipse_days": len(np.unique(year.days[is_in][(shadow_s > 0.0).any(axis=0)])),
                "sunlit_mean": float(year.sunlit[:, is_in].mean()),
            }
        )
    return rows


def text(found: dict[str, Any]) -> str:
    """The answer for a person at a terminal."""
    kind = "sun-synchronous" if found["is_sun_synchronous"] else "fixed inclination"
    nodes = "all nodes" if found["all_nodes"] else f"node at {found['ltan_h']:.4g} h local mean time"
    if not (found["is_sun_synchronous"] or found["all_nodes"]):
        nodes += " on 1 January"
    spans = ", ".join(f"{span['first']} to {span['last']}" for span in found["seasons"]) or "none"
    earth = ", oblate Earth" if found["is_oblate"] else ""
    lines = [
        f"{found['altitude_km']:.7g} km, {found['inclination_deg']:.3f} deg ({kind}), {nodes}, {found['year']}{earth}",
        "",
        f"period          {found['period_s']:.2f} s two-body, {found['nodal_period_s']:.2f} s node to node",
        f"beta            {found['beta_min_deg']:.1f} to {found['beta_max_deg']:.1f} deg either side; "
        f"no eclipse beyond {found['beta_star_deg']:.2f}",
        f"sunlit          {found['sunlit_mean']:.5f} in the mean, {found['sunlit_worst']:.4f} in the worst orbit",
        f"longest umbra   {found['umbra_max_min']:.2f} min; with penumbra {found['shadow_max_min']:.2f} min",
        f"eclipse days    {found['eclipse_days']}: {spans}",
        "",
        "month    beta, deg       umbra, min      days   sunlit",
    ]
    lines += [
        f"{row['month']}   {row['beta_low_deg']:6.1f} {row['beta_high_deg']:6.1f}   "
        f"{row['umbra_min_min']:6.2f} {row['umbra_max_min']:6.2f}   {row['eclipse_days']:4d}   {row['sunlit_mean']:.4f}"
        for row in found["months"]
    ]
    return "\n".join(lines)


def save_plot(year: Year, path: Path) -> None:
    """Beta and minutes of eclipse over the year as a PNG."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from tools.flight.plots import STYLE
    from tools.palette import LIGHT

    day = (year.unix_s - datetime(year.request.year, 1, 1, tzinfo=UTC).timestamp()) / DAY_S
    with rc_context(STYLE):
        figure = Figure(figsize=(9.0, 5.2), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True)
        for values, colour, axis in (
            (np.degrees(year.beta_rad), "accent", upper),
            (year.shadow_s / MINUTE_S, "array", lower),
            (year.umbra_s / MINUTE_S, "ink", lower),
        ):
            axis.fill_between(day, values.min(axis=0), values.max(axis=0), color=LIGHT[colour], linewidth=1.2)
        star_deg = degrees(beta_star_rad(year.request.altitude_km))
        for bound in (-star_deg, star_deg):
            upper.axhline(bound, color=LIGHT["limit"], linewidth=0.9, linestyle=(0, (5, 3)))
        upper.set(title=f"beta, degrees (dashed: no eclipse beyond {star_deg:.1f})", ylim=(-92.0, 92.0))
        lower.set(title="eclipse, minutes an orbit (dark: umbra; yellow: penumbra)", xlabel="day of the year")
        lower.set_ylim(bottom=0.0)
        for axis in (upper, lower):
            axis.grid(axis="y")
            axis.set_xlim(0.0, float(day[-1]))
        figure.suptitle(_title(year), fontsize=10.0, x=0.01, ha="left")
        figure.savefig(path, format="png", dpi=120, facecolor=LIGHT["paper"], metadata={"Software": None})


def _title(year: Year) -> str:
    request = year.request
    nodes = "all nodes" if request.all_nodes else f"node at {request.ltan_h:.4g} h"
    return f"{request.altitude_km:.5g} km, {degrees(request.inclination_rad):.2f} degrees, {nodes}, {request.year}"

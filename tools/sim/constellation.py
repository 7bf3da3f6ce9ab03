"""A constellation's flight as an object for JSON and as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.constellation.campaign import Campaign, Track
from sim.constellation.layers import Layer
from sim.constellation.statistics import NAMES, PERCENTILES, STATES, Statistics

DIGITS = 6  # of a number in the answer; the statistics themselves hold more
MODEL = (
    "secular J2, Sun and node every 10 min, conical shadow by a polynomial, three thermal nodes, battery by energy; "
    "compute energy is that of the samples, each for the time to the next"
)


def answer(campaign: Campaign, found: tuple[Statistics, ...]) -> dict[str, Any]:
    """Totals, then each shell: over the whole time, and at every sample. The same for any division of the work."""
    compute_w = np.sum([one.total("compute_w") for one in found], axis=0)
    array_w = np.sum([one.total("array_w") for one in found], axis=0)
    return {
        "satellites": campaign.satellites,
        "date": datetime.fromtimestamp(campaign.epoch_unix_s, tz=UTC).isoformat().replace("+00:00", "Z"),
        "hours": float(campaign.hours()[-1]),
        "step_s": campaign.step_s,
        "sample_s": campaign.sample_s,
        "sat_steps": campaign.satellites * campaign.steps,
        "compute_gw": _mean(compute_w) / 1e9,
        "compute_low_gw": float(compute_w.min()) / 1e9,
        "compute_high_gw": float(compute_w.max()) / 1e9,
        "array_gw": _mean(array_w) / 1e9,
        "compute_gwh": energy_wh(campaign, compute_w) / 1e9,
        "shells": [_shell(campaign, *pair) for pair in zip(campaign.layers, found, strict=True)],
        "sample_hours": _list(campaign.hours()),
        "model": MODEL,
    }


def _mean(values: NDArray[np.float64]) -> float:
    """Over the time flown; the last sample only ends it."""
    return float(values[:-1].mean()) if len(values) > 1 else float(values[0])


def energy_wh(campaign: Campaign, watts: NDArray[np.float64]) -> float:
    """Each sample stands for the time to the next."""
    return float(watts[:-1].sum()) * campaign.sample_s / 3600.0


def rounded(value: float) -> float:
    """A number as short as the answer has it."""
    return float(f"{value:.{DIGITS}g}")


def _list(values: NDArray[Any]) -> list[float]:
    return [rounded(value) for value in np.ravel(values).tolist()]


def _shell(campaign: Campaign, layer: Layer, one: Statistics) -> dict[str, Any]:
    shell, compute_w = layer.shell, one.total("compute_w")
    return {
        "name": shell.name,
        "satellites": one.satellites,
        "planes": shell.plane_count,
        "altitude_km": shell.altitude_km,
        "inclination_deg": float(np.degrees(shell.inclination_rad)),
        "policy": layer.design.load.follows,
        "compute_gw": _mean(compute_w) / 1e9,
        "compute_gwh": energy_wh(campaign, compute_w) / 1e9,
        **{
            name: {"mean": float(one.states[:, index].mean()), "most": int(one.states[:, index].max())}
            for index, name in enumerate(STATES)
        },
        "whole": {name: _whole(one, index) for index, name in enumerate(NAMES)},
        "series": {name: _series(one, index) for index, name in enumerate(NAMES)},
        "states": {name: one.states[:, index].tolist() for index, name in enumerate(STATES)},
    }


def _whole(one: Statistics, index: int) -> dict[str, float]:
    rows = {"mean": one.whole_mean[index], "min": one.whole_low[index], "max": one.whole_high[index]}
    rows |= {f"p{percent}": one.whole_percentiles[index, place] for place, percent in enumerate(PERCENTILES)}
    return {name: _list(value)[0] for name, value in rows.items()}


def _series(one: Statistics, index: int) -> dict[str, list[float]]:
    rows = {"mean": one.mean[:, index], "min": one.low[:, index], "max": one.high[:, index]}
    rows |= {f"p{percent}": one.percentiles[:, index, place] for place, percent in enumerate(PERCENTILES)}
    return {name: _list(values) for name, values in rows.items()}


def watts(value: float) -> str:
    """Watts with the prefix that suits them.

    >>> watts(1.5e9), watts(40.0)
    ('1.50 GW', '40.0 W')
    """
    for scale, unit in ((1e9, "GW"), (1e6, "MW"), (1e3, "kW")):
        if abs(value) >= scale:
            return f"{value / scale:.3g} {unit}" if value >= 100.0 * scale else f"{value / scale:.2f} {unit}"
    return f"{value:.1f} W"


def energy_text(gigawatt_hours: float) -> str:
    """Energy with the prefix that suits it.

    >>> energy_text(0.5), energy_text(2500.0)
    ('500 MWh', '2.50 TWh')
    """
    if gigawatt_hours >= 1e3:
        return f"{gigawatt_hours / 1e3:.2f} TWh"
    return f"{watts(1e9 * gigawatt_hours)}h"


def years_text(years: float) -> str:
    """A number of years in words."""
    return "1 year" if years == 1.0 else f"{years:g} years"


def table_rows(whole: dict[str, Any]) -> list[tuple[str, str, float, int]]:
    """Name, key, factor and digits of each quantity; small satellites in watts."""
    is_small = max(whole["array_w"]["max"], whole["compute_w"]["max"]) < 1_000.0
    rows = [row for row in ROWS if not row[1].endswith("_w")]
    unit, factor, digits = ("W", 1.0, 1) if is_small else ("kW", 1e-3, 2)
    powers = [(f"{name}, {unit}", f"{name}_w", factor, digits) for name in ("array", "compute")]
    return [rows[0], *powers, *rows[1:]]


def text(found: dict[str, Any]) -> str:
    """The answer for a person at a terminal."""
    run = found["run"]
    lines = [
        f"{found['satellites']:,} satellites, {found['hours']:g} h from {found['date']}, "
        f"steps of {found['step_s']:g} s",
        f"executor {run['executor']}, {run['workers']}: {run['wall_s']:.1f} s, "
        f"{run['sat_steps_per_second'] / 1e6:,.1f} million satellite-steps/s",
        "",
        f"compute   {watts(1e9 * found['compute_gw'])} in the mean, {watts(1e9 * found['compute_low_gw'])} to "
        f"{watts(1e9 * found['compute_high_gw'])}; {energy_text(found['compute_gwh'])}",
        f"arrays    {watts(1e9 * found['array_gw'])} in the mean",
    ]
    for shell in found["shells"]:
        lines += ["", *_shell_lines(shell)]
    if "flown" in found:
        lines += ["", flown_text(found["flown"])]
    return "\n".join(lines)


ROWS = (  # name, key, factor, digits
    ("sunlight, %", "illumination", 100.0, 1),
    ("array, kW", "array_w", 1e-3, 3),
    ("compute, kW", "compute_w", 1e-3, 3),
    ("battery, %", "soc", 100.0, 1),
    ("array, C", "array_c", 1.0, 1),
    ("payload, C", "payload_c", 1.0, 1),
    ("body, C", "body_c", 1.0, 1),
    ("dose, mGy", "dose_ugy", 1e-3, 2),
)


def _shell_lines(shell: dict[str, Any]) -> list[str]:
    count = shell["satellites"]
    shares = ", ".join(f"{shell[name]['mean'] / count:.1%} {name.replace('_', ' ')}" for name in STATES)
    columns = ("mean", "min", "p1", "p25", "p50", "p75", "p99", "max")
    lines = [
        f"{shell['name']}: {count:,} in {shell['planes']} planes, {shell['altitude_km']:g} km, "
        f"{shell['inclination_deg']:.2f} deg, load {shell['policy']}",
        f"  {watts(1e9 * shell['compute_gw'])} of compute; in the mean {shares}",
        f"  {'':<12}" + "".join(f"{name:>10}" for name in columns),
    ]
    for name, key, factor, digits in table_rows(shell["whole"]):
        values = "".join(f"{factor * shell['whole'][key][column]:>10.{digits}f}" for column in columns)
        lines.append(f"  {name:<12}{values}")
    return lines


def flown_text(flown: dict[str, Any]) -> str:
    """What the flight software did with the satellite that it flew."""
    jobs, broken = flown["jobs"], len(flown["violations"])
    limits = {0: "no limit broken", 1: "1 limit broken"}.get(broken, f"{broken} limits broken")
    return (
        f"Satellite {flown['satellite']:,} of {flown['shell']} was flown by the flight software with the payload and "
        f"demand of scenario {flown['scenario']}: {jobs['done']} of {jobs['arrived']} jobs, "
        f"value {flown['value']:.1f}, {limits}."
    )


def track_answer(campaign: Campaign, satellite: int, track: Track) -> dict[str, Any]:
    """One satellite replayed: its quantities at every sample."""
    shell = campaign.layers[track.layer].shell
    return {
        "satellite": satellite,
        "shell": shell.name,
        "index": track.index,
        "sample_hours": _list(campaign.hours()),
        "series": {name: track.values[:, index].tolist() for index, name in enumerate(NAMES)},
        "rows": track.rows[:, 0].tolist(),
    }


def track_text(found: dict[str, Any]) -> str:
    """The replay for a person: a line a sample."""
    series = found["series"]
    lines = [
        f"satellite {found['satellite']:,}: {found['index']:,} of {found['shell']}, alone, as in the whole",
        "",
        "  hours" + "".join(f"{name:>13}" for name, *_ in ROWS),
    ]
    for sample, hour in enumerate(found["sample_hours"]):
        cells = (f"{factor * series[key][sample]:>13.{digits}f}" for _, key, factor, digits in ROWS)
        lines.append(f"{hour:7.2f}{''.join(cells)}")
    return "\n".join(lines)

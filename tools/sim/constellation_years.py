"""A constellation's years in event mode: flown, as an object for JSON, as text and as a report."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from hal.clock import SECOND_NS, MonotonicClock
from sim.constellation.campaign import Progress
from sim.constellation.events_executors import executor
from sim.constellation.layers import Layer
from sim.constellation.statistics import PERCENTILES, Statistics
from sim.constellation.years import fly_for_years
from tools.flight import page
from tools.sim.constellation import energy_text, rounded, watts, years_text
from tools.sim.constellation_page import FAN, picture, write_page
from tools.sim.constellation_plots import Axis, fan_figure, power_figure

MODEL = "orbit by orbit in closed form; ageing battery and array; every sample tells of the days since the one before"
ROWS = (  # name, key, factor, digits
    ("sunlight, %", "sunlit", 100.0, 1),
    ("array, kW", "array_w", 1e-3, 3),
    ("compute, kW", "compute_w", 1e-3, 3),
    ("lowest battery, %", "soc_low", 100.0, 1),
    ("capacity left, %", "capacity", 100.0, 1),
    ("longest umbra, min", "umbra_min", 1.0, 1),
    ("array low, C", "array_low_c", 1.0, 1),
    ("array high, C", "array_high_c", 1.0, 1),
    ("payload low, C", "payload_low_c", 1.0, 1),
    ("payload high, C", "payload_high_c", 1.0, 1),
    ("body low, C", "body_low_c", 1.0, 1),
    ("body high, C", "body_high_c", 1.0, 1),
    ("dose, Gy", "dose_gy", 1.0, 2),
)

HEAT = (
    ("payload_high_c", "payload, highest, °C", 1.0, "payload"),
    ("array_low_c", "array, lowest, °C", 1.0, "array"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearsOutcome:
    """Layers that were flown for years, and what is told of them."""

    layers: tuple[Layer, ...]
    days: list[float]
    found: tuple[Statistics, ...]
    answer: dict[str, Any]


def run(
    layers: tuple[Layer, ...], epoch_unix_s: float, every_days: int, options: dict[str, Any], progress: Progress
) -> YearsOutcome:
    """Fly them. `answer["run"]` says how and how fast; nothing else depends on that."""
    clock, workers = MonotonicClock(), options["workers"] or len(os.sched_getaffinity(0))
    satellites, flown = sum(layer.shell.satellites for layer in layers), 0

    def tell(day: int, days: int) -> None:
        nonlocal flown
        progress(round(satellites * (day - flown) / days))
        flown = day

    start_ns = clock.now_ns()
    days, found = fly_for_years(
        layers,
        epoch_unix_s,
        options["years"],
        executor_name=options["executor"],
        workers=workers,
        every_days=every_days,
        block=options["block"],
        progress=tell,
    )
    wall_s = (clock.now_ns() - start_ns) / SECOND_NS
    answer = _answer(layers, days, found, epoch_unix_s, options["years"])
    answer["run"] = {
        "executor": executor(options["executor"]).name,
        "workers": "1 thread" if workers == 1 else f"{workers} threads",
        "wall_s": wall_s,
        "satellite_days_per_second": satellites * days[-1] / wall_s,
    }
    return YearsOutcome(layers=layers, days=days, found=found, answer=answer)


def _answer(
    layers: tuple[Layer, ...], days: list[float], found: tuple[Statistics, ...], epoch_unix_s: float, years: float
) -> dict[str, Any]:
    windows_d = np.diff([0.0, *days])
    compute_w = np.sum([one.total("compute_w") for one in found], axis=0)
    return {
        "satellites": sum(one.satellites for one in found),
        "date": datetime.fromtimestamp(epoch_unix_s, tz=UTC).isoformat().replace("+00:00", "Z"),
        "years": years,
        "sample_days": days,
        "compute_gw": float(np.average(compute_w, weights=windows_d)) / 1e9,
        "compute_low_gw": float(compute_w.min()) / 1e9,
        "compute_high_gw": float(compute_w.max()) / 1e9,
        "compute_gwh": float((compute_w * windows_d).sum()) * 24.0 / 1e9,
        "shells": [_shell(layer, one) for layer, one in zip(layers, found, strict=True)],
        "model": MODEL,
    }


def _shell(layer: Layer, one: Statistics) -> dict[str, Any]:
    shell = layer.shell
    return {
        "name": shell.name,
        "satellites": one.satellites,
        "planes": shell.plane_count,
        "altitude_km": shell.altitude_km,
        "policy": layer.design.load.follows,
        "whole": {
            name: {
                "mean": rounded(one.whole_mean[index]),
                "min": rounded(one.whole_low[index]),
                "max": rounded(one.whole_high[index]),
                **{f"p{p}": rounded(one.whole_percentiles[index, place]) for place, p in enumerate(PERCENTILES)},
            }
            for index, name in enumerate(one.names)
        },
        "series": {
            name: {
                "mean": [rounded(value) for value in one.mean[:, index]],
                **{
                    f"p{p}": [rounded(value) for value in one.percentiles[:, index, place]]
                    for place, p in enumerate(PERCENTILES)
                },
            }
            for index, name in enumerate(one.names)
        },
    }


def text(found: dict[str, Any]) -> str:
    """The answer for a person at a terminal."""
    run_, columns = found["run"], ("mean", "min", "p1", "p50", "p99", "max")
    lines = [
        f"{found['satellites']:,} satellites, {years_text(found['years'])} from {found['date']}, event mode",
        f"executor {run_['executor']}, {run_['workers']}: {run_['wall_s']:.1f} s, "
        f"{run_['satellite_days_per_second'] / 1e6:,.2f} million satellite-days/s",
        "",
        f"compute   {watts(1e9 * found['compute_gw'])} in the mean, {watts(1e9 * found['compute_low_gw'])} to "
        f"{watts(1e9 * found['compute_high_gw'])}; {energy_text(found['compute_gwh'])}",
    ]
    for shell in found["shells"]:
        lines += ["", f"{shell['name']}: {shell['satellites']:,}, {shell['altitude_km']:g} km, load {shell['policy']}"]
        lines.append(f"  {'':<18}" + "".join(f"{name:>10}" for name in columns))
        for name, key, factor, digits in ROWS:
            cells = "".join(f"{factor * shell['whole'][key][column]:>10.{digits}f}" for column in columns)
            lines.append(f"  {name:<18}{cells}")
    return "\n".join(lines)


def write_report(outcome: YearsOutcome, folder: Path) -> None:
    """Write `report.html`, `summary.json` and the PNGs into `folder`."""
    names = tuple(layer.shell.name for layer in outcome.layers)
    axis = Axis(times=np.array(outcome.days), label="days since the start", names=names, found=outcome.found)
    figures = {
        "power": power_figure(axis),
        "battery": fan_figure(
            axis,
            (("soc_low", "lowest battery, %", 100.0, "battery"), ("capacity", "capacity left, %", 100.0, "accent")),
        ),
        "sunlight": fan_figure(
            axis, (("sunlit", "sunlight, %", 100.0, "array"), ("umbra_min", "longest umbra, min", 1.0, "bus"))
        ),
        "temperature": fan_figure(axis, HEAT),
    }
    sections = [
        picture("Power and compute", "", figures, "power"),
        picture("Sunlight", FAN, figures, "sunlight"),
        picture("Batteries", FAN, figures, "battery"),
        picture("Temperatures", FAN, figures, "temperature"),
        *(_table(shell) for shell in outcome.answer["shells"]),
    ]
    answer = outcome.answer
    first = [
        ("satellites", f"{answer['satellites']:,}"),
        ("compute, mean", watts(1e9 * answer["compute_gw"])),
        ("compute, least", watts(1e9 * answer["compute_low_gw"])),
        ("compute energy", energy_text(answer["compute_gwh"])),
    ]
    write_page(answer, "A constellation for years", first, sections, figures, folder)


def _table(shell: dict[str, Any]) -> str:
    columns = ("mean", "min", "p1", "p25", "p50", "p75", "p99", "max")
    rows = [
        [name, *(f"{factor * shell['whole'][key][column]:.{digits}f}" for column in columns)]
        for name, key, factor, digits in ROWS
    ]
    return page.section(shell["name"], page.table(("", *columns), rows, 1))

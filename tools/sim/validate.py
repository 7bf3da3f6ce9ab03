"""All checks of the physics, as one object for JSON, as text, and as a report of HTML and JSON."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hal.clock import SECOND_NS, Clock, MonotonicClock
from sim.season import YearRequest, survey
from sim.single import SingleRequest, fly_single
from tools.sim import (
    check_codes,
    check_flight,
    check_heat,
    check_motion,
    check_radiation,
    check_sun,
    check_tle,
    check_year,
)
from tools.sim.row import OFF, OK, SKIP, Row

KNOWN_LIMITS = (
    "These rows take the Earth as a sphere of equatorial radius. Its flattening, an option, shortens the longest "
    "dawn-dusk eclipse by about 0.3 min at 500 km and 0.6 min at 1,000 km; its air moves a limb by 10-20 km, of the "
    "same size, and is left out.",
    "Orbits are near-circular under secular J2: 5-7 km or about a second of flight after three days, without drag. "
    "The node's drift is first-order in J2: 9e-4 off in sun-synchronous orbits, 2.3e-3 at 30 degrees.",
    "The Sun is the Astronomical Almanac's low-precision formula: 0.011 deg and 9e-5 au over 2020-2050.",
    "In a year, Sun and node stand still while an orbit lasts; one orbit of power is two-body and moves the Sun.",
    "The loss-free battery is an integral between empty and full; the one with losses scales one measured pack.",
    "Doses carry a factor of 1.5: the trapped-particle models behind them are no better.",
    "Whole orbits differ from Basilisk's by its whole seconds: its sums take the end of each, up to one second of "
    "eclipse where the orbit begins in the dark, and half a second of power.",
)
PACKAGES = ("penumbra-fsw", "numpy", "sgp4", "bsk", "skyfield", "radbelt")
SPEED_SATELLITES = 20_000  # half a second for all executors together


def validate(clock: Clock | None = None) -> dict[str, Any]:
    """Every row with its status, counts, speeds on this machine, versions and known limits."""
    rows = list(all_rows())
    count = Counter(row.status for row in rows)
    return {
        "rows": [_told(row) for row in rows],
        "counts": {status: count[status] for status in (OK, OFF, SKIP)},
        "speeds": _speeds(clock or MonotonicClock()),
        "machine": machine(),
        "versions": versions(),
        "known_limits": list(KNOWN_LIMITS),
    }


def all_rows() -> Iterator[Row]:
    """The checks of each kind, in the order of the report."""
    motion, others = (check_year, check_motion, check_sun, check_tle), (check_codes, check_flight)
    for check in (*motion, *others, check_heat, check_radiation):
        yield from check.rows()


def _told(row: Row) -> dict[str, Any]:
    names = ("section", "name", "status", "expected", "got", "tolerance", "unit", "source", "reason")
    return {name: getattr(row, name) for name in names}


def machine() -> str:
    """Processor, cores given to this process, system and Python, in a line."""
    return (
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {platform.system()}, Python {platform.python_version()}"
    )


def _processor() -> str:
    """The model's name where the system tells it, else the architecture."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text("utf-8").splitlines() if told.is_file() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def versions() -> dict[str, str | None]:
    """Of Penumbra, and of the independent programs: None where not installed, where their frozen files serve."""
    found: dict[str, str | None] = dict.fromkeys(PACKAGES)
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _speeds(clock: Clock) -> dict[str, float | None]:
    """Wall seconds of the two everyday questions, and satellite-steps a second of each executor, one thread."""
    from tools.bench import constellation

    measured = constellation.run(SPEED_SATELLITES, repeats=2, workers=1)["sat_steps_per_second"]
    return {
        "year_of_an_orbit_s": _best_s(clock, lambda: survey(YearRequest())),
        "power_of_an_orbit_s": _best_s(clock, lambda: fly_single(SingleRequest(is_lossless=True))),
        **{f"constellation_{name}_sat_steps_per_second": speed for name, speed in measured.items()},
    }


def _best_s(clock: Clock, work: Callable[[], object]) -> float:
    spent = []
    for _ in range(3):
        start_ns = clock.now_ns()
        work()
        spent.append((clock.now_ns() - start_ns) / SECOND_NS)
    return min(spent)


def text(found: dict[str, Any]) -> str:
    """Rows that are off, rows skipped with the reason, and the counts, for a terminal."""
    lines = [f"off   {_line(row)}" for row in found["rows"] if row["status"] == OFF]
    lines += [f"skip  {row['name']} ({row['source']}): {row['reason']}" for row in found["rows"] if row["reason"]]
    speeds = found["speeds"]
    lines += [
        "",
        *(f"limit {limit}" for limit in found["known_limits"]),
        "",
        f"a year of an orbit in {1e3 * speeds['year_of_an_orbit_s']:.0f} ms, "
        f"one orbit of power in {1e3 * speeds['power_of_an_orbit_s']:.0f} ms ({found['machine']})",
        counted(found),
    ]
    return "\n".join(lines)


def counted(found: dict[str, Any]) -> str:
    """How many rows are ok, off and skipped."""
    return ", ".join(f"{number} {status}" for status, number in found["counts"].items())


def _line(row: dict[str, Any]) -> str:
    return f"{row['section']}: {row['name']}: expected {row['expected']} {row['unit']}, got {row['got']}"


def write_report(found: dict[str, Any], folder: Path) -> None:
    """`validation.html` and `validation.json` in a folder, each whole or not at all."""
    from tools.sim.validate_page import html

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("validation.json", json.dumps(found, indent=1) + "\n"), ("validation.html", html(found))):
        part = folder / f"{name}.part"
        part.write_text(content, encoding="utf-8")
        part.replace(folder / name)

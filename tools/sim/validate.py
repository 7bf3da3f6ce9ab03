"""All checks of the physics, as one object for JSON, as text, and as a report of HTML and JSON."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from hal.clock import SECOND_NS, Clock, MonotonicClock
from sim.season import YearRequest, survey
from sim.single import SingleRequest, fly_single
from tools.sim import check_codes, check_heat, check_motion, check_year
from tools.sim.row import OFF, OK, SKIP, Row

KNOWN_LIMITS = (
    "The Earth is a sphere of equatorial radius. Its flattening shortens the longest dawn-dusk eclipse by about "
    "0.3 min at 500 km and 0.6 min at 1,000 km; its air moves a limb by 10-20 km, of the same size, and is left out.",
    "Orbits are near-circular under secular J2: 5-7 km or about a second of flight after three days, without drag. "
    "The node's drift is first-order in J2: 9e-4 off in sun-synchronous orbits, 2.3e-3 at 30 degrees.",
    "The Sun is the Astronomical Almanac's low-precision formula: 0.011 deg and 9e-5 au over 2020-2050.",
    "In a year, Sun and node stand still while an orbit lasts; one orbit of power is two-body and moves the Sun.",
    "The loss-free battery is an integral between empty and full; the one with losses scales one measured pack.",
    "No dose is kept, and no TLE is read.",
)


def validate(clock: Clock | None = None) -> dict[str, Any]:
    """Every row with its status, counts, speeds on this machine and known limits."""
    rows = list(all_rows())
    count = Counter(row.status for row in rows)
    return {
        "rows": [_told(row) for row in rows],
        "counts": {status: count[status] for status in (OK, OFF, SKIP)},
        "speeds": _speeds(clock or MonotonicClock()),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "known_limits": list(KNOWN_LIMITS),
    }


def all_rows() -> Iterator[Row]:
    """The checks of each kind, in the order of the report."""
    for checks in (check_year.rows, check_motion.rows, check_codes.rows, check_heat.rows):
        yield from checks()


def _told(row: Row) -> dict[str, Any]:
    names = ("section", "name", "status", "expected", "got", "tolerance", "unit", "source", "reason")
    return {name: getattr(row, name) for name in names}


def _speeds(clock: Clock) -> dict[str, float]:
    """Wall seconds of the two everyday questions, each the best of three."""
    return {
        "year_of_an_orbit_s": _best_s(clock, lambda: survey(YearRequest())),
        "power_of_an_orbit_s": _best_s(clock, lambda: fly_single(SingleRequest(is_lossless=True))),
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
        _counted(found),
    ]
    return "\n".join(lines)


def _counted(found: dict[str, Any]) -> str:
    return ", ".join(f"{number} {status}" for status, number in found["counts"].items())


def _line(row: dict[str, Any]) -> str:
    return f"{row['section']}: {row['name']}: expected {row['expected']} {row['unit']}, got {row['got']}"


def write_report(found: dict[str, Any], folder: Path) -> None:
    """`validation.html` and `validation.json` in a folder, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("validation.json", json.dumps(found, indent=1) + "\n"), ("validation.html", html(found))):
        part = folder / f"{name}.part"
        part.write_text(content, encoding="utf-8")
        part.replace(folder / name)


def html(found: dict[str, Any]) -> str:
    """The report as one page that fetches nothing."""
    from tools.flight import page

    head = "<h1>Validation of the physics</h1>"
    head += f"<p class=about>Each row compares Penumbra with a number from elsewhere. {_counted(found)}.</p>"
    sections = list(dict.fromkeys(row["section"] for row in found["rows"]))
    compared = "".join(
        page.section(title[:1].upper() + title[1:], _table([row for row in found["rows"] if row["section"] == title]))
        for title in sections
    )
    limits = "".join(f"<li>{limit}</li>" for limit in found["known_limits"])
    speeds = page.table(["question", "seconds"], [[k, f"{v:.4f}"] for k, v in found["speeds"].items()], 1)
    body = head + compared + page.section("Speeds", f"<p>{found['machine']}</p>{speeds}")
    return page.document("Penumbra: validation", body + page.section("Known limits", f"<ul>{limits}</ul>"))


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """Compared rows with their numbers; skipped ones with the reason in their place."""
    from tools.flight import page

    compared = [
        [
            row["name"], row["source"], row["status"], f"{row['expected']:.7g}", f"{row['got']:.7g}",
            f"{row['tolerance']:.2g}", row["unit"],
        ]
        for row in rows if row["status"] != SKIP
    ]  # fmt: skip
    left = [[row["name"], row["source"], row["reason"]] for row in rows if row["status"] == SKIP]
    columns = ["what", "source", "status", "expected", "got", "tolerance", "unit"]
    told = page.table(columns, compared, 3) if compared else ""
    return told + (page.table(["skipped", "source", "reason"], left, 3) if left else "")

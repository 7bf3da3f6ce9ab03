"""Checks of two-line elements: the published vectors of SGP4 through our types, each satellite's worst place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sim.frames import Teme
from sim.tle import MissingSgp4, Tle, TleOrbit
from tools.sim.oracles import FOLDER, frozen
from tools.sim.row import Row, skipped

SECTION, SOURCE = "two-line elements", "Vallado et al., Revisiting Spacetrack Report #3"
TOLERANCE_M = 1.0


def rows(folder: Path = FOLDER) -> Iterator[Row]:
    """A row for each satellite, or one that says what is missing."""
    content = frozen("vectors", folder)
    if content is None:
        yield skipped(SECTION, "SGP4 vectors", SOURCE, "vectors.json is not part of this installation")
        return
    try:
        for number, satellite in content["satellites"].items():
            yield _row(number, satellite)
    except MissingSgp4:
        yield skipped(SECTION, "SGP4 vectors", SOURCE, "the package sgp4, which reads two-line elements, is missing")


def _row(number: str, satellite: dict[str, Any]) -> Row:
    return Row(
        section=SECTION,
        name=f"satellite {number}, worst of {len(satellite['places'])} places",
        source=SOURCE,
        unit="m",
        expected=0.0,
        got=worst_m(satellite),
        tolerance=TOLERANCE_M,
    )


def worst_m(satellite: dict[str, Any]) -> float:
    """The largest distance from the published places."""
    orbit = TleOrbit(Tle(line1=satellite["line1"], line2=satellite["line2"]))
    apart = []
    for minutes, *place_km in satellite["places"]:
        place, _ = orbit.state(60.0 * minutes)
        apart.append((place - Teme(*(1000.0 * part for part in place_km))).length)
    return max(apart)

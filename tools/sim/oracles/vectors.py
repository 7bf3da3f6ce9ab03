"""The published vectors of SGP4, as the package sgp4 (MIT) carries them: `vectors.json`.

Source: Vallado, Crawford, Hujsak and Kelso, Revisiting Spacetrack Report #3 (AIAA 2006-6753), files SGP4-VER.TLE and
tcppver.out. Only places are kept, a few of each satellite. Lines whose checksum does not hold are made to hold, and
the two satellites whose elements are wrong on purpose are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from sim.tle import LINE_LENGTH, checksum
from tools.sim.oracles import freeze

PLACES = 5  # of each satellite, spread over the times published
WRONG_ON_PURPOSE = frozenset({"33333", "33334"})  # they check what is said of an error


def ask() -> dict[str, Any]:
    """For each satellite its two lines, and rows of minutes since epoch and place in kilometres (TEME)."""
    import sgp4

    folder = Path(sgp4.__file__).parent
    lines = (folder / "SGP4-VER.TLE").read_text("ascii").splitlines()
    pairs = [(one, two) for one, two in pairwise(lines) if one[:2] == "1 " and two[:2] == "2 "]
    places = dict(_published((folder / "tcppver.out").read_text("ascii").splitlines()))
    satellites = {}
    for one, two in pairs:
        number = one[2:7].strip().lstrip("0")
        if number not in WRONG_ON_PURPOSE and number not in satellites:
            told = places[number]
            kept = sorted({round(at * (len(told) - 1) / (PLACES - 1)) for at in range(PLACES)})
            satellites[number] = {"line1": _whole(one), "line2": _whole(two), "places": [told[at] for at in kept]}
    return {
        "source": f"Revisiting Spacetrack Report #3 (2006), tcppver.out of sgp4 {version('sgp4')}",
        "made": "2026-11-21",
        "satellites": satellites,
    }


def _whole(line: str) -> str:
    """Sixty-nine columns with the checksum that they add up to; what follows is the published span of time."""
    return line[: LINE_LENGTH - 1] + str(checksum(line))


def _published(lines: list[str]) -> Iterator[tuple[str, list[list[float]]]]:
    """Satellite by satellite: a line with the number, then a line each of minutes, kilometres, and more."""
    number = ""
    rows: list[list[float]] = []
    for line in lines:
        if line.endswith("xx"):
            yield number, rows
            number, rows = line.split()[0], []
        else:
            rows.append([float(part) for part in line.split()[:4]])
    yield number, rows


if __name__ == "__main__":
    freeze("vectors", ask())

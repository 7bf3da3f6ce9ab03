"""Checks of the Sun: JPL's DE421 over thirty years, and published instants of 2026."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from math import asin, atan2, degrees
from pathlib import Path
from typing import Any

import numpy as np

from sim.discs import Floats
from sim.frames import j2000_from_of_date, towards
from sim.sun import sun_at
from tools.sim.oracles import FOLDER, frozen
from tools.sim.row import Row, skipped

SECTION = "Sun"
IMCCE = "IMCCE, seasons and apsides of 2026"
# instant, what is compared, degrees
INSTANTS = (
    ((2026, 3, 20, 14, 46), "declination at the equinox", 0.0),
    ((2026, 6, 21, 8, 24), "right ascension at the solstice", 90.0),
    ((2026, 9, 23, 0, 5), "declination at the September equinox", 0.0),
)
APSIDES = (((1, 3), "distance at perihelion", 0.98330), ((7, 6), "distance at aphelion", 1.01664))
SUN_DEG = 0.02  # the formula is within 0.011 deg of JPL DE421 over 2020-2050
DISTANCE_AU = 1e-4


def rows(folder: Path = FOLDER) -> Iterator[Row]:
    """Thirty years, then the instants."""
    content = frozen("sun", folder)
    if content is None:
        yield skipped(SECTION, "JPL DE421, 2020-2050", "JPL DE421", "sun.json is not part of this installation")
    else:
        yield from _years(content)
    yield from _instants()


def _years(content: dict[str, Any]) -> Iterator[Row]:
    """Largest and mean square differences; the last rows show what mixing the frames would cost."""
    found, source = differences(content), content["source"].split(",")[0]
    far = found["unturned_deg"]
    for name, unit, expected, got, tolerance in (
        ("of date, largest in 2020-2050", "deg", 0.0, found["of_date_deg"].max(), SUN_DEG),
        ("of date, root of mean square", "deg", 0.004, _rms(found["of_date_deg"]), 0.002),
        ("turned to J2000, largest in 2020-2050", "deg", 0.0, found["j2000_deg"].max(), SUN_DEG),
        ("distance, largest in 2020-2050", "au", 0.0, found["distance_au"].max(), DISTANCE_AU),
        ("of date taken for J2000, largest: precession", "deg", 0.70, far.max(), SUN_DEG),
        ("of date taken for J2000, root of mean square", "deg", 0.51, _rms(far), SUN_DEG),
    ):
        yield Row(
            section=SECTION,
            name=f"against DE421, {name}",
            source=source,
            unit=unit,
            expected=expected,
            got=float(got),
            tolerance=tolerance,
        )


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


def differences(content: dict[str, Any]) -> dict[str, Floats]:
    """Angles in degrees between our Sun and the frozen one, and distances in au; `unix_s` tells when."""
    unix_s = content["start_unix_s"] + content["step_s"] * np.arange(len(content["distance_au"]))
    suns = [sun_at(float(when)) for when in unix_s]
    ours = [towards(sun) for sun in suns]
    turned = [j2000_from_of_date(seen, float(when)) for seen, when in zip(ours, unix_s, strict=True)]
    of_date, old = (np.array([(seen.x, seen.y, seen.z) for seen in frame]) for frame in (ours, turned))
    return {
        "unix_s": unix_s,
        "of_date_deg": _apart_deg(of_date, _directions(content, "of_date")),
        "j2000_deg": _apart_deg(old, _directions(content, "gcrs")),
        "unturned_deg": _apart_deg(of_date, _directions(content, "gcrs")),
        "distance_au": np.abs(np.array([sun.distance_au for sun in suns]) - np.array(content["distance_au"])),
    }


def _directions(content: dict[str, Any], frame: str) -> Floats:
    """Unit vectors (n, 3)."""
    ascension, declination = (
        np.radians(content[f"{frame}_{angle}_deg"]) for angle in ("right_ascension", "declination")
    )
    level = np.cos(declination)
    return np.stack([level * np.cos(ascension), level * np.sin(ascension), np.sin(declination)], axis=1)


def _apart_deg(one: Floats, other: Floats) -> Floats:
    """Angles between unit vectors, by the chord, which is exact for small ones."""
    chords: Floats = np.linalg.norm(one - other, axis=1)
    return np.degrees(2.0 * np.arcsin(0.5 * chords))


def _instants() -> Iterator[Row]:
    for instant, name, expected in INSTANTS:
        sun = sun_at(datetime(*instant, tzinfo=UTC).timestamp())
        got = degrees(atan2(sun.y, sun.x)) if "ascension" in name else degrees(asin(sun.z))
        yield Row(section=SECTION, name=name, source=IMCCE, unit="deg", expected=expected, got=got, tolerance=SUN_DEG)
    for (month, day), name, expected in APSIDES:
        got = sun_at(datetime(2026, month, day, 17, tzinfo=UTC).timestamp()).distance_au
        yield Row(
            section=SECTION, name=name, source=IMCCE, unit="au", expected=expected, got=got, tolerance=DISTANCE_AU
        )

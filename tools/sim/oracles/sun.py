"""Sun of JPL's DE421 through skyfield (MIT; kernel from the package skyfield-data), 2020-2050: `sun.json`.

Apparent, geocentric: against the mean equator and equinox of date, and against GCRS, which is J2000 within 0.02
arcseconds. The mean frame is skyfield's GCRS turned by its precession matrix, without nutation.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np

from tools.sim.oracles import freeze

START_S = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
STEP_S = 946_699.0  # 10.957 days, not a multiple of one: every hour and every season are met
POINTS = 1_000  # 30 years
DEGREE_DIGITS, AU_DIGITS = 6, 8  # 4 milliarcseconds and 1.5 km


def ask(points: int = POINTS, step_s: float = STEP_S) -> dict[str, Any]:
    """Right ascension and declination in degrees in both frames, distance in au."""
    from skyfield.api import Loader
    from skyfield_data import get_skyfield_data_path

    load = Loader(get_skyfield_data_path())
    scale, kernel = load.timescale(builtin=True), load("de421.bsp")
    when = scale.utc(1970, 1, 1, 0, 0, START_S + np.arange(points) * step_s)
    seen = kernel["earth"].at(when).observe(kernel["sun"]).apparent().position.au
    return {
        "source": f"JPL DE421 through skyfield {version('skyfield')}, apparent and geocentric; "
        f"kernel of skyfield-data {version('skyfield-data')}",
        "made": "2026-11-21",
        "start_unix_s": START_S,
        "step_s": step_s,
        **_told("of_date", np.einsum("ijn,jn->in", when.P, seen)),
        **_told("gcrs", seen),
        "distance_au": np.round(np.linalg.norm(seen, axis=0), AU_DIGITS).tolist(),
    }


def _told(frame: str, seen: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, list[float]]:
    x, y, z = seen / np.linalg.norm(seen, axis=0)
    return {
        f"{frame}_right_ascension_deg": np.round(np.degrees(np.arctan2(y, x)) % 360.0, DEGREE_DIGITS).tolist(),
        f"{frame}_declination_deg": np.round(np.degrees(np.arcsin(z)), DEGREE_DIGITS).tolist(),
    }


if __name__ == "__main__":
    freeze("sun", ask())

"""The dose of a minute over one shell, on the grid of `sim.belts.ShellMap`, for the three executors alike.

Behind the shield of `sim.radiation`, galactic protons included; the map is that of the calendar year. Between the nodes
of the grid the dose is bilinear in latitude and longitude.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sim.belts import LATITUDES, LONGITUDES, load_belts
from sim.radiation import SHIELD_MM
from sim.shielding import dose_weights

DOSE_S = 60.0  # 4 deg of orbit against an anomaly 40 deg high
CELLS_A_DEG = 0.5
EQUATOR_ROW, GREENWICH_COLUMN = (LATITUDES - 1) / 2.0, (LONGITUDES - 1) / 2.0
LAST_ROW, LAST_COLUMN = LATITUDES - 2.0, LONGITUDES - 2.0  # where the last cell begins
STRIDE = LONGITUDES


@lru_cache(maxsize=64)
def dose_map(altitude_km: float, year: float) -> NDArray[np.float64]:
    """uGy in `DOSE_S`, row after row from the south pole and 180 W, (91 * 181,) float64."""
    shell = load_belts().shell(altitude_km, year)
    grid: NDArray[np.float64] = np.ascontiguousarray(shell.combined(dose_weights(SHIELD_MM)) * DOSE_S).ravel()
    grid.flags.writeable = False
    return grid


@lru_cache(maxsize=64)
def dose_list(altitude_km: float, year: float) -> list[float]:
    """The same as a list, which plain Python reads faster."""
    found: list[float] = dose_map(altitude_km, year).tolist()
    return found


def map_year(unix_s: float) -> float:
    """The year whose map serves at a time."""
    return float(datetime.fromtimestamp(unix_s, UTC).year)

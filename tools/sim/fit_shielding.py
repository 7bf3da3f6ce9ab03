"""Fits the responses of `sim.shielding` to a table of doses: `python -m tools.sim.fit_shielding` prints them.

For each depth the four weights, none negative, that leave the least relative error over the eight orbits; the row of
SPENVIS counts as much as `ANCHOR_COUNTS` others.
"""

from __future__ import annotations

from itertools import combinations
from math import degrees

import numpy as np
from numpy.typing import NDArray

from hal.constants import EARTH_RADIUS_M
from sim.belts import YEAR_S, orbit_means
from sim.orbit import sun_synchronous_inclination_rad
from sim.shielding import ANCHOR_KRAD_YEAR, DEPTHS_MM

Array = NDArray[np.float64]

# altitude km: krad(Si) a year at the centre of a solid sphere behind 1, 2, 4, 5 and 10 mm, AP8 min and AE8 max
DOSES = {
    500.0: (5.4, 1.9, 0.41, 0.22, 0.08),
    550.0: ANCHOR_KRAD_YEAR,  # SPENVIS, SHIELDOSE-2, of pfandzelter/leo-edge-failure-models
    600.0: (7.4, 2.6, 0.62, 0.37, 0.16),
    680.0: (9.4, 3.3, 0.84, 0.53, 0.27),
    800.0: (13.0, 4.6, 1.3, 0.88, 0.50),
    1000.0: (23.0, 7.8, 2.5, 1.8, 1.1),
    1500.0: (93.0, 30.0, 11.0, 8.9, 6.0),
    2000.0: (290.0, 88.0, 31.0, 24.0, 15.0),
}
ANCHOR_KM, ANCHOR_COUNTS = 550.0, 3.0


def inclination_deg(altitude_km: float) -> float:
    """Sun-synchronous."""
    return degrees(sun_synchronous_inclination_rad(EARTH_RADIUS_M + 1000.0 * altitude_km))


def fitted(fluxes: Array, doses_ugy_s: Array, counts: Array) -> Array:
    """Weights of four, none negative, with the least counted relative errors; `fluxes` is (orbits, 4)."""
    scaled, ones = fluxes / doses_ugy_s[:, None] * counts[:, None], counts
    best, least = np.zeros(4), np.inf
    for size in range(1, 5):
        for chosen in combinations(range(4), size):
            weights = np.zeros(4)
            weights[list(chosen)] = np.linalg.lstsq(scaled[:, chosen], ones, rcond=None)[0]
            error = float(np.sum((scaled @ weights - ones) ** 2))
            if np.all(weights >= 0.0) and error < least:
                best, least = weights, error
    return best


def main() -> None:
    """Print the weights of each depth and their largest relative error."""
    fluxes = np.array([orbit_means(km, inclination_deg(km)).fluxes[:4] for km in DOSES])
    counts = np.array([ANCHOR_COUNTS if km == ANCHOR_KM else 1.0 for km in DOSES])
    for index, depth_mm in enumerate(DEPTHS_MM):
        doses_ugy_s = np.array([row[index] for row in DOSES.values()]) * 1e7 / YEAR_S
        weights = fitted(fluxes, doses_ugy_s, counts)
        errors = fluxes @ weights / doses_ugy_s - 1.0
        numbers = ", ".join(f"{weight:.3g}" for weight in weights)
        print(f"    ({numbers}),  # {depth_mm:g} mm: {', '.join(f'{error:+.0%}' for error in errors)}")


if __name__ == "__main__":
    main()

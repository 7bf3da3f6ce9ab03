"""Dose behind aluminium for each particle outside: a response in protons and electrons for five depths.

The response is fitted (`tools.sim.fit_shielding`) to doses at the centre of a solid sphere of aluminium on eight
sun-synchronous orbits of 500 to 2,000 km. Their row at 550 km is of SPENVIS, SHIELDOSE-2, AP8 min and AE8 max; the
others are scaled from it by straight-line transport and good to a factor of 1.5. The fit is within 7 % of all.
"""

from __future__ import annotations

from math import log

DEPTHS_MM = (1.0, 2.0, 4.0, 5.0, 10.0)
ANCHOR_KRAD_YEAR = (6.4, 2.2, 0.50, 0.29, 0.11)  # SPENVIS, 550 km sun-synchronous
# uGy for a particle/cm2: protons above 10, 30 and 100 MeV (the fluxes overlap), electrons above 1 MeV
RESPONSES = (
    (6.15e-3, 0.0, 0.0, 6.04e-4),
    (1.70e-3, 0.0, 0.0, 2.16e-4),
    (3.95e-4, 1.16e-3, 0.0, 3.78e-5),
    (2.62e-4, 1.27e-3, 0.0, 1.56e-5),
    (1.83e-4, 0.0, 2.12e-3, 0.0),
)


def dose_weights(shield_mm: float) -> tuple[float, float, float, float, float]:
    """uGy for a particle/cm2 of each flux of `sim.belts.ShellMap`, galactic protons last; ValueError outside 1..10 mm.

    Between two depths of the table their responses are mixed, so that the dose at 550 km is a power of the depth.
    """
    if not DEPTHS_MM[0] <= shield_mm <= DEPTHS_MM[-1]:
        raise ValueError(f"shield_mm must be in {DEPTHS_MM[0]:g}..{DEPTHS_MM[-1]:g}, is {shield_mm}")
    index = sum(1 for depth_mm in DEPTHS_MM[1:-1] if shield_mm >= depth_mm)
    thin, thick = ANCHOR_KRAD_YEAR[index : index + 2]
    power = log(thick / thin) / log(DEPTHS_MM[index + 1] / DEPTHS_MM[index])
    share = (1.0 - (shield_mm / DEPTHS_MM[index]) ** power) / (1.0 - thick / thin)
    a, b, c, d = (
        (1.0 - share) * near + share * far for near, far in zip(RESPONSES[index], RESPONSES[index + 1], strict=True)
    )
    return a, b, c, d, a + b + c  # a galactic proton is above all three thresholds

"""Checks of the radiation: orbit means and doses of the map against tables, where the protons are, radbelt's own point.

The tables are for sun-synchronous orbits; means and doses with protons of solar minimum and electrons of solar maximum.
`belts` is an independent sampling of AP8 and AE8 in the field of their epoch, good to 20 %.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import degrees

import numpy as np

from hal.constants import EARTH_RADIUS_M
from sim.belts import SPECIES, ShellMap, dose_krad_year, load_belts, orbit_means
from sim.orbit import sun_synchronous_inclination_rad
from sim.shielding import DEPTHS_MM
from tools.sim.fit_shielding import ANCHOR_KM, DOSES
from tools.sim.row import Row

BELTS, DOSE = "radiation belts", "dose"
SAMPLED = "independent sampling of AP8 and AE8"
SPENVIS = "SPENVIS, SHIELDOSE-2, in pfandzelter/leo-edge-failure-models"
SCALED = "straight-line transport, scaled from SPENVIS at 550 km"
SUNCATCHER = "Aguera y Arcas et al., space-based AI infrastructure"
MODELS = "AP8 and AE8 by radbelt, frozen with the map"
RADBELT = "radbelt, documented example"
FIELD_YEAR = 1964.0

# altitude km: protons above 10 and 30 MeV, electrons above 1 MeV in 1/(cm2 s), share of time above 1 % of the peak
MEANS = {
    500.0: (23.0, 17.0, 2.4e3, 0.05),
    600.0: (50.0, 37.0, 3.2e3, 0.06),
    680.0: (83.0, 63.0, 3.9e3, 0.07),
    800.0: (158.0, 119.0, 5.3e3, 0.08),
    1000.0: (380.0, 273.0, 8.4e3, 0.13),
    2000.0: (7.1e3, 3.7e3, 7.6e4, 0.40),
}
SHARE_TOLERANCE = 0.015  # the table is rounded to a hundredth, and "5-7 %" at 600 km
BOX_DEG = (-55.0, 10.0, -100.0, 40.0)  # latitude and longitude around the anomaly, in the map's epoch
# Altitude km, share, tolerance: "100 %" is all but a rounding; between, the table samples a few orbits (means: 20 %).
BOX_SHARES = ((500.0, 1.0, 0.005), (650.0, 1.0, 0.005), (800.0, 1.0, 0.005), (1000.0, 0.96, 0.03), (2000.0, 0.48, 0.03))
RADBELT_20_MEV_CM2_S = 2642.5025


def rows() -> Iterator[Row]:
    """All checks of the belts and of the dose."""
    yield _row(BELTS, "20 MeV protons at 30 S, 45 W, 500 km, as the map was made", RADBELT, "1/(cm2 s)",
               RADBELT_20_MEV_CM2_S, load_belts().provenance["radbelt_20_mev_cm2_s"], 1e-3)  # fmt: skip
    yield from _probes()
    yield from _means()
    yield from _boxes()
    yield from _doses()


def _probes() -> Iterator[Row]:
    """The map off its grid against the models asked there: the sum over 400 places, between 400 and 2,500 km."""
    belts = load_belts()
    places = [belts.probes[f"probe_{name}"] for name in ("altitude_km", "latitude_deg", "longitude_deg")]
    for index, species in enumerate(SPECIES):
        direct, found = float(belts.probes["probe_flux_cm2_s"][index, 0].sum()), belts.in_epoch(index, 0, *places)
        name = f"{species.replace('_', ' ')} at {len(places[0])} places off the grid, sum"
        yield _row(BELTS, name, MODELS, "1/(cm2 s)", direct, float(found.sum()), 0.05)


def _means() -> Iterator[Row]:
    for altitude_km, (protons_10, protons_30, electrons, share) in MEANS.items():
        found = orbit_means(altitude_km, _inclination_deg(altitude_km))
        for name, expected, got in (
            ("protons above 10 MeV", protons_10, found.protons_10_mev_cm2_s),
            ("protons above 30 MeV", protons_30, found.protons_30_mev_cm2_s),
            ("electrons above 1 MeV", electrons, found.electrons_1_mev_cm2_s),
        ):
            yield _row(BELTS, f"{altitude_km:g} km: mean of {name}", SAMPLED, "1/(cm2 s)", expected, got, 0.2)
        name = f"{altitude_km:g} km: time above 1 % of the peak"
        yield _row(BELTS, name, SAMPLED, "", share, found.share_above_1_percent, SHARE_TOLERANCE / share)


def _boxes() -> Iterator[Row]:
    for altitude_km, expected, tolerance in BOX_SHARES:
        got = box_share(load_belts().shell(altitude_km, FIELD_YEAR, "min"), _inclination_deg(altitude_km))
        name = f"{altitude_km:g} km: share of the protons above 30 MeV over 55 S - 10 N, 100 W - 40 E"
        yield _row(BELTS, name, SAMPLED, "", expected, got, tolerance / expected)


def box_share(shell: ShellMap, inclination_deg: float) -> float:
    """Of the fluence of protons above 30 MeV on an orbit, the part inside `BOX_DEG`."""
    south, north, west, east = BOX_DEG
    steps = 7200
    argument = (np.arange(steps) + 0.5) * (2.0 * np.pi / steps)
    latitude = np.degrees(np.arcsin(np.sin(argument) * np.sin(np.radians(inclination_deg))))
    longitude = np.linspace(-180.0, 180.0, shell.fluxes.shape[2])[:-1]
    flux = shell.along_orbit(inclination_deg, steps)[1]
    inside = ((latitude >= south) & (latitude <= north))[:, None] & ((longitude >= west) & (longitude <= east))[None, :]
    return float(flux[inside].sum() / flux.sum())


def _doses() -> Iterator[Row]:
    for altitude_km, row in DOSES.items():
        source = SPENVIS if altitude_km == ANCHOR_KM else SCALED
        for depth_mm, expected in zip(DEPTHS_MM, row, strict=True):
            got = dose_krad_year(altitude_km, _inclination_deg(altitude_km), depth_mm)
            yield _row(DOSE, f"{altitude_km:g} km behind {depth_mm:g} mm", source, "krad/year", expected, got, 0.25)
    for depth_mm, expected in ((2.0, 11.2), (4.0, 2.5), (10.0, 0.565)):
        got = 5.0 * dose_krad_year(ANCHOR_KM, _inclination_deg(ANCHOR_KM), depth_mm)
        yield _row(DOSE, f"550 km, five years behind {depth_mm:g} mm", SPENVIS, "krad", expected, got, 0.25)
    got = dose_krad_year(650.0, _inclination_deg(650.0), 10.0)
    yield _row(DOSE, "650 km behind 10 mm at solar minimum, an upper case of a stated 0.15", SUNCATCHER, "krad/year",
               0.22, got, 0.25)  # fmt: skip


def _inclination_deg(altitude_km: float) -> float:
    return degrees(sun_synchronous_inclination_rad(EARTH_RADIUS_M + 1000.0 * altitude_km))


def _row(section: str, name: str, source: str, unit: str, expected: float, got: float, relative: float) -> Row:
    return Row(
        section=section,
        name=name,
        source=source,
        unit=unit,
        expected=expected,
        got=got,
        tolerance=relative * expected,
    )

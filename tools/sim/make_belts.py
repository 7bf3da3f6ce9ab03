"""Makes `sim/maps/belts.npz` and `belts.json`: trapped protons and electrons by altitude, latitude and longitude.

Offline only: `python -m tools.sim.make_belts` in an environment with `radbelt` and `astropy`; about ten minutes on two
cores. Source: NASA's AP8 and AE8 (Sawyer and Vette 1976, Vette 1991) with the IGRF, as in nasa/radbelt.

Each model is asked with the magnetic field of its own data: 1964 for AP8 at solar minimum and for AE8, 1970 for AP8 at
solar maximum. With the field of today the models put the mirror points too low and give near twice the protons at
500 km. The place of the anomaly has moved west since; `sim.belts` shifts the map when it is read.

Places are geocentric: altitude over the equatorial radius of a spherical Earth and geocentric latitude, as the orbits
of `sim` have them; the models get the geodetic place of the same point.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hal.clock import utc_ns
from hal.constants import EARTH_RADIUS_M

Array = NDArray[np.float64]

FOLDER = Path(__file__).resolve().parents[2] / "sim" / "maps"
ALTITUDES_KM = (
    300, 400, 450, 500, 550, 600, 650, 700, 800, 900, 1000, 1200, 1400, 1600, 1800, 2000, 2250, 2500,
)  # fmt: skip
LATITUDE_STEP_DEG, LONGITUDE_STEP_DEG = 2.0, 4.0  # the anomaly is about 40 by 90 degrees
SPECIES = (("protons_10_mev", "p", 10.0), ("protons_30_mev", "p", 30.0), ("protons_100_mev", "p", 100.0),
           ("electrons_1_mev", "e", 1.0))  # fmt: skip
SOLAR = ("min", "max")
MODELS = {("e", "min"): 1, ("e", "max"): 2, ("p", "min"): 3, ("p", "max"): 4}  # numbers in radbelt's Fortran
FIELD_YEARS = {("e", "min"): 1964.0, ("e", "max"): 1964.0, ("p", "min"): 1964.0, ("p", "max"): 1970.0}
FLOOR_CM2_S = 0.01  # below, a flux counts as none: a thousandth of the quietest mean of interest
STEPS_A_DECADE = 50.0  # code k stands for FLOOR 10^(k / 50): 4.7 % a step, where the models are good to a factor of two
PROBES, PROBE_SEED = 400, 8
PROCESSES = 2


def field_place(altitude_km: Array, latitude_deg: Array, longitude_deg: Array, year: float) -> Iterator[Any]:
    """L and B/B0 of geocentric places, one pair at a time."""
    from astropy import units
    from astropy.coordinates import EarthLocation
    from radbelt.core import igrf
    from radbelt.paths import IGRF_DATA_PATH

    radius_m = EARTH_RADIUS_M + 1000.0 * altitude_km
    latitude, longitude = np.radians(latitude_deg), np.radians(longitude_deg)
    x, y = np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude)
    place = EarthLocation.from_geocentric(*(radius_m * (x, y, np.sin(latitude))), unit=units.m).geodetic
    os.chdir(IGRF_DATA_PATH)  # the Fortran opens its tables in the working folder
    for where in zip(place.lon.deg, place.lat.deg, place.height.to_value(units.km), strict=True):
        yield igrf(*map(float, where), year)


def fluxes(altitude_km: Array, latitude_deg: Array, longitude_deg: Array) -> Array:
    """(species, solar, places) in 1/(cm2 s)."""
    from radbelt.core import aep8
    from radbelt.paths import AEP8_DATA_PATH

    found = np.zeros((len(SPECIES), len(SOLAR), len(altitude_km)))
    for year in sorted(set(FIELD_YEARS.values())):
        places = list(field_place(altitude_km, latitude_deg, longitude_deg, year))
        os.chdir(AEP8_DATA_PATH)
        for s, (_, particle, energy_mev) in enumerate(SPECIES):
            for a, activity in enumerate(SOLAR):
                if FIELD_YEARS[particle, activity] == year:
                    model = MODELS[particle, activity]
                    found[s, a] = [aep8(energy_mev, shell, ratio, model) for shell, ratio in places]
    return found


def grid() -> tuple[Array, Array]:
    """Latitudes and longitudes of a level in degrees."""
    return (
        np.arange(-90.0, 90.0 + LATITUDE_STEP_DEG, LATITUDE_STEP_DEG),
        np.arange(-180.0, 180.0, LONGITUDE_STEP_DEG),
    )


def level(altitude_km: float) -> Array:
    """(species, solar, latitudes, longitudes) at one altitude."""
    latitudes, longitudes = grid()
    latitude_deg, longitude_deg = (axis.ravel() for axis in np.meshgrid(latitudes, longitudes, indexing="ij"))
    found = fluxes(np.full(latitude_deg.shape, float(altitude_km)), latitude_deg, longitude_deg)
    return found.reshape(len(SPECIES), len(SOLAR), len(latitudes), len(longitudes))


def probes() -> dict[str, NDArray[Any]]:
    """Places off the grid and what the models give there: how well the map interpolates is checked against them."""
    draw = np.random.default_rng(PROBE_SEED)
    altitude_km = draw.uniform(ALTITUDES_KM[1], ALTITUDES_KM[-1], PROBES)
    latitude_deg, longitude_deg = draw.uniform(-75.0, 75.0, PROBES), draw.uniform(-180.0, 180.0, PROBES)
    flux = fluxes(altitude_km, latitude_deg, longitude_deg).astype(np.float32)
    return {
        "probe_altitude_km": altitude_km,
        "probe_latitude_deg": latitude_deg,
        "probe_longitude_deg": longitude_deg,
        "probe_flux_cm2_s": flux,
    }


def codes(flux_cm2_s: Array) -> NDArray[np.uint16]:
    """The logarithm in steps; nothing below the floor."""
    steps = np.round(STEPS_A_DECADE * np.log10(np.maximum(flux_cm2_s, FLOOR_CM2_S) / FLOOR_CM2_S))
    return steps.astype(np.uint16)


def known_point_cm2_s() -> float:
    """radbelt's own example: protons above 20 MeV, 30 S 45 W, 500 km, 1 March 2021, solar maximum."""
    from astropy import units
    from astropy.coordinates import EarthLocation
    from astropy.time import Time
    from radbelt import get_flux

    place = EarthLocation(-45 * units.deg, -30 * units.deg, 500 * units.km)
    flux = get_flux(place, Time("2021-03-01"), 20 * units.MeV, "p", "max")
    return float(flux.to_value(units.cm**-2 / units.s))


def provenance(made: datetime) -> dict[str, Any]:
    """What made the map, for a reader and for `sim.belts`."""
    return {
        "models": "AP8 and AE8 min and max with the IGRF, as in nasa/radbelt",
        "versions": {name: version(name) for name in ("radbelt", "astropy", "numpy")},
        "made": made.date().isoformat(),
        "field_year": {f"{particle} {activity}": year for (particle, activity), year in FIELD_YEARS.items()},
        "species": [name for name, _, _ in SPECIES],
        "solar": list(SOLAR),
        "floor_cm2_s": FLOOR_CM2_S,
        "steps_a_decade": STEPS_A_DECADE,
        "places": "geocentric latitude, altitude above 6378.137 km; grids of the field's year, not shifted",
        "radbelt_20_mev_cm2_s": known_point_cm2_s(),
    }


def main() -> None:
    """Make both files."""
    latitudes, longitudes = grid()
    with Pool(PROCESSES) as pool:
        levels = pool.map(level, ALTITUDES_KM, chunksize=1)
    packed = np.diff(codes(np.stack(levels, axis=2)).astype(np.int16), axis=-1, prepend=np.int16(0))
    FOLDER.mkdir(parents=True, exist_ok=True)
    held: dict[str, Any] = {
        "code_steps": packed,  # (species, solar, altitude, latitude, longitude): differences along the longitude
        "altitude_km": np.array(ALTITUDES_KM, dtype=np.float64),
        "latitude_deg": latitudes,
        "longitude_deg": longitudes,
        **probes(),
    }
    np.savez_compressed(FOLDER / "belts.npz", **held)
    told = provenance(datetime.fromtimestamp(utc_ns() / 1e9, UTC))
    told["sha256"] = hashlib.sha256((FOLDER / "belts.npz").read_bytes()).hexdigest()
    (FOLDER / "belts.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Trapped particles around the Earth: the committed map of AP8 and AE8, and what an orbit collects of it.

The map (`sim/maps`, made by `tools.sim.make_belts`, which tells how) holds the flux of protons above 10, 30 and 100 MeV
and of electrons above 1 MeV over altitude, latitude and longitude, at solar minimum and maximum, in the field of the
models' own epoch. The South Atlantic Anomaly drifts west; a look-up turns the map by `DRIFT_DEG_YEAR`. Fluxes are
interpolated in their logarithm and are good to a factor of about two, as the models are.

Places are geocentric: latitude, and altitude above the equatorial radius, as the orbits of `sim` have them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hal.constants import EARTH_RADIUS_M
from sim.shielding import dose_weights

Array = NDArray[np.float64]

FOLDER = Path(__file__).parent / "maps"
SOLAR = ("min", "max", "worst")  # worst: protons of the minimum and electrons of the maximum
SPECIES = ("protons_10_mev", "protons_30_mev", "protons_100_mev", "electrons_1_mev")
DRIFT_DEG_YEAR = 0.3  # the anomaly's way west, seen by satellites since 1970: 0.2 to 0.4
YEAR_S = 365.2425 * 86_400.0
LOWEST_KM, HIGHEST_KM = 200.0, 2_500.0
ELECTRONS_A_PROTON = 3_000.0  # of 1 MeV for one above 10 MeV, in a solar cell under glass: engineering value

# Grid of a shell: every two degrees, poles included; the last longitude repeats the first.
CELL_DEG = 2.0
LATITUDES, LONGITUDES = 91, 181

# Galactic protons in 1/(cm2 s) by the vertical cut-off of Stoermer, 14.9 GV cos^4 of the geomagnetic latitude over the
# square of the radius. The shape J(>R) = J / (1 + (R / 3 GV)^1.6) is an engineering fit to solar minimum.
POLAR_GALACTIC_CM2_S = 1.0
STOERMER_GV, KNEE_GV, FALL = 14.9, 3.0, 1.6
MAGNETIC_POLE_LATITUDE_DEG, MAGNETIC_POLE_LONGITUDE_DEG = 80.7, -72.7  # geomagnetic dipole, IGRF-13 at 2020-2025


class BeltsError(Exception):
    """The map's files do not fit together."""


def is_maximum(species: str, solar: str) -> bool:
    """Whether a species is taken at solar maximum. ValueError for what is none of `SOLAR`."""
    if solar not in SOLAR:
        raise ValueError(f"solar must be {', '.join(SOLAR)}, is {solar!r}")
    return solar == "max" or (solar == "worst" and species.startswith("electrons"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Belts:
    """The map. `decades` is log10 of the flux over the floor, (species, solar, altitude, latitude, longitude)."""

    decades: NDArray[np.float32]
    altitude_km: Array
    latitude_deg: Array
    longitude_deg: Array
    field_year: Array  # (species, solar)
    floor_cm2_s: float
    provenance: dict[str, Any]
    probes: dict[str, Array]  # places off the grid with the models' own answers

    def flux(
        self,
        species: str,
        altitude_km: ArrayLike,
        latitude_deg: ArrayLike,
        longitude_deg: ArrayLike,
        unix_s: float,
        solar: str = "worst",
    ) -> Array:
        """Flux in 1/(cm2 s), of the broadcast shape of the places; ValueError outside 200..2500 km."""
        return self._flux(species, altitude_km, latitude_deg, longitude_deg, 1970.0 + unix_s / YEAR_S, solar)

    def _flux(
        self,
        species: str,
        altitude_km: ArrayLike,
        latitude_deg: ArrayLike,
        longitude_deg: ArrayLike,
        year: float,
        solar: str,
    ) -> Array:
        index, activity = SPECIES.index(species), int(is_maximum(species, solar))
        turn_deg = DRIFT_DEG_YEAR * (year - self.field_year[index, activity])
        return self.in_epoch(index, activity, altitude_km, latitude_deg, np.asarray(longitude_deg) + turn_deg)

    def in_epoch(
        self, species: int, activity: int, altitude_km: ArrayLike, latitude_deg: ArrayLike, longitude_deg: ArrayLike
    ) -> Array:
        """The flux as the map has it, without drift, by index of species and solar activity."""
        height = np.asarray(altitude_km, dtype=np.float64)
        if np.any(height < LOWEST_KM) or np.any(height > HIGHEST_KM):
            raise ValueError(f"altitude_km must be in {LOWEST_KM:.0f}..{HIGHEST_KM:.0f}")
        level, rise = _between(self.altitude_km, height)
        row, up = _between(self.latitude_deg, np.asarray(latitude_deg, dtype=np.float64))
        count = len(self.longitude_deg)
        column = (np.asarray(longitude_deg, dtype=np.float64) - self.longitude_deg[0]) / (360.0 / count) % count
        left = column.astype(np.int64) % count
        across = column - np.floor(column)
        table, right = self.decades[species, activity], (left + 1) % count
        ends = []
        for step in (level, level + 1):
            south = table[step, row, left] * (1.0 - across) + table[step, row, right] * across
            north = table[step, row + 1, left] * (1.0 - across) + table[step, row + 1, right] * across
            ends.append(south * (1.0 - up) + north * up)
        decades = ends[0] * (1.0 - rise) + ends[1] * rise
        found: Array = self.floor_cm2_s * (10.0 ** np.maximum(decades, 0.0) - 1.0)
        return found

    def shell(self, altitude_km: float, year: float = 2026.0, solar: str = "worst") -> ShellMap:
        """All species at one altitude, drifted to a year."""
        return _shell(self, altitude_km, year, solar)


def _between(axis: Array, value: Array) -> tuple[NDArray[np.int64], Array]:
    """The index of the interval and the share of it that lies below; beyond the ends the last interval goes on."""
    index = np.clip(np.searchsorted(axis, value, side="right") - 1, 0, len(axis) - 2)
    return index, (value - axis[index]) / (axis[index + 1] - axis[index])


class ShellMap:
    """Fluxes at one altitude: `fluxes` is (5, 91, 181), the four of `SPECIES` and galactic protons, in 1/(cm2 s)."""

    __slots__ = ("_cells", "altitude_km", "fluxes", "year")

    def __init__(self, altitude_km: float, year: float, fluxes: Array) -> None:
        self.altitude_km, self.year, self.fluxes = altitude_km, year, fluxes
        self._cells: list[list[tuple[float, ...]]] = [
            [tuple(cell) for cell in row] for row in np.moveaxis(fluxes, 0, -1).tolist()
        ]

    def at(self, latitude_deg: float, longitude_deg: float) -> tuple[float, ...]:
        """The five fluxes at a place, by bilinear interpolation; longitudes of -180..180."""
        row, column = (latitude_deg + 90.0) / CELL_DEG, (longitude_deg + 180.0) / CELL_DEG
        south, west = min(int(row), LATITUDES - 2), min(int(column), LONGITUDES - 2)
        up, across = row - south, column - west
        low, high = self._cells[south], self._cells[south + 1]
        weights = ((1.0 - up) * (1.0 - across), (1.0 - up) * across, up * (1.0 - across), up * across)
        a, b, c, d = weights
        return tuple(
            a * p + b * q + c * r + d * s
            for p, q, r, s in zip(low[west], low[west + 1], high[west], high[west + 1], strict=True)
        )

    def combined(self, weights: tuple[float, ...]) -> Array:
        """One (91, 181) grid: the sum of the fluxes with these weights."""
        return np.tensordot(np.asarray(weights), self.fluxes, axes=1)

    def along_orbit(self, inclination_deg: float, steps: int = 720) -> Array:
        """The fluxes under an orbit, (5, steps, 180): evenly in time along it, at all longitudes."""
        argument = (np.arange(steps) + 0.5) * (2.0 * pi / steps)
        latitude = np.degrees(np.arcsin(np.sin(argument) * sin(radians(inclination_deg))))
        row = (latitude + 90.0) / CELL_DEG
        south = np.minimum(row.astype(np.int64), LATITUDES - 2)
        up = (row - south)[:, None]
        grid = self.fluxes[:, :, :-1]  # an orbit comes to all longitudes alike
        return np.asarray(grid[:, south] * (1.0 - up) + grid[:, south + 1] * up)


@lru_cache(maxsize=64)
def _shell(belts: Belts, altitude_km: float, year: float, solar: str) -> ShellMap:
    latitude: Array = np.linspace(-90.0, 90.0, LATITUDES)[:, None]
    longitude: Array = np.linspace(-180.0, 180.0, LONGITUDES)[None, :]
    trapped = [belts._flux(species, altitude_km, latitude, longitude, year, solar) for species in SPECIES]
    fluxes = np.stack([*trapped, _galactic(altitude_km, latitude, longitude)])
    fluxes[:, :, -1] = fluxes[:, :, 0]  # to the last bit
    return ShellMap(altitude_km, year, fluxes)


def _galactic(altitude_km: float, latitude_deg: Array, longitude_deg: Array) -> Array:
    """Galactic protons over the cut-off."""
    pole, latitude = radians(MAGNETIC_POLE_LATITUDE_DEG), np.radians(latitude_deg)
    turn = np.radians(longitude_deg - MAGNETIC_POLE_LONGITUDE_DEG)
    sine = sin(pole) * np.sin(latitude) + cos(pole) * np.cos(latitude) * np.cos(turn)
    radii = 1.0 + 1000.0 * altitude_km / EARTH_RADIUS_M
    cut_off_gv = STOERMER_GV * (1.0 - sine * sine) ** 2 / radii**2
    return np.asarray(POLAR_GALACTIC_CM2_S / (1.0 + (cut_off_gv / KNEE_GV) ** FALL))


@lru_cache(maxsize=1)
def load_belts(folder: Path = FOLDER) -> Belts:
    """The committed map. Raises BeltsError where the file is not the one of which `belts.json` tells."""
    told = json.loads((folder / "belts.json").read_text(encoding="utf-8"))
    if hashlib.sha256((folder / "belts.npz").read_bytes()).hexdigest() != told["sha256"]:
        raise BeltsError(f"{folder / 'belts.npz'} is not the map of belts.json: its SHA-256 differs")
    with np.load(folder / "belts.npz") as held:
        codes = np.cumsum(held["code_steps"], axis=-1, dtype=np.int32)
        return Belts(
            decades=(codes / told["steps_a_decade"]).astype(np.float32),
            altitude_km=held["altitude_km"],
            latitude_deg=held["latitude_deg"],
            longitude_deg=held["longitude_deg"],
            field_year=np.array([[told["field_year"][f"{s[0]} {a}"] for a in told["solar"]] for s in told["species"]]),
            floor_cm2_s=told["floor_cm2_s"],
            provenance=told,
            probes={name: held[name] for name in held.files if name.startswith("probe_")},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrbitMeans:
    """What an orbit meets on average over many days, in 1/(cm2 s); the peak and its share are of protons > 30 MeV."""

    protons_10_mev_cm2_s: float
    protons_30_mev_cm2_s: float
    protons_100_mev_cm2_s: float
    electrons_1_mev_cm2_s: float
    galactic_cm2_s: float
    peak_cm2_s: float
    share_above_1_percent: float  # of the time, above a hundredth of the peak

    @property
    def fluxes(self) -> tuple[float, ...]:
        """In the order of `ShellMap.fluxes`."""
        return (
            self.protons_10_mev_cm2_s,
            self.protons_30_mev_cm2_s,
            self.protons_100_mev_cm2_s,
            self.electrons_1_mev_cm2_s,
            self.galactic_cm2_s,
        )


@lru_cache(maxsize=256)
def orbit_means(
    altitude_km: float, inclination_deg: float, *, year: float = 2026.0, solar: str = "worst"
) -> OrbitMeans:
    """Means over a circular orbit; the drift moves the anomaly and leaves them as they are."""
    track = load_belts().shell(altitude_km, year, solar).along_orbit(inclination_deg)
    means, protons = track.mean(axis=(1, 2)).tolist(), track[1]
    return OrbitMeans(
        protons_10_mev_cm2_s=means[0],
        protons_30_mev_cm2_s=means[1],
        protons_100_mev_cm2_s=means[2],
        electrons_1_mev_cm2_s=means[3],
        galactic_cm2_s=means[4],
        peak_cm2_s=float(protons.max()),
        share_above_1_percent=float((protons > 0.01 * protons.max()).mean()),
    )


def dose_krad_year(
    altitude_km: float, inclination_deg: float, shield_mm: float, *, year: float = 2026.0, solar: str = "worst"
) -> float:
    """Dose in silicon in krad a year inside a solid sphere of aluminium: see `sim.shielding`."""
    fluxes = orbit_means(altitude_km, inclination_deg, year=year, solar=solar).fluxes
    ugy_s = sum(weight * flux for weight, flux in zip(dose_weights(shield_mm), fluxes, strict=True))
    return ugy_s * YEAR_S / 1e7  # 1 krad is 10 Gy


def equivalent_fluence_cm2_year(
    altitude_km: float, inclination_deg: float, *, year: float = 2026.0, solar: str = "worst"
) -> float:
    """Electrons of 1 MeV a year that would do to a covered solar cell what the belts do: displacement damage."""
    means = orbit_means(altitude_km, inclination_deg, year=year, solar=solar)
    return (ELECTRONS_A_PROTON * means.protons_10_mev_cm2_s + means.electrons_1_mev_cm2_s) * YEAR_S

"""Radiation: proton flux over the ground, dose behind the shield, upsets as counted events.

The flux above 30 MeV is a smooth peak over the South Atlantic Anomaly, J exp(1 - sqrt(1 + rho^2)) with rho the
elliptical distance from its centre, and a floor that is higher over the magnetic poles. Its height is anchored on peaks
of the AP8 maps and its width on their orbit means (sun-synchronous, field of the map's epoch): see `ANCHORS`. The
exponential wings give the 4-7 % of time above a hundredth of the peak that the maps have; the shape inside is not
the map's.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, degrees, exp, log, pi, radians, sin, sqrt

from sim import draws

ANCHORS = (  # altitude km, peak and orbit mean of the flux above 30 MeV in protons/(cm2 s)
    (500.0, 3.0e3, 17.0),
    (600.0, 4.2e3, 37.0),
    (680.0, 5.2e3, 63.0),
    (800.0, 7.0e3, 119.0),
    (1000.0, 1.0e4, 273.0),
    (2000.0, 3.4e4, 3700.0),
)
CENTRE_LATITUDE_DEG = -27.0
CENTRE_LONGITUDE_DEG = -56.0  # -45 in maps of 1985, moved west by 0.3 deg a year
ASPECT = 2.0  # the anomaly is about twice as wide as it is high
TRACK_AREA_DEG2 = 360.0 * 180.0  # a polar orbit spends equal times in equal steps of latitude
PROFILE_INTEGRAL = 4.0 * pi  # of exp(1 - sqrt(1 + rho^2)) over the plane
MAGNETIC_POLE_LATITUDE_DEG, MAGNETIC_POLE_LONGITUDE_DEG = 80.7, -72.7  # geomagnetic dipole, IGRF-13 at 2020-2025
POLAR_SINE = sin(radians(60.0))  # solar protons reach geomagnetic latitudes above about 60 degrees
EQUATOR_FLOOR, POLAR_FLOOR = 0.1, 1.0  # galactic protons/(cm2 s): engineering values
DOSE_UGY_PER_PROTON_CM2 = 0.0041  # 0.22 krad a year behind 5 mm of aluminium at 500 km, where the mean flux is 17
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StormConfig:
    """A solar proton event: the polar flux is multiplied by `factor` for a time."""

    start_s: float
    duration_s: float
    factor: float = 1000.0  # 1,000 protons/(cm2 s) over the poles: a strong event


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiationConfig:
    """What the payload's memory and logic feel.

    Defaults: 8 GiB of DRAM at 1e-17 cm2 a bit (class value), two in a hundred upsets beyond correction, and functional
    interrupts at 5e-3 a day in the mean flux at 600 km; engineering values.
    """

    memory_bits: float = 6.9e10
    upset_cm2_per_bit: float = 1e-17
    uncorrected_share: float = 0.02
    interrupt_cm2: float = 1.6e-9
    storms: tuple[StormConfig, ...] = ()


def _anchored(altitude_km: float, column: int) -> float:
    """Log-linear between the anchors, and on beyond them."""
    index = sum(1 for row in ANCHORS[1:-1] if altitude_km > row[0])
    low, high = ANCHORS[index], ANCHORS[index + 1]
    share = (altitude_km - low[0]) / (high[0] - low[0])
    return exp(log(low[column]) + share * (log(high[column]) - log(low[column])))


class FluxMap:
    """Protons above 30 MeV in 1/(cm2 s) at one altitude."""

    __slots__ = ("_centre_lat_deg", "_lat_per_deg", "_lon_per_deg", "_pole", "peak")

    def __init__(self, altitude_km: float) -> None:
        self.peak = _anchored(altitude_km, 1)
        area_deg2 = TRACK_AREA_DEG2 * _anchored(altitude_km, 2) / self.peak / PROFILE_INTEGRAL
        self._lat_per_deg = sqrt(ASPECT / area_deg2)
        self._lon_per_deg = self._lat_per_deg / ASPECT
        latitude, longitude = radians(MAGNETIC_POLE_LATITUDE_DEG), radians(MAGNETIC_POLE_LONGITUDE_DEG)
        self._pole = (cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude))

    def anomaly(self, latitude_deg: float, longitude_deg: float) -> float:
        """Trapped protons."""
        y = (latitude_deg - CENTRE_LATITUDE_DEG) * self._lat_per_deg
        x = ((longitude_deg - CENTRE_LONGITUDE_DEG + 540.0) % 360.0 - 180.0) * self._lon_per_deg
        return self.peak * exp(1.0 - sqrt(1.0 + x * x + y * y))

    def floor(self, x: float, y: float, z: float, storm: float) -> float:
        """Galactic and solar protons at an Earth-fixed unit vector."""
        sine = self._pole[0] * x + self._pole[1] * y + self._pole[2] * z
        return POLAR_FLOOR * storm if sine > POLAR_SINE or sine < -POLAR_SINE else EQUATOR_FLOOR


class EventCounter:
    """Poisson events on an integrated hazard. The gaps are keyed by (seed, name, number): step sizes change nothing."""

    __slots__ = ("_hazard", "_stream", "_threshold", "count")

    def __init__(self, seed: int, name: str) -> None:
        self._stream = draws.key(seed, name)
        self._hazard, self.count = 0.0, 0
        self._threshold = draws.exponential(self._stream, 0)

    def add(self, hazard: float) -> int:
        """Add expected events; how many happened."""
        self._hazard += hazard
        if self._hazard < self._threshold:
            return 0
        before = self.count
        while self._hazard >= self._threshold:
            self.count += 1
            self._threshold += draws.exponential(self._stream, self.count)
        return self.count - before


class Radiation:
    """Flux, dose and events along the ground track."""

    __slots__ = (
        "_corrected",
        "_corrected_cm2",
        "_interrupt_cm2",
        "_interrupts",
        "_map",
        "_storms",
        "_struck",
        "_uncorrected",
        "_uncorrected_cm2",
        "dose_ugy",
        "flux_cm2_s",
        "latitude_deg",
        "longitude_deg",
    )

    def __init__(self, config: RadiationConfig, altitude_km: float, seed: int) -> None:
        self._map = FluxMap(altitude_km)
        upset_cm2 = config.memory_bits * config.upset_cm2_per_bit
        self._corrected_cm2 = upset_cm2 * (1.0 - config.uncorrected_share)
        self._uncorrected_cm2 = upset_cm2 * config.uncorrected_share
        self._interrupt_cm2 = config.interrupt_cm2
        self._corrected = EventCounter(seed, "radiation/corrected")
        self._uncorrected = EventCounter(seed, "radiation/uncorrected")
        self._interrupts = EventCounter(seed, "radiation/interrupt")
        self._storms = tuple((storm.start_s, storm.start_s + storm.duration_s, storm.factor) for storm in config.storms)
        self._struck = {"corrected": 0, "uncorrected": 0}
        self.dose_ugy = self.flux_cm2_s = self.latitude_deg = self.longitude_deg = 0.0

    @property
    def corrected(self) -> int:
        """Single-bit errors that the memory corrected."""
        return self._corrected.count + self._struck["corrected"]

    @property
    def uncorrected(self) -> int:
        """Errors beyond correction."""
        return self._uncorrected.count + self._struck["uncorrected"]

    def strike(self, effect: str, count: int) -> None:
        """A burst of `count` errors at once, beside what the flux brings; `effect` corrected or uncorrected."""
        self._struck[effect] += count

    def step(self, x: float, y: float, z: float, time_s: float, seconds: float) -> int:
        """Advance at an Earth-fixed unit vector; how many functional interrupts struck."""
        longitude_deg = degrees(atan2(y, x))
        latitude_deg = degrees(atan2(z, sqrt(x * x + y * y)))
        storm = 1.0
        for start_s, end_s, factor in self._storms:
            if start_s <= time_s < end_s:
                storm *= factor
        flux = self._map.anomaly(latitude_deg, longitude_deg) + self._map.floor(x, y, z, storm)
        self.latitude_deg, self.longitude_deg, self.flux_cm2_s = latitude_deg, longitude_deg, flux
        fluence = flux * seconds
        self.dose_ugy += DOSE_UGY_PER_PROTON_CM2 * fluence
        self._corrected.add(self._corrected_cm2 * fluence)
        self._uncorrected.add(self._uncorrected_cm2 * fluence)
        return self._interrupts.add(self._interrupt_cm2 * fluence)

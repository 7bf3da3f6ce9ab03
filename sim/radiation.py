"""Radiation along the ground track: flux, dose and displacement damage behind a shield, and events of the parts.

The fluxes are those of `sim.belts`: trapped protons and electrons, and galactic protons over the magnetic cut-off. A
storm adds solar protons over the polar caps. They are looked up once in `INTERVAL_S`, at the middle of the interval,
in which the satellite moves 0.6 degrees; dose and hazard are integrals over time and do not know the world's step.

Every kind of event of every device has its own stream of random gaps, keyed by (seed, satellite, device, effect, number
of the event), on the integrated hazard: where the hazard crosses a gap is the instant of the event.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import atan2, cos, degrees, radians, sin, sqrt

from hal.constants import EARTH_RADIUS_M
from sim import draws
from sim.belts import (
    ELECTRONS_A_PROTON,
    MAGNETIC_POLE_LATITUDE_DEG,
    MAGNETIC_POLE_LONGITUDE_DEG,
    SOLAR,
    YEAR_S,
    load_belts,
)
from sim.orbit import Orbit
from sim.parts import Hazard, PartConfig, hazards
from sim.shielding import DEPTHS_MM, dose_weights
from sim.sun import sidereal_angle_rad

INTERVAL_S = 10.0
POLAR_SINE = sin(radians(60.0))  # solar protons reach geomagnetic latitudes above about 60 degrees
QUIET_SOLAR_CM2_S = 1.0  # over the caps above 30 MeV, what a storm's factor multiplies: engineering value
# A storm's protons above 10 and 100 MeV for one above 30 MeV, as in large events of 1989: engineering values.
SOLAR_10_MEV, SOLAR_100_MEV = 3.0, 0.15
SHIELD_MM = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StormConfig:
    """A solar proton event: the polar flux is multiplied by `factor` for a time."""

    start_s: float
    duration_s: float
    factor: float = 1000.0  # 1,000 protons/(cm2 s) over the poles: a strong event


@dataclass(frozen=True, slots=True, kw_only=True)
class RadiationConfig:
    """What the payload's parts feel, behind `shield_mm` of aluminium all round."""

    shield_mm: float = SHIELD_MM
    solar: str = "worst"
    parts: tuple[PartConfig, ...] = (
        PartConfig(part="sram"),
        PartConfig(part="dram"),
        PartConfig(part="nand"),
        PartConfig(part="logic"),
    )
    storms: tuple[StormConfig, ...] = ()

    def __post_init__(self) -> None:
        if not DEPTHS_MM[0] <= self.shield_mm <= DEPTHS_MM[-1]:
            raise ValueError(f"shield_mm must be in {DEPTHS_MM[0]:g}..{DEPTHS_MM[-1]:g}, is {self.shield_mm}")
        if self.solar not in SOLAR:
            raise ValueError(f"solar must be {', '.join(SOLAR)}, is {self.solar!r}")
        names = [part.name or part.part for part in self.parts]
        if len(set(names)) != len(names):
            raise ValueError(f"two parts of one name: {', '.join(names)}; give each a name of its own")


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

    def within(self, hazard: float) -> Iterator[float]:
        """Add expected events; where in the added stretch each happened, in (0, 1]."""
        begin, self._hazard = self._hazard, self._hazard + hazard
        while self._hazard >= self._threshold:
            yield (self._threshold - begin) / hazard
            self.count += 1
            self._threshold += draws.exponential(self._stream, self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A functional interrupt or a latch-up, at an instant in seconds since the epoch."""

    time_s: float
    hazard: Hazard


class Radiation:
    """Flux, dose, damage and events of one satellite. `enter` is called every `INTERVAL_S`."""

    __slots__ = (
        "_counters",
        "_dose_weights",
        "_map",
        "_orbit",
        "_pending",
        "_pole",
        "_since_s",
        "_storms",
        "corrected",
        "dose_rate_ugy_s",
        "dose_ugy",
        "equivalent_fluence_cm2",
        "fluence_rate_cm2_s",
        "flux_cm2_s",
        "latitude_deg",
        "longitude_deg",
        "uncorrected",
    )

    def __init__(self, config: RadiationConfig, orbit: Orbit, seed: int, satellite: int = 0) -> None:
        elements = orbit.elements
        altitude_km = (elements.semi_major_axis_m - EARTH_RADIUS_M) / 1000.0
        year = 1970.0 + elements.epoch_unix_s / YEAR_S
        self._orbit = orbit
        self._map = load_belts().shell(altitude_km, year, config.solar)
        self._dose_weights = dose_weights(config.shield_mm)
        self._counters = [
            (hazard, EventCounter(seed, f"radiation/{satellite}/{hazard.device}/{hazard.effect}"))
            for part in config.parts
            for hazard in hazards(part)
        ]
        self._storms = tuple((storm.start_s, storm.start_s + storm.duration_s, storm.factor) for storm in config.storms)
        latitude, longitude = radians(MAGNETIC_POLE_LATITUDE_DEG), radians(MAGNETIC_POLE_LONGITUDE_DEG)
        self._pole = (cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude))
        self.corrected = self.uncorrected = 0  # memory errors so far
        self._pending = {"corrected": 0, "uncorrected": 0}
        self._since_s = self.dose_ugy = self.equivalent_fluence_cm2 = 0.0  # at the start of the interval
        self.latitude_deg = self.longitude_deg = self.flux_cm2_s = 0.0
        self.dose_rate_ugy_s = self.fluence_rate_cm2_s = 0.0

    def dose_at(self, time_s: float) -> float:
        """Dose in silicon behind the shield, in uGy, up to a time of the present interval."""
        return self.dose_ugy + self.dose_rate_ugy_s * (time_s - self._since_s)

    def fluence_at(self, time_s: float) -> float:
        """Electrons of 1 MeV per cm2 that would do the damage so far to covered solar cells; a time as above."""
        return self.equivalent_fluence_cm2 + self.fluence_rate_cm2_s * (time_s - self._since_s)

    def strike(self, effect: str, count: int) -> None:
        """A burst of `count` errors at once, beside what the flux brings; `effect` corrected or uncorrected."""
        self.corrected += count if effect == "corrected" else 0
        self.uncorrected += count if effect == "uncorrected" else 0

    def enter(self, time_s: float) -> list[Strike]:
        """End the present interval at `time_s`, begin the next, and say what strikes in it."""
        self.dose_ugy, self.equivalent_fluence_cm2 = self.dose_at(time_s), self.fluence_at(time_s)
        self._since_s = time_s
        for effect, count in self._pending.items():
            self.strike(effect, count)
        self._pending = {"corrected": 0, "uncorrected": 0}
        protons_cm2_s, galactic_cm2_s = self._look_up(time_s + 0.5 * INTERVAL_S)
        return list(self._strikes(time_s, protons_cm2_s * INTERVAL_S, galactic_cm2_s * INTERVAL_S))

    def _look_up(self, time_s: float) -> tuple[float, float]:
        """Set the place and all rates; protons above 30 MeV from belts and Sun, and galactic ones."""
        x, y, z = self._place(time_s)
        self.longitude_deg = degrees(atan2(y, x))
        self.latitude_deg = degrees(atan2(z, sqrt(x * x + y * y)))
        protons_10, protons_30, protons_100, electrons, galactic = self._map.at(self.latitude_deg, self.longitude_deg)
        solar = self._solar_cm2_s(self._pole[0] * x + self._pole[1] * y + self._pole[2] * z, time_s)
        protons_10, protons_30 = protons_10 + SOLAR_10_MEV * solar, protons_30 + solar
        fluxes = (protons_10, protons_30, protons_100 + SOLAR_100_MEV * solar, electrons, galactic)
        self.flux_cm2_s = protons_30 + galactic
        self.dose_rate_ugy_s = sum(weight * flux for weight, flux in zip(self._dose_weights, fluxes, strict=True))
        self.fluence_rate_cm2_s = ELECTRONS_A_PROTON * protons_10 + electrons
        return protons_30, galactic

    def _place(self, time_s: float) -> tuple[float, float, float]:
        """The Earth-fixed unit vector to the satellite."""
        orbit = self._orbit
        node, ahead = orbit.axes(time_s)
        u = orbit.start_rad + orbit.latitude_rate_rad_s * time_s
        turn = sidereal_angle_rad(orbit.elements.epoch_unix_s + time_s)
        cos_u, sin_u, cos_turn, sin_turn = cos(u), sin(u), cos(turn), sin(turn)
        x, y = node[0] * cos_u + ahead[0] * sin_u, node[1] * cos_u + ahead[1] * sin_u
        return cos_turn * x + sin_turn * y, cos_turn * y - sin_turn * x, ahead[2] * sin_u

    def _solar_cm2_s(self, magnetic_sine: float, time_s: float) -> float:
        """Solar protons above 30 MeV: none but over the caps in a storm."""
        if not self._storms or -POLAR_SINE <= magnetic_sine <= POLAR_SINE:
            return 0.0
        factors = [factor for start_s, end_s, factor in self._storms if start_s <= time_s < end_s]
        return QUIET_SOLAR_CM2_S * sum(factors)

    def _strikes(self, time_s: float, protons_cm2: float, galactic_cm2: float) -> Iterator[Strike]:
        """Let every device meet the fluence of the interval; upsets are counted when it ends."""
        for hazard, counter in self._counters:
            expected = hazard.proton_cm2 * protons_cm2 + hazard.galactic_cm2 * galactic_cm2
            if hazard.effect in self._pending:
                self._pending[hazard.effect] += counter.add(expected)
            else:
                for share in counter.within(expected):
                    yield Strike(time_s=time_s + share * INTERVAL_S, hazard=hazard)

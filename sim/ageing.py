"""What years in orbit do to a spacecraft before its flight begins: array, battery and dose.

The array is left with what radiation, calendar and thermal cycles leave of its technology (`sim.technology`, fluence of
`sim.belts`), the pack with what its nights leave (`sim.battery`), the payload's electronics with a dose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import degrees

from hal.constants import EARTH_RADIUS_M
from sim.array import ArrayConfig
from sim.battery import BatteryConfig, aged
from sim.belts import dose_krad_year, equivalent_fluence_cm2_year
from sim.orbit import OrbitConfig, sun_synchronous_inclination_rad
from sim.radiation import RadiationConfig
from sim.technology import load_technology, remaining

UGY_PER_KRAD = 1e7  # 1 rad is 0.01 Gy


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeConfig:
    """Years in the scenario's orbit before the flight, with `cycles` nights of `depth` (share of the pack's charge).

    Shield and the belts' state are those of the scenario's radiation. `told_factor` is what the flight software
    believes of the array's watts over what is left of them.
    """

    years: float = 0.0
    cycles: float = 0.0
    depth: float = 0.0
    battery_temp_c: float = 20.0
    told_factor: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.years <= 30.0 or self.cycles < 0.0 or not 0.0 <= self.depth <= 1.0:
            raise ValueError("years must be in 0..30, cycles not negative, depth in 0..1")
        if not 0.5 <= self.told_factor <= 2.0:
            raise ValueError(f"told_factor must be in 0.5..2, is {self.told_factor}")


def worn_array(array: ArrayConfig, orbit: OrbitConfig, radiation: RadiationConfig, life: LifeConfig) -> ArrayConfig:
    """The array after `life`. Raises ValueError where the array names no technology to age."""
    if life.years <= 0.0:
        return array
    if not array.technology:
        raise ValueError("array.technology must say what ages; a life needs it")
    technology, fluence_cm2 = load_technology(array.technology), fluence(orbit, radiation, life)
    share = remaining(technology, fluence_cm2, life.years, life.cycles / life.years)
    return replace(array, share_left=array.share_left * share)


def worn_battery(battery: BatteryConfig, life: LifeConfig) -> BatteryConfig:
    """The pack after `life`."""
    if life.years <= 0.0:
        return battery
    return aged(battery, years=life.years, cycles=life.cycles, depth=life.depth, mean_temp_c=life.battery_temp_c)


def dose_ugy(orbit: OrbitConfig, radiation: RadiationConfig, life: LifeConfig) -> float:
    """Dose behind the shield at the start of the flight, in micrograys of silicon."""
    if life.years <= 0.0:
        return 0.0
    inclination = inclination_deg(orbit)
    yearly_krad = dose_krad_year(orbit.altitude_km, inclination, radiation.shield_mm, solar=radiation.solar)
    return life.years * yearly_krad * UGY_PER_KRAD


def fluence(orbit: OrbitConfig, radiation: RadiationConfig, life: LifeConfig) -> float:
    """1 MeV electrons per cm2 that do the damage of all that passed the cover glass before the flight."""
    if life.years <= 0.0:
        return 0.0
    yearly = equivalent_fluence_cm2_year(orbit.altitude_km, inclination_deg(orbit), solar=radiation.solar)
    return life.years * yearly


def inclination_deg(orbit: OrbitConfig) -> float:
    """The orbit's inclination; that of the Sun-synchronous one where none is given."""
    if orbit.inclination_deg is not None:
        return orbit.inclination_deg
    return degrees(sun_synchronous_inclination_rad(EARTH_RADIUS_M + 1_000.0 * orbit.altitude_km))

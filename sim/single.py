"""The power of one two-body orbit: array to the Sun, a constant load, a battery; the Earth is a sphere.

Illumination is integrated over each step from points a quarter of a second apart, flux falls with the square of the
satellite's own distance to the Sun. Without losses the battery is an integral between empty and full; with losses it
is the equivalent circuit of `sim.battery`, scaled from its default pack by capacity.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from math import ceil, cos, radians, sin

import numpy as np

from hal.constants import ASTRONOMICAL_UNIT_M, EARTH_RADIUS_M, SOLAR_CONSTANT_W_M2
from sim.battery import Battery, BatteryConfig
from sim.discs import Bodies, Floats, illuminations, sun_ranges_m
from sim.orbit import TURN, mean_motion_rad_s, node_from_ltan_rad, sun_synchronous_inclination_rad
from sim.sun import sun_at

STEP_S = 1.0  # of the battery
POINTS_A_STEP = 4  # of the illumination; 0.03 of the penumbra each: the eclipse to a millisecond
SUN_EVERY_S = 60.0  # linear between: 2e-11 of the direction
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleRequest:
    """One orbit from its ascending node at 00:00 UTC of `day`; sun-synchronous unless an inclination is given.

    The defaults are a satellite of a kilowatt. `efficiency` is that of the array to the bus at its temperature.
    """

    altitude_km: float = 500.0
    inclination_deg: float | None = None
    ltan_h: float = 10.5
    day: date = date(2026, 3, 20)
    array_m2: float = 5.0
    efficiency: float = 0.3
    load_w: float = 1_000.0
    battery_wh: float = 2_000.0
    start_soc: float = 0.9
    is_lossless: bool = False

    def __post_init__(self) -> None:
        checks = (
            (200.0 <= self.altitude_km <= 2_500.0, "altitude must be in 200..2500 km for a low orbit"),
            (self.inclination_deg is None or 0.0 <= self.inclination_deg <= 180.0, "inclination must be in 0..180 deg"),
            (0.0 <= self.ltan_h <= 24.0, "local time must be in 0..24 h"),
            (1950 <= self.day.year <= 2100, "date must be in 1950..2100, where the Sun's formula holds"),
            (0.0 <= self.array_m2 < 1e6, "array area must be in 0..1e6 m2"),
            (0.0 < self.efficiency <= 1.0, "efficiency must be in 0..1"),
            (0.0 <= self.load_w < 1e9, "load must be in 0..1e9 W"),
            (0.0 < self.battery_wh < 1e9, "battery must be in 0..1e9 Wh"),
            (0.0 <= self.start_soc <= 1.0, "start of charge must be in 0..1"),
        )
        for is_right, said in checks:
            if not is_right:
                raise ValueError(said)

    @property
    def semi_major_axis_m(self) -> float:
        return EARTH_RADIUS_M + 1000.0 * self.altitude_km

    @property
    def inclination_rad(self) -> float:
        """As given, or the sun-synchronous one."""
        fixed = self.inclination_deg
        return sun_synchronous_inclination_rad(self.semi_major_axis_m) if fixed is None else radians(fixed)

    @property
    def start_unix_s(self) -> float:
        return datetime.combine(self.day, time(), tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sunlight:
    """Along one orbit, at the points in time `time_s` (middles of equal spans)."""

    period_s: float
    time_s: Floats
    illumination: Floats  # in [0, 1]
    flux_w_m2: Floats  # unshaded, at the satellite

    def seconds(self, kind: Floats) -> float:
        """The integral over the orbit of something given at the points."""
        return float(kind.mean()) * self.period_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """What one orbit did. Energies are in the battery, at its open-circuit voltage where it has losses."""

    request: SingleRequest
    sunlight: Sunlight
    array_w: Floats  # mean of each step
    stored_wh: Floats  # at the start and after each step
    unserved_wh: float  # of the load, when the battery was empty or at its current limit
    spilled_wh: float  # of the array, when the battery was full or at its charge limit


def sunlight_of(request: SingleRequest, bodies: Bodies | None = None) -> Sunlight:
    """Illumination and flux along the orbit."""
    period_s = TURN / mean_motion_rad_s(request.semi_major_axis_m)
    count = POINTS_A_STEP * ceil(period_s / STEP_S)
    time_s = (np.arange(count, dtype=np.float64) + 0.5) * (period_s / count)
    towards, distance_m = _suns(request.start_unix_s, period_s, time_s)
    node, ahead = _axes(request)
    u = TURN / period_s * time_s
    sun_cosine = np.cos(u) * (towards @ node) + np.sin(u) * (towards @ ahead)
    range_m = sun_ranges_m(sun_cosine, request.semi_major_axis_m, distance_m)
    return Sunlight(
        period_s=period_s,
        time_s=time_s,
        illumination=illuminations(sun_cosine, request.semi_major_axis_m, distance_m, bodies or Bodies()),
        flux_w_m2=SOLAR_CONSTANT_W_M2 * (ASTRONOMICAL_UNIT_M / range_m) ** 2,
    )


def _suns(start_s: float, period_s: float, time_s: Floats) -> tuple[Floats, Floats]:
    """Directions (points, 3) and distances in metres."""
    knots = np.arange(0.0, period_s + SUN_EVERY_S, SUN_EVERY_S)
    suns = [sun_at(start_s + float(knot)) for knot in knots]
    columns = [np.interp(time_s, knots, [getattr(sun, name) for sun in suns]) for name in ("x", "y", "z", "distance_m")]
    return np.stack(columns[:3], axis=1), columns[3]


def _axes(request: SingleRequest) -> tuple[Floats, Floats]:
    """Unit vectors to the node and 90 degrees ahead of it."""
    node = node_from_ltan_rad(request.ltan_h, request.start_unix_s)
    cos_i, sin_i = cos(request.inclination_rad), sin(request.inclination_rad)
    return np.array([cos(node), sin(node), 0.0]), np.array([-sin(node) * cos_i, cos(node) * cos_i, sin_i])


def fly_single(request: SingleRequest, bodies: Bodies | None = None) -> Single:
    """One orbit of array, load and battery."""
    light = sunlight_of(request, bodies)
    watts = request.array_m2 * request.efficiency * light.flux_w_m2 * light.illumination
    array_w = watts.reshape(-1, POINTS_A_STEP).mean(axis=1)
    step_s = light.period_s / len(array_w)
    surplus_w = [float(watt) - request.load_w for watt in array_w]
    if request.is_lossless:
        full_j = request.battery_wh * HOUR_S
        stored, unserved, spilled = integrate(request.start_soc * full_j, full_j, surplus_w, step_s)
    else:
        stored, unserved, spilled = _circuit(request, surplus_w, step_s)
    return Single(
        request=request,
        sunlight=light,
        array_w=array_w,
        stored_wh=np.array(stored) / HOUR_S,
        unserved_wh=unserved / HOUR_S,
        spilled_wh=spilled / HOUR_S,
    )


def integrate(start_j: float, full_j: float, surplus_w: list[float], step_s: float) -> tuple[list[float], float, float]:
    """A battery without losses between empty and full: joules at the start and after each step, unserved, spilled."""
    stored = [start_j]
    unserved = spilled = 0.0
    for watts in surplus_w:
        wanted_j = stored[-1] + watts * step_s
        stored.append(min(full_j, max(0.0, wanted_j)))
        unserved += max(0.0, -wanted_j)
        spilled += max(0.0, wanted_j - full_j)
    return stored, unserved, spilled


def _circuit(request: SingleRequest, surplus_w: list[float], step_s: float) -> tuple[list[float], float, float]:
    """A battery of voltage, resistance and coulombic loss: joules after each step, unserved, spilled."""
    battery = Battery(_pack(request))
    stored = [battery.stored_j(battery.soc)]
    unserved = spilled = 0.0
    for watts in surplus_w:
        taken_w = min(watts, battery.charge_acceptance_w(step_s)) if watts > 0.0 else 0.0
        given_w = min(-watts, battery.deliverable_w(step_s)) if watts < 0.0 else 0.0
        battery.step(given_w - taken_w, step_s)
        stored.append(battery.stored_j(battery.soc))
        spilled += max(0.0, watts - taken_w) * step_s
        unserved += max(0.0, -watts - given_w) * step_s
    return stored, unserved, spilled


def _pack(request: SingleRequest) -> BatteryConfig:
    """The default pack made larger by more strings in parallel: currents grow, resistance falls with the capacity."""
    usual = BatteryConfig()
    strings = request.battery_wh / usual.capacity_wh
    return BatteryConfig(
        capacity_wh=request.battery_wh,
        start_soc=request.start_soc,
        resistance_ohm=usual.resistance_ohm / strings,
        charge_limit_a=usual.charge_limit_a * strings,
        discharge_limit_a=usual.discharge_limit_a * strings,
    )

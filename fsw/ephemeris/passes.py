"""Passes over ground stations as the flight computer knows them: when a station rises, when it sets, at what rate.

The orbit is the circle of `Ephemeris`, the station stands on the WGS 84 ellipsoid, the Earth turns evenly. Elevation
is geometric: the air lifts a satellite at the horizon by half a degree, which is some 5 s that a pass is longer.

    elevation    arc sine of (place - station) . up / |place - station|
    a pass       the time around a culmination, once a turn, during which the elevation is above the station's mask
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge

from fsw.ephemeris.eclipse import Ephemeris
from fsw.ephemeris.sun import DAY_S
from hal.constants import EARTH_FLATTENING, EARTH_RADIUS_M, TAI_EPOCH_TO_UNIX_S, TAI_MINUS_UTC_S

Vector = tuple[float, float, float]

J2000_UNIX_S = 946_728_000  # 2000-01-01T12:00 UT; UT1 is within 0.9 s of UTC, in which the ground moves 400 m
STEPS_A_TURN = 36  # of the first look, ten degrees of the orbit: a station culminates once a turn
LOW_DEG = 75.0  # looks are half a step from the top at most: 200 km high, five degrees off the zenith stand at 19
EXACT_S = 0.01
AHEAD_S = DAY_S  # how far ahead the next pass is looked for: the ground track is round the Earth within it
GOLDEN = 0.5 * (math.sqrt(5.0) - 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A ground station that hears us above `mask_deg`. `radio_w` is what we draw more while it does."""

    name: str
    latitude_deg: float  # geodetic
    longitude_deg: float  # east
    altitude_m: float = 0.0
    mask_deg: float = 5.0
    down_bps: float = 1.0e6  # a small S-band transmitter
    up_bps: float = 64.0e3
    radio_w: float = 0.0

    def __post_init__(self) -> None:
        if not -90.0 <= self.latitude_deg <= 90.0 or not -180.0 <= self.longitude_deg <= 360.0:
            raise ValueError(f"{self.name}: no such place {self.latitude_deg}, {self.longitude_deg}")
        if not 0.0 <= self.mask_deg < 90.0:
            raise ValueError(f"{self.name}: mask_deg must be in 0..90, is {self.mask_deg}")
        if min(self.down_bps, self.up_bps, self.radio_w) < 0.0:
            raise ValueError(f"{self.name}: down_bps, up_bps and radio_w must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass over one station, in TAI seconds."""

    station: str
    rise_tai_s: float
    set_tai_s: float
    down_bps: float
    up_bps: float
    radio_w: float = 0.0

    @property
    def duration_s(self) -> float:
        """Seconds from rise to set."""
        return self.set_tai_s - self.rise_tai_s

    def shared_s(self, start_s: float, end_s: float) -> float:
        """Seconds of the pass inside an interval."""
        return max(0.0, min(self.set_tai_s, end_s) - max(self.rise_tai_s, start_s))


class Track(Ephemeris):
    """The same orbit, seen from the turning Earth."""

    def place_m(self, tai_s: float) -> Vector:
        """Metres from the Earth's centre, in the frame that turns with the Earth (x through Greenwich)."""
        since_s = tai_s - self._epoch_s
        latitude = self._latitude_at_epoch + self._latitude_rate * since_s
        node = self._node_at_epoch + self._node_rate * since_s - sidereal_rad(tai_s)
        along, across = math.cos(latitude), math.sin(latitude)
        level, cos_node, sin_node = across * math.cos(self._inclination), math.cos(node), math.sin(node)
        radius_m = EARTH_RADIUS_M / math.sqrt(1.0 - self._horizon_cos**2)
        return (
            radius_m * (along * cos_node - level * sin_node),
            radius_m * (along * sin_node + level * cos_node),
            radius_m * across * math.sin(self._inclination),
        )

    def elevation(self, station: Station) -> Callable[[float], float]:
        """Degrees above the horizon of a station, as a function of TAI seconds."""
        (x, y, z), (up_x, up_y, up_z) = ground_m(station)

        def elevation_deg(tai_s: float) -> float:
            here = self.place_m(tai_s)
            east, north, polar = here[0] - x, here[1] - y, here[2] - z
            height_m = east * up_x + north * up_y + polar * up_z
            return math.degrees(math.asin(height_m / math.sqrt(east * east + north * north + polar * polar)))

        return elevation_deg


class Passes:
    """The passes over all stations; those that are on and the next are kept, found when time comes near them."""

    def __init__(self, track: Track, stations: Sequence[Station]) -> None:
        self._track, self._stations = track, tuple(stations)
        self._kept: list[Pass] = []  # those that are on, and the first that is not yet
        self._coming: Iterator[Pass] = iter(())
        self._from_s, self._until_s = math.inf, -math.inf  # where is looked

    def current(self, tai_s: float) -> Pass | None:
        """The pass that is on, that with the fastest downlink of several; None between passes."""
        self._reach(tai_s)
        on = [each for each in self._kept if each.rise_tai_s <= tai_s]
        return max(on, key=lambda each: (each.down_bps, each.set_tai_s), default=None)

    def next(self, tai_s: float) -> Pass | None:
        """The first that rises after `tai_s`; None where no station comes in sight within a day."""
        self._reach(tai_s)
        return next((each for each in self._kept if tai_s < each.rise_tai_s <= tai_s + AHEAD_S), None)

    def between(self, start_s: float, end_s: float) -> Iterator[Pass]:
        """Those with a part inside an interval, in order of their rise."""
        return passes(self._track, self._stations, start_s, end_s)

    def _reach(self, tai_s: float) -> None:
        """Keep what has not set, up to one that rises after `tai_s`. A time that was stepped back begins anew."""
        if tai_s < self._from_s or tai_s + AHEAD_S > self._until_s:
            self._kept, self._until_s = [], tai_s + 2.0 * AHEAD_S
            self._coming = passes(self._track, self._stations, tai_s, self._until_s)
        self._from_s = tai_s
        if self._kept and self._kept[0].set_tai_s <= tai_s:
            self._kept = [each for each in self._kept if each.set_tai_s > tai_s]
        while not self._kept or self._kept[-1].rise_tai_s <= tai_s:
            coming = next(self._coming, None)
            if coming is None:
                return
            if coming.set_tai_s > tai_s:
                self._kept.append(coming)


def passes(track: Track, stations: Sequence[Station], start_s: float, end_s: float) -> Iterator[Pass]:
    """The passes over all stations that set after `start_s` and rise before `end_s`, in order of their rise; found one
    by one, for some 0.2 ms a station and turn."""
    found = (_over(track, each, start_s, end_s) for each in stations)
    return merge(*found, key=lambda each: (each.rise_tai_s, each.station))


def ground_m(station: Station) -> tuple[Vector, Vector]:
    """Place in metres and local vertical (a unit vector) of a station, in the frame that turns with the Earth."""
    latitude, longitude = math.radians(station.latitude_deg), math.radians(station.longitude_deg)
    square = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
    normal_m = EARTH_RADIUS_M / math.sqrt(1.0 - square * math.sin(latitude) ** 2)
    level = math.cos(latitude)
    up = (level * math.cos(longitude), level * math.sin(longitude), math.sin(latitude))
    across_m, along_m = normal_m + station.altitude_m, normal_m * (1.0 - square) + station.altitude_m
    return (across_m * up[0], across_m * up[1], along_m * up[2]), up


def sidereal_rad(tai_s: float) -> float:
    """Angle from the equinox of date to Greenwich. Source: IAU 1982, its linear part (the rest: 0.003 deg by 2100)."""
    days = (tai_s - TAI_EPOCH_TO_UNIX_S - TAI_MINUS_UTC_S - J2000_UNIX_S) / DAY_S
    return math.radians((280.46061837 + 360.98564736629 * days) % 360.0)


def _over(track: Track, station: Station, start_s: float, end_s: float) -> Iterator[Pass]:
    """The passes over one station, turn after turn."""
    elevation_deg = track.elevation(station)
    step_s, half_s = track.period_s / STEPS_A_TURN, 0.5 * track.period_s
    at_s = start_s - half_s  # a pass that is on culminates within half a turn of now
    before, here = elevation_deg(at_s - step_s), elevation_deg(at_s)
    while at_s < end_s + half_s:
        after = elevation_deg(at_s + step_s)
        if before < here >= after and here > station.mask_deg - LOW_DEG:
            found = _around(track, station, elevation_deg, at_s, step_s)
            if found is not None and found.set_tai_s > start_s and found.rise_tai_s < end_s:
                yield found
        before, here, at_s = here, after, at_s + step_s


def _around(
    track: Track, station: Station, elevation_deg: Callable[[float], float], near_s: float, step_s: float
) -> Pass | None:
    """The pass that culminates near a time; None where it stays under the mask."""
    top_s = _highest(elevation_deg, near_s - step_s, near_s + step_s)
    if elevation_deg(top_s) <= station.mask_deg:
        return None
    half_s = 0.5 * track.period_s
    return Pass(
        station=station.name,
        rise_tai_s=_crossing(elevation_deg, station.mask_deg, top_s, top_s - half_s),
        set_tai_s=_crossing(elevation_deg, station.mask_deg, top_s, top_s + half_s),
        down_bps=station.down_bps,
        up_bps=station.up_bps,
        radio_w=station.radio_w,
    )


def _highest(elevation_deg: Callable[[float], float], low_s: float, high_s: float) -> float:
    """The culmination inside an interval, by golden section."""
    left_s, right_s = high_s - GOLDEN * (high_s - low_s), low_s + GOLDEN * (high_s - low_s)
    left, right = elevation_deg(left_s), elevation_deg(right_s)
    while high_s - low_s > EXACT_S:
        if left > right:
            high_s, right_s, right = right_s, left_s, left
            left_s = high_s - GOLDEN * (high_s - low_s)
            left = elevation_deg(left_s)
        else:
            low_s, left_s, left = left_s, right_s, right
            right_s = low_s + GOLDEN * (high_s - low_s)
            right = elevation_deg(right_s)
    return 0.5 * (low_s + high_s)


def _crossing(elevation_deg: Callable[[float], float], mask_deg: float, above_s: float, below_s: float) -> float:
    """When the elevation goes through the mask between a time above and a time below it, by bisection."""
    while abs(below_s - above_s) > EXACT_S:
        middle_s = 0.5 * (above_s + below_s)
        if elevation_deg(middle_s) > mask_deg:
            above_s = middle_s
        else:
            below_s = middle_s
    return 0.5 * (above_s + below_s)

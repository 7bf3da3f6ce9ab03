"""Where the spacecraft is, where it is night, and when stations see it: from the mean elements of the mission. Pure.

Telemetry brings no orbit down, so the elements come from the mission file that the flight computer flies with (tables
`orbit` and `station`, `epoch_utc`). Places are (east longitude, geodetic latitude) in degrees, -180 to 180.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsw.ephemeris.passes import Pass, Station, Track, passes, sidereal_rad
from fsw.ephemeris.sun import sun_direction
from hal.clock import SECOND_NS
from hal.constants import EARTH_FLATTENING, EARTH_RADIUS_M
from tools.ground.clock import parse_iso, tai_of_utc_ns

Place = tuple[float, float]
Span = tuple[float, float]

TRACK_STEP_S = 30.0  # two degrees of the orbit: straight enough on any screen
RING_STEPS = 72
NIGHT_STEP_DEG = 3
LEAST_DECLINATION = math.radians(0.05)  # the terminator stands upright at an equinox: keep its tangent finite
STATIONS_MOST = 100


class MissionError(ValueError):
    """A mission file that cannot be used, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """The orbit and the stations of one mission."""

    name: str
    track: Track
    stations: tuple[Station, ...]

    def place(self, tai_s: float) -> Place:
        """The point under the spacecraft."""
        x, y, z = self.track.place_m(tai_s)
        square = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
        latitude = math.atan2(z, (1.0 - square) * math.hypot(x, y))
        return _degrees(math.atan2(y, x)), math.degrees(latitude)

    def altitude_m(self, tai_s: float) -> float:
        """Above the equator's radius."""
        return math.dist(self.track.place_m(tai_s), (0.0, 0.0, 0.0)) - EARTH_RADIUS_M

    def ground_track(self, begin_s: float, end_s: float) -> list[tuple[bool, list[Place]]]:
        """Runs of the ground track, each in the Sun (True) or in shadow, none across the map's edge."""
        runs: list[tuple[bool, list[Place]]] = []
        steps = max(1, math.ceil((end_s - begin_s) / TRACK_STEP_S))
        times = [begin_s + (end_s - begin_s) * step / steps for step in range(steps + 1)]
        for at_s in times:
            is_sunlit, here = self.track.is_sunlit(at_s), self.place(at_s)
            if runs and runs[-1][0] != is_sunlit:
                runs[-1][1].append(here)
            if not runs or runs[-1][0] != is_sunlit:
                runs.append((is_sunlit, []))
            runs[-1][1].append(here)
        return [(is_sunlit, piece) for is_sunlit, run in runs for piece in unwrapped(run)]

    def eclipses(self, begin_s: float, end_s: float) -> list[Span]:
        """Spans of shadow inside an interval."""
        found: list[Span] = []
        at_s = begin_s
        while at_s < end_s:
            entry_s = at_s + self.track.until_sunset_s(at_s)
            if entry_s >= end_s:
                break
            exit_s = entry_s + max(self.track.until_sunrise_s(entry_s + 1.0), 0.0) + 1.0
            found.append((entry_s, min(exit_s, end_s)))
            at_s = exit_s + 1.0
        return found

    def passes(self, begin_s: float, end_s: float) -> list[Pass]:
        """Passes over the stations inside an interval, in order of their rise."""
        return list(passes(self.track, self.stations, begin_s, end_s))

    def ring(self, station: Station, tai_s: float) -> list[list[Place]]:
        """Where the spacecraft must be for a station to see it, as lines."""
        mask = math.radians(station.mask_deg)
        share = EARTH_RADIUS_M * math.cos(mask) / (EARTH_RADIUS_M + self.altitude_m(tai_s))
        return unwrapped(_circle((station.longitude_deg, station.latitude_deg), math.acos(share) - mask))


def read_sky(files: Sequence[Path]) -> Sky:
    """The sky of mission files (TOML or JSON), each laid over the one before it. Raises MissionError."""
    table: dict[str, Any] = {}
    for path in files:
        read = _read(path)
        orbit = {**table.get("orbit", {}), **read.get("orbit", {})}
        table |= read | ({"orbit": orbit} if orbit else {})
    return sky_of(table, " + ".join(str(path) for path in files))


def sky_of(table: dict[str, Any], source: str) -> Sky:
    """The sky of a mission as a table. Raises MissionError, which names `source`."""
    try:
        orbit = table["orbit"]
        track = Track(
            altitude_m=float(orbit["altitude_m"]),
            inclination_deg=float(orbit["inclination_deg"]),
            ltan_h=float(orbit["ltan_h"]),
            argument_of_latitude_deg=float(orbit.get("argument_of_latitude_deg", 0.0)),
            epoch_tai_s=tai_of_utc_ns(parse_iso(str(table["epoch_utc"]))) / SECOND_NS,
        )
        stations = tuple(Station(**row) for row in table.get("station", ())[:STATIONS_MOST])
    except KeyError as error:
        raise MissionError(f"{source}: there is no {error}; a mission file has epoch_utc and a table orbit") from error
    except (TypeError, ValueError) as error:
        raise MissionError(f"{source}: {error}") from error
    return Sky(name=str(table.get("name", "")), track=track, stations=stations)


def sun_place(tai_s: float) -> Place:
    """The point under the Sun."""
    (x, y, z), _distance = sun_direction(tai_s)
    return _degrees(math.atan2(y, x) - sidereal_rad(tai_s)), math.degrees(math.asin(z))


def night(sun: Place) -> list[Place]:
    """The half of the Earth where the Sun is down, as a polygon on the map.

    >>> night((0.0, 20.0))[-1], night((0.0, -20.0))[-1]
    ((-180.0, -90.0), (-180.0, 90.0))
    """
    declination = math.radians(sun[1])
    if abs(declination) < LEAST_DECLINATION:
        declination = math.copysign(LEAST_DECLINATION, declination)
    pole = -90.0 if declination > 0.0 else 90.0
    edge = [
        (float(longitude), math.degrees(math.atan(-math.cos(math.radians(longitude - sun[0])) / math.tan(declination))))
        for longitude in range(-180, 181, NIGHT_STEP_DEG)
    ]
    return [*edge, (180.0, pole), (-180.0, pole)]


def unwrapped(line: Iterable[Place]) -> list[list[Place]]:
    """A line in pieces that do not cross the map: where it leaves at one edge, it goes on at the other.

    >>> unwrapped([(170.0, 0.0), (-170.0, 10.0)])
    [[(170.0, 0.0), (180.0, 5.0)], [(-180.0, 5.0), (-170.0, 10.0)]]
    """
    pieces: list[list[Place]] = [[]]
    for here in line:
        if pieces[-1] and abs(here[0] - pieces[-1][-1][0]) > 180.0:
            last = pieces[-1][-1]
            side = math.copysign(180.0, last[0])
            width = here[0] + 2.0 * side - last[0]
            share = (side - last[0]) / width if width else 0.0
            latitude = last[1] + share * (here[1] - last[1])
            pieces[-1].append((side, latitude))
            pieces.append([(-side, latitude)])
        pieces[-1].append(here)
    return [piece for piece in pieces if len(piece) > 1]


def _circle(middle: Place, radius: float) -> list[Place]:
    longitude, latitude = math.radians(middle[0]), math.radians(middle[1])
    points = []
    for step in range(RING_STEPS + 1):
        azimuth = 2.0 * math.pi * step / RING_STEPS
        sine = math.sin(latitude) * math.cos(radius) + math.cos(latitude) * math.sin(radius) * math.cos(azimuth)
        east = math.atan2(
            math.sin(azimuth) * math.sin(radius) * math.cos(latitude),
            math.cos(radius) - math.sin(latitude) * sine,
        )
        points.append((_degrees(longitude + east), math.degrees(math.asin(max(-1.0, min(1.0, sine))))))
    return points


def _degrees(longitude: float) -> float:
    """Radians to degrees from -180 to 180."""
    return (math.degrees(longitude) + 180.0) % 360.0 - 180.0


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise MissionError(f"{path}: {error}") from error
    if not isinstance(table, dict):
        raise MissionError(f"{path}: a mission file is a table")
    return table

"""The radio between satellite and ground: passes over stations, delay, loss and bit errors, around a datagram link."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import asin, cos, degrees, radians, sin, sqrt

from hal.clock import SECOND_NS, Clock
from hal.constants import EARTH_FLATTENING, EARTH_RADIUS_M, EARTH_ROTATION_RAD_S
from hal.ports.link import DatagramLink
from sim import draws
from sim.frames import EarthFixed
from sim.orbit import Orbit
from sim.sun import sidereal_angle_rad

UNDER_WAY_LIMIT = 1024  # datagrams in the air or waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A ground station; it hears the satellite above `mask_deg`."""

    name: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float = 0.0
    mask_deg: float = 5.0

    def __post_init__(self) -> None:
        if not -90.0 <= self.latitude_deg <= 90.0 or not -180.0 <= self.longitude_deg <= 360.0:
            raise ValueError(f"{self.name}: no such place {self.latitude_deg}, {self.longitude_deg}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RadioConfig:
    """One way: seconds of delay, the share of datagrams lost, and errors for each bit."""

    delay_s: float = 0.01
    loss: float = 0.0
    bit_error_rate: float = 0.0

    def __post_init__(self) -> None:
        if self.delay_s < 0.0 or not 0.0 <= self.loss <= 1.0 or not 0.0 <= self.bit_error_rate < 0.5:
            raise ValueError("delay_s must not be negative, loss in 0..1, bit_error_rate in 0..0.5")


class View:
    """Which stations see the satellite. Times are seconds since the epoch of the elements."""

    def __init__(self, orbit: Orbit, stations: tuple[Station, ...]) -> None:
        places = [(station, *ground_place(station)) for station in stations]
        self._stations = tuple((station, (p.x, p.y, p.z), (up.x, up.y, up.z)) for station, p, up in places)
        self._orbit = orbit
        self._turn_rad = sidereal_angle_rad(orbit.elements.epoch_unix_s)

    def elevations_deg(self, time_s: float) -> tuple[float, ...]:
        """Elevation above each station's horizon, in the order of the stations."""
        place = self._place(time_s)
        return tuple(_elevation_deg(place, position, up) for _, position, up in self._stations)

    def station(self, time_s: float) -> Station | None:
        """The station that sees it highest; None outside all passes, the only answer without stations."""
        seen = [
            (elevation, index)
            for index, elevation in enumerate(self.elevations_deg(time_s))
            if elevation >= self._stations[index][0].mask_deg
        ]
        return self._stations[max(seen)[1]][0] if seen else None

    def _place(self, time_s: float) -> tuple[float, float, float]:
        orbit = self._orbit
        u = orbit.start_rad + orbit.latitude_rate_rad_s * time_s
        turn = self._turn_rad + EARTH_ROTATION_RAD_S * time_s
        node, ahead = orbit.axes(time_s)
        radius_m = orbit.elements.semi_major_axis_m
        x, y, z = (radius_m * (node[axis] * cos(u) + ahead[axis] * sin(u)) for axis in range(3))
        return cos(turn) * x + sin(turn) * y, cos(turn) * y - sin(turn) * x, z


def ground_place(station: Station) -> tuple[EarthFixed, EarthFixed]:
    """Position in metres and local vertical (a unit vector) of a station on the WGS 84 ellipsoid."""
    latitude, longitude = radians(station.latitude_deg), radians(station.longitude_deg)
    square = EARTH_FLATTENING * (2.0 - EARTH_FLATTENING)
    normal_m = EARTH_RADIUS_M / sqrt(1.0 - square * sin(latitude) ** 2)
    up = EarthFixed(cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude))
    across_m = normal_m + station.altitude_m
    along_m = normal_m * (1.0 - square) + station.altitude_m
    return EarthFixed(across_m * up.x, across_m * up.y, along_m * up.z), up


def _elevation_deg(
    place: tuple[float, float, float], position: tuple[float, float, float], up: tuple[float, float, float]
) -> float:
    line = tuple(a - b for a, b in zip(place, position, strict=True))
    distance = sqrt(sum(component * component for component in line))
    return degrees(asin(sum(a * b for a, b in zip(line, up, strict=True)) / distance))


class RadioLink:
    """One end of a link as heard through the air, both ways. A `hal.ports.link.DatagramLink`.

    `is_in_view(now_ns)` says whether the ground is seen when a datagram is sent. What is lost is counted in `dropped`.
    """

    def __init__(
        self, link: DatagramLink, clock: Clock, config: RadioConfig, seed: int, is_in_view: Callable[[int], bool]
    ) -> None:
        self._link, self._clock, self._config, self._is_in_view = link, clock, config, is_in_view
        self._stream = draws.key(seed, "radio")
        self._number = 0
        self._up: deque[tuple[int, bytes]] = deque()
        self._down: deque[tuple[int, bytes]] = deque()
        self.sent = self.received = self.dropped = 0

    def send(self, datagram: bytes) -> None:
        self.sent += 1
        self._travel(datagram, self._down)
        self.deliver()

    def receive(self) -> bytes | None:
        self.deliver()
        if not self._up or self._up[0][0] > self._clock.now_ns():
            return None
        self.received += 1
        return self._up.popleft()[1]

    def deliver(self) -> None:
        """Let through what has arrived; call it at every control step."""
        now_ns = self._clock.now_ns()
        while self._down and self._down[0][0] <= now_ns:
            self._link.send(self._down.popleft()[1])
        for _ in range(UNDER_WAY_LIMIT):
            datagram = self._link.receive()
            if datagram is None:
                break
            self._travel(datagram, self._up)

    def _travel(self, datagram: bytes, way: deque[tuple[int, bytes]]) -> None:
        now_ns = self._clock.now_ns()
        self._number += 1
        is_lost = draws.uniform(self._stream, self._number) < self._config.loss
        if is_lost or len(way) >= UNDER_WAY_LIMIT or not self._is_in_view(now_ns):
            self.dropped += 1
            return
        way.append((now_ns + round(self._config.delay_s * SECOND_NS), self._damaged(datagram)))

    def _damaged(self, datagram: bytes) -> bytes:
        """The datagram with its bit errors: gaps between them are exponential."""
        rate = self._config.bit_error_rate
        if rate <= 0.0:
            return datagram
        octets = bytearray(datagram)
        stream = draws.key(self._stream, f"bits/{self._number}")
        count, position = 0, draws.exponential(stream, 0) / rate
        while position < 8 * len(octets):
            octets[int(position) // 8] ^= 0x80 >> int(position) % 8
            count += 1
            position += max(1.0, draws.exponential(stream, count) / rate)
        return bytes(octets)

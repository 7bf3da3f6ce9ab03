"""A near-circular orbit under secular J2: mean elements in the equatorial frame of date.

Source: the first-order secular rates of Brouwer and Kozai for zero eccentricity. Against a numerical integration the
node rate is good to 1e-3 and the position to 10 km (1.3 s of flight) over three days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import acos, cos, degrees, pi, radians, sin, sqrt
from typing import Protocol

from hal.constants import EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M, TROPICAL_YEAR_S
from sim.frames import OfDate
from sim.sun import mean_longitude_rad

TURN = 2.0 * pi


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanElements:
    """Mean (not osculating) elements at an epoch, in the equatorial frame of date; the orbit is circular.

    From a place and a velocity they come through `sim.osculating`, from a TLE through `sim.tle`, never directly.
    """

    epoch_unix_s: float
    semi_major_axis_m: float
    inclination_rad: float
    node_rad: float  # right ascension of the ascending node
    latitude_argument_rad: float  # angle from the ascending node along the orbit

    @property
    def altitude_km(self) -> float:
        """Of the mean axis, above the equatorial radius."""
        return (self.semi_major_axis_m - EARTH_RADIUS_M) / 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OrbitConfig:
    """An orbit by its altitude above the equatorial radius; sun-synchronous unless an inclination is given.

    Or, with `tle`, that of a real satellite: SGP4 puts it in its place, from where secular J2 carries it on.
    """

    altitude_km: float = 500.0
    ltan_h: float = 10.5  # local mean solar time of the ascending node
    inclination_deg: float | None = None
    latitude_argument_deg: float = 0.0  # at the epoch
    tle: tuple[str, ...] = ()  # the two lines, or a name and two lines; they give all of the above
    is_oblate: bool = False  # whether the Earth's flattening shapes its shadow

    def __post_init__(self) -> None:
        if self.tle:
            self._check_alone()
        if not 200.0 <= self.altitude_km <= 2_500.0:
            raise ValueError(f"altitude_km must be in 200..2500 for a near-circular low orbit, is {self.altitude_km}")
        if not 0.0 <= self.ltan_h < 24.0:
            raise ValueError(f"ltan_h must be in 0..24, is {self.ltan_h}")

    def _check_alone(self) -> None:
        from sim.tle import read_tle  # only where there is one: it builds on this module

        read_tle("\n".join(self.tle))
        plain = OrbitConfig(is_oblate=self.is_oblate)
        for name in ("altitude_km", "ltan_h", "inclination_deg", "latitude_argument_deg"):
            if getattr(self, name) != getattr(plain, name):
                raise ValueError(f"{name} comes from the tle; leave it out")

    def resolved(self, epoch: datetime) -> OrbitConfig:
        """The same orbit at `epoch` without a TLE. Raises ValueError (TleError, EccentricOrbit) where there is none."""
        if not self.tle:
            return self
        from sim.tle import TleOrbit, read_tle

        mean = TleOrbit(read_tle("\n".join(self.tle)), epoch.timestamp()).mean_elements()
        return OrbitConfig(
            altitude_km=mean.altitude_km,
            ltan_h=ltan_from_node_h(mean.node_rad, mean.epoch_unix_s),
            inclination_deg=degrees(mean.inclination_rad),
            latitude_argument_deg=degrees(mean.latitude_argument_rad),
            is_oblate=self.is_oblate,
        )

    def elements(self, epoch: datetime) -> MeanElements:
        """The mean elements at `epoch`."""
        if self.tle:
            return self.resolved(epoch).elements(epoch)
        axis_m = EARTH_RADIUS_M + self.altitude_km * 1000.0
        fixed = self.inclination_deg
        return MeanElements(
            epoch_unix_s=epoch.timestamp(),
            semi_major_axis_m=axis_m,
            inclination_rad=sun_synchronous_inclination_rad(axis_m) if fixed is None else radians(fixed),
            node_rad=node_from_ltan_rad(self.ltan_h, epoch.timestamp()),
            latitude_argument_rad=radians(self.latitude_argument_deg) % TURN,
        )


def mean_motion_rad_s(semi_major_axis_m: float) -> float:
    """Kepler's third law."""
    return sqrt(EARTH_MU_M3_S2 / semi_major_axis_m**3)


def _oblateness(semi_major_axis_m: float) -> float:
    return 1.5 * EARTH_J2 * (EARTH_RADIUS_M / semi_major_axis_m) ** 2


def node_rate_rad_s(semi_major_axis_m: float, inclination_rad: float) -> float:
    """Secular drift of the node, positive eastward."""
    return -mean_motion_rad_s(semi_major_axis_m) * _oblateness(semi_major_axis_m) * cos(inclination_rad)


def latitude_rate_rad_s(semi_major_axis_m: float, inclination_rad: float) -> float:
    """Secular rate of the argument of latitude (mean anomaly plus perigee); its turn is the nodal period."""
    growth = _oblateness(semi_major_axis_m) * (3.0 - 4.0 * sin(inclination_rad) ** 2)
    return mean_motion_rad_s(semi_major_axis_m) * (1.0 + growth)


def nodal_period_s(semi_major_axis_m: float, inclination_rad: float) -> float:
    """Time from one ascending node to the next."""
    return TURN / latitude_rate_rad_s(semi_major_axis_m, inclination_rad)


def sun_synchronous_inclination_rad(semi_major_axis_m: float) -> float:
    """The inclination whose node goes round once in a tropical year; ValueError where there is none."""
    wanted = -(TURN / TROPICAL_YEAR_S) / (mean_motion_rad_s(semi_major_axis_m) * _oblateness(semi_major_axis_m))
    if wanted < -1.0:
        raise ValueError(f"no sun-synchronous orbit at {semi_major_axis_m / 1000.0:.0f} km from the centre")
    return acos(wanted)


def node_from_ltan_rad(ltan_h: float, unix_s: float) -> float:
    """Right ascension of an ascending node that the mean Sun sees at local mean solar time `ltan_h`."""
    return (mean_longitude_rad(unix_s) + (ltan_h - 12.0) * pi / 12.0) % TURN


def ltan_from_node_h(node_rad: float, unix_s: float) -> float:
    """Local mean solar time of an ascending node at this right ascension, in 0..24."""
    turned = (node_rad - mean_longitude_rad(unix_s)) / TURN
    return 24.0 * ((turned + 0.5) % 1.0) % 24.0


class Trajectory(Protocol):
    """A satellite whose place can be asked for at any time, in seconds since its epoch."""

    @property
    def epoch_unix_s(self) -> float:
        """UTC of time 0."""
        ...

    @property
    def period_s(self) -> float:
        """From node to node."""
        ...

    def place(self, time_s: float) -> OfDate:
        """Position in metres."""
        ...


class Orbit:
    """Where the satellite is. Times are seconds since the epoch of the elements. A `Trajectory`.

    Raises TypeError for elements that are not mean ones: an osculating axis runs away by 100 km a day and more.
    """

    __slots__ = ("_cos_i", "_node_rate", "_sin_i", "elements", "latitude_rate_rad_s", "start_rad")

    def __init__(self, elements: MeanElements) -> None:
        if not isinstance(elements, MeanElements):
            raise TypeError(
                f"an orbit takes MeanElements, got {type(elements).__name__}; sim.osculating.mean_elements converts"
            )
        axis_m, inclination = elements.semi_major_axis_m, elements.inclination_rad
        self.elements = elements
        self.start_rad = elements.latitude_argument_rad
        self.latitude_rate_rad_s = latitude_rate_rad_s(axis_m, inclination)
        self._node_rate = node_rate_rad_s(axis_m, inclination)
        self._cos_i, self._sin_i = cos(inclination), sin(inclination)

    @property
    def period_s(self) -> float:
        return TURN / self.latitude_rate_rad_s

    @property
    def epoch_unix_s(self) -> float:
        return self.elements.epoch_unix_s

    def place(self, time_s: float) -> OfDate:
        """Position in metres."""
        u = self.start_rad + self.latitude_rate_rad_s * time_s
        radius_m = self.elements.semi_major_axis_m
        along, across = radius_m * cos(u), radius_m * sin(u)
        node, ahead = self.axes(time_s)
        return OfDate(along * node[0] + across * ahead[0], along * node[1] + across * ahead[1], across * ahead[2])

    def node_rad(self, time_s: float) -> float:
        """The node at a time."""
        return self.elements.node_rad + self._node_rate * time_s

    def axes(self, time_s: float) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """Unit vectors to the ascending node and 90 degrees ahead of it, in the equatorial frame of date."""
        node = self.node_rad(time_s)
        cos_node, sin_node = cos(node), sin(node)
        return (cos_node, sin_node, 0.0), (-sin_node * self._cos_i, cos_node * self._cos_i, self._sin_i)

    def describe(self) -> str:
        """The orbit in a line."""
        altitude_km, inclination_deg = self.elements.altitude_km, degrees(self.elements.inclination_rad)
        return f"{altitude_km:.0f} km, {inclination_deg:.2f} deg, period {self.period_s:.0f} s"

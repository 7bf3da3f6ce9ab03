"""Passes over ground stations: when the satellite rises, culminates and sets, for any trajectory.

The station stands on the WGS 84 ellipsoid, its horizon is square to the ellipsoid, and elevation is geometric: the air
lifts a satellite on the horizon by half a degree, 5 to 10 s of a pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import asin, degrees

from sim.frames import EarthFixed, earth_fixed_from_of_date
from sim.orbit import Trajectory
from sim.radio import Station, ground_place
from sim.search import crossing, dips, lowest

STEPS_A_TURN = 36  # of the first look: a pass of a low satellite culminates once a turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass over one station; times are seconds since the epoch of the trajectory."""

    station: str
    rise_s: float  # acquisition: through the mask, upwards
    culmination_s: float
    set_s: float  # loss: through the mask, downwards
    max_elevation_deg: float

    @property
    def duration_s(self) -> float:
        return self.set_s - self.rise_s


def passes(trajectory: Trajectory, station: Station, start_s: float, end_s: float) -> Iterator[Pass]:
    """The passes that rise inside the interval, in order; they may set after it. The mask is the station's."""
    place, up = ground_place(station)
    epoch_unix_s, period_s = trajectory.epoch_unix_s, trajectory.period_s

    def below_mask_deg(time_s: float) -> float:
        where = earth_fixed_from_of_date(trajectory.place(time_s), epoch_unix_s + time_s)
        return station.mask_deg - elevation_deg(where, place, up)

    step_s = period_s / STEPS_A_TURN
    for near_s, span_s, _ in dips(below_mask_deg, start_s - step_s, end_s + 0.5 * period_s, step_s):
        top_s = lowest(below_mask_deg, near_s - span_s, near_s + span_s)
        depth_deg = below_mask_deg(top_s)
        if depth_deg >= 0.0:
            continue
        rise_s, set_s = (crossing(below_mask_deg, top_s, top_s + side * period_s / 4.0) for side in (-1.0, 1.0))
        if start_s <= rise_s < end_s:
            yield Pass(
                station=station.name,
                rise_s=rise_s,
                culmination_s=top_s,
                set_s=set_s,
                max_elevation_deg=station.mask_deg - depth_deg,
            )


def elevation_deg(where_m: EarthFixed, place_m: EarthFixed, up: EarthFixed) -> float:
    """Height of a satellite over the horizon of a place with its local vertical."""
    line = where_m - place_m
    return degrees(asin(max(-1.0, min(1.0, line.dot(up) / line.length))))

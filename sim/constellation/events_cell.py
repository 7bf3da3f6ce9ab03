"""The numbers that all satellites of a shell share during a day of event mode; one layout for three executors.

Sun and node are given at the start, the middle and the end of the day, so that sin beta is a parabola over it: within
2.1e-5 (0.0012 deg) for the fastest node against the Sun, 0.138 rad a day at 30 deg and 500 km. Distance and flux of
the Sun are those of noon (0.02 %).
"""

from __future__ import annotations

from math import cos, pi, sin
from typing import NamedTuple

import numpy as np

from sim.constellation.coefficients import CELL_S, coefficients
from sim.constellation.design import Design
from sim.constellation.events_wear import CYCLE_FADE, LEAST_SHARE, array_share, calendar_fade
from sim.constellation.shells import Shell
from sim.discs import Bodies, edges_rad
from sim.orbit import nodal_period_s, node_rate_rad_s
from sim.sun import DAY_S, sun_at

TURN = 2.0 * pi
# Half an arc of darkness over the Sun's disc: Gauss and Chebyshev of the second kind with two points, half a solar
# radius to each side of its centre. The disc's shape is in the weights, so a grazing orbit needs no case of its own.
DISC_POINT = 0.5
SHORTEST_CYCLE = 0.96  # of a nodal period: noon moves by half a turn a day at most, 1/30 of a cycle
# Means of a cosine to 45 and to 90 degrees, sin(pi/4) / (pi/4) and (1 - sin(pi/4)) / (pi/4): written out, because the
# last bit of a sine is the library's.
DAY_GLOW = (0.9003163161571062, 0.3729232285780567)


class Cell(NamedTuple):
    """Everything a day needs beside the satellites' own state, as the C structure has it: doubles in this order."""

    start_s: float  # since the epoch
    end_s: float
    midnight_s: float  # to add to seconds since the epoch for those since a midnight UTC
    day_share: float  # 1 / 86,400
    period_s: float  # from node to node
    cycles: float  # that no satellite exceeds in a day
    node_turn_cos: float  # of the node in half a day
    node_turn_sin: float
    cos_inclination: float
    sin_inclination: float
    sun_x_0: float  # at the start, in the middle, at the end
    sun_y_0: float
    sun_z_0: float
    sun_x_1: float
    sun_y_1: float
    sun_z_1: float
    sun_x_2: float
    sun_y_2: float
    sun_z_2: float
    dark_cos_wide: float  # of the half arc at beta 0 behind which a part of the Sun's disc hides
    dark_cos_narrow: float
    umbra_cos: float
    array_w: float  # in full sun at 0 K, its slope, and what the tracker passes
    array_w_k: float
    array_limit_w: float
    platform_w: float
    compute_lit_w: float  # times the share of the hour
    compute_dark_w: float
    charge_efficiency: float
    discharge_factor: float
    charge_limit_w: float
    reserve_soc: float
    capacity_j: float  # when new
    calendar_fade: float  # share of it lost by now
    cycle_fade: float  # share lost by a cycle of depth 1
    least_share: float
    array_sun_w: float  # each node: in full sun, under the subsolar point, always
    array_albedo_w: float
    array_constant_w: float
    array_cooling_k4_w: float  # 1 / (e s A), and e s A / C
    array_rate_k3_s: float
    payload_sun_w: float
    payload_albedo_w: float
    payload_constant_w: float
    payload_radiated_w_k4: float  # 4 e s A, and 1 / C
    payload_k_j: float
    body_sun_w: float
    body_albedo_w: float
    body_constant_w: float
    body_radiated_w_k4: float
    body_k_j: float
    link_w_k: float


def cell(shell: Shell, design: Design, epoch_unix_s: float, day: int, *, with_wear: bool = True) -> Cell:
    """The cell of a day, counted from the epoch; without wear, array and battery are new all the time."""
    start_s = day * DAY_S
    return Cell(
        *(start_s, start_s + DAY_S, epoch_unix_s % DAY_S, 1.0 / DAY_S),
        *_orbit(shell),
        *_suns(epoch_unix_s + start_s),
        *_shadow(shell, epoch_unix_s + start_s + 0.5 * DAY_S),
        *_satellite(shell, design, epoch_unix_s, day, with_wear),
    )


def hour_shares(design: Design) -> tuple[float, ...]:
    """The share of the compute load by the hour (UTC); a 25th stands for the end of the day."""
    shares = design.load.share_by_hour if design.load.follows == "price" else (design.load.share,) * 24
    return (*shares, shares[0])


def _orbit(shell: Shell) -> list[float]:
    axis_m, inclination = shell.semi_major_axis_m, shell.inclination_rad
    period_s = nodal_period_s(axis_m, inclination)
    turn = node_rate_rad_s(axis_m, inclination) * 0.5 * DAY_S
    cycles = float(int(DAY_S / (SHORTEST_CYCLE * period_s)) + 1)
    return [period_s, cycles, cos(turn), sin(turn), cos(inclination), sin(inclination)]


def _suns(unix_s: float) -> list[float]:
    suns = (sun_at(unix_s), sun_at(unix_s + 0.5 * DAY_S), sun_at(unix_s + DAY_S))
    return [part for sun in suns for part in (sun.x, sun.y, sun.z)]


def _shadow(shell: Shell, unix_s: float) -> list[float]:
    """Cosines of the half arcs at beta 0: two points of the Sun's disc, and the whole of it."""
    umbra, shadow = edges_rad(shell.semi_major_axis_m, np.array([sun_at(unix_s).distance_m]), Bodies())
    middle, half = 0.5 * float(shadow[0] + umbra[0]), 0.5 * float(shadow[0] - umbra[0])
    return [cos(middle + DISC_POINT * half), cos(middle - DISC_POINT * half), cos(float(umbra[0]))]


def _satellite(shell: Shell, design: Design, epoch_unix_s: float, day: int, with_wear: bool) -> list[float]:
    """From the stepped model's coefficients at the middle of the day, worn by then."""
    noon = round((day + 0.5) * DAY_S / CELL_S)
    k = coefficients(shell, design, epoch_unix_s, noon, 1.0)
    load, years = design.load, (day + 0.5) / 365.25
    left = array_share(shell, design, years) if with_wear else 1.0
    fades = (calendar_fade(years), CYCLE_FADE) if with_wear else (0.0, 0.0)
    return [
        *(k.array_w * left, k.array_w_k * left, k.array_limit_w, k.platform_w),
        *(load.compute_w, 0.0 if load.follows == "sun" else load.compute_w),
        *(k.charge_efficiency, k.discharge_factor, k.charge_limit_w),
        *(design.storage.reserve_soc, k.capacity_j, *fades, LEAST_SHARE),
        *(k.array_sun_w, k.array_albedo_w, k.array_constant_w),
        *(4.0 / k.array_radiated_w_k4, 0.25 * k.array_radiated_w_k4 / k.array_inertia_w_k),
        *(k.payload_sun_w, k.payload_albedo_w, k.payload_constant_w, k.payload_radiated_w_k4),
        1.0 / k.payload_inertia_w_k,
        *(k.body_sun_w, k.body_albedo_w, k.body_constant_w, k.body_radiated_w_k4, 1.0 / k.body_inertia_w_k),
        k.link_w_k,
    ]

"""The clairvoyant bound: a linear programme that knows every arrival, with every relaxation optimistic.

Starts may be fractions; arrivals are rounded down to a slot and deadlines up; limits hold at the ends of slots;
radiation is the chord of its T^4 law between 250 K and the ceiling, which lies above it. Jobs of a class are alike and
due in the order they came, so a class is a flow: begun plus dropped never exceeds what has come, and never lags behind
what is due. Energy obeys the rule that the guard keeps: at every slot's end, housekeeping alone must lead to sunrise
above the floor. Source: the optimisation problem of the study of governors, solved by HiGHS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fsw.govern.points import OperatingPoints
from fsw.govern.programme import Floats, Programme
from hal.clock import SECOND_NS
from hal.constants import ZERO_CELSIUS_K
from sim.arrivals import Arrival
from tools.bench.governor import reference

COLDEST_K = 250.0
SUB_SLOTS = 12  # points a slot at which sunlight is looked up: 10 s of 120 s, exact for the reference plant


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What nobody can beat, and how it was found."""

    value: float
    columns: int
    rows: int


def bound(jobs: Sequence[Arrival], slots: int, sun_factor: float = 1.0) -> Bound:
    """The bound of one run of the reference plant. Raises RuntimeError where HiGHS finds no optimum."""
    programme = Programme()
    slot_s, kilo = reference.SLOT_S, 1e-3
    sun = _sun_share(slots)
    points = OperatingPoints(reference.mission())
    work, seconds, joules = [], [], []
    for row in reference.mission().demand:
        for point in points.of(row.model):
            work.append(programme.columns(np.full(slots, -row.value * point.worth)))
            seconds.append(point.seconds)
            joules.append(point.joules)
    columns = np.array(work)
    tau, kilojoules = np.array(seconds)[:, None], np.array(joules)[:, None] * kilo

    time = programme.rows(np.full(slots, -np.inf), np.full(slots, slot_s))
    programme.put(time[None, :], columns, tau)

    free = np.zeros(slots)
    charge, discharge, spill = (programme.columns(free) for _ in range(3))
    surplus = (reference.ARRAY_W * sun_factor * sun - reference.BUS_W - reference.IDLE_W) * slot_s * kilo
    power = programme.rows(surplus, surplus)
    programme.put(power[None, :], columns, kilojoules)
    for column, sign in ((charge, 1.0), (spill, 1.0), (discharge, -1.0)):
        programme.put(power, column, sign)
    floor_j = reference.FLOOR_SOC * reference.CAPACITY_J
    least = (floor_j + _to_sunrise_j(slots, sun_factor)) * kilo
    stored = programme.columns(free, lower=least, upper=reference.CAPACITY_J * kilo)
    first = free.copy()
    first[0] = reference.START_SOC * reference.CAPACITY_J * kilo
    store = programme.rows(first, first)
    programme.put(store, stored, 1.0)
    programme.put(store[1:], stored[:-1], -1.0)
    programme.put(store, charge, -reference.EFFICIENCY)
    programme.put(store, discharge, 1.0 / reference.EFFICIENCY)

    ceiling_k = reference.CEILING_C + ZERO_CELSIUS_K
    low_w, high_w = (reference.EMISSION_W_K4 * kelvin**4 for kelvin in (COLDEST_K, ceiling_k))
    slope = (high_w - low_w) / (ceiling_k - COLDEST_K)
    capacity = reference.HEAT_J_K * kilo
    keep = 1.0 - slope * slot_s * kilo / capacity
    surroundings = reference.SHADE_W + (reference.SUN_W - reference.SHADE_W) * sun
    warming = (reference.IDLE_W + surroundings - low_w + slope * COLDEST_K) * slot_s * kilo / capacity
    warming[0] += keep * (reference.START_C + ZERO_CELSIUS_K)
    temp = programme.columns(free, lower=0.0, upper=ceiling_k)
    heat = programme.rows(warming, warming)
    programme.put(heat, temp, 1.0)
    programme.put(heat[1:], temp[:-1], -keep)
    programme.put(heat[None, :], columns, -kilojoules / capacity)

    _flow(programme, jobs, slots, columns, [len(points.of(row.model)) for row in reference.mission().demand])
    value = programme.optimum()
    if value is None:
        raise RuntimeError("HiGHS found no optimum for the bound")
    return Bound(value=-value, columns=programme.size[1], rows=programme.size[0])


def _flow(programme: Programme, jobs: Sequence[Arrival], slots: int, columns: np.ndarray, sizes: list[int]) -> None:
    """Rows of a class: begun + dropped <= come, begun + dropped >= due, both summed up to each slot."""
    first = 0
    for row, size in zip(reference.mission().demand, sizes, strict=True):
        times = [job.time_ns / SECOND_NS for job in jobs if job.kind == row.kind]
        come = np.zeros(slots)
        due = np.zeros(slots + 1)
        for time_s in times:
            come[min(slots - 1, int(time_s // reference.SLOT_S))] += 1
            last = int(-(-(time_s + row.deadline_s) // reference.SLOT_S))
            due[min(slots, last)] += 1
        come, gone = np.cumsum(come), np.cumsum(due)[:-1]  # due before the slot begins
        past = programme.columns(np.zeros(slots), lower=0.0)  # begun or dropped up to the slot's end
        dropped = programme.columns(np.zeros(slots))
        rows = programme.rows(np.zeros(slots), np.zeros(slots))
        programme.put(rows, past, 1.0)
        programme.put(rows[1:], past[:-1], -1.0)
        programme.put(rows, dropped, -1.0)
        programme.put(rows[None, :], columns[first : first + size], -1.0)
        limits = programme.rows(np.append(gone[1:], 0.0), come)
        programme.put(limits, past, 1.0)
        first += size


def _sun_share(slots: int) -> Floats:
    step_s = reference.SLOT_S / SUB_SLOTS
    lit = [reference.is_sunlit((index + 0.5) * step_s) for index in range(slots * SUB_SLOTS)]
    return np.array(lit, dtype=float).reshape(slots, SUB_SLOTS).mean(axis=1)


def _to_sunrise_j(slots: int, sun_factor: float) -> Floats:
    """Joules that must be stored above the floor at each slot's end so that idling leads to sunrise."""
    idle_w = reference.BUS_W + reference.IDLE_W
    gain_w = (reference.ARRAY_W * sun_factor - idle_w) * reference.EFFICIENCY
    need = []
    for index in range(slots):
        into_s = ((index + 1) * reference.SLOT_S) % reference.ORBIT_S
        dark_j = idle_w * min(reference.DARK_S, max(0.0, reference.DARK_S - into_s)) / reference.EFFICIENCY
        if into_s >= reference.DARK_S:
            dark_j = idle_w * reference.DARK_S / reference.EFFICIENCY - gain_w * (reference.ORBIT_S - into_s)
        need.append(max(0.0, dark_j))
    return np.array(need)

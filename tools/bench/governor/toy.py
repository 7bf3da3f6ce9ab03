"""The best schedule of a toy case by brute force, on the reference plant itself: what the bound must not fall below.

Every order of the jobs, every operating point, begun as soon as possible; a schedule that passes a
limit, or leaves less than idling to sunrise needs, does not count. A handful of jobs: the cost is factorial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fsw.govern.points import OperatingPoint, OperatingPoints
from hal.clock import SECOND_NS
from sim.arrivals import Arrival
from tools.bench.governor import reference

MOST_JOBS = 3


def brute_force(jobs: Sequence[Arrival], end_s: float, start_soc: float) -> float:
    """The most that any schedule of `jobs` earns by `end_s`. Raises ValueError for more than a toy."""
    if len(jobs) > MOST_JOBS:
        raise ValueError(f"brute force takes {MOST_JOBS} jobs, not {len(jobs)}")
    plant = reference.Plant(stored_j=start_soc * reference.CAPACITY_J, lowest_soc=start_soc)
    return _best(plant, tuple(jobs), end_s, OperatingPoints(reference.mission()), 0.0)


def _best(
    plant: reference.Plant, waiting: tuple[Arrival, ...], end_s: float, points: OperatingPoints, least: float
) -> float:
    """The most that the waiting jobs earn; branches that cannot pass `least` are left out."""
    best = 0.0
    for index, job in enumerate(waiting):
        rest = waiting[:index] + waiting[index + 1 :]
        hope = sum(other.value for other in rest)
        for point in points.of(job.model):
            worth = job.value * point.worth
            if worth + hope <= max(best, least):
                continue
            after = _after(plant, job, point, end_s)
            if after is not None:
                best = max(best, worth + _best(after, rest, end_s, points, max(best, least) - worth))
    return best


def _after(plant: reference.Plant, job: Arrival, point: OperatingPoint, end_s: float) -> reference.Plant | None:
    """The plant when the job is done; None where that is too late or breaks a limit."""
    came_s = job.time_ns / SECOND_NS
    begin_s = max(plant.time_s, came_s)
    done_s = begin_s + point.seconds
    if done_s > min(end_s, came_s + job.deadline_s):
        return None
    after = replace(plant)
    after.advance(begin_s)
    after.load_w = point.watts
    after.advance(done_s)
    after.load_w = 0.0
    return None if after.broken or not _reaches_sunrise(after) else after


def _reaches_sunrise(plant: reference.Plant) -> bool:
    """Idling from here keeps above the floor until the Sun is back; a day is longer than that of the toy."""
    idle = replace(plant)
    into_s = idle.time_s % reference.ORBIT_S
    idle.advance(idle.time_s + max(0.0, reference.DARK_S - into_s))
    return idle.lowest_soc >= reference.FLOOR_SOC

"""How much work one order takes: a batch of equal jobs, or a segment of a long one. Pure.

The policy has chosen a job and a point that runs one unit of work; here as much is put together as the guard's
envelope, the deadlines and the energy caps permit, where that takes less energy and time a unit.
"""

from __future__ import annotations

from dataclasses import replace

from fsw.govern.points import OperatingPoint
from fsw.govern.policies import Situation, forbidden_by
from fsw.messages import Job
from hal.clock import SECOND_NS

SEGMENT_S = 4.0  # what a trip or a crash costs of a long job at most, but for a unit that takes longer by itself
MOST_JOBS = 64  # of a batch: the worker's reply on them must fit into its packet, see fsw.infer.frames
MOST_UNITS = 4096  # of a segment; where fewer rows fit into the worker's memory it says how many it has run


def batch(
    situation: Situation, job: Job, point: OperatingPoint, others: list[Job], until_ns: int | None = None
) -> tuple[OperatingPoint, list[Job]]:
    """The point of the largest batch that `job` may run in, with its other jobs; else the point given, and none.

    `others` are jobs worth as much or more, those that are due first first. At `until_ns` the computer must be free
    for another model's job; a batch does not make it late where the one job alone would not.
    """
    for larger in reversed(point.larger):
        if larger.batch > min(len(others) + 1, MOST_JOBS) or not _saves(larger, point):
            continue
        if until_ns is not None and _end_ns(situation, point) <= until_ns < _end_ns(situation, larger):
            continue
        joined = [other for other in others if _in_time(situation, other, larger)][: larger.batch - 1]
        fits = len(joined) == larger.batch - 1 and _in_time(situation, job, larger)
        if fits and not forbidden_by(situation, _uncapped(job), larger):
            return larger, joined
    return point, []


def segment(situation: Situation, job: Job, point: OperatingPoint, units: int) -> tuple[OperatingPoint, int]:
    """The point for a segment of a job with `units` to go, and how many inferences it takes on it."""
    job = _uncapped(job)  # its cap was divided among its units before the policy chose
    for larger in reversed(point.larger):
        if larger.batch <= min(units, MOST_UNITS) and _saves(larger, point):
            count = _inferences(situation, job, larger, units)
            if count:
                return larger, count
    return point, max(1, _inferences(situation, job, point, units))


def share_of(larger: OperatingPoint) -> OperatingPoint:
    """What a batch takes for each of its units, as a point to be compared with those that run one."""
    return replace(larger, seconds=larger.seconds / larger.batch)


def unit_of(job: Job, units: int, quickest_s: float, spent_j: float) -> Job:
    """One of the `units` that a job has to go, as a policy judges it: its share of the value, due so that the others
    can still follow it, with its share of what the energy cap leaves."""
    cap_j = job.energy_cap_j
    return replace(
        job,
        value=job.value / units,
        deadline_ns=job.deadline_ns - int((units - 1) * quickest_s * SECOND_NS),
        energy_cap_j=None if cap_j is None else (cap_j - spent_j) / units,
    )


def _inferences(situation: Situation, job: Job, point: OperatingPoint, units: int) -> int:
    """How many inferences one after another are short enough and permitted; halved until they are."""
    count = min(units, MOST_UNITS) // point.batch
    count = min(count, max(1, int(SEGMENT_S / point.seconds)))
    while count and forbidden_by(situation, job, replace(point, seconds=count * point.seconds)):
        count //= 2
    return count


def _saves(larger: OperatingPoint, point: OperatingPoint) -> bool:
    """Whether a batch takes less energy and less time a unit."""
    return larger.joules < larger.batch * point.joules and larger.seconds < larger.batch * point.seconds


def _end_ns(situation: Situation, point: OperatingPoint) -> float:
    return situation.now_ns + point.seconds * SECOND_NS


def _in_time(situation: Situation, job: Job, larger: OperatingPoint) -> bool:
    """Whether a job of a batch meets its deadline, and its share its energy cap."""
    if _end_ns(situation, larger) > job.deadline_ns:
        return False
    return job.energy_cap_j is None or larger.joules / larger.batch <= job.energy_cap_j


def _uncapped(job: Job) -> Job:
    return job if job.energy_cap_j is None else replace(job, energy_cap_j=None)

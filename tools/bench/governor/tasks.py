"""One piece of work of the yardstick: a bound, or a policy's run. Whoever does it, where, finds the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hal.clock import SECOND_NS, MonotonicClock
from tools.bench.governor import reference
from tools.bench.governor.bound import bound
from tools.bench.governor.case import Case, Score
from tools.bench.governor.contenders import Contender

REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A case, flown by a contender; the bound where there is none."""

    case: Case
    contender: Contender | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A bound and the seconds that it took, or a policy's score."""

    bound: float = 0.0
    seconds: float = 0.0
    score: Score | None = None


def do(task: Task) -> Found:
    """Do it."""
    if task.contender is not None:
        return Found(score=fly(task.case, task.contender))
    clock = MonotonicClock()
    start_ns = clock.now_ns()
    value = bound_of(task.case)
    return Found(bound=value, seconds=(clock.now_ns() - start_ns) / SECOND_NS)


def bound_of(case: Case) -> float:
    """What nobody can beat on this case."""
    if case.family == REFERENCE:
        slots = reference.slots(case.orbits)
        jobs = list(reference.asked(case.seed, _true_load(case), slots * reference.SLOT_S))
        return bound(reference.craft(slots, 1.0 + case.sun_error), reference.mission(), jobs).value
    from tools.bench.governor.families import around, scenario_of
    from tools.bench.governor.flight import LATEST_S, asked
    from tools.bench.governor.guests import craft_of_guest
    from tools.bench.governor.probe import craft_of
    from tools.flight.briefing import mission_of

    scenario = scenario_of(case)
    jobs = [replace(job, deadline_s=job.deadline_s + LATEST_S) for job in asked(scenario)]
    craft = (craft_of if scenario.host is None else craft_of_guest)(scenario, around(case))
    return bound(craft, mission_of(scenario, {}), jobs).value


def fly(case: Case, contender: Contender) -> Score:
    """What a policy comes to on this case."""
    if case.family == REFERENCE:
        from tools.bench.governor.run import Run

        slots = reference.slots(case.orbits)
        jobs = list(reference.asked(case.seed, _true_load(case), slots * reference.SLOT_S))
        faults = case.seed if case.faults else None
        return Run(contender, reference.mission(case.load), jobs, slots, 1.0 + case.sun_error, faults).fly()
    from tools.bench.governor import flight
    from tools.bench.governor.families import scenario_of

    return flight.fly(scenario_of(case), contender, faulty=case.faults)


def _true_load(case: Case) -> float:
    return case.load * (1.0 + case.load_error)

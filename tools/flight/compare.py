"""Other policies on the same spacecraft, seed and arrivals: what the governor's figures are worth.

The best static policy in hindsight is found by a sweep over variant rank, power setting and duty; a policy that breaks
a limit is out. Every policy flies the lean loop (no execution, no radio),
the governor too, so that only the policy differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from os import cpu_count
from typing import Any

from fsw.messages import JobState
from fsw.mission import merge
from sim.scenario import Scenario
from tools.flight.loop import Options, VirtualFlight
from tools.flight.record import Comparison, FlightRecord

DUTIES = (0.9, 0.8, 0.7, 0.6, 0.5)  # tried after full duty, on the most promising variants and settings
REFINED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A policy and how it is named in the report."""

    policy: str
    detail: str
    governor: dict[str, Any]


def compare(scenario: Scenario, options: Options, progress: Callable[[str], None]) -> list[Comparison]:
    """The flight governor, the best static policy without a broken limit, and hysteresis."""
    lean = replace(options, lean=True, execute=False, images=None, run_folder=None)
    with ProcessPoolExecutor(cpu_count() or 1, mp_context=get_context("spawn")) as pool:

        def fly(contenders: list[Contender]) -> list[Comparison]:
            results = []
            for comparison in pool.map(_fly, [(scenario, lean, contender) for contender in contenders]):
                progress(f"{comparison.policy} {comparison.detail}")
                results.append(comparison)
            return results

        governor, hysteresis, *static = fly([FLIGHT, HYSTERESIS, *_statics(scenario, lean)])
        static += fly(list(_refined(static)))
    legal = [row for row in static if row.violations == 0]
    best = max(legal, key=lambda row: row.value, default=None)
    return [governor, hysteresis, *([replace(best, policy="static")] if best else [])]


FLIGHT = Contender(policy="priced", detail="the flight governor", governor={"policy": "priced"})
HYSTERESIS = Contender(policy="hysteresis", detail="three bands of charge", governor={"policy": "hysteresis"})


def _statics(scenario: Scenario, lean: Options) -> Iterator[Contender]:
    """Every rank of variant on every power setting, at full duty."""
    mission = VirtualFlight(scenario, lean).mission
    ranks = max(len(row.variants) for row in mission.models)
    for rank in range(ranks):
        for setting in range(len(mission.payload.settings)):
            yield _static(rank, setting, 1.0)


def _static(rank: int, setting: int, duty: float) -> Contender:
    return Contender(
        policy=f"static:{rank}:{setting}",
        detail=f"variant {rank}, setting {setting}, duty {duty:g}",
        governor={"policy": "static", "static_variant": rank, "static_setting": setting, "static_duty": duty},
    )


def _refined(static: list[Comparison]) -> Iterator[Contender]:
    """Lower duties of the best few; and of those that broke a limit at full duty but had more value."""
    promising = sorted(static, key=lambda row: -row.value)[:REFINED]
    for row in promising:
        _, rank, setting = row.policy.split(":")
        for duty in DUTIES:
            yield _static(int(rank), int(setting), duty)


def _fly(task: tuple[Scenario, Options, Contender]) -> Comparison:
    scenario, options, contender = task
    mission = merge(options.mission, {"governor": contender.governor})
    plan = contender.governor["policy"] == "priced"
    record = VirtualFlight(scenario, replace(options, mission=mission, plan=plan)).fly()
    return Comparison(
        policy=contender.policy,
        value=value_of(record),
        energy_j=sum(job.energy_j for job in record.jobs),
        violations=len(record.violations),
        detail=contender.detail,
    )


def value_of(record: FlightRecord) -> float:
    """Mission value of the jobs done."""
    return sum(job.value for job in record.jobs if job.state is JobState.DONE)

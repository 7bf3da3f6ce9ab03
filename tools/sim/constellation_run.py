"""A campaign run as the command asks for it: here, on Dask's workers, or with one satellite flown for real."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hal.clock import SECOND_NS, MonotonicClock
from sim.constellation.campaign import Campaign, Progress, fly
from sim.constellation.executors import executor
from sim.constellation.statistics import Statistics
from tools.sim.constellation import answer

if TYPE_CHECKING:
    from tools.flight.alongside import Alongside


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A campaign that was flown, and what is told of it; `alongside` where a satellite flew for real."""

    campaign: Campaign
    found: tuple[Statistics, ...]
    answer: dict[str, Any]
    alongside: Alongside | None = None


def run(campaign: Campaign, options: dict[str, Any], progress: Progress) -> Outcome:
    """Fly it. `answer["run"]` says how and how fast; nothing else in the answer depends on that."""
    clock, workers = MonotonicClock(), options["workers"] or len(os.sched_getaffinity(0))
    start_ns = clock.now_ns()
    alongside = None
    means = "1 thread" if workers == 1 else f"{workers} threads"
    if options["address"] is not None:
        from sim.constellation.spread import fly_spread

        found, means = fly_spread(campaign, options["address"], progress), f"Dask at {options['address']}"
    elif options["flown"] is not None:
        from tools.flight.alongside import fly_alongside

        found, alongside = fly_alongside(campaign, options["flown"], workers, progress)
    else:
        found = fly(campaign, workers, progress)
    wall_s = (clock.now_ns() - start_ns) / SECOND_NS
    told = answer(campaign, found)
    told["run"] = {
        "executor": executor(campaign.executor).name,
        "workers": means,
        "wall_s": wall_s,
        "sat_steps_per_second": campaign.satellites * campaign.steps / wall_s,
    }
    if alongside is not None:
        told["flown"] = alongside.answer()
    return Outcome(campaign=campaign, found=found, answer=told, alongside=alongside)

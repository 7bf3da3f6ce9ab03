"""Who competes: the flight governor, and the policies that it must beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fsw.govern.policies import Policy
from fsw.mission import Mission
from tools.bench.governor.policies import (
    AdaptivePacing,
    AlertLike,
    DriftPlusPenalty,
    GreedyByDeadline,
    GreedyByDensity,
    Static,
    ThreeBands,
)

WEIGHTS = (10.0, 25.0, 60.0)  # of value against the queues: the best of the three counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A policy by name; `governor` is laid over the mission's table, `policy` replaces the dispatcher's.

    Of several contenders of one name the best on each seed counts: tuned in hindsight.
    """

    name: str
    governor: dict[str, Any] = field(default_factory=dict)
    policy: Callable[[Mission], Policy] | None = None
    plans: bool = False


def _statics(ranks: int, settings: int) -> tuple[Contender, ...]:
    """Every rank of variant and setting, in either order."""
    return tuple(
        Contender(name="static", policy=partial(Static, rank=rank, setting=setting, by_density=by_density))
        for by_density in (False, True)
        for rank in range(ranks)
        for setting in range(settings)
    )


FLIGHT = Contender(name="flight", plans=True)
DAY_AHEAD = Contender(name="day-ahead", plans=True, governor={"replan_s": 1e6, "horizon_orbits": 1000.0})
OTHERS = (
    Contender(name="greedy-deadline", policy=GreedyByDeadline),
    Contender(name="greedy-density", policy=GreedyByDensity),
    Contender(name="hysteresis", policy=ThreeBands),
    *(Contender(name="drift-plus-penalty", policy=partial(DriftPlusPenalty, weight=w)) for w in WEIGHTS),
    Contender(name="pacing", policy=AdaptivePacing),
    DAY_AHEAD,
    Contender(name="alert-like", policy=AlertLike),
)


def contenders(names: tuple[str, ...], *, ranks: int = 3, settings: int = 4) -> tuple[Contender, ...]:
    """Those of the given names; all of them for `all`. Raises KeyError that names the choices."""
    every = (FLIGHT, *OTHERS, *_statics(ranks, settings))
    known = sorted({row.name for row in every})
    unknown = [name for name in names if name not in (*known, "all")]
    if unknown:
        raise KeyError(f"no policy {unknown[0]!r}; there are all, {', '.join(known)}")
    return every if "all" in names else tuple(row for row in every if row.name in names)

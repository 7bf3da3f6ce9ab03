"""The yardstick: policies on every seed of a family, each told as a share of what nobody can beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tools.bench.governor.case import Case, Score
from tools.bench.governor.contenders import Contender, contenders
from tools.bench.governor.tasks import REFERENCE, Found, Task
from tools.bench.governor.workers import Progress, do_all, silent

FAMILIES = (REFERENCE, "shells", "arrays", "batteries", "radiators", "mixes", "spacecraft", "guests")
FLIGHT = "flight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is to be found: `case` for every seed, flown by every policy named."""

    case: Case
    seeds: tuple[int, ...]
    policies: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.case.family not in FAMILIES:
            raise ValueError(f"no family {self.case.family!r}; there are {', '.join(FAMILIES)}")

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Who flies each seed. Raises KeyError for a name that nobody has."""
        return contenders(self.policies)

    @property
    def tasks(self) -> list[Task]:
        """Seed after seed: the bound, then every contender."""
        cases = [replace(self.case, seed=seed) for seed in self.seeds]
        return [Task(case=case, contender=who) for case in cases for who in (None, *self.contenders)]


def run(
    study: Study, *, workers: int | None = None, address: str | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """Fly it all, and the answer of `penumbra bench governor`."""
    return answer(study, do_all(study.tasks, workers=workers, address=address, progress=progress))


def answer(study: Study, found: Sequence[Found]) -> dict[str, Any]:
    """Of a name's contenders the best on each seed counts. Shares are per cent of the seed's bound."""
    each = 1 + len(study.contenders)
    rows = [found[first : first + each] for first in range(0, len(found), each)]
    bounds = [row[0].bound for row in rows]
    names = list(dict.fromkeys(who.name for who in study.contenders))
    best = {name: [_best(study, name, row) for row in rows] for name in names}
    replans = sorted(ms for score in best.get(FLIGHT, []) for ms in score.replan_ms)
    case = study.case
    return {
        "family": case.family,
        "load": case.load,
        "seeds": list(study.seeds),
        "orbits": case.orbits,
        "sun_error": case.sun_error,
        "load_error": case.load_error,
        "faults": case.faults,
        "policies": {name: _told(scores, bounds) for name, scores in best.items()},
        "bound_by_seed": {str(seed): round(value, 3) for seed, value in zip(study.seeds, bounds, strict=True)},
        "bound_seconds": round(max(row[0].seconds for row in rows), 3),
        "replan_ms_p99": round(replans[int(0.99 * (len(replans) - 1))], 2) if replans else None,
    }


def _best(study: Study, name: str, row: Sequence[Found]) -> Score:
    scores = [item.score for who, item in zip(study.contenders, row[1:], strict=True) if who.name == name]
    return max((score for score in scores if score is not None), key=lambda score: score.value)


def _told(scores: list[Score], bounds: list[float]) -> dict[str, Any]:
    shares = [
        100.0 * score.value / bound if bound > 0.0 else 100.0 for score, bound in zip(scores, bounds, strict=True)
    ]
    return {
        "percent_of_bound_mean": round(sum(shares) / len(shares), 2),
        "percent_of_bound_min": round(min(shares), 2),
        "violations": sum(score.violations for score in scores),
        "joules": round(sum(score.joules for score in scores), 1),
        "deadline_misses": sum(score.deadline_misses for score in scores),
        "percent_of_bound_by_seed": [round(share, 2) for share in shares],
        "violations_by_seed": [score.violations for score in scores],
        "broken_by_seed": [list(score.broken) for score in scores],
        "broken": sorted({name for score in scores for name in score.broken}),
    }

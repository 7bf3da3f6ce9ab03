"""A long campaign: the flight policy, seed after seed, each result a line of a file; begun again, it goes on there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tools.bench.governor.bench import FLIGHT, Study, answer
from tools.bench.governor.case import Case
from tools.bench.governor.tasks import REFERENCE
from tools.bench.governor.workers import Progress, do_all, silent

BATCH = 8  # seeds between two writes
OF_HOST = ("silence", "power_off", "cut", "safing_on")


def fly_campaign(
    study: Study,
    path: Path,
    *,
    workers: int | None = None,
    address: str | None = None,
    progress: Progress = silent,
    report: Callable[[str], None] = print,
) -> None:
    """Fly what `path` does not have yet. A line is one seed of one case; violations are reported as they are found."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = _rows(path)
    path.write_text("".join(json.dumps(row) + "\n" for row in before))  # without a line that was cut off
    known = {_key(row["case"]) for row in before}
    cases = [replace(study.case, seed=seed) for seed in study.seeds]
    owed = [case for case in cases if _key(asdict(case)) not in known]
    progress(len(cases) - len(owed))
    for first in range(0, len(owed), BATCH):
        batch = tuple(case.seed for case in owed[first : first + BATCH])
        part = replace(study, seeds=batch, policies=(FLIGHT,))
        told = answer(part, do_all(part.tasks, workers=workers, address=address))
        single = [_line(replace(study.case, seed=seed), told, index) for index, seed in enumerate(batch)]
        with path.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in single)
        for row in single:
            if row["violations"]:
                report(f"{row['case']['family']} seed {row['case']['seed']}: broken {', '.join(row['broken'])}")
        progress(len(batch))


def summary(path: Path) -> dict[str, Any]:
    """What the file holds, by family, load and errors."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(path):
        groups.setdefault(_key(row["case"] | {"seed": 0}), []).append(row)
    rows = []
    for group in groups.values():
        shares = [row["percent_of_bound"] for row in group]
        rows.append(
            {key: value for key, value in group[0]["case"].items() if key not in ("seed", "orbits")}
            | {
                "seeds": len(group),
                "orbits": sum(row["case"]["orbits"] for row in group),
                "violations": sum(row["violations"] for row in group),
                "percent_of_bound_mean": round(sum(shares) / len(shares), 2),
                "percent_of_bound_min": min(shares),
            }
        )
    faults: Counter[str] = Counter()
    for row in _rows(path):
        faults.update(row.get("faults", {}))
    return {
        "orbits": sum(row["orbits"] for row in rows),
        "violations": sum(row["violations"] for row in rows),
        "faults": dict(sorted(faults.items())),
        "rows": rows,
    }


def _line(case: Case, told: dict[str, Any], index: int) -> dict[str, Any]:
    flight = told["policies"][FLIGHT]
    return {
        "case": asdict(case),
        "percent_of_bound": flight["percent_of_bound_by_seed"][index],
        "violations": flight["violations_by_seed"][index],
        "broken": flight["broken_by_seed"][index],
        "faults": injected(case),
    }


def injected(case: Case) -> dict[str, int]:
    """How many faults of each kind a case has; none are counted of what is only sensed wrong, on `reference`."""
    if case.family == REFERENCE or not case.faults:
        return {}
    from tools.bench.governor.families import scenario_of
    from tools.bench.governor.faults import spoiled_s

    scenario = scenario_of(case)
    kinds = [fault.kind for fault in scenario.fault]
    kinds += [event.kind for event in scenario.host.event if event.kind in OF_HOST] if scenario.host else []
    kinds += ["spoiled"] * len(spoiled_s(scenario.seed, scenario.duration_s(scenario.world())))
    return dict(sorted(Counter(kinds).items()))


def _rows(path: Path) -> list[dict[str, Any]]:
    """The whole lines of the file; one that was cut off by an end of power is flown again."""
    rows = []
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            rows.append(json.loads(line))
        except ValueError:
            continue
    return rows


def _key(case: dict[str, Any]) -> str:
    return json.dumps(case, sort_keys=True)

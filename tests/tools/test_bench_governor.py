"""The yardstick: nobody beats the bound, the bound is near what brute force finds, and the answer has no luck in it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from click.testing import CliRunner

from fsw.payload import Batch
from hal.clock import SECOND_NS
from sim.arrivals import Arrival
from tools.bench.cli import bench
from tools.bench.governor import reference, tasks
from tools.bench.governor.bench import Study, answer, run
from tools.bench.governor.bound import bound
from tools.bench.governor.case import Case, Score
from tools.bench.governor.cli import seeds, table
from tools.bench.governor.contenders import contenders
from tools.bench.governor.craft import idle_reserve_j
from tools.bench.governor.plot import save_plot
from tools.bench.governor.tasks import Found
from tools.bench.governor.toy import brute_force
from tools.bench.governor.workers import do_all

SHORT = Case(family="reference", seed=1, orbits=0.6)
OF_ALL = {who.name: who for who in contenders(("all",))}


def _jobs(*rows: tuple[float, str]) -> list[Arrival]:
    classes = {row.kind: row for row in reference.mission().demand}
    return [
        Arrival(
            time_ns=round(time_s * SECOND_NS),
            kind=kind,
            model=classes[kind].model,
            value=classes[kind].value,
            deadline_s=classes[kind].deadline_s,
            ref="",
        )
        for time_s, kind in rows
    ]


TOYS = (
    (_jobs((0.0, "vip"), (5.0, "vip")), 4, 0.90),
    (_jobs((0.0, "llm"), (30.0, "vip")), 5, 0.827),  # the charge does not carry everything
    (_jobs((0.0, "screen"), (1.0, "detect"), (2.0, "vip")), 4, 0.8245),
)


@pytest.mark.parametrize(("jobs", "slots", "soc"), TOYS)
def test_the_bound_is_above_whole_starts_and_those_above_the_best_schedule(
    jobs: list[Arrival], slots: int, soc: float
) -> None:
    craft, mission = reference.craft(slots, start_soc=soc), reference.mission()
    loose = bound(craft, mission, jobs).value
    whole = bound(craft, mission, jobs, whole=True).value
    best = brute_force(jobs, slots * reference.SLOT_S, soc)
    assert best > 0.0
    assert loose >= whole - 1e-6
    assert whole >= best - 1e-6


def test_brute_force_leaves_out_what_the_charge_does_not_carry() -> None:
    jobs = _jobs((0.0, "vip"), (1.0, "vip"))
    rich, poor = (brute_force(jobs, 480.0, soc) for soc in (0.9, 0.8225))
    assert rich == pytest.approx(60.0)
    assert 0.0 < poor < rich


@pytest.mark.parametrize("name", sorted(OF_ALL))
@pytest.mark.parametrize("load", [0.5, 2.0])
def test_nobody_beats_the_bound(name: str, load: float) -> None:
    case = replace(SHORT, load=load, seed=3)
    score = tasks.fly(case, OF_ALL[name])
    assert 0.0 <= score.value <= tasks.bound_of(case)
    assert score.violations == 0


@pytest.mark.parametrize(
    "case", [replace(SHORT, sun_error=-0.1), replace(SHORT, load_error=0.5), replace(SHORT, faults=True)]
)
def test_errors_and_faults_break_no_limit(case: Case) -> None:
    score = tasks.fly(case, OF_ALL["flight"])
    assert score.violations == 0
    assert 0.6 * tasks.bound_of(case) < score.value <= tasks.bound_of(case)


def test_the_flight_governor_is_far_above_greed_and_above_every_band() -> None:
    case = replace(SHORT, orbits=1.0, load=2.0)
    flight, greedy, bands = (
        tasks.fly(case, OF_ALL[name]).value for name in ("flight", "greedy-deadline", "hysteresis")
    )
    assert flight > 1.5 * greedy
    assert flight > bands


def test_a_darker_array_lowers_the_bound_and_more_work_raises_it() -> None:
    plain, dark, busy = (
        tasks.bound_of(case) for case in (SHORT, replace(SHORT, sun_error=-0.3), replace(SHORT, load_error=1.0))
    )
    assert dark < plain < busy


def test_batches_raise_the_bound() -> None:
    slots = reference.slots(0.5)
    mission, jobs = reference.mission(), list(reference.asked(3, 2.0, slots * reference.SLOT_S))
    models = []
    for model in mission.models:
        rows = [replace(row, batches=(Batch(size=4, work_s=2.0 * row.work_s),)) for row in model.variants]
        models.append(replace(model, variants=tuple(rows)))
    halves = replace(mission, models=tuple(models))
    craft = reference.craft(slots)
    assert bound(craft, halves, jobs).value > 1.1 * bound(craft, mission, jobs).value


def test_idling_needs_the_night_ahead_less_what_the_day_before_it_brings() -> None:
    net_w = np.array([-10.0, -10.0, 50.0, -20.0, -20.0])
    need_j = idle_reserve_j(net_w, 100.0, 1.0, 1.0)
    assert need_j.tolist() == [1000.0, 0.0, 4000.0, 2000.0, 0.0]
    assert all(later <= before + 1e9 for before, later in pairwise(need_j))


def test_the_answer_does_not_depend_on_who_does_the_work() -> None:
    study = Study(case=replace(SHORT, orbits=0.4), seeds=(1, 2), policies=("flight", "hysteresis"))
    alone, together = run(study, workers=1), run(study, workers=2)
    for told in (alone, together):
        assert told.pop("bound_seconds") > 0.0
        assert told.pop("replan_ms_p99") > 0.0
    assert alone == together


def test_of_contenders_with_one_name_the_best_on_each_seed_counts() -> None:
    study = Study(case=SHORT, seeds=(1, 2), policies=("drift-plus-penalty",))
    assert len(study.contenders) == 3

    def found(*values: float) -> list[Found]:
        scores = [Score(value=value, joules=1.0, violations=0, deadline_misses=2) for value in values]
        return [Found(bound=100.0, seconds=0.5), *(Found(score=score) for score in scores)]

    told = answer(study, [*found(10.0, 50.0, 20.0), *found(90.0, 5.0, 3.0)])
    row = told["policies"]["drift-plus-penalty"]
    assert (row["percent_of_bound_mean"], row["percent_of_bound_min"]) == (70.0, 50.0)
    assert (row["joules"], row["deadline_misses"]) == (2.0, 4)
    assert told["bound_by_seed"] == {"1": 100.0, "2": 100.0}


@pytest.mark.parametrize(("text", "expected"), [("1:3", (1, 2, 3)), ("7", (7,)), ("4:4", (4,))])
def test_seeds_are_from_a_to_b_with_both(text: str, expected: tuple[int, ...]) -> None:
    assert seeds(text) == expected


@pytest.mark.parametrize("text", ["", "3:1", "a", "1:", ":2", "-1:2", "0:99999"])
def test_what_is_no_range_of_seeds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="seeds must be"):
        seeds(text)


def test_the_command_gives_one_object_and_a_picture(tmp_path) -> None:
    options = ["--seeds", "5", "--orbits", "0.4", "--policies", "flight,hysteresis", "--workers", "1", "--json"]
    done = CliRunner().invoke(bench, ["governor", *options, "--plot", str(tmp_path / "bench.png")])
    told = json.loads(done.stdout)
    assert set(told["policies"]) == {"flight", "hysteresis"}
    assert told["seeds"] == [5]
    assert told["policies"]["flight"]["violations"] == 0
    assert (tmp_path / "bench.png").read_bytes()[:4] == b"\x89PNG"
    assert "flight" in table(told)


def test_one_picture_of_many_policies(tmp_path) -> None:
    row = {"percent_of_bound_by_seed": [80.0, 90.0], "percent_of_bound_mean": 85.0, "percent_of_bound_min": 80.0}
    told = {
        "family": "reference", "load": 1.0, "seeds": [1, 2], "orbits": 6.0, "sun_error": -0.1, "load_error": 0.5,
        "faults": True, "policies": {"flight": row | {"violations": 0}, "static": row | {"violations": 2}},
    }  # fmt: skip
    save_plot(told, tmp_path / "a.png")
    save_plot(told, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--family", "moon"], "no family 'moon'"),
        (["--policies", "luck"], "no policy 'luck'"),
        (["--seeds", "9:1"], "seeds must be"),
    ],
)
def test_a_slip_is_told_with_its_cure(options: list[str], said: str) -> None:
    done = CliRunner().invoke(bench, ["governor", *options])
    assert done.exit_code == 2
    assert said in done.output


def test_nothing_to_do_finds_nothing() -> None:
    assert do_all([], workers=1) == []

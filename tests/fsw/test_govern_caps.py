"""Caps that are not kept: several jobs in a row show it, it is told once, and it is forgiven after a while."""

from __future__ import annotations

from fsw.govern.caps import ANOTHER_CHANCE_NS, CapWatch
from fsw.mission import load_mission
from hal.clock import SECOND_NS

SETTINGS = load_mission("owned.toml").payload.settings


def test_two_hungry_jobs_in_a_row_are_a_breach_that_is_told_once() -> None:
    watch = CapWatch(SETTINGS)
    told = [watch.see(second * SECOND_NS, "9W", 10.0, 300.0) for second in range(6)]
    assert [breach is not None for breach in told] == [False, True, False, False, False, False]
    breach = told[1]
    assert breach is not None and (breach.setting, breach.told_w, breach.watts) == ("9W", 9.0, 30.0)


def test_one_odd_job_and_short_ones_are_none() -> None:
    watch = CapWatch(SETTINGS)
    rows = [(10.0, 300.0), (10.0, 90.0), (10.0, 300.0), (1.0, 60.0), (1.0, 60.0)]
    assert [watch.see(0, "9W", seconds, joules) for seconds, joules in rows] == [None] * len(rows)


def test_a_setting_is_given_another_chance() -> None:
    watch = CapWatch(SETTINGS)
    for _ in range(2):
        watch.see(0, "22W", 10.0, 500.0)
    assert watch.forgiven(ANOTHER_CHANCE_NS - 1) == []
    assert watch.forgiven(ANOTHER_CHANCE_NS) == [("22W", 22.0)]
    assert watch.forgiven(ANOTHER_CHANCE_NS) == []

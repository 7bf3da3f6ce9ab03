"""The schedule from the ground: what is typed becomes activities on board, by its clock; clashes are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fsw.bus.topics import EVENT
from fsw.mission import load_mission
from fsw.schedule.activity import ScheduleState
from fsw.schedule.almanac import Almanac
from fsw.schedule.service import ScheduleService
from fsw.store.state import NamedState
from hal.clock import SECOND_NS, OnboardTime
from hal.ports.memory_disk import MemoryDisk
from tests.tools.test_ground_loop import TAI_AT_ZERO_NS, UTC_AT_ZERO_NS, Flight
from tools.ground.arguments import ArgumentError, find_command
from tools.ground.cli import gnd
from tools.ground.options import Station
from tools.ground.scheduling import Activity, When, conflicts, parse_when

MISSION = load_mission("owned.toml")


class Scheduling(Flight):
    """The flight with its schedule."""

    def __post_init__(self) -> None:
        super().__post_init__()
        state = NamedState(MemoryDisk(), "schedule", ScheduleState())
        time = OnboardTime(tai_at_zero_ns=TAI_AT_ZERO_NS)
        self.schedule = ScheduleService(self.bus, time, Almanac(MISSION), state)
        self.events = self.bus.subscribe(EVENT, "test", depth=256)
        self._count = 0

    def _step(self) -> None:
        self.schedule.step(self.clock.now_ns())
        super()._step()

    def run(self, *words: str, file: Path | None = None, typed: str = "") -> Result:
        self._count += 100
        station = Station(link=lambda: self, clock=self.clock, sequence=self._count, history=file)
        return CliRunner().invoke(gnd, list(words), obj=station, input=typed)

    def listed(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.run("sched", "list", "--format", "json").stdout)
        return rows

    def fly(self, seconds: float) -> list[str]:
        until_ns = self.clock.now_ns() + round(seconds * SECOND_NS)
        while self.clock.now_ns() < until_ns:
            self.receive(SECOND_NS // 2)
        return [event.name for event in self.events.drain()]


def test_a_command_is_scheduled_listed_and_deleted(tmp_path: Path) -> None:
    flight, file = Scheduling(), tmp_path / "h.jsonl"
    words = ("cancel_job", "job=7", "--at", "2026-11-20T02:00:00Z")
    assert flight.run("sched", "add", *words, file=file).exit_code == 0
    (row,) = flight.listed()
    assert (row["release"], row["command"], row["conflict"]) == ("2026-11-20T02:00:00.000Z", "cancel_job job=7", None)
    assert '"typed": "sched add cancel_job job=7"' in file.read_text()
    assert flight.run("sched", "delete", row["activity"], file=file).exit_code == 0
    assert flight.listed() == []
    assert flight.run("sched", "delete", row["activity"], file=file).exit_code == 5


def test_a_while_from_now_counts_by_the_on_board_clock() -> None:
    flight = Scheduling()
    flight.clock.utc_ns = lambda: UTC_AT_ZERO_NS + 10**15  # type: ignore[method-assign]  # the ground's is elsewhere
    assert flight.run("cmd", "send", "ping", "--at", "+90s").exit_code == 0
    (row,) = flight.listed()
    assert "2026-11-20T00:01:30" <= row["release"] < "2026-11-20T00:01:32"
    assert "activity_released" in flight.fly(100.0)


def test_a_hazardous_command_is_scheduled_with_its_arming_and_acts() -> None:
    flight = Scheduling()
    refused = flight.run("sched", "add", "set_mode", "mode=SAFE", "--at", "+60s", typed="no\n")
    assert (refused.exit_code, flight.listed()) == (3, [])
    done = flight.run("sched", "add", "set_mode", "mode=SAFE", "--at", "+60s", typed="set_mode\n")
    assert (done.exit_code, "set_mode (warning): enters a mode" in done.stderr) == (0, True)
    rows = flight.listed()
    assert [row["command"] for row in rows] == ["arm command=set_mode window=60", "set_mode mode=SAFE"]
    assert [row["conflict"] for row in rows] == [None, None]
    names = flight.fly(70.0)
    assert names.count("activity_released") == 2 and "command_armed" in names
    assert flight._command.counts()["unarmed"] == 0


def test_a_moment_of_the_orbit_is_left_to_the_board_to_find() -> None:
    flight = Scheduling()
    assert flight.run("sched", "add", "ping", "--at", "eclipse_entry+60s").exit_code == 0
    assert flight.run("sched", "add", "ping", "--at", "eclipse_entry#2").exit_code == 0
    first, second = (row["release"] for row in flight.listed())
    assert first < second and first.startswith("2026-11-20T0")


def test_what_comes_too_close_to_another_is_refused_unless_it_is_meant() -> None:
    flight = Scheduling()
    at = ("--at", "2026-11-20T02:00:00Z")
    assert flight.run("sched", "add", "ping", *at).exit_code == 0
    refused = flight.run("sched", "add", "cancel_job", "job=7", *at)
    assert (refused.exit_code, "(ping); another time, or --anyway" in refused.stderr) == (3, True)
    assert flight.run("sched", "add", "cancel_job", "job=7", *at, "--anyway").exit_code == 0
    assert [row["conflict"] is None for row in flight.listed()] == [True, False]


def test_a_time_that_is_over_is_refused_on_board() -> None:
    result = Scheduling().run("sched", "add", "ping", "--at", "2026-11-19T00:00:00Z")
    assert (result.exit_code, "too_late" in result.stdout) == (5, True)


@pytest.mark.parametrize("text", ["tomorrow", "eclipse+60s", "pass_start+0.5s", "+90W", "eclipse_entry+60W", "12:00"])
def test_what_is_no_time_is_explained(text: str) -> None:
    with pytest.raises(ArgumentError):
        parse_when(text)
    assert Scheduling().run("sched", "add", "ping", "--at", text).exit_code == 2


def test_times_are_understood() -> None:
    assert parse_when("pass_start#2-30s") == When(moment="pass_start", nth=2, offset_s=-30)
    assert parse_when("+10min") == When(after_s=600.0)
    assert parse_when("2026-11-20T00:00:00Z") == When(at_ns=UTC_AT_ZERO_NS)
    for key in ("x", "1/x", "0/99999"):
        assert Scheduling().run("sched", "delete", key).exit_code == 2


def activity(sequence: int, second: int, name: str, *values: str | float) -> Activity:
    return Activity(
        source=0,
        sequence=sequence,
        sub_schedule=0,
        release_ns=second * SECOND_NS,
        row=find_command(name),
        values=values,
    )


def test_a_hazardous_activity_needs_an_arming_of_its_own_within_its_window() -> None:
    armed = [activity(1, 0, "arm", "set_mode", 60.0), activity(2, 30, "set_mode", "SAFE")]
    assert conflicts(armed) == {}
    assert list(conflicts([*armed, activity(3, 40, "set_mode", "SAFE")])) == ["0/3"]
    assert list(conflicts([armed[0], activity(2, 61, "set_mode", "SAFE")])) == ["0/2"]
    assert list(conflicts([activity(4, 0, "ping"), activity(5, 0, "ping"), activity(6, 1, "ping")])) == ["0/5"]

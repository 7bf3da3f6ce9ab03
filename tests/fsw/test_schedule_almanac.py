"""Eclipses and passes as moments to plan around, and what a forecast that moves does to the plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, PLANT, STORED_COMMAND
from fsw.carried import carry
from fsw.catalogue.wire import decode_arguments, encode_arguments
from fsw.messages import Command
from fsw.mission import Mission, load_mission
from fsw.schedule.activity import ScheduleState
from fsw.schedule.almanac import Almanac
from fsw.schedule.service import ScheduleService
from fsw.store.state import NamedState
from hal.clock import SECOND_NS, OnboardTime
from hal.ports.memory_disk import MemoryDisk
from tests.fsw.autonomy_bench import PLANT_NOW

MISSION = load_mission("owned.toml")
ALWAYS_LIT = load_mission("owned.toml", {"orbit": {"ltan_h": 6.0, "altitude_m": 1400e3, "inclination_deg": 101.4}})
EPOCH_S = MISSION.epoch_tai_ns() / SECOND_NS


def edges(mission: Mission, into_shadow: bool, seconds: int) -> list[float]:
    """Entries or exits, found by asking about the light second by second."""
    light = mission.ephemeris()
    assert light is not None
    lit = [light.is_sunlit(EPOCH_S + second) for second in range(seconds)]
    return [EPOCH_S + i for i in range(1, seconds) if lit[i] is not lit[i - 1] and lit[i] is not into_shadow]


@pytest.mark.parametrize(("moment", "into_shadow"), [("eclipse_entry", True), ("eclipse_exit", False)])
@pytest.mark.parametrize("from_s", [0.0, 1000.0, 2900.0])
def test_the_nth_eclipse_is_the_nth_that_is_seen(moment: str, into_shadow: bool, from_s: float) -> None:
    seen = [edge for edge in edges(MISSION, into_shadow, 25_000) if edge > EPOCH_S + from_s]
    almanac = Almanac(MISSION)
    for nth in (1, 2, 3):
        assert almanac.nth(moment, EPOCH_S + from_s, nth) == pytest.approx(seen[nth - 1], abs=2.0)


@pytest.mark.parametrize("moment", ["pass_start", "pass_end"])
def test_the_nth_pass_is_the_nth_of_the_forecast(moment: str) -> None:
    passes = MISSION.passes()
    assert passes is not None
    found = list(passes.between(EPOCH_S, EPOCH_S + 86_400.0))
    times = [each.rise_tai_s if moment == "pass_start" else each.set_tai_s for each in found]
    ahead = [time_s for time_s in times if time_s > EPOCH_S]
    assert [Almanac(MISSION).nth(moment, EPOCH_S, nth) for nth in (1, 2, 5)] == [ahead[0], ahead[1], ahead[4]]


@pytest.mark.parametrize("moment", ["eclipse_entry", "eclipse_exit", "pass_start", "pass_end"])
@pytest.mark.parametrize("off_s", [-600.0, 0.0, 600.0])
def test_a_moment_is_found_again_from_near_it(moment: str, off_s: float) -> None:
    almanac = Almanac(MISSION)
    found = almanac.nth(moment, EPOCH_S, 3)
    assert found is not None
    assert almanac.again(moment, found + off_s) == pytest.approx(found, abs=1.0)


def test_an_orbit_without_eclipse_has_no_such_moment() -> None:
    almanac = Almanac(ALWAYS_LIT)
    assert almanac.nth("eclipse_entry", EPOCH_S, 1) is None
    assert almanac.again("eclipse_entry", EPOCH_S + 5.0) == EPOCH_S + 5.0


def test_a_mission_by_timetable_has_eclipses_and_no_passes() -> None:
    timetable = load_mission("hosted.toml", {"shadow": {"period_s": 5700.0, "dark_s": 2100.0}})
    almanac = Almanac(timetable)
    assert almanac.nth("eclipse_entry", EPOCH_S + 10.0, 2) == pytest.approx(EPOCH_S + 11_400.0)
    assert almanac.nth("eclipse_exit", EPOCH_S + 10.0, 1) == pytest.approx(EPOCH_S + 2100.0)
    assert almanac.nth("pass_end", EPOCH_S, 1) is None


class Orbit:
    """The service in orbit: the Sun shines as the ephemeris has it at the true time, the clock says what it likes."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        self.time = OnboardTime(tai_at_zero_ns=MISSION.epoch_tai_ns())
        self.stored = self.bus.subscribe(STORED_COMMAND, "command")
        file = NamedState(MemoryDisk(), "schedule", ScheduleState())
        self.service = ScheduleService(self.bus, self.time, Almanac(MISSION), file)
        self.light = MISSION.ephemeris()
        self.now_s = 0

    def tie(self, moment: str, nth: int, offset_s: int, count: int) -> None:
        values = (moment, nth, offset_s, 0, carry("hold_jobs", (), count).hex())
        arguments = decode_arguments("schedule_at", encode_arguments("schedule_at", values))
        now_ns = self.now_s * SECOND_NS
        command = Command(time_ns=now_ns, name="schedule_at", arguments=arguments, request=count, ack=15, source=0)
        self.bus.publish(COMMAND, command)

    def until(self, now_s: int) -> list[int]:
        """The seconds at which something was released."""
        released = []
        assert self.light is not None
        while self.now_s < now_s:
            self.now_s += 1
            array_w = 75.0 if self.light.is_sunlit(EPOCH_S + self.now_s) else 0.0
            sees = {"array_power_w": array_w, "battery_power_w": 20.0 - array_w}
            self.bus.publish(PLANT, replace(PLANT_NOW, **sees))  # type: ignore[arg-type]
            self.service.step(self.now_s * SECOND_NS)
            released += [self.now_s for _ in self.stored.drain()]
        return released


def test_a_job_tied_to_an_eclipse_runs_at_it() -> None:
    orbit = Orbit()
    entry_s = edges(MISSION, True, 7_000)[0] - EPOCH_S
    orbit.tie("eclipse_entry", 1, 0, count=1)
    orbit.tie("eclipse_entry", 1, -120, count=2)
    assert orbit.until(7_000) == [pytest.approx(entry_s - 120.0, abs=2.0), pytest.approx(entry_s, abs=2.0)]


@pytest.mark.parametrize("step_s", [-1500, 1500])
def test_a_clock_that_is_set_wrong_after_an_orbit_in_view_moves_no_job_away_from_its_eclipse(step_s: int) -> None:
    orbit = Orbit()
    orbit.until(12_500)
    entry_s = edges(MISSION, True, 19_000)[-1] - EPOCH_S
    orbit.tie("eclipse_entry", 2, 30, count=1)
    assert orbit.until(14_000) == []
    orbit.time.tai_at_zero_ns += step_s * SECOND_NS
    assert orbit.until(19_500) == [pytest.approx(entry_s + 30.0, abs=20.0)]

"""Failures climb the ladder as their budgets allow; nothing is ever given up; the watchdog is fed for work alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.bus.codec import decode, encode
from fsw.messages import Heartbeat
from fsw.supervise.ladder import (
    PAYLOAD_SAFE,
    POWER_CYCLE,
    RESTART_SERVICE,
    SERVICE_LADDER,
    WORKER_LADDER,
    Backoff,
    Budgets,
    Ladder,
    Rung,
    Spent,
)
from fsw.supervise.liveness import STAGES, LivenessToken, WatchdogFeeder
from fsw.supervise.notify import Notifier, NotifySocket, parse
from hal.clock import SECOND_NS
from hal.contract import Confirmation

RUNGS = (Rung(name="low", budget=2, decay_s=10.0), Rung(name="high", budget=1, decay_s=100.0))


def climb(ladder: Ladder, *times_s: float) -> list[str]:
    return [ladder.climb(int(time_s * SECOND_NS)).rung for time_s in times_s]


def test_each_rung_is_taken_as_often_as_its_budget_allows() -> None:
    assert climb(Ladder("x", RUNGS), 0, 0, 0) == ["low", "low", "high"]


def test_when_all_is_spent_the_lowest_is_taken_at_the_longest_wait() -> None:
    ladder = Ladder("x", RUNGS, Backoff(longest_s=7.0))
    climb(ladder, 0, 0, 0)
    for _ in range(5):
        response = ladder.climb(0)
        assert (response.rung, response.wait_s) == ("low", 7.0)


def test_budgets_come_back_with_time() -> None:
    ladder = Ladder("x", RUNGS)
    assert climb(ladder, 0, 0, 0, 10) == ["low", "low", "high", "low"]
    assert climb(Ladder("x", RUNGS), 0, 10, 20, 30, 40) == ["low"] * 5


def test_waits_double_up_to_the_longest() -> None:
    ladder = Ladder("x", (Rung(name="low", budget=9, decay_s=1e9),), Backoff(first_s=1.0, longest_s=5.0))
    assert [round(ladder.climb(0).wait_s, 3) for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_budgets_survive_a_restart_and_off_time_is_not_good_behaviour() -> None:
    ladder = Ladder("x", RUNGS)
    climb(ladder, 1000, 1000)
    kept = decode(Budgets, encode(Budgets(ladders=(ladder.spent(),))))
    assert climb(Ladder("x", RUNGS, spent=kept.of("x")), 0) == ["high"]
    assert kept.of("y") is None


def test_budgets_of_another_ladder_are_not_misread() -> None:
    assert climb(Ladder("x", RUNGS, spent=Spent(name="x", used=(9.0,))), 0) == ["low"]


def test_a_process_that_keeps_failing_ends_at_a_power_cycle_and_is_still_restarted() -> None:
    rungs = climb(Ladder("x", SERVICE_LADDER), *range(9))
    assert rungs == [RESTART_SERVICE] * 5 + [PAYLOAD_SAFE, POWER_CYCLE] + [RESTART_SERVICE] * 2
    assert [rung.name for rung in WORKER_LADDER][-3:] == [rung.name for rung in SERVICE_LADDER]


@given(st.lists(st.floats(0.0, 300.0), max_size=40))
def test_no_rung_is_ever_overspent(gaps_s: list[float]) -> None:
    ladder, now_ns = Ladder("x", RUNGS), 0
    for gap_s in gaps_s:
        now_ns += int(gap_s * SECOND_NS)
        assert 0.0 < ladder.climb(now_ns).wait_s <= 60.0
        for used, rung in zip(ladder.spent().used, RUNGS, strict=True):
            assert 0.0 <= used <= rung.budget


class CountingWatchdog:
    """A watchdog that is always obeyed."""

    def __init__(self) -> None:
        self.kicks = 0

    def kick(self) -> Confirmation:
        self.kicks += 1
        return Confirmation(actuator="watchdog", requested=1.0, confirmed=1.0, ok=True)


def beats(time_s: float, *services: str) -> list[Heartbeat]:
    return [Heartbeat(time_ns=int(time_s * SECOND_NS), service=service, steps=1) for service in services]


def test_the_watchdog_is_fed_once_for_each_passage() -> None:
    watchdog = CountingWatchdog()
    feeder = WatchdogFeeder(watchdog)
    assert feeder.step([]) is None
    assert feeder.step(beats(0, *STAGES, "govern")) is not None
    assert feeder.step([]) is None
    feeder.step(beats(10, "sense", "guard"))
    assert watchdog.kicks == 1
    feeder.step(beats(10, "telemetry"))
    assert watchdog.kicks == feeder.feeds == 2


@pytest.mark.parametrize("frozen", STAGES)
def test_any_frozen_stage_starves_the_watchdog(frozen: str) -> None:
    token = LivenessToken()
    token.heard(beats(0, *STAGES))
    assert token.take()
    for second in range(10, 100, 10):
        token.heard(beats(second, *(stage for stage in STAGES if stage != frozen)))
        token.heard(beats(0, frozen))  # an old message, delivered again
        assert not token.take()
        assert token.missing() == (frozen,)


def test_a_withheld_watchdog_is_never_fed_again() -> None:
    watchdog = CountingWatchdog()
    feeder = WatchdogFeeder(watchdog)
    feeder.withhold()
    feeder.step(beats(0, *STAGES))
    assert watchdog.kicks == 0


def test_a_notifier_is_heard_with_its_process(tmp_path: Path) -> None:
    notifier = Notifier(tmp_path / "notify")
    notifier.ready()
    assert notifier.unsent == 1  # nobody listens yet; the service goes on
    with NotifySocket(tmp_path / "notify") as manager:
        for say in (notifier.ready, notifier.watchdog, notifier.stopping):
            say()
        notifier.status("two\nlines")
        notices = manager.receive()
        assert manager.receive() == []
    notifier.close()
    assert {notice.pid for notice in notices} == {os.getpid()}
    assert [dict(notice.fields) for notice in notices] == [
        {"READY": "1"},
        {"WATCHDOG": "1"},
        {"STOPPING": "1"},
        {"STATUS": "two lines"},
    ]
    assert not (tmp_path / "notify").exists()


def test_a_notifier_without_a_manager_says_nothing() -> None:
    notifier = Notifier(None)
    notifier.ready()
    notifier.close()
    assert notifier.unsent == 0


@given(st.binary(max_size=100))
def test_any_datagram_parses(datagram: bytes) -> None:
    assert all(key for key in parse(datagram))

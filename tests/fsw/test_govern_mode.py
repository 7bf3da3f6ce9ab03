"""The mode: every change with who, why and the way out; leaving SAFE depends on why it was entered."""

from __future__ import annotations

import dataclasses

import pytest

from fsw.govern.mode import Change, Condition, ModeMachine
from hal.clock import SECOND_NS

GOOD = Condition(now_ns=0, healthy=True, sunlit=True, throttled=False, host_safing=False, host_allows=True)


class Flight:
    """A mode machine, a second a step."""

    def __init__(self) -> None:
        self.machine, self.second = ModeMachine(), 0

    def fly(self, seconds: int, **condition: bool) -> list[Change]:
        changes = []
        for _ in range(seconds):
            now_ns = self.second * SECOND_NS
            change = self.machine.step(dataclasses.replace(GOOD, now_ns=now_ns, **condition))
            self.second += 1
            if change is not None:
                assert change.mode == self.machine.mode
                assert change.why and change.who and change.exit_condition
                changes.append(change)
        return changes

    def trip(self, times: int = 1) -> Change | None:
        change = None
        for _ in range(times):
            change = self.machine.trip(self.second * SECOND_NS, "payload_temp_c")
        return change

    def ask(self, mode: str) -> Change | None:
        return self.machine.request(self.second * SECOND_NS, mode, "ground")


@pytest.fixture
def flight() -> Flight:
    flight = Flight()
    flight.fly(20)
    assert flight.machine.mode == "NOMINAL"
    return flight


def test_boot_ends_when_every_input_has_reported_for_a_while() -> None:
    flight = Flight()
    assert flight.fly(100, healthy=False) == []
    assert not flight.machine.may_work
    (change,) = flight.fly(20)
    assert (change.previous, change.mode, change.who) == ("BOOT", "NOMINAL", "govern")
    assert flight.machine.may_work


def test_one_dead_second_starts_the_wait_anew() -> None:
    flight = Flight()
    for _ in range(20):
        assert flight.fly(3) + flight.fly(1, healthy=False) == []


@pytest.mark.parametrize(
    ("condition", "mode"),
    [
        ({"throttled": True}, "THROTTLED"),
        ({"sunlit": False}, "ECLIPSE_SAVE"),
        ({"sunlit": False, "throttled": True}, "THROTTLED"),
    ],
)
def test_working_modes_follow_light_and_room_and_come_back(
    flight: Flight, condition: dict[str, bool], mode: str
) -> None:
    (away,) = flight.fly(30, **condition)
    assert (away.previous, away.mode) == ("NOMINAL", mode)
    assert flight.machine.may_work
    (back,) = flight.fly(30)
    assert (back.previous, back.mode) == (mode, "NOMINAL")


def test_a_boot_in_the_dark_goes_straight_to_saving() -> None:
    (change,) = Flight().fly(20, sunlit=False)
    assert change.mode == "ECLIPSE_SAVE"


def test_a_flickering_condition_does_not_flicker_the_mode(flight: Flight) -> None:
    changes = []
    for second in range(60):
        changes += flight.fly(1, throttled=second % 2 == 0)
    assert len(changes) <= 6


def test_the_hosts_safing_line_leads_to_safe_at_once_and_its_end_leads_out(flight: Flight) -> None:
    (into,) = flight.fly(30, host_safing=True)
    assert (into.mode, into.who, into.why) == ("SAFE", "host", "host safing")
    assert not flight.machine.may_work
    (out,) = flight.fly(1)
    assert (out.mode, out.why) == ("NOMINAL", "host safing is over")


def test_safing_counts_from_boot() -> None:
    flight = Flight()
    assert [change.mode for change in flight.fly(3, host_safing=True)] == ["SAFE"]


def test_trips_now_and_then_are_normal_and_many_at_once_lead_to_safe(flight: Flight) -> None:
    for _ in range(20):
        assert flight.trip() is None
        flight.fly(300)
    change = None
    for _ in range(20):
        change = change or flight.trip()
    assert change is not None and (change.mode, change.who) == ("SAFE", "guard")
    assert "payload_temp_c" in change.why
    assert flight.trip(20) is None  # SAFE already


def test_after_trips_a_minute_with_every_channel_alive_leads_out(flight: Flight) -> None:
    flight.trip(20)
    assert flight.fly(300, healthy=False) == []
    assert flight.fly(59) == []
    (change,) = flight.fly(10)
    assert (change.previous, change.mode) == ("SAFE", "NOMINAL")


def test_an_unclean_boot_begins_in_safe_and_ends_by_itself() -> None:
    flight = Flight()
    change = flight.machine.unclean_boot(0)
    assert (change.previous, change.mode, change.who) == ("BOOT", "SAFE", "store")
    assert flight.fly(50) == []
    assert [change.mode for change in flight.fly(20)] == ["NOMINAL"]


def test_a_guest_leaves_safe_only_with_its_hosts_grant() -> None:
    flight = Flight()
    flight.machine.unclean_boot(0)
    assert flight.fly(600, host_allows=False) == []
    assert len(flight.fly(2)) == 1


def test_a_commanded_safe_ends_only_by_command(flight: Flight) -> None:
    change = flight.ask("SAFE")
    assert change is not None and (change.mode, change.who, change.why) == ("SAFE", "ground", "command")
    assert "command" in change.exit_condition
    assert flight.fly(10_000) == []
    change = flight.ask("OPERATIONAL")
    assert change is not None and (change.previous, change.who) == ("SAFE", "ground")
    assert flight.machine.may_work


def test_the_ground_overrides_the_wait_after_trips_but_not_the_host(flight: Flight) -> None:
    flight.trip(20)
    assert flight.ask("OPERATIONAL") is not None
    flight.fly(5, host_safing=True)
    assert flight.ask("OPERATIONAL") is None
    assert flight.machine.mode == "SAFE"


@pytest.mark.parametrize("mode", ["OPERATIONAL", "NOMINAL", "BOOT", "ECLIPSE_SAVE", "no such mode", ""])
def test_outside_safe_only_safe_can_be_commanded(flight: Flight, mode: str) -> None:
    assert flight.ask(mode) is None
    assert flight.machine.mode == "NOMINAL"


@pytest.mark.parametrize("mode", ["BOOT", "no such mode", ""])
def test_safe_is_not_left_for_what_is_no_working_mode(flight: Flight, mode: str) -> None:
    flight.ask("SAFE")
    assert flight.ask(mode) is None


def test_safe_by_two_reasons_waits_for_both(flight: Flight) -> None:
    flight.trip(20)
    assert flight.fly(200, host_safing=True) == []
    assert [change.mode for change in flight.fly(70)] == ["NOMINAL"]

"""What the host said last is what the bus carries; what it no longer says is visible as such."""

from __future__ import annotations

import pytest

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import EVENT, HEARTBEAT, HOST, HOST_REPORT
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.host.service import HostService
from fsw.messages import HostReport, HostStatus
from hal.clock import SECOND_NS
from hal.ports.host import Beat, Grant, HostMessage, MemoryHostBus, PowerOff, Safing

SILENCE_S = 10.0


class Flight:
    """The service beside a host that the test speaks for."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        self.host = MemoryHostBus()
        self._status = self.bus.subscribe(HOST, "guard", Policy.LATEST)
        self._events = self.bus.subscribe(EVENT, "telemetry")
        self.service = HostService(self.bus, self.host, SILENCE_S)

    def at(self, now_s: float, *messages: HostMessage) -> HostStatus:
        for message in messages:
            self.host.tell(message)
        self.service.step(int(now_s * SECOND_NS))
        status = self._status.take()
        assert status is not None
        return status

    def events(self) -> list[str]:
        events = self._events.drain()
        for event in events:
            assert len(event.values) == len(EVENT_BY_NAME[event.name].fields)
        return [event.name for event in events]


def grant(from_s: float, until_s: float, mean_w: float = 30.0) -> Grant:
    return Grant(
        from_ns=int(from_s * SECOND_NS),
        until_ns=int(until_s * SECOND_NS),
        mean_w=mean_w,
        peak_w=58.0,
        energy_j=1000.0,
    )


@pytest.fixture
def flight() -> Flight:
    return Flight()


def test_a_host_never_heard_has_granted_nothing_and_is_silent_after_its_time(flight: Flight) -> None:
    status = flight.at(100.0)
    assert (status.allocation, status.safing, status.is_sunlit) == (None, False, None)
    assert flight.events() == []
    assert flight.at(111.0).heartbeat_ns == 100 * SECOND_NS
    assert flight.events() == ["host_silent"]


def test_a_grant_holds_from_its_start(flight: Flight) -> None:
    status = flight.at(0.0, grant(0, 60, 30.0), grant(20, 80, 10.0))
    assert status.allocation is not None and status.next_allocation is not None
    assert (status.allocation.mean_w, status.next_allocation.mean_w) == (30.0, 10.0)
    status = flight.at(20.0, Beat(time_ns=0))
    assert status.allocation is not None
    assert (status.allocation.mean_w, status.next_allocation) == (10.0, None)
    assert flight.events() == ["allocation_changed"] * 2


def test_a_grant_that_comes_late_does_not_replace_a_newer_one(flight: Flight) -> None:
    flight.at(50.0, grant(40, 100, 10.0))
    status = flight.at(51.0, grant(30, 90, 50.0))
    assert status.allocation is not None
    assert status.allocation.mean_w == 10.0


def test_a_grant_that_is_amended_counts_at_once(flight: Flight) -> None:
    flight.at(50.0, grant(40, 100, 30.0))
    status = flight.at(51.0, grant(40, 100, 5.0))
    assert status.allocation is not None
    assert status.allocation.mean_w == 5.0


def test_an_expired_allocation_stays_visible_as_expired(flight: Flight) -> None:
    flight.at(0.0, grant(0, 5))
    status = flight.at(6.0)
    assert status.allocation is not None
    assert status.allocation.until_ns < status.time_ns
    flight.at(7.0)
    assert flight.events() == ["allocation_changed", "allocation_expired"]


def test_silence_and_return_are_told_once(flight: Flight) -> None:
    flight.at(0.0, Beat(time_ns=0, is_sunlit=True))
    for second in range(1, 15):
        flight.at(second)
    assert flight.events() == ["host_silent"]
    status = flight.at(15.0, Beat(time_ns=0))
    assert status.heartbeat_ns == 15 * SECOND_NS
    assert flight.events() == ["host_back"]


def test_any_word_of_the_host_is_a_sign_of_life(flight: Flight) -> None:
    flight.at(0.0)
    assert flight.at(9.0, Safing(on=False)).heartbeat_ns == 9 * SECOND_NS


def test_a_power_off_notice_stands_until_the_host_speaks_after_it(flight: Flight) -> None:
    at = 20 * SECOND_NS
    assert flight.at(10.0, PowerOff(at_ns=at), PowerOff(at_ns=at)).power_off_ns == at
    assert flight.events() == ["power_off_notice"]
    assert flight.at(15.0, Beat(time_ns=0)).power_off_ns == at
    assert flight.at(25.0).power_off_ns == at
    assert flight.at(26.0, Beat(time_ns=0)).power_off_ns is None


def test_safing_follows_its_line(flight: Flight) -> None:
    assert flight.at(0.0, Safing(on=True), Safing(on=True)).safing
    assert flight.at(1.0).safing
    assert not flight.at(2.0, Safing(on=False)).safing
    assert flight.events() == ["host_safing"]


def test_the_host_is_told_what_the_payload_reports(flight: Flight) -> None:
    report = HostReport(time_ns=5, payload_power_w=None, demand_w=58.0, mode="NOMINAL", healthy=True)
    flight.bus.publish(HOST_REPORT, report)
    flight.at(0.0)
    flight.at(1.0)
    (demand,) = flight.host.heard()
    assert (demand.time_ns, demand.payload_power_w, demand.demand_w) == (5, None, 58.0)


def test_it_proves_that_it_lives() -> None:
    flight = Flight()
    beats = flight.bus.subscribe(HEARTBEAT, "supervise")
    for second in range(11):
        flight.at(second)
    assert [beat.steps for beat in beats.drain()] == [1, 11]

"""The whole flight software over two passes: its ground hears it over its stations alone, at a slow rate."""

from __future__ import annotations

import pytest

from fsw.catalogue.events import EVENT_BY_ID
from fsw.catalogue.wire import Value, decode_event
from fsw.packets.events import EventReport
from fsw.packets.pus import Telemetry
from sim.scenario import load_scenario
from tools.flight.loop import Options, VirtualFlight
from tools.flight.record import FlightRecord

FLIGHT_S = 7_500.0  # two passes
RATE_BPS = 300.0  # so slow that a pass does not carry what came since the one before
MASK_S = 30.0  # the flight computer's orbit and the true one agree on a rise within that
BURST_BITS = 2 * RATE_BPS + 8 * 1024

Heard = list[tuple[float, bytes]]


@pytest.fixture(scope="module")
def flown() -> tuple[FlightRecord, Heard]:
    """The record, and every packet on the ground with the second in which it came."""
    mission = {"link": {"profile": "packets", "contact": "passes", "rate_bps": RATE_BPS}}
    options = Options(execute=False, plan=False, duration_s=FLIGHT_S, mission=mission)
    flight = VirtualFlight(load_scenario("default"), options)
    heard: Heard = []
    flight.hear = lambda octets: heard.append((flight.clock.now_ns() / 1e9, octets))
    return flight.fly(), heard


def test_nothing_goes_down_but_over_a_station(flown: tuple[FlightRecord, Heard]) -> None:
    record, heard = flown
    assert heard
    passes = [(each.rise_s - MASK_S, each.set_s + MASK_S) for each in record.passes]
    assert all(any(rise_s <= time_s <= set_s for rise_s, set_s in passes) for time_s, _ in heard)


def test_the_rate_of_the_link_is_never_exceeded(flown: tuple[FlightRecord, Heard]) -> None:
    _, heard = flown
    for first in range(0, len(heard), 7):
        begun_s, bits = heard[first][0], 0
        for time_s, octets in heard[first:]:
            bits += 8 * len(octets)
            assert bits <= RATE_BPS * (time_s - begun_s) + BURST_BITS


def test_no_packet_comes_twice(flown: tuple[FlightRecord, Heard]) -> None:
    _, heard = flown
    counts = [Telemetry.unpack(octets).sequence for _, octets in heard]
    assert len(set(counts)) == len(counts)


def test_the_ground_is_told_of_each_pass_and_of_what_it_does_not_carry(flown: tuple[FlightRecord, Heard]) -> None:
    record, heard = flown
    told = [name for name, _ in happened(heard)]
    assert told.count("contact_begun") == len([each for each in record.passes if each.set_s < FLIGHT_S]) == 2
    assert told.count("contact_ended") == 1  # that of the second pass waits for the third
    deferred = [values for name, values in happened(heard) if name == "downlink_deferred"]
    assert {values[0] for values in deferred} == {"result"}
    assert all(values[1] > 0 and values[2] > 3600.0 for values in deferred)


def test_grave_news_overtakes_older_results(flown: tuple[FlightRecord, Heard]) -> None:
    _, heard = flown
    second_pass = [(time_s, octets) for time_s, octets in heard if time_s > 0.5 * FLIGHT_S]
    first_s = second_pass[0][0]
    packets = [Telemetry.unpack(octets) for time_s, octets in second_pass if time_s < first_s + 60.0]
    severities = [packet.subtype for packet in packets if packet.service == 5]
    assert severities == sorted(severities, reverse=True)
    results = [values for name, values in happened(second_pass) if name == "job_done"]
    assert float(results[0][3]) > float(results[-1][3])


def happened(heard: Heard) -> list[tuple[str, tuple[Value, ...]]]:
    """The events on the ground, with their values."""
    packets = [Telemetry.unpack(octets) for _, octets in heard]
    reports = [EventReport.unpack(packet.data) for packet in packets if packet.service == 5]
    return [(EVENT_BY_ID[report.event].name, decode_event(report.event, report.auxiliary)) for report in reports]

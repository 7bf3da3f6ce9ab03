"""Telemetry between passes: what waits, what is kept for the packet stores alone, and what is told of it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fsw.bus.contract import Policy
from fsw.bus.topics import COMMAND_REPORT, DOWNLINKED_PDU, EVENT, JOB_REPORT, PACKET, RETRIEVED
from fsw.catalogue.apids import FILE_APID
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.ephemeris.passes import Passes, Station, Track
from fsw.messages import CommandReport, Event, FilePdu, JobReport, JobState, Stage, TelemetryPacket
from fsw.packets.space_packet import PrimaryHeader
from fsw.telemetry.contact import EVER_NS, Contacts
from hal.clock import SECOND_NS, OnboardTime, TimeQuality
from tests.fsw.telemetry_bench import REQUEST, START_TAI_NS, Bench, events, kinds, octets_of, rows

START_TAI_S = START_TAI_NS / SECOND_NS
SVALBARD = Station(name="svalbard", latitude_deg=78.2, longitude_deg=15.4, down_bps=4000.0)
BEGUN, ENDED = EVENT_BY_NAME["contact_begun"].id, EVENT_BY_NAME["contact_ended"].id
DEFERRED = EVENT_BY_NAME["downlink_deferred"].id


def passes(*stations: Station) -> Passes:
    track = Track(
        altitude_m=550e3, inclination_deg=97.6, ltan_h=10.5, argument_of_latitude_deg=0.0, epoch_tai_s=START_TAI_S
    )
    return Passes(track, stations or (SVALBARD,))


def contacts(*stations: Station, rate_bps: float = 0.0, quality: TimeQuality = TimeQuality.SYNCHRONISED) -> Contacts:
    time = OnboardTime(tai_at_zero_ns=START_TAI_NS, quality=quality)
    return Contacts(time, passes(*stations), rate_bps)


@pytest.fixture(scope="module")
def first_pass() -> tuple[int, int]:
    """Seconds since the start: the first whole one of the first pass, and the first after it."""
    found = next(passes().between(START_TAI_S, START_TAI_S + 7200.0))
    assert found.rise_tai_s > START_TAI_S + 60.0
    return int(found.rise_tai_s - START_TAI_S) + 1, int(found.set_tai_s - START_TAI_S) + 1


def test_without_stations_the_ground_hears_us_always() -> None:
    always = Contacts(OnboardTime(tai_at_zero_ns=START_TAI_NS), rate_bps=9600.0)
    contact = always.at(7)
    assert (contact.in_contact, contact.until_ns, contact.rate_bps, contact.station) == (True, EVER_NS, 9600.0, "")


def test_without_the_time_nothing_is_foretold_and_we_speak() -> None:
    assert contacts(quality=TimeQuality.UNKNOWN).at(0).in_contact


def test_contact_follows_the_passes(first_pass: tuple[int, int]) -> None:
    rise_s, set_s = first_pass
    by_pass = contacts()
    before = by_pass.at((rise_s - 2) * SECOND_NS)
    during = by_pass.at(before.until_ns)
    after = by_pass.at(during.until_ns)
    assert (before.in_contact, during.in_contact, after.in_contact) == (False, True, False)
    assert (during.station, during.rate_bps) == ("svalbard", 4000.0)
    assert rise_s - 1 <= before.until_ns / SECOND_NS <= rise_s
    assert set_s - 1 <= during.until_ns / SECOND_NS <= set_s


def test_windows_do_not_reach_into_each_other() -> None:
    neighbour = Station(name="tromso", latitude_deg=69.7, longitude_deg=18.9, down_bps=0.0)
    windows = list(contacts(SVALBARD, neighbour, rate_bps=2000.0).ahead(0))
    assert len(windows) > 10
    assert all(window.start_ns < window.end_ns for window in windows)
    assert all(first.end_ns <= second.start_ns for first, second in pairwise(windows))
    assert {window.rate_bps for window in windows} == {2000}


def test_between_passes_events_wait_and_housekeeping_is_for_the_store_alone(first_pass: tuple[int, int]) -> None:
    rise_s, _ = first_pass
    bench = Bench(contacts=contacts())
    bench.bus.publish(EVENT, Event(time_ns=0, name="host_silent", values=(31.0,)))
    bench.bus.publish(EVENT, Event(time_ns=0, name="guard_trip", values=("payload_temp_c", 46.0, 45.0)))
    bench.bus.publish(COMMAND_REPORT, CommandReport(time_ns=0, request=REQUEST, stage=Stage.COMPLETED))
    assert bench.run(rise_s) == []
    stored = bench.stored()
    assert [store for store, _ in stored if store != "housekeeping"] == ["events"] * 3
    assert len(rows([packet for _, packet in stored], 1)) == (rise_s - 1) // 10 + 1
    counts = bench.service.counts()
    assert counts["downlink_queued"] == 3
    assert counts["packets_withheld"] == sum(store == "housekeeping" for store, _ in stored)
    assert kinds(bench.run(10))[:4] == [(5, 4), (1, 7), (5, 3), (5, 1)]  # the last one tells of the contact


def test_the_wait_is_told_while_nothing_goes_down(first_pass: tuple[int, int]) -> None:
    rise_s, _ = first_pass
    bench = Bench(contacts=contacts())
    bench.bus.publish(EVENT, Event(time_ns=0, name="host_silent", values=(31.0,)))
    bench.run(rise_s - 30)
    assert bench.service.counts()["downlink_next_s"] in (30, 31)
    bench.run(60)
    assert bench.service.counts()["downlink_next_s"] == 0


def test_the_rate_of_the_pass_is_kept_and_what_it_does_not_carry_is_told(first_pass: tuple[int, int]) -> None:
    rise_s, set_s = first_pass
    slow = Station(name="svalbard", latitude_deg=78.2, longitude_deg=15.4, down_bps=100.0)
    bench = Bench(contacts=contacts(slow))
    for second in range(0, rise_s, 4):
        report = JobReport(time_ns=second * SECOND_NS, job_id=second, kind="x", model="water", state=JobState.DONE)
        bench.bus.publish(JOB_REPORT, report)
        bench.run(4)
    packets = bench.run(set_s - bench.now_s)
    told = [values for number, values in events(packets) if number == DEFERRED]
    octets = sum(len(packet.pack()) for packet in packets)
    assert octets * 8 <= 100.0 * (set_s - rise_s) + 400
    assert {values[0] for values in told} >= {"result"}
    assert all(values[2] > 3000.0 for values in told)  # the next pass is a turn later
    bench.run(2)
    (ended,) = [packet for store, packet in bench.stored() if store == "events" and events([packet])[0][0] == ENDED]
    assert events([ended])[0][1] == ("svalbard", bench.service.counts()["downlink_queued"] - 1)


def test_the_contact_is_told_to_everybody(first_pass: tuple[int, int]) -> None:
    rise_s, set_s = first_pass
    bench = Bench(contacts=contacts())
    bench.run(set_s + 1)
    told = bench.contact.drain()
    assert [told[0].in_contact, told[-1].in_contact] == [False, False]
    assert {contact.station for contact in told if contact.in_contact} == {"svalbard"}
    changes = [second.time_ns // SECOND_NS for first, second in pairwise(told)
               if first.in_contact != second.in_contact]  # fmt: skip
    assert changes == [rise_s, set_s]


def test_parts_of_files_and_stored_packets_wait_with_their_senders_between_passes(first_pass: tuple[int, int]) -> None:
    rise_s, _ = first_pass
    bench = Bench(contacts=contacts())
    bench.run(1)
    (stored, *_) = [packet.pack() for _, packet in bench.stored()]
    bench.bus.publish(DOWNLINKED_PDU, FilePdu(time_ns=0, octets=b"\x24" + bytes(20)))
    bench.bus.publish(RETRIEVED, TelemetryPacket(time_ns=0, store="housekeeping", octets=stored))
    bench.run(rise_s - 2)
    assert bench.service.counts()["downlink_queued"] == 0
    for second in range(rise_s - 1, rise_s + 5):
        bench.service.step(second * SECOND_NS)
    down = list(octets_of(bench.ground))
    part = next(octets for octets in down if PrimaryHeader.unpack(octets).apid == FILE_APID)
    assert part[6:] == b"\x24" + bytes(20)
    assert not PrimaryHeader.unpack(part).has_secondary
    assert down.index(stored) < down.index(part)


def test_packet_stores_that_take_nothing_stop_nothing_and_are_counted() -> None:
    bench = Bench()
    bench.bus.subscribe(PACKET, "stalled", Policy.MUST_DELIVER, 1)
    assert len(rows(bench.run(31), 1)) == 4
    counts = bench.service.counts()
    assert counts["packets_unstored"] == counts["packets_sent"] - 1


def test_with_contact_always_and_no_limit_everything_goes_in_the_step_in_which_it_comes() -> None:
    bench = Bench()
    for number in range(3):
        bench.bus.publish(DOWNLINKED_PDU, FilePdu(time_ns=0, octets=bytes([0x24, number])))
    bench.service.step(0)
    parts = [octets for octets in octets_of(bench.ground) if PrimaryHeader.unpack(octets).apid == FILE_APID]
    assert [octets[-1] for octets in parts] == [0, 1, 2]
    assert [PrimaryHeader.unpack(octets).sequence for octets in parts] == [0, 1, 2]
    assert bench.service.counts()["downlink_queued"] == 0

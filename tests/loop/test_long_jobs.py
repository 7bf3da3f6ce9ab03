"""A strip of tiles as one job, in flight: it runs in segments, and a power cut costs it the segment that ran."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from fsw.bus.contract import Policy
from fsw.bus.topics import JOB_REPORT, ORDER
from fsw.messages import JobReport, JobState, WorkOrder
from hal.clock import SECOND_NS
from hal.ports.intake import Ticket
from hal.ports.memory_disk import MemoryDisk
from sim.scenario import load_scenario
from sim.scene import scene
from tools.flight.loop import Options, VirtualFlight

TILES = 11
STATIC = {"governor": {"policy": "static", "static_variant": 1, "static_setting": 1}}  # one variant: one result


@dataclass
class Flown:
    """What was heard of the job."""

    reports: list[JobReport] = field(default_factory=list)
    orders: list[WorkOrder] = field(default_factory=list)
    boots: int = 0

    @property
    def final(self) -> JobReport:
        (report,) = [report for report in self.reports if report.state >= JobState.DONE]
        return report


@cache
def fly(cut_after_rows: int | None) -> Flown:
    """The default spacecraft with a strip as its only job; the power goes in the segment after so many rows."""
    scenario = dataclasses.replace(load_scenario("default"), demand=())
    options = Options(plan=False, lean=True, mission=STATIC, duration_s=150.0)
    flight, flown, bus = VirtualFlight(scenario, options), Flown(), None
    flight.inputs.load = lambda ref: strip()  # type: ignore[method-assign]
    for now_ns in flight.ticks():
        if flight._bus is not bus and flight._bus is not None:
            bus = flight._bus
            reports = bus.subscribe(JOB_REPORT, "test", Policy.DROP_OLDEST, 256)
            orders = bus.subscribe(ORDER, "test", Policy.DROP_OLDEST, 256)
        if now_ns == 10 * SECOND_NS:
            flight._intake.offer(Ticket(ref="strip", kind="screen", model="cloud", value=5.0, deadline_s=140.0))
        flown.reports += reports.drain()
        flown.orders += orders.drain()
        rows_done = max((report.rows_done for report in flown.reports), default=0)
        is_running = flight.world.computer.running is not None
        if cut_after_rows is not None and rows_done >= cut_after_rows and is_running and flight.boots == 1:
            assert isinstance(flight._disk, MemoryDisk)
            flight._disk.power_cut()
            flight._lose_power()
    flown.boots = flight.boots
    return flown


def strip() -> NDArray[np.float32]:
    return np.stack([scene(seed).image for seed in range(TILES)]).astype(np.float32)


def test_a_strip_runs_in_segments_of_a_few_seconds() -> None:
    whole = fly(None)
    assert all(order.predicted_s <= 5.0 for order in whole.orders)
    assert len(whole.orders) >= 5
    assert [order.first_row for order in whole.orders[1:]] == [
        report.rows_done for report in whole.reports if report.state is JobState.RUNNING
    ]
    final = whole.final
    assert (final.state, final.rows, final.rows_done, final.attempts) == (JobState.DONE, TILES, TILES, 1)
    assert final.energy_j > 0.0 and final.seconds > 0.0
    assert final.energy_j == pytest.approx(final.predicted_j, rel=0.3)


@pytest.mark.parametrize("cut_after_rows", [1, 5])
def test_a_power_cut_costs_a_segment_and_not_the_job(cut_after_rows: int) -> None:
    whole, flown = fly(None), fly(cut_after_rows)
    assert flown.boots == 2
    final = flown.final
    assert (final.state, final.rows_done, final.digest) == (JobState.DONE, TILES, whole.final.digest)
    assert final.summary == pytest.approx(whole.final.summary)
    assert final.value == pytest.approx(whole.final.value)
    assert final.energy_j == pytest.approx(whole.final.energy_j, rel=0.15)
    starts = [order.first_row for order in flown.orders]
    repeated = {first for first in starts if starts.count(first) > 1}
    assert len(repeated) == 1, "the segment that ran when the power went, and no other"
    assert min(repeated) >= cut_after_rows


def test_the_same_flight_gives_the_same_reports() -> None:
    assert fly.__wrapped__(5).reports == fly(5).reports

"""The recorder on a disk that fails: it goes on from memory, asks again, and owes nobody a job in the end."""

from __future__ import annotations

import pytest

from fsw.bus.topics import EVENT, JOB_ACCEPTED, JOB_REPORT
from fsw.messages import (
    Event,
)
from fsw.store.service import RETRY_LAST_NS, RETRY_NS, WAITING_MAX
from hal.clock import SECOND_NS
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason
from tests.fsw.failing_disk import FAILURES, UNSYNCED, FailingDisk
from tests.fsw.recorder_run import Config, Run, job, report


@pytest.mark.parametrize("fault", [Reason.BUS, Reason.ABSENT])
def test_a_failing_disk_degrades_the_store_and_nothing_else(fault: Reason) -> None:
    run = Run(MemoryDisk())
    run.disk.fault = fault
    run.bus.publish(JOB_ACCEPTED, job(1))
    run.step()
    run.step()
    assert run.events() == ["store_degraded"]
    assert run.store.counts()["waiting"] > 0
    run.disk.fault = None
    run.step(seconds=RETRY_NS / SECOND_NS)
    assert run.events() == ["store_back"]
    run.step()
    assert run.store.counts()["waiting"] == 0
    run.disk.power_cut()
    assert Run(run.disk).recovered().jobs == (job(1),)


def test_files_that_went_stale_are_opened_anew() -> None:
    run = Run(MemoryDisk())
    run.bus.publish(JOB_ACCEPTED, job(1))
    run.step()
    run.disk.power_cut()  # to this run: every open file is dead, as after the disk was mounted again
    run.bus.publish(JOB_ACCEPTED, job(2))
    run.bus.publish(JOB_REPORT, report(1))
    for _ in range(4):
        run.step(seconds=RETRY_LAST_NS / SECOND_NS)
    assert run.events() == ["store_degraded", "store_back"]
    run.disk.power_cut()
    assert Run(run.disk).recovered().jobs == (job(2),)


def test_jobs_of_an_earlier_run_are_told_once_the_disk_can_be_written() -> None:
    disk = FailingDisk()
    first = Run(disk)
    first.bus.publish(JOB_ACCEPTED, job(1))
    first.store.close(0)
    disk.failure = "gone"
    run = Run(disk)
    assert run.recovered().jobs == ()
    disk.failure = UNSYNCED  # it can be read, and no more
    for _ in range(3):
        run.step(seconds=RETRY_LAST_NS / SECOND_NS)
    disk.failure = ""
    run.step(seconds=RETRY_LAST_NS / SECOND_NS)
    assert run.recovered().jobs == (job(1),)


@pytest.mark.parametrize("failure", FAILURES)
def test_a_disk_that_goes_on_failing_is_asked_less_and_less_often(failure: str) -> None:
    disk = FailingDisk()
    run = Run(disk)
    disk.failure = failure
    run.bus.publish(JOB_ACCEPTED, job(1))
    for _ in range(600):
        run.step()
    assert 0 < disk.refused < 15
    assert run.events() == ["store_degraded"]
    disk.failure = ""
    run.step(seconds=RETRY_LAST_NS / SECOND_NS)
    assert run.events() == ["store_back"]


def test_what_memory_cannot_hold_is_counted_and_the_jobs_are_still_known() -> None:
    run = Run(MemoryDisk(), Config(segment_bytes=1 << 20))
    run.disk.fault = Reason.BUS
    run.bus.publish(JOB_ACCEPTED, job(1))
    for _ in range(WAITING_MAX // 200 + 2):
        for number in range(200):
            run.bus.publish(EVENT, Event(time_ns=number, name="started", values=("x",)))
        run.step(seconds=0.001)
    counts = run.store.counts()
    assert counts["waiting"] == WAITING_MAX
    assert counts["lost"] > 0
    run.disk.fault = None
    run.step(seconds=RETRY_NS / SECOND_NS)
    run.disk.power_cut()
    assert Run(run.disk).recovered().jobs == (job(1),)


def test_a_disk_without_room_at_the_start_is_used_when_it_has_some() -> None:
    disk = MemoryDisk()
    first = Run(disk)
    first.bus.publish(JOB_ACCEPTED, job(1))
    first.store.close(0)
    disk.fault = Reason.BUS
    run = Run(disk)
    assert run.recovered().unclean
    assert run.events() == ["store_degraded"]
    run.bus.publish(JOB_ACCEPTED, job(9))
    disk.fault = None
    run.step(seconds=RETRY_NS / SECOND_NS)
    recovered = run.recovered()
    assert recovered.jobs == (job(1), job(9))
    assert recovered.next_job_id == 10

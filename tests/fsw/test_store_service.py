"""The recorder: durable within the step, recovered after any power cut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.bus.topics import COMMAND, EVENT, JOB_ACCEPTED, JOB_REPORT, MODE, ORDER
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.messages import (
    COMMANDED_JOB_IDS,
    Command,
    Event,
    JobReport,
    JobState,
    Member,
    ModeStatus,
)
from fsw.store.ledger import Kind
from fsw.store.log import RecordLog
from hal.ports.memory_disk import MemoryDisk
from tests.fsw.recorder_run import Config, Run, job, order, report


def test_the_first_boot_is_clean_and_owes_nothing() -> None:
    recovered = Run(MemoryDisk()).recovered()
    assert (recovered.jobs, recovered.next_job_id, recovered.unclean) == ((), 1, False)


def test_jobs_without_a_result_are_recovered_with_their_attempts() -> None:
    run = Run(MemoryDisk())
    for job_id in (1, 2, 3):
        run.bus.publish(JOB_ACCEPTED, job(job_id))
    run.bus.publish(ORDER, order(2, 1))
    run.bus.publish(ORDER, order(2, 2))
    run.bus.publish(JOB_REPORT, report(1))
    run.step()
    run.disk.power_cut()
    recovered = Run(run.disk).recovered()
    assert recovered.jobs == (job(2), job(3))
    assert recovered.attempts == (2, 0)
    assert recovered.next_job_id == 4
    assert recovered.unclean


def test_attempts_that_are_not_held_against_a_job_are_not_after_a_restart() -> None:
    run = Run(MemoryDisk())
    run.bus.publish(JOB_ACCEPTED, job(1))
    run.bus.publish(ORDER, replace(order(1, 5), spared=4))
    run.step()
    run.disk.power_cut()
    assert Run(run.disk).recovered().attempts == (1,)


def segment(rows_done: int, attempts: int) -> JobReport:
    return replace(report(1, JobState.RUNNING), rows=40, rows_done=rows_done, attempts=attempts, digest=f"d{rows_done}")


def test_a_job_in_segments_goes_on_from_its_last_checkpoint() -> None:
    run = Run(MemoryDisk())
    run.bus.publish(JOB_ACCEPTED, job(1))
    for number in (0, 1, 2):
        run.bus.publish(ORDER, replace(order(1, number + 1), spared=number, first_row=8 * number, rows=8))
        run.bus.publish(JOB_REPORT, segment(8 * number + 8, 0))
        run.step()
    run.disk.power_cut()
    recovered = Run(run.disk).recovered()
    assert recovered.checkpoints == (segment(24, 0),)
    assert recovered.attempts == (0,), "every order did what it was to do"
    run = Run(run.disk)
    run.step()
    run.bus.publish(JOB_REPORT, report(1))
    run.step()
    assert Run(run.disk).recovered().checkpoints == ()


@pytest.mark.parametrize("steps_between", [False, True])
def test_an_order_that_the_power_cut_ended_costs_an_attempt_and_those_before_it_do_not(steps_between: bool) -> None:
    run = Run(MemoryDisk())
    run.bus.publish(JOB_ACCEPTED, job(1))
    run.bus.publish(ORDER, replace(order(1, 1), rows=8))
    if steps_between:
        run.step()
    run.bus.publish(JOB_REPORT, segment(8, 0))
    run.bus.publish(ORDER, replace(order(1, 2), spared=1, first_row=8, rows=8))
    run.step()
    run.disk.power_cut()
    recovered = Run(run.disk).recovered()
    assert (recovered.attempts, recovered.checkpoints) == ((1,), (segment(8, 0),))


def test_a_batch_is_an_attempt_at_each_of_its_jobs() -> None:
    run = Run(MemoryDisk())
    for job_id in (1, 2, 3):
        run.bus.publish(JOB_ACCEPTED, job(job_id))
    others = (Member(job_id=2, attempt=2, input_ref=""), Member(job_id=3, attempt=1, input_ref=""))
    run.bus.publish(ORDER, replace(order(1, 1), batch=3, others=others))
    run.step()
    run.disk.power_cut()
    assert Run(run.disk).recovered().attempts == (1, 2, 1)


def test_checkpoints_outlive_the_rotation_of_the_log() -> None:
    run = Run(MemoryDisk())
    run.bus.publish(JOB_ACCEPTED, job(1))
    run.bus.publish(ORDER, replace(order(1, 1), rows=8))
    run.bus.publish(JOB_REPORT, segment(8, 0))
    for job_id in range(2, 400):
        run.bus.publish(JOB_ACCEPTED, job(job_id))
        run.bus.publish(JOB_REPORT, report(job_id))
        run.step()
    assert run.store.counts()["rotated"] > 0
    run.disk.power_cut()
    assert Run(run.disk).recovered().checkpoints == (segment(8, 0),)


def test_an_orderly_end_is_a_clean_boot() -> None:
    run = Run(MemoryDisk())
    run.bus.publish(JOB_ACCEPTED, job(5))
    run.store.close(run.now_ns)
    again = Run(run.disk)
    recovered = again.recovered()
    assert (recovered.jobs, recovered.unclean) == ((job(5),), False)
    again.disk.power_cut()
    assert Run(run.disk).recovered().unclean


def test_every_kind_is_recorded() -> None:
    run = Run(MemoryDisk())
    run.bus.publish(COMMAND, Command(time_ns=0, name="ping", arguments=(1, "a"), request=1, ack=15, source=0))
    run.bus.publish(EVENT, Event(time_ns=0, name="started", values=("sense",)))
    run.bus.publish(MODE, ModeStatus(time_ns=0, mode="SAFE", previous="BOOT", who="ground", why="", exit_condition=""))
    run.step()
    kinds = [record.kind for record in RecordLog(run.disk, "log", 8192, 3).records()]
    assert kinds == [Kind.CHECKPOINT, Kind.BOOT, Kind.COMMAND, Kind.EVENT, Kind.MODE]


def test_rotation_keeps_the_jobs_that_are_owed_a_result() -> None:
    run = Run(MemoryDisk())
    run.bus.publish(JOB_ACCEPTED, job(1))
    for job_id in range(2, 600):
        run.bus.publish(JOB_ACCEPTED, job(job_id))
        run.bus.publish(JOB_REPORT, report(job_id))
        run.step()
    assert run.store.counts()["rotated"] > 0
    run.disk.power_cut()
    recovered = Run(run.disk).recovered()
    assert recovered.jobs == (job(1),)
    assert recovered.next_job_id == 600


ACTIONS = st.lists(st.sampled_from(["accept", "order", "finish", "step", "cut"]), max_size=60)


@settings(max_examples=60, deadline=None)
@given(actions=ACTIONS, kept_writes=st.integers(0, 2), torn_bytes=st.integers(0, 200))
def test_a_power_cut_at_any_moment_loses_nothing_that_a_step_took(
    actions: list[str], kept_writes: int, torn_bytes: int
) -> None:
    disk, config = MemoryDisk(), Config(segment_bytes=2048, segments=2)
    run = Run(disk, config)
    owed: set[int] = set()  # as of the last step
    live: set[int] = set()
    next_id = 1
    for action in actions:
        if action == "accept" and len(live) < 6:
            run.bus.publish(JOB_ACCEPTED, job(next_id))
            live.add(next_id)
            next_id += 1
        elif action == "order" and live:
            run.bus.publish(ORDER, order(min(live), 1))
        elif action == "finish" and live:
            run.bus.publish(JOB_REPORT, report(min(live)))
            live.discard(min(live))
        elif action == "step":
            run.step()
            owed = set(live)
        elif action == "cut":
            disk.power_cut(kept_writes, torn_bytes)
            run = Run(disk, config)
            recovered = run.recovered()
            assert {item.job_id for item in recovered.jobs} == owed
            assert recovered.next_job_id > max(owed, default=0)
            live = set(owed)
            next_id = recovered.next_job_id


@pytest.mark.parametrize("writes", range(8))
@pytest.mark.parametrize("torn_bytes", [0, 13, 40])
def test_a_cut_between_any_two_writes_gives_some_moment_of_the_run(writes: int, torn_bytes: int) -> None:
    """The power goes after so many writes that no sync has confirmed; rotations included."""
    disk = MemoryDisk()
    run = Run(disk, Config(segment_bytes=512, segments=2))
    log = run.store._log
    assert log is not None
    for segment in log._segments:
        segment.file.sync = lambda: None  # type: ignore[method-assign]
    for job_id in range(1, 8):
        run.bus.publish(JOB_ACCEPTED, job(job_id))
        run.bus.publish(JOB_REPORT, report(job_id))
        run.step()
    disk.power_cut(writes, torn_bytes)
    recovered = Run(disk, Config(segment_bytes=512, segments=2)).recovered()
    assert len(recovered.jobs) <= 1
    assert all(item.job_id == recovered.next_job_id - 1 for item in recovered.jobs)


def test_an_oversized_record_is_counted_not_written() -> None:
    run = Run(MemoryDisk())
    run.bus.publish(EVENT, Event(time_ns=0, name="started", values=("x" * 20_000,)))
    run.step()
    assert run.store.counts()["lost"] == 1


@pytest.mark.parametrize(("process", "is_told"), [("control", True), ("infer", True), ("guard", True), ("plan", False)])
def test_a_restarted_holder_of_jobs_is_told_again(process: str, is_told: bool) -> None:
    run = Run(MemoryDisk())
    run.recovered()
    run.bus.publish(JOB_ACCEPTED, job(1))
    run.bus.publish(EVENT, Event(time_ns=0, name="service_restarted", values=(process, 1, "killed by SIGKILL")))
    run.step()
    told = run.recovered_all()
    assert [(item.jobs, item.unclean) for item in told] == ([((job(1),), False)] if is_told else [])


def test_the_last_value_of_each_parameter_is_told_after_a_power_cut_and_a_rotation() -> None:
    disk = MemoryDisk()
    run = Run(disk, Config(segment_bytes=4096, segments=2))
    for number, (name, value) in enumerate((("temp_margin_c", 2.0), ("energy_reserve_j", 5.0), ("temp_margin_c", 3.0))):
        arguments = (name, value)
        command = Command(time_ns=number, name="set_parameter", arguments=arguments, request=number, ack=0, source=1)
        run.bus.publish(COMMAND, command)
    for number in range(200):
        run.bus.publish(EVENT, Event(time_ns=0, name="started", values=(f"filling {number}",)))
        run.step()
    disk.power_cut()
    told = {
        setting.name: setting.value
        for setting in Run(disk, Config(segment_bytes=4096, segments=2)).recovered().settings
    }
    assert told == {"temp_margin_c": 3.0, "energy_reserve_j": 5.0}


def test_numbers_of_commanded_jobs_do_not_count_for_the_intake() -> None:
    run = Run(MemoryDisk())
    run.bus.publish(JOB_ACCEPTED, job(7))
    run.bus.publish(JOB_ACCEPTED, job(COMMANDED_JOB_IDS + 5))
    run.store.close(0)
    assert Run(run.disk).recovered().next_job_id == 8


def test_events_are_those_of_the_dictionary() -> None:
    for name in ("store_degraded", "store_back", "jobs_recovered"):
        assert name in EVENT_BY_NAME


def test_two_equal_runs_leave_equal_disks() -> None:
    disks = []
    for _ in range(2):
        run = Run(MemoryDisk())
        for job_id in range(1, 50):
            run.bus.publish(JOB_ACCEPTED, job(job_id))
            run.step()
        disks.append([run.disk.read_file(f"log-v1/{index:02d}") for index in range(3)])
    assert disks[0] == disks[1]

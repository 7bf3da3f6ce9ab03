"""The governor on a bus: jobs in, orders and reports out, modes told, commands carried out or refused with a code."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import (
    BACKLOG,
    COMMAND,
    COMMAND_REPORT,
    DECISION,
    DURABLE,
    ENVELOPE,
    EVENT,
    HEARTBEAT,
    HOST,
    HOST_REPORT,
    JOB,
    JOB_ACCEPTED,
    JOB_REPORT,
    MODE,
    ORDER,
    PLANT,
    QUEUE,
    RECOVERED,
    RESULT,
    TRIP,
)
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.failures import FAILURE_BY_CODE
from fsw.govern.service import GovernService
from fsw.messages import (
    Command,
    Durable,
    Envelope,
    HostStatus,
    Job,
    JobState,
    Outcome,
    Plant,
    RecoveredJobs,
    Stage,
    Trip,
    WorkOrder,
    WorkResult,
)
from fsw.mission import Mission, load_mission
from hal.clock import SECOND_NS, OnboardTime

MISSION = load_mission("owned.toml")
SMALL = dataclasses.replace(MISSION, governor=dataclasses.replace(MISSION.governor, queue_depth=2))
OUT = (BACKLOG, COMMAND_REPORT, DECISION, EVENT, HEARTBEAT, HOST_REPORT, JOB_ACCEPTED, JOB_REPORT, MODE, ORDER, QUEUE)
PLANT_0 = Plant(
    time_ns=0, soc=0.9, worst_soc=0.895, energy_above_floor_j=70e3, worst_energy_above_floor_j=69e3,
    battery_power_w=0.0, worst_battery_temp_c=20.0, array_power_w=70.0, bus_power_w=21.0, worst_bus_power_w=21.0,
    payload_power_w=6.0, worst_payload_power_w=6.0, payload_temp_c=25.0, worst_payload_temp_c=25.0,
    radiator_temp_c=24.0, dose_rate_ugy_s=0.0, upsets=0,
)  # fmt: skip
WIDE = Envelope(
    time_ns=0, run=True, power_w=100.0, energy_j=1e6, seconds=1e6, heat_j=(1e6,) * len(MISSION.payload.settings),
    cooling_w=0.0, bound_by="power",
)  # fmt: skip


class Flight:
    """The service, with sensing and guard played by the test: healthy and generous unless told otherwise."""

    def __init__(self, mission: Mission = MISSION) -> None:
        self.bus = MemoryBus()
        self._boxes = {topic.name: self.bus.subscribe(topic, "test", depth=4096) for topic in OUT}
        self.service = GovernService(self.bus, mission, OnboardTime(tai_at_zero_ns=mission.epoch_tai_ns()))
        self.second = 0

    def fly(self, seconds: int = 1, **envelope: Any) -> None:
        for _ in range(seconds):
            now_ns = self.second * SECOND_NS
            self.bus.publish(PLANT, dataclasses.replace(PLANT_0, time_ns=now_ns))
            self.bus.publish(ENVELOPE, dataclasses.replace(WIDE, time_ns=now_ns, **envelope))
            self.service.step(now_ns)
            self.second += 1

    def took(self, topic: Any) -> list[Any]:
        return self._boxes[topic.name].drain()

    def events(self, name: str) -> list[tuple[Any, ...]]:
        events = self.took(EVENT)
        for event in events:
            assert len(event.values) == len(EVENT_BY_NAME[event.name].fields)
        return [event.values for event in events if event.name == name]

    def job(self, job_id: int = 1, **changes: Any) -> Job:
        job = Job(
            job_id=job_id,
            kind="screen",
            model="cloud",
            input_ref="image",
            value=1.0,
            release_ns=0,
            deadline_ns=(self.second + 900) * SECOND_NS,
        )
        job = dataclasses.replace(job, **changes)
        self.bus.publish(JOB, job)
        return job

    def end(self, order: WorkOrder, outcome: Outcome = Outcome.DONE) -> None:
        now_ns = self.second * SECOND_NS
        result = WorkResult(
            job_id=order.job_id, attempt=order.attempt, outcome=outcome, start_ns=now_ns - SECOND_NS, end_ns=now_ns
        )
        self.bus.publish(RESULT, result)

    def command(self, name: str, *arguments: float | str, request: int = 0x1801C001) -> tuple[list[Stage], str]:
        """Stages reported, and the label of the failure or ""."""
        command = Command(
            time_ns=self.second * SECOND_NS, name=name, arguments=arguments, request=request, ack=0xF, source=1
        )
        self.bus.publish(COMMAND, command)
        self.fly()
        reports = self.took(COMMAND_REPORT)
        assert all(report.request == request for report in reports)
        code = reports[-1].code if reports else 0
        return [report.stage for report in reports], FAILURE_BY_CODE[code].label if code else ""

    @property
    def mode(self) -> str:
        return self.service.mode.mode


@pytest.fixture
def flight() -> Flight:
    flight = Flight()
    flight.fly(10)
    assert flight.mode == "NOMINAL"
    flight.events("")
    flight.took(MODE)
    return flight


DONE = [Stage.STARTED, Stage.COMPLETED]


def test_a_job_is_accepted_ordered_and_reported(flight: Flight) -> None:
    job = flight.job()
    flight.fly()
    (order,) = flight.took(ORDER)
    assert flight.took(JOB_ACCEPTED) == [job]
    assert (order.job_id, order.attempt, order.model) == (1, 1, "cloud")
    (decision,) = flight.took(DECISION)
    assert decision.admitted and decision.because.startswith("admitted")
    flight.end(order)
    flight.fly(2)
    (report,) = flight.took(JOB_REPORT)
    assert report.state is JobState.DONE
    status = flight.took(QUEUE)[-1]
    assert (status.done, status.queued, status.running, status.value) == (1, 0, 0, report.value)


def test_nothing_runs_before_boot_is_over_or_without_the_guards_fresh_word() -> None:
    flight = Flight()
    flight.job()
    flight.fly(2)
    assert flight.took(ORDER) == []
    flight.fly(10, run=False, bound_by="payload_temp_c")
    assert flight.took(ORDER) == []
    for _ in range(30):  # the guard is dead: its last word grows old
        flight.service.step(flight.second * SECOND_NS)
        flight.second += 1
    assert flight.took(ORDER) == []
    flight.fly()
    assert len(flight.took(ORDER)) == 1


def test_a_refusal_is_told_once_and_not_every_second(flight: Flight) -> None:
    flight.job()
    flight.fly(50, power_w=1.0)
    decisions = flight.took(DECISION)
    assert [decision.admitted for decision in decisions] == [False]
    flight.fly(120, power_w=1.0)
    assert 1 <= len(flight.took(DECISION)) <= 3


def test_jobs_that_cannot_be_taken_are_refused_with_a_reason() -> None:
    flight = Flight(SMALL)
    for number in range(1, 5):
        flight.job(number)
    flight.job(9, model="no such model")
    flight.fly()
    assert len(flight.took(JOB_ACCEPTED)) == 2
    reasons = [reason for _, reason in flight.events("job_refused")]
    assert reasons == ["the queue is full", "the queue is full", "no such model"]
    assert flight.took(QUEUE)[-1].refused == 3


def test_a_job_that_comes_twice_is_one_job(flight: Flight) -> None:
    flight.job(1)
    flight.job(1)
    flight.fly()
    flight.job(1)
    flight.fly()
    assert len(flight.took(JOB_ACCEPTED)) == 1
    assert len(flight.took(ORDER)) == 1


def test_a_failed_attempt_is_retried_and_told(flight: Flight) -> None:
    flight.job()
    flight.fly()
    flight.end(flight.took(ORDER)[0], Outcome.CRASHED)
    flight.fly()
    assert flight.took(ORDER)[0].attempt == 2
    assert flight.events("job_retried") == [(1, 1, "crashed")]


def test_a_worker_that_never_answers_does_not_stop_the_payload_for_ever(flight: Flight) -> None:
    flight.job()
    flight.fly(600)
    assert [order.attempt for order in flight.took(ORDER)] == list(range(1, MISSION.governor.attempts + 1))
    (report,) = flight.took(JOB_REPORT)
    assert report.state is JobState.FAILED


def test_jobs_of_an_earlier_run_go_on_and_an_unclean_end_begins_in_safe() -> None:
    flight = Flight()
    jobs = tuple(
        Job(job_id=n, kind="screen", model="cloud", input_ref="", value=1.0, release_ns=0, deadline_ns=10**15)
        for n in (4, 5)
    )
    spent = MISSION.governor.attempts
    recovered = RecoveredJobs(time_ns=0, jobs=jobs, attempts=(1, spent), next_job_id=6, unclean=True)
    flight.bus.publish(RECOVERED, recovered)
    flight.fly(2)
    assert (flight.mode, {mode.why for mode in flight.took(MODE)}) == ("SAFE", {"unclean boot"})
    (report,) = flight.took(JOB_REPORT)
    assert (report.job_id, report.state) == (5, JobState.FAILED)
    flight.fly(70)
    assert next((order.job_id, order.attempt) for order in flight.took(ORDER)) == (4, 2)
    assert flight.took(JOB_ACCEPTED) == []  # durable already


def test_every_mode_change_is_told_twice_as_status_and_as_event(flight: Flight) -> None:
    for _ in range(10):
        flight.bus.publish(TRIP, Trip(time_ns=0, limit="bus_power_w", value=90.0, bound=80.0))
    flight.fly()
    status = flight.took(MODE)[0]
    assert (status.previous, status.mode, status.who) == ("NOMINAL", "SAFE", "guard")
    assert status.exit_condition
    assert flight.events("mode_changed") == [("NOMINAL", "SAFE", "guard", status.why)]


def test_the_mode_is_told_now_and_then_to_whoever_came_late_but_not_as_news(flight: Flight) -> None:
    flight.fly(200)
    assert {status.mode for status in flight.took(MODE)} == {"NOMINAL"}
    assert flight.events("mode_changed") == []


def test_a_tight_envelope_throttles_and_a_wide_one_lets_go(flight: Flight) -> None:
    flight.fly(20, power_w=20.0)
    assert flight.mode == "THROTTLED"
    flight.fly(20)
    assert flight.mode == "NOMINAL"


def test_commanded_modes_are_entered_or_refused(flight: Flight) -> None:
    assert flight.command("set_mode", "OPERATIONAL") == ([Stage.STARTED], "mode_refused")
    assert flight.command("set_mode", "SAFE") == (DONE, "")
    assert flight.mode == "SAFE"
    assert flight.command("set_mode", "OPERATIONAL") == (DONE, "")
    assert flight.mode == "NOMINAL"


def test_a_fault_is_cleared_when_there_is_one_and_its_cause_has_gone(flight: Flight) -> None:
    assert flight.command("clear_fault", "")[1] == "unknown_fault"
    for _ in range(10):
        flight.bus.publish(TRIP, Trip(time_ns=0, limit="bus_power_w", value=90.0, bound=80.0))
    flight.fly(3)
    safing = HostStatus(time_ns=0, heartbeat_ns=0, safing=True)
    flight.bus.publish(HOST, safing)
    flight.fly(2)
    assert flight.command("clear_fault", "")[1] == "fault_present"
    assert flight.mode == "SAFE"
    flight.bus.publish(HOST, dataclasses.replace(safing, safing=False))
    flight.fly(1)
    assert flight.command("clear_fault", "") == (DONE, "")
    assert flight.mode == "NOMINAL"


def test_a_job_by_command_is_queued_durably_and_runs(flight: Flight) -> None:
    assert flight.command("submit_job", "cloud", "image", 3.0, 600.0) == ([Stage.STARTED], "")
    (job,) = flight.took(JOB_ACCEPTED)
    flight.bus.publish(DURABLE, Durable(time_ns=0, job_ids=(job.job_id,)))
    flight.fly()
    assert [report.stage for report in flight.took(COMMAND_REPORT)] == [Stage.COMPLETED]
    assert (job.model, job.input_ref, job.value, job.tenant) == ("cloud", "image", 3.0, "ground")
    assert job.deadline_ns - job.release_ns == 600 * SECOND_NS
    assert flight.took(ORDER)[0].job_id == job.job_id
    flight.command("submit_job", "cloud", "image", 3.0, 600.0, request=0x1801C002)
    assert flight.took(JOB_ACCEPTED)[0].job_id != job.job_id


def test_a_job_by_command_that_the_store_never_took_is_reported_as_such(flight: Flight) -> None:
    flight.command("submit_job", "cloud", "image", 3.0, 600.0)
    flight.fly(10)
    (report,) = flight.took(COMMAND_REPORT)
    assert (report.stage, FAILURE_BY_CODE[report.code].label) == (Stage.COMPLETED, "store_degraded")


def test_a_job_by_command_is_refused_for_its_model_or_for_want_of_room() -> None:
    flight = Flight(SMALL)
    assert flight.command("submit_job", "no such model", "", 1.0, 60.0) == ([Stage.STARTED], "unknown_model")
    for number in range(SMALL.governor.queue_depth):
        assert flight.command("submit_job", "cloud", "", 1.0, 60.0, request=number)[1] == ""
    assert flight.command("submit_job", "cloud", "", 1.0, 60.0, request=99)[1] == "queue_full"


def test_cancelling_takes_waiting_and_running_jobs_and_no_others(flight: Flight) -> None:
    flight.job(1)
    flight.job(2)
    flight.fly()
    (order,) = flight.took(ORDER)
    waiting = 3 - order.job_id
    assert flight.command("cancel_job", waiting, request=1) == ([Stage.STARTED], "")
    assert flight.command("cancel_job", order.job_id, request=2) == ([Stage.STARTED], "")
    assert flight.command("cancel_job", order.job_id, request=3) == ([Stage.STARTED], "not_wanted")
    flight.end(order, Outcome.STOPPED)
    flight.fly()
    assert [(r.job_id, r.state) for r in flight.took(JOB_REPORT)] == [
        (waiting, JobState.CANCELLED),
        (order.job_id, JobState.CANCELLED),
    ]
    flight.bus.publish(DURABLE, Durable(time_ns=0, job_ids=(), cancelled=(waiting, order.job_id)))
    flight.fly()
    assert [(r.request, r.stage, r.code) for r in flight.took(COMMAND_REPORT)] == [
        (1, Stage.COMPLETED, 0),
        (2, Stage.COMPLETED, 0),
    ]
    flight.fly(5)
    assert flight.took(ORDER) == []
    assert flight.command("cancel_job", 77) == ([Stage.STARTED], "unknown_job")


def test_held_jobs_wait_and_what_runs_may_end(flight: Flight) -> None:
    flight.job(1)
    flight.fly()
    (order,) = flight.took(ORDER)
    assert flight.command("hold_jobs", request=5) == ([Stage.STARTED], "")
    flight.bus.publish(DURABLE, Durable(time_ns=0, job_ids=(), requests=(5,)))
    flight.fly()
    assert [(r.request, r.stage) for r in flight.took(COMMAND_REPORT)] == [(5, Stage.COMPLETED)]
    flight.job(2)
    flight.end(order)
    flight.fly(20)
    assert flight.took(ORDER) == []
    assert [report.job_id for report in flight.took(JOB_REPORT)] == [1]
    assert flight.command("release_jobs") == ([Stage.STARTED], "")
    flight.fly()
    assert [order.job_id for order in flight.took(ORDER)] == [2]


def test_commands_of_other_services_are_left_alone(flight: Flight) -> None:
    assert flight.command("ping") == ([], "")


def test_reports_that_the_store_cannot_take_now_are_kept_and_come_later(flight: Flight) -> None:
    store = flight.bus.subscribe(JOB_REPORT, "store", Policy.MUST_DELIVER, depth=1)
    for number in range(1, 4):
        flight.job(number, deadline_ns=(flight.second + 3) * SECOND_NS)
    flight.fly(10, run=False)
    got = []
    for _ in range(10):
        got += [report.job_id for report in store.drain()]
        flight.fly()
    assert sorted(got) == [1, 2, 3]


def test_the_host_hears_of_demand_and_the_planner_of_the_backlog(flight: Flight) -> None:
    flight.took(HOST_REPORT)
    flight.took(BACKLOG)
    flight.job(1)
    flight.job(2)
    flight.fly(12, run=False)
    report = flight.took(HOST_REPORT)[-1]
    assert report.healthy and report.payload_power_w == 6.0
    assert report.demand_w > MISSION.payload.idle_w
    assert [(kind, count) for kind, count, _ in flight.took(BACKLOG)[-1].counts] == [("screen", 2)]
    assert flight.took(HEARTBEAT)

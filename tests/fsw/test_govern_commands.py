"""What the ground has told the governor about jobs outlives a restart, and is acknowledged when it does."""

from __future__ import annotations

import pytest

from fsw.bus.topics import COMMAND_REPORT, ORDER, RECOVERED
from fsw.catalogue.failures import FAILURE_BY_CODE
from fsw.messages import Outcome, ParameterSet, RecoveredJobs, Stage
from tests.fsw.test_govern_service import Flight


@pytest.fixture
def flight() -> Flight:
    started = Flight()
    started.fly(10)
    return started


def test_jobs_stay_held_over_a_restart_until_they_are_released(flight: Flight) -> None:
    held = ParameterSet(time_ns=0, name="jobs_held", value=1.0)
    recovered = RecoveredJobs(time_ns=0, jobs=(), attempts=(), next_job_id=1, unclean=False, settings=(held,))
    flight.bus.publish(RECOVERED, recovered)
    flight.job(1)
    flight.fly(3)
    assert flight.took(ORDER) == []
    flight.command("release_jobs")
    flight.bus.publish(RECOVERED, recovered)  # the store alone was restarted, and has not heard of it yet
    flight.fly(3)
    assert [order.job_id for order in flight.took(ORDER)] == [1]


def test_a_job_that_comes_to_its_end_is_not_cancelled_any_more(flight: Flight) -> None:
    flight.job(1)
    flight.fly()
    (order,) = flight.took(ORDER)
    assert flight.command("cancel_job", 1) == ([Stage.STARTED], "")
    flight.fly(5)
    assert flight.took(COMMAND_REPORT) == [], "it still runs"
    flight.end(order, Outcome.DONE)
    flight.fly(2)
    (report,) = flight.took(COMMAND_REPORT)
    assert (report.stage, FAILURE_BY_CODE[report.code].label) == (Stage.COMPLETED, "job_final")

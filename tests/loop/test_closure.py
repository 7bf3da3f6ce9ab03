"""The books of energy in closed loop: they close while the monitors are true, and show one that is not."""

from __future__ import annotations

import dataclasses

import pytest

from fsw.messages import JobState
from sim.faults import Fault
from sim.scenario import load_scenario
from tools.flight.loop import Options, VirtualFlight

DEFAULT = load_scenario("default")


def fly(*faults: Fault, duration_s: float = 6000.0) -> VirtualFlight:
    flight = VirtualFlight(
        dataclasses.replace(DEFAULT, fault=faults), Options(execute=False, lean=True, duration_s=duration_s)
    )
    flight.fly()
    return flight


def residual(flight: VirtualFlight) -> float:
    assert flight.recorder.queue is not None and flight.recorder.queue.energy_residual is not None
    return flight.recorder.queue.energy_residual


def test_jobs_idling_and_bus_add_up_to_what_array_and_battery_gave() -> None:
    flight = fly()
    assert residual(flight) < 0.02
    assert not [event for event in flight.recorder.events if event.name == "energy_unbalanced"]


@pytest.mark.parametrize("monitor", ["array_power", "battery_power", "bus_power"])
def test_a_monitor_that_reads_a_fifth_too_much_shows_in_the_books(monitor: str) -> None:
    flight = fly(Fault(at_s=0.0, kind="factor", target=monitor, value=1.2))
    assert residual(flight) > 0.05
    told = [event for event in flight.recorder.events if event.name == "energy_unbalanced"]
    assert told and float(told[0].values[0]) == residual(flight)
    assert flight.world.referee.broken == 0


def test_what_failed_attempts_took_is_booked() -> None:
    """A worker that hangs is killed at its limit; what it drew until then is in the report of its job."""
    flight = fly(*(Fault(at_s=float(at_s), kind="hang") for at_s in range(300, 2700, 200)), duration_s=3000.0)
    retried = [job for job in flight.recorder.jobs if job.attempts > 1]
    assert retried and all(job.lost_j > 0.0 for job in retried)
    booked_j = sum(job.energy_j + job.lost_j for job in flight.recorder.jobs)
    truth = flight.world.truth
    above_idle_j = truth.payload_energy_j - DEFAULT.computer.idle_w * 3000.0
    assert booked_j == pytest.approx(above_idle_j, rel=0.03)
    assert {job.state for job in retried} & {JobState.DONE, JobState.FAILED}

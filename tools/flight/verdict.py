"""The referee's findings and the energy account of a flight, in the terms of its record."""

from __future__ import annotations

from fsw.messages import JobReport
from hal.clock import SECOND_NS
from sim.scenario import Scenario
from sim.world import World
from tools.flight.record import Approach, Violation


def violations(world: World) -> list[Violation]:
    """Limits broken at simulator truth."""
    return [
        Violation(
            limit=row.name,
            first_s=(row.first_ns or 0) / SECOND_NS,
            seconds=row.broken_s,
            worst=row.worst or 0.0,
            bound=row.bound,
        )
        for row in world.referee.report()
        if row.broken
    ]


def approaches(world: World) -> list[Approach]:
    """How near every limit came that was ever tried."""
    return [
        Approach(limit=row.name, closest=row.worst, bound=row.bound, at_s=(row.closest_ns or 0) / SECOND_NS)
        for row in world.referee.report()
        if row.worst is not None
    ]


def limits(scenario: Scenario) -> dict[str, float]:
    """Bounds to draw beside the traces."""
    found = {f"{node}_temp_c": bound for node, bound in scenario.limits.node_high_c.items()}
    found["bus_w"] = scenario.limits.bus_power_w
    if scenario.host is None:
        found["soc_truth"] = scenario.limits.battery_floor_soc
    return found


def energy(world: World, jobs: list[JobReport], idle_w: float) -> dict[str, float]:
    """Joules at simulator truth, and what the flight software booked for its jobs."""
    truth = world.truth
    jobs_j = sum(job.energy_j + job.lost_j for job in jobs)
    return {
        "harvested_j": truth.array_energy_j,
        "consumed_j": truth.bus_energy_j,
        "payload_j": truth.payload_energy_j,
        "payload_idle_j": idle_w * world.now_ns / SECOND_NS,
        "jobs_booked_j": jobs_j,
    }

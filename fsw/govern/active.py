"""The order that runs, or that has ended and waits for its meter: its jobs with what came of each."""

from __future__ import annotations

from dataclasses import dataclass

from fsw.govern.course import Course
from fsw.govern.meter import Run
from fsw.govern.points import OperatingPoint
from fsw.messages import Job, Member, WorkOrder, WorkResult


@dataclass(slots=True)
class Part:
    """One job of an order, until its meter is complete."""

    job: Job
    attempt: int
    course: Course
    run: Run
    result: WorkResult | None = None
    is_cancelled: bool = False
    is_last: bool = False  # of the orders on its job

    def member(self) -> Member:
        """As the work order has it."""
        job = self.job
        return Member(job_id=job.job_id, attempt=self.attempt, input_ref=job.input_ref, spared=self.course.spared)


@dataclass(slots=True)
class Active:
    """An order with its parts. It teaches the operating points once all are done and metered by the rail."""

    order: WorkOrder
    point: OperatingPoint
    parts: list[Part]
    unmetered: int = 0  # parts that are done and whose energy is not known yet
    joules: float = 0.0  # of the others
    teaches: bool = True

    @property
    def job(self) -> Job:
        """The order's own job."""
        return self.parts[0].job

    @property
    def is_over(self) -> bool:
        """Every part has its result."""
        return all(part.result is not None for part in self.parts)

    def part_of(self, result: WorkResult) -> Part | None:
        """The part that the result ends; None where that is none, or has ended before."""
        for part in self.parts:
            if (part.job.job_id, part.attempt) == (result.job_id, result.attempt):
                return part if part.result is None else None
        return None

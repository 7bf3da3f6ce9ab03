"""One run of the recorder on a disk that outlives it, and jobs for it: what its tests share."""

from __future__ import annotations

from dataclasses import dataclass

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import EVENT, RECOVERED
from fsw.messages import (
    Job,
    JobReport,
    JobState,
    RecoveredJobs,
    WorkOrder,
)
from fsw.store.service import StoreService
from hal.clock import SECOND_NS
from hal.ports.memory_disk import MemoryDisk


@dataclass(frozen=True)
class Config:
    segment_bytes: int = 8192
    segments: int = 3


class Run:
    """One run of the store, from power on to whatever ends it."""

    def __init__(self, disk: MemoryDisk, config: Config | None = None) -> None:
        self.disk = disk
        self.bus = MemoryBus()
        self._recovered = self.bus.subscribe(RECOVERED, "govern", Policy.MUST_DELIVER, depth=4)
        self._events = self.bus.subscribe(EVENT, "telemetry", depth=1000)
        self.store = StoreService(self.bus, disk, config or Config())
        self.now_ns = 0
        self.step()

    def step(self, seconds: float = 1.0) -> None:
        self.now_ns += int(seconds * SECOND_NS)
        self.store.step(self.now_ns)

    def recovered(self) -> RecoveredJobs:
        return self.recovered_all()[-1]

    def recovered_all(self) -> list[RecoveredJobs]:
        return self._recovered.drain()

    def events(self) -> list[str]:
        return [event.name for event in self._events.drain()]


def job(job_id: int) -> Job:
    return Job(job_id=job_id, kind="image", model="water", input_ref="", value=1.0, release_ns=0, deadline_ns=1)


def report(job_id: int, state: JobState = JobState.DONE) -> JobReport:
    return JobReport(time_ns=0, job_id=job_id, kind="image", model="water", state=state)


def order(job_id: int, attempt: int) -> WorkOrder:
    return WorkOrder(
        job_id=job_id,
        attempt=attempt,
        model="water",
        variant="full",
        setting="9W",
        input_ref="",
        predicted_s=1.0,
        predicted_w=9.0,
        kill_ns=1,
    )

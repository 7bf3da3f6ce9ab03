"""The intake's shell: what arrives at the intake port becomes jobs on the bus, and is let go when its job is over."""

from __future__ import annotations

from dataclasses import dataclass

from fsw.bus.contract import Bus, Policy
from fsw.bus.outbox import Outbox
from fsw.bus.topics import HEARTBEAT, JOB, JOB_REPORT, RECOVERED
from fsw.messages import COMMANDED_JOB_IDS, Heartbeat, Job, JobState
from hal.clock import SECOND_NS
from hal.ports.intake import Intake, Ticket

FINAL = (JobState.DONE, JobState.FAILED, JobState.EXPIRED, JobState.CANCELLED)
OPEN_LIMIT = 4096  # inputs whose jobs are not over; the oldest is forgotten, and stays in the intake
HEARTBEAT_NS = 10 * SECOND_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeConfig:
    """`period_s` is how often the intake is looked at; `first_job_id` holds when nothing was recovered.

    `recovery_wait_s` is how long tickets wait for word of recovered jobs, where a store will send it.
    """

    period_s: float = 1.0
    first_job_id: int = 1
    recovery_wait_s: float = 0.0


class IntakeService:
    """Publishes a job for each ticket, once, also over a restart: recovered jobs keep their inputs."""

    name = "intake"

    def __init__(self, bus: Bus, intake: Intake, config: IntakeConfig | None = None) -> None:
        config = config or IntakeConfig()
        self.period_ns = int(config.period_s * SECOND_NS)
        self._bus, self._out, self._intake = bus, Outbox(bus), intake
        self._recovered = bus.subscribe(RECOVERED, self.name, Policy.MUST_DELIVER, depth=4)
        self._reports = bus.subscribe(JOB_REPORT, self.name, Policy.DROP_OLDEST, depth=256)
        self._next_id = config.first_job_id
        self._wait_ns = int(config.recovery_wait_s * SECOND_NS)
        self._open_ns: int | None = None  # from when tickets are taken
        self._open: dict[int, str] = {}  # input by job, oldest first
        self._known: set[str] = set()  # recovered inputs, whose tickets come again
        self._due_ns = self._heartbeat_ns = 0
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Discard what is no longer needed; once a period, take in what came."""
        self._out.flush()
        for report in self._reports.drain():
            if report.state in FINAL:
                self._discard(report.job_id)
        self._steps += 1
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + self.period_ns
        self._recover(now_ns)
        if self._open_ns is not None and now_ns >= self._open_ns:
            for ticket in self._intake.poll():
                self._take(now_ns, ticket)
        if now_ns >= self._heartbeat_ns:
            self._heartbeat_ns = now_ns + HEARTBEAT_NS
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def _recover(self, now_ns: int) -> None:
        if self._open_ns is None:
            self._open_ns = now_ns + self._wait_ns
        for recovered in self._recovered.drain():
            self._open_ns = now_ns
            if recovered.next_job_id < COMMANDED_JOB_IDS:
                self._next_id = max(self._next_id, recovered.next_job_id)
            for job in recovered.jobs:
                self._remember(job)
                self._known.add(job.input_ref)

    def _take(self, now_ns: int, ticket: Ticket) -> None:
        if ticket.ref in self._known:
            self._known.discard(ticket.ref)
            return
        job = Job(
            job_id=self._next_id,
            kind=ticket.kind,
            model=ticket.model,
            input_ref=ticket.ref,
            value=ticket.value,
            release_ns=now_ns,
            deadline_ns=now_ns + int(ticket.deadline_s * SECOND_NS),
            tenant=ticket.tenant,
            rows=ticket.rows,
        )
        self._next_id += 1
        self._remember(job)
        self._out.publish(JOB, job)

    def _remember(self, job: Job) -> None:
        if len(self._open) >= OPEN_LIMIT:
            del self._open[next(iter(self._open))]
        self._open[job.job_id] = job.input_ref

    def _discard(self, job_id: int) -> None:
        ref = self._open.pop(job_id, None)
        if ref is not None:
            self._intake.discard(ref)

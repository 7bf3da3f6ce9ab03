"""What the records say of jobs, and the kinds of records."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from fsw.bus.codec import CodecError, decode, encode
from fsw.jobs import JOBS_HELD
from fsw.messages import COMMANDED_JOB_IDS, Command, Job, JobReport, JobState, ParameterSet, WorkOrder
from fsw.store.log import Record


class Kind(IntEnum):
    """Kinds of records; the numbers are on the disk."""

    CHECKPOINT = 1  # a Checkpoint: everything before it is unnecessary
    BOOT = 2
    CLOSED = 3  # the run ended in order
    JOB_ACCEPTED = 10
    JOB_REPORT = 11
    ORDER = 12  # an attempt began
    COMMAND = 13
    EVENT = 14
    MODE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """A job accepted and not final, and how many attempts at it have begun that are held against it.

    `first_row` is where the last order on it began, `checkpoint` its last report where it runs in segments.
    """

    job: Job
    attempts: int
    first_row: int = 0
    checkpoint: JobReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The whole ledger."""

    next_job_id: int
    jobs: tuple[OpenJob, ...]
    settings: tuple[ParameterSet, ...] = ()


# More than the governor's queue ever holds: only an error of ours can reach it. Bounds a checkpoint to some 1.5 MB.
OPEN_JOBS_MAX = 4096
SETTINGS_MAX = 256  # parameters that can be set: more than the dictionary has


HOLDS = {"hold_jobs": 1.0, "release_jobs": 0.0}


class JobLedger:
    """Jobs that are owed a result, and settings that hold. Every method may be repeated with the same message."""

    def __init__(self) -> None:
        self._open: dict[int, OpenJob] = {}
        self._settings: dict[str, ParameterSet] = {}
        self.next_job_id = 1
        self.is_closed = True
        self.forgotten = 0
        self.unreadable = 0

    @property
    def open_jobs(self) -> tuple[OpenJob, ...]:
        """Jobs accepted and not final, in the order of acceptance."""
        return tuple(self._open.values())

    @property
    def settings(self) -> tuple[ParameterSet, ...]:
        """The last value that a command gave each parameter."""
        return tuple(self._settings.values())

    def command(self, command: Command) -> None:
        """A command was carried out; one that sets a parameter, or that holds jobs, holds until the next."""
        if command.name in HOLDS:
            self.set(ParameterSet(time_ns=command.time_ns, name=JOBS_HELD, value=HOLDS[command.name]))
        elif command.name == "set_parameter" and len(command.arguments) == 2:
            self.set(ParameterSet(time_ns=command.time_ns, name=str(command.arguments[0]), value=_number(command)))

    def set(self, setting: ParameterSet) -> None:
        """A parameter has a value."""
        if setting.name in self._settings or len(self._settings) < SETTINGS_MAX:
            self._settings[setting.name] = setting

    def accept(self, job: Job) -> None:
        """A job was accepted."""
        self.hold(OpenJob(job=job, attempts=0))

    def hold(self, item: OpenJob) -> None:
        """A job is open, as far along as `item` says, unless it is known already."""
        job_id = item.job.job_id
        self._met(job_id)
        if job_id in self._open:
            return
        if len(self._open) >= OPEN_JOBS_MAX:
            self._open.pop(next(iter(self._open)))
            self.forgotten += 1
        self._open[job_id] = item

    def order(self, order: WorkOrder) -> None:
        """An attempt began, at each job of the order."""
        for part in order.parts:
            known = self._open.get(part.job_id)
            if known is not None:
                attempts = max(known.attempts, part.attempt - part.spared)
                self._open[part.job_id] = replace(known, attempts=attempts, first_row=order.first_row)

    def report(self, report: JobReport) -> None:
        """Something became of a job."""
        self._met(report.job_id)
        known = self._open.get(report.job_id)
        if known is None:
            return
        if report.state >= JobState.DONE:
            del self._open[report.job_id]
        elif report.rows_done > (known.checkpoint.rows_done if known.checkpoint is not None else 0):
            # The order that brought it this far was no attempt that failed; the next one may be here already.
            has_next = known.first_row >= report.rows_done
            attempts = known.attempts if has_next else report.attempts
            self._open[report.job_id] = replace(known, attempts=attempts, checkpoint=report)

    def replay(self, record: Record) -> None:
        """Take in a record; one that cannot be read is counted in `unreadable`."""
        self.is_closed = record.kind == Kind.CLOSED
        try:
            self._replay(record)
        except CodecError:
            self.unreadable += 1

    def checkpoint(self) -> bytes:
        """The ledger as a record's payload."""
        return encode(Checkpoint(next_job_id=self.next_job_id, jobs=self.open_jobs, settings=self.settings))

    def _replay(self, record: Record) -> None:
        if record.kind == Kind.JOB_ACCEPTED:
            self.accept(decode(Job, record.payload))
        elif record.kind == Kind.JOB_REPORT:
            self.report(decode(JobReport, record.payload))
        elif record.kind == Kind.ORDER:
            self.order(decode(WorkOrder, record.payload))
        elif record.kind == Kind.COMMAND:
            self.command(decode(Command, record.payload))
        elif record.kind == Kind.CHECKPOINT:
            self._restore(decode(Checkpoint, record.payload))

    def _restore(self, checkpoint: Checkpoint) -> None:
        self._open = {item.job.job_id: item for item in checkpoint.jobs}
        self._settings = {setting.name: setting for setting in checkpoint.settings}
        self.next_job_id = max(self.next_job_id, checkpoint.next_job_id)

    def _met(self, job_id: int) -> None:
        """A job's number is taken. Those of commanded jobs are given elsewhere."""
        if job_id < COMMANDED_JOB_IDS:
            self.next_job_id = max(self.next_job_id, job_id + 1)


def _number(command: Command) -> float:
    """The value that a command gives a parameter; the decoder let nothing else through."""
    value = command.arguments[1]
    return float(value)

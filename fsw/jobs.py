"""Messages about jobs: what is asked, each attempt at it, and what became of it. Part of `fsw.messages`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class JobState(IntEnum):
    """Life of a job; the last four are final."""

    QUEUED = 0
    ADMITTED = 1
    RUNNING = 2
    DONE = 3
    FAILED = 4
    EXPIRED = 5
    CANCELLED = 6


JOBS_HELD = "jobs_held"  # among the settings that outlive the power; no parameter of the dictionary
COMMANDED_JOB_IDS = 1 << 30  # jobs by command count from here, those of the intake below it


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request to run a model on an input before a deadline. `value` is what the best variant's result is worth.

    `rows` are those of its input where they are known before it is loaded; else the first order on it tells.
    """

    job_id: int
    kind: str  # the mission's job class, for accounting
    model: str  # the package's name
    input_ref: str
    value: float
    release_ns: int
    deadline_ns: int
    tenant: str = "mission"
    energy_cap_j: float | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Another job of the batch that a work order carries."""

    job_id: int
    attempt: int
    input_ref: str
    spared: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """One piece of work, reserved and admitted. `kill_ns` is when it is stopped, finished or not.

    `attempt` numbers the orders of a job from 1; `spared` of those before it are not held against the job: they were
    ended by us, or did what they were to do. The order is for `rows` of its input from `first_row` on, or for what
    there is of them, in inferences of `batch` times `unit` rows; `digest` is that of the rows before. A batch of jobs
    has the others in `others`: the order is for as many rows of each, all in one inference.
    """

    job_id: int
    attempt: int
    model: str
    variant: str
    setting: str  # name of the power setting
    input_ref: str
    predicted_s: float
    predicted_w: float  # above idle, in the mean
    kill_ns: int
    duty: float = 1.0  # of the computer's time, where the setting is made by a square wave
    threads: int = 1  # of the processor, for one inference
    spared: int = 0
    first_row: int = 0
    rows: int = 0  # 0: all that the input has, in one inference
    unit: int = 1  # rows that the mission's table gives the time of
    batch: int = 1
    digest: str = ""
    others: tuple[Member, ...] = ()

    @property
    def parts(self) -> tuple[WorkOrder | Member, ...]:
        """Every job of the order: id, attempt, input and attempts spared."""
        return (self, *self.others)

    @property
    def inferences(self) -> int:
        """How many inferences it takes, one after another."""
        return max(1, -(-self.rows // (self.unit * self.batch)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Durable:
    """What outlives the power from now on: jobs that were accepted or `cancelled`, telecommands that were recorded, by
    their `requests`. Only then may they be acknowledged."""

    time_ns: int
    job_ids: tuple[int, ...]
    requests: tuple[int, ...] = ()
    cancelled: tuple[int, ...] = ()


class Outcome(IntEnum):
    """How an attempt ended."""

    DONE = 0
    MODEL_ERROR = 1  # the package or session failed
    BAD_INPUT = 2  # wrong shape, NaN, out of range, unreadable
    BAD_OUTPUT = 3  # NaN or out of range
    TIMEOUT = 4  # not finished at kill_ns
    CRASHED = 5  # the worker died
    STOPPED = 6  # stopped by the guard or by command
    LOST_POWER = 7
    HELD = 8  # kept from running, or stopped, by a restart of ours: not held against the job


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkResult:
    """The end of one attempt. `summary` is a few numbers of the output (mean, extremes); `digest` its hash.

    An order for a part of an input gives the digest of all rows up to its end, chained from the order's. `rows` were
    run, of the `of_rows` that the input has; 0 where nothing was loaded.
    """

    job_id: int
    attempt: int
    outcome: Outcome
    start_ns: int
    end_ns: int
    model: str = ""
    variant: str = ""
    output_ref: str = ""
    digest: str = ""
    summary: tuple[float, ...] = ()
    cpu_s: float = 0.0
    detail: str = ""
    rows: int = 0
    of_rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """What became of a job, with its meter. Durable before anybody is told.

    A job of many rows runs in segments. After each but the last a report with the state RUNNING is its checkpoint:
    `rows_done` of `rows` are done, digest, summary and meter are of those, and `worth` is the share of the job's value
    that they will earn. The shares of the jobs of a batch in its time and energy are equal.
    """

    time_ns: int
    job_id: int
    kind: str
    model: str
    state: JobState
    variant: str = ""
    setting: str = ""
    value: float = 0.0
    energy_j: float = 0.0
    energy_sigma_j: float = 0.0
    energy_source: str = "model"  # counter, sampled or model
    lost_j: float = 0.0  # by its attempts that failed
    predicted_j: float = 0.0
    seconds: float = 0.0
    attempts: int = 0
    digest: str = ""
    summary: tuple[float, ...] = ()
    reason: str = ""
    predicted_s: float = 0.0
    rows: int = 0  # 0 where it was not cut into segments
    rows_done: int = 0
    worth: float = 0.0
    batch: int = 1  # jobs that shared its inference

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


COMMANDED_JOB_IDS = 1 << 30  # jobs by command count from here, those of the intake below it


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request to run a model on an input before a deadline. `value` is what the best variant's result is worth."""

    job_id: int
    kind: str  # the mission's job class, for accounting
    model: str  # the package's name
    input_ref: str
    value: float
    release_ns: int
    deadline_ns: int
    tenant: str = "mission"
    energy_cap_j: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """One attempt at a job, reserved and admitted. `kill_ns` is when it is stopped, finished or not.

    `attempt` counts from 1; `spared` of those before it were ended by us and are not held against the job.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Durable:
    """Jobs whose acceptance outlives the power from now on; only then may they be acknowledged."""

    time_ns: int
    job_ids: tuple[int, ...]


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
    """The end of one attempt. `summary` is a few numbers of the output (mean, extremes); `digest` its hash."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """What became of a job, with its meter. Durable before anybody is told."""

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

"""Jobs as their events tell them, forecast beside measurement, and what the governor says holds the next one. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.wire import Value
from tools.ground.decoder import Happened

JOBS_MOST = 300  # two orbits of a busy queue
REASONS_MOST = 100
ENDS = {"job_done": "done", "job_failed": "failed", "job_expired": "expired", "job_cancelled": "cancelled"}
MORE = {"job_refused": "refused", "job_retried": "retried"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one event says of one job. Joules and seconds are known of a job that was done."""

    generated_ns: int
    outcome: str
    number: int
    model: str
    why: str = ""
    energy_j: float | None = None
    predicted_j: float | None = None
    seconds: float | None = None
    predicted_s: float | None = None

    @property
    def energy_error(self) -> float | None:
        """Measured over predicted joules, less one."""
        if self.energy_j is None or not self.predicted_j:
            return None
        return self.energy_j / self.predicted_j - 1.0


def job_of(happened: Happened, generated_ns: int) -> Job | None:
    """The job that an event is about; None for events of something else."""
    outcome = ENDS.get(happened.name) or MORE.get(happened.name)
    row = EVENT_BY_NAME.get(happened.name)
    if outcome is None or row is None or len(happened.values) != len(row.fields):
        return None
    values = {field.name: value for field, value in zip(row.fields, happened.values, strict=True)}
    variant = f"/{values['variant']}" if "variant" in values else ""
    return Job(
        generated_ns=generated_ns,
        outcome=outcome,
        number=int(values.get("job", 0)),
        model=f"{values.get('model', '')}{variant}",
        why=str(values.get("reason", "")),
        energy_j=_number(values, "energy"),
        predicted_j=_number(values, "predicted"),
        seconds=_number(values, "seconds"),
        predicted_s=_number(values, "predicted_time"),
    )


def _number(values: Mapping[str, Value], name: str) -> float | None:
    value = values.get(name)
    return None if value is None or isinstance(value, str) else float(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """From when on something bound: `who` is the guard or the queue, `what` empty where nothing did."""

    since_ns: int
    who: str
    what: str


class Jobs:
    """The last jobs, newest last, and the reasons as they changed."""

    def __init__(self) -> None:
        self.last: deque[Job] = deque(maxlen=JOBS_MOST)
        self.reasons: deque[Reason] = deque(maxlen=REASONS_MOST)
        self._binding: dict[str, str] = {}

    def take(self, happened: Happened, generated_ns: int) -> None:
        """An event, whatever it is about."""
        job = job_of(happened, generated_ns)
        if job is not None:
            self.last.append(job)

    def bound(self, who: str, what: str, generated_ns: int) -> None:
        """What binds now, kept where it differs from what bound before."""
        if self._binding.get(who) != what:
            self._binding[who] = what
            self.reasons.append(Reason(since_ns=generated_ns, who=who, what=what))

    def forecast(self) -> tuple[float, float] | None:
        """Joules predicted and measured of all jobs done that are remembered; None where there are none."""
        done = [job for job in self.last if job.energy_j is not None and job.predicted_j is not None]
        if not done:
            return None
        return sum(job.predicted_j or 0.0 for job in done), sum(job.energy_j or 0.0 for job in done)

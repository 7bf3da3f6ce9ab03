"""How far a job is, over all orders on it: attempts, rows done with their digest and summary, and its meter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypedDict

from fsw.govern.meter import Run
from fsw.messages import JobReport, WorkResult

SOURCES = ("", "counter", "sampled", "model")  # of joules, the best first; none before anything is metered
Summary = tuple[float, ...]
"""Mean, lowest, highest and share above one half, see `fsw.infer.check.output_summary`."""


class Account(TypedDict):
    """The fields of a job's report that say what was done, and what it took."""

    energy_j: float
    energy_sigma_j: float
    energy_source: str
    predicted_j: float
    predicted_s: float
    seconds: float
    digest: str
    summary: Summary
    rows: int
    rows_done: int


@dataclass(slots=True)
class Course:
    """What has become of a job so far. `worth` is the mean of its rows done, energy and seconds are of what counts."""

    attempts: int = 0  # orders begun
    spared: int = 0  # of those, what is not held against it: never ran, ended by a restart, or segments that are done
    segments: int = 0  # done, but for the last
    is_cut: bool = False  # it runs in segments
    is_alone: bool = False  # not in a batch again: it may be what took the worker down
    rows: int = 0  # of its input, 0 while nobody knows
    rows_done: int = 0
    worth: float = 0.0
    digest: str = ""
    summary: Summary = ()
    lost_j: float = 0.0  # by the attempts that failed
    energy_j: float = 0.0
    variance: float = 0.0
    source: str = ""  # of `energy_j`: the worst of the sources of its parts
    seconds: float = 0.0
    predicted_j: float = 0.0
    predicted_s: float = 0.0

    @classmethod
    def of_checkpoint(cls, report: JobReport, attempts: int) -> Course:
        """What an earlier run of the software has left."""
        return cls(
            attempts=attempts,
            is_cut=True,
            is_alone=True,
            rows=report.rows,
            rows_done=report.rows_done,
            worth=report.worth,
            digest=report.digest,
            summary=report.summary,
            lost_j=report.lost_j,
            energy_j=report.energy_j,
            variance=report.energy_sigma_j**2,
            source=report.energy_source if report.energy_source in SOURCES else "model",
            seconds=report.seconds,
            predicted_j=report.predicted_j,
            predicted_s=report.predicted_s,
        )

    @property
    def held(self) -> int:
        """Attempts that are held against the job."""
        return self.attempts - self.spared

    def account(self, energy_j: float) -> Account:
        """The fields of a report that say what was done, and what it took: `energy_j` and the rest."""
        return {
            "energy_j": energy_j,
            "energy_sigma_j": math.sqrt(self.variance),
            "energy_source": self.source or "model",
            "predicted_j": self.predicted_j,
            "predicted_s": self.predicted_s,
            "seconds": self.seconds,
            "digest": self.digest,
            "summary": self.summary,
            "rows": self.rows if self.is_cut else 0,
            "rows_done": self.rows_done if self.is_cut else 0,
        }

    def begin(self) -> int:
        """Another order; its number."""
        self.attempts += 1
        return self.attempts

    def take(self, result: WorkResult, rows: int, worth: float) -> None:
        """So many more rows are done. Means are weighted by rows; of the first rows they are what they are."""
        self.rows_done += rows
        share = rows / self.rows_done
        self.worth += (worth - self.worth) * share
        self.digest = result.digest
        self.summary = combined(self.summary, result.summary, share)

    def time(self, seconds: float, predicted_s: float, predicted_j: float) -> None:
        """What its share of an order took, and was predicted to take."""
        self.seconds += seconds
        self.predicted_s += predicted_s
        self.predicted_j += predicted_j

    def charge(self, run: Run) -> None:
        """The meter of its share of an order is complete."""
        self.energy_j += run.joules
        self.variance += run.variance
        self.source = max(self.source, run.source, key=SOURCES.index)

    def cut(self) -> None:
        """The order did a segment and there is more to do: it is no attempt that is held against the job."""
        self.is_cut = True
        self.segments += 1
        self.spared += 1


def combined(before: Summary, new: Summary, share: float) -> Summary:
    """The summary of all rows, `share` of which the new ones are."""
    if len(before) != 4 or len(new) != 4:
        return new or before
    mean, low, high, above = before
    return (
        mean + (new[0] - mean) * share,
        min(low, new[1]),
        max(high, new[2]),
        above + (new[3] - above) * share,
    )

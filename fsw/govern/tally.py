"""The running account of jobs."""

from __future__ import annotations

from fsw.messages import JobReport, JobState, QueueStatus


class Tally:
    """Counts final reports by state, and sums value and energy."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(JobState, 0)
        self.value = 0.0
        self.energy_j = 0.0
        self.lost_j = 0.0
        self.residual: float | None = None  # of the last orbit's energy
        self.refused = 0

    def add(self, report: JobReport) -> None:
        """One job has come to its end."""
        self._counts[report.state] += 1
        self.value += report.value
        self.energy_j += report.energy_j + report.lost_j
        self.lost_j += report.lost_j

    def status(
        self, now_ns: int, *, queued: int, running: int, prediction_error: float, energy_price: float, bound_by: str
    ) -> QueueStatus:
        """The account as a message."""
        counts = self._counts
        return QueueStatus(
            time_ns=now_ns,
            queued=queued,
            running=running,
            done=counts[JobState.DONE],
            failed=counts[JobState.FAILED],
            expired=counts[JobState.EXPIRED],
            cancelled=counts[JobState.CANCELLED],
            value=self.value,
            energy_j=self.energy_j,
            prediction_error=prediction_error,
            energy_price=energy_price,
            bound_by=bound_by,
            refused=self.refused,
            lost_j=self.lost_j,
            energy_residual=self.residual,
        )

"""What a job cost: the rail's power above idle, shared among the jobs that ran while it was sampled."""

from __future__ import annotations

from dataclasses import dataclass

from hal.clock import SECOND_NS

IDLE_LEARNING_RATE = 0.02  # idle draw drifts with temperature over minutes, not seconds
IDLE_DRIFT = 1 / 3  # of the idle draw: what is further from it is no idle
POWER_SIGMA = 0.005  # of the largest draw, in a one-second mean: offset and gain error of the rail's monitor (INA226)


@dataclass(slots=True)
class Run:
    """One attempt being metered."""

    job_id: int
    start_ns: int
    predicted_w: float
    end_ns: int | None = None
    joules: float = 0.0
    variance: float = 0.0
    sampled: bool = True


class EnergyMeter:
    """Integrates sampled rail power over attempts and learns the idle draw beside it; `most_w` is drawn at most."""

    def __init__(self, idle_w: float, most_w: float) -> None:
        self.idle_w = idle_w
        self._drift_w, self._sigma_w = IDLE_DRIFT * idle_w, POWER_SIGMA * most_w
        self._runs: list[Run] = []
        self._last_ns: int | None = None
        self.charged_j = 0.0  # to all attempts by the last sample

    def start(self, job_id: int, now_ns: int, predicted_w: float) -> Run:
        """An attempt began."""
        run = Run(job_id=job_id, start_ns=now_ns, predicted_w=predicted_w)
        self._runs.append(run)
        return run

    def end(self, job_id: int, now_ns: int) -> None:
        """It ended; its energy is complete with the next sample."""
        for run in self._runs:
            if run.job_id == job_id and run.end_ns is None:
                run.end_ns = now_ns

    def so_far_j(self, run: Run, now_ns: int) -> float:
        """What an attempt has taken until now: as metered, and as predicted since the last sample."""
        since_ns = run.start_ns if self._last_ns is None else max(self._last_ns, run.start_ns)
        return run.joules + run.predicted_w * max(0, now_ns - since_ns) / SECOND_NS

    def sample(self, now_ns: int, power_w: float | None) -> list[Run]:
        """Share out the mean power since the last sample; returns the runs that are complete by it.

        Without a reading the runs are charged what was predicted, and say so.
        """
        last_ns = now_ns if self._last_ns is None else self._last_ns
        self._last_ns = now_ns
        weights = [
            run.predicted_w * max(0, min(now_ns, run.end_ns or now_ns) - max(last_ns, run.start_ns)) / SECOND_NS
            for run in self._runs
        ]
        self._charge(weights, power_w, (now_ns - last_ns) / SECOND_NS)
        complete = [run for run in self._runs if run.end_ns is not None and run.end_ns <= now_ns]
        if complete:
            self._runs = [run for run in self._runs if run not in complete]
        return complete

    def _charge(self, weights: list[float], power_w: float | None, step_s: float) -> None:
        predicted_j = sum(weights)
        self.charged_j = 0.0
        if predicted_j <= 0.0:
            if power_w is not None and not self._runs and abs(power_w - self.idle_w) < self._drift_w:
                self.idle_w += IDLE_LEARNING_RATE * (power_w - self.idle_w)
            return
        scale = 1.0 if power_w is None else max(0.0, power_w - self.idle_w) * step_s / predicted_j
        self.charged_j = predicted_j * scale
        for run, weight in zip(self._runs, weights, strict=True):
            run.joules += weight * scale
            run.variance += (self._sigma_w * step_s * weight / predicted_j) ** 2
            run.sampled = run.sampled and power_w is not None

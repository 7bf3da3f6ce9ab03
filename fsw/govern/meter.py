"""What a job cost: the rail's energy above idle, shared among the jobs that ran meanwhile.

Where the board counts joules on the rail, the count since the last look is taken: it misses nothing between two looks.
Else the sampled power stands for the time since the last one; without either, what was predicted.
"""

from __future__ import annotations

from dataclasses import dataclass

from hal.clock import SECOND_NS

IDLE_LEARNING_RATE = 0.02  # idle draw drifts with temperature over minutes, not seconds
IDLE_DRIFT = 1 / 3  # of the idle draw: what is further from it is no idle
POWER_SIGMA = 0.005  # of the largest draw, in a one-second mean: offset and gain error of the rail's monitor (INA226)
COUNTER_SIGMA = 0.0025  # of what is counted: such monitors promise half a per cent at most, taken as two sigmas
MOST_COUNTED = 2.0  # times the largest draw: a count beyond, or one that falls, is of a counter that began anew


@dataclass(slots=True)
class Run:
    """One attempt being metered. `counted` and `sampled`: all of it was, the one or at least the other."""

    job_id: int
    start_ns: int
    predicted_w: float
    end_ns: int | None = None
    joules: float = 0.0
    variance: float = 0.0
    sampled: bool = True
    counted: bool = True

    @property
    def source(self) -> str:
        """Where its joules come from: the worst of counter, sampled, model."""
        if self.counted:
            return "counter"
        return "sampled" if self.sampled else "model"


class EnergyMeter:
    """Integrates sampled rail power over attempts and learns the idle draw beside it; `most_w` is drawn at most."""

    def __init__(self, idle_w: float, most_w: float) -> None:
        self.idle_w = idle_w
        self._drift_w, self._sigma_w = IDLE_DRIFT * idle_w, POWER_SIGMA * most_w
        self._most_w = MOST_COUNTED * most_w
        self._counter_j: float | None = None  # at the last look
        self._runs: list[Run] = []
        self._last_ns: int | None = None
        self.charged_j = 0.0  # to all attempts by the last sample

    def start(self, job_id: int, now_ns: int, predicted_w: float) -> Run:
        """An attempt began."""
        run = Run(job_id=job_id, start_ns=now_ns, predicted_w=predicted_w, counted=self._counter_j is not None)
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

    def sample(self, now_ns: int, power_w: float | None, counter_j: float | None = None) -> list[Run]:
        """Share out the energy since the last sample; returns the runs that are complete by it.

        `power_w` is the mean power since then, `counter_j` what the rail's counter shows where it has one. Without
        either the runs are charged what was predicted, and say so.
        """
        last_ns = now_ns if self._last_ns is None else self._last_ns
        self._last_ns = now_ns
        weights = [
            run.predicted_w * max(0, min(now_ns, run.end_ns or now_ns) - max(last_ns, run.start_ns)) / SECOND_NS
            for run in self._runs
        ]
        step_s = (now_ns - last_ns) / SECOND_NS
        counted_w = self._counted_w(counter_j, step_s)
        self._charge(weights, power_w if counted_w is None else counted_w, step_s, counted_w is not None)
        complete = [run for run in self._runs if run.end_ns is not None and run.end_ns <= now_ns]
        if complete:
            self._runs = [run for run in self._runs if run not in complete]
        return complete

    def _counted_w(self, counter_j: float | None, step_s: float) -> float | None:
        """Mean power since the last look by the counter, where it was read then and now."""
        before_j, self._counter_j = self._counter_j, counter_j
        if before_j is None or counter_j is None or step_s <= 0.0:
            return None
        counted_w = (counter_j - before_j) / step_s
        return counted_w if 0.0 <= counted_w <= self._most_w else None

    def _charge(self, weights: list[float], power_w: float | None, step_s: float, is_counted: bool) -> None:
        predicted_j = sum(weights)
        self.charged_j = 0.0
        if predicted_j <= 0.0:
            if power_w is not None and not self._runs and abs(power_w - self.idle_w) < self._drift_w:
                self.idle_w += IDLE_LEARNING_RATE * (power_w - self.idle_w)
            return
        scale = 1.0 if power_w is None else max(0.0, power_w - self.idle_w) * step_s / predicted_j
        self.charged_j = predicted_j * scale
        sigma_w = COUNTER_SIGMA * (power_w or 0.0) if is_counted else self._sigma_w
        for run, weight in zip(self._runs, weights, strict=True):
            run.joules += weight * scale
            run.variance += (sigma_w * step_s * weight / predicted_j) ** 2
            run.sampled = run.sampled and power_w is not None
            run.counted = run.counted and (is_counted or weight <= 0.0)

"""What all operating points share: a factor between the truth and what was declared, learnt job by job.

A computer that throttles in the heat is slower at everything at once, and a rail that was declared too low is so for
every model under that power setting. A scalar Kalman filter on the factor's logarithm makes one measured job speak for
points that have not run for hours; what is left is the point's own and learnt there, slowly.

A measurement that is far off moves nothing here. Two in a row that agree are no accident: the factor steps to them.
"""

from __future__ import annotations

from math import exp, hypot, log, sqrt

SPREAD = 0.05  # of one job's time or watts against their own mean: data, caches, other load
DRIFT = 0.002  # of the factor from job to job: with SPREAD, a twenty-fifth of each surprise is believed
DECLARED = 0.02  # of the factor as long as nothing was measured: a table of the ground is not far off
FAR = 3.0  # standard deviations: beyond, a measurement is odd
ALIKE = 2.0 * sqrt(2.0)  # standard deviations between two odd ones in a row that say the same
SURPRISE = log(2.0)  # most of one measurement against the prediction that counts: beyond, it is a fault
FURTHEST = 4.0  # most of a factor: what is further off is another computer than the one declared


class Factor:
    """Truth over declared, for everything that shares it. Starts at 1, stays within `furthest` and one by it."""

    __slots__ = ("_furthest", "_log", "_odd", "_variance", "value")

    def __init__(self, furthest: float = FURTHEST) -> None:
        self._furthest = log(furthest)
        self.reset()

    def reset(self) -> None:
        """Declared is true again, as far as anybody knows."""
        self.value, self._log, self._variance = 1.0, 0.0, DECLARED**2
        self._odd: float | None = None

    def see(self, ratio: float, noise: float = 0.0) -> None:
        """A job took `ratio` times what was predicted with the present factor; `noise` is the meter's own share of
        doubt beside the jobs' spread. Raises ValueError unless `ratio` is positive."""
        most = min(SURPRISE, self._furthest)
        surprise = min(most, max(-most, log(ratio)))
        doubt = hypot(SPREAD, noise)
        self._variance += DRIFT**2
        before, self._odd = self._odd, None
        if before is not None and abs(before - surprise) <= ALIKE * doubt:
            self._variance = doubt**2 / 2.0
            self._move((before + surprise) / 2.0)
        elif abs(surprise) > FAR * hypot(doubt, sqrt(self._variance)):
            self._odd = surprise
        else:
            gain = self._variance / (self._variance + doubt**2)
            self._variance *= 1.0 - gain
            self._move(gain * surprise)

    def _move(self, by: float) -> None:
        self._log = min(self._furthest, max(-self._furthest, self._log + by))
        self.value = exp(self._log)

"""What to do about a failure: named rungs, each with a budget that decays; waits that double. Pure.

A failure takes the lowest rung that has budget left. Budgets come back one use at a time, and survive a restart. When
all are spent the lowest rung is taken again at the longest wait: a service is never given up and forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

from hal.clock import SECOND_NS

RETRY = "retry"
RESTART_WORKER = "restart_worker"
PREVIOUS_MODEL = "previous_model"
RESTART_SERVICE = "restart_service"
PAYLOAD_SAFE = "payload_safe"
POWER_CYCLE = "power_cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """A response, how often it may be taken, and how long until one use of it is forgotten."""

    name: str
    budget: int
    decay_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The wait before the n-th response in a row: `first_s` doubled each time, at most `longest_s`."""

    first_s: float = 0.1  # a service that died of one bad moment is back before its topics go stale
    longest_s: float = 60.0


# One model slot: a job's failure costs an attempt, then its worker, then its model; then the service is at fault.
WORKER_LADDER = (
    Rung(name=RETRY, budget=2, decay_s=60.0),
    Rung(name=RESTART_WORKER, budget=3, decay_s=300.0),
    Rung(name=PREVIOUS_MODEL, budget=1, decay_s=86_400.0),
    Rung(name=RESTART_SERVICE, budget=3, decay_s=600.0),
    Rung(name=PAYLOAD_SAFE, budget=1, decay_s=3_600.0),
    Rung(name=POWER_CYCLE, budget=1, decay_s=86_400.0),
)
# One process: five failures within some minutes are no accident. A power cycle a day at most.
SERVICE_LADDER = (
    Rung(name=RESTART_SERVICE, budget=5, decay_s=120.0),
    Rung(name=PAYLOAD_SAFE, budget=1, decay_s=3_600.0),
    Rung(name=POWER_CYCLE, budget=1, decay_s=86_400.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What to do: the rung, and how long to wait before."""

    rung: str
    wait_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The budgets of one ladder: uses not yet forgotten, rung by rung. What is kept over a restart."""

    name: str
    used: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """The budgets of all ladders."""

    ladders: tuple[Spent, ...] = ()

    def of(self, name: str) -> Spent | None:
        """The budgets of one ladder, or None."""
        return next((spent for spent in self.ladders if spent.name == name), None)


class Ladder:
    """The ladder of one process or worker. Time without power does not count as good behaviour."""

    def __init__(
        self, name: str, rungs: tuple[Rung, ...], backoff: Backoff | None = None, spent: Spent | None = None
    ) -> None:
        self._name, self._rungs, self._backoff = name, rungs, backoff or Backoff()
        fits = spent is not None and len(spent.used) == len(rungs)
        self._used = list(spent.used) if spent is not None and fits else [0.0] * len(rungs)
        self._time_ns: int | None = None

    def climb(self, now_ns: int) -> Response:
        """The response to a failure at `now_ns`."""
        self._forget(now_ns)
        wait_s = min(self._backoff.first_s * 2.0 ** sum(self._used), self._backoff.longest_s)
        for index, rung in enumerate(self._rungs):
            if self._used[index] + 1.0 <= rung.budget:
                self._used[index] += 1.0
                return Response(rung=rung.name, wait_s=wait_s)
        return Response(rung=self._rungs[0].name, wait_s=self._backoff.longest_s)

    def spent(self) -> Spent:
        """What to keep over a restart."""
        return Spent(name=self._name, used=tuple(self._used))

    def _forget(self, now_ns: int) -> None:
        if self._time_ns is not None:
            elapsed_s = (now_ns - self._time_ns) / SECOND_NS
            for index, rung in enumerate(self._rungs):
                self._used[index] = max(0.0, self._used[index] - elapsed_s / rung.decay_s)
        self._time_ns = now_ns

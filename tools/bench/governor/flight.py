"""One run in the simulator: the flight software flies a spacecraft of a family, a policy in the dispatcher's place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fsw.messages import JobState
from hal.clock import SECOND_NS, MonotonicClock
from sim.arrivals import Arrival, arrivals
from sim.scenario import Scenario
from sim.shadow import sunlight
from tools.bench.governor.case import Score
from tools.bench.governor.contenders import Contender
from tools.flight.loop import Options, VirtualFlight

LOOK_MS = 5.0  # a look at the plant takes less, a replan more
LATEST_S = 7.0  # by so much a job may come to the queue after it was asked for: a second, and the store's first word


def asked(scenario: Scenario) -> list[Arrival]:
    """The arrivals of a flight of the scenario."""
    world = scenario.world()
    return list(arrivals(scenario.demand, scenario.seed, scenario.duration_s(world), sunlight(world.orbit)))


def fly(scenario: Scenario, contender: Contender) -> Score:
    """The whole flight software but radio and account, nothing executed. The end of the flight is announced."""
    end_s = scenario.duration_s(scenario.world())
    governor: dict[str, Any] = {"work_until_s": end_s, **contender.governor}
    options = Options(execute=False, lean=True, plan=contender.plans, mission={"governor": governor})
    flight = _Flight(scenario, options, contender)
    record = flight.fly()
    referee, truth = flight.world.referee, flight.world.truth
    refused = sum(1 for event in record.events if event.name == "job_refused")
    return Score(
        value=sum(job.value for job in record.jobs),
        joules=truth.payload_energy_j - flight.mission.payload.idle_w * record.duration_s,
        violations=referee.broken,
        deadline_misses=refused + sum(1 for job in record.jobs if job.state is not JobState.DONE),
        broken=tuple(row.name for row in referee.report() if row.broken),
        replan_ms=tuple(flight.replan_ms),
    )


class _Flight(VirtualFlight):
    """A flight with another policy, in which every replan is timed."""

    def __init__(self, scenario: Scenario, options: Options, contender: Contender) -> None:
        super().__init__(scenario, options)
        self._contender = contender
        self.replan_ms: list[float] = []

    def _boot(self) -> None:
        super()._boot()
        if self._contender.policy is not None:
            self._by_name["govern"].dispatcher.policy = self._contender.policy(self.mission)  # type: ignore[attr-defined]
        table: Any = [(self._timed(row[0]), *row[1:]) if row[2] == "plan" else row for row in self._table]
        self._table = table

    def _timed(self, step: Callable[[int], None]) -> Callable[[int], None]:
        clock = MonotonicClock()

        def timed(now_ns: int) -> None:
            start_ns = clock.now_ns()
            step(now_ns)
            took_ms = (clock.now_ns() - start_ns) / (SECOND_NS / 1e3)
            if took_ms > LOOK_MS:
                self.replan_ms.append(took_ms)

        return timed

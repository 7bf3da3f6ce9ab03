"""One run in the simulator: the flight software flies a spacecraft of a family, a policy in the dispatcher's place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fsw.messages import JobState, Outcome, WorkResult
from hal.clock import SECOND_NS, MonotonicClock
from hal.ports.host import HostMessage
from sim.arrivals import Arrival, arrivals
from sim.scenario import Scenario
from sim.shadow import sunlight
from tools.bench.governor.case import Score
from tools.bench.governor.contenders import Contender
from tools.bench.governor.faults import host_late_s, spoiled_s
from tools.flight.loop import Options, VirtualFlight

LOOK_MS = 5.0  # a look at the plant takes less, a replan more
LATEST_S = 7.0  # by so much a job may come to the queue after it was asked for: a second, and the store's first word


def asked(scenario: Scenario) -> list[Arrival]:
    """The arrivals of a flight of the scenario."""
    world = scenario.world()
    return list(arrivals(scenario.demand, scenario.seed, scenario.duration_s(world), sunlight(world.orbit)))


def fly(scenario: Scenario, contender: Contender, *, faulty: bool = False) -> Score:
    """The whole flight software but radio and account, nothing executed. The end of the flight is announced.

    Where it is `faulty`, outputs of the worker are spoiled and the host is heard late, by the scenario's seed.
    """
    end_s = scenario.duration_s(scenario.world())
    governor: dict[str, Any] = {"work_until_s": end_s, **contender.governor}
    options = Options(execute=False, lean=True, plan=contender.plans, mission={"governor": governor})
    flight = _Flight(scenario, options, contender, faulty=faulty)
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
    """A flight with another policy, in which every replan is timed; a `faulty` one with faults beside the world's."""

    def __init__(self, scenario: Scenario, options: Options, contender: Contender, *, faulty: bool = False) -> None:
        super().__init__(scenario, options)
        self._contender = contender
        self.replan_ms: list[float] = []
        self._spoils_ns: deque[int] = deque()
        if faulty:
            self._spoils_ns.extend(round(at_s * SECOND_NS) for at_s in spoiled_s(scenario.seed, self.duration_s))
            self._delay_host(round(host_late_s(scenario.seed) * SECOND_NS))

    def _boot(self) -> None:
        super()._boot()
        if self._contender.policy is not None:
            self._by_name["govern"].dispatcher.policy = self._contender.policy(self.mission)  # type: ignore[attr-defined]
        table: Any = [(self._timed(row[0]), *row[1:]) if row[2] == "plan" else row for row in self._table]
        self._table = table
        compute: Any = self._by_name["infer"]._compute  # type: ignore[attr-defined]
        poll = compute.poll
        compute.poll = lambda now_ns: tuple(self._spoiled(now_ns, result) for result in poll(now_ns))

    def _spoiled(self, now_ns: int, result: WorkResult) -> WorkResult:
        """The first output after each of the times is not a number."""
        if result.outcome is not Outcome.DONE or not self._spoils_ns or now_ns < self._spoils_ns[0]:
            return result
        self._spoils_ns.popleft()
        return replace(result, outcome=Outcome.BAD_OUTPUT, detail="not a number")

    def _delay_host(self, late_ns: int) -> None:
        """What the host says arrives so much later; what it grants holds from when it said."""
        tell, world = self._host_bus.tell, self.world

        def later(message: HostMessage) -> None:
            world.schedule(world.now_ns + late_ns, lambda: tell(message))

        self._host_bus.tell = later  # type: ignore[method-assign]

    def _timed(self, step: Callable[[int], None]) -> Callable[[int], None]:
        clock = MonotonicClock()

        def timed(now_ns: int) -> None:
            start_ns = clock.now_ns()
            step(now_ns)
            took_ms = (clock.now_ns() - start_ns) / (SECOND_NS / 1e3)
            if took_ms > LOOK_MS:
                self.replan_ms.append(took_ms)

        return timed

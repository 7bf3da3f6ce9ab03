"""One run of the flight governor, or of another policy in its place, on the reference plant.

Guard, planner and governor are the flight software's own services on its own bus; sensing and inference are the plant.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from fsw.bus.contract import Policy as Delivery
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import JOB, ORDER, PLANT, RESULT, TRIP
from fsw.govern.delay import SolverDelay
from fsw.govern.planner import PlanService
from fsw.govern.service import GovernService
from fsw.guard.service import GuardService
from fsw.messages import Job, Outcome, Plant, WorkOrder, WorkResult
from fsw.mission import Mission
from hal.clock import SECOND_NS, MonotonicClock, OnboardTime
from sim.arrivals import Arrival
from tools.bench.governor import reference
from tools.bench.governor.case import Score
from tools.bench.governor.contenders import Contender
from tools.bench.governor.sensed import FaultySensors, sensed

LOOK_MS = 5.0  # a look at the plant takes less, a replan more


class Run:
    """A policy on the reference plant."""

    def __init__(
        self,
        contender: Contender,
        told: Mission,
        jobs: list[Arrival],
        slots: int,
        sun_factor: float = 1.0,
        faults: int | None = None,
    ) -> None:
        end_s = slots * reference.SLOT_S
        mission = replace(told, governor=replace(told.governor, work_until_s=end_s, **contender.governor))
        self._mission: Mission = mission
        self._jobs = jobs
        self._end_ns = round(slots * reference.SLOT_S * SECOND_NS)
        self._plant = reference.Plant(sun_factor=sun_factor)
        self._sensors = None if faults is None else FaultySensors(faults, end_s)
        self._bus = MemoryBus()
        time = OnboardTime(tai_at_zero_ns=mission.epoch_tai_ns())
        self._guard = GuardService(self._bus, mission, time)
        self._plan = PlanService(self._bus, mission, time, SolverDelay()) if contender.plans else None
        self._govern = GovernService(self._bus, mission, time)
        if contender.policy is not None:
            self._govern.dispatcher.policy = contender.policy(mission)
        self._orders = self._bus.subscribe(ORDER, "bench", Delivery.MUST_DELIVER, depth=8)
        self._trips = self._bus.subscribe(TRIP, "bench", Delivery.DROP_OLDEST, depth=8)
        self._clock = MonotonicClock()
        self._order: tuple[WorkOrder, int, int] | None = None  # with its start and its end
        self._deadlines: dict[int, tuple[int, float]] = {}
        self._value = 0.0
        self._done = 0
        self._replan_ms: list[float] = []

    def fly(self) -> Score:
        """To the end of the run."""
        waiting = iter(enumerate(self._jobs))
        job = next(waiting, None)
        for now_ns in count(0, SECOND_NS):
            if now_ns > self._end_ns:
                break
            while self._order is not None and self._order[2] < now_ns:
                self._finish(self._order[2])
                self._govern.step(self._plant_ns)
                self._begin()
            self._advance(now_ns)
            self._bus.publish(PLANT, self._sensed(now_ns))
            self._guard.step(now_ns)
            if self._trips.drain():
                self._stop(now_ns)
            while job is not None and job[1].time_ns <= now_ns:
                self._offer(*job)
                job = next(waiting, None)
            self._replan(now_ns)
            self._govern.step(now_ns)
            self._begin()
        return Score(
            value=self._value,
            joules=self._plant.drawn_j,
            violations=len(self._plant.broken),
            broken=self._plant.broken,
            deadline_misses=sum(1 for deadline_ns, _ in self._deadlines.values() if deadline_ns <= self._end_ns),
            replan_ms=tuple(self._replan_ms),
        )

    @property
    def _plant_ns(self) -> int:
        return round(self._plant.time_s * SECOND_NS)

    def _advance(self, now_ns: int) -> None:
        self._plant.advance(now_ns / SECOND_NS)

    def _replan(self, now_ns: int) -> None:
        if self._plan is None or now_ns % self._plan.period_ns:
            return
        start_ns = self._clock.now_ns()
        self._plan.step(now_ns)
        took_ms = (self._clock.now_ns() - start_ns) / 1e6
        if took_ms > LOOK_MS:
            self._replan_ms.append(took_ms)

    def _offer(self, number: int, arrival: Arrival) -> None:
        deadline_ns = arrival.time_ns + round(arrival.deadline_s * SECOND_NS)
        self._deadlines[number + 1] = (deadline_ns, arrival.value)
        self._bus.publish(
            JOB,
            Job(
                job_id=number + 1,
                kind=arrival.kind,
                model=arrival.model,
                input_ref=arrival.ref,
                value=arrival.value,
                release_ns=arrival.time_ns,
                deadline_ns=deadline_ns,
            ),
        )

    def _begin(self) -> None:
        for order in self._orders.drain():
            work_s = next(
                variant.work_s
                for variant in self._mission.model(order.model).variants  # type: ignore[union-attr]
                if variant.name == order.variant
            )
            setting = next(row for row in self._mission.payload.settings if row.name == order.setting)
            start_ns = self._plant_ns
            self._plant.load_w = setting.watts
            self._order = (order, start_ns, start_ns + round(work_s / setting.speed * SECOND_NS))

    def _finish(self, now_ns: int) -> None:
        if self._order is None:
            return
        order, start_ns, _ = self._order
        self._advance(now_ns)
        self._end(order, start_ns, now_ns, Outcome.DONE)
        deadline_ns, value = self._deadlines[order.job_id]
        if now_ns <= deadline_ns:
            worth = next(
                variant.worth
                for variant in self._mission.model(order.model).variants  # type: ignore[union-attr]
                if variant.name == order.variant
            )
            self._value += value * worth
            del self._deadlines[order.job_id]

    def _stop(self, now_ns: int) -> None:
        if self._order is not None:
            self._end(self._order[0], self._order[1], now_ns, Outcome.STOPPED)

    def _end(self, order: WorkOrder, start_ns: int, now_ns: int, outcome: Outcome) -> None:
        self._order = None
        self._plant.load_w = 0.0
        self._bus.publish(
            RESULT,
            WorkResult(job_id=order.job_id, attempt=order.attempt, outcome=outcome, start_ns=start_ns, end_ns=now_ns),
        )

    def _sensed(self, now_ns: int) -> Plant:
        plant = sensed(self._plant, now_ns)
        return plant if self._sensors is None else self._sensors.apply(plant)

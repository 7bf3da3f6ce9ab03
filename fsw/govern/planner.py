"""The planner's shell: replans at its interval and publishes prices; killable at any time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fsw.bus.contract import Bus, Policy
from fsw.bus.topics import BACKLOG, EVENT, HEARTBEAT, HOST, PLANT, PRICES
from fsw.govern.forecast import Forecaster
from fsw.govern.plan import Start, dearest_joule, solve
from fsw.govern.points import OperatingPoints
from fsw.messages import Backlog, Event, Heartbeat, HostStatus, Plant
from fsw.mission import Mission
from hal.clock import SECOND_NS, OnboardTime

LOOK_NS = 10 * SECOND_NS  # how often the plant is looked at for learning, and the clock for a replan
END_SHARE = 0.25  # a joule left at the horizon's end against the mean price: the next orbit brings new ones
FIRST_END_SHARE = 1 / 180  # the same for the first plan, against what the dearest job earns by a joule
FIRST_PLAN_NS = 5 * SECOND_NS  # sensing has settled by then


class PlanService:
    """Turns plant, backlog and host into `Prices`."""

    name = "plan"

    def __init__(self, bus: Bus, mission: Mission, time: OnboardTime) -> None:
        self.period_ns = LOOK_NS
        self._bus, self._mission = bus, mission
        self._points = OperatingPoints(mission)
        self._forecaster = Forecaster(mission, time)
        self._plants = bus.subscribe(PLANT, self.name, Policy.LATEST)
        self._hosts = bus.subscribe(HOST, self.name, Policy.LATEST)
        self._backlogs = bus.subscribe(BACKLOG, self.name, Policy.LATEST)
        self._backlog: Backlog | None = None
        self._host: HostStatus | None = None
        self._due_ns: int | None = None
        self._granted_w = 0.0
        self._end_price = FIRST_END_SHARE * dearest_joule(mission, self._points)
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Learn, and replan when it is time or when the host changed its grant."""
        plant = self._plants.take()
        self._backlog = self._backlogs.take() or self._backlog
        self._host = self._hosts.take() or self._host
        if plant is not None:
            self._forecaster.learn(plant)
            self._replan(now_ns, plant)
        self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))
        self._steps += 1

    def _replan(self, now_ns: int, plant: Plant) -> None:
        if self._due_ns is None:
            self._due_ns = now_ns + FIRST_PLAN_NS
        granted_w = self._mean_granted_w()
        if now_ns < self._due_ns and granted_w == self._granted_w:
            return
        self._due_ns = now_ns + int(self._mission.governor.replan_s * SECOND_NS)
        self._granted_w = granted_w
        slots, ends = self._horizon(now_ns)
        if slots == 0:
            return
        forecast = self._forecaster.ahead(now_ns, slots)
        start = self._start(now_ns, plant, slots, 0.0 if ends else self._end_price)
        if self._mission.battery is None:
            forecast = replace(forecast, harvest_w=np.full(slots, granted_w))
        prices = solve(self._mission, self._points, start, forecast, self._backlog)
        if prices is None:
            values = (float(self._mission.governor.replan_s), "no optimum; the last prices hold")
            self._bus.publish(EVENT, Event(time_ns=now_ns, name="planner_late", values=values))
            return
        self._end_price = END_SHARE * sum(prices.joule_price) / slots
        self._bus.publish(PRICES, prices)

    def _horizon(self, now_ns: int) -> tuple[int, bool]:
        """Slots to plan, and whether they reach the announced end of work."""
        governor = self._mission.governor
        slots = int(governor.horizon_orbits * self._forecaster.period_s / governor.slot_s)
        if governor.work_until_s is None:
            return slots, False
        left = max(0, int((governor.work_until_s - now_ns / SECOND_NS) / governor.slot_s))
        return min(left, slots), left <= slots

    def _start(self, now_ns: int, plant: Plant, slots: int, end_price_per_j: float) -> Start:
        """The state now, in the planner's terms; a guest lives on its grant and stores nothing."""
        payload, battery = self._mission.payload, self._mission.battery
        temp_c = plant.worst_payload_temp_c
        radiator_c = temp_c if plant.radiator_temp_c is None else plant.radiator_temp_c
        capacity = payload.computer_j_k + payload.radiator_j_k
        margin_soc = self._mission.guard.soc_margin + (battery.floor_soc if battery else 0.0)
        margin_j = battery.energy_above_floor_j(margin_soc) if battery else 0.0
        housekeeping_w = payload.idle_w + (self._mission.guard.bus_w if battery else 0.0)
        end_ns = now_ns + int(slots * self._mission.governor.slot_s * SECOND_NS)
        return Start(
            now_ns=now_ns,
            energy_j=(plant.energy_above_floor_j or 0.0) - margin_j,
            span_j=battery.energy_above_floor_j(1.0) - margin_j if battery else 0.0,
            temp_c=(payload.computer_j_k * temp_c + payload.radiator_j_k * radiator_c) / capacity,
            end_price_per_j=end_price_per_j,
            housekeeping_w=housekeeping_w,
            charge_efficiency=battery.charge_efficiency if battery else 1.0,
            reserve_j=self._forecaster.reserve_j(end_ns, housekeeping_w),
        )

    def _mean_granted_w(self) -> float:
        return self._host.allocation.mean_w if self._host and self._host.allocation else 0.0

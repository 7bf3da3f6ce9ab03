"""The planner's shell: replans at its interval and publishes prices; killable at any time."""

from __future__ import annotations

from fsw.bus.contract import Bus, Policy
from fsw.bus.topics import BACKLOG, HEARTBEAT, HOST, PLANT, PRICES
from fsw.govern.forecast import Forecaster
from fsw.govern.plan import plan_hosted, plan_owned
from fsw.govern.points import OperatingPoints
from fsw.messages import Backlog, Heartbeat, HostStatus, Plant
from fsw.mission import Mission
from hal.clock import SECOND_NS, OnboardTime

LOOK_NS = 10 * SECOND_NS  # how often the plant is looked at for learning, and the clock for a replan
FIRST_PLAN_NS = 5 * SECOND_NS  # sensing has settled by then


class PlanService:
    """Turns plant, backlog and host into `Prices`."""

    name = "plan"

    def __init__(self, bus: Bus, mission: Mission, time: OnboardTime) -> None:
        self.period_ns = LOOK_NS
        self._bus, self._mission = bus, mission
        self._points = OperatingPoints(mission)
        self._forecaster = Forecaster(mission, time.tai_at_zero_ns)
        self._plants = bus.subscribe(PLANT, self.name, Policy.LATEST)
        self._hosts = bus.subscribe(HOST, self.name, Policy.LATEST)
        self._backlogs = bus.subscribe(BACKLOG, self.name, Policy.LATEST)
        self._backlog: Backlog | None = None
        self._host: HostStatus | None = None
        self._due_ns: int | None = None
        self._granted_w = -1.0
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
        slots = int(self._mission.governor.horizon_orbits * self._forecaster.period_s / self._mission.governor.slot_s)
        forecast = self._forecaster.ahead(now_ns, slots)
        if self._mission.battery is None:
            mean_w = granted_w - self._mission.payload.idle_w
            prices = plan_hosted(self._mission, self._points, now_ns, mean_w, forecast.sun_share, self._backlog)
        else:
            span_j = self._mission.battery.energy_above_floor_j(1.0)
            prices = plan_owned(self._mission, self._points, now_ns, forecast, self._backlog, span_j)
        self._bus.publish(PRICES, prices)

    def _mean_granted_w(self) -> float:
        return self._host.allocation.mean_w if self._host and self._host.allocation else 0.0

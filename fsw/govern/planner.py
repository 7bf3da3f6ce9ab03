"""The planner's shell: replans at its interval and publishes prices; killable at any time.

Where time is virtual, `delay` says how long the solver would have taken by the work that it had: prices come so much
after the state for which they were made. A process of its own needs none, its delay is there anyway.

With `file` the prices go into a table by charge and orbit phase that outlives this process, for the day on which it
cannot be started any more. The dispatcher's process reads it when it starts.
"""

from __future__ import annotations

import math
from dataclasses import replace

from fsw.bus.contract import Bus, Policy
from fsw.bus.topics import BACKLOG, EVENT, HEARTBEAT, HOST, PLANT, POINTS, PRICES
from fsw.govern.delay import SolverDelay
from fsw.govern.forecast import Forecaster
from fsw.govern.grants import Grants
from fsw.govern.menu import Menu
from fsw.govern.plan import Start, columns_a_slot, dearest_joule, solve
from fsw.govern.table import Phase, PhaseTable, Place, SavedPrices
from fsw.keeping import Kept, StateFile
from fsw.messages import Backlog, Event, Heartbeat, Plant, Prices
from fsw.mission import Mission
from hal.clock import SECOND_NS, OnboardTime

STEP_NS = SECOND_NS  # how often what was solved is looked for, where its delay is modelled
LOOK_NS = 10 * SECOND_NS  # how often the plant is looked at for learning, and the clock for a replan
END_SHARE = 0.25  # a joule left at the horizon's end against the mean price: the next orbit brings new ones
FIRST_END_SHARE = 1 / 180  # the same for the first plan, against what the dearest job earns by a joule
FIRST_PLAN_NS = 5 * SECOND_NS  # sensing has settled by then
MOST_COLUMNS = 10_000  # of a plan: some 0.15 s here; a horizon that needs more is planned in longer slots


class PlanService:
    """Turns plant, backlog and host into `Prices`."""

    name = "plan"

    def __init__(
        self,
        bus: Bus,
        mission: Mission,
        time: OnboardTime,
        delay: SolverDelay | None = None,
        file: StateFile[SavedPrices] | None = None,
    ) -> None:
        self.period_ns = LOOK_NS if delay is None else STEP_NS
        self._bus, self._mission, self._delay = bus, mission, delay
        self._is_guest = mission.battery is None
        self._grants = Grants(mission)
        self._menu = Menu(mission, self._grants.lets if self._is_guest else None)
        self._forecaster = Forecaster(mission, time)
        self._plants = bus.subscribe(PLANT, self.name, Policy.LATEST)
        self._hosts = bus.subscribe(HOST, self.name, Policy.LATEST)
        self._backlogs = bus.subscribe(BACKLOG, self.name, Policy.LATEST)
        self._learnt = bus.subscribe(POINTS, self.name, Policy.LATEST)
        self._backlog: Backlog | None = None
        self._due_ns: int | None = None
        self._levels = self._grants.levels
        self._end_price = FIRST_END_SHARE * dearest_joule(mission, self._menu)
        self._look_ns = 0
        self._phase = Phase(mission)
        self._kept = Kept(file) if file is not None else None
        self._table = self._recalled()
        self._coming: tuple[int, Prices] | None = None  # solved, and when it would have been
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Learn, replan when it is time or when the host changed its grant, and publish what has been solved."""
        if self._coming is not None and now_ns >= self._coming[0]:
            self._bus.publish(PRICES, self._coming[1])
            self._coming = None
        if now_ns < self._look_ns:
            return
        self._look_ns = now_ns + LOOK_NS
        plant = self._plants.take()
        self._backlog = self._backlogs.take() or self._backlog
        host = self._hosts.take()
        if host is not None:
            self._grants.see(now_ns, host)
        learnt = self._learnt.take()
        if learnt is not None:
            self._menu.learn(learnt)
        if plant is not None:
            self._forecaster.learn(plant)
            place = self._phase.see(now_ns, self._forecaster.is_sunlit(now_ns), plant)
            self._replan(now_ns, plant, place)
        if self._kept is not None and self._kept.is_due(now_ns):
            self._kept.save(now_ns, self._table.saved)
        self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))
        self._steps += 1

    def _replan(self, now_ns: int, plant: Plant, place: Place) -> None:
        if self._due_ns is None:
            self._due_ns = now_ns + FIRST_PLAN_NS
        levels = self._grants.levels
        if now_ns < self._due_ns and levels == self._levels:
            return
        self._due_ns = now_ns + int(self._mission.governor.replan_s * SECOND_NS)
        self._levels = levels
        slots, slot_s, ends = self._horizon(now_ns)
        if slots == 0:
            return
        forecast = self._forecaster.ahead(now_ns, slots, slot_s)
        start = self._start(now_ns, plant, slot_s, slots, 0.0 if ends else self._end_price)
        if self._is_guest:
            forecast = replace(forecast, harvest_w=self._grants.mean_w(now_ns, slots, slot_s))
        prices, columns = solve(self._mission, self._menu, start, forecast, self._backlog)
        if prices is None:
            values = (float(self._mission.governor.replan_s), "no optimum; the last prices hold")
            self._bus.publish(EVENT, Event(time_ns=now_ns, name="planner_late", values=values))
            return
        self._end_price = END_SHARE * sum(prices.joule_price) / slots
        self._remember(place, prices)
        if self._delay is None:
            self._bus.publish(PRICES, prices)
        else:
            self._coming = (now_ns + self._delay.ns(columns), prices)

    def _recalled(self) -> PhaseTable:
        """The table that was kept; an empty one where there is none, or none that can be used."""
        kinds = tuple([row.kind for row in self._mission.demand])
        saved = self._kept.load()[0] if self._kept else SavedPrices()
        try:
            return PhaseTable.of_saved(saved, kinds)
        except ValueError:
            return PhaseTable(kinds)

    def _remember(self, place: Place, prices: Prices) -> None:
        """Prices that hold from here on, into the table."""
        jobs = [row[0] for row in prices.job_price]
        self._table.learn(place, prices.joule_price[0], prices.time_price[0], jobs)
        if self._kept is not None:
            self._kept.touch()

    def _horizon(self, now_ns: int) -> tuple[int, float, bool]:
        """Slots to plan, their length, and whether they reach the announced end of work."""
        governor = self._mission.governor
        horizon_s, ends = governor.horizon_orbits * self._forecaster.period_s, False
        if governor.work_until_s is not None:
            left_s = max(0.0, governor.work_until_s - now_ns / SECOND_NS)
            horizon_s, ends = min(left_s, horizon_s), left_s <= horizon_s
        columns = horizon_s / governor.slot_s * columns_a_slot(self._mission, self._menu)
        slot_s = governor.slot_s * max(1, math.ceil(columns / MOST_COLUMNS))
        return int(horizon_s / slot_s), slot_s, ends

    def _start(self, now_ns: int, plant: Plant, slot_s: float, slots: int, end_price_per_j: float) -> Start:
        """The state now, in the planner's terms; a guest lives on its grant and stores nothing."""
        payload, battery = self._mission.payload, self._mission.battery
        temp_c = plant.worst_payload_temp_c
        radiator_c = temp_c if plant.radiator_temp_c is None else plant.radiator_temp_c
        capacity = payload.computer_j_k + payload.radiator_j_k
        margin_soc = self._mission.guard.soc_margin + (battery.floor_soc if battery else 0.0)
        margin_j = battery.energy_above_floor_j(margin_soc) if battery else 0.0
        housekeeping_w = payload.idle_w + (self._mission.guard.bus_w if battery else 0.0)
        end_ns = now_ns + int(slots * slot_s * SECOND_NS)
        return Start(
            now_ns=now_ns,
            slot_s=slot_s,
            energy_j=(plant.energy_above_floor_j or 0.0) - margin_j,
            span_j=battery.energy_above_floor_j(1.0) - margin_j if battery else 0.0,
            temp_c=(payload.computer_j_k * temp_c + payload.radiator_j_k * radiator_c) / capacity,
            end_price_per_j=end_price_per_j,
            housekeeping_w=housekeeping_w,
            charge_efficiency=battery.charge_efficiency if battery else 1.0,
            reserve_j=self._forecaster.reserve_j(end_ns, housekeeping_w),
        )

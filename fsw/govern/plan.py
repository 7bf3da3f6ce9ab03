"""The planner: a linear programme over the next orbit or so, solved for its shadow prices.

The horizon is cut into slots; work is a fluid. Variables, all at least 0: jobs started a slot by kind and operating
point, battery charging and discharging, stored energy, temperature, spilled sunlight, and two dear slacks that keep
the programme feasible when the spacecraft is already outside its limits.

    maximise   sum worth * survival x  +  end price * energy at the end
    time       sum seconds x <= slot
    power      sum joules x + charge - discharge + spill = harvest - housekeeping
    store      energy = energy before + efficiency * charge - discharge,     0 <= energy <= span
    heat       temperature = temperature before + (load + surroundings - radiated) / capacity,   <= ceiling
    kind       started so far <= arrived so far;  started from here on <= what is not too late from here on

Radiation is the secant of the T^4 law between the coldest and the ceiling. The duals of power, heat, time and kind are
what a joule, a second and a job of that kind are worth in each slot. `programme` solves it, bounded by iterations.

One programme's duals jump from one kink to the next, and sit on it for a whole range of futures. Prices are the mean of
those for more and for fewer arrivals than are expected (Talluri and van Ryzin, A Randomized Linear Programming Method
for Computing Network Bid Prices, 1999, with three futures chosen in place of many drawn).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fsw.govern.menu import Menu
from fsw.govern.programme import INFINITY, Change, Floats, Indices, Programme
from fsw.messages import Backlog, Prices
from fsw.mission import Mission
from hal.constants import STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K

BREACH = 10.0  # price of a joule under the floor or over the ceiling, of what the dearest job earns by one
GRADIENT_MARGIN = 1.2  # on the computer above the payload's mean temperature at full load
COLDEST_C = 5.0  # lower end of the secant; a colder radiator sheds more than the secant says
WAITING = 0.03  # of a job's value, lost by waiting to the horizon's end: much may come in between that is not known
BUSY = (1.0, 1.15, 0.85)  # times the arrivals expected: over an orbit they scatter by so much, and prices are the mean
UNIT_S = 20.0  # energies go into the programme in a power of ten of joules near what full load draws in this time


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is coming, one entry a slot: watts to live on, heat from surroundings, share of the slot in the Sun, and how
    often radiation ends what runs (None: not foretold)."""

    harvest_w: Floats
    surroundings_w: Floats
    sun_share: Floats
    loss_rate_hz: Floats | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The state from which is planned, and what a joule left over at the horizon's end is worth."""

    now_ns: int
    slot_s: float
    energy_j: float
    span_j: float
    temp_c: float
    end_price_per_j: float
    housekeeping_w: float
    charge_efficiency: float
    reserve_j: float  # to be left at the horizon's end, so that idling leads from there to sunrise


def solve(
    mission: Mission, menu: Menu, start: Start, forecast: Forecast, backlog: Backlog | None
) -> tuple[Prices | None, int]:
    """Prices for the slots ahead, None when the solver found no optimum within its iterations; and the columns."""
    plan = _Plan(mission, menu, start, forecast, backlog)
    time_rows = plan.fit_time()
    power_rows = plan.balance_power()
    heat_rows = plan.balance_heat()
    expected, *others = [_arrivals(mission, start.slot_s, forecast.sun_share, backlog, busy) for busy in BUSY]
    kind_rows = plan.follow_arrivals(*expected)
    duals = plan.programme.row_prices(*[plan.with_arrivals(*other) for other in others])
    columns = plan.programme.size[1]
    if duals is None:
        return None, columns
    joule_price = (duals[heat_rows] / plan.capacity - duals[power_rows]) * plan.per_joule
    prices = Prices(
        time_ns=start.now_ns,
        start_ns=start.now_ns,
        slot_s=start.slot_s,
        joule_price=tuple(np.maximum(joule_price, 0.0).tolist()),
        time_price=tuple(np.maximum(-duals[time_rows], 0.0).tolist()),
        kinds=tuple([row.kind for row in mission.demand]),
        job_price=tuple(map(tuple, np.maximum(duals[kind_rows], 0.0).tolist())),
        loss_rate_hz=() if forecast.loss_rate_hz is None else tuple(forecast.loss_rate_hz.tolist()),
    )
    return prices, columns


def columns_a_slot(mission: Mission, menu: Menu) -> int:
    """How many columns a slot takes at most: work, seven of battery and heat, and the jobs begun of each kind."""
    return 7 + sum([len(menu.of(row, mission.governor.queue_depth)) + 1 for row in mission.demand])


def dearest_joule(mission: Mission, menu: Menu) -> float:
    """Value of a joule in the job that pays most for one: the scale of the mission's prices."""
    return max([row.value * each.worth / each.joules for row in mission.demand for each in menu.of(row)], default=1.0)


class _Plan:
    """The programme in its blocks. Work is (operating points, slots), the points of one kind after those of another."""

    def __init__(self, mission: Mission, menu: Menu, start: Start, forecast: Forecast, backlog: Backlog | None) -> None:
        self._mission, self._start, self._forecast = mission, start, forecast
        self._slots = len(forecast.harvest_w)
        self._slot_s = start.slot_s
        self.per_joule = per_joule = 10.0 ** -round(math.log10(UNIT_S * mission.payload.most_w))
        self.capacity = (mission.payload.computer_j_k + mission.payload.radiator_j_k) * per_joule
        waiting = {kind: count for kind, count, _ in (backlog.counts if backlog else ())}
        options = [menu.of(row, waiting.get(row.kind, 0)) for row in mission.demand]
        self._sizes = [len(each) for each in options]
        table = [
            (row.value * each.worth, each.seconds, each.joules)
            for row, of_kind in zip(mission.demand, options, strict=True)
            for each in of_kind
        ]
        worth, seconds, joules = np.array(table).reshape(-1, 3).T
        self._seconds, self._energy = seconds[:, None], joules[:, None] * per_joule
        self._breach_price = BREACH * dearest_joule(mission, menu)
        self.programme = Programme()
        sooner = 1.0 - WAITING * np.arange(self._slots) / self._slots
        survival = 1.0 if forecast.loss_rate_hz is None else np.exp(-self._seconds * forecast.loss_rate_hz)
        self._work = self.programme.columns(-worth[:, None] * sooner * survival)

    def fit_time(self) -> Indices:
        """Work fits into each slot."""
        rows = self.programme.rows(np.full(self._slots, -INFINITY), np.full(self._slots, self._slot_s))
        self.programme.put(rows[None, :], self._work, self._seconds)
        return rows

    def balance_power(self) -> Indices:
        """Work, charging and spilling use what harvest and battery give; the battery keeps between floor and full."""
        programme, start = self.programme, self._start
        free = np.zeros(self._slots)
        charge, discharge, spill = (programme.columns(free) for _ in range(3))
        short = programme.columns(free + self._breach_price / self.per_joule)
        surplus = (self._forecast.harvest_w - start.housekeeping_w) * self._slot_s * self.per_joule
        rows = programme.rows(surplus, surplus)
        programme.put(rows[None, :], self._work, self._energy)
        for column, sign in ((charge, 1.0), (spill, 1.0), (discharge, -1.0), (short, -1.0)):
            programme.put(rows, column, sign)
        left_over = free.copy()
        left_over[-1] = -start.end_price_per_j / self.per_joule
        least = free.copy()
        least[-1] = min(start.reserve_j, start.span_j) * self.per_joule
        stored = programme.columns(left_over, lower=least, upper=start.span_j * self.per_joule)
        initial = free.copy()
        initial[0] = min(max(start.energy_j, 0.0), start.span_j) * self.per_joule
        self._carry(stored, initial, 1.0, ((charge, -start.charge_efficiency), (discharge, 1.0)))
        return rows

    def balance_heat(self) -> Indices:
        """Work warms the payload, which stays under its ceiling."""
        programme, payload = self.programme, self._mission.payload
        base_w, slope_w_k, ceiling_c = _radiation(self._mission)
        keep = 1.0 - slope_w_k * self._slot_s * self.per_joule / self.capacity
        warming_w = payload.idle_w + self._forecast.surroundings_w - base_w
        warming = warming_w * self._slot_s * self.per_joule / self.capacity
        warming[0] += keep * self._start.temp_c
        temp = programme.columns(np.zeros(self._slots), lower=-100.0, upper=ceiling_c)
        hot = programme.columns(np.full(self._slots, self._breach_price * self.capacity / self.per_joule))
        rows = self._carry(temp, warming, keep, ((hot, 1.0),))
        programme.put(rows[None, :], self._work, -self._energy / self.capacity)
        return rows

    def follow_arrivals(self, arrived: Floats, in_time: Floats) -> Indices:
        """No job before it comes, and none after it is too late; (kinds, slots)."""
        programme = self.programme
        begun = programme.columns(np.zeros(arrived.shape), upper=arrived)
        rows = programme.rows(np.zeros(arrived.shape), np.zeros(arrived.shape))
        programme.put(rows, begun, 1.0)
        programme.put(rows[:, 1:], begun[:, :-1], -1.0)
        programme.put(np.repeat(rows, self._sizes, axis=0), self._work, -1.0)
        late = programme.rows(np.full_like(in_time[:, 1:], -INFINITY), in_time[:, 1:])
        programme.put(late, begun[:, -1:], 1.0)
        programme.put(late, begun[:, :-1], -1.0)
        self._begun, self._late = begun, late
        return rows

    def with_arrivals(self, arrived: Floats, in_time: Floats) -> Change:
        """The programme with other arrivals."""
        return Change(self._begun, arrived, self._late, in_time[:, 1:])

    def _carry(self, state: Indices, change: Floats, keep: float, flows: tuple[tuple[Indices, float], ...]) -> Indices:
        """Rows: state = keep * state before + change - flows."""
        rows = self.programme.rows(change, change)
        self.programme.put(rows, state, 1.0)
        self.programme.put(rows[1:], state[:-1], -keep)
        for columns, sign in flows:
            self.programme.put(rows, columns, sign)
        return rows


def _radiation(mission: Mission) -> tuple[float, float, float]:
    """The secant of what the radiator sheds, watts at 0 C and watts a kelvin, and the ceiling of the mean."""
    payload = mission.payload
    share = payload.radiator_j_k / (payload.computer_j_k + payload.radiator_j_k)
    gradient_k = GRADIENT_MARGIN * payload.most_w / payload.conductance_w_k * share
    ceiling_c = mission.limits.payload_temp_c - mission.guard.temp_margin_k - gradient_k
    emission = payload.radiator_emissivity * payload.radiator_area_m2 * STEFAN_BOLTZMANN_W_M2K4
    low_w, high_w = (emission * (temp + ZERO_CELSIUS_K) ** 4 for temp in (COLDEST_C, ceiling_c))
    slope = (high_w - low_w) / (ceiling_c - COLDEST_C)
    return low_w - slope * COLDEST_C, slope, ceiling_c


def _arrivals(
    mission: Mission, slot_s: float, sun_share: Floats, backlog: Backlog | None, busy: float
) -> tuple[Floats, Floats]:
    """Jobs by (kind, slot): arrived by the slot's end, and not too late yet at its start; `busy` times as many come."""
    slots = len(sun_share)
    waiting = {kind: (count, last_s) for kind, count, last_s in (backlog.counts if backlog else ())}
    starts_s = np.arange(slots) * slot_s
    arrived, in_time = np.empty((2, len(mission.demand), slots))
    for index, row in enumerate(mission.demand):
        per_slot = (row.per_minute_sun * sun_share + row.per_minute_dark * (1.0 - sun_share)) * slot_s / 60.0 * busy
        count, last_s = waiting.get(row.kind, (0, 1.0))
        so_far = np.cumsum(per_slot)
        arrived[index] = count + so_far
        lapsed = np.interp(starts_s - row.deadline_s, np.append(0.0, starts_s + slot_s), np.append(0.0, so_far))
        in_time[index] = count * np.clip(1.0 - starts_s / max(last_s, 1.0), 0.0, 1.0) + so_far[-1] - lapsed
    return arrived, in_time

"""The planner: a linear programme over the next orbit or so, solved for its shadow prices.

The horizon is cut into slots; work is a fluid. Variables, all at least 0: jobs started a slot by kind and operating
point, battery charging and discharging, stored energy, temperature, spilled sunlight, and two dear slacks that keep
the programme feasible when the spacecraft is already outside its limits.

    maximise   sum worth x  +  end price * energy at the end
    time       sum seconds x <= slot
    power      sum joules x + charge - discharge + spill = harvest - housekeeping
    store      energy = energy before + efficiency * charge - discharge,     0 <= energy <= span
    heat       temperature = temperature before + (load + surroundings - radiated) / capacity,   <= ceiling
    kind       started so far <= arrived so far;  started from here on <= what is not too late from here on

Radiation is the secant of the T^4 law between the coldest and the ceiling. The duals of power, heat, time and kind are
what a joule, a second and a job of that kind are worth in each slot. HiGHS solves it, bounded by iterations.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

from fsw.govern.points import OperatingPoints
from fsw.messages import Backlog, Prices
from fsw.mission import Mission
from hal.constants import STEFAN_BOLTZMANN_W_M2K4, ZERO_CELSIUS_K

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

MOST_ITERATIONS = 20_000  # a plan takes a few thousand simplex steps; a run-away stops here
BREACH_PRICE = 1.0  # value a joule under the floor or over the ceiling: dearer than any job
GRADIENT_ALLOWANCE_K = 2.0  # the computer above the payload's mean temperature while it works
COLDEST_C = 5.0  # lower end of the secant; a colder radiator sheds more than the secant says
KILO = 1e-3  # energies go into the programme in kilojoules, which keeps its numbers near one
OPTIONS: dict[str, bool | int | str] = {
    "output_flag": False,
    "threads": 1,
    "simplex_iteration_limit": MOST_ITERATIONS,
    "simplex_strategy": 4,  # primal: all work at zero is feasible from the start, 44 ms a plan became 30
    "presolve": "off",
}
INFINITY = float(highspy.kHighsInf)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is coming, one entry a slot: watts to live on, heat from surroundings, share of the slot in the Sun."""

    harvest_w: Floats
    surroundings_w: Floats
    sun_share: Floats


@dataclass(frozen=True, slots=True)
class Start:
    """The state from which is planned, and what a joule left over at the horizon's end is worth."""

    now_ns: int
    energy_j: float
    span_j: float
    temp_c: float
    end_price_per_j: float
    housekeeping_w: float
    charge_efficiency: float


class _Rows:
    """Collects the programme's matrix as coordinates."""

    def __init__(self) -> None:
        self.count = 0
        self._parts: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]] = []
        self.lower: list[Floats] = []
        self.upper: list[Floats] = []

    def add(self, lower: Floats, upper: Floats) -> npt.NDArray[np.intp]:
        """New rows with these bounds; returns their numbers."""
        rows = np.arange(self.count, self.count + len(lower))
        self.count += len(lower)
        self.lower.append(lower)
        self.upper.append(upper)
        return rows

    def put(self, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp], values: Floats | float) -> None:
        """Coefficients, broadcast together."""
        full = np.broadcast_arrays(rows, columns, np.asarray(values, dtype=float))
        self._parts.append((full[0].ravel(), full[1].ravel(), full[2].ravel()))

    def by_column(self, columns: int) -> tuple[Ints, Ints, Floats]:
        """Compressed columns: starts, row numbers, values."""
        rows, places, values = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        order = np.lexsort((rows, places))
        starts = np.zeros(columns + 1, dtype=np.int32)
        np.cumsum(np.bincount(places, minlength=columns), out=starts[1:])
        return starts, rows[order].astype(np.int32), values[order]


def solve(
    mission: Mission, points: OperatingPoints, start: Start, forecast: Forecast, backlog: Backlog | None
) -> Prices | None:
    """Prices for the slots ahead; None when the solver found no optimum within its iterations."""
    slots, kinds = len(forecast.harvest_w), mission.demand
    tables = [points.of(row.model) for row in kinds]
    sizes = [len(table) for table in tables]
    work = np.arange(sum(sizes) * slots).reshape(sum(sizes), slots)
    first = work.size
    charge, discharge, energy, temp, spill, short, hot = (
        np.arange(first + i * slots, first + (i + 1) * slots) for i in range(7)
    )
    begun = np.arange(first + 7 * slots, first + (7 + len(kinds)) * slots).reshape(len(kinds), slots)
    columns = first + (7 + len(kinds)) * slots

    seconds = np.array([point.seconds for table in tables for point in table])[:, None]
    kilojoules = np.array([point.joules for table in tables for point in table])[:, None] * KILO
    worth = np.array([row.value * p.worth for row, table in zip(kinds, tables, strict=True) for p in table])

    slot_s = mission.governor.slot_s
    rows, zeros = _Rows(), np.zeros(slots)
    time_rows = rows.add(np.full(slots, -INFINITY), np.full(slots, slot_s))
    rows.put(time_rows[None, :], work, seconds)

    surplus = (forecast.harvest_w - start.housekeeping_w) * slot_s * KILO
    power_rows = rows.add(surplus, surplus)
    rows.put(power_rows[None, :], work, kilojoules)
    for column, sign in ((charge, 1.0), (discharge, -1.0), (spill, 1.0), (short, -1.0)):
        rows.put(power_rows, column, sign)

    initial = zeros.copy()
    initial[0] = min(max(start.energy_j, 0.0), start.span_j) * KILO
    store_rows = rows.add(initial, initial)
    rows.put(store_rows, energy, 1.0)
    rows.put(store_rows[1:], energy[:-1], -1.0)
    rows.put(store_rows, charge, -start.charge_efficiency)
    rows.put(store_rows, discharge, 1.0)

    capacity = (mission.payload.computer_j_k + mission.payload.radiator_j_k) * KILO
    base_w, slope_w_k, ceiling_c = _radiation(mission)
    keep = 1.0 - slope_w_k * slot_s * KILO / capacity
    warming = (mission.payload.idle_w + forecast.surroundings_w - base_w) * slot_s * KILO / capacity
    warming[0] += keep * start.temp_c
    heat_rows = rows.add(warming, warming)
    rows.put(heat_rows, temp, 1.0)
    rows.put(heat_rows[1:], temp[:-1], -keep)
    rows.put(heat_rows, hot, 1.0)
    rows.put(heat_rows[None, :], work, -kilojoules / capacity)

    arrived, in_time = _arrivals(mission, forecast.sun_share, backlog)
    kind_rows = rows.add(np.zeros(begun.size), np.zeros(begun.size)).reshape(begun.shape)
    rows.put(kind_rows, begun, 1.0)
    rows.put(kind_rows[:, 1:], begun[:, :-1], -1.0)
    rows.put(np.repeat(kind_rows, sizes, axis=0), work, -1.0)
    late_rows = rows.add(np.full(begun.size - len(kinds), -INFINITY), in_time[:, 1:].ravel())
    late_rows = late_rows.reshape(len(kinds), slots - 1)
    rows.put(late_rows, begun[:, -1:], 1.0)
    rows.put(late_rows, begun[:, :-1], -1.0)

    cost = np.zeros(columns)
    cost[work] = -worth[:, None]
    cost[energy[-1]] = -start.end_price_per_j / KILO
    cost[short] = BREACH_PRICE / KILO
    cost[hot] = BREACH_PRICE * capacity / KILO
    lower, upper = np.zeros(columns), np.full(columns, INFINITY)
    lower[temp] = -100.0
    upper[energy], upper[temp] = start.span_j * KILO, ceiling_c
    upper[begun] = arrived
    duals = _run(rows, cost, lower, upper)
    if duals is None:
        return None
    joule_price = (-duals[power_rows] + duals[heat_rows] / capacity) * KILO
    return Prices(
        time_ns=start.now_ns,
        start_ns=start.now_ns,
        slot_s=slot_s,
        joule_price=tuple(np.maximum(joule_price, 0.0).tolist()),
        time_price=tuple(np.maximum(-duals[time_rows], 0.0).tolist()),
        kinds=tuple(row.kind for row in kinds),
        job_price=tuple(map(tuple, np.maximum(duals[kind_rows], 0.0).tolist())),
    )


def _radiation(mission: Mission) -> tuple[float, float, float]:
    """The secant of what the radiator sheds, watts at 0 C and watts a kelvin, and the ceiling of the mean."""
    payload = mission.payload
    ceiling_c = mission.limits.payload_temp_c - mission.guard.temp_margin_k - GRADIENT_ALLOWANCE_K
    emission = payload.radiator_emissivity * payload.radiator_area_m2 * STEFAN_BOLTZMANN_W_M2K4
    low_w, high_w = (emission * (temp + ZERO_CELSIUS_K) ** 4 for temp in (COLDEST_C, ceiling_c))
    slope = (high_w - low_w) / (ceiling_c - COLDEST_C)
    return low_w - slope * COLDEST_C, slope, ceiling_c


def _arrivals(mission: Mission, sun_share: Floats, backlog: Backlog | None) -> tuple[Floats, Floats]:
    """Jobs by (kind, slot): arrived by the slot's end, and not too late yet at its start."""
    slot_s, slots = mission.governor.slot_s, len(sun_share)
    waiting = {kind: (count, last_s) for kind, count, last_s in (backlog.counts if backlog else ())}
    starts_s = np.arange(slots) * slot_s
    arrived, in_time = np.empty((2, len(mission.demand), slots))
    for index, row in enumerate(mission.demand):
        per_slot = (row.per_minute_sun * sun_share + row.per_minute_dark * (1.0 - sun_share)) * slot_s / 60.0
        count, last_s = waiting.get(row.kind, (0, 1.0))
        so_far = np.cumsum(per_slot)
        arrived[index] = count + so_far
        lapsed = np.interp(starts_s - row.deadline_s, np.append(0.0, starts_s + slot_s), np.append(0.0, so_far))
        in_time[index] = count * np.clip(1.0 - starts_s / max(last_s, 1.0), 0.0, 1.0) + so_far[-1] - lapsed
    return arrived, in_time


def _run(rows: _Rows, cost: Floats, lower: Floats, upper: Floats) -> Floats | None:
    """The row duals at the optimum."""
    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = len(cost), rows.count
    programme.col_cost_, programme.col_lower_, programme.col_upper_ = cost, lower, upper
    programme.row_lower_, programme.row_upper_ = np.concatenate(rows.lower), np.concatenate(rows.upper)
    starts, numbers, values = rows.by_column(len(cost))
    programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    programme.a_matrix_.start_, programme.a_matrix_.index_, programme.a_matrix_.value_ = starts, numbers, values
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in OPTIONS.items():
        solver.setOptionValue(option, value)
    solver.passModel(programme)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return np.array(solver.getSolution().row_dual)

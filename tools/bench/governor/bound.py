"""The clairvoyant bound: a linear programme that knows every arrival, with every relaxation optimistic.

Starts may be fractions; arrivals are rounded down to a slot and deadlines up; limits hold at the ends of slots;
radiation is the chord of its T^4 law between 250 K and the ceiling, which lies above it. Jobs of a class are alike and
due in the order they came, so a class is a flow: begun plus dropped never exceeds what has come, and never lags behind
what is due. Energy obeys the rule that the guard keeps: at every slot's end, housekeeping alone must lead to sunrise
above the floor. Source: the optimisation problem of the study of governors, solved by HiGHS.

`whole` asks for more: the jobs begun in a slot on a point are a whole number, and their work follows them. Every real
run obeys that too, so what is found is still a bound, a tighter one, and takes far longer: for an orbit at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from fsw.govern.points import OperatingPoints
from fsw.govern.programme import INFINITY, Floats, Indices, Programme
from fsw.mission import DemandRow, Mission
from hal.clock import SECOND_NS
from sim.arrivals import Arrival
from tools.bench.governor.craft import COLDEST_K, Craft

KILO = 1e-3  # joules go into the programme in thousands
GAP = 1e-3  # of the whole programme, between what is found and what is proven
LONGEST_S = 120.0  # for the whole programme


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What nobody can beat, and the size of the programme that found it."""

    value: float
    columns: int
    rows: int


class NoBound(RuntimeError):
    """HiGHS found no optimum."""


def bound(craft: Craft, mission: Mission, jobs: Sequence[Arrival], *, whole: bool = False) -> Bound:
    """The bound of one run. `mission` gives the classes and operating points. Raises NoBound."""
    plan = _Clairvoyant(craft, mission, whole=whole)
    plan.fit_time()
    plan.balance_power()
    plan.balance_heat()
    plan.follow(jobs)
    value = plan.programme.best()
    rows, columns = plan.programme.size
    return Bound(value=value, columns=columns, rows=rows)


class _Desk(Programme):
    """A programme that may take its time, and whose columns may be whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.whole: list[Indices] = []

    def best(self) -> float:
        """The most that can be earned; of whole numbers, what is proven that nobody passes."""
        options: dict[str, bool | int | str] = {"output_flag": False, "threads": 1}
        if not self.whole:
            least = self.optimum()
            if least is None:
                raise NoBound("HiGHS found no optimum for the bound")
            return -least
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in {**options, "mip_rel_gap": GAP, "time_limit": LONGEST_S}.items():
            solver.setOptionValue(option, value)
        solver.passModel(self._model())
        solver.run()
        return -float(solver.getInfo().mip_dual_bound)

    def _model(self) -> highspy.HighsLp:
        model = super()._model()
        if self.whole:
            kinds = [highspy.HighsVarType.kContinuous] * self.size[1]
            for column in np.concatenate([part.ravel() for part in self.whole]).tolist():
                kinds[column] = highspy.HighsVarType.kInteger
            model.integrality_ = kinds
        return model


class _Clairvoyant:
    """The programme in its blocks. `work` is (points, slots), the points of one class after those of another."""

    def __init__(self, craft: Craft, mission: Mission, *, whole: bool) -> None:
        self.programme = _Desk()
        self._craft, self._demand, self._whole = craft, mission.demand, whole
        table = OperatingPoints(mission)
        points = [(row, point) for row in mission.demand for point in table.of(row.model)]
        self._sizes = [len(table.of(row.model)) for row in mission.demand]
        units = [(point, *point.larger) for _, point in points]  # a unit of work may go in the batch that suits it best
        self._seconds = np.array([min(one.seconds / one.batch for one in sizes) for sizes in units])[:, None]
        self._joules = np.array([min(one.joules / one.batch for one in sizes) for sizes in units])[:, None] * KILO
        worth = np.array([row.value * point.worth for row, point in points])
        self._work = self.programme.columns(np.broadcast_to(-worth[:, None], (len(points), craft.slots)))

    def fit_time(self) -> None:
        """One job at a time; and no more power than the bus lets through."""
        craft, programme = self._craft, self.programme
        lowest = np.full(craft.slots, -INFINITY)
        rows = programme.rows(lowest, np.full(craft.slots, craft.slot_s))
        programme.put(rows[None, :], self._work, self._seconds)
        if np.isfinite(craft.room_w):
            rows = programme.rows(lowest, np.full(craft.slots, craft.room_w * craft.slot_s * KILO))
            programme.put(rows[None, :], self._work, self._joules)

    def balance_power(self) -> None:
        """Work, charging and spilling use what array and battery give."""
        craft, programme = self._craft, self.programme
        free = np.zeros(craft.slots)
        charge, discharge, spill = (programme.columns(free) for _ in range(3))
        surplus = (craft.array_w - craft.base_w) * craft.slot_s * KILO
        power = programme.rows(surplus, surplus)
        programme.put(power[None, :], self._work, self._joules)
        for column, sign in ((charge, 1.0), (spill, 1.0), (discharge, -1.0)):
            programme.put(power, column, sign)
        least = np.minimum(craft.floor_j + craft.reserve_j, craft.full_j) * KILO
        stored = programme.columns(free, lower=least, upper=craft.full_j * KILO)
        first = free.copy()
        first[0] = craft.start_j * KILO
        store = programme.rows(first, first)
        programme.put(store, stored, 1.0)
        programme.put(store[1:], stored[:-1], -1.0)
        programme.put(store, charge, -craft.charge)
        programme.put(store, discharge, 1.0 / craft.discharge)

    def balance_heat(self) -> None:
        """Work warms the payload, which stays under its ceiling."""
        craft, programme = self._craft, self.programme
        low_w, slope = craft.chord
        per_slot = craft.slot_s / craft.heat_j_k
        keep = 1.0 - (slope + craft.leak_w_k) * per_slot
        lost_w = low_w - slope * COLDEST_K - craft.leak_w_k * np.asarray(craft.leak_k)
        warming = (craft.idle_w + craft.surroundings_w - lost_w) * per_slot
        warming[0] += keep * craft.start_k
        temp = programme.columns(np.zeros(craft.slots), lower=0.0, upper=craft.ceiling_k)
        heat = programme.rows(warming, warming)
        programme.put(heat, temp, 1.0)
        programme.put(heat[1:], temp[:-1], -keep)
        programme.put(heat[None, :], self._work, -self._joules / (craft.heat_j_k * KILO))

    def follow(self, jobs: Sequence[Arrival]) -> None:
        """Rows of a class: begun + dropped <= come, begun + dropped >= due, both summed up to each slot."""
        craft, programme = self._craft, self.programme
        first = 0
        for row, size in zip(self._demand, self._sizes, strict=True):
            come, due = _come_and_due(jobs, row, craft)
            zeros = np.zeros(craft.slots)
            past = programme.columns(zeros)  # begun or dropped up to the slot's end
            dropped = programme.columns(zeros)
            work = self._work[first : first + size]
            rows = programme.rows(zeros, zeros)
            programme.put(rows, past, 1.0)
            programme.put(rows[1:], past[:-1], -1.0)
            programme.put(rows, dropped, -1.0)
            programme.put(rows[None, :], work, -1.0)
            limits = programme.rows(due, come)
            programme.put(limits, past, 1.0)
            if self._whole:
                self._begin_whole(work, come)
            first += size

    def _begin_whole(self, work: Indices, come: Floats) -> None:
        """Begun in whole numbers, no more than have come; work follows what has begun, and ends it."""
        programme, slots = self.programme, self._craft.slots
        whole = programme.columns(np.zeros(work.shape))
        programme.whole.append(whole)
        ahead = programme.columns(np.zeros(work.shape), upper=np.append(np.full(slots - 1, INFINITY), 0.0))
        rows = programme.rows(np.zeros(work.shape), np.zeros(work.shape))  # ahead = before + begun - worked
        programme.put(rows, ahead, 1.0)
        programme.put(rows[:, 1:], ahead[:, :-1], -1.0)
        programme.put(rows, whole, -1.0)
        programme.put(rows, work, 1.0)
        so_far = programme.columns(np.zeros(slots), upper=come)
        sums = programme.rows(np.zeros(slots), np.zeros(slots))
        programme.put(sums, so_far, 1.0)
        programme.put(sums[1:], so_far[:-1], -1.0)
        programme.put(sums[None, :], whole, -1.0)


def _come_and_due(jobs: Sequence[Arrival], row: DemandRow, craft: Craft) -> tuple[Floats, Floats]:
    """Of a class, by the end of each slot: how many have come, and how many are too late for the next slot."""
    come = np.zeros(craft.slots)
    due = np.zeros(craft.slots + 2)
    for job in jobs:
        if job.kind == row.kind:
            time_s = job.time_ns / SECOND_NS
            come[min(craft.slots - 1, int(time_s // craft.slot_s))] += 1
            last = int(-(-(time_s + job.deadline_s) // craft.slot_s))
            due[min(craft.slots + 1, last)] += 1
    gone = np.cumsum(due)[1 : craft.slots + 1]
    gone[-1] = 0.0  # the run ends: what is left may stay
    return np.cumsum(come), gone

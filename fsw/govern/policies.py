"""The choice of the next job: a policy sees the situation and the candidates, and names one of them or a reason.

A new policy is one small class with `choose`; `POLICIES` names those that a mission file may ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from fsw.govern.points import OperatingPoint, OperatingPoints
from fsw.govern.prices import Notice, PriceChain, PriceTable
from fsw.govern.table import SavedPrices
from fsw.messages import Envelope, Job, Plant
from fsw.mission import Mission
from hal.clock import SECOND_NS

INDIFFERENCE = 0.02  # of a job's value: at the plan's optimum what it runs nets zero, so that much is forgiven


@dataclass(slots=True)
class Situation:
    """What a policy may know at the moment of a choice."""

    now_ns: int
    plant: Plant
    envelope: Envelope
    spent_j: float  # started since the envelope was given
    prices: PriceTable | None
    sunlit: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A job on an operating point, and why; or no job, and why not."""

    job: Job | None
    point: OperatingPoint | None
    because: str
    notice: Notice | None = None  # that prices are late, and what serves instead


class Policy(Protocol):
    """How the next job is chosen."""

    def choose(self, situation: Situation, candidates: list[Job], points: OperatingPoints) -> Choice:
        """One of `candidates` on an operating point that the envelope allows, or nothing."""
        ...


def forbidden_by(situation: Situation, job: Job, point: OperatingPoint) -> str:
    """The name of what forbids a job on a point: a bound of the guard, its deadline or its own cap; "" if nothing."""
    envelope, seconds, peak_w = situation.envelope, point.seconds * point.worst, point.watts * point.crest
    joules = seconds * point.watts
    if peak_w > envelope.power_w and (peak_w > envelope.burst_w or joules + situation.spent_j > envelope.burst_j):
        return "power"
    if peak_w > envelope.step_w:
        return "rail step"
    if peak_w > envelope.peak_w and (situation.spent_j > 0.0 or seconds > envelope.peak_s):
        return "rail peak"
    if situation.now_ns + point.seconds * SECOND_NS > job.deadline_ns:
        return "deadline"
    if joules + situation.spent_j > envelope.energy_j:
        return "energy"
    if (point.watts - envelope.harvest_w) * seconds + situation.spent_j > envelope.stored_j:
        return "charge"
    if (point.watts - envelope.cooling_w) * seconds + situation.spent_j > envelope.heat_j[point.setting_index]:
        return "temperature"
    if seconds > envelope.seconds:
        return "allocation time"
    if job.energy_cap_j is not None and joules > job.energy_cap_j:
        return "its own energy cap"
    return ""


class Blocking:
    """What a job on the one computer keeps others from, at their prices: those that wait and those that will come.

    A prices' programme works in fluids and does not see that a long job holds the computer while others fall due.
    """

    def __init__(
        self, situation: Situation, table: PriceTable, candidates: list[Job], points: OperatingPoints, mission: Mission
    ) -> None:
        now_ns = situation.now_ns
        self._waiting: list[tuple[int, float, float]] = []  # job, seconds it can wait, what it is worth
        for job in candidates:
            slack_s = (job.deadline_ns - now_ns) / SECOND_NS - points.quickest_s(job.model)
            self._waiting.append((job.job_id, slack_s, table.job_price(job.kind, now_ns)))
        self._coming: list[tuple[float, float]] = []  # seconds one can wait, worth of those that come a second
        for row in mission.demand:
            rate_hz = (row.per_minute_sun if situation.sunlit else row.per_minute_dark) / 60.0
            slack_s = row.deadline_s - points.quickest_s(row.model)
            self._coming.append((slack_s, rate_hz * table.job_price(row.kind, now_ns)))

    def cost(self, job: Job, seconds: float) -> float:
        """Value lost by others while `job` runs for `seconds`."""
        lost = sum(price for other, slack_s, price in self._waiting if seconds > slack_s and other != job.job_id)
        return lost + sum((seconds - slack_s) * value for slack_s, value in self._coming if seconds > slack_s)


class PricedPolicy:
    """Best value less priced joules, seconds and waiting. Where there are no prices, fresh, old or from the table, it
    falls back to the hysteresis ladder."""

    def __init__(self, mission: Mission) -> None:
        self._mission = mission
        self._fallback = HysteresisPolicy(mission)
        self._chain = PriceChain(mission)

    def recall(self, saved: SavedPrices | None) -> None:
        """Begin with a table of prices that was kept; None where it was and cannot be read."""
        self._chain.recall(saved)

    def choose(self, situation: Situation, candidates: list[Job], points: OperatingPoints) -> Choice:
        """The candidate that is due first among those worth their price now rather than later, on its best point."""
        table = self._chain.at(situation.now_ns, situation.prices, situation.plant, situation.sunlit)
        notice, self._chain.notice = self._chain.notice, None
        if table is None:
            choice = self._fallback.choose(situation, candidates, points)
        else:
            choice = self._by_price(situation, table, candidates, points)
        return choice if notice is None else replace(choice, notice=notice)

    def _by_price(
        self, situation: Situation, table: PriceTable, candidates: list[Job], points: OperatingPoints
    ) -> Choice:
        now_ns = situation.now_ns
        blocking = Blocking(situation, table, candidates, points, self._mission)
        best: tuple[float, Job, OperatingPoint] | None = None
        refusal = "nothing waits"
        for job in sorted(candidates, key=_due):
            later = table.job_price(job.kind, now_ns) - INDIFFERENCE * job.value
            for point in points.of(job.model):
                obstacle = forbidden_by(situation, job, point)
                if obstacle:
                    refusal = f"guard: {obstacle}" if best is None else refusal
                    continue
                value = job.value * point.worth * table.survival(now_ns, point.seconds)
                net = value - table.cost(now_ns, point.seconds, point.watts) - later
                net -= blocking.cost(job, point.seconds)
                if best is None or net > best[0]:
                    best = (net, job, point)
            if best is not None and best[0] > 0.0:
                break
        if best is None:
            return Choice(None, None, f"refused: {refusal}")
        return _priced_choice(*best, table.joule_price(now_ns), table.time_price(now_ns))


def _due(job: Job) -> tuple[int, int]:
    return job.deadline_ns, job.job_id


def _priced_choice(net: float, job: Job, point: OperatingPoint, joule_price: float, time_price: float) -> Choice:
    """The best net value as a choice with its sentence."""
    worth = job.value * point.worth
    figures = f"price {joule_price:.2g}/J and {time_price:.2g}/s, worth {worth / point.joules:.2g}/J"
    if net <= 0.0:
        return Choice(None, None, f"refused: {figures}")
    return Choice(job, point, f"admitted: {figures}")


class HysteresisPolicy:
    """Three bands of charge with overlapping edges, the way that power is shed by hand-written tables.

    high   above 0.85 of the span over the floor: best variant, highest setting
    middle: middle variant and setting
    low    under 0.25: nothing runs until 0.40 is reached again
    """

    HIGH_ENTER, HIGH_LEAVE, LOW_ENTER, LOW_LEAVE = 0.85, 0.65, 0.25, 0.40

    def __init__(self, mission: Mission) -> None:
        self._floor = mission.battery.floor_soc if mission.battery else 0.0
        self._settings = len(mission.payload.settings)
        self._band = 1

    def choose(self, situation: Situation, candidates: list[Job], points: OperatingPoints) -> Choice:
        """By band, the candidate that is due first."""
        self._step(situation.plant)
        if self._band == 0:
            return Choice(None, None, "refused: charge in the low band")
        rank = 0 if self._band == 2 else 1
        setting = self._settings - 1 if self._band == 2 else self._settings // 2 - 1
        return first_due(situation, candidates, points, rank, setting)

    def _step(self, plant: Plant) -> None:
        share = 0.5 if plant.soc is None else (plant.soc - self._floor) / (1.0 - self._floor)
        if (self._band == 2 and share < self.HIGH_LEAVE) or (self._band == 0 and share > self.LOW_LEAVE):
            self._band = 1
        if share > self.HIGH_ENTER:
            self._band = 2
        elif share < self.LOW_ENTER:
            self._band = 0


class StaticPolicy:
    """One rank of variant, one setting and one duty for everything."""

    def __init__(self, mission: Mission) -> None:
        self._rank = mission.governor.static_variant
        self._setting = mission.governor.static_setting
        self._duty = mission.governor.static_duty
        self._rest_until_ns = 0

    def choose(self, situation: Situation, candidates: list[Job], points: OperatingPoints) -> Choice:
        """The candidate that is due first; after it a rest that keeps the duty."""
        if situation.now_ns < self._rest_until_ns:
            return Choice(None, None, "refused: duty")
        choice = first_due(situation, candidates, points, self._rank, self._setting)
        if choice.point is not None:
            self._rest_until_ns = situation.now_ns + int(choice.point.seconds / self._duty * SECOND_NS)
        return choice


def first_due(situation: Situation, candidates: list[Job], points: OperatingPoints, rank: int, setting: int) -> Choice:
    """The candidate with the earliest deadline that runs on this rank of variant and setting."""
    refusal = "nothing waits"
    for job in sorted(candidates, key=_due):
        of_model = points.of(job.model)
        last = max(point.rank for point in of_model)
        point = next(p for p in of_model if p.rank == min(rank, last) and p.setting_index == setting)
        obstacle = forbidden_by(situation, job, point)
        if not obstacle:
            return Choice(job, point, f"admitted: due first, {point.variant} at {point.setting}")
        refusal = f"guard: {obstacle}"
    return Choice(None, None, f"refused: {refusal}")


POLICIES: dict[str, Callable[[Mission], Policy]] = {
    "priced": PricedPolicy,
    "hysteresis": HysteresisPolicy,
    "static": StaticPolicy,
}

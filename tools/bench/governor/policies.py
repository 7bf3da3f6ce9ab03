"""Policies that the flight governor must beat, each one small class with `choose`; all fly behind the same guard.

To add one: write the class, give it a row in `contenders.OTHERS`. It sees the situation (what is sensed, what the
guard allows, what has been started since), one waiting job of each sort with its earliest deadline, and the operating
points; it returns a job on a point with a sentence, or no job with a reason.
"""

from __future__ import annotations

from fsw.govern.points import OperatingPoint, OperatingPoints
from fsw.govern.policies import Choice, Situation, first_due, forbidden_by
from fsw.messages import Job
from fsw.mission import Mission
from hal.clock import SECOND_NS

NOTHING = Choice(None, None, "refused: nothing is worth it")


class Static:
    """One rank of variant and one setting for everything: due first, or most value a joule first."""

    def __init__(self, mission: Mission, rank: int, setting: int, *, by_density: bool = False) -> None:
        self._rank, self._setting, self._by_density = rank, setting, by_density

    def choose(self, situation: Situation, candidates: list[Job], points: OperatingPoints) -> Choice:
        """The first that the guard allows."""
        if not self._by_density:
            return first_due(situation, candidates, points, self._rank, self._setting)
        best: tuple[float, Job, OperatingPoint] | None = None
        for job in candidates:
            point = self._point(job, points)
            density = job.value * point.worth / point.joules
            if (best is None or density > best[0]) and not forbidden_by(situation, job, point):
                best = (density, job, point)
        return NOTHING if best is None else Choice(best[1], best[2], f"admitted: worth {best[0]:.2g}/J")

    def _point(self, job: Job, points: OperatingPoints) -> OperatingPoint:
        of_model = points.of(job.model)
        rank = min(self._rank, max(point.rank for point in of_model))
        return next(point for point in of_model if point.rank == rank and point.setting_index == self._setting)


class GreedyByDeadline(Static):
    """The best variant at the highest setting, earliest deadline first."""

    def __init__(self, mission: Mission) -> None:
        super().__init__(mission, 0, len(mission.payload.settings) - 1)


class GreedyByDensity(Static):
    """The best variant at the highest setting, most value a joule first."""

    def __init__(self, mission: Mission) -> None:
        super().__init__(mission, 0, len(mission.payload.settings) - 1, by_density=True)


class ThreeBands:
    """Three bands of charge and temperature with overlapping edges, as hand-written tables have them.

    high: best variant at the second highest setting; middle: middle variant, second lowest; low: the same of the
    smallest variant. What is scarcer, charge above the floor or kelvins under the ceiling, decides.
    """

    EDGES = ((0.15, 0.30), (0.50, 0.70))  # left below the first, entered above the second
    WARM_K = 12.0  # under the ceiling: from here on temperature counts as the charge does

    def __init__(self, mission: Mission) -> None:
        self._mission = mission
        last = len(mission.payload.settings) - 1
        self._rows = ((2, min(1, last)), (1, min(1, last)), (0, max(0, last - 1)))
        self._band = 1

    def choose(self, situation: Situation, candidates: list[Job], points: OperatingPoints) -> Choice:
        """By band, the candidate that is due first."""
        share = plenty(situation, self._mission, self.WARM_K)
        if self._band < 2 and share > self.EDGES[self._band][1]:
            self._band += 1
        elif self._band > 0 and share < self.EDGES[self._band - 1][0]:
            self._band -= 1
        return first_due(situation, candidates, points, *self._rows[self._band])


def plenty(situation: Situation, mission: Mission, warm_k: float) -> float:
    """0..1: the smaller of the charge above the floor and the kelvins under the ceiling, of `warm_k`."""
    plant, floor = situation.plant, mission.battery.floor_soc if mission.battery else 0.0
    charge = 0.5 if plant.soc is None else (plant.soc - floor) / (1.0 - floor)
    cool = (mission.limits.payload_temp_c - plant.worst_payload_temp_c) / warm_k
    return min(1.0, max(0.0, min(charge, cool)))


def queued_s(situation: Situation, candidates: list[Job], points: OperatingPoints, mission: Mission) -> float:
    """Seconds of work that wait, from how long the oldest of each sort has waited and how many come."""
    rates = {row.kind: max(row.per_minute_sun, row.per_minute_dark) / 60.0 for row in mission.demand}
    return sum(
        (1.0 + rates.get(job.kind, 0.0) * (situation.now_ns - job.release_ns) / SECOND_NS)
        * points.quickest_s(job.model)
        for job in candidates
    )


def best_net(
    situation: Situation, candidates: list[Job], points: OperatingPoints, joule_price: float, second_price: float
) -> Choice:
    """Of every job the point with most value left after both prices; of those the one that leaves most a second."""
    best: tuple[float, Job, OperatingPoint] | None = None
    for job in candidates:
        nets = [
            (job.value * point.worth - joule_price * point.joules - second_price * point.seconds, point)
            for point in points.of(job.model)
            if not forbidden_by(situation, job, point)
        ]
        net, point = max(nets, key=lambda row: row[0], default=(0.0, None))
        if point is not None and net > 0.0 and (best is None or net / point.seconds > best[0]):
            best = (net / point.seconds, job, point)
    return NOTHING if best is None else Choice(best[1], best[2], f"admitted: net {best[0]:.2g}/s")


class DriftPlusPenalty:
    """Value times `weight` less the drift of two queues: what is missing of charge or coolness, and seconds of work.

    Source: Huang and Neely, Utility Optimal Scheduling in Energy Harvesting Networks (2011), with a queue for time.
    """

    WARM_K, QUEUE_S = 12.0, 600.0  # a full queue: the ceiling reached; ten minutes of work

    def __init__(self, mission: Mission, weight: float = 1.0) -> None:
        self._mission, self._weight = mission, weight
        self._joule, self._second = dearest(mission)

    def choose(self, situation: Situation, candidates: list[Job], points: OperatingPoints) -> Choice:
        """What leaves most after both queues' prices."""
        deficit = 1.0 - plenty(situation, self._mission, self.WARM_K)
        waiting = min(1.0, queued_s(situation, candidates, points, self._mission) / self.QUEUE_S)
        joule_price = self._joule * deficit / self._weight
        second_price = self._second * waiting / self._weight
        return best_net(situation, candidates, points, joule_price, second_price)


class AdaptivePacing:
    """Two prices without a forecast: of a joule, raised while charge or coolness is under half of what there can be;
    of a second, raised while more than five minutes of work wait and the computer is busy. Both move by a per cent
    each ten seconds."""

    RATE, WARM_K, QUEUE_S = 0.01, 6.0, 300.0

    def __init__(self, mission: Mission) -> None:
        self._mission = mission
        joule, second = dearest(mission)
        self._highest = (joule, second)
        self._joule_price, self._second_price = 0.2 * joule, 0.05 * second
        self._last_ns, self._is_busy = 0, True

    def choose(self, situation: Situation, candidates: list[Job], points: OperatingPoints) -> Choice:
        """What leaves most after both prices."""
        steps = min(6.0, (situation.now_ns - self._last_ns) / (10 * SECOND_NS))
        self._last_ns = situation.now_ns
        is_scarce = plenty(situation, self._mission, self.WARM_K) < 0.5
        is_behind = self._is_busy and queued_s(situation, candidates, points, self._mission) > self.QUEUE_S
        self._joule_price = self._moved(self._joule_price, is_scarce, steps, self._highest[0])
        self._second_price = self._moved(self._second_price, is_behind, steps, self._highest[1])
        choice = best_net(situation, candidates, points, self._joule_price, self._second_price)
        self._is_busy = choice.job is not None
        return choice

    def _moved(self, price: float, up: bool, steps: float, highest: float) -> float:
        factor: float = (1.0 + (self.RATE if up else -self.RATE)) ** steps
        return min(highest, max(0.01 * highest, price * factor))


class AlertLike:
    """For each job the best variant whose expected joules fit into an even share of the power, deadlines first.

    Source: Wan et al., ALERT: Accurate Learning for Energy and Timeliness (ATC 2020); the slow-down that it filters is
    what the runtime's operating points learn.
    """

    def __init__(self, mission: Mission) -> None:
        rows, array_w = mission.demand, mission.array.power_w if mission.array else 0.0
        self._rate_hz = sum(row.per_minute_sun + row.per_minute_dark for row in rows) / 2.0 / 60.0
        self._power_w = 0.6 * array_w - mission.guard.bus_w - mission.payload.idle_w  # 0.6 of it in sun
        self._mean_value = sum(row.value * (row.per_minute_sun + row.per_minute_dark) for row in rows) / max(
            1e-9, sum(row.per_minute_sun + row.per_minute_dark for row in rows)
        )

    def choose(self, situation: Situation, candidates: list[Job], points: OperatingPoints) -> Choice:
        share_j = self._power_w / max(self._rate_hz, 1e-9)
        refusal = "nothing waits"
        for job in sorted(candidates, key=lambda row: (row.deadline_ns, row.job_id)):
            budget_j = share_j * job.value / self._mean_value
            allowed = [point for point in points.of(job.model) if not forbidden_by(situation, job, point)]
            fitting = [point for point in allowed if point.joules <= budget_j]
            if fitting:
                best = max(fitting, key=lambda point: (point.worth, -point.joules))
                return Choice(job, best, f"admitted: {best.joules:.0f} J of {budget_j:.0f} J")
            refusal = "energy share" if allowed else "guard"
        return Choice(None, None, f"refused: {refusal}")


def dearest(mission: Mission) -> tuple[float, float]:
    """The most that any job pays for a joule, and for a second of the computer: the scales of prices."""
    models = {row.name: row for row in mission.models}
    joules_a_work_s = min(setting.watts / setting.speed for setting in mission.payload.settings)
    speed = max(setting.speed for setting in mission.payload.settings)
    worths = [row.value * v.worth / v.work_s for row in mission.demand for v in models[row.model].variants]
    return max(worths) / joules_a_work_s, max(worths) * speed

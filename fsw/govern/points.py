"""Operating points: variant and power setting with the seconds and watts that the runtime has learnt for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fsw.govern.learning import Factor
from fsw.messages import LearntPoint
from fsw.mission import Mission, ModelRow, Variant

LEARNING_RATE = 0.1  # weight of one measured job in what is its point's own: ten settle it, one odd job does not
RATIO_LOW, RATIO_HIGH = 0.5, 2.0  # beyond these a measurement is a fault, not a correction
HUNGRIEST = 1.25  # times its watts, for a power setting: beyond, its cap is not kept, which others watch
METER_S = 0.1  # of a job's watts are in doubt where it lasts a second: samples a second apart are shared by prediction


@dataclass(slots=True)
class OperatingPoint:
    """One way to run a model. `seconds` and `watts` (above idle, in the mean) are the present prediction.

    `crest` is its highest draw over the mean, `worst` its longest time over `seconds` where it cannot be recalled.
    `larger` are the points that run several units of work in one inference and are otherwise the same, by size.
    """

    model: str
    variant: str
    setting: str
    setting_index: int
    rank: int  # of the variant: 0 is the best
    worth: float
    seconds: float
    watts: float
    crest: float = 1.0
    worst: float = 1.0
    duty: float = 1.0
    threads: int = 1
    batch: int = 1
    larger: tuple[OperatingPoint, ...] = ()

    @property
    def joules(self) -> float:
        """Energy above idle of one inference."""
        return self.seconds * self.watts


class OperatingPoints:
    """The table of a mission, corrected by what is measured."""

    def __init__(self, mission: Mission) -> None:
        self._by_model: dict[str, list[OperatingPoint]] = {row.name: [] for row in mission.models}
        self._rows = {row.name: row.rows for row in mission.models}
        self._offered: dict[str, list[OperatingPoint]] = {}
        self._slowdown = Factor()  # of the computer, common to all points
        self._crests = {row.name: (row.peak_w, row.peak_w / row.watts) for row in mission.payload.settings}
        self._hunger = {row.name: Factor(HUNGRIEST) for row in mission.payload.settings}  # watts, of a power setting
        for row in mission.models:
            for rank, variant in enumerate(row.variants):
                for index in range(len(mission.payload.settings)):
                    self._by_model[row.name].append(_point(mission, row, rank, variant, index))
        self._all = [each for points in self._by_model.values() for point in points for each in (point, *point.larger)]

    def of(self, model: str) -> list[OperatingPoint]:
        """The points of a model that run one unit of work, and those offered beside them; empty for one that the
        mission does not know."""
        points = self._by_model.get(model, [])
        return [*points, *self._offered.get(model, ())] if self._offered else points

    @property
    def has_batches(self) -> bool:
        """Whether there is a point that runs more than one unit of work."""
        return len(self._all) > sum(map(len, self._by_model.values()))

    def offer(self, shares: dict[str, list[OperatingPoint]]) -> None:
        """A unit's share of the batches that could be run now, by model, until the next offer."""
        self._offered = shares

    def single(self, share: OperatingPoint) -> OperatingPoint:
        """The point of one unit of work that a share was offered beside."""
        key = (share.variant, share.threads, share.setting)
        return next(
            point for point in self._by_model[share.model] if (point.variant, point.threads, point.setting) == key
        )

    def unit_rows(self, model: str) -> int:
        """Rows of an input that are one unit of work."""
        return self._rows[model]

    def models(self) -> list[str]:
        """Names of the models that can run."""
        return list(self._by_model)

    def quickest_s(self, model: str) -> float:
        """Seconds of the quickest point."""
        return min(point.seconds for point in self._by_model[model])

    def learnt(self) -> tuple[LearntPoint, ...]:
        """All points as they are predicted now."""
        return tuple(
            [
                LearntPoint(
                    model=point.model,
                    variant=point.variant,
                    setting=point.setting,
                    batch=point.batch,
                    seconds=point.seconds,
                    watts=point.watts,
                    worst=point.worst,
                    threads=point.threads,
                )
                for point in self._all
            ]
        )

    def correct(self, setting: str, watts: float) -> None:
        """Every point of a power setting draws `watts` from now on."""
        self._hunger[setting].reset()
        for point in self._under(setting):
            point.watts = watts
        self._keep_peaks(setting)

    def learn(self, point: OperatingPoint, seconds: float, joules: float) -> None:
        """Correct every point by one measured job: the computer's pace, its setting's watts, then what is its own."""
        if seconds <= 0.0 or joules <= 0.0:
            return
        slowdown, hunger = self._slowdown, self._hunger[point.setting]
        slower, hungrier = seconds / point.seconds, joules / seconds / point.watts
        pace, draw = slowdown.value, hunger.value
        slowdown.see(slower)
        hunger.see(hungrier, METER_S / seconds)
        pace, draw = slowdown.value / pace, hunger.value / draw
        for other in self._all:
            other.seconds *= pace
        for other in self._under(point.setting):
            other.watts *= draw
        point.seconds *= 1.0 + LEARNING_RATE * (_bounded(slower / pace) - 1.0)
        point.watts *= 1.0 + LEARNING_RATE * (_bounded(hungrier / draw) - 1.0)
        self._keep_peaks(point.setting)

    def _keep_peaks(self, setting: str) -> None:
        """Less may be learnt of what a point draws in the mean, never of its peak: a meter that is late or low would
        have jobs start that break a grant or a rail at once."""
        peak_w, crest = self._crests[setting]
        for point in self._under(setting):
            point.crest = max(crest, peak_w / point.watts)

    def _under(self, setting: str) -> list[OperatingPoint]:
        return [point for point in self._all if point.setting == setting]


def _point(mission: Mission, row: ModelRow, rank: int, variant: Variant, index: int) -> OperatingPoint:
    """A variant at a setting as declared, with the points of its batches."""
    setting = mission.payload.settings[index]
    single = OperatingPoint(
        model=row.name,
        variant=variant.name,
        setting=setting.name,
        setting_index=index,
        rank=rank,
        worth=variant.worth,
        seconds=variant.work_s / setting.speed,
        watts=setting.watts,
        crest=setting.peak_w / setting.watts,
        worst=1.0 if setting.recallable else mission.guard.overrun,
        duty=setting.duty if setting.is_pulsed else 1.0,
        threads=variant.threads,
    )
    single.larger = tuple(
        [replace(single, batch=batch.size, seconds=batch.work_s / setting.speed) for batch in variant.batches]
    )
    return single


def _bounded(ratio: float) -> float:
    return min(RATIO_HIGH, max(RATIO_LOW, ratio))

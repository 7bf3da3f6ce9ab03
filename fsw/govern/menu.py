"""What the planner may choose from: seconds, joules and worth of one job, by operating point, as learnt in flight."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from fsw.govern.points import OperatingPoint, OperatingPoints
from fsw.messages import LearntPoints
from fsw.mission import DemandRow, Mission

FILLS = 0.5  # of the jobs that come within a deadline may wait for one another in a batch: the rest of it is to run


@dataclass(frozen=True, slots=True)
class Option:
    """One way to run a job of a kind: its share of seconds and joules where several run in one inference."""

    worth: float  # of the job's value
    seconds: float
    joules: float

    def beats(self, other: Option) -> bool:
        """No worse in anything, and better in something."""
        ours, theirs = (self.worth, -self.seconds, -self.joules), (other.worth, -other.seconds, -other.joules)
        return ours != theirs and all(mine >= its for mine, its in zip(ours, theirs, strict=True))


class Menu:
    """The operating points of a mission, corrected by what the dispatcher tells that it has learnt."""

    def __init__(self, mission: Mission, lets: Callable[[OperatingPoint], bool] | None = None) -> None:
        self._points = OperatingPoints(mission)
        self._lets = lets
        every = [point for model in self._points.models() for point in self._points.of(model)]
        self._by_name = {_name(each): each for point in every for each in (point, *point.larger)}

    def learn(self, learnt: LearntPoints) -> None:
        """Take what is a number that a computer can have; the rest keeps its figures."""
        for row in learnt.rows:
            point = self._by_name.get(_name(row))
            if point is not None and 0.0 < row.seconds < math.inf and 0.0 < row.watts < math.inf:
                point.seconds, point.watts = row.seconds, row.watts

    def of(self, row: DemandRow, waiting: int = 0) -> list[Option]:
        """The options for a kind of job, without those that another one beats, and those that `lets` never lets start.
        A batch must find its jobs in time, where `waiting` are there already."""
        jobs = max(waiting, FILLS * max(row.per_minute_sun, row.per_minute_dark) / 60.0 * row.deadline_s)
        points = [each for point in self._points.of(row.model) for each in (point, *point.larger)]
        points = points if self._lets is None else [each for each in points if self._lets(each)]
        options = [_option(point) for point in points if point.batch == 1 or point.batch <= jobs]
        return [each for each in options if not any(other.beats(each) for other in options)]


def _name(point: object) -> tuple[object, ...]:
    return tuple([getattr(point, key) for key in ("model", "variant", "setting", "batch", "threads")])


def _option(point: OperatingPoint) -> Option:
    return Option(point.worth, point.seconds / point.batch, point.joules / point.batch)

"""Prices by state of charge and orbit phase: what the planner's prices were in the mean when it was as it is now.

Serves when the planner is gone and its last prices have run out. The planner's own prices fill it as they come, so that
it is worth the more the longer the planner has lived. The phase is the time since the last sunrise or sunset, which is
seen: it needs neither the time nor the orbit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from fsw.messages import Plant, Prices
from fsw.mission import Mission
from hal.clock import SECOND_NS

PHASES = 12  # of an orbit, eight minutes each: the same number in the Sun and in the dark, counted from their edge
CHARGES = 10  # between floor and full
MEMORY = 20  # visits that a mean reaches back: some orbits
NEARER = 0.25  # weight of a place one bin further off
STEEPNESS = 0.7  # a battery emptier by its whole span than where it was seen makes a joule twice as dear
UNSEEN_NS = 900 * SECOND_NS  # not looked for so long: an edge may have come and gone, so the phase is not known
ORBIT_S = 5_400.0  # where none is known, as low orbits have it


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the spacecraft is in its cycle: steps since the last edge of light, None where it was not seen."""

    sunlit: bool
    phase: int | None
    charge: float  # share of the span between floor and full, to a hundredth

    @property
    def bin(self) -> int:
        """Of the charge."""
        return min(CHARGES - 1, max(0, int(self.charge * CHARGES)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The mean prices of one place: `seen` visits, value a joule, a second, and a job of each kind."""

    sunlit: bool
    phase: int
    bin: int
    seen: int
    joule: float
    second: float
    jobs: tuple[float, ...]

    @property
    def is_sound(self) -> bool:
        """Of the right range, all its prices finite and not negative."""
        placed = 0 <= self.phase < PHASES and 0 <= self.bin < CHARGES and 0 < self.seen <= MEMORY
        return placed and all(0.0 <= price < math.inf for price in (self.joule, self.second, *self.jobs))


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPrices:
    """A table as it is kept: the kinds of job in the order of every cell's `jobs`."""

    kinds: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = field(default_factory=tuple)


class Phase:
    """Follows the light that is seen, and says how long ago it came or went."""

    def __init__(self, mission: Mission) -> None:
        sunlight, battery = mission.ephemeris(), mission.battery
        self._step_ns = round((sunlight.period_s if sunlight else ORBIT_S) / PHASES * SECOND_NS)
        self._floor = battery.floor_soc if battery else 0.0
        self._sunlit: bool | None = None
        self._edge_ns: int | None = None
        self._looked_ns = 0

    def see(self, now_ns: int, sunlit: bool, plant: Plant) -> Place:
        """The present place."""
        gap_ns = now_ns - self._looked_ns
        if self._sunlit is None or gap_ns > UNSEEN_NS:
            self._edge_ns = None
        elif sunlit != self._sunlit:
            self._edge_ns = now_ns - gap_ns // 2
        self._sunlit, self._looked_ns = sunlit, now_ns
        phase = None if self._edge_ns is None else min(PHASES - 1, (now_ns - self._edge_ns) // self._step_ns)
        charge = 0.5 if plant.soc is None else (plant.soc - self._floor) / (1.0 - self._floor)
        return Place(sunlit=sunlit, phase=phase, charge=round(charge, 2))


class PhaseTable:
    """Running means by place. Empty at first."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = tuple(kinds)
        self._cells: dict[tuple[bool, int, int], Cell] = {}

    @classmethod
    def of_saved(cls, saved: SavedPrices, kinds: Sequence[str]) -> PhaseTable:
        """The table that was kept. Raises ValueError where it is not one for these kinds of job, or is damaged."""
        table = cls(kinds)
        if saved.cells and saved.kinds != table._kinds:
            raise ValueError("the table is for other kinds of jobs")
        for cell in saved.cells:
            if not cell.is_sound or len(cell.jobs) != len(table._kinds):
                raise ValueError("the table has prices that cannot be")
            table._cells[cell.sunlit, cell.phase, cell.bin] = cell
        return table

    @property
    def saved(self) -> SavedPrices:
        """To be kept."""
        return SavedPrices(kinds=self._kinds, cells=tuple(self._cells.values()))

    def learn(self, place: Place, joule: float, second: float, jobs: Sequence[float]) -> None:
        """Take prices that hold in a place; where the phase is not known nothing is learnt."""
        if place.phase is None:
            return
        key = (place.sunlit, place.phase, place.bin)
        old = self._cells.get(key)
        seen = 1 if old is None else min(MEMORY, old.seen + 1)
        before = (joule, second, *jobs) if old is None else (old.joule, old.second, *old.jobs)
        now = [last + (new - last) / seen for last, new in zip(before, (joule, second, *jobs), strict=True)]
        self._cells[key] = Cell(
            sunlit=place.sunlit, phase=place.phase, bin=place.bin, seen=seen,
            joule=now[0], second=now[1], jobs=tuple(now[2:]),
        )  # fmt: skip

    def at(self, now_ns: int, place: Place, valid_s: float) -> Prices | None:
        """Prices for a place, the mean of what was seen near it in the same light; None where nothing was."""
        rows = [(_weight(cell, place), cell) for cell in self._cells.values() if cell.sunlit == place.sunlit]
        total = sum(weight for weight, _ in rows)
        if total <= 0.0:
            return None
        charge = sum(weight * (cell.bin + 0.5) / CHARGES for weight, cell in rows) / total
        scarcer = math.exp(STEEPNESS * (charge - min(1.0, max(0.0, place.charge))))
        return Prices(
            time_ns=now_ns,
            start_ns=now_ns,
            slot_s=valid_s,
            joule_price=(scarcer * sum(weight * cell.joule for weight, cell in rows) / total,),
            time_price=(sum(weight * cell.second for weight, cell in rows) / total,),
            kinds=self._kinds,
            job_price=tuple(
                [
                    (sum(weight * cell.jobs[index] for weight, cell in rows) / total,)
                    for index in range(len(self._kinds))
                ]
            ),
        )


def _weight(cell: Cell, place: Place) -> float:
    away = abs(cell.bin - place.bin) + (0 if place.phase is None else abs(cell.phase - place.phase))
    weight: float = cell.seen * NEARER**away
    return weight

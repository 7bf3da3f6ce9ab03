"""What is flown: one seed of a family under one load and one set of errors, and what a policy came to on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run to be flown. The errors are truth over forecast, less one."""

    family: str
    seed: int
    orbits: float = 6.0
    load: float = 1.0
    sun_error: float = 0.0
    load_error: float = 0.0
    faults: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.orbits <= 1000.0 or not 0.0 < self.load <= 100.0:
            raise ValueError("orbits must be in 0..1000 and load in 0..100")
        if not -1.0 < self.sun_error <= 1.0 or not -1.0 < self.load_error <= 10.0:
            raise ValueError("sun-error must be in -1..1 and load-error in -1..10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one policy came to. `joules` were drawn by jobs; `broken` names the limits that were broken at truth."""

    value: float
    joules: float
    violations: int
    deadline_misses: int
    broken: tuple[str, ...] = ()
    replan_ms: tuple[float, ...] = ()

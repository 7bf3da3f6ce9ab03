"""How long the planner's solver would take, where time is virtual. Brings no solver: whoever composes may ask it."""

from __future__ import annotations

from dataclasses import dataclass

from hal.clock import SECOND_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverDelay:
    """From a plan's start to its prices, by work alone: building it, and each column of the programme.

    Measured on one core of an x86-64 server: 3,500 columns took 1,500 to 1,900 iterations and 30 to 43 ms of the
    processor, up to 80 ms beside a busy neighbour. What is modelled is the latter.
    """

    base_s: float = 0.02
    column_s: float = 1.5e-5

    def ns(self, columns: int) -> int:
        """Of a plan with so many columns."""
        return round((self.base_s + self.column_s * columns) * SECOND_NS)

"""Ledgers: what entered a step must be stored, used or lost. A difference is a fault of the simulator, and it stops."""

from __future__ import annotations

RELATIVE = 1e-9  # of what passed through in the step
ROUNDING = 2e-15  # of the largest numbers summed: nine units of the last place, for the shortest of steps


class LedgerError(Exception):
    """Energy or heat appeared or vanished in a step."""


def check(name: str, residual_j: float, passed_j: float, gross_j: float, time_ns: int) -> None:
    """Raise LedgerError when a step's balance does not close; `gross_j` is what its sums were rounded to."""
    if not -1.0 < residual_j / (RELATIVE * passed_j + ROUNDING * gross_j + 1e-300) < 1.0:
        raise LedgerError(f"{name} at {time_ns} ns: {residual_j:.3e} J unaccounted of {passed_j:.6g} J")

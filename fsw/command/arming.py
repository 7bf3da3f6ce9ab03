"""Hazardous commands act in two steps: one arms, naming the command and a window, and within it the other fires.

A stray packet does nothing. A command is disarmed by its use, by the end of its window, and by a restart.
"""

from __future__ import annotations

from typing import NamedTuple

from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.rows import Hazard
from hal.clock import SECOND_NS

ARMED_FROM = Hazard.WARNING


class NotAllowed(NamedTuple):
    """Why a command may not act: a failure's label and its values."""

    label: str
    values: tuple[float, ...]


class Arming:
    """Which commands are armed, until when. At most one window for each command."""

    def __init__(self) -> None:
        self._until_ns: dict[str, int] = {}

    def arm(self, now_ns: int, name: str, window_s: float) -> NotAllowed | None:
        """Let `name` act once within `window_s`; a second time moves the window."""
        row = COMMAND_BY_NAME[name]
        if row.hazard < ARMED_FROM:
            return NotAllowed("not_hazardous", (float(row.id),))
        self._until_ns[name] = now_ns + int(window_s * SECOND_NS)
        return None

    def use(self, now_ns: int, name: str) -> NotAllowed | None:
        """None where `name` may act now; it is disarmed then."""
        row = COMMAND_BY_NAME[name]
        if row.hazard < ARMED_FROM:
            return None
        until_ns = self._until_ns.pop(name, None)
        if until_ns is None:
            return NotAllowed("not_armed", (float(row.id),))
        if now_ns > until_ns:
            return NotAllowed("arm_expired", (float(row.id), (now_ns - until_ns) / SECOND_NS))
        return None

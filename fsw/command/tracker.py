"""Which accepted commands still owe an end, and until when."""

from __future__ import annotations

from typing import NamedTuple

from fsw.messages import Command, CommandReport, Stage
from hal.clock import SECOND_NS

DEPTH = 32  # commands under way at a time; an operator's stack waits for each


class Pending(NamedTuple):
    """One command that was accepted and has not ended."""

    deadline_ns: int
    ack: int
    timeout_s: float


class CommandTracker:
    """Bounded: a command that finds it full is carried out untracked."""

    def __init__(self, depth: int = DEPTH) -> None:
        self._depth = depth
        self._pending: dict[int, Pending] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def begin(self, command: Command, timeout_s: float) -> bool:
        """Watch a command; False when there is no room."""
        if len(self._pending) >= self._depth:
            return False
        deadline_ns = command.time_ns + int(timeout_s * SECOND_NS)
        self._pending[command.request] = Pending(deadline_ns, command.ack, timeout_s)
        return True

    def note(self, report: CommandReport) -> None:
        """A failure or a completion ends the watch."""
        if report.code or report.stage is Stage.COMPLETED:
            self._pending.pop(report.request, None)

    def overdue(self, now_ns: int) -> list[tuple[int, Pending]]:
        """The commands whose time has passed, with their request; they are watched no more."""
        late = [item for item in self._pending.items() if now_ns >= item[1].deadline_ns]
        for request, _pending in late:
            del self._pending[request]
        return late

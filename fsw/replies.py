"""What a service answers to commands: verification reports and data, in order, some of them a step.

A command that asks for a whole table is answered over several steps, so that no queue behind this one overflows.
"""

from __future__ import annotations

from collections import deque

from fsw.bus.contract import Bus
from fsw.bus.topics import COMMAND_REPORT, REPORT
from fsw.catalogue.failures import failure_code
from fsw.messages import Command, CommandReport, Report, Stage

PER_STEP = 32  # data reports a step: half of a subscription of usual depth, and a table of 256 is out within 8 s
BUSY = 1024  # waiting answers, the largest tables thrice: a request for more is refused as busy
DEPTH = 2048  # beyond it reports are dropped, and counted


class Replies:
    """Publishes in the order of the calls."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waiting: deque[CommandReport | Report] = deque()
        self.dropped = 0

    @property
    def is_full(self) -> bool:
        """No table should be asked for now."""
        return len(self._waiting) >= BUSY

    @property
    def are_waiting(self) -> bool:
        """Something is still to be published."""
        return bool(self._waiting)

    def started(self, now_ns: int, command: Command, label: str = "", values: tuple[float, ...] = ()) -> None:
        """The command is under way, or with a label refused before anything was done."""
        self._put(now_ns, command, Stage.STARTED, label, values)

    def completed(self, now_ns: int, command: Command, label: str = "") -> None:
        """The command has ended, with a label in failure."""
        self._put(now_ns, command, Stage.COMPLETED, label, ())

    def tell(self, now_ns: int, name: str, values: tuple[float | int | str, ...]) -> None:
        """One data report."""
        if len(self._waiting) >= DEPTH:
            self.dropped += 1
        else:
            self._waiting.append(Report(time_ns=now_ns, name=name, values=values))

    def flush(self) -> None:
        """Publish what waits, at most so many data reports."""
        waiting, room = self._waiting, PER_STEP
        while waiting and room:
            message = waiting.popleft()
            if isinstance(message, Report):
                room -= 1
                self._bus.publish(REPORT, message)
            else:
                self._bus.publish(COMMAND_REPORT, message)

    def _put(self, now_ns: int, command: Command, stage: Stage, label: str, values: tuple[float, ...]) -> None:
        code = failure_code(label) if label else 0
        report = CommandReport(
            time_ns=now_ns, request=command.request, stage=stage, code=code, values=values, ack=command.ack
        )
        self._waiting.append(report)

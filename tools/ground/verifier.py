"""What is known of a command that was sent: one state a stage, and a verdict. No I/O, no clock.

A stage that failed turns all later ones to n/a. A stage of which nothing was heard in time is unknown, never failed:
the command may well have been carried out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from fsw.catalogue.failures import FAILURE_BY_CODE, failure_text
from fsw.packets.pus import ACK_ACCEPTANCE, ACK_COMPLETION, ACK_PROGRESS, ACK_START
from fsw.packets.verification import FAILED_ROUTING, Verification

COMPLETED, NOT_ACCEPTED, FAILED, UNKNOWN = 0, 4, 5, 6  # exit codes


class State(Enum):
    """What is known of one stage."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "n/a"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRow:
    """One stage. `utc_ns` is when the ground learnt of it, `elapsed_ns` counts from QUEUED."""

    stage: str
    state: State = State.PENDING
    utc_ns: int | None = None
    elapsed_ns: int | None = None
    step: int | None = None
    code: int = 0
    label: str = ""
    text: str = ""
    values: tuple[float, ...] = ()


GROUND_STAGES = ("QUEUED", "RELEASED", "SENT", "LINK-ACK")
FLIGHT_STAGES = {
    "ACCEPTED": (1, ACK_ACCEPTANCE),
    "STARTED": (3, ACK_START),
    "PROGRESS": (5, ACK_PROGRESS),
    "COMPLETED": (7, ACK_COMPLETION),
}
STAGES = (*GROUND_STAGES, *FLIGHT_STAGES)
WAITABLE = ("accepted", "started", "completed")


class Verifier:
    """Follows one request. `wait` is the stage after which the command counts as done as asked.

    `has_link_ack` says that the link itself tells what the board has: COP-1 does, packets without frames do not.
    """

    def __init__(
        self, request: int, ack: int = 0xF, wait: str = "completed", has_link_ack: bool = False
    ) -> None:  # fmt: skip
        self.request = request
        self._wait = wait.upper()
        self._rows = {stage: StageRow(stage=stage) for stage in STAGES}
        self._start_ns: int | None = None
        if not has_link_ack:
            self._set("LINK-ACK", state=State.NOT_APPLICABLE)
        for stage, (_subtype, flag) in FLIGHT_STAGES.items():
            if not ack & flag:
                self._set(stage, state=State.NOT_APPLICABLE)

    @property
    def rows(self) -> tuple[StageRow, ...]:
        """All stages in order."""
        return tuple(self._rows.values())

    @property
    def verdict(self) -> int | None:
        """The exit code; None while there is still something to wait for."""
        for stage, row in self._rows.items():
            if row.state is State.FAILED:
                return NOT_ACCEPTED if stage == "ACCEPTED" else FAILED
        awaited = self._rows[self._wait].state
        if awaited is State.UNKNOWN:
            return UNKNOWN
        return COMPLETED if awaited is State.DONE else None

    def mark(self, stage: str, utc_ns: int) -> StageRow:
        """A stage that the ground itself has reached."""
        if self._start_ns is None:
            self._start_ns = utc_ns
        return self._set(stage, state=State.DONE, utc_ns=utc_ns, elapsed_ns=utc_ns - self._start_ns)

    def take(self, report: Verification, utc_ns: int) -> StageRow | None:
        """A report from the spacecraft; None when it is not about this command, or tells nothing new."""
        if report.request != self.request:
            return None
        subtype = 2 if report.subtype == FAILED_ROUTING else report.subtype
        stage = next(name for name, (success, _) in FLIGHT_STAGES.items() if success in (subtype, subtype - 1))
        if self._rows[stage].state is State.FAILED or self._is_repeated(stage, report):
            return None
        row = self.mark(stage, utc_ns)
        if report.is_failure:
            return self._fail(stage, report)
        if stage == "PROGRESS":
            row = self._set(stage, step=report.step)
        elif stage == "COMPLETED":
            self._close_before(stage)
        return row

    def expire(self) -> list[StageRow]:
        """Give up waiting: what is still pending is unknown."""
        pending = [stage for stage, row in self._rows.items() if row.state is State.PENDING]
        return [self._set(stage, state=State.UNKNOWN) for stage in pending]

    def _close_before(self, stage: str) -> None:
        """No report can still be meant for the stages before: a lost one is unknown, no progress is none."""
        for name in STAGES[: STAGES.index(stage)]:
            if self._rows[name].state is State.PENDING:
                self._set(name, state=State.NOT_APPLICABLE if name == "PROGRESS" else State.UNKNOWN)

    def _is_repeated(self, stage: str, report: Verification) -> bool:
        return self._rows[stage].state is State.DONE and not report.is_failure and stage != "PROGRESS"

    def _fail(self, stage: str, report: Verification) -> StageRow:
        known = FAILURE_BY_CODE.get(report.code)
        self._close_before(stage)
        later = STAGES[STAGES.index(stage) + 1 :]
        for name in later:
            self._set(name, state=State.NOT_APPLICABLE)
        return self._set(
            stage,
            state=State.FAILED,
            code=report.code,
            label=known.label if known else "",
            text=failure_text(report.code, report.values),
            values=report.values,
        )

    def _set(self, stage: str, **changes: object) -> StageRow:
        self._rows[stage] = replace(self._rows[stage], **changes)  # type: ignore[arg-type]
        return self._rows[stage]

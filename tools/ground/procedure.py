"""A stack of commands: its file, and how it is carried out step by step.

{"steps": [{"name": "set_parameter", "args": {"parameter": "temp_margin_c", "value": "2.5degC"},
            "advance_on": "completed", "delay_s": 2, "expect": "temp_margin_c == 2.5", "within_s": 30,
            "stop_on_failure": true, "timeout_s": 15, "comment": "warm season"}]}
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsw.catalogue.commands import CommandRow
from fsw.catalogue.wire import Value
from fsw.packets.security.errors import SecurityError
from hal.clock import SECOND_NS
from tools.ground.arguments import ArgumentError, RangeError, find_command, find_name, parse_arguments
from tools.ground.awaiting import await_telemetry
from tools.ground.following import Order, Sender
from tools.ground.hazard import is_hazardous
from tools.ground.link import LinkDown
from tools.ground.predicate import Predicate, parse_predicate
from tools.ground.verifier import WAITABLE

STEPS_MOST = 1_000
KEYS = ("name", "args", "advance_on", "delay_s", "expect", "within_s", "stop_on_failure", "timeout_s", "comment")
DONE, REFUSED, UNEXPECTED, LINK_DOWN, KEYS_REFUSED = 0, 3, 5, 7, 8  # exit codes


class StackError(ArgumentError):
    """A file that is no stack; one line for each thing that is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command and what must be so before the next. `number` counts from 1."""

    number: int
    row: CommandRow
    values: tuple[Value, ...]
    typed: str
    advance_on: str = "completed"
    delay_s: float = 0.0
    expect: str = ""
    within_s: float = 30.0
    stop_on_failure: bool = True
    timeout_s: float = 15.0
    comment: str = ""

    @property
    def predicate(self) -> Predicate | None:
        """What telemetry is to say afterwards; None where nothing is expected."""
        return parse_predicate(self.expect) if self.expect else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What became of a step. `code` is an exit code."""

    step: Step
    code: int
    detail: str
    elapsed_s: float


def read_stack(path: Path) -> tuple[Step, ...]:
    """The steps of a file, every one of them checked; raises StackError with all that is wrong, OSError."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StackError(f"{path}: is no JSON: {error}") from error
    rows = table.get("steps") if isinstance(table, dict) else table
    if not isinstance(rows, list) or not 0 < len(rows) <= STEPS_MOST:
        raise StackError(f'{path}: a stack is {{"steps": [...]}} with 1 to {STEPS_MOST} steps')
    steps, wrong = [], []
    for number, row in enumerate(rows, 1):
        try:
            steps.append(_step(number, row))
        except ArgumentError as error:
            wrong.append(f"{path}, step {number}: {error}")
    if wrong:
        raise StackError("\n".join(wrong))
    return tuple(steps)


def carry_out(sender: Sender, steps: tuple[Step, ...]) -> Iterator[StepResult]:
    """Step by step, until one fails that must not; a hazardous one always ends it, for a person has to fire it."""
    clock = sender.session.clock
    for step in steps:
        start_ns = clock.now_ns()
        code, detail = _carry_out(sender, step)
        yield StepResult(step=step, code=code, detail=detail, elapsed_s=(clock.now_ns() - start_ns) / SECOND_NS)
        if code in (REFUSED, LINK_DOWN, KEYS_REFUSED) or (code != DONE and step.stop_on_failure):
            return


def _carry_out(sender: Sender, step: Step) -> tuple[int, str]:
    if is_hazardous(step.row):
        arm, resume = f"penumbra gnd cmd arm {step.typed}", f"--resume-from {step.number + 1}"
        return REFUSED, f"{step.row.name} is hazardous: {arm}, fire what it says, then {resume}"
    session = sender.session
    order = Order(
        row=step.row, values=step.values, typed=step.typed, wait=step.advance_on, timeout_s=step.timeout_s,
        comment=step.comment,
    )  # fmt: skip
    try:
        for _record in session.records(session.clock.now_ns() + round(step.delay_s * SECOND_NS)):
            pass  # listening keeps the link awake
        outcome = sender.send(order)
        if outcome.verdict != DONE:
            return outcome.verdict, outcome.failure or f"not {step.advance_on} within {step.timeout_s:g} s: unknown"
        predicate = step.predicate
        if predicate is not None and not await_telemetry(session, predicate, step.within_s):
            return UNEXPECTED, f"within {step.within_s:g} s: {predicate.state()}"
    except LinkDown as error:
        return LINK_DOWN, str(error)
    except SecurityError as error:
        return KEYS_REFUSED, str(error)
    return DONE, step.expect or step.advance_on


def _step(number: int, row: object) -> Step:
    if not isinstance(row, dict):
        raise StackError("is no object")
    for key in row:
        if key not in KEYS:
            raise StackError(str(_unknown(key)))
    arguments = row.get("args", {})
    if not isinstance(arguments, dict):
        raise StackError('args are {"ARG": VALUE, ...}')
    words = [f"{name}={value}" for name, value in arguments.items()]
    command = find_command(str(row.get("name", "")))
    advance_on = str(row.get("advance_on", "completed"))
    if advance_on not in WAITABLE:
        raise StackError(f"advance_on is {advance_on!r}, accepted are {', '.join(WAITABLE)}")
    expect = str(row.get("expect", ""))
    if expect:
        parse_predicate(expect)
    return Step(
        number=number,
        row=command,
        values=parse_arguments(command, words),
        typed=shlex.join([command.name, *words]),
        advance_on=advance_on,
        expect=expect,
        stop_on_failure=_flag(row, "stop_on_failure", True),
        delay_s=_seconds(row, "delay_s", 0.0),
        within_s=_seconds(row, "within_s", 30.0),
        timeout_s=_seconds(row, "timeout_s", 15.0),
        comment=str(row.get("comment", "")),
    )


def _unknown(key: str) -> ArgumentError:
    try:
        find_name(key, KEYS, "key")
    except ArgumentError as error:
        return error
    return ArgumentError(f"no key {key!r}; keys are written in small letters")


def _seconds(row: dict[str, Any], key: str, default: float) -> float:
    value = row.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value <= 86_400.0:
        raise RangeError(f"{key} is {value!r}, accepted are 0 to 86400 s")
    return float(value)


def _flag(row: dict[str, Any], key: str, default: bool) -> bool:
    value = row.get(key, default)
    if not isinstance(value, bool):
        raise StackError(f"{key} is {value!r}, accepted are true and false")
    return value

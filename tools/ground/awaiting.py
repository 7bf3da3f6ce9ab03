"""Waiting for telemetry to say something: asks for it, and asks again, since one answer may be lost."""

from __future__ import annotations

from collections.abc import Iterable

from fsw.catalogue.structures import STRUCTURES
from hal.clock import SECOND_NS
from tools.ground.arguments import find_command
from tools.ground.predicate import Predicate
from tools.ground.session import Session

ASK_NS = 5 * SECOND_NS  # between two questions: what changes on board is seen soon, and a slow link is not filled
STRUCTURE_OF = {name: row.name for row in STRUCTURES for name in row.parameters}


def ask(session: Session, names: Iterable[str]) -> None:
    """Ask for parameters now: structures for what is in one, single ones else. Raises LinkDown, SecurityError."""
    wanted = list(names)
    for structure in dict.fromkeys(STRUCTURE_OF[name] for name in wanted if name in STRUCTURE_OF):
        session.send(session.build(find_command("report_structure"), (structure,), ack=0))
    for name in wanted:
        if name not in STRUCTURE_OF:
            session.send(session.build(find_command("get_parameter"), (name,), ack=0))


def await_telemetry(session: Session, predicate: Predicate, timeout_s: float) -> bool:
    """Listen until the predicate holds, by values heard from now on; False when the time is up.

    Raises LinkDown, SecurityError.
    """
    predicate.forget()
    until_ns = session.clock.now_ns() + round(timeout_s * SECOND_NS)
    ask_ns = session.clock.now_ns()
    for record in session.records(until_ns):
        if record is not None:
            predicate.take(record)
        if predicate.is_met:
            return True
        if session.clock.now_ns() >= ask_ns:
            ask_ns = session.clock.now_ns() + ASK_NS
            ask(session, predicate.names)
    return False

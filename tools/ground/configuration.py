"""What the board is configured as: digests of all that flies, and every parameter that can be set; and what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fsw.catalogue.apids import APIDS
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.events import EVENTS
from fsw.catalogue.failures import FAILURES
from fsw.catalogue.parameters import PARAMETER_BY_NAME, PARAMETERS
from fsw.catalogue.reports import REPORTS
from fsw.catalogue.rows import NAME_OCTETS
from fsw.catalogue.structures import STRUCTURES
from hal.clock import SECOND_NS
from tools.ground.arguments import ArgumentError, find_command
from tools.ground.awaiting import ask
from tools.ground.decoder import Samples
from tools.ground.following import Order, Sender
from tools.ground.link import LinkDown
from tools.ground.session import Session

SETTABLE = tuple(row.name for row in PARAMETERS if row.is_settable)
AT_ONCE = 8  # questions on their way: no queue on board is filled by them
ROUNDS = 3  # answers get lost
ANSWER_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Digests by what they are of, parameters by name; what the board has not told is missing."""

    digests: Mapping[str, str]
    parameters: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as in the baseline; None where one of both does not have it."""

    item: str
    baseline: str | float | None
    board: str | float | None
    unit: str = ""


def ask_board(session: Session) -> Configuration:
    """What the board says that it is. Raises LinkDown where it does not say, SecurityError."""
    outcome = Sender(session, None).send(
        Order(row=find_command("report_as_flown"), values=(), typed="config", timeout_s=ANSWER_S), linger_s=1.0
    )
    told = [report.values for report in outcome.reports if report.name == "as_flown"]
    if not told:
        raise LinkDown(f"the board does not tell what it flies: {outcome.failure or 'no answer'}")
    found: dict[str, float] = {}
    for _round in range(ROUNDS):
        missing = [name for name in SETTABLE if name not in found]
        for begin in range(0, len(missing), AT_ONCE):
            found |= _values(session, missing[begin : begin + AT_ONCE])
    return Configuration(digests={name: str(value) for name, value in told[-1].items()}, parameters=found)


def shipped() -> Configuration:
    """What the ground's own dictionary says: its digest, and the defaults."""
    defaults = {row.name: row.default for row in PARAMETERS if row.is_settable and row.default is not None}
    return Configuration(digests={"dictionary": dictionary_digest()}, parameters=defaults)


def differences(baseline: Configuration, board: Configuration) -> Iterator[Difference]:
    """What differs, digests first; of digests only those that the baseline has."""
    for name, wanted in baseline.digests.items():
        if board.digests.get(name) != wanted:
            what = "all" if name == "digest" else name
            yield Difference(item=f"digest of {what}", baseline=wanted, board=board.digests.get(name))
    for name in SETTABLE:
        wanted_value, value = baseline.parameters.get(name), board.parameters.get(name)
        if wanted_value != value:
            yield Difference(item=name, baseline=wanted_value, board=value, unit=PARAMETER_BY_NAME[name].unit)


def save(path: Path, configuration: Configuration, saved: str) -> None:
    """Write a baseline; raises OSError."""
    table = {"saved": saved, "digests": dict(configuration.digests), "parameters": dict(configuration.parameters)}
    path.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")


def load(path: Path) -> Configuration:
    """A baseline; raises ArgumentError for a file that is none, OSError."""
    try:
        table: Any = json.loads(path.read_text(encoding="utf-8"))
        digests = {str(name): str(value) for name, value in table["digests"].items()}
        parameters = {str(name): float(value) for name, value in table["parameters"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArgumentError(f"{path} is no baseline; config save writes one") from error
    return Configuration(digests=digests, parameters=parameters)


@cache
def dictionary_digest() -> str:
    """The digest of the ground's dictionary, made as on board; a test holds them together."""
    whole = hashlib.sha256()
    for place, table in enumerate((PARAMETERS, STRUCTURES, EVENTS, COMMANDS, REPORTS, FAILURES, APIDS)):
        for octets in (str(place).encode(), repr(table).encode()):
            whole.update(len(octets).to_bytes(8, "big"))
            whole.update(octets)
    return whole.hexdigest()[:NAME_OCTETS]


def _values(session: Session, names: list[str]) -> dict[str, float]:
    """The parameters that were answered in time."""
    ask(session, names)
    found: dict[str, float] = {}
    for record in session.records(session.clock.now_ns() + round(ANSWER_S * SECOND_NS)):
        if record is not None and isinstance(record.content, Samples):
            values = {sampled.name: sampled.value for sampled in record.content.values if sampled.name in names}
            found |= {name: _number(name, value) for name, value in values.items() if value is not None}
        if len(found) == len(names):
            break
    return found


def _number(name: str, value: float | str) -> float:
    """As set_parameter takes it: a label by its place."""
    return float(PARAMETER_BY_NAME[name].labels.index(value)) if isinstance(value, str) else float(value)

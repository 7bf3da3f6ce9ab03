"""What a person types into the console's line: a command of the dictionary, or a word of the console's own. Pure.

submit_job model=water input=scene:42 value=30 deadline=10min
ack 3 seen, the radiator turns away at 12:10
shelve 4 30min until the sensor is back
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from fsw.catalogue.commands import COMMANDS, CommandRow
from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.parameters import PARAMETER_BY_NAME, PARAMETERS
from fsw.catalogue.rows import Field, Wire
from fsw.catalogue.structures import STRUCTURE_BY_NAME
from fsw.catalogue.wire import Value
from tools.ground.arguments import ArgumentError, find_command, find_name, parse_arguments, parse_number, usage

PAGES = ("all", "power", "thermal", "governor", "events", "link", "alarms", "values", "sent")
WORDS = {
    "ack": "ack NUMBER|all [COMMENT]: you have seen an alarm",
    "shelve": "shelve NUMBER DURATION [COMMENT]: an alarm out of the way, until an end",
    "unshelve": "unshelve NUMBER: back before its end",
    "page": f"page {'|'.join(PAGES)}: what is shown",
    "quit": "quit: leave the console; the spacecraft does not notice",
}
SETTABLE = tuple(row.name for row in PARAMETERS if row.is_settable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A telecommand. `text` is as typed."""

    text: str
    row: CommandRow
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """`number` None: all that are new."""

    number: int | None
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelve:
    """`seconds` None: back from the shelf."""

    number: int
    seconds: float | None
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """To another page."""

    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quit:
    """Leave."""


Said = Command | Acknowledge | Shelve | Turn | Quit


def understand(line: str) -> Said:
    """What a line means; raises ArgumentError, RangeError."""
    first, _, rest = line.strip().partition(" ")
    if first.lower() in WORDS:
        return _own(first.lower(), rest.strip())
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ArgumentError(f"a quote is not closed: {error}") from error
    if not words:
        raise ArgumentError("nothing is typed")
    row = find_command(find_name(words[0], [*WORDS, *(row.name for row in COMMANDS)], "command"))
    return Command(text=line.strip(), row=row, values=parse_arguments(row, words[1:]))


def _own(word: str, rest: str) -> Said:
    first, _, more = rest.partition(" ")
    match word:
        case "quit":
            return Quit()
        case "page":
            return Turn(page=find_name(first, PAGES, "page"))
        case "ack":
            return Acknowledge(number=None if first.lower() == "all" else _number(word, first), comment=more.strip())
        case "unshelve":
            return Shelve(number=_number(word, first), seconds=None)
    duration, _, comment = more.strip().partition(" ")
    if not duration:
        raise ArgumentError(WORDS[word])
    seconds = float(parse_number(duration, "s"))
    return Shelve(number=_number(word, first), seconds=seconds, comment=comment.strip())


def _number(word: str, text: str) -> int:
    if not text.isdecimal():
        raise ArgumentError(WORDS[word])
    return int(text)


def complete(line: str) -> tuple[str, ...]:
    """The lines that this one may become, each one word longer or whole; none where nothing is known.

    >>> complete("set_mode mode=s")
    ('set_mode mode=SAFE',)
    >>> complete("hold")
    ('hold_jobs',)
    """
    head, space, last = line.rpartition(" ")
    if not space:
        names = [*(row.name for row in COMMANDS), *WORDS]
        return tuple(name for name in names if name.startswith(last.lower()) and name != last)
    return tuple(f"{head} {word}" for word in _words(head, last) if word != last)


def _words(head: str, last: str) -> list[str]:
    first = head.split()[0].lower() if head.split() else ""
    if first == "page":
        return _beginning(PAGES, last)
    row = next((row for row in COMMANDS if row.name == first.replace("-", "_")), None)
    if row is None:
        return []
    name, separator, typed = last.partition("=")
    if separator:
        before, comma, item = typed.rpartition(",")
        field = next((field for field in row.fields if field.name == name.lower()), None)
        names = [] if field is None else _beginning(_known(row, field), item)
        return [f"{name}={before}{comma}{found}" for found in names]
    given = {word.partition("=")[0].lower() for word in head.split()[1:]}
    return [f"{field}=" for field in _beginning([f.name for f in row.fields if f.name not in given], last)]


def _known(row: CommandRow, field: Field) -> Iterable[str]:
    """What an argument may be, as far as the dictionary knows."""
    if row.name == "set_parameter" and field.wire is Wire.PARAMETER:
        return SETTABLE
    match field.wire:
        case Wire.PARAMETER | Wire.PARAMETERS:
            return PARAMETER_BY_NAME
        case Wire.EVENT | Wire.EVENTS:
            return EVENT_BY_NAME
        case Wire.COMMAND:
            return [command.name for command in COMMANDS]
        case Wire.STRUCTURE:
            return STRUCTURE_BY_NAME
    return field.labels


def _beginning(names: Iterable[str], typed: str) -> list[str]:
    return [name for name in names if name.lower().startswith(typed.lower())]


def agreement(lines: Sequence[str]) -> str:
    """What all lines begin with.

    >>> agreement(["enable_event", "enable_monitor"])
    'enable_'
    """
    if not lines:
        return ""
    first, last = min(lines), max(lines)  # the first and the last in order differ soonest
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(letter for letter, _ in same)


def hint(line: str) -> str:
    """How what is being typed goes on: the usage of its command with its meaning; nothing for an empty line."""
    first = line.split()[0].lower().replace("-", "_") if line.split() else ""
    if first in WORDS:
        return WORDS[first]
    row = next((row for row in COMMANDS if row.name == first), None)
    if row is not None:
        return f"{usage(row)}  ({row.hazard.name.lower()}) {row.meaning}"
    found = complete(line) if first else ()
    return "  ".join(found[:12])

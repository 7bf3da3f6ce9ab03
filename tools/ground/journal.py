"""What the history says of commands: a line before each one leaves, and a line once its verdict is known.

A command whose second line is missing is "open": the tool that sent it was ended before it knew. Whether it left, and
what became of it, telemetry alone can say.
"""

from __future__ import annotations

import math
import os
import platform
import pwd
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fsw.catalogue.commands import CommandRow
from fsw.packets.pus import Telecommand
from hal.clock import SECOND_NS
from tools.ground.clock import GroundClock, iso
from tools.ground.history import Entry, History, HistoryError
from tools.ground.verifier import COMPLETED, FAILED, NOT_ACCEPTED, UNKNOWN, StageRow, Verifier

DEFAULT = Path("history/commands.jsonl")
VERDICTS = {COMPLETED: "completed", NOT_ACCEPTED: "not accepted", FAILED: "failed", UNKNOWN: "unknown"}
OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who sends, from where, and why."""

    operator: str
    host: str
    comment: str = ""


def author(operator: str | None = None, comment: str = "") -> Author:
    """The person of this process, under the login name unless told otherwise."""
    return Author(operator=operator or _login(), host=platform.node(), comment=comment)


class Journal:
    """Writes what one person sends. Its methods raise HistoryError; then nothing may be sent."""

    def __init__(self, history: History, author: Author, clock: GroundClock) -> None:
        self._history, self._author, self._clock = history, author, clock

    def begin(self, telecommand: Telecommand, row: CommandRow, typed: str, comment: str = "") -> int:
        """Before it leaves; gives the number of the line. Durable when this returns."""
        line = self._append(
            {
                "kind": "sending",
                "utc": iso(self._clock.utc_ns()),
                "operator": self._author.operator,
                "host": self._author.host,
                "comment": comment or self._author.comment,
                "command": row.name,
                "typed": typed,
                "request": f"{telecommand.request:#010x}",
                "octets": telecommand.pack().hex(),
            }
        )
        return int(line["n"])

    def end(self, number: int, verifier: Verifier, trouble: str = "") -> None:
        """Its verdict is known, or nobody waits for it any more."""
        code = UNKNOWN if verifier.verdict is None else verifier.verdict
        stages = [stage_line(row) for row in verifier.rows]
        known = {"verdict": VERDICTS[code], "trouble": trouble, "stages": stages}
        self._append({"kind": "ended", "of": number, "utc": iso(self._clock.utc_ns()), **known})

    def _append(self, entry: Entry) -> Entry:
        try:
            return self._history.append(entry)
        except OSError as error:
            raise HistoryError(f"{self._history.path}: {error.strerror}; no command is sent without history") from error


def commands_of(entries: Iterable[Entry]) -> list[dict[str, object]]:
    """One row a command, in the order in which they were sent, with verdict and stages where they are known."""
    rows: dict[int, dict[str, object]] = {}
    for entry in entries:
        if entry.get("kind") == "sending":
            told = {name: value for name, value in entry.items() if name not in ("kind", "previous", "hash")}
            rows[int(entry["n"])] = {**told, "verdict": OPEN, "trouble": "", "ended": None, "stages": []}
        elif entry.get("kind") == "ended" and entry.get("of") in rows:
            found = {name: entry[name] for name in ("verdict", "trouble", "stages")}
            rows[int(entry["of"])].update(found, ended=entry["utc"])
    return list(rows.values())


def stage_line(row: StageRow) -> dict[str, object]:
    """One stage as history and scripts have it."""
    return {
        "stage": row.stage,
        "state": row.state.value,
        "utc": None if row.utc_ns is None else iso(row.utc_ns),
        "elapsed_s": None if row.elapsed_ns is None else round(row.elapsed_ns / SECOND_NS, 3),
        "code": row.code,
        "label": row.label,
        "values": [value if math.isfinite(value) else str(value) for value in row.values],
        "detail": row.text or (f"step {row.step}" if row.step is not None else ""),
    }


def _login() -> str:
    """The login name by the user's number: the environment could say anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"

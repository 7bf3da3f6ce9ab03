"""Who sent what: a file of JSON lines that is only appended to, each line bound to the one before by its hash.

    {"n": 12, "utc": ..., "kind": "sent", "command": "1842c005-...", ..., "previous": HASH, "hash": HASH}

`hash` is SHA-256 over the line without it, keys sorted, no blanks. Whoever changes, drops or puts in a line breaks the
chain at that place; whoever cuts the end must have the last hash from elsewhere, so `append` gives it. A line that a
crash tore off was never acknowledged: it is moved to `FILE.torn` before the next one is written.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

FIRST = "0" * 64  # `previous` of the first line
TAIL_OCTETS = 64 << 10  # the last line is looked for in so much of the end; a line is 1 kB
Entry = Mapping[str, Any]


class HistoryError(Exception):
    """A history that is not what was written, with the place."""


class History:
    """The history in one file. Several processes may append to it at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, entry: Entry) -> Entry:
        """Add a line, durable when this returns; gives it with its number and hashes."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file, _locked(file):
            last = self._last(file)
            line = {**entry, "n": last.get("n", 0) + 1, "previous": last.get("hash", FIRST)}
            line["hash"] = digest(line)
            file.write(json.dumps(line, sort_keys=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return line

    def entries(self) -> Iterator[Entry]:
        """Every whole line, in order; none where there is no file. Raises HistoryError for a line that is no entry."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n"):  # else it is being written, or was torn off
                    yield self._parsed(line, number)

    def verify(self) -> str:
        """The hash of the last line, the chain being whole; raises HistoryError where it is not."""
        previous, number = FIRST, 0
        for number, entry in enumerate(self.entries(), 1):
            place = f"{self.path}, line {number}"
            if entry.get("n") != number or entry.get("previous") != previous:
                raise HistoryError(f"{place}: does not follow the line before it; a line was removed, added or moved")
            if entry.get("hash") != digest(entry):
                raise HistoryError(f"{place}: its hash does not fit; the line was changed")
            previous = str(entry["hash"])
        return previous

    def _last(self, file: IO[bytes]) -> Entry:
        """The last whole line; what is behind it is put aside."""
        size = file.seek(0, os.SEEK_END)
        begin = max(0, size - TAIL_OCTETS)
        file.seek(begin)
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            with self.path.with_name(f"{self.path.name}.torn").open("ab") as torn:
                torn.write(tail[whole:] + b"\n")
            file.truncate(begin + whole)
        if not whole:
            return {}
        return self._parsed(tail[:whole].splitlines()[-1], 0)

    def _parsed(self, line: bytes, number: int) -> Entry:
        try:
            entry = json.loads(line)
        except ValueError as error:
            where = f"line {number}" if number else "last line"
            raise HistoryError(
                f"{self.path}, {where}: is no JSON; move the file away to begin a new history"
            ) from error
        if not isinstance(entry, dict):
            raise HistoryError(f"{self.path}: a line is {type(entry).__name__}, not an entry")
        return entry


def digest(entry: Entry) -> str:
    """SHA-256 of an entry without its own hash."""
    content = {name: value for name, value in entry.items() if name != "hash"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@contextmanager
def _locked(file: IO[bytes]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)

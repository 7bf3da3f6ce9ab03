"""The intake folder: `NAME.npy` or `NAME.npz` beside the ticket `NAME.toml`.

    kind = "imaging"          # keys of a Ticket without `ref`, which is NAME
    model = "water"
    value = 1.0
    deadline_s = 5400.0
    tenant = "mission"        # may be left out
    rows = 48                 # of the array; may be left out, then they are counted when the job begins

Write the array first, then the ticket under another ending, then rename it to `.toml`: a ticket is taken as soon as it
bears that ending. Policy: when the folder holds more than its quota, the oldest input that was not yet taken is
deleted, counted in `refused`; taken inputs stay until they are discarded. A ticket that cannot be read is renamed to
`NAME.bad`, counted in `malformed`, and goes first when the folder is full.
"""

from __future__ import annotations

import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hal.config import ConfigError, build, read_toml
from hal.errors import PortError
from hal.ports.intake import POLL_LIMIT, Array, Ticket
from hal.reading import Reason

SCAN_LIMIT = 4_096  # folder entries looked at in a poll
TICKET_LIMIT = 4_096  # octets
_ARRAYS = (".npy", ".npz")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    age_ns: int  # time of the last change: the order of arrival
    name: str
    suffix: str
    size_bytes: int


class FolderIntake:
    """The inputs in the folder `root`, which is made where it is missing, bounded to `quota_bytes`."""

    def __init__(self, root: Path, quota_bytes: int) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._quota_bytes = quota_bytes
        self._taken: set[str] = set()
        self.refused = 0
        self.malformed = 0

    def poll(self) -> tuple[Ticket, ...]:
        try:
            return self._fresh(self._within_quota(self._scan()))
        except OSError as error:
            raise PortError(Reason.BUS, f"the intake folder: {error.strerror}") from error

    def load(self, ref: str) -> Array:
        if _NAME.fullmatch(ref) is None:
            raise PortError(Reason.ABSENT, f"{ref!r} is no input name")
        try:
            return self._read(ref)
        except FileNotFoundError as error:
            raise PortError(Reason.ABSENT, f"{ref}: no such input") from error
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise PortError(Reason.CORRUPT, f"{ref}: {error}") from error

    def discard(self, ref: str) -> None:
        if _NAME.fullmatch(ref) is not None:
            self._remove(ref)
            self._taken.discard(ref)

    def _fresh(self, entries: list[_Entry]) -> tuple[Ticket, ...]:
        """The tickets among `entries` that were not offered before."""
        arrays = {entry.name for entry in entries if entry.suffix in _ARRAYS}
        fresh = [e.name for e in entries if e.suffix == ".toml" and e.name in arrays and e.name not in self._taken]
        tickets = [ticket for name in fresh[:POLL_LIMIT] if (ticket := self._ticket(name)) is not None]
        self._taken.update(ticket.ref for ticket in tickets)
        return tuple(tickets)

    def _read(self, ref: str) -> Array:
        plain = self._root / f"{ref}.npy"
        if plain.exists():
            return np.asarray(np.load(plain, allow_pickle=False))
        packed = self._root / f"{ref}.npz"
        with zipfile.ZipFile(packed) as archive:
            size_bytes = sum(item.file_size for item in archive.infolist())
        if size_bytes > self._quota_bytes:
            raise ValueError(f"unpacks to {size_bytes} octets, more than the quota")
        with np.load(packed, allow_pickle=False) as arrays:
            if not arrays.files:
                raise ValueError("holds no array")
            return np.asarray(arrays[arrays.files[0]])

    def _scan(self) -> list[_Entry]:
        """The entries with our endings, oldest first."""
        entries: list[_Entry] = []
        with os.scandir(self._root) as listing:
            for item, _ in zip(listing, range(SCAN_LIMIT), strict=False):
                name, suffix = os.path.splitext(item.name)  # noqa: PTH122 - a pathlib object for each is slow
                if suffix in (".toml", ".bad", *_ARRAYS) and _NAME.fullmatch(name):
                    entries += _entry(item, name, suffix)
        return sorted(entries, key=lambda entry: (entry.age_ns, entry.name))

    def _within_quota(self, entries: list[_Entry]) -> list[_Entry]:
        """Delete what is over the quota: malformed first, then the oldest not taken; what is left."""
        excess = sum(entry.size_bytes for entry in entries) - self._quota_bytes
        if excess <= 0:
            return entries
        bad = [entry.name for entry in entries if entry.suffix == ".bad"]
        names = dict.fromkeys([*bad, *(entry.name for entry in entries)])
        for name in names:
            if excess <= 0:
                break
            if name not in self._taken:
                excess -= sum(entry.size_bytes for entry in entries if entry.name == name)
                entries = [entry for entry in entries if entry.name != name]
                self.refused += name not in bad
                self._remove(name)
        return entries

    def _ticket(self, name: str) -> Ticket | None:
        path = self._root / f"{name}.toml"
        try:
            if path.stat().st_size > TICKET_LIMIT:
                raise ConfigError(path.name, "", f"is longer than {TICKET_LIMIT} octets")
            return build(Ticket, read_toml(path) | {"ref": name}, path.name)
        except FileNotFoundError:
            return None
        except ConfigError:
            self.malformed += 1
            path.replace(path.with_suffix(".bad"))
            return None

    def _remove(self, name: str) -> None:
        for suffix in (".toml", ".bad", *_ARRAYS):
            (self._root / f"{name}{suffix}").unlink(missing_ok=True)


def _entry(item: os.DirEntry[str], name: str, suffix: str) -> list[_Entry]:
    try:
        status = item.stat(follow_symlinks=False)
    except FileNotFoundError:  # gone since the listing
        return []
    return [_Entry(age_ns=status.st_mtime_ns, name=name, suffix=suffix, size_bytes=status.st_size)]

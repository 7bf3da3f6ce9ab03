"""The folders that files are delivered to and fetched from: bounded, and a file is there whole or not at all.

models     packages that wait for their activation; full: what was activated goes, then newcomers are refused
inbox      inputs of jobs and their tickets; full: newcomers are refused
results    what jobs made; full: the oldest go
stores     the recorder's files; they can be read, never written
snapshots  stores as they were when somebody asked for them; ours alone

A file that is being received lies in the spool until it is whole. Every refusal is an OSError, mostly FileRefused.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from fsw.files.names import FileName, FileRefused, file_name, parse_name
from fsw.files.spool import Spool, read_at, sync

FILES_MAX = 4096  # of one repository: what a list can have
MEBIBYTE = 1 << 20
MODEL_QUOTA = 1024 * MEBIBYTE  # two packages of the largest size that a worker takes
INBOX_QUOTA = 256 * MEBIBYTE  # the intake's own
RESULTS_QUOTA = 1024 * MEBIBYTE
SPOOL_QUOTA = 1024 * MEBIBYTE
TAKEN_MARK = "manifest.toml"  # without octets it says that the package beside it was activated


class WhenFull(Enum):
    """What makes room for a newcomer."""

    REFUSE = "refuse"
    DROP_OLDEST = "drop_oldest"
    DROP_TAKEN = "drop_taken"  # folders whose TAKEN_MARK is empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One folder. `depth` is how many parts a name in it has; `is_live` files change while they are read."""

    name: str
    folder: Path
    quota_octets: int
    depth: int = 1
    when_full: WhenFull = WhenFull.REFUSE
    is_writable: bool = True
    is_live: bool = False


class Entry:
    """A file that is there."""

    __slots__ = ("age_ns", "name", "size")

    def __init__(self, name: FileName, size: int, age_ns: int) -> None:
        self.name, self.size, self.age_ns = name, size, age_ns


def flight_repositories(root: Path) -> Repositories:
    """Those of a run folder, as its other services know them."""
    rows = (
        Repository(
            name="models",
            folder=root / "models" / "staging",
            quota_octets=MODEL_QUOTA,
            depth=2,
            when_full=WhenFull.DROP_TAKEN,
        ),
        Repository(name="inbox", folder=root / "intake", quota_octets=INBOX_QUOTA),
        Repository(
            name="results", folder=root / "results", quota_octets=RESULTS_QUOTA, depth=2, when_full=WhenFull.DROP_OLDEST
        ),
        Repository(name="stores", folder=root / "store", quota_octets=0, depth=2, is_writable=False, is_live=True),
        Repository(name="snapshots", folder=root / "files" / "snapshots", quota_octets=RESULTS_QUOTA),
    )
    return Repositories(rows, Spool(root / "files" / "spool", SPOOL_QUOTA))


class Repositories:
    """Fills the port `fsw.cfdp.files.Files`, and more. `is_used` says of a file whether a transfer needs it.

    `dropped` collects the names that a policy has deleted, until `take_dropped` fetches them.
    """

    def __init__(self, rows: Sequence[Repository], spool: Spool) -> None:
        self.spool = spool
        self._rows = {row.name: row for row in rows}
        self._expected: dict[str, tuple[FileName, int]] = {}  # by partial: what it will be, and its size
        self._dropped: list[FileName] = []
        self.is_used: Callable[[FileName], bool] = lambda _name: False

    def row(self, name: FileName) -> Repository:
        """The repository of a name; raises FileRefused where there is none, or where the name is too deep for it."""
        row = self._rows.get(name.repository)
        if row is None:
            raise FileRefused("no_such_repository", f"no repository {name.repository}", errno.ENOENT)
        file_name(name.repository, name.path, row.depth)
        return row

    def path(self, name: FileName) -> Path:
        """Where a file lies or will lie."""
        return self.row(name).folder / name.path

    def entries(self, repository: str) -> list[Entry]:
        """The files of a repository, by name, at most FILES_MAX. Raises FileRefused."""
        row = self._rows.get(repository)
        if row is None:
            raise FileRefused("no_such_repository", f"no repository {repository}", errno.ENOENT)
        found = zip(_walk(row.folder, row.depth, ""), range(FILES_MAX), strict=False)
        entries = [entry for item, _ in found if (entry := _entry(repository, *item)) is not None]
        return sorted(entries, key=lambda entry: entry.name)

    def is_expected(self, name: FileName) -> bool:
        """A file of this name is on its way here."""
        return any(name == expected for expected, _ in self._expected.values())

    def delete(self, name: FileName) -> None:
        """Take a file away, durably. Raises OSError."""
        row, path = self.row(name), self._there(name)
        if not row.is_writable:
            raise FileRefused("read_only", f"{row.name} cannot be written to")
        if self.is_used(name):
            raise FileRefused("file_locked", f"{name} is in use by a transfer", errno.EBUSY)
        path.unlink()
        if path.parent != row.folder and not any(path.parent.iterdir()):
            path.parent.rmdir()
            path = path.parent
        sync(path.parent)

    def take_dropped(self) -> list[FileName]:
        """What policies have deleted since the last call."""
        dropped, self._dropped = self._dropped, []
        return dropped

    def size(self, name: str) -> int:
        return self._there(parse_name(name)).stat().st_size

    def read(self, name: str, offset: int, octets: int) -> bytes:
        return read_at(self._there(parse_name(name)), offset, octets)

    def begin(self, partial: str, name: str, size: int) -> None:
        checked = parse_name(name)
        row = self.row(checked)
        if not row.is_writable:
            raise FileRefused("read_only", f"{row.name} cannot be written to")
        self._make_room(row, checked, size)
        self._expected[partial] = checked, size

    def write(self, partial: str, offset: int, data: bytes) -> None:
        self.spool.write(partial, offset, data)

    def read_back(self, partial: str, offset: int, octets: int) -> bytes:
        return self.spool.read(partial, offset, octets)

    def sync(self, partial: str) -> None:
        self.spool.sync(partial)

    def commit(self, partial: str, name: str) -> None:
        self.spool.publish(partial, self.path(parse_name(name)))
        self._expected.pop(partial, None)

    def discard(self, partial: str) -> None:
        self._expected.pop(partial, None)
        self.spool.discard(partial)

    def _there(self, name: FileName) -> Path:
        """Where a file lies; raises FileRefused where there is none. A link is no file."""
        path, folder = self.path(name), self.row(name).folder
        if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            raise FileRefused("no_such_file", f"no file {name}", errno.ENOENT)
        return path

    def _make_room(self, row: Repository, name: FileName, size: int) -> None:
        """Raises FileRefused where a newcomer of `size` does not fit, also after the policy has done what it may."""
        entries = self.entries(row.name)
        promised = [(other, octets) for other, octets in self._expected.values() if other.repository == row.name]
        kept = [entry for entry in entries if entry.name != name]
        excess = sum(entry.size for entry in kept) + sum(octets for _, octets in promised) + size - row.quota_octets
        if size > row.quota_octets or len(kept) + len(promised) >= FILES_MAX:
            raise FileRefused("no_room", f"{row.name} is full", errno.ENOSPC)
        for group in self._droppable(row, kept):
            if excess <= 0:
                return
            for entry in group:
                self.delete(entry.name)
                self._dropped.append(entry.name)
                excess -= entry.size
        if excess > 0:
            raise FileRefused("no_room", f"{row.name} is full: {excess} octets too many", errno.ENOSPC)

    def _droppable(self, row: Repository, entries: list[Entry]) -> list[list[Entry]]:
        """What may go for a newcomer, in order; a package goes whole."""
        free = [entry for entry in entries if not self.is_used(entry.name)]
        if row.when_full is WhenFull.DROP_OLDEST:
            return [[entry] for entry in sorted(free, key=lambda entry: (entry.age_ns, entry.name))]
        if row.when_full is WhenFull.REFUSE:
            return []
        taken = {_folder(entry) for entry in free if entry.name.path.endswith(f"/{TAKEN_MARK}") and not entry.size}
        return [[entry for entry in free if _folder(entry) == folder] for folder in sorted(taken)]


def _folder(entry: Entry) -> str:
    return entry.name.path.rpartition("/")[0]


def _walk(folder: Path, depth: int, prefix: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """The plain files under `folder` with names that a transfer can have."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as listing:
        for item in listing:
            path = f"{prefix}{item.name}"
            if item.name.startswith("."):  # not whole yet
                continue
            if item.is_dir(follow_symlinks=False) and depth > 1:
                yield from _walk(Path(item.path), depth - 1, f"{path}/")
            elif item.is_file(follow_symlinks=False):
                yield path, item


def _entry(repository: str, path: str, item: os.DirEntry[str]) -> Entry | None:
    """None where another service has taken the file away since the listing."""
    try:
        status = item.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Entry(FileName(repository, path), status.st_size, status.st_mtime_ns)

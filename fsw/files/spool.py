"""Where files lie until they are whole: one folder, on the file system of the repositories, bounded as a whole.

A file gets its name by one rename, after its octets are on the disk: nobody ever sees a part of one under its name.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from fsw.files.names import FileRefused


class Spool:
    """Partial files by name, `limit` octets together, gaps in them included. Every refusal is an OSError."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit
        self._ends: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, partial: str, offset: int, data: bytes) -> None:
        """Write a segment; the partial file comes to be by it."""
        before = self._ends.get(partial, 0)
        end = max(offset + len(data), before)
        if sum(self._ends.values()) - before + end > self._limit:
            raise FileRefused("no_room", f"{partial}: the spool is full", errno.ENOSPC)
        handle = os.open(self._folder / partial, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.pwrite(handle, data, offset) != len(data):
                raise OSError(errno.ENOSPC, "written in part", partial)
        finally:
            os.close(handle)
        self._ends[partial] = end

    def read(self, partial: str, offset: int, octets: int) -> bytes:
        """At most `octets` of a partial file."""
        return read_at(self._folder / partial, offset, octets)

    def sync(self, partial: str) -> None:
        """Return when what was written survives a power cut."""
        sync(self._folder / partial)

    def publish(self, partial: str, path: Path) -> None:
        """The partial file is at `path` from now on, durably."""
        source = self._folder / partial
        path.parent.mkdir(parents=True, exist_ok=True)
        source.touch(mode=0o600)  # a file without octets was never written to
        source.chmod(0o644)
        sync(source)
        source.replace(path)
        sync(path.parent)
        sync(path.parent.parent)
        self._ends.pop(partial, None)

    def discard(self, partial: str) -> None:
        """Forget a partial file, if it is there."""
        self._ends.pop(partial, None)
        (self._folder / partial).unlink(missing_ok=True)

    def keep_only(self, partials: set[str]) -> None:
        """After a restart: of the partial files that are there, these are gone on with."""
        for path in sorted(self._folder.iterdir()):
            if path.name in partials:
                self._ends[path.name] = path.stat().st_size
            else:
                path.unlink(missing_ok=True)

    def holds(self, partial: str) -> bool:
        """A partial file of that name is there."""
        return (self._folder / partial).is_file()


def read_at(path: Path, offset: int, octets: int) -> bytes:
    """At most `octets` of a file."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(handle, octets, offset)
    finally:
        os.close(handle)


def sync(path: Path) -> None:
    """A file's octets, or a folder's names, are on the disk on return."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""The files of an entity, by segments: the port, and the folder that fills it.

A file that is being received is `partial`, apart from finished ones, and nobody sees it; `commit` gives it its name
in one step, after its octets are on the disk. Every refusal is an OSError.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Protocol


class Files(Protocol):
    """Where files are read from and written to. Offsets and sizes in octets."""

    def size(self, name: str) -> int:
        """The length of a file."""
        ...

    def read(self, name: str, offset: int, octets: int) -> bytes:
        """At most `octets` of a file."""
        ...

    def begin(self, partial: str, name: str, size: int) -> None:
        """A partial file will be `name`, of `size` octets: refuses now what could not be committed."""
        ...

    def write(self, partial: str, offset: int, data: bytes) -> None:
        """Write a segment of a partial file, which comes to be by it."""
        ...

    def read_back(self, partial: str, offset: int, octets: int) -> bytes:
        """At most `octets` of a partial file."""
        ...

    def sync(self, partial: str) -> None:
        """Return when what was written survives a power cut."""
        ...

    def commit(self, partial: str, name: str) -> None:
        """The partial file is `name` from now on, durably; one that was there before is replaced."""
        ...

    def discard(self, partial: str) -> None:
        """Forget a partial file, if it is there."""
        ...


class FolderFiles:
    """Files under one folder, never outside of it. A partial file has at most `limit` octets."""

    def __init__(self, root: Path, limit: int) -> None:
        self._root = root.resolve()
        self._partials = self._root / ".partial"
        self._root.mkdir(parents=True, exist_ok=True)
        self._limit = limit

    def size(self, name: str) -> int:
        return self._path(name).stat().st_size

    def read(self, name: str, offset: int, octets: int) -> bytes:
        return _read(self._path(name), offset, octets)

    def begin(self, partial: str, name: str, size: int) -> None:
        self._path(name)
        if size > self._limit:
            raise OSError(errno.EFBIG, f"over {self._limit} octets", name)

    def write(self, partial: str, offset: int, data: bytes) -> None:
        if offset + len(data) > self._limit:
            raise OSError(errno.EFBIG, f"over {self._limit} octets", partial)
        self._partials.mkdir(exist_ok=True)
        handle = os.open(self._partials / partial, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            if os.pwrite(handle, data, offset) != len(data):
                raise OSError(errno.ENOSPC, "written in part", partial)
        finally:
            os.close(handle)

    def read_back(self, partial: str, offset: int, octets: int) -> bytes:
        return _read(self._partials / partial, offset, octets)

    def sync(self, partial: str) -> None:
        _sync(self._partials / partial)

    def commit(self, partial: str, name: str) -> None:
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._partials.mkdir(exist_ok=True)
        (self._partials / partial).touch(mode=0o600)  # a file without octets was never written to
        self.sync(partial)
        (self._partials / partial).replace(path)
        _sync(path.parent)

    def discard(self, partial: str) -> None:
        (self._partials / partial).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        """The path of a name; raises PermissionError for one that leads out of the folder or among partial files."""
        if not name or "\0" in name:
            raise PermissionError(errno.EACCES, "not a file name", name)
        path = (self._root / name.lstrip("/")).resolve()
        if not path.is_relative_to(self._root) or path.is_relative_to(self._partials) or path == self._root:
            raise PermissionError(errno.EACCES, "outside of the folder", name)
        return path


def _read(path: Path, offset: int, octets: int) -> bytes:
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.pread(handle, octets, offset)
    finally:
        os.close(handle)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

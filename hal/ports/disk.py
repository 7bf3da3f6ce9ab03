"""The disk port: preallocated logs that are written in place, and small files that are replaced whole.

Fillings: `RealDisk` and `MemoryDisk`, which can be full, fail, and lose its power. Errors are `DiskFull` and
PortError: ABSENT, BUS (I/O error), CORRUPT (a name or an offset that cannot be). Names are relative paths.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path, PurePosixPath
from typing import Protocol

from hal.errors import DiskFull, PortError
from hal.reading import Reason


class LogFile(Protocol):
    """A file of fixed size. What was written before a `sync` that returned survives a power cut."""

    @property
    def size_bytes(self) -> int: ...

    def write_at(self, offset: int, content: bytes) -> None: ...

    def read_at(self, offset: int, size: int) -> bytes:
        """`size` octets at `offset`; fewer at the end of the file."""
        ...

    def sync(self) -> None: ...

    def close(self) -> None: ...


class Disk(Protocol):
    """A place for files that outlive the power."""

    def open_log(self, name: str, size_bytes: int) -> LogFile:
        """The log `name`, made of zeros where it is new, and grown to `size_bytes` where it is shorter."""
        ...

    def read_file(self, name: str) -> bytes | None:
        """The whole file; None where there is none."""
        ...

    def write_file_atomic(self, name: str, content: bytes) -> None:
        """Replace the file: afterwards, also after a power cut, it is the old or the new one, whole."""
        ...


def checked_name(name: str) -> str:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name:
        raise PortError(Reason.CORRUPT, f"{name!r} is no name on this disk")
    return name


def checked_span(name: str, offset: int, size: int, size_bytes: int) -> None:
    if offset < 0 or offset + size > size_bytes:
        raise PortError(Reason.CORRUPT, f"{name}: octets {offset} to {offset + size} of {size_bytes}")


def _port_error(error: OSError, name: str) -> PortError:
    code = error.errno or errno.EIO
    if code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f"{name}: {os.strerror(code)}")
    return PortError(Reason.ABSENT if code == errno.ENOENT else Reason.BUS, f"{name}: {os.strerror(code)}")


class RealDisk:
    """Files under `root`, which is made where it is missing. `durable` False skips every sync: for virtual time."""

    def __init__(self, root: Path, durable: bool = True) -> None:
        self._root = root
        self._durable = durable
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _port_error(error, str(root)) from error

    def open_log(self, name: str, size_bytes: int) -> LogFile:
        path = self._root / checked_name(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                size = _preallocate(descriptor, size_bytes)
                if self._durable:
                    os.fsync(descriptor)
                    _sync_folder(path.parent)
            except OSError:
                os.close(descriptor)
                raise
        except OSError as error:
            raise _port_error(error, name) from error
        return RealLog(name, descriptor, size, self._durable)

    def read_file(self, name: str) -> bytes | None:
        try:
            return (self._root / checked_name(name)).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _port_error(error, name) from error

    def write_file_atomic(self, name: str, content: bytes) -> None:
        path = self._root / checked_name(name)
        new = path.with_name(path.name + ".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with new.open("wb") as file:
                file.write(content)
                file.flush()
                if self._durable:
                    os.fsync(file.fileno())
            new.replace(path)
            if self._durable:
                _sync_folder(path.parent)
        except OSError as error:
            raise _port_error(error, name) from error


def _preallocate(descriptor: int, size_bytes: int) -> int:
    """Grow to `size_bytes` with real blocks, so that a full disk is met here and not at a write. The size."""
    size = os.fstat(descriptor).st_size
    if size < size_bytes:
        os.posix_fallocate(descriptor, size, size_bytes - size)
    return max(size, size_bytes)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class RealLog:
    """A log on a real disk; made by `RealDisk.open_log`."""

    def __init__(self, name: str, descriptor: int, size_bytes: int, durable: bool) -> None:
        self._name = name
        self._descriptor = descriptor
        self._size_bytes = size_bytes
        self._durable = durable

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def write_at(self, offset: int, content: bytes) -> None:
        checked_span(self._name, offset, len(content), self._size_bytes)
        try:
            done = os.pwrite(self._descriptor, content, offset)
            while done < len(content):
                done += os.pwrite(self._descriptor, content[done:], offset + done)
        except OSError as error:
            raise _port_error(error, self._name) from error

    def read_at(self, offset: int, size: int) -> bytes:
        try:
            return os.pread(self._descriptor, size, offset)
        except OSError as error:
            raise _port_error(error, self._name) from error

    def sync(self) -> None:
        if not self._durable:
            return
        try:
            os.fdatasync(self._descriptor)  # the size never changes, so the data is all there is
        except OSError as error:
            raise _port_error(error, self._name) from error

    def close(self) -> None:
        """Give the descriptor back; a second time does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

"""The file port: kernel interfaces (sysfs, powercap, EDAC, cgroup) under one root, real or simulated.

Fillings: `RealFiles` over a folder (/sys, or a copy of it) and `MemoryFiles`, where emulated files sit. A tree in
another process is `hal.ports.remote.RemoteFiles`.
"""

from __future__ import annotations

import errno
import fnmatch
import glob
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hal import native
from hal.errors import Denied, PortError
from hal.reading import Reason

FILE_LIMIT = 4_096  # a sysfs attribute is at most a page
MATCH_LIMIT = 1_024  # paths that a glob may give: more than any machine has sensors
OPEN_LIMIT = 512  # kept descriptors: every channel of a large server, and under the usual 1,024 a process
KERNEL_TREES = ("/sys", "/proc")  # they answer ENODEV for a file that is gone

_REASONS = {
    errno.ENOENT: Reason.ABSENT,
    errno.ENODEV: Reason.ABSENT,
    errno.ENXIO: Reason.ABSENT,
    errno.ENOTDIR: Reason.ABSENT,
    errno.ETIMEDOUT: Reason.TIMEOUT,
    errno.EAGAIN: Reason.TIMEOUT,
}


class FileTree(Protocol):
    """A tree of small text files. Paths are relative to the root. Every method raises PortError."""

    def read_text(self, path: str) -> str:
        """The whole content (at most 4,096 octets), stripped of the newline."""
        ...

    def read_number(self, path: str) -> int:
        """The whole content as a decimal integer of at most 18 digits; CORRUPT when it is none."""
        ...

    def write_text(self, path: str, text: str) -> None:
        """Replace the content, as `echo text > path` does; ABSENT where there is no such file."""
        ...

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Sorted paths of files that match, `*` within one folder; for discovery, never on the sampling path."""
        ...


class RealFiles:
    """The files under `root`. What is read again and again stays open: a kernel file is read anew at offset 0."""

    def __init__(self, root: Path) -> None:
        self._root = os.path.realpath(root)
        self._is_kernel = self._root.startswith(KERNEL_TREES)
        self._readers: dict[str, int] = {}
        self._devices: dict[str, int] = {}

    def read_text(self, path: str) -> str:
        try:
            content = os.pread(self._reader(path), FILE_LIMIT + 1, 0)
        except OSError as error:
            raise self._failed(error, path) from error
        return _decoded(content, path)

    def read_number(self, path: str) -> int:
        try:
            return native.read_decimal(self._reader(path))
        except OSError as error:
            raise self._failed(error, path) from error
        except ValueError as error:
            raise PortError(Reason.CORRUPT, f"{path}: {error}") from error

    def write_text(self, path: str, text: str) -> None:
        try:
            self._write(path, text.encode("utf-8"))
        except OSError as error:
            raise self._failed(error, path) from error

    def glob(self, pattern: str) -> tuple[str, ...]:
        _check_inside(pattern)
        matches = glob.iglob(pattern, root_dir=self._root)  # noqa: PTH207 - sysfs is full of links; this follows them
        files = [path for path, _ in zip(matches, range(MATCH_LIMIT), strict=False) if self._is_file(path)]
        return tuple(sorted(files))

    def close(self) -> None:
        """Give back the kept descriptors; the tree may be used again."""
        for descriptor in (*self._readers.values(), *self._devices.values()):
            os.close(descriptor)
        self._readers.clear()
        self._devices.clear()

    def _is_file(self, path: str) -> bool:
        full = os.path.join(self._root, path)  # noqa: PTH118 - a string join is enough and pathlib resolves slowly
        return not os.path.isdir(full)  # noqa: PTH112

    def _reader(self, path: str) -> int:
        descriptor = self._readers.get(path)
        # A file of an ordinary folder that was deleted or replaced has no link left: what it holds is no reading.
        if descriptor is not None and not self._is_kernel and os.fstat(descriptor).st_nlink == 0:
            self._forget(path)
            descriptor = None
        if descriptor is None:
            descriptor = self._open(path, os.O_RDONLY)
            if len(self._readers) >= OPEN_LIMIT:
                self._forget(next(iter(self._readers)))
            self._readers[path] = descriptor
        return descriptor

    def _write(self, path: str, content: bytes) -> None:
        descriptor = self._devices.get(path)
        if descriptor is not None:
            os.write(descriptor, content)
            return
        descriptor = self._open(path, os.O_WRONLY | os.O_TRUNC)
        # A device such as /dev/watchdog must stay open: the kernel takes a close for the end of its user.
        is_device = stat.S_ISCHR(os.fstat(descriptor).st_mode)
        if is_device:
            self._devices[path] = descriptor
        try:
            os.write(descriptor, content)
        finally:
            if not is_device:
                os.close(descriptor)

    def _open(self, path: str, flags: int) -> int:
        _check_inside(path)
        full = os.path.realpath(f"{self._root}/{path}")
        if os.path.commonpath((full, self._root)) != self._root:
            raise PortError(Reason.ABSENT, f"{path}: leads out of the tree")
        return os.open(full, flags | os.O_CLOEXEC | os.O_NONBLOCK)

    def _forget(self, path: str) -> None:
        for kept in (self._readers, self._devices):
            if path in kept:
                os.close(kept.pop(path))

    def _failed(self, error: OSError, path: str) -> PortError:
        self._forget(path)
        code = error.errno or errno.EIO
        if code in (errno.EACCES, errno.EPERM):
            return Denied(f"{path}: {os.strerror(code)}")
        return PortError(_REASONS.get(code, Reason.BUS), f"{path}: {os.strerror(code)}")


class FileNode(Protocol):
    """An emulated file. May raise PortError, as a file of a dead device does."""

    def read(self) -> str: ...

    def write(self, text: str) -> None: ...


class MemoryFiles:
    """Files by path: constant text, or a `FileNode` that computes it; files may come and go in `nodes`.

    `fault(path)` is asked before each read and write; a Reason makes it fail.
    """

    def __init__(self, nodes: dict[str, str | FileNode], fault: Callable[[str], Reason | None] | None = None) -> None:
        self.nodes = nodes
        self.fault = fault

    def read_text(self, path: str) -> str:
        node = self._node(path)
        text = node if isinstance(node, str) else node.read()
        if len(text) > FILE_LIMIT:
            raise PortError(Reason.CORRUPT, f"{path}: more than {FILE_LIMIT} octets")
        return text.rstrip("\n")

    def read_number(self, path: str) -> int:
        text = self.read_text(path)
        if text.isdecimal() and text.isascii() and len(text) <= 18:  # nearly always, and several times as fast
            return int(text)
        try:
            return native.parse_decimal(text.encode("utf-8"))
        except ValueError as error:
            raise PortError(Reason.CORRUPT, f"{path}: {error}") from error

    def write_text(self, path: str, text: str) -> None:
        node = self._node(path)
        if isinstance(node, str):
            self.nodes[path] = text
        else:
            node.write(text)

    def glob(self, pattern: str) -> tuple[str, ...]:
        _check_inside(pattern)
        parts = pattern.split("/")
        return tuple(path for path in sorted(self.nodes) if _matches(path.split("/"), parts))[:MATCH_LIMIT]

    def _node(self, path: str) -> str | FileNode:
        node = self.nodes.get(path)
        if node is None:
            raise PortError(Reason.ABSENT, f"{path}: no such file")
        reason = None if self.fault is None else self.fault(path)
        if reason is not None:
            raise PortError(reason, path)
        return node


def _matches(path: list[str], pattern: list[str]) -> bool:
    return len(path) == len(pattern) and all(
        fnmatch.fnmatchcase(name, wanted) for name, wanted in zip(path, pattern, strict=True)
    )


def _check_inside(path: str) -> None:
    if path.startswith("/") or ".." in path.split("/") or "\0" in path:
        raise PortError(Reason.ABSENT, f"{path!r}: leads out of the tree")


def _decoded(content: bytes, path: str) -> str:
    if len(content) > FILE_LIMIT:
        raise PortError(Reason.CORRUPT, f"{path}: more than {FILE_LIMIT} octets")
    try:
        return content.decode("utf-8").rstrip("\n")
    except UnicodeDecodeError as error:
        raise PortError(Reason.CORRUPT, f"{path}: not text") from error

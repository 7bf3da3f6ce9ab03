"""Named memories: a file of a model package is `MODEL/FILE`, a table has the name that it was given at composition."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from hal.errors import PortError
from hal.reading import Reason


class Memory(Protocol):
    """Octets at the addresses 0 to size - 1. Methods raise PortError."""

    def size(self) -> int: ...

    def read(self, address: int, length: int) -> bytes:
        """`length` octets from `address` on; fewer where the memory ends."""
        ...


class NamedFile(Protocol):
    """A file that a manifest names."""

    @property
    def file(self) -> str: ...


class Contents(Protocol):
    """What a package's manifest says is in it."""

    @property
    def files(self) -> tuple[NamedFile, ...]: ...


class Packaged(Protocol):
    """A model package: `fsw.infer.package.Package`."""

    @property
    def folder(self) -> Path: ...

    @property
    def manifest(self) -> Contents: ...


class FileMemory:
    """A file, opened for each look: it may be replaced between two of them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def size(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError as error:
            raise self._failure(error) from error

    def read(self, address: int, length: int) -> bytes:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                return os.pread(descriptor, length, address)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> PortError:
        reason = Reason.ABSENT if isinstance(error, FileNotFoundError) else Reason.BUS
        return PortError(reason, f"{self._path.name}: {error.strerror}")


class TableMemory:
    """A table that `content` gives whole; it may raise PortError."""

    def __init__(self, content: Callable[[], bytes]) -> None:
        self._content = content

    def size(self) -> int:
        return len(self._content())

    def read(self, address: int, length: int) -> bytes:
        return self._content()[address : address + length]


class Registry:
    """All memories of a process. `packages` may change at any time."""

    def __init__(self, packages: Mapping[str, Packaged], tables: Mapping[str, Memory] | None = None) -> None:
        self._packages, self._tables = packages, dict(tables or {})

    def names(self) -> list[str]:
        """The names of all memories: tables, then files by package."""
        files = (f"{model}/{ref.file}" for model, package in self._packages.items() for ref in package.manifest.files)
        return [*self._tables, *files]

    def find(self, name: str) -> Memory | None:
        """The memory of that name; only what a manifest names is found, whatever else lies beside it."""
        if name in self._tables:
            return self._tables[name]
        model, _, file = name.partition("/")
        package = self._packages.get(model)
        if package is None or not any(ref.file == file for ref in package.manifest.files):
            return None
        return FileMemory(package.folder / file)

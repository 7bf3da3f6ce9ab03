"""Scrub of the weights: every file of the active packages is hashed again and again, so many octets at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fsw.infer.package import FileRef, Package

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A file that no longer has the hash of its manifest."""

    package: Package
    file: str


class Scrubber:
    """Goes round the files of `packages`, which may change between steps; one that is gone or grown is damage too."""

    def __init__(self, packages: Mapping[str, Package]) -> None:
        self._packages = packages
        self._round: list[tuple[Package, FileRef]] = []
        self._hash, self._offset = hashlib.sha256(), 0
        self.rounds = 0  # that were completed
        self.octets = 0  # read since the start

    def step(self, budget_bytes: int) -> list[Damage]:
        """Hash the next `budget_bytes`; the damage that was found in files that ended."""
        found: list[Damage] = []
        while budget_bytes > 0:
            if not self._round and not self._begin_round():
                return found
            package, ref = self._round[0]
            if self._packages.get(package.name) is not package:  # replaced meanwhile
                self._next_file()
                continue
            chunk = _read(package.folder / ref.file, self._offset, min(budget_bytes, CHUNK_BYTES))
            budget_bytes -= max(len(chunk), 1)
            self.octets += len(chunk)
            self._offset += len(chunk)
            self._hash.update(chunk)
            if not chunk:
                found += [Damage(package=package, file=ref.file)] * (self._hash.hexdigest() != ref.sha256)
                self._next_file()
                if not self._round:
                    self.rounds += 1
                    return found
        return found

    def _begin_round(self) -> bool:
        self._round = [(package, ref) for package in self._packages.values() for ref in package.manifest.files]
        return bool(self._round)

    def _next_file(self) -> None:
        self._round.pop(0)
        self._hash, self._offset = hashlib.sha256(), 0


def _read(path: Path, offset: int, size: int) -> bytes:
    """A piece of a file; nothing at its end, or where it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.pread(descriptor, size, offset)
    except OSError:
        return b""
    finally:
        os.close(descriptor)

"""The file port: kernel interfaces (sysfs, powercap, EDAC, cgroup) under one root, real or simulated."""

from __future__ import annotations

from typing import Protocol


class FileTree(Protocol):
    """A tree of small text files. Paths are relative to the root. Every method raises PortError."""

    def read_text(self, path: str) -> str:
        """The whole content (at most 4,096 octets), stripped of the newline."""
        ...

    def write_text(self, path: str, text: str) -> None:
        """Replace the content, as `echo text > path` does."""
        ...

    def glob(self, pattern: str) -> tuple[str, ...]:
        """Sorted paths that match; for discovery, never on the sampling path."""
        ...

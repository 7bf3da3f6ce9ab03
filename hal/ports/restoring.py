"""A file tree that remembers what it overwrote and puts it back: for tests of actuators on a real board."""

from __future__ import annotations

from hal.errors import PortError
from hal.ports.files import FileTree


class RestoringFiles:
    """A `hal.ports.files.FileTree` around another. What cannot be read cannot be put back and is not written at all."""

    def __init__(self, files: FileTree) -> None:
        self._files = files
        self._before: dict[str, str] = {}
        self.read_text = files.read_text
        self.read_number = files.read_number
        self.glob = files.glob

    def write_text(self, path: str, text: str) -> None:
        if path not in self._before:
            self._before[path] = self._files.read_text(path)
        self._files.write_text(path, text)

    def restore(self) -> tuple[str, ...]:
        """Put back what was there, last written first; the paths where that failed or did not hold."""
        failed = []
        for path, text in reversed(self._before.items()):
            try:
                if self._files.read_text(path) != text:
                    self._files.write_text(path, text)
                    if self._files.read_text(path) != text:
                        failed.append(path)
            except PortError:
                failed.append(path)
        self._before.clear()
        return tuple(failed)

"""Trees of kernel files as machines have them: `tests/hal/trees/NAME.txt`, with where the layout comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hal.errors import PortError
from hal.ports.files import FileNode, MemoryFiles
from hal.reading import Reason

TREES = Path(__file__).parent / "trees"
PORTS = ("sys", "proc", "dev")


class Failing:
    """A file that is there and does not read."""

    def __init__(self, reason: Reason) -> None:
        self._reason = reason

    def read(self) -> str:
        raise PortError(self._reason, "Resource temporarily unavailable")

    def write(self, text: str) -> None:
        raise PortError(self._reason, "Resource temporarily unavailable")


def load_tree(name: str) -> dict[str, MemoryFiles]:
    """The ports `sys`, `proc` and `dev` of the machine `name`."""
    nodes: dict[str, dict[str, str | FileNode]] = {port: {} for port in PORTS}
    for line in (TREES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            path, _, content = line.partition(": ")
            port, _, rest = path.rstrip(":").partition("/")
            failure = Failing(Reason[content[1:]]) if content.startswith("!") else None
            nodes[port][rest] = failure or content.replace("\\n", "\n") + "\n"
    return {port: MemoryFiles(files) for port, files in nodes.items()}


@pytest.fixture
def tree() -> Callable[[str], dict[str, MemoryFiles]]:
    return load_tree

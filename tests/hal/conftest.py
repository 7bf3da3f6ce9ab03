"""Trees of kernel files as machines have them: `tests/hal/trees/NAME.txt`, with where the layout comes from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hal.ports.files import FileNode, MemoryFiles

TREES = Path(__file__).parent / "trees"
PORTS = ("sys", "proc", "dev")


def load_tree(name: str) -> dict[str, MemoryFiles]:
    """The ports `sys`, `proc` and `dev` of the machine `name`."""
    nodes: dict[str, dict[str, str | FileNode]] = {port: {} for port in PORTS}
    for line in (TREES / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            path, _, content = line.partition(": ")
            port, _, rest = path.rstrip(":").partition("/")
            nodes[port][rest] = content.replace("\\n", "\n") + "\n"
    return {port: MemoryFiles(files) for port, files in nodes.items()}


@pytest.fixture
def tree() -> Callable[[str], dict[str, MemoryFiles]]:
    return load_tree

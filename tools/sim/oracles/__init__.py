"""What independent programs said: a JSON file each, and beside it the program that asked them.

The files are read by `penumbra sim validate`, which runs from an installed product: so they live here, not with the
tests. A program needs its peer (requirements/oracles.txt) and writes its file anew:
python -m tools.sim.oracles.sun. The live tests (`make oracles`) run the peers again and compare.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def frozen(name: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """The file of that name, with `source` and `made` in it; None where it is not part of the installation."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def freeze(name: str, content: dict[str, Any], folder: Path = FOLDER) -> None:
    """Write a file whole or not at all: a line for each list of numbers, so that a change can be read."""
    part = folder / f"{name}.part"
    part.write_text(_lines(content, 0) + "\n", "utf-8")
    part.replace(folder / f"{name}.json")


def _lines(value: Any, depth: int) -> str:
    """JSON, indented by one, but lists of plain numbers on one line."""
    inside, outside = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, dict) and value:
        parts = (f"{json.dumps(key)}: {_lines(item, depth + 1)}" for key, item in value.items())
        return "{" + inside + ("," + inside).join(parts) + outside + "}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[" + inside + ("," + inside).join(_lines(item, depth + 1) for item in value) + outside + "]"
    return json.dumps(value)

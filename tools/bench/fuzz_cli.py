"""What is typed for `penumbra bench fuzz`, with progress on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from tools.bench.fuzz import ENTRANCES, run
from tools.bench.fuzz_guided import is_available

GROWTH_MOST = 16 << 20  # octets; an allocator's pools go up and down by a few MiB


def campaign(
    seconds: float, inputs: int | None, seed: int, workers: int | None, only: Sequence[str], guided: bool | None
) -> tuple[dict[str, Any], bool]:
    """The result, and whether it is as it must be. A number of inputs is the same each time, so nothing guides them."""
    for name in only:
        if name not in ENTRANCES:
            raise click.BadParameter(f"no entrance {name}; there are {', '.join(ENTRANCES)}", param_hint="--only")
    if guided and not is_available():
        raise click.UsageError("--guided needs atheris: pip install atheris")
    is_guided = is_available() and inputs is None if guided is None else guided
    with click.progressbar(length=1000, label="fuzz", file=sys.stderr) as bar:
        result = run(
            seconds, seed, workers or os.cpu_count() or 1, inputs, only,
            progress=lambda part: bar.update(int(1000 * part) - bar.pos), guided=is_guided,
        )  # fmt: skip
    is_counted = result["rejects"] == result["rejects_counted"]
    return result, not result["escapes"] and is_counted and result["grown_bytes"] < GROWTH_MOST

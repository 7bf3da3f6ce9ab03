"""Inputs that reach new code, found by atheris (libFuzzer for Python) where it is installed: more seeds for the fuzz.

    python -m tools.bench.fuzz_guided ENTRANCE FOLDER SECONDS SEED      fills FOLDER; ends at the first escape

It runs in a process of its own, since libFuzzer never returns. What made it end is among the inputs that it leaves, so
the campaign afterwards meets the same escape and counts it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

FILES_MOST = 2000  # of one entrance: as many as are read back
OCTETS_MOST = 2048
PATIENCE_S = 60.0  # to start and to end, beside its time


def is_available() -> bool:
    """Atheris is installed."""
    return find_spec("atheris") is not None


def corpus_of(names: Sequence[str], seconds: float, seed: int) -> dict[str, Sequence[bytes]]:
    """By entrance, inputs that reached something new in an equal share of `seconds`."""
    return {name: _found(name, seconds / len(names), seed) for name in names}


def _found(name: str, seconds: float, seed: int) -> list[bytes]:
    with tempfile.TemporaryDirectory(prefix="guided-") as folder:
        command = [sys.executable, "-m", __name__, name, folder, str(max(1, int(seconds))), str(seed)]
        subprocess.run(
            command, check=False, timeout=seconds + PATIENCE_S, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return [path.read_bytes()[:OCTETS_MOST] for path in files[:FILES_MOST]]


def main(name: str, folder: str, seconds: str, seed: str) -> None:
    """Feed the entrance until the time is over."""
    import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

    with atheris.instrument_imports(include=["fsw", "tools.ground"]):
        from tools.bench.fuzz import ENTRANCES
    entrance = ENTRANCES[name]()
    for number, octets in enumerate(entrance.seeds):
        (Path(folder) / f"seed-{number:04}").write_bytes(octets)

    def feed(octets: bytes) -> None:
        entrance.feed(octets)
        entrance.feed(entrance.repair(octets))

    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={OCTETS_MOST}", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *options, folder], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The writing end of the repository `results`: the output array of each job as a file that the ground can fetch.

Called where the model runs, not by the files' service: the two meet in the folder. Full: the oldest go, as the
repository's policy says. A disk that fails costs the array, never the result.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.files.repository import RESULTS_QUOTA
from fsw.messages import WorkOrder

ENDING = ".npy"


class ResultFolder:
    """Keeps at most `quota_octets` in `folder`. `lost` counts arrays that could not be written, `dropped` old ones."""

    def __init__(self, folder: Path, quota_octets: int = RESULTS_QUOTA, durable: bool = True) -> None:
        self._folder, self._quota, self._durable = folder, quota_octets, durable
        self._sizes: dict[str, int] = {}  # oldest first
        self.lost = self.dropped = 0
        self._look()

    def keep(self, order: WorkOrder, output: NDArray[Any]) -> str:
        """Write the output of a job; its name for the ground, "" where it could not be written."""
        name = f"{order.job_id}-{order.attempt}" + (f"-{order.first_row}" if order.first_row else "") + ENDING
        try:
            self._make_room(output.nbytes)
            self._write(name, output)
        except OSError:
            self.lost += 1
            return ""
        return f"results/{name}"

    def _look(self) -> None:
        """What an earlier life has left."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            found = sorted((path.stat().st_mtime_ns, path) for path in self._folder.glob(f"*{ENDING}"))
        except OSError:
            return
        self._sizes = {path.name: path.stat().st_size for _, path in found}

    def _make_room(self, octets: int) -> None:
        while self._sizes and sum(self._sizes.values()) + octets > self._quota:
            oldest = next(iter(self._sizes))
            (self._folder / oldest).unlink(missing_ok=True)
            del self._sizes[oldest]
            self.dropped += 1

    def _write(self, name: str, output: NDArray[Any]) -> None:
        """Whole or not at all."""
        new = self._folder / f".{name}.new"
        with new.open("wb") as file:
            np.save(file, output, allow_pickle=False)
            file.flush()
            if self._durable:
                os.fsync(file.fileno())
        new.replace(self._folder / name)
        self._sizes.pop(name, None)
        self._sizes[name] = (self._folder / name).stat().st_size

"""The speed of the closed loop in virtual time: all services, no execution, one-second control steps."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from hal.clock import SECOND_NS, MonotonicClock
from sim.scenario import load_scenario
from tools.flight.loop import Options, VirtualFlight
from tools.flight.summary import summarise


def run(scenario: str = "default", seed: int = 1, repeats: int = 3) -> dict[str, Any]:
    """`sim_seconds_per_second` without the planner, `_planned` with it: the best of `repeats` flights each.

    `digest` is of telemetry, store and summary of the planned flight, to be compared between runs on one machine.
    """
    loaded = load_scenario(scenario)
    speeds = {}
    digest = ""
    for key, plan in (("sim_seconds_per_second", False), ("sim_seconds_per_second_planned", True)):
        best = 0.0
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder:
                options = Options(seed=seed, execute=False, plan=plan, run_folder=Path(folder))
                flight = VirtualFlight(loaded, options)
                clock = MonotonicClock()
                start_ns = clock.now_ns()
                record = flight.fly()
                best = max(best, record.duration_s / ((clock.now_ns() - start_ns) / SECOND_NS))
                digest = digest_of(Path(folder), json.dumps(summarise(record)))
        speeds[key] = round(best, 1)
    return {**speeds, "orbits": loaded.duration_orbits, "seed": seed, "digest": digest}


def digest_of(folder: Path, summary: str) -> str:
    """SHA-256 over every file of a run folder by name, and a summary."""
    total = hashlib.sha256(summary.encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(str(path.relative_to(folder)).encode())
        total.update(path.read_bytes())
    return total.hexdigest()

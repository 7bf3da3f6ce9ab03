"""The speed of the constellation's model in each of its executors, and of sgp4 beside them where it is installed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from hal.clock import SECOND_NS, MonotonicClock
from sim.constellation.executors import NAMES, Name, available, executor
from sim.constellation.fleet import Calendar, Fleet
from sim.constellation.rows import BYTES_PER_SATELLITE
from sim.constellation.shells import Shell

EPOCH_UNIX_S = 1_767_225_600.0  # 2026-01-01; a fixed one, so that runs compare
STEPS = 60  # of 10 s: a cell a call
PYTHON_SATELLITES = 500  # some tens of milliseconds a call in plain Python
SGP4_SATELLITES = 10_000


def run(satellites: int = 1_000_000, repeats: int = 5, workers: int | None = None) -> dict[str, Any]:
    """`sat_steps_per_second` of `python`, `numpy` and `c` (None without a compiler): the best of `repeats` calls.

    `executor` is the one that a fleet takes by itself. `python` runs on a few satellites and one thread. `sgp4` is None
    where it is not installed.
    """
    threads = workers or len(os.sched_getaffinity(0))
    shell = Shell(name="bench", altitude_km=600.0, satellites=satellites, inclination_deg=53.0)
    speeds: dict[str, int | None] = dict.fromkeys(NAMES)
    for name in available():
        speeds[name] = round(_speed(shell, name, repeats, threads))
    return {
        "satellites": satellites,
        "executor": executor().name,
        "workers": threads,
        "sat_steps_per_second": speeds,
        "bytes_per_satellite": BYTES_PER_SATELLITE,
        "step": "orbit, illumination, array, load, battery, three thermal nodes; 10 s, 60 a call",
        "sgp4": _sgp4(repeats) if find_spec("sgp4") else None,
    }


def _speed(shell: Shell, name: Name, repeats: int, workers: int) -> float:
    if name == "python":
        shell, workers = replace(shell, satellites=min(shell.satellites, PYTHON_SATELLITES)), 1
    calendar = Calendar(shell=shell, epoch_unix_s=EPOCH_UNIX_S)
    fleet = Fleet(calendar, executor_=executor(name), workers=workers)
    return shell.satellites * STEPS / _best_s(lambda: fleet.advance(STEPS), repeats)


def _best_s(call: Callable[[], object], repeats: int) -> float:
    clock, best_ns = MonotonicClock(), 0
    for _ in range(repeats):
        start_ns = clock.now_ns()
        call()
        elapsed_ns = max(1, clock.now_ns() - start_ns)
        best_ns = elapsed_ns if best_ns == 0 else min(best_ns, elapsed_ns)
    return best_ns / SECOND_NS


def _sgp4(repeats: int) -> dict[str, Any]:
    """Positions and velocities of many satellites: no shadow, power or heat. Times every minute."""
    from sgp4.api import WGS72, Satrec, SatrecArray

    satellites = []
    for index in range(SGP4_SATELLITES):
        one = Satrec()
        turns = index / SGP4_SATELLITES
        one.sgp4init(WGS72, "i", index, 27_759.0, 0.0, 0.0, 0.0, 1e-3, 0.0, 0.925, 6.283 * turns, 0.065, 0.0)
        satellites.append(one)
    days = 2_461_041.5 * np.ones(10), np.arange(10) / 1440.0
    elapsed_s = _best_s(lambda: SatrecArray(satellites).sgp4(*days), repeats)
    return {"sat_steps_per_second": round(SGP4_SATELLITES * 10 / elapsed_s), "step": "orbit alone, one thread"}

"""The speed of the constellation's model in each of its executors, with other programs beside where installed."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

from sim.constellation.executors import NAMES, Name, available, executor
from sim.constellation.fleet import Calendar, Fleet
from sim.constellation.rows import BYTES_PER_SATELLITE
from sim.constellation.shells import Shell
from tools.bench.beside import basilisk, best_s, sgp4

EPOCH_UNIX_S = 1_767_225_600.0  # 2026-01-01; a fixed one, so that runs compare
STEPS = 60  # of 10 s: a cell a call
PYTHON_SATELLITES = 500  # some tens of milliseconds a call in plain Python


def run(satellites: int = 1_000_000, repeats: int = 5, workers: int | None = None) -> dict[str, Any]:
    """`sat_steps_per_second` of `python`, `numpy` and `c` (None without a compiler): the best of `repeats` calls.

    `executor` is the one that a fleet takes by itself. `python` runs on a few satellites and one thread. `sgp4` and
    `basilisk` are None where they are not installed.
    """
    threads = workers or len(os.sched_getaffinity(0))
    shell = Shell(name="bench", altitude_km=600.0, satellites=satellites, inclination_deg=53.0)
    return {
        "satellites": satellites,
        "executor": executor().name,
        "workers": threads,
        "sat_steps_per_second": _speeds(shell, repeats, threads, with_dose=False),
        "sat_steps_per_second_with_dose": _speeds(shell, repeats, threads, with_dose=True),
        "bytes_per_satellite": BYTES_PER_SATELLITE,
        "step": "orbit, illumination, array, load, battery, three thermal nodes; 10 s, 60 a call; dose every 60 s",
        "sgp4": sgp4(repeats),
        "basilisk": basilisk(repeats),
    }


def _speeds(shell: Shell, repeats: int, workers: int, *, with_dose: bool) -> dict[str, int | None]:
    speeds: dict[str, int | None] = dict.fromkeys(NAMES)
    for name in available():
        speeds[name] = round(_speed(shell, name, repeats, workers, with_dose=with_dose))
    return speeds


def _speed(shell: Shell, name: Name, repeats: int, workers: int, *, with_dose: bool) -> float:
    if name == "python":
        shell, workers = replace(shell, satellites=min(shell.satellites, PYTHON_SATELLITES)), 1
    calendar = Calendar(shell=shell, epoch_unix_s=EPOCH_UNIX_S, with_dose=with_dose)
    fleet = Fleet(calendar, executor_=executor(name), workers=workers)
    return shell.satellites * STEPS / best_s(lambda: fleet.advance(STEPS), repeats)

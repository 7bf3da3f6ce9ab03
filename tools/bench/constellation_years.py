"""The speed of event mode: a constellation flown for years, orbit by orbit in closed form."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

import numpy as np

from sim.constellation.design import Design
from sim.constellation.events import BYTES_PER_SATELLITE, Sample, fly_years
from sim.constellation.events_executors import executor
from sim.constellation.executors import Name
from sim.constellation.shells import Shell
from sim.orbit import nodal_period_s
from sim.sun import DAY_S
from tools.bench.constellation import EPOCH_UNIX_S

# Two fifths, two fifths and a fifth, as in the shells of a public filing by altitude and inclination.
DAWN_DUSK_H = (5.75, 6.0, 6.25, 6.5)


def run(
    satellites: int = 1_000_000,
    years: float = 1.0,
    executor_name: Name | None = None,
    workers: int | None = None,
    every_days: int = 30,
    observer: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Seconds, satellite orbits a second and the most memory of one flight, with what each shell was at its end."""
    threads = workers or len(os.sched_getaffinity(0))
    shells = shells_of(satellites)
    started, busy = perf_counter(), process_time()
    rows: dict[str, dict[str, float]] = {}
    days = 0
    for sample in fly_years(
        shells,
        Design(),
        EPOCH_UNIX_S,
        years,
        executor_name=executor_name,
        workers=threads,
        every_days=every_days,
        observer=observer,
    ):
        rows[sample.shell.name] = _row(sample)
        days = sample.end_day
    wall_s = perf_counter() - started
    orbits = sum(shell.satellites * days * DAY_S / _period_s(shell) for shell in shells)
    return {
        "satellites": satellites,
        "days": days,
        "executor": executor(executor_name).name,
        "workers": threads,
        "wall_s": round(wall_s, 2),
        "cpu_s": round(process_time() - busy, 2),  # of all threads: what a shared machine does not blur
        "sat_orbits": round(orbits),
        "sat_orbits_per_second": round(orbits / wall_s),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "bytes_per_satellite": BYTES_PER_SATELLITE,
        "last_window": rows,
    }


def shells_of(satellites: int) -> list[Shell]:
    """Dawn-dusk shells at 500 and 1,000 km, and a pattern of 30 degrees at 2,000 km; of ten satellites or more."""
    dusk = 2 * satellites // 5
    pattern = satellites - 2 * dusk
    return [
        Shell(name="dawn-dusk-500", altitude_km=500.0, satellites=dusk, ltan_h=DAWN_DUSK_H),
        Shell(name="dawn-dusk-1000", altitude_km=1000.0, satellites=dusk, ltan_h=DAWN_DUSK_H),
        Shell(
            name="walker-30",
            altitude_km=2000.0,
            satellites=pattern,
            inclination_deg=30.0,
            planes=min(400, pattern),
            phasing=1.0,
        ),
    ]


def _period_s(shell: Shell) -> float:
    return nodal_period_s(shell.semi_major_axis_m, shell.inclination_rad)


def _row(sample: Sample) -> dict[str, float]:
    seen = sample.observe()
    return {
        "sunlit": round(float(seen.sunlit.mean()), 5),
        "compute_w": round(float(seen.compute_w.mean()), 3),
        "soc_low": round(float(np.min(seen.soc_low)), 4),
        "capacity": round(float(seen.capacity.mean()), 4),
        "dose_gy": round(sample.dose_gy, 3),
    }

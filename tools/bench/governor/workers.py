"""Who does the work: processes here, or the workers of a Dask cluster. What is found does not depend on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib import import_module
from multiprocessing import get_context
from typing import Any

from tools.bench.governor.tasks import Found, Task, do

CONNECT_S = 30.0  # of a busy machine

Progress = Callable[[int], None]


def silent(done: int) -> None:
    """Nobody watches."""


def do_all(
    tasks: Sequence[Task], *, workers: int | None = None, address: str | None = None, progress: Progress = silent
) -> list[Found]:
    """What is found, in the order of the tasks. Raises ValueError where a Dask cluster is asked for and not there."""
    if address is not None:
        return _on_dask(tasks, address, progress)
    count = min(len(tasks), workers or len(os.sched_getaffinity(0)))
    if count > 1:
        return _in_processes(tasks, count, progress)
    found = []
    for task in tasks:
        found.append(do(task))
        progress(1)
    return found


def _in_processes(tasks: Sequence[Task], count: int, progress: Progress) -> list[Found]:
    """Fresh processes, one task each at a time: the solver's threads do not survive a fork."""
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(do, task) for task in tasks]
        for future in as_completed(futures):
            future.result()
            progress(1)
        return [future.result() for future in futures]


def _on_dask(tasks: Sequence[Task], address: str, progress: Progress) -> list[Found]:
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        if not client.nthreads():
            raise ValueError(f"the Dask scheduler at {address} has no workers: start one with `dask worker {address}`")
        futures = [client.submit(do, task, pure=False) for task in tasks]
        for _ in distributed.as_completed(futures, loop=client.loop):
            progress(1)
        found: list[Found] = client.gather(futures)
        return found


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise ValueError('--dask needs the package distributed: pip install "penumbra-fsw[dask]"') from error

"""A campaign spread over machines with Dask: spans of satellites go out, counts come back and are added.

The counts are whole numbers, so the sum is the same whichever machine flew which span and whichever came first; the
executors agree to the last bit, so machines with and without a compiler may work together.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sim.constellation.campaign import Campaign, Progress, fly_part, parts, silent
from sim.constellation.statistics import Counts, Statistics, quantities, reduce

PARTS_A_THREAD = 3  # so that a slow machine holds up the last third at most
CONNECT_S = 10.0


def fly_spread(campaign: Campaign, address: str, progress: Progress = silent) -> tuple[Statistics, ...]:
    """Fly all layers on the workers of the scheduler at `address`, each of which has this package installed.

    Raises ValueError where the package `distributed` is missing or nobody answers at the address.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        threads = sum(client.nthreads().values())
        if threads < 1:
            raise ValueError(f"the Dask scheduler at {address} has no workers: start one with `dask worker {address}`")
        return tuple(
            _fly_layer(distributed, client, campaign, number, threads, progress)
            for number in range(len(campaign.layers))
        )


def _fly_layer(
    distributed: Any, client: Any, campaign: Campaign, number: int, threads: int, progress: Progress
) -> Statistics:
    layer = campaign.layers[number]
    spans = parts(layer.shell.satellites, threads * PARTS_A_THREAD)
    futures = [client.submit(fly_part, campaign, number, first, end, pure=False) for first, end in spans]
    total = Counts(quantities(layer.design), campaign.samples)
    for future in distributed.as_completed(futures, loop=client.loop):
        counts: Counts = future.result()
        total.merge(counts)
        progress(counts.satellites * campaign.steps)
        future.release()  # the worker may forget it
    return reduce(total)


def _distributed() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise ValueError('--dask needs the package distributed: pip install "penumbra-fsw[dask]"') from error

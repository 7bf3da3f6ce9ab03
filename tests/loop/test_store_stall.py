"""The store's process stands still, as on a disk that stalls: the others go on, and what it missed is recorded."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsw.processes import PROCESSES
from tests.loop.test_realtime import Flight, state, wait_for

PINGS = 4  # some two seconds
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def flight(tmp_path: Path) -> Iterator[Flight]:
    flight = Flight(tmp_path, "default", speed=1, options=("--no-execute",))
    yield flight
    flight.close()


def send(flight: Flight, *words: str) -> int:
    return flight.send(*words, "--keys", str(flight.run / "bench-keys"))


def test_a_store_that_stands_still_holds_nobody_up(flight: Flight) -> None:
    wait_for((flight.run / "bench-keys").is_dir, "keys")
    wait_for(lambda: flight.pids().keys() >= {row.name for row in PROCESSES}, "all processes are there")
    wait_for(lambda: send(flight, "ping") == 0, "a first answer")
    before = flight.pids()
    os.kill(before["store"], signal.SIGSTOP)
    try:
        wait_for(lambda: state(before["store"]) == "T", "the store stands still")
        assert [send(flight, "ping") for _ in range(PINGS)] == [0] * PINGS
    finally:
        os.kill(before["store"], signal.SIGCONT)
    words = ("submit_job", "model=cloud", "input=scene:5", "value=5", "deadline=5000")
    wait_for(lambda: send(flight, *words) == 0, "a job is durable again")
    assert {name: pid for name, pid in flight.pids().items() if name != "worker"} == {
        name: pid for name, pid in before.items() if name != "worker"
    }

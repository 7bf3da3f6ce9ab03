"""Counters on a real disk, and a process that is killed while it counts."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

from fsw.counter_store import DiskCounterStore
from fsw.packets.security.counters import ReceiveCounter, SendCounter, provision
from hal.ports.disk import RealDisk

ROOT = Path(__file__).parents[2]
CHILD = """
import sys
from fsw.counter_store import DiskCounterStore
from fsw.packets.security.counters import ReceiveCounter, SendCounter
from hal.ports.disk import RealDisk
from pathlib import Path

store = DiskCounterStore(RealDisk(Path(sys.argv[1])))
send, receive = SendCounter(store, "send", 12, block=3), ReceiveCounter(store, "receive", block=4)
send.advance(receive.floor)
while True:
    counter = send.next()
    assert receive.commit(counter)
    print(counter, flush=True)
"""


def counted_until_killed(folder: Path, lines: int) -> list[int]:
    """What a process counted that was killed some time after it had told of `lines` counters."""
    command = [sys.executable, "-c", CHILD, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        told += child.stdout.readlines()
    return [int(line) for line in told if line.endswith("\n")]


def test_a_killed_process_never_counts_anything_twice(tmp_path: Path) -> None:
    random_source = random.Random(3)
    store = DiskCounterStore(RealDisk(tmp_path))
    for name in ("send", "receive"):
        provision(store, name)
    counted: list[int] = []
    for _ in range(4):
        counted += counted_until_killed(tmp_path, random_source.randint(1, 12))
        floor = ReceiveCounter(store, "receive").floor
        assert floor is not None and floor >= counted[-1]
    assert counted == sorted(set(counted))
    assert SendCounter(store, "send", 12).next() > counted[-1]

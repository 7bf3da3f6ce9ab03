"""A packet store whose power goes in the middle of a write, whose disk fails meanwhile, whose process is killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.store.packets import PacketStore
from hal.errors import PortError
from hal.ports.disk import RealDisk
from tests.fsw.failing_disk import FAILURES, UNSYNCED, FailingDisk, PowerCut
from tests.fsw.packet_store import SEGMENT, SEGMENTS, content, filled, octets, opened


def test_a_rotation_torn_in_the_middle_counts_what_it_destroyed() -> None:
    disk = FailingDisk(torn_bytes=20)
    store = opened(disk)
    number = 0
    while len(store._chapters) < SEGMENTS:
        filled(store, range(number, number + 1))
        number += 1
    with pytest.raises(PowerCut):
        while True:
            is_full = log_is_full(store)
            disk.writes_left = 0 if is_full else None
            filled(store, range(number, number + 1))
            number += 1
    again = opened(disk)
    held = content(again)
    assert held == list(range(held[0], number))
    assert again.lost == held[0] > 0
    assert opened(disk).lost == again.lost


def log_is_full(store: PacketStore) -> bool:
    """The next packet needs a new segment."""
    log = store._log
    return log is not None and log._offset + 26 + 12 > SEGMENT


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 12)),
        st.tuples(st.just("commit"), st.just(0)),
        st.tuples(st.just("retrieve"), st.integers(1, 20)),
        st.tuples(st.just("cut"), st.integers(0, 3)),
        st.tuples(st.sampled_from((*FAILURES, UNSYNCED)), st.just(0)),
        st.tuples(st.just("mend"), st.just(0)),
    ),
    max_size=40,
)


class Model:
    """What must hold of a store after any actions."""

    def __init__(self, torn_bytes: int) -> None:
        self.disk = FailingDisk(torn_bytes)
        self.store = opened(self.disk)
        self.appended = 0
        self.durable: set[int] = set()
        self.retrieved: set[int] = set()

    def act(self, action: str, amount: int) -> None:
        if action == "append":
            for _ in range(amount):
                self.store.append(self.appended, octets(self.appended, 12 + 4 * (self.appended % 5)))
                self.appended += 1
        elif action == "commit":
            self.commit()
        elif action == "retrieve":
            self.retrieve(amount)
        elif action == "cut":
            self.disk.writes_left = amount
        else:
            self.disk.failure = action if action != "mend" else ""

    def commit(self) -> None:
        waiting = {int.from_bytes(item.octets[:4], "big") for item in self.store._waiting}
        try:
            self.store.commit()
            self.durable |= waiting
        except PowerCut:
            self.disk.power_cut()
            self.store = opened(self.disk)
            self.durable |= waiting & set(content(self.store))
        except PortError:
            assert self.disk.failure

    def retrieve(self, amount: int) -> None:
        try:
            packets = self.store.read(self.store.open_from)[:amount]
        except PortError:
            return
        self.retrieved |= {int.from_bytes(item.octets[:4], "big") for item in packets}
        if packets:
            self.store.retrieved(packets[-1].number + 1)

    def check(self) -> None:
        held = content(self.store)
        assert held == sorted(set(held))
        gone = self.durable - set(held)
        assert all(number < min(self.durable & set(held), default=self.appended) for number in gone)
        assert len(gone - self.retrieved) <= self.store.lost <= self.appended - len(held)


@settings(max_examples=120)
@given(actions=ACTIONS, torn_bytes=st.integers(0, 120))
def test_every_durable_packet_is_there_or_counted(actions: list[tuple[str, int]], torn_bytes: int) -> None:
    model = Model(torn_bytes)
    for action, amount in actions:
        model.act(action, amount)
        if not model.disk.failure:
            model.check()
    model.disk.failure, model.disk.writes_left = "", None
    model.commit()
    model.check()
    lost, held = model.store.lost, content(model.store)
    model.store = opened(model.disk)
    assert (model.store.lost, content(model.store)) == (lost, held)


@pytest.mark.parametrize("torn_bytes", [0, 1, 30, 61, 200])
@pytest.mark.parametrize("cut_at", range(16))
def test_a_cut_in_any_write_leaves_the_newest_durable_packets_in_order(cut_at: int, torn_bytes: int) -> None:
    disk = FailingDisk(torn_bytes)
    store = opened(disk)
    disk.writes_left = cut_at
    acknowledged = -1
    with pytest.raises(PowerCut):
        for number in range(0, 400, 4):
            filled(store, range(number, number + 4))
            acknowledged = number + 3
    again = opened(disk)
    held = content(again)
    assert held == list(range(again.lost, again.lost + len(held)))
    assert again.lost + len(held) > acknowledged


WRITER = """
import sys
from pathlib import Path
from fsw.store.packets import PacketStore
from hal.ports.disk import RealDisk
store = PacketStore(RealDisk(Path(sys.argv[1])), "events", 4096, 4)
store.commit()
number = store.next_number
while True:
    for _ in range(7):
        store.append(number, number.to_bytes(4, "big") * 10)
        number += 1
    store.commit()
    print(number, store.lost, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_what_it_said_was_durable(tmp_path: Path) -> None:
    chance = random.Random(4)
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        with writer.stdout as said:
            for _ in range(chance.randrange(3, 60)):
                line = said.readline()
            writer.send_signal(signal.SIGKILL)
            line = (said.read().splitlines() or [line])[-1] if said else line
        writer.wait()
        store = opened(RealDisk(tmp_path), 4096, 4)
        held = content(store)
        assert held == list(range(store.lost, store.lost + len(held)))
        assert held[-1] + 1 >= int(line.split()[0])
        store.close()

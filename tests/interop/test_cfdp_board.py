"""The board's file service with cfdp-py for a ground: 5 MB both ways over passes with 10 % loss."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, CONTACT, DOWNLINKED_PDU, EVENT, UPLINKED_PDU
from fsw.cfdp.directives import Eof, unpack
from fsw.files.repository import flight_repositories
from fsw.files.service import FilesService
from fsw.files.state import FilesState
from fsw.messages import Command, Contact, FilePdu
from fsw.store.state import NamedState
from hal.ports.disk import RealDisk

pytest.importorskip("cfdppy")

from cfdppy.request import PutRequest
from spacepackets.util import ByteFieldU16

from tests.interop.cfdp_peer import FIVE_MB, ROOM, STEP_MS, Peer, contents, restore

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # cfdp-py uses what spacepackets deprecates


class Board:
    """The flight's own file service, with cfdp-py for a ground: passes with losses, and nothing heard in between."""

    AWAY_NS = 5_400_000_000_000

    def __init__(self, time: SimpleNamespace, folder: Path, seed: int) -> None:
        self.peer, self.folder, self._time = Peer(), folder, time
        self._random, self.passes = random.Random(seed), 0
        self.hears: Any = lambda pdu: True
        self._to_peer: list[bytes] = []
        self.events: list[str] = []
        self.start()
        self.contact(True)

    def start(self) -> None:
        """A fresh process."""
        self.bus = MemoryBus()
        self._down = self.bus.subscribe(DOWNLINKED_PDU, "telemetry", Policy.MUST_DELIVER, depth=64)
        self._events = self.bus.subscribe(EVENT, "telemetry")
        state = NamedState(RealDisk(self.folder / "files", durable=False), "files", FilesState())
        self.service = FilesService(self.bus, flight_repositories(self.folder), state)

    @property
    def now_ns(self) -> int:
        return self._time.milliseconds * 1_000_000

    def contact(self, is_there: bool) -> None:
        until_ns = self.now_ns + 2 * self.AWAY_NS
        self.bus.publish(CONTACT, Contact(time_ns=self.now_ns, in_contact=is_there, until_ns=until_ns))
        self.service.step(self.now_ns)

    def step(self) -> list[bytes]:
        """A tenth of a second of a pass; gives what the peer sent and the board did not hear."""
        self._time.milliseconds += STEP_MS
        unheard = []
        for pdu in self._arriving(self.peer.exchange(self._to_peer, ROOM)):
            if self.hears(pdu):
                self.bus.publish(UPLINKED_PDU, FilePdu(time_ns=self.now_ns, octets=pdu))
            else:
                unheard.append(pdu)
        self.service.step(self.now_ns)
        self._to_peer = self._arriving([message.octets for message in self._down.drain()])
        self.events += [event.name for event in self._events.drain()]
        return unheard

    def go_away(self, pdus: list[bytes]) -> None:
        """The signal is lost, with `pdus` still under way to the board; then comes the next pass."""
        self.passes += 1
        self.contact(False)
        for pdu in pdus:
            self.bus.publish(UPLINKED_PDU, FilePdu(time_ns=self.now_ns, octets=pdu))
        self.service.step(self.now_ns)
        assert self._down.drain() == []
        self._time.milliseconds += self.AWAY_NS // 1_000_000
        restore(self.peer, self.AWAY_NS // 1_000_000)
        self.contact(True)

    def fly(self, event: str, steps: int = 25) -> None:
        """Passes of `steps` until the board says so and the peer has finished."""
        while event not in self.events or not self.peer.user.finished:
            for _ in range(steps):
                self.step()
            self.go_away([])
            assert self.passes < 200

    def _arriving(self, pdus: list[bytes]) -> list[bytes]:
        return [pdu for pdu in pdus if self._random.random() >= 0.1]


def test_the_board_takes_5_mb_from_cfdp_py_over_passes_with_10_percent_loss_both_ways(
    peer_time: SimpleNamespace, tmp_path: Path
) -> None:
    board = Board(peer_time, tmp_path / "run", 8)
    source = contents(tmp_path / "source", FIVE_MB)
    assert board.peer.source.put_request(PutRequest(ByteFieldU16(2), source, Path("inbox/tile.npy"), None, None))
    board.fly("file_received")
    assert (tmp_path / "run" / "intake" / "tile.npy").read_bytes() == source.read_bytes()
    assert board.passes > 2
    assert board.peer.faults.conditions == []


def test_cfdp_py_takes_5_mb_from_the_board_over_passes_with_10_percent_loss_both_ways(
    peer_time: SimpleNamespace, tmp_path: Path
) -> None:
    board = Board(peer_time, tmp_path / "run", 9)
    (tmp_path / "run" / "results").mkdir(parents=True)
    source = contents(tmp_path / "run" / "results" / "7.npy", FIVE_MB)
    target = tmp_path / "theirs"
    arguments = (1, "results", "7.npy", "ground", str(target))
    board.bus.publish(COMMAND, Command(time_ns=0, name="copy_file", arguments=arguments, request=1, ack=15, source=1))
    board.fly("file_sent")
    assert target.read_bytes() == source.read_bytes()
    assert board.passes > 2
    assert board.peer.faults.conditions == []


@pytest.mark.parametrize("is_restarted", [False, True])
def test_an_end_of_file_of_cfdp_py_that_comes_after_the_signal_was_lost_is_answered_at_the_next_pass(
    peer_time: SimpleNamespace, tmp_path: Path, is_restarted: bool
) -> None:
    board = Board(peer_time, tmp_path / "run", 10)
    source = contents(tmp_path / "source", 50_000)
    assert board.peer.source.put_request(PutRequest(ByteFieldU16(2), source, Path("inbox/a"), None, None))
    board.hears = lambda pdu: not isinstance(unpack(pdu)[1], Eof)
    while not (unheard := board.step()):
        pass
    board.hears = lambda pdu: True
    board.go_away(unheard)
    if is_restarted:
        board.start()
        board.contact(True)
    board.fly("file_received")
    assert (tmp_path / "run" / "intake" / "a").read_bytes() == source.read_bytes()

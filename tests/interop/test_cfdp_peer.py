"""cfdp-py at the other end, in both roles: class 2 with losses both ways, across passes; class 1; cancel."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fsw.cfdp.checksum import CRC_32, MODULAR
from fsw.cfdp.directives import Condition
from fsw.cfdp.entity import Entity
from fsw.cfdp.files import FolderFiles
from fsw.cfdp.settings import CfdpSettings, Ended
from fsw.cfdp.settings import PutRequest as OurRequest

pytest.importorskip("cfdppy")

from cfdppy.request import PutRequest
from spacepackets.cfdp import TransmissionMode
from spacepackets.util import ByteFieldU16

from tests.interop.cfdp_peer import FIVE_MB, LIMIT, ROOM, STEP_MS, Peer, contents, restore

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # cfdp-py uses what spacepackets deprecates


class Link:
    """Our entity 2 and the peer, with losses, in the peer's time."""

    def __init__(self, time: SimpleNamespace, folder: Path, loss: float, seed: int, **settings: Any) -> None:
        checksum, has_crc = settings.get("checksum_type", CRC_32), settings.get("has_crc", False)
        self.peer = Peer(checksum, has_crc)
        self.ours = Entity(
            CfdpSettings(
                entity=2, segment_octets=1000, sequence_octets=2, nak_limit=LIMIT, ack_limit=LIMIT,
                check_limit=LIMIT, **settings,
            ),
            FolderFiles(folder, limit=2 * FIVE_MB),
        )  # fmt: skip
        self.told: list[Any] = []
        self._time, self._loss, self._random = time, loss, random.Random(seed)
        self._to_peer: list[bytes] = []

    @property
    def now_ns(self) -> int:
        return self._time.milliseconds * 1_000_000

    def step(self) -> None:
        self._time.milliseconds += STEP_MS
        for pdu in self._arriving(self.peer.exchange(self._to_peer, ROOM)):
            self.ours.receive(self.now_ns, pdu)
        self._to_peer = self._arriving(self.ours.poll(self.now_ns, ROOM))
        self.told += self.ours.indications()

    def ended(self, steps: int = 20_000) -> Ended:
        """Run until both ends have finished; gives our end."""
        for _ in range(steps):
            self.step()
            ended = [item for item in self.told if isinstance(item, Ended)]
            if ended and not self.ours.status() and self.peer.user.finished:
                return ended[0]
        raise AssertionError(f"not finished: {self.ours.status()} {self.peer.user.finished} {self.peer.faults}")

    def _arriving(self, pdus: list[bytes]) -> list[bytes]:
        return [pdu for pdu in pdus if self._random.random() >= self._loss]


def peer_puts(link: Link, source: Path, name: str, **more: Any) -> None:
    request = PutRequest(ByteFieldU16(2), source, Path(name), more.pop("mode", None), more.pop("closure", None))
    assert link.peer.source.put_request(request)


@pytest.mark.parametrize(("seed", "checksum", "has_crc"), [(1, CRC_32, False), (2, MODULAR, True)])
def test_cfdp_py_sends_5_mb_to_us_with_10_percent_loss_both_ways(
    peer_time: SimpleNamespace, tmp_path: Path, seed: int, checksum: int, has_crc: bool
) -> None:
    link = Link(peer_time, tmp_path / "ours", 0.1, seed, checksum_type=checksum, has_crc=has_crc)
    source = contents(tmp_path / "source", FIVE_MB)
    peer_puts(link, source, "model.onnx")
    assert link.ended().is_delivered
    assert (tmp_path / "ours" / "model.onnx").read_bytes() == source.read_bytes()
    assert link.peer.faults.conditions == []


@pytest.mark.parametrize(("seed", "checksum", "has_crc"), [(1, CRC_32, False), (2, MODULAR, True)])
def test_we_send_5_mb_to_cfdp_py_with_10_percent_loss_both_ways(
    peer_time: SimpleNamespace, tmp_path: Path, seed: int, checksum: int, has_crc: bool
) -> None:
    link = Link(peer_time, tmp_path / "ours", 0.1, seed, checksum_type=checksum, has_crc=has_crc)
    source = contents(tmp_path / "ours" / "results", FIVE_MB)
    target = tmp_path / "theirs"
    link.ours.put(0, OurRequest(destination=1, source_name="results", destination_name=str(target)))
    assert link.ended().is_delivered
    assert target.read_bytes() == source.read_bytes()
    assert link.peer.faults.conditions == []


@pytest.mark.parametrize("is_ours", [True, False])
def test_transfer_goes_on_over_several_passes(peer_time: SimpleNamespace, tmp_path: Path, is_ours: bool) -> None:
    link = Link(peer_time, tmp_path / "ours", 0.1, 3)
    source = contents((tmp_path / "ours" if is_ours else tmp_path) / "source", 1_000_000)
    target = tmp_path / "ours" / "target"
    if is_ours:
        request = OurRequest(destination=1, source_name="source", destination_name=str(target))
        link.ours.put(0, request)
    else:
        peer_puts(link, source, "target")
    shown_ms, away_ns, passes = 0, 0, 0
    while not any(isinstance(item, Ended) for item in link.told):
        passes += 1
        for _ in range(3):
            link.step()
        link.ours.suspend(link.now_ns)  # cfdp-py cannot suspend: its clock is what we make it
        shown_ms, away_ns = peer_time.milliseconds, 5_400_000_000_000
        peer_time.milliseconds += away_ns // 1_000_000
        link.ours.resume(link.now_ns)
        restore(link.peer, peer_time.milliseconds - shown_ms)
        assert passes < 100
    assert link.ended().is_delivered
    assert passes > 3
    assert target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("closure", [False, True])
def test_class_1_in_both_directions(peer_time: SimpleNamespace, tmp_path: Path, closure: bool) -> None:
    link = Link(peer_time, tmp_path / "up", 0.0, 4)
    source = contents(tmp_path / "source", 20_000)
    peer_puts(link, source, "target", mode=TransmissionMode.UNACKNOWLEDGED, closure=closure)
    assert link.ended().is_delivered
    assert (tmp_path / "up" / "target").read_bytes() == source.read_bytes()
    link = Link(peer_time, tmp_path / "down", 0.0, 4)
    source = contents(tmp_path / "down" / "source", 20_000)
    target = str(tmp_path / "target")
    link.ours.put(
        link.now_ns,
        OurRequest(
            destination=1, source_name="source", destination_name=target, is_unacknowledged=True,
            is_closure_requested=closure,
        ),
    )  # fmt: skip
    assert link.ended().is_delivered == closure
    assert Path(target).read_bytes() == source.read_bytes()


def test_our_cancel_is_understood_by_cfdp_py(peer_time: SimpleNamespace, tmp_path: Path) -> None:
    link = Link(peer_time, tmp_path / "ours", 0.0, 5)
    contents(tmp_path / "ours" / "source", 500_000)
    request = OurRequest(destination=1, source_name="source", destination_name=str(tmp_path / "target"))
    id_ = link.ours.put(0, request)
    link.step()
    link.ours.cancel(link.now_ns, id_)
    assert link.ended().condition is Condition.CANCELLED
    assert link.peer.user.finished[0].condition_code == Condition.CANCELLED


def test_cancel_by_cfdp_py_is_understood_by_us(peer_time: SimpleNamespace, tmp_path: Path) -> None:
    link = Link(peer_time, tmp_path / "ours", 0.0, 6)
    peer_puts(link, contents(tmp_path / "source", 500_000), "target")
    link.step()
    assert link.peer.source.cancel_request(link.peer.source.transaction_id)
    assert link.ended().condition is Condition.CANCELLED
    assert not (tmp_path / "ours" / "target").exists()


def test_large_file_flag_is_understood_both_ways(peer_time: SimpleNamespace, tmp_path: Path) -> None:
    link = Link(peer_time, tmp_path / "ours", 0.1, 7, is_large=True)
    source = contents(tmp_path / "ours" / "source", 200_000)
    target = tmp_path / "target"
    link.ours.put(0, OurRequest(destination=1, source_name="source", destination_name=str(target)))
    assert link.ended().is_delivered
    assert target.read_bytes() == source.read_bytes()

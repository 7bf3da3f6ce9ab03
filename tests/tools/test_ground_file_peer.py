"""`penumbra gnd file peer`: a file gets to the other entity, at the pace asked for; exit codes say how it ended."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fsw.cfdp.entity import Entity
from fsw.cfdp.files import FolderFiles
from fsw.cfdp.settings import CfdpSettings
from hal.clock import SECOND_NS, SteppedClock
from tools.ground.cfdp import DatagramPdus, FileLink
from tools.ground.cli import gnd
from tools.ground.options import Station


class StationSteppedClock(SteppedClock):
    """A clock that stands still until the link listens."""

    def utc_ns(self) -> int:
        return 1_700_000_000 * SECOND_NS + self.now_ns()


class EntityLink:
    """The ground's end of a link with an entity at the other; `drops` says which datagrams up are lost."""

    def __init__(self, clock: SteppedClock, entity: Entity, drops: float = 0.0) -> None:
        self.sent: list[int] = []
        self.is_closed = False
        self._clock, self._entity, self._drops = clock, entity, drops
        self._down: deque[bytes] = deque()

    def send(self, packet: bytes) -> None:
        self.sent.append(self._clock.now_ns())
        if len(self.sent) * self._drops % 1.0 >= self._drops or not self._drops:
            self._entity.receive(self._clock.now_ns(), packet)

    def receive(self, timeout_ns: int) -> bytes | None:
        self._down.extend(self._entity.poll(self._clock.now_ns(), 10))
        if self._down:
            return self._down.popleft()
        self._clock.advance_to_ns(self._clock.now_ns() + timeout_ns)
        return None

    def close(self) -> None:
        self.is_closed = True


def put(tmp_path: Path, *more: str, drops: float = 0.0) -> tuple[Result, EntityLink]:
    (tmp_path / "model.bin").write_bytes(bytes(range(256)) * 100)
    clock = StationSteppedClock()
    board = Entity(CfdpSettings(entity=2), FolderFiles(tmp_path / "board", 1 << 20))
    link = EntityLink(clock, board, drops)
    station = Station(link=lambda: link, clock=clock)
    result = CliRunner().invoke(
        gnd, ["file", "peer", "put", str(tmp_path / "model.bin"), "in/a.bin", *more], obj=station
    )
    return result, link


@pytest.mark.parametrize("drops", [0.0, 0.3])
def test_file_arrives(tmp_path: Path, drops: float) -> None:
    result, link = put(tmp_path, drops=drops)
    assert (result.exit_code, "delivered: model.bin, 25600 octets" in result.output) == (0, True)
    assert (tmp_path / "board" / "in" / "a.bin").read_bytes() == (tmp_path / "model.bin").read_bytes()
    assert link.is_closed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["board", "model.bin"]


def test_pace_is_kept(tmp_path: Path) -> None:
    _, link = put(tmp_path, "--rate", "10")
    seconds = (link.sent[-1] - link.sent[0]) / SECOND_NS
    assert len(link.sent) == 32  # metadata, 29 segments, EOF, acknowledgement
    assert seconds == pytest.approx(3.1, abs=0.1)


def test_class_1_says_that_nobody_knows(tmp_path: Path) -> None:
    result, _ = put(tmp_path, "--unacknowledged")
    assert result.exit_code == 6
    assert "nobody says whether it arrived" in result.output


def test_nobody_there_is_a_failure_and_no_time_left_is_unknown(tmp_path: Path) -> None:
    result, _ = put(tmp_path, drops=1.0)
    assert (result.exit_code, "positive_ack_limit" in result.output) == (5, True)
    assert put(tmp_path, "--seconds", "2", drops=1.0)[0].exit_code == 6


def test_name_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert CliRunner().invoke(gnd, ["file", "peer", "put", str(tmp_path / "a"), "x" * 256]).exit_code == 2


def test_file_is_received(tmp_path: Path) -> None:
    from fsw.cfdp.settings import PutRequest

    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a").write_bytes(b"result")
    clock = StationSteppedClock()
    sender = Entity(CfdpSettings(entity=2), FolderFiles(tmp_path / "source", 1000))
    sender.put(0, PutRequest(destination=1, source_name="a", destination_name="results/a"))
    station = Station(link=lambda: EntityLink(clock, sender), clock=clock)
    command = ["file", "peer", "receive", str(tmp_path / "here"), "--seconds", "5"]
    result = CliRunner().invoke(gnd, command, obj=station)
    assert result.exit_code == 0
    assert "delivered: results/a, 6 octets" in result.output
    assert (tmp_path / "here" / "results" / "a").read_bytes() == b"result"


def test_link_hands_received_units_to_the_entity(tmp_path: Path) -> None:
    clock = StationSteppedClock()
    entity = Entity(CfdpSettings(entity=1), FolderFiles(tmp_path, 1000))
    link = EntityLink(clock, Entity(CfdpSettings(entity=2), FolderFiles(tmp_path, 1000)))
    files = FileLink(entity, DatagramPdus(link), clock, rate=100.0)
    assert list(files.indications(SECOND_NS)) == []
    assert clock.now_ns() >= SECOND_NS

"""A transfer whose sender or receiver was restarted goes on with what is missing."""

from __future__ import annotations

import pytest

from fsw.cfdp.directives import Condition, FileData, Finished, unpack
from fsw.cfdp.entity import Entity
from fsw.cfdp.settings import CfdpSettings, Ended
from tests.fsw.cfdp_wire import UP, Wire, contents


def test_reception_goes_on_after_a_restart() -> None:
    wire = Wire(contents(4000))
    wire.ground.put(0, UP)
    wire.step()
    (checkpoint,) = wire.board.checkpoints()
    wire.board = Entity(CfdpSettings(entity=2, segment_octets=100), wire.board_files)
    wire.board.restore(wire.now_ns, checkpoint)
    sent: list[bytes] = []
    wire.drops = lambda pdu: sent.append(pdu) is not None
    assert wire.run().ended(2).is_delivered
    assert wire.board_files.files["in/model.onnx"] == contents(4000)
    assert sum(isinstance(unpack(pdu)[1], FileData) for pdu in sent) == 21  # 40 segments, 19 before the restart


def test_last_word_of_a_reception_is_said_again_after_a_restart() -> None:
    wire = Wire(contents(4000))
    wire.ground.put(0, UP)
    wire.drops = lambda pdu: isinstance(unpack(pdu)[1], Finished)
    while not wire.board_files.files:
        wire.step()
    (checkpoint,) = wire.board.checkpoints()
    assert checkpoint.partial == "1-7.part"
    wire.board = Entity(CfdpSettings(entity=2, segment_octets=100), wire.board_files)
    wire.board.restore(wire.now_ns, checkpoint)
    wire.drops = lambda pdu: False
    assert wire.run().ended(1).is_delivered
    assert wire.ended(2).is_delivered


@pytest.mark.parametrize("steps", [1, 2, 8, 9, 10, 11, 12])
def test_sender_goes_on_after_a_restart_with_what_the_receiver_lacks(steps: int) -> None:
    wire = Wire(contents(18_000))
    _, sequence = wire.ground.put(0, UP)
    for _ in range(steps):
        wire.step()
    has_ended = not wire.ground.status()
    wire.ground = Entity(CfdpSettings(entity=1, segment_octets=100), wire.ground_files)
    wire.ground.take_up(UP, sequence)
    sent: list[bytes] = []
    wire.drops = lambda pdu: sent.append(pdu) is not None
    wire.run()
    assert wire.board_files.files["in/model.onnx"] == contents(18_000)
    assert wire.ended(2).is_delivered
    told = [item for item in wire.told[1] if isinstance(item, Ended)][-1]
    assert told.condition is Condition.NO_ERROR
    assert told.is_delivered or has_ended  # whoever asks a receiver that has forgotten learns nothing
    assert sum(isinstance(unpack(pdu)[1], FileData) for pdu in sent) == max(0, 180 - (20 * steps - 1))


def test_sender_that_starts_anew_is_asked_for_everything_by_a_receiver_that_knows_nothing() -> None:
    wire = Wire(contents(3000), loss=0.2)
    wire.ground.take_up(UP, 99)
    assert wire.run().ended(2).is_delivered
    assert wire.board_files.files["in/model.onnx"] == contents(3000)

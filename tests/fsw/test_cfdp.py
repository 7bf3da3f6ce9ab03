"""Files over a link that loses, repeats and reorders: class 2 delivers the same file or says why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.cfdp.checksum import CRC_32, MODULAR, NULL
from fsw.cfdp.directives import Condition, Eof, FileData, Metadata, unpack
from fsw.cfdp.entity import CfdpBusy, Entity
from fsw.cfdp.files import FolderFiles
from fsw.cfdp.header import Header
from fsw.cfdp.settings import SECOND_NS, Action, CfdpSettings, Ended, Faulted, Started
from tests.fsw.cfdp_wire import STEP_NS, UP, Wire, contents


@given(
    st.integers(0, 3000), st.integers(0, 2**32), st.sampled_from([0.0, 0.1, 0.2, 0.3]), st.sampled_from([0.0, 0.3]),
    st.sampled_from([MODULAR, CRC_32, NULL]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_class_2_delivers_the_same_file_or_a_fault(
    octets: int, seed: int, loss: float, shuffle: float, checksum: int, has_crc: bool, is_large: bool
) -> None:
    wire = Wire(contents(octets), seed, loss, shuffle, checksum_type=checksum, has_crc=has_crc, is_large=is_large)
    wire.ground.put(0, UP)
    wire.run()
    board, ground = wire.ended(2), wire.ended(1)
    delivered = wire.board_files.files.get("in/model.onnx") == contents(octets)
    assert board.is_delivered == delivered
    assert delivered or (board.condition and any(isinstance(item, Faulted) for item in wire.told[2]))
    assert not ground.is_delivered or delivered
    assert wire.board_files.partials == {}
    assert wire.board.untold == wire.ground.untold == 0


def test_class_2_delivers_at_30_percent_loss_each_way() -> None:
    results = []
    for seed in range(40):
        wire = Wire(contents(5000), seed, loss=0.3, shuffle=0.2)
        wire.ground.put(0, UP)
        results.append(wire.run().ended(2).is_delivered)
    assert results.count(True) >= 39


@given(st.integers(0, 3000), st.integers(0, 2**32), st.sampled_from([0.0, 0.2]), st.booleans())
def test_class_1_delivers_or_reports_its_gaps(octets: int, seed: int, loss: float, is_closing: bool) -> None:
    wire = Wire(contents(octets), seed, loss, shuffle=0.2)
    wire.ground.put(0, replace(UP, is_unacknowledged=True, is_closure_requested=is_closing))
    wire.run()
    for board in (item for item in wire.told[2] if isinstance(item, Ended)):
        if board.is_delivered:
            assert wire.board_files.files["in/model.onnx"] == contents(octets)
        else:
            assert board.condition in (Condition.CHECK_LIMIT, Condition.INACTIVITY)
            assert sum(end - start for start, end in board.gaps) <= octets
    if loss == 0.0:
        assert wire.ended(2).is_delivered
        assert (wire.ended(1).is_delivered, wire.ended(1).condition) == (is_closing, Condition.NO_ERROR)


def test_class_1_names_what_it_lacks() -> None:
    wire = Wire(contents(1000))
    wire.drops = lambda pdu: isinstance(unpack(pdu)[1], FileData) and unpack(pdu)[1].offset in (200, 300, 900)  # type: ignore[union-attr]
    wire.ground.put(0, replace(UP, is_unacknowledged=True))
    ended = wire.run().ended(2)
    assert (ended.condition, ended.gaps) == (Condition.CHECK_LIMIT, ((200, 400), (900, 1000)))
    assert wire.board_files.files == wire.board_files.partials == {}


def test_transfer_survives_passes_with_gaps_longer_than_every_limit() -> None:
    wire = Wire(contents(20_000), loss=0.1)
    wire.ground.put(0, UP)
    passes = 0
    while wire.ground.status() or wire.board.status():
        passes += 1
        for _ in range(20):
            wire.step(room=5)
        for entity in (wire.ground, wire.board):
            entity.suspend(wire.now_ns)
        wire.step()  # what was under way arrives after the loss of signal
        wire.now_ns += 5400 * SECOND_NS
        for entity in (wire.ground, wire.board):
            entity.resume(wire.now_ns)
        assert passes < 50
    assert passes > 3
    assert wire.ended(2).is_delivered
    assert wire.ended(1).is_delivered
    assert not [item for item in wire.told[1] + wire.told[2] if isinstance(item, Faulted)]


def test_eof_that_arrives_while_suspended_is_answered_at_the_next_pass() -> None:
    wire = Wire(contents(500))
    wire.ground.put(0, UP)
    wire.board.suspend(0)
    for _ in range(10):
        wire.step()
    assert wire.board.poll(wire.now_ns, 10) == []
    wire.board.resume(wire.now_ns)
    assert wire.run().ended(2).is_delivered


def test_sender_stops_when_told_and_the_partial_file_goes() -> None:
    wire = Wire(contents(20_000))
    id_ = wire.ground.put(0, UP)
    wire.step()
    assert wire.board_files.partials
    wire.ground.cancel(wire.now_ns, id_)
    wire.run()
    assert wire.ended(1).condition is wire.ended(2).condition is Condition.CANCELLED
    assert not wire.ended(2).is_delivered
    assert wire.board_files.partials == wire.board_files.files == {}


def test_sender_stops_after_its_end_of_file_and_the_receiver_hears_of_it() -> None:
    wire = Wire(contents(500))
    wire.drops = lambda pdu: isinstance(unpack(pdu)[1], FileData)
    id_ = wire.ground.put(0, UP)
    for _ in range(4):
        wire.step()
    wire.ground.cancel(wire.now_ns, id_)
    wire.run()
    assert wire.ended(2).condition is wire.ended(1).condition is Condition.CANCELLED
    assert wire.board_files.partials == {}


def test_receiver_stops_when_told_and_the_sender_hears_of_it() -> None:
    wire = Wire(contents(20_000))
    id_ = wire.ground.put(0, UP)
    wire.step()
    wire.board.cancel(wire.now_ns, id_)
    wire.run()
    assert wire.ended(1).condition is wire.ended(2).condition is Condition.CANCELLED


def test_cancel_after_delivery_is_too_late() -> None:
    wire = Wire(contents(300))
    id_ = wire.ground.put(0, UP)
    while not wire.board_files.files:
        wire.step()
    wire.board.cancel(wire.now_ns, id_)
    wire.run()
    assert (wire.ended(1).condition, wire.ended(1).is_delivered) == (Condition.NO_ERROR, True)


def test_held_transaction_waits_and_others_go_on() -> None:
    wire = Wire(contents(3000))
    held = wire.ground.put(0, UP)
    other = wire.ground.put(0, replace(UP, destination_name="second"))
    wire.ground.hold(0, held)
    for _ in range(60):
        wire.step()
    assert [status.id for status in wire.ground.status() if status.is_suspended] == [held]
    assert "second" in wire.board_files.files
    wire.ground.release(wire.now_ns, held)
    wire.run()
    assert other != held
    assert "in/model.onnx" in wire.board_files.files


@pytest.mark.parametrize(("is_unacknowledged", "expected"), [(False, "ack"), (True, "silent")])
def test_nobody_there_is_a_fault_within_the_limits(is_unacknowledged: bool, expected: str) -> None:
    wire = Wire(contents(300))
    wire.drops = lambda pdu: True
    wire.ground.put(0, replace(UP, is_unacknowledged=is_unacknowledged, is_closure_requested=True))
    ended = wire.run().ended(1)
    assert not ended.is_delivered
    assert ended.condition is (Condition.POSITIVE_ACK_LIMIT if expected == "ack" else Condition.CHECK_LIMIT)


def test_sender_that_falls_silent_is_a_fault_of_inactivity() -> None:
    wire = Wire(contents(300))
    wire.board.receive(0, Metadata(300, "a", "b", CRC_32).pack(Header(1, 1, 2)))
    wire.run()
    assert wire.ended(2).condition is Condition.INACTIVITY


@pytest.mark.parametrize("action", list(Action))
def test_fault_handlers_do_what_the_settings_say(action: Action) -> None:
    wire = Wire(b"", faults={Condition.INACTIVITY: action}, inactivity_s=5.0)
    wire.board.receive(0, Metadata(300, "a", "b", CRC_32).pack(Header(1, 1, 2)))
    for _ in range(60):
        wire.step()
    faults = [item for item in wire.told[2] if isinstance(item, Faulted) and item.condition is Condition.INACTIVITY]
    assert all(item.action is action for item in faults)
    assert len(faults) == (3 if action is Action.IGNORE else 1)
    if action is Action.ABANDON:
        assert wire.ended(2).condition is Condition.INACTIVITY
    if action is Action.SUSPEND:
        assert wire.board.status()[0].is_suspended


def test_disk_that_refuses_ends_the_transfer_on_both_sides() -> None:
    wire = Wire(contents(3000))
    wire.board_files.is_broken = True
    wire.ground.put(0, UP)
    wire.run()
    assert wire.ended(2).condition is wire.ended(1).condition is Condition.FILESTORE_REJECTION
    wire = Wire(contents(3000))
    wire.ground.put(0, UP)
    wire.ground_files.is_broken = True
    wire.run()
    assert wire.ended(1).condition is Condition.FILESTORE_REJECTION


@pytest.mark.parametrize(("size", "checksum", "expected"), [
    (10, 1, Condition.CHECKSUM_FAILURE), (9, 0, Condition.FILE_SIZE_ERROR),
])  # fmt: skip
def test_file_that_is_not_what_was_announced_is_refused(size: int, checksum: int, expected: Condition) -> None:
    wire, header = Wire(b""), Header(1, 1, 2)
    for directive in (Metadata(10, "a", "b", MODULAR), FileData(0, bytes(10)), Eof(Condition.NO_ERROR, checksum, size)):
        wire.board.receive(0, directive.pack(header))
    wire.run()
    assert wire.ended(2).condition is expected
    assert wire.board_files.files == {}


def test_file_without_room_is_refused_before_its_data_comes() -> None:
    wire = Wire(contents(4000))
    wire.board_files.limit = 3999
    wire.ground.put(0, UP)
    wire.run()
    assert wire.ended(1).condition is wire.ended(2).condition is Condition.FILESTORE_REJECTION
    assert wire.ended(2).octets < 2000
    assert wire.board_files.partials == {}


def test_entity_that_takes_no_files_leaves_them_unclaimed() -> None:
    wire = Wire(contents(10))
    wire.board = Entity(CfdpSettings(entity=2, takes_files=False), wire.board_files)
    wire.ground.put(0, UP)
    wire.step()
    assert (wire.board.status(), wire.board.unclaimed) == ([], 3)


def test_everything_is_bounded() -> None:
    wire = Wire(contents(10), transactions=2, intervals=3, indications=3, remembered=2)
    wire.ground.put(0, UP)
    wire.ground.put(0, UP)
    with pytest.raises(CfdpBusy):
        wire.ground.put(0, UP)
    for sequence in range(50):
        for place in range(0, 400, 20):
            wire.board.receive(0, FileData(place, b"x").pack(Header(1, sequence, 2)))
    assert len(wire.board.status()) == 2
    assert all(status.octets == 3 for status in wire.board.status())
    assert wire.board.unclaimed == 48 * 20
    for sequence in range(2):  # too short for what has come: started, faulted
        wire.board.receive(0, Metadata(20, "a", "b", CRC_32).pack(Header(1, sequence, 2)))
    assert (len(wire.board.indications()), wire.board.untold) == (3, 1)
    wire.run()


@given(st.binary(max_size=60), st.booleans())
def test_any_octets_are_taken_and_counted(octets: bytes, is_mutated: bool) -> None:
    wire = Wire(b"")
    if is_mutated:
        pdu = bytearray(Metadata(300, "abc", "def", CRC_32).pack(Header(1, 1, 2, has_crc=True)))
        for place, octet in enumerate(octets):
            pdu[place % len(pdu)] ^= octet
        octets = bytes(pdu)
    wire.board.receive(0, octets)
    wire.board.poll(STEP_NS, 10)
    assert wire.board.refused + wire.board.unclaimed + len(wire.board.status()) + len(wire.board.indications()) >= 1


def test_sizes_that_the_answers_of_a_transaction_cannot_hold_are_unclaimed() -> None:
    wire = Wire(b"")
    small = Header(1, 1, 2)
    wire.board.receive(0, FileData(0, b"x").pack(small))
    wire.board.receive(0, FileData(1 << 40, b"x").pack(small._replace(is_large=True)))
    wire.board.receive(0, Eof(Condition.NO_ERROR, 0, 1 << 41).pack(small._replace(is_large=True)))
    assert wire.board.unclaimed == 2
    wire.board.poll(STEP_NS, 10)


def test_started_is_told_once() -> None:
    wire = Wire(contents(100), shuffle=0.5)
    wire.ground.put(0, UP)
    wire.run()
    assert [item for item in wire.told[2] if isinstance(item, Started)] == [
        Started(id=(1, 7), name="in/model.onnx", size=100)
    ]


def test_folder_holds_files_and_nothing_gets_out_of_it(tmp_path: Path) -> None:
    files = FolderFiles(tmp_path / "files", limit=100)
    files.write("1-1.part", 4, b"later")
    files.write("1-1.part", 0, b"soon")
    files.sync("1-1.part")
    assert files.read_back("1-1.part", 2, 4) == b"onla"
    files.commit("1-1.part", "models/a.onnx")
    assert (files.size("models/a.onnx"), files.read("/models/a.onnx", 4, 99)) == (9, b"later")
    files.commit("1-2.part", "empty")
    files.discard("1-3.part")
    assert files.size("empty") == 0
    for name in ("../outside", "", ".", "a\0b", ".partial/1-1.part"):
        with pytest.raises(PermissionError):
            files.commit("1-1.part", name)
    with pytest.raises(OSError, match="over 100 octets"):
        files.write("1-1.part", 99, b"xx")

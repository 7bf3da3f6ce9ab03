"""Counters over restarts: nothing is used twice and nothing acts twice, wherever the power goes or the store fails."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.packets.frames.tc import TcFrame
from fsw.packets.security.association import Reason, ReceiveAssociation, Receiver, Rejected, SendAssociation
from fsw.packets.security.cipher import AesGcm, HmacSha256
from fsw.packets.security.contingency import Challenge, Generation, Recovery, Refusal, answer, traffic_key
from fsw.packets.security.counters import CounterStore, MemoryStore, ReceiveCounter, SendCounter, provision
from fsw.packets.security.errors import KeyRefused, StoreFailed
from fsw.packets.security.keys import Secret
from fsw.packets.security.sdls import open_frame, seal_frame

LAUNCH_KEY = Secret(bytes(range(32)))
CONTINGENCY = tuple(Secret(bytes([n]) * 32) for n in range(100, 104))
CHANNEL, SPI = 1, 2
FRAME = TcFrame(scid=0xAB, vcid=1, data=b"\xc0command")


class PowerCut(Exception):
    """The process is gone."""


class FaultyStore:
    """A memory store that fails when told, and cuts the power before or after a write when told."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.fails = False
        self.cut: str | None = None  # "before" or "after" the next write

    def load(self, name: str) -> bytes | None:
        if self.fails:
            raise StoreFailed(name)
        return self.values.get(name)

    def save(self, name: str, value: bytes) -> None:
        if self.fails:
            raise StoreFailed(name)
        cut, self.cut = self.cut, None
        if cut == "before":
            raise PowerCut
        self.values[name] = value
        if cut == "after":
            raise PowerCut


class Board:
    """The receiving end of one channel; made anew after each power cut."""

    def __init__(self, association: ReceiveAssociation) -> None:
        self.counter = association.counter
        self.receiver = Receiver((association,))
        self.executed: list[bytes] = []

    def receive(self, frame: TcFrame) -> bool:
        """True where the frame acted."""
        result = open_frame(self.receiver, frame)
        if isinstance(result, Rejected) or not self.receiver.commit(result[1]):
            return False
        self.executed.append(frame.data)
        return True


def board_on(store: CounterStore, block: int) -> Board:
    return Board(ReceiveAssociation(SPI, HmacSha256(LAUNCH_KEY), ReceiveCounter(store, "receive", block=block)))


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
def test_no_command_acts_twice_and_no_counter_is_used_twice_over_power_cuts(seed: int, sent: int, taken: int) -> None:
    """Either end may lose its power at any frame, before or after a write; then what was sent before comes again."""
    random_source = random.Random(seed)
    ground_store, board_store = FaultyStore(), FaultyStore()
    provision(ground_store, "send")
    provision(board_store, "receive")
    board = board_on(board_store, taken)
    history: list[TcFrame] = []
    acted: list[bytes] = []
    sender = SendAssociation(SPI, HmacSha256(LAUNCH_KEY), SendCounter(ground_store, "send", 4, block=sent))
    for _ in range(120):
        ground_store.cut = random_source.choice([None, None, None, "before", "after"])
        board_store.cut = random_source.choice([None, None, None, "before", "after"])
        try:
            history.append(seal_frame(sender, FRAME))
            if board.receive(history[-1]):
                acted.append(history[-1].data)
        except PowerCut:
            ground_store.cut = board_store.cut = None
            sender = SendAssociation(SPI, HmacSha256(LAUNCH_KEY), SendCounter(ground_store, "send", 4, block=sent))
            board = board_on(board_store, taken)
            # What was lost with the power before it acted may act now, once.
            again = random_source.sample(history, min(10, len(history)))
            acted += [frame.data for frame in again if board.receive(frame)]
            assert board.counter.floor is not None
            sender.counter.advance(board.counter.floor)
    assert len({frame.data[3:7] for frame in history}) == len(history)
    assert len(set(acted)) == len(acted)
    board_store.cut = ground_store.cut = None
    assert board.receive(seal_frame(sender, FRAME))


def test_a_sender_writes_once_a_block_and_resumes_behind_it() -> None:
    store = FaultyStore()
    provision(store, "send")
    counter = SendCounter(store, "send", 12, block=10)
    assert [counter.next() for _ in range(3)] == [1, 2, 3]
    assert SendCounter(store, "send", 12, block=10).next() == 11


def test_a_sender_whose_store_fails_stops_at_the_end_of_its_block() -> None:
    store = FaultyStore()
    provision(store, "send")
    counter = SendCounter(store, "send", 12, block=2)
    counter.next()
    store.fails = True
    assert counter.next() == 2
    with pytest.raises(StoreFailed):
        counter.next()
    store.fails = False
    assert counter.next() == 3


def test_commands_go_on_without_the_store_for_half_a_block_and_are_never_repeated() -> None:
    store = FaultyStore()
    provision(store, "receive")
    provision(ground := MemoryStore(), "send")
    sender = SendAssociation(SPI, HmacSha256(LAUNCH_KEY), SendCounter(ground, "send", 4))
    board = board_on(store, 16)
    frames = [seal_frame(sender, FRAME) for _ in range(30)]
    assert board.receive(frames[0])
    store.fails = True
    acted = [board.receive(frame) for frame in frames[1:]]
    assert 8 <= acted.count(True) == acted.index(False) == 15
    assert board.counter.unsaved > 0
    assert board.receiver.counts[Reason.NOT_KEPT] == acted.count(False)
    store.fails = False
    restarted = board_on(store, 16)
    assert [restarted.receive(frame) for frame in frames[:16]] == [False] * 16
    assert restarted.receive(frames[20])


class Channel:
    """A board with its recovery, and the ground's knowledge of which contingency key is next."""

    def __init__(self, store: FaultyStore, seed: int = 0) -> None:
        self.store = store
        self._entropy = random.Random(seed)
        self.restart()

    def restart(self) -> None:
        self.recovery = Recovery(self.store, CHANNEL, CONTINGENCY, self._entropy.randbytes)
        self._associate()

    def _associate(self) -> None:
        self.board = Board(self.recovery.association(SPI, HmacSha256, LAUNCH_KEY, "receive"))

    @property
    def is_lost(self) -> bool:
        return self.board.counter.floor is None

    def take_answer(self, data: bytes) -> Generation | Refusal:
        result = self.recovery.answer(data, ("receive",))
        self._associate()
        return result


def launched() -> tuple[Channel, SendAssociation]:
    store = FaultyStore()
    provision(store, "receive")
    Recovery(store, CHANNEL, CONTINGENCY, random.Random(0).randbytes).launch()
    return Channel(store), sender_with(LAUNCH_KEY)


def sender_with(key: Secret) -> SendAssociation:
    provision(store := MemoryStore(), "send")
    return SendAssociation(SPI, HmacSha256(key), SendCounter(store, "send", 4))


def test_a_lost_counter_is_recovered_and_no_old_command_becomes_valid() -> None:
    channel, sender = launched()
    old = [seal_frame(sender, FRAME) for _ in range(5)]
    assert [channel.board.receive(frame) for frame in old[:3]] == [True] * 3
    del channel.store.values["receive"]
    channel.restart()
    assert channel.is_lost
    assert not any(channel.board.receive(frame) for frame in old)
    assert channel.board.receiver.counts[Reason.COUNTER_LOST] == 5
    challenge = Challenge.unpack(channel.recovery.challenge().pack())
    told = answer(challenge, CONTINGENCY[0], 0)
    assert channel.take_answer(told) == Generation(0, challenge.nonce)
    assert not any(channel.board.receive(frame) for frame in old)
    fresh = sender_with(traffic_key(CONTINGENCY[0], CHANNEL, SPI, challenge.nonce))
    assert channel.board.receive(seal_frame(fresh, FRAME))
    channel.restart()  # key and counter were kept
    assert not channel.is_lost
    assert not any(channel.board.receive(frame) for frame in old)
    fresh.counter.advance(channel.board.counter.floor or 0)
    assert channel.board.receive(seal_frame(fresh, FRAME))
    assert channel.recovery.answer(told, ("receive",)) is Refusal.NOT_ASKED


def test_answers_of_other_boots_keys_and_channels_are_refused_and_counted() -> None:
    channel, _sender = launched()
    channel.store.values.clear()
    channel.restart()
    old = answer(channel.recovery.challenge(), CONTINGENCY[0], 0)
    channel.restart()
    challenge = channel.recovery.challenge()
    right = answer(challenge, CONTINGENCY[2], 2)
    wrong = {
        Refusal.OTHER_CHALLENGE: [old, answer(challenge._replace(channel=9), CONTINGENCY[0], 0)],
        Refusal.KEY_USED: [answer(challenge, CONTINGENCY[0], len(CONTINGENCY))],
        Refusal.FORGED: [answer(challenge, CONTINGENCY[1], 0), right[:-1] + bytes([right[-1] ^ 1])],
        Refusal.MALFORMED: [b"", right[:-1], right + b"\x00"],
    }
    for refusal, answers in wrong.items():
        assert [channel.take_answer(data) for data in answers] == [refusal] * len(answers)
        assert channel.recovery.counts[refusal] == len(answers)
    assert channel.take_answer(right) == Generation(2, challenge.nonce)
    channel.store.values.pop("receive.2")
    channel.restart()
    challenge = channel.recovery.challenge()
    assert challenge.first_key == 3
    assert channel.take_answer(answer(challenge, CONTINGENCY[2], 2)) is Refusal.KEY_USED


@pytest.mark.parametrize("writes_before", [0, 1])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_power_cut_while_recovering_leaves_something_recoverable(writes_before: int, moment: str) -> None:
    channel, sender = launched()
    old = seal_frame(sender, FRAME)
    del channel.store.values["receive"]
    channel.restart()
    challenge = channel.recovery.challenge()
    save = channel.store.save
    writes = iter([None] * writes_before + [moment])

    def cutting(name: str, value: bytes) -> None:
        channel.store.cut = next(writes, None)
        save(name, value)

    channel.store.save = cutting  # type: ignore[method-assign]
    with pytest.raises(PowerCut):
        channel.take_answer(answer(challenge, CONTINGENCY[0], 0))
    channel.store.save = save  # type: ignore[method-assign]
    channel.restart()
    assert not channel.board.receive(old)
    if channel.is_lost:
        again = channel.recovery.challenge()
        assert again.nonce != challenge.nonce
        assert channel.take_answer(answer(again, CONTINGENCY[0], 0)) == Generation(0, again.nonce)
    assert not channel.is_lost
    assert not channel.board.receive(old)


def test_with_a_dead_store_a_recovery_holds_for_the_session() -> None:
    channel, sender = launched()
    old = seal_frame(sender, FRAME)
    channel.store.fails = True
    channel.restart()
    challenge = channel.recovery.challenge()
    assert isinstance(channel.take_answer(answer(challenge, CONTINGENCY[0], 0)), Generation)
    session = sender_with(traffic_key(CONTINGENCY[0], CHANNEL, SPI, challenge.nonce, is_kept=False))
    of_session = seal_frame(session, FRAME)
    assert channel.board.receive(of_session)
    assert not channel.board.receive(old)
    channel.store.fails = False
    channel.restart()
    assert not channel.board.receive(of_session)
    assert channel.board.receive(old)  # never taken before, and its counter and key are what they were


def test_a_store_that_fails_after_writing_does_not_make_the_session_valid_again() -> None:
    channel, _sender = launched()
    del channel.store.values["receive"]
    channel.restart()
    challenge = channel.recovery.challenge()
    save = channel.store.save

    def lying(name: str, value: bytes) -> None:
        save(name, value)
        if name.startswith("generation"):
            raise StoreFailed(name)

    channel.store.save = lying  # type: ignore[method-assign]
    assert isinstance(channel.take_answer(answer(challenge, CONTINGENCY[0], 0)), Generation)
    session = sender_with(traffic_key(CONTINGENCY[0], CHANNEL, SPI, challenge.nonce, is_kept=False))
    of_session = seal_frame(session, FRAME)
    assert channel.board.receive(of_session)
    channel.store.save = save  # type: ignore[method-assign]
    channel.restart()
    assert channel.recovery.generation == Generation(0, challenge.nonce)
    assert not channel.board.receive(of_session)


def test_a_lost_generation_does_not_bring_an_earlier_one_back() -> None:
    """Old keys and old counters are there still; only the record of the recovery between is gone."""
    channel, sender = launched()
    old = seal_frame(sender, FRAME)
    counter = channel.store.values.pop("receive")
    channel.restart()
    channel.take_answer(answer(channel.recovery.challenge(), CONTINGENCY[0], 0))
    channel.store.values["receive"] = counter
    del channel.store.values[f"generation.{CHANNEL}"]
    channel.restart()
    assert channel.is_lost
    assert not channel.board.receive(old)
    assert channel.recovery.challenge().first_key == 0


def test_a_board_without_its_contingency_keys_says_so() -> None:
    channel, _sender = launched()
    del channel.store.values["receive"]
    channel.restart()
    channel.take_answer(answer(channel.recovery.challenge(), CONTINGENCY[1], 1))
    poor = Recovery(channel.store, CHANNEL, CONTINGENCY[:1], random.Random(0).randbytes)
    with pytest.raises(KeyRefused):
        poor.association(SPI, HmacSha256, LAUNCH_KEY, "receive")


def test_gcm_initialisation_vectors_never_repeat_over_restarts() -> None:
    store = FaultyStore()
    provision(store, "send")
    vectors = []
    for _ in range(20):
        sender = SendAssociation(SPI, AesGcm(LAUNCH_KEY), SendCounter(store, "send", 12, block=7))
        vectors += [sender.seal(b"", b"x")[2:14] for _ in range(5)]
    assert len(set(vectors)) == len(vectors)
    assert vectors == sorted(vectors)

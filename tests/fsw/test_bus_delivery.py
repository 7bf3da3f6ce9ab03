"""Must-deliver over a channel that loses, repeats and forgets: nothing is lost, order holds, gaps are counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.bus.contract import BusFull
from fsw.bus.delivery import RESEND_LAST_NS, Arrivals, Outbox, Receipts, Verdict

DEPTH = 4


class Channel:
    """A writer and a keeper of one topic; frames go through a list that the test may lose or repeat."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.epoch = 1
        self.published = 0
        self.outbox = Outbox("job", "store", DEPTH)
        self.lost_with_the_writer: set[int] = set()
        self.frames: list[tuple[int, int, int, bytes]] = []
        self.restart_keeper()
        self.taken_ever: set[int] = set()

    def restart_keeper(self) -> None:
        self.receipts = Receipts()
        self.inbox: list[int] = []
        self.accepted = 0
        self.taken: list[int] = []

    def restart_writer(self) -> None:
        first = self.published - self.outbox.count().in_flight
        self.lost_with_the_writer |= set(range(first, self.published))
        self.epoch += 1
        self.outbox = Outbox("job", "store", DEPTH)

    def publish(self) -> None:
        try:
            self.outbox.add(str(self.published).encode())
        except BusFull:
            return
        self.published += 1

    def send(self) -> None:
        self.now_ns += RESEND_LAST_NS
        due = self.outbox.due(self.now_ns)
        self.frames += [(self.epoch, sequence, self.outbox.oldest, octets) for sequence, octets in due]
        self.outbox.handed(len(due), self.now_ns)

    def arrive(self) -> None:
        for epoch, sequence, oldest, octets in self.frames:
            if self.receipts.judge(epoch, sequence, oldest) is Verdict.NEW and len(self.inbox) < DEPTH:
                self.inbox.append(int(octets))
                self.accepted += 1
                self.receipts.accepted((self.accepted,))
        self.frames.clear()

    def take(self) -> None:
        if self.inbox:
            self.taken.append(self.inbox.pop(0))
            self.taken_ever.add(self.taken[-1])

    def acknowledge(self) -> None:
        sequence = self.receipts.acknowledge((len(self.taken),))
        if self.receipts.epoch == self.epoch:
            self.outbox.acknowledged(sequence)

    def lose(self) -> None:
        del self.frames[: len(self.frames) // 2 + 1]

    def repeat(self) -> None:
        self.frames += self.frames[:2]


ACTIONS = ["publish", "send", "arrive", "take", "acknowledge", "lose", "repeat", "restart_keeper", "restart_writer"]


@given(st.lists(st.sampled_from(ACTIONS), max_size=60))
def test_what_the_writer_keeps_is_taken_in_order_and_none_is_lost(actions: list[str]) -> None:
    channel = Channel()
    for action in actions:
        getattr(channel, action)()
        assert channel.taken == sorted(set(channel.taken))
        assert len(channel.inbox) <= DEPTH
        assert channel.outbox.count().in_flight <= DEPTH
    for _ in range(6 * DEPTH):
        for action in ("send", "arrive", "take", "acknowledge"):
            getattr(channel, action)()
    assert channel.outbox.is_empty
    assert channel.taken == sorted(set(channel.taken))
    assert set(range(channel.published)) - channel.taken_ever <= channel.lost_with_the_writer


def test_a_full_outbox_refuses_and_says_whose_it_is() -> None:
    outbox = Outbox("job", "store", 1)
    outbox.add(b"")
    with pytest.raises(BusFull, match="store on job: 1 messages"):
        outbox.add(b"")
    assert outbox.count().sent == outbox.count().in_flight == 1


def test_nothing_is_sent_again_before_its_time() -> None:
    outbox = Outbox("job", "store", 8)
    outbox.add(b"first")
    assert outbox.due(0) == [(0, b"first")]
    outbox.handed(1, 0)
    assert outbox.due(1) == []
    outbox.add(b"second")
    assert outbox.due(1) == [(1, b"second")]
    assert outbox.due(RESEND_LAST_NS) == [(0, b"first"), (1, b"second")]


def test_a_message_not_taken_is_not_acknowledged() -> None:
    receipts = Receipts()
    assert receipts.judge(1, 5, 5) is Verdict.NEW
    receipts.accepted((1, 4))
    assert receipts.acknowledge((1, 3)) == 5  # the second subscriber still has it waiting
    assert receipts.acknowledge((1, 4)) == 6


def test_a_new_keeper_starts_at_the_oldest_that_the_writer_keeps() -> None:
    receipts = Receipts()
    assert receipts.judge(1, 7, 5) is Verdict.AHEAD
    assert receipts.judge(1, 5, 5) is Verdict.NEW


def test_gaps_ends_and_restarts_are_counted() -> None:
    arrivals = Arrivals()
    assert arrivals.arrived(1, "plant", 40) == 0  # what was sent before we listened was not sent to us
    assert arrivals.arrived(1, "plant", 43) == 2
    assert arrivals.arrived(1, "plant", 43) is None
    assert not arrivals.is_known
    assert arrivals.marked(1, {"plant": 50, "mode": 3}) == {"plant": 6}
    assert arrivals.is_known
    assert arrivals.arrived(1, "trip", 1) == 1  # its first was sent after the counters
    assert arrivals.arrived(2, "plant", 1) == 1  # the writer began anew
    assert arrivals.arrived(1, "plant", 60) is None
    assert arrivals.marked(1, {"plant": 90}) == {}


@given(st.lists(st.booleans(), max_size=50), st.data())
def test_every_loss_is_found_once(arrives: list[bool], data: st.DataObject) -> None:
    arrivals = Arrivals()
    arrivals.marked(1, {})
    lost = 0
    for sequence, does_arrive in enumerate(arrives):
        if does_arrive:
            lost += arrivals.arrived(1, "plant", sequence) or 0
        if data.draw(st.booleans()):
            lost += sum(arrivals.marked(1, {"plant": sequence + 1}).values())
    lost += sum(arrivals.marked(1, {"plant": len(arrives)}).values())
    assert lost == arrives.count(False)

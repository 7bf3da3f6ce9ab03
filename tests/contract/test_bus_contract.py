"""One behaviour for both transports: policies as stated, bounds kept, every message accounted for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.bus.contract import Bus, BusFull, Policy, Subscription
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import HEARTBEAT, JOB, PLANT
from fsw.bus.wiring import Wiring
from fsw.bus.zmq import ZmqBus
from fsw.messages import Heartbeat, Job, TopicCount
from hal.clock import SECOND_NS, SteppedClock

WIRING = Wiring(writers={"heartbeat": ("writer",), "job": ("writer",)}, keepers={"job": ("reader",)})
# Rounds of 10 ms in which something sent must have arrived; a busy machine needs two or three.
PATIENCE = 500


@dataclass
class Link:
    """A writing and a reading end of one transport."""

    writer: Bus
    reader: Bus
    poll: Callable[[], object]

    def settle(self, is_done: Callable[[], bool]) -> None:
        """Let what was sent arrive."""
        for _ in range(PATIENCE):
            if is_done():
                return
            self.poll()
        raise AssertionError("nothing arrived")


@contextmanager
def memory_link() -> Iterator[Link]:
    bus = MemoryBus()
    yield Link(bus, bus, lambda: None)


@contextmanager
def zmq_link(high_water_mark: int = 512) -> Iterator[Link]:
    clock = SteppedClock()
    with tempfile.TemporaryDirectory() as folder:
        writer = ZmqBus("writer", Path(folder), WIRING, clock, high_water_mark, outbox_depth=3)
        reader = ZmqBus("reader", Path(folder), WIRING, clock, high_water_mark)

        def poll() -> None:
            clock.advance_to_ns(clock.now_ns() + SECOND_NS)  # everything that is sent again or now and then is due
            writer.poll(0)
            reader.poll(10)

        link = Link(writer, reader, poll)
        make_contact(link, reader)
        yield link
        writer.close()
        reader.close()


def make_contact(link: Link, reader: ZmqBus) -> None:
    """Until heartbeats arrive: what is sent to a reader before its subscription is known is lost, and counted."""
    inbox = reader.subscribe(HEARTBEAT, "contact")
    link.settle(lambda: "writer" in reader.heard)
    published = 0
    while inbox.take() is None:
        link.writer.publish(HEARTBEAT, beat(0))
        published += 1
        link.poll()
    link.settle(lambda: account(link, "contact").sent == published)


LINKS = {"memory": memory_link, "zmq": zmq_link}


@pytest.fixture(params=LINKS)
def link(request: pytest.FixtureRequest) -> Iterator[Link]:
    with LINKS[request.param]() as opened:
        yield opened


def beat(steps: int) -> Heartbeat:
    return Heartbeat(time_ns=steps, service="sense", steps=steps)


def job(job_id: int) -> Job:
    return Job(job_id=job_id, kind="image", model="water", input_ref="", value=1.0, release_ns=0, deadline_ns=1)


def account(link: Link, subscriber: str) -> TopicCount:
    return next(count for count in link.reader.counts() if count.subscriber == subscriber)


def send_beats(link: Link, count: int, subscriber: str) -> None:
    before = account(link, subscriber).sent
    for steps in range(count):
        link.writer.publish(HEARTBEAT, beat(steps))
    link.settle(lambda: account(link, subscriber).sent == before + count)


@pytest.mark.parametrize(
    ("policy", "kept"),
    [(Policy.LATEST, [9]), (Policy.DROP_OLDEST, [6, 7, 8, 9]), (Policy.REJECT, [0, 1, 2, 3])],
)
def test_a_full_subscription_does_what_its_policy_says(link: Link, policy: Policy, kept: list[int]) -> None:
    inbox = link.reader.subscribe(HEARTBEAT, "reader", policy, depth=4)
    send_beats(link, 10, "reader")
    count = account(link, "reader")
    assert (count.sent, count.dropped, count.in_flight) == (10, 10 - len(kept), len(kept))
    assert [message.steps for message in inbox.drain()] == kept
    assert account(link, "reader").delivered == len(kept)


def test_take_gives_the_oldest_then_nothing(link: Link) -> None:
    inbox = link.reader.subscribe(HEARTBEAT, "reader")
    send_beats(link, 2, "reader")
    assert [inbox.take(), inbox.take(), inbox.take()] == [beat(0), beat(1), None]
    assert inbox.drain() == []


def test_subscriptions_do_not_disturb_each_other(link: Link) -> None:
    slow = link.reader.subscribe(HEARTBEAT, "slow", Policy.REJECT, depth=1)
    quick = link.reader.subscribe(HEARTBEAT, "quick", depth=8)
    send_beats(link, 3, "quick")
    assert [message.steps for message in quick.drain()] == [0, 1, 2]
    assert [message.steps for message in slow.drain()] == [0]


def test_a_topic_reaches_its_own_subscribers_alone(link: Link) -> None:
    other = link.reader.subscribe(PLANT, "other")
    link.reader.subscribe(HEARTBEAT, "reader")
    send_beats(link, 1, "reader")
    assert other.drain() == []
    assert account(link, "other").sent == 0


def test_must_deliver_refuses_the_sender_when_full_and_loses_nothing(link: Link) -> None:
    inbox = link.reader.subscribe(JOB, "keeper", Policy.MUST_DELIVER, depth=2)
    sent = publish_until_full(link)
    assert 2 <= sent <= 5  # the inbox, and the writer's outbox where there is one
    link.settle(lambda: account(link, "keeper").in_flight == 2)
    taken: list[int] = []
    link.settle(lambda: taken.extend(item.job_id for item in inbox.drain()) or len(taken) == sent)
    assert taken == list(range(sent))
    link.settle(lambda: publish_until_full(link, first=sent) > 0)
    link.settle(lambda: account(link, "keeper").in_flight > 0)
    assert inbox.take() == job(sent)


def publish_until_full(link: Link, first: int = 0) -> int:
    for count in range(100):
        try:
            link.writer.publish(JOB, job(first + count))
        except BusFull:
            return count
    raise AssertionError("never full")


def test_bus_full_delivers_to_nobody() -> None:
    bus = MemoryBus()
    first = bus.subscribe(JOB, "first", Policy.MUST_DELIVER, depth=5)
    bus.subscribe(JOB, "second", Policy.MUST_DELIVER, depth=1)
    third = bus.subscribe(JOB, "third")
    bus.publish(JOB, job(0))
    with pytest.raises(BusFull, match="second on job"):
        bus.publish(JOB, job(1))
    assert first.drain() == third.drain() == [job(0)]


def test_a_depth_of_zero_is_refused(link: Link) -> None:
    with pytest.raises(ValueError, match="depth 0"):
        link.reader.subscribe(HEARTBEAT, "reader", depth=0)


STEPS = st.lists(st.tuples(st.sampled_from(["publish", "take", "drain", "poll", "stall"]), st.integers(1, 30)))


@pytest.mark.parametrize("name", LINKS)
@settings(max_examples=15, deadline=None)
@given(steps=STEPS, policy=st.sampled_from(list(Policy)[:3]), depth=st.integers(1, 8))
def test_the_account_reconciles_under_random_stalls(
    name: str, steps: list[tuple[str, int]], policy: Policy, depth: int
) -> None:
    with LINKS[name]() as link:
        inbox = link.reader.subscribe(HEARTBEAT, "reader", policy, depth)
        published, seen = play(link, inbox, steps)
        link.settle(lambda: account(link, "reader").sent == published)
        seen += [message.steps for message in inbox.drain()]
        count = account(link, "reader")
    assert count.sent == published == count.delivered + count.dropped + count.in_flight
    assert count.delivered == len(seen)
    assert seen == sorted(set(seen))  # in order, none twice


def play(link: Link, inbox: Subscription[Heartbeat], steps: list[tuple[str, int]]) -> tuple[int, list[int]]:
    """Do the steps; returns how many were published and which arrived."""
    published = 0
    seen: list[int] = []
    for action, amount in steps:
        if action == "publish":
            for _ in range(amount):
                link.writer.publish(HEARTBEAT, beat(published))
                published += 1
        elif action == "take" and (message := inbox.take()):
            seen.append(message.steps)
        elif action == "drain":
            seen += [message.steps for message in inbox.drain()]
        elif action == "poll":
            link.poll()
        count = account(link, "reader")
        assert count.sent == count.delivered + count.dropped + count.in_flight
        assert count.in_flight <= 8
    return published, seen


def test_what_zeromq_loses_is_counted() -> None:
    with zmq_link(high_water_mark=10) as link:
        link.reader.subscribe(HEARTBEAT, "reader", depth=20_000)
        for steps in range(10_000):
            link.writer.publish(HEARTBEAT, beat(steps))
        link.settle(lambda: account(link, "reader").sent == 10_000)
        count = account(link, "reader")
    assert count.dropped > 0
    assert count.sent == count.delivered + count.dropped + count.in_flight

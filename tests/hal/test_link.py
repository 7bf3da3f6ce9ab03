"""A UDP link without a fixed peer: who is answered, for how long, and how many at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from hal.clock import SECOND_NS, SteppedClock
from hal.ports.link import PEER_NS, PEERS_MAX, UdpLink

LOCAL = ("127.0.0.1", 0)
LOOKS = 100_000  # loopback delivers within a few


def wait_for(link: UdpLink) -> bytes | None:
    return next((datagram for _ in range(LOOKS) if (datagram := link.receive()) is not None), None)


class Lab:
    """A spacecraft's end and as many tools as a test wants."""

    def __init__(self, stack: ExitStack) -> None:
        self.clock = SteppedClock()
        self._stack = stack
        self.craft = UdpLink(LOCAL, None, self.clock)
        stack.callback(self.craft.close)

    def tool(self) -> UdpLink:
        """A tool that nobody has heard of yet."""
        link = UdpLink(LOCAL, self.craft.local)
        self._stack.callback(link.close)
        return link

    def speak(self, tool: UdpLink, after_s: float = 0.0) -> None:
        """The tool says that it is there, `after_s` from now."""
        self.clock.advance_to_ns(self.clock.now_ns() + int(after_s * SECOND_NS))
        tool.send(b"here")
        assert wait_for(self.craft) == b"here"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with ExitStack() as stack:
        yield Lab(stack)


@pytest.fixture
def tools(lab: Lab) -> Callable[[int], list[UdpLink]]:
    return lambda count: [lab.tool() for _ in range(count)]


def test_everybody_who_spoke_is_answered_once(lab: Lab, tools: Callable[[int], list[UdpLink]]) -> None:
    first, second = tools(2)
    for tool in (first, second, first):
        lab.speak(tool)
    lab.craft.send(b"telemetry")
    assert [wait_for(first), wait_for(second)] == [b"telemetry", b"telemetry"]
    assert first.receive() is second.receive() is None
    assert (lab.craft.sent, lab.craft.dropped) == (1, 0)


def test_who_is_silent_for_too_long_is_forgotten_and_may_come_back(lab: Lab) -> None:
    quiet, loud = lab.tool(), lab.tool()
    lab.speak(quiet)
    lab.speak(loud, after_s=1.0)
    lab.clock.advance_to_ns(PEER_NS)
    assert list(lab.craft.peers) == [quiet.local, loud.local]
    lab.clock.advance_to_ns(PEER_NS + 1)
    assert list(lab.craft.peers) == [loud.local]
    lab.speak(quiet)
    assert list(lab.craft.peers) == [loud.local, quiet.local]


def test_what_is_sent_when_all_have_gone_is_dropped(lab: Lab) -> None:
    lab.speak(lab.tool())
    lab.clock.advance_to_ns(PEER_NS + 1)
    lab.craft.send(b"telemetry")
    assert (lab.craft.sent, lab.craft.dropped) == (0, 1)


def test_one_too_many_displaces_the_longest_silent(lab: Lab, tools: Callable[[int], list[UdpLink]]) -> None:
    many = tools(PEERS_MAX + 1)
    for tool in many[:PEERS_MAX]:
        lab.speak(tool, after_s=1.0)
    lab.speak(many[0], after_s=1.0)
    lab.speak(many[PEERS_MAX], after_s=1.0)
    expected = [*many[2:PEERS_MAX], many[0], many[PEERS_MAX]]
    assert lab.craft.peers == tuple(tool.local for tool in expected)


def test_a_peer_that_went_away_keeps_nothing_from_the_others(lab: Lab) -> None:
    gone, there = lab.tool(), lab.tool()
    lab.speak(gone)
    lab.speak(there)
    gone.close()
    for number in range(10):
        lab.craft.send(bytes([number]))
    assert [wait_for(there) for _ in range(10)] == [bytes([number]) for number in range(10)]
    assert lab.craft.dropped == 0


def test_a_fixed_peer_is_never_forgotten(lab: Lab) -> None:
    tool = lab.tool()
    assert tool.peers == ()
    tool.send(b"anybody")
    assert (tool.sent, tool.dropped) == (1, 0)

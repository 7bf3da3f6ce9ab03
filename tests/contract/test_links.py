"""What every datagram link and host bus does: deliver in order, drop and count, never raise."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.ports.host import (
    Beat,
    Demand,
    Grant,
    HostBus,
    HostMessage,
    LinkHostBus,
    LinkHostEnd,
    MemoryHostBus,
    PowerOff,
    Safing,
    decode,
    encode,
)
from hal.ports.link import DATAGRAM_LIMIT, DatagramLink, UdpLink, memory_pair
from hal.ports.remote import RemotePorts

Pair = tuple[DatagramLink, DatagramLink]
LOCAL = ("127.0.0.1", 0)
GRANT = Grant(from_ns=1, until_ns=2, mean_w=20.0, peak_w=40.0, energy_j=1e4)
MESSAGES: tuple[HostMessage, ...] = (GRANT, Beat(time_ns=3), Beat(time_ns=4, is_sunlit=True), PowerOff(at_ns=5))
DEMAND = Demand(time_ns=6, payload_power_w=None, demand_w=30.0, mode="NOMINAL", healthy=True)


def drain(link: DatagramLink, count: int) -> list[bytes]:
    """`count` datagrams; loopback delivers within a few looks."""
    found: list[bytes] = []
    for _ in range(100_000):
        datagram = link.receive()
        found += [] if datagram is None else [datagram]
        if len(found) == count:
            break
    return found


@pytest.fixture(params=["memory", "udp"])
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    if request.param == "memory":
        yield memory_pair()
        return
    with ExitStack() as stack:
        far = UdpLink(LOCAL, None)
        stack.callback(far.close)
        near = UdpLink(LOCAL, far.local)
        stack.callback(near.close)
        near.send(b"hello")  # the far end answers who spoke last
        assert drain(far, 1) == [b"hello"]
        yield near, far


def test_delivers_in_order_both_ways(pair: Pair) -> None:
    near, far = pair
    sent = near.sent
    for index in range(10):
        near.send(bytes([index]))
        far.send(bytes([100 + index]))
    assert drain(far, 10) == [bytes([index]) for index in range(10)]
    assert drain(near, 10) == [bytes([100 + index]) for index in range(10)]
    assert near.receive() is None
    assert near.sent - sent == near.received == 10 and near.dropped == 0


def test_oversize_is_dropped_and_counted(pair: Pair) -> None:
    near, far = pair
    near.send(bytes(DATAGRAM_LIMIT + 1))
    assert near.dropped == 1
    assert far.receive() is None


def test_full_memory_link_drops_what_is_new() -> None:
    near, far = memory_pair(depth=2)
    for index in range(5):
        near.send(bytes([index]))
    assert (near.sent, near.dropped) == (2, 3)
    assert drain(far, 2) == [b"\0", b"\1"]


def test_unreachable_peer_is_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(LOCAL)
        gone = taken.getsockname()
    link = UdpLink(LOCAL, gone)
    for _ in range(20):
        link.send(b"x")
        assert link.receive() is None
    assert link.sent + link.dropped >= 20
    assert link.dropped > 0  # the ICMP answers
    link.close()


def test_link_without_a_peer_drops() -> None:
    link = UdpLink(LOCAL, None)
    link.send(b"x")
    assert (link.sent, link.dropped) == (0, 1)
    link.close()


@pytest.fixture(params=["memory", "link", "remote"])
def host(
    request: pytest.FixtureRequest, serve: Callable[[dict[str, object]], RemotePorts]
) -> tuple[HostBus, MemoryHostBus | LinkHostEnd]:
    """The payload's end and the host's."""
    if request.param == "link":
        near, far = memory_pair()
        return LinkHostBus(near), LinkHostEnd(far)
    end = MemoryHostBus()
    return (end if request.param == "memory" else serve({"host": end}).host("host")), end


def test_host_is_heard_and_hears(host: tuple[HostBus, MemoryHostBus | LinkHostEnd]) -> None:
    payload, end = host
    for message in (*MESSAGES, Safing(on=True)):
        end.tell(message)
    payload.send(DEMAND)
    assert payload.receive() == (*MESSAGES, Safing(on=True))
    assert payload.receive() == ()
    assert end.heard() == (DEMAND,)


def test_babbling_host_is_heard_in_portions(host: tuple[HostBus, MemoryHostBus | LinkHostEnd]) -> None:
    payload, end = host
    for index in range(100):
        end.tell(Beat(time_ns=index))
    assert [len(payload.receive()) for _ in range(3)] == [64, 36, 0]


def test_full_host_queue_drops_the_oldest() -> None:
    host = MemoryHostBus(depth=2)
    for index in range(5):
        host.tell(Beat(time_ns=index))
    assert host.dropped == 3
    assert host.receive() == (Beat(time_ns=3), Beat(time_ns=4))


@given(st.binary(max_size=60))
def test_noise_is_counted_and_never_raises(noise: bytes) -> None:
    near, far = memory_pair()
    bus = LinkHostBus(near)
    far.send(noise)
    far.send(encode(GRANT))
    assert GRANT in bus.receive()
    assert bus.malformed <= 1


@pytest.mark.parametrize(
    "message",
    [
        Grant(from_ns=-1, until_ns=2, mean_w=1.0, peak_w=1.0, energy_j=1.0),
        Grant(from_ns=1, until_ns=2, mean_w=float("nan"), peak_w=1.0, energy_j=1.0),
        Grant(from_ns=1, until_ns=2, mean_w=1.0, peak_w=float("inf"), energy_j=1.0),
        Grant(from_ns=1, until_ns=2, mean_w=1.0, peak_w=1.0, energy_j=-1.0),
        Safing(on="yes"),  # type: ignore[arg-type]
        PowerOff(at_ns=1.5),  # type: ignore[arg-type]
    ],
)
def test_message_that_makes_no_sense_is_malformed(message: HostMessage) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        decode(encode(message))

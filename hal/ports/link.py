"""The datagram port: what carries packets to the radio, the ground or a host. May lose, never blocks, never raises.

Fillings: a `memory_pair` and `UdpLink`. What was lost is counted.
"""

from __future__ import annotations

import socket
from collections import deque
from typing import Protocol

from hal.clock import SECOND_NS, Clock, MonotonicClock

DATAGRAM_LIMIT = 65_507  # octets: the largest UDP payload over IPv4
PEER_NS = 60 * SECOND_NS  # three times the interval at which a listening ground tool says that it is there
PEERS_MAX = 8  # every one costs a copy of all telemetry; more than a bench's operators and displays

Address = tuple[str, int]


class DatagramLink(Protocol):
    """One end of a link; `sent`, `received` and `dropped` count datagrams at this end."""

    @property
    def sent(self) -> int: ...

    @property
    def received(self) -> int: ...

    @property
    def dropped(self) -> int: ...

    def send(self, datagram: bytes) -> None:
        """Send, or count as dropped."""
        ...

    def receive(self) -> bytes | None:
        """The next datagram; None when there is none now."""
        ...


class MemoryLink:
    """One end of a link in memory, made by `memory_pair`. A full inbox drops what is new, as a radio's buffer does."""

    def __init__(self, inbox: deque[bytes], outbox: deque[bytes], depth: int) -> None:
        self._inbox = inbox
        self._outbox = outbox
        self._depth = depth
        self.sent = 0
        self.received = 0
        self.dropped = 0

    def send(self, datagram: bytes) -> None:
        if len(self._outbox) >= self._depth or len(datagram) > DATAGRAM_LIMIT:
            self.dropped += 1
            return
        self._outbox.append(datagram)
        self.sent += 1

    def receive(self) -> bytes | None:
        if not self._inbox:
            return None
        self.received += 1
        return self._inbox.popleft()


def memory_pair(depth: int = 256) -> tuple[MemoryLink, MemoryLink]:
    """Two ends; `depth` datagrams may be under way each way."""
    forward: deque[bytes] = deque()
    backward: deque[bytes] = deque()
    return MemoryLink(backward, forward, depth), MemoryLink(forward, backward, depth)


class UdpLink:
    """Datagrams over UDP between `local` and `remote` (host, port).

    Without `remote` the link answers everybody whom it heard in the last PEER_NS, at most PEERS_MAX, and drops what is
    sent while there is nobody; a datagram counts once, however many it goes to. `clock` says when somebody was heard.
    Raises OSError when `local` cannot be bound; afterwards errors (unreachable peer, oversize) are counted as drops.
    """

    def __init__(self, local: Address, remote: Address | None, clock: Clock | None = None) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._clock = clock or MonotonicClock()
        self._heard_ns: dict[Address, int] | None = {} if remote is None else None  # the longest silent first
        self.sent = 0
        self.received = 0
        self.dropped = 0
        try:
            self._socket.bind(local)
            if remote is not None:
                self._socket.connect(remote)  # the kernel then keeps strangers out
        except OSError:
            self._socket.close()
            raise

    @property
    def local(self) -> Address:
        """The bound address; tells the port that the system chose for port 0."""
        host, port = self._socket.getsockname()
        return host, port

    def fileno(self) -> int:
        """For select.poll."""
        return self._socket.fileno()

    @property
    def peers(self) -> tuple[Address, ...]:
        """Whom a link without `remote` answers now, the longest silent first."""
        heard_ns = self._heard_ns or {}
        earliest_ns = self._clock.now_ns() - PEER_NS
        while heard_ns and next(iter(heard_ns.values())) < earliest_ns:
            del heard_ns[next(iter(heard_ns))]
        return tuple(heard_ns)

    def send(self, datagram: bytes) -> None:
        if self._heard_ns is None:
            is_sent = self._send_to(datagram, None)
        else:
            is_sent = sum(self._send_to(datagram, peer) for peer in self.peers) > 0
        self.sent += is_sent
        self.dropped += not is_sent

    def receive(self) -> bytes | None:
        try:
            datagram, sender = self._socket.recvfrom(DATAGRAM_LIMIT)
        except BlockingIOError:
            return None
        except OSError:
            self.dropped += 1
            return None
        if self._heard_ns is not None:
            self._hear(self._heard_ns, sender)
        self.received += 1
        return datagram

    def close(self) -> None:
        self._socket.close()

    def _send_to(self, datagram: bytes, peer: Address | None) -> bool:
        try:
            if peer is None:
                self._socket.send(datagram)
            else:
                self._socket.sendto(datagram, peer)
        except OSError:  # full buffer, oversize, or the ICMP answer to an earlier datagram
            return False
        return True

    def _hear(self, heard_ns: dict[Address, int], sender: Address) -> None:
        """Put the sender last, and forget the first where there are too many."""
        heard_ns.pop(sender, None)
        if len(heard_ns) >= PEERS_MAX:
            del heard_ns[next(iter(heard_ns))]
        heard_ns[sender] = self._clock.now_ns()

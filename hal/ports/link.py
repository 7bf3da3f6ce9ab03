"""The datagram port: what carries packets to the radio, the ground or a host. May lose, never blocks, never raises.

Fillings: a `memory_pair` and `UdpLink`. What was lost is counted.
"""

from __future__ import annotations

import socket
from collections import deque
from typing import Protocol

DATAGRAM_LIMIT = 65_507  # octets: the largest UDP payload over IPv4


class DatagramLink(Protocol):
    """One end of a link; `sent`, `received` and `dropped` count datagrams at this end."""

    sent: int
    received: int
    dropped: int

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

    Without `remote` the link answers whoever sent last, and drops what is sent before anybody did.
    Raises OSError when `local` cannot be bound; afterwards errors (unreachable peer, oversize) are counted as drops.
    """

    def __init__(self, local: tuple[str, int], remote: tuple[str, int] | None) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._is_learning = remote is None
        self._remote = remote
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
    def local(self) -> tuple[str, int]:
        """The bound address; tells the port that the system chose for port 0."""
        host, port = self._socket.getsockname()
        return host, port

    def send(self, datagram: bytes) -> None:
        try:
            if self._remote is None:
                self.dropped += 1
            elif self._is_learning:
                self._socket.sendto(datagram, self._remote)
                self.sent += 1
            else:
                self._socket.send(datagram)
                self.sent += 1
        except OSError:  # full buffer, oversize, or the ICMP answer to an earlier datagram
            self.dropped += 1

    def receive(self) -> bytes | None:
        try:
            datagram, sender = self._socket.recvfrom(DATAGRAM_LIMIT)
        except BlockingIOError:
            return None
        except OSError:
            self.dropped += 1
            return None
        if self._is_learning:
            self._remote = sender
        self.received += 1
        return datagram

    def close(self) -> None:
        self._socket.close()

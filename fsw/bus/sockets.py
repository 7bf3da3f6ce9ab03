"""The ZeroMQ sockets of one process: frames in and out, nothing decided, nothing that blocks but `receive`.

PROCESS.pub   PUB, bound: what the process publishes
PROCESS.in    PULL, bound: what others push to it
(unbound)     one SUB to all writers listened to, one PUSH to each peer pushed to
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import zmq

# sun_path of a Unix socket holds 108 octets with its terminator (Linux unix(7)).
LONGEST_PATH = 107
# A plan or an image reference is some kilobytes; anything near this is no message of ours.
LARGEST_FRAME = 4 * 1024 * 1024
# Frames handled at a time: bounds what a flood can keep a service from its step to some 20 ms.
FRAMES_AT_ONCE = 512
# A restarted peer is found again within this time.
RECONNECT_MS = 20
RECONNECT_MAX_MS = 200
# What is queued at the end is written within this time or not at all.
LINGER_MS = 200


class Sockets:
    """Sockets in `folder`, each with room for `high_water_mark` frames a peer."""

    def __init__(self, process: str, folder: Path, high_water_mark: int) -> None:
        self._folder = folder
        self._high_water_mark = high_water_mark
        self._files = (folder / f"{process}.pub", folder / f"{process}.in")
        endpoints = [_endpoint(file) for file in self._files]
        self._context = zmq.Context()
        self._pub = self._socket(zmq.PUB)
        self._pull = self._socket(zmq.PULL)
        self._sub = self._socket(zmq.SUB)
        self._pub.bind(endpoints[0])
        self._pull.bind(endpoints[1])
        self._push: dict[str, zmq.Socket[bytes]] = {}
        self._writers: set[str] = set()
        self._poller = zmq.Poller()
        self._poller.register(self._sub, zmq.POLLIN)
        self._poller.register(self._pull, zmq.POLLIN)

    def publish(self, *parts: bytes) -> None:
        """Send to all listeners; a full queue loses it for that listener, silently."""
        self._pub.send_multipart(parts, zmq.NOBLOCK)

    def push(self, peer: str, *parts: bytes) -> bool:
        """Send to one process; False when it is not there or its queue is full."""
        socket = self._push.get(peer)
        if socket is None:
            socket = self._push[peer] = self._connect(peer)
        try:
            socket.send_multipart(parts, zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    def listen(self, writer: str, *prefixes: bytes) -> None:
        """Receive what `writer`, running or not yet, publishes under `prefixes`."""
        for prefix in prefixes:
            self._sub.setsockopt(zmq.SUBSCRIBE, prefix)
        if writer not in self._writers:
            self._writers.add(writer)
            self._sub.connect(_endpoint(self._folder / f"{writer}.pub"))

    def watch(self, descriptor: int) -> None:
        """Wait no longer once `descriptor` is readable; whoever has it reads it."""
        self._poller.register(descriptor, zmq.POLLIN)

    def receive(self, timeout_ms: int) -> tuple[list[list[bytes]], list[list[bytes]]]:
        """What was published and what was pushed to us, waiting up to `timeout_ms` for the first frame."""
        ready = dict(self._poller.poll(timeout_ms))
        published = list(_waiting(self._sub)) if self._sub in ready else []
        pushed = list(_waiting(self._pull)) if self._pull in ready else []
        return published, pushed

    def close(self) -> None:
        """Write what is queued, at most `LINGER_MS`, and remove the files."""
        for socket in (self._pull, self._sub):
            socket.close(linger=0)
        for socket in (self._pub, *self._push.values()):
            socket.close(linger=LINGER_MS)
        self._context.term()
        for file in self._files:
            file.unlink(missing_ok=True)

    def _connect(self, peer: str) -> zmq.Socket[bytes]:
        socket = self._socket(zmq.PUSH)
        socket.setsockopt(zmq.IMMEDIATE, 1)  # queue nothing for a process that is not there: the outbox keeps it
        socket.connect(_endpoint(self._folder / f"{peer}.in"))
        return socket

    def _socket(self, kind: int) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self._context.socket(kind)
        socket.setsockopt(zmq.SNDHWM, self._high_water_mark)
        socket.setsockopt(zmq.RCVHWM, self._high_water_mark)
        socket.setsockopt(zmq.MAXMSGSIZE, LARGEST_FRAME)
        socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, RECONNECT_MAX_MS)
        return socket


def _waiting(socket: zmq.Socket[bytes]) -> Iterator[list[bytes]]:
    for _ in range(FRAMES_AT_ONCE):
        try:
            yield socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return


def _endpoint(file: Path) -> str:
    path = str(file.absolute())
    if len(path.encode()) > LONGEST_PATH:
        raise ValueError(f"socket path has more than {LONGEST_PATH} octets: {path}")
    return f"ipc://{path}"

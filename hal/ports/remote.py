"""Ports of another process over ZeroMQ: a bench or a simulator serves them, flight code does not know.

    flight process                               bench process
    RemotePorts.i2c("i2c0").read_words(...)  ->  PortServer(endpoint, {"i2c0": MemoryI2c(...)}).serve_pending(...)

Each call is one request and one reply, bounded by a timeout. After a timeout the socket is thrown away, so that a late
reply is never taken for the answer to the next call (the "lazy pirate" of the ZeroMQ guide, chapter 4). Nothing is
repeated: a write may have been done. A `RemotePorts` belongs to one thread.
"""

from __future__ import annotations

from typing import Any

import zmq

from hal.errors import PortError
from hal.ports import wire
from hal.ports.host import Demand, HostMessage
from hal.ports.intake import Array, Ticket
from hal.reading import Reason

METHODS = (
    *("read_words", "write_word"),  # I2C
    *("read_text", "read_number", "write_text", "glob"),  # files
    *("receive", "send"),  # host
    *("poll", "load", "discard"),  # intake
)
SERVE_LIMIT = 256  # requests a call of serve_pending: a flood cannot hold the caller
OK, PORT_ERROR, REFUSED = 0, 1, 2  # first item of a reply


class PortServer:
    """Serves `ports` by name at `endpoint`; `malformed` counts requests that were none."""

    def __init__(self, endpoint: str, ports: dict[str, object]) -> None:
        self._ports = ports
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] = self._context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.MAXMSGSIZE, wire.MESSAGE_LIMIT)
        self.malformed = 0
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError:
            self.close()
            raise
        self.endpoint: str = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def serve_pending(self, timeout_ms: int = 0) -> int:
        """Answer what is waiting, at most 256 requests; wait up to `timeout_ms` for the first. How many."""
        served = 0
        while served < SERVE_LIMIT and self._socket.poll(timeout_ms if served == 0 else 0):
            *route, request = self._socket.recv_multipart()
            self._socket.send_multipart([*route, self._answer(request)])
            served += 1
        return served

    def close(self) -> None:
        self._socket.close()
        self._context.term()

    def _answer(self, request: bytes) -> bytes:
        try:
            name, method, arguments = wire.unpack(request)
            if name not in self._ports or method not in METHODS:
                return wire.pack([REFUSED, f"no port {name!r} with {method!r} is served"])
            return wire.pack([OK, getattr(self._ports[name], method)(*arguments)])
        except PortError as error:
            return wire.pack([PORT_ERROR, int(error.reason), error.detail])
        except (ValueError, TypeError, AttributeError) as error:
            self.malformed += 1
            return wire.pack([REFUSED, str(error)])


class RemotePorts:
    """The ports that a `PortServer` serves at `endpoint`, each call bounded by `timeout_ms`."""

    def __init__(self, endpoint: str, timeout_ms: int) -> None:
        self._endpoint = endpoint
        self._timeout_ms = timeout_ms
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None

    def files(self, name: str) -> RemoteFiles:
        return RemoteFiles(self, name)

    def i2c(self, name: str) -> RemoteI2c:
        return RemoteI2c(self, name)

    def host(self, name: str) -> RemoteHostBus:
        return RemoteHostBus(self, name)

    def intake(self, name: str) -> RemoteIntake:
        return RemoteIntake(self, name)

    def call(self, name: str, method: str, *arguments: object) -> Any:
        """What `method` of the port `name` gives there; raises its PortError, or TIMEOUT, or CORRUPT for nonsense."""
        reply = self._exchange(wire.pack([name, method, arguments]))
        try:
            status, *rest = wire.unpack(reply)
            if status == OK:
                return rest[0]
            reason, detail = (Reason(rest[0]), rest[1]) if status == PORT_ERROR else (Reason.CORRUPT, rest[0])
        except (ValueError, TypeError, IndexError) as error:
            raise PortError(Reason.CORRUPT, f"{name}.{method}: {error}") from error
        raise PortError(reason, str(detail))

    def close(self) -> None:
        """Close for good."""
        self._drop_socket()
        self._context.term()

    def _drop_socket(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, request: bytes) -> bytes:
        socket = self._connected()
        try:
            socket.send(request, zmq.NOBLOCK)
            if socket.poll(self._timeout_ms):
                return socket.recv(zmq.NOBLOCK)
        except zmq.ZMQError as error:
            self._drop_socket()
            raise PortError(Reason.BUS, f"{self._endpoint}: {error}") from error
        self._drop_socket()
        raise PortError(Reason.TIMEOUT, f"{self._endpoint}: no answer within {self._timeout_ms} ms")

    def _connected(self) -> zmq.Socket[bytes]:
        if self._socket is None:
            socket = self._context.socket(zmq.REQ)
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.MAXMSGSIZE, wire.MESSAGE_LIMIT)
            socket.connect(self._endpoint)
            self._socket = socket
        return self._socket


class _RemotePort:
    """One port of another process, by name."""

    def __init__(self, ports: RemotePorts, name: str) -> None:
        self._ports = ports
        self._name = name

    def close(self) -> None:
        """Close the connection, which the other ports of the same `RemotePorts` share."""
        self._ports.close()


class RemoteI2c(_RemotePort):
    """A `hal.ports.i2c.I2cBus` of another process."""

    def read_words(self, address: int, registers: tuple[int, ...]) -> tuple[int, ...]:
        words: tuple[int, ...] = self._ports.call(self._name, "read_words", address, registers)
        return words

    def write_word(self, address: int, register: int, value: int) -> None:
        self._ports.call(self._name, "write_word", address, register, value)


class RemoteFiles(_RemotePort):
    """A `hal.ports.files.FileTree` of another process."""

    def read_text(self, path: str) -> str:
        return str(self._ports.call(self._name, "read_text", path))

    def read_number(self, path: str) -> int:
        return int(self._ports.call(self._name, "read_number", path))

    def write_text(self, path: str, text: str) -> None:
        self._ports.call(self._name, "write_text", path, text)

    def glob(self, pattern: str) -> tuple[str, ...]:
        return tuple(self._ports.call(self._name, "glob", pattern))


class RemoteHostBus(_RemotePort):
    """A `hal.ports.host.HostBus` of another process. As there, nothing raises: `failures` counts calls that failed."""

    def __init__(self, ports: RemotePorts, name: str) -> None:
        super().__init__(ports, name)
        self.failures = 0

    def receive(self) -> tuple[HostMessage, ...]:
        try:
            return tuple(self._ports.call(self._name, "receive"))
        except PortError:
            self.failures += 1
            return ()

    def send(self, demand: Demand) -> None:
        try:
            self._ports.call(self._name, "send", demand)
        except PortError:
            self.failures += 1


class RemoteIntake(_RemotePort):
    """A `hal.ports.intake.Intake` of another process."""

    def poll(self) -> tuple[Ticket, ...]:
        return tuple(self._ports.call(self._name, "poll"))

    def load(self, ref: str) -> Array:
        array: Array = self._ports.call(self._name, "load", ref)
        return array

    def discard(self, ref: str) -> None:
        self._ports.call(self._name, "discard", ref)

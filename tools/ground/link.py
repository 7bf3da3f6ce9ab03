"""The ground's end of the space link: one datagram, one packet. Several tools may run at once.

The spacecraft sends to whoever it has heard from lately, so every tool that only listens sends a ping now and then.
The first tool takes the agreed telemetry port; the next ones any free port.
"""

from __future__ import annotations

import errno
import socket
from typing import Protocol

from hal.clock import SECOND_NS

TM_PORT, TC_PORT = 10015, 10025  # what Yamcs's examples use for packets over UDP
DATAGRAM_OCTETS = 65_535


class LinkDown(Exception):
    """Nothing answers at the other end."""


class GroundLink(Protocol):
    """What the tool sends by and receives from."""

    def send(self, packet: bytes) -> None:
        """Send one packet; raises LinkDown."""
        ...

    def receive(self, timeout_ns: int) -> bytes | None:
        """The next packet within `timeout_ns`, else None; raises LinkDown when the other end is known to be away."""
        ...

    def close(self) -> None:
        """Give the port back."""
        ...


class UdpGroundLink:
    """Telecommands to `tc_host`:`tc_port`, telemetry at `tm_port`, by one socket."""

    def __init__(self, tm_port: int = TM_PORT, tc_host: str = "127.0.0.1", tc_port: int = TC_PORT) -> None:
        self._remote = (tc_host, tc_port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        local_host = "127.0.0.1" if tc_host in ("127.0.0.1", "localhost") else ""
        try:
            self._bind(local_host, tm_port)
            self._socket.connect(self._remote)  # so that an unreachable port is told
        except OSError as error:
            self._socket.close()
            raise LinkDown(f"no link to {tc_host}:{tc_port}: {error.strerror or error}") from error

    @property
    def port(self) -> int:
        """The port at which telemetry arrives."""
        return int(self._socket.getsockname()[1])

    def send(self, packet: bytes) -> None:
        try:
            self._socket.send(packet)
        except OSError as error:
            raise self._down(error) from error

    def receive(self, timeout_ns: int) -> bytes | None:
        self._socket.settimeout(max(timeout_ns, 1_000_000) / SECOND_NS)
        try:
            return self._socket.recv(DATAGRAM_OCTETS)
        except TimeoutError:
            return None
        except OSError as error:
            raise self._down(error) from error

    def close(self) -> None:
        self._socket.close()

    def _bind(self, host: str, port: int) -> None:
        try:
            self._socket.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            self._socket.bind((host, 0))

    def _down(self, error: OSError) -> LinkDown:
        host, port = self._remote
        reason = "nobody listens there; is one flying (penumbra fly --realtime)?"
        if not isinstance(error, ConnectionRefusedError):
            reason = error.strerror or str(error)
        return LinkDown(f"no spacecraft at {host}:{port}: {reason}")

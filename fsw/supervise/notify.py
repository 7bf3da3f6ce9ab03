"""The sd_notify protocol, both ends: datagrams of KEY=VALUE lines on a Unix socket (systemd, sd_notify(3)).

service   Notifier:       READY=1   WATCHDOG=1   STATUS=text   STOPPING=1
manager   NotifySocket:   who (by the credentials that the kernel attaches) said what
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

LARGEST = 4096
CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid (unix(7))
# Datagrams read at a time, so that a babbling process cannot hold the manager.
MOST_AT_ONCE = 256


class Notifier:
    """A service's end. What cannot be sent is not sent: a manager that is gone must not stop the service."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self.unsent = 0

    def ready(self) -> None:
        """Started; the work begins."""
        self._send("READY=1")

    def watchdog(self) -> None:
        """A kick: the work goes on."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """A line for a person."""
        self._send(f"STATUS={' '.join(text.split())[:200]}")

    def stopping(self) -> None:
        """The end has begun, as asked."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _send(self, line: str) -> None:
        if self._path is None:
            return
        # An abstract name is written with a leading @ (sd_notify(3)).
        address = str(self._path)
        address = "\0" + address[1:] if address.startswith("@") else address
        try:
            self._socket.sendto(line.encode(), address)
        except OSError:
            self.unsent += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One datagram, and the process that sent it."""

    pid: int
    fields: Mapping[str, str]


def parse(datagram: bytes) -> dict[str, str]:
    """The fields of a datagram; lines that are none are left out.

    >>> parse(b"READY=1\\nSTATUS=all well\\nnoise")
    {'READY': '1', 'STATUS': 'all well'}
    """
    lines = datagram.decode("utf-8", errors="replace").splitlines()
    return {key: value for key, separator, value in (line.partition("=") for line in lines) if separator and key}


class NotifySocket:
    """The manager's end, bound to `path`; a context manager that removes the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(str(path))

    @property
    def path(self) -> Path:
        """Where services send to."""
        return self._path

    def fileno(self) -> int:
        """For select.poll."""
        return self._socket.fileno()

    def receive(self) -> list[Notice]:
        """What has arrived; does not wait."""
        notices: list[Notice] = []
        for _ in range(MOST_AT_ONCE):
            try:
                datagram, ancillary, _, _ = self._socket.recvmsg(LARGEST, socket.CMSG_SPACE(CREDENTIALS.size))
            except BlockingIOError:
                break
            notices += [
                Notice(pid=CREDENTIALS.unpack(content)[0], fields=parse(datagram))
                for level, kind, content in ancillary
                if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS
            ]
        return notices

    def __enter__(self) -> NotifySocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)

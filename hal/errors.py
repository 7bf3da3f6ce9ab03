"""Errors of the hardware layer.

    HalError
    `-- PortError     a transfer failed: carries the Reason that its sample gets
        |-- DiskFull  a disk has no room left
        `-- Denied    the kernel keeps a file from this user

A driver's `read` turns a PortError into a `Missing`; nothing above a driver sees one. A wrong board file is a
`hal.config.ConfigError`.
"""

from __future__ import annotations

import errno
import os

from hal.reading import Reason

_DENIALS = tuple(os.strerror(code) for code in (errno.EACCES, errno.EPERM))


class HalError(Exception):
    """Anything that the hardware layer raises."""


class PortError(HalError):
    """A transfer on a port failed for `reason`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.name}: {detail}")
        self.reason = reason
        self.detail = detail


class DiskFull(PortError):
    """A disk has no room for what was to be written; nothing of it counts as written."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.BUS, detail)


class Denied(PortError):
    """The file is there, but this user may not read or write it (EACCES, EPERM). A driver adds the cure."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.BUS, detail)


def is_denied(detail: str) -> bool:
    """Whether a confirmation's or sample's detail says that only the user is wrong, and nothing else."""
    return any(denial in detail for denial in _DENIALS)

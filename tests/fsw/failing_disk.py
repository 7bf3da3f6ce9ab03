"""A disk in memory that fails as real ones do: in all transfers, in writes or syncs alone, or in the middle of one."""

from __future__ import annotations

from hal.errors import DiskFull, PortError
from hal.ports.disk import LogFile
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason

FAILURES = ("read-only", "I/O error", "gone", "full")
UNSYNCED = "unsynced"  # takes every write, and cannot say that it will last


class PowerCut(Exception):
    """The power went in the middle of a write."""


class FailingDisk(MemoryDisk):
    """While `failure` (one of FAILURES, or UNSYNCED) is set, it fails so. The power goes in the write that comes after
    `writes_left` more; of that one `torn_bytes` octets reach the disk.
    """

    def __init__(self, torn_bytes: int = 0) -> None:
        super().__init__()
        self.failure = ""
        self.writes_left: int | None = None
        self.torn_bytes = torn_bytes
        self.refused = 0

    def open_log(self, name: str, size_bytes: int) -> LogFile:
        self.check_write()
        return FailingLog(self, super().open_log(name, size_bytes))

    def write_file_atomic(self, name: str, content: bytes) -> None:
        self.check_write()
        super().write_file_atomic(name, content)

    def check(self) -> None:
        super().check()
        if self.failure == "I/O error":
            raise self.refusal(PortError(Reason.BUS, "Input/output error"))
        if self.failure == "gone":
            raise self.refusal(PortError(Reason.ABSENT, "No such file or directory"))

    def check_write(self) -> None:
        self.check()
        if self.failure == "read-only":
            raise self.refusal(PortError(Reason.BUS, "Read-only file system"))
        if self.failure == "full":
            raise self.refusal(DiskFull("No space left on device"))

    def refusal(self, error: PortError) -> PortError:
        """Count it."""
        self.refused += 1
        return error


class FailingLog:
    """A log of a `FailingDisk`."""

    def __init__(self, disk: FailingDisk, log: LogFile) -> None:
        self._disk, self._log = disk, log
        self.size_bytes = log.size_bytes
        self.read_at, self.close = log.read_at, log.close

    def sync(self) -> None:
        self._disk.check()
        if self._disk.failure == UNSYNCED:
            raise self._disk.refusal(PortError(Reason.BUS, "Input/output error"))
        self._log.sync()

    def write_at(self, offset: int, content: bytes) -> None:
        self._disk.check_write()
        if self._disk.writes_left == 0:
            self._disk.writes_left = None
            self._log.write_at(offset, content[: self._disk.torn_bytes])
            self._log.sync()
            raise PowerCut
        if self._disk.writes_left is not None:
            self._disk.writes_left -= 1
        self._log.write_at(offset, content)

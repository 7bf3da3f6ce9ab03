"""A disk in memory, with the faults of a real one: full, failing, or without power."""

from __future__ import annotations

from hal.errors import DiskFull, PortError
from hal.ports.disk import LogFile, checked_name, checked_span
from hal.reading import Reason


class MemoryDisk:
    """Files in memory.

    `capacity_bytes` bounds them all together. While `fault` is set every transfer fails with it (BUS: an I/O error).
    `power_cut` forgets what was not synced. Does not imitate: writes that reach a real disk out of order.
    """

    def __init__(self, capacity_bytes: int = 1 << 30) -> None:
        self.capacity_bytes = capacity_bytes
        self.fault: Reason | None = None
        self._files: dict[str, bytearray] = {}
        self._logs: list[MemoryLog] = []

    def open_log(self, name: str, size_bytes: int) -> LogFile:
        self.check()
        content = self._files.get(checked_name(name), bytearray())
        self._make_room(name, size_bytes - len(content))
        content.extend(bytes(max(0, size_bytes - len(content))))
        self._files[name] = content
        log = MemoryLog(self, name, content)
        self._logs.append(log)
        return log

    def read_file(self, name: str) -> bytes | None:
        self.check()
        content = self._files.get(checked_name(name))
        return None if content is None else bytes(content)

    def write_file_atomic(self, name: str, content: bytes) -> None:
        self.check()
        self._make_room(name, len(content) - len(self._files.get(checked_name(name), b"")))
        self._files[name] = bytearray(content)

    def power_cut(self, kept_writes: int = 0, torn_bytes: int = 0) -> None:
        """Forget, in each open log, all writes since its last sync but the first `kept_writes`; of the next one
        `torn_bytes` octets stay. Open logs are dead afterwards; the disk may be used again.
        """
        for log in self._logs:
            log.lose_power(kept_writes, torn_bytes)
        self._logs.clear()

    def check(self) -> None:
        """Raise the fault, if there is one."""
        if self.fault is not None:
            raise PortError(self.fault, "injected fault")

    def forget(self, log: MemoryLog) -> None:
        """A log was closed; what the kernel holds of it will reach the disk."""
        if log in self._logs:
            self._logs.remove(log)

    def _make_room(self, name: str, growth: int) -> None:
        used = sum(len(content) for content in self._files.values())
        if growth > 0 and used + growth > self.capacity_bytes:
            raise DiskFull(f"{name}: {used + growth} of {self.capacity_bytes} octets")


class MemoryLog:
    """A log on a `MemoryDisk`; keeps what each unsynced write replaced, so that a power cut can undo it."""

    def __init__(self, disk: MemoryDisk, name: str, content: bytearray) -> None:
        self._disk = disk
        self._name = name
        self._content = content
        self._unsynced: list[tuple[int, bytes]] = []
        self._is_open = True

    @property
    def size_bytes(self) -> int:
        return len(self._content)

    def write_at(self, offset: int, content: bytes) -> None:
        self._check()
        end = offset + len(content)
        checked_span(self._name, offset, len(content), len(self._content))
        self._unsynced.append((offset, bytes(self._content[offset:end])))
        self._content[offset:end] = content

    def read_at(self, offset: int, size: int) -> bytes:
        self._check()
        return bytes(self._content[offset : offset + size])

    def sync(self) -> None:
        self._check()
        self._unsynced.clear()

    def close(self) -> None:
        self._is_open = False
        self._disk.forget(self)

    def lose_power(self, kept_writes: int, torn_bytes: int) -> None:
        """Undo the unsynced writes but the first `kept_writes`, newest first."""
        self._is_open = False
        while len(self._unsynced) > kept_writes:
            offset, before = self._unsynced.pop()
            torn = torn_bytes if len(self._unsynced) == kept_writes else 0
            self._content[offset + torn : offset + len(before)] = before[torn:]

    def _check(self) -> None:
        if not self._is_open:
            raise PortError(Reason.BUS, f"{self._name}: the log is closed")
        self._disk.check()

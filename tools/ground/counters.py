"""What the ground has used up, in files: one for each counter, shared by all tools that run at a time.

    ground/counter.9       the durable mark: all up to it may have been used     (magic, CRC-32, value)
    ground/counter.9.now   the last one used since this computer started; worth nothing after
    ground/lock            held while a counter is taken and its packet leaves, so that counters arrive in order

The mark is written ahead and reaches the disk before a counter of its block is used: after a crash or a power cut the
ground goes on at the mark.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fsw.packets.security.counters import SendCounter
from fsw.packets.security.errors import SecurityError, StoreFailed
from hal.clock import SECOND_NS, Clock

FOLDER = "ground"  # in the folder of the keys
MAGIC = b"PNGC"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LOCK_NS = 5 * SECOND_NS  # another tool holds it for milliseconds
LOOK_NS = SECOND_NS // 100
_HEAD = struct.Struct(">4sI")


class Locked(SecurityError):
    """Another tool holds what this one needs."""


class FileStore:
    """Fills `fsw.packets.security.counters.CounterStore` with files of a folder, which is made where it is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreFailed(f"{folder}: {error.strerror}") from error

    def load(self, name: str) -> bytes | None:
        try:
            content = (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreFailed(f"{name}: {error.strerror}") from error
        value = content[_HEAD.size :]
        if content[: _HEAD.size] != _head(name, value):
            raise StoreFailed(f"{self.folder / name} is damaged")
        return value

    def save(self, name: str, value: bytes) -> None:
        path, new = self.folder / name, self.folder / f"{name}.new"
        try:
            with new.open("wb") as file:
                file.write(_head(name, value) + value)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            _sync(self.folder)
        except OSError as error:
            raise StoreFailed(f"{name}: {error.strerror}") from error

    @contextmanager
    def locked(self, clock: Clock, name: str = "lock") -> Iterator[None]:
        """Hold the lock `name` of the folder. Raises Locked when another tool has it for long."""
        with (self.folder / name).open("ab") as file:
            deadline_ns = clock.now_ns() + LOCK_NS
            while not _try_lock(file.fileno()):
                if clock.now_ns() >= deadline_ns:
                    raise Locked(f"another tool holds {self.folder / name}")
                clock.sleep_until_ns(clock.now_ns() + LOOK_NS)
            yield


class SharedCounter(SendCounter):
    """A counter that other tools take from too; whoever takes from it holds the store's lock."""

    def __init__(self, store: FileStore, name: str, octets: int) -> None:
        super().__init__(store, name, octets)
        self._files = store
        self._hint = store.folder / f"{name}.now"
        self._boot = _boot_id()

    def next(self) -> int:
        """As `SendCounter.next`, after all that the other tools have used."""
        self._look()
        counter = super().next()
        self._note(counter)
        return counter

    def advance(self, floor: int) -> None:
        self._look()
        super().advance(floor)
        self._note(max(floor, self._last or 0))

    @property
    def last(self) -> int | None:
        """The last counter that any tool has used; None where nobody knows."""
        self._look()
        return self._last

    def _look(self) -> None:
        mark, used = self._mark(), self._noted()
        self._reserved = mark
        self._last = mark if mark is None or used is None or used > mark else used

    def _mark(self) -> int | None:
        with suppress(StoreFailed):
            value = self._files.load(self._name)
            return None if value is None else int.from_bytes(value, "big")
        return None

    def _noted(self) -> int | None:
        """The hint, where it is whole and of this start of the computer."""
        with suppress(OSError, ValueError):
            boot, number, check = self._hint.read_text(encoding="ascii").split()
            if boot == self._boot and int(check) == zlib.crc32(f"{boot} {number}".encode()):
                return int(number)
        return None

    def _note(self, counter: int) -> None:
        text = f"{self._boot} {counter}"
        with suppress(OSError):  # without the hint the next one is taken after the mark
            self._hint.unlink(missing_ok=True)
            self._hint.write_text(f"{text} {zlib.crc32(text.encode())}", encoding="ascii")


def _head(name: str, value: bytes) -> bytes:
    return _HEAD.pack(MAGIC, zlib.crc32(name.encode("ascii") + value))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _boot_id() -> str:
    """This start of the computer; without one every hint is of another start."""
    with suppress(OSError):
        return BOOT_ID.read_text(encoding="ascii").strip()
    return f"{os.getpid()}-{os.urandom(8).hex()}"

"""The small durable state of a service: saved when it changed, and tried again while the disk refuses."""

from __future__ import annotations

from enum import IntEnum
from typing import Generic, Protocol, TypeVar

from hal.clock import SECOND_NS
from hal.errors import PortError

T = TypeVar("T")

RETRY_NS = 10 * SECOND_NS  # a disk that failed is asked again; each try may take as long as the disk likes


class Found(IntEnum):
    """What was found at the start; the numbers are those of `fsw.store.state.Origin`."""

    NEWEST = 0
    OLDER = 1  # the newest copy is damaged: what was done since the older one is not known
    NOTHING = 2
    LOST = 3  # something was saved, and cannot be read


class StateFile(Protocol[T]):
    """Where the state is kept: `fsw.store.state.NamedState` in flight."""

    def load(self) -> tuple[T, int]:
        """The last value saved or the default, and which of them (`Found`)."""
        ...

    def save(self, value: T) -> None:
        """Make it durable, whole; raises PortError."""
        ...


class Kept(Generic[T]):
    """`touch` says that the state differs from what is saved, `save` brings it to the file."""

    def __init__(self, file: StateFile[T]) -> None:
        self._file = file
        self._retry_ns = 0
        self.is_dirty = False
        self.has_failed = False

    def load(self) -> tuple[T, Found]:
        """What was saved last."""
        value, origin = self._file.load()
        return value, Found(origin)

    def touch(self) -> None:
        """The state has changed: the next `save` does not wait."""
        self.is_dirty = True
        self._retry_ns = 0

    def is_due(self, now_ns: int) -> bool:
        """Something is to be saved, and the disk has had its pause."""
        return self.is_dirty and now_ns >= self._retry_ns

    def save(self, now_ns: int, value: T) -> bool:
        """False when the disk refuses: the state stays unsaved, and is due again after a while."""
        try:
            self._file.save(value)
        except PortError:
            self.has_failed, self._retry_ns = True, now_ns + RETRY_NS
            return False
        self.is_dirty = self.has_failed = False
        return True

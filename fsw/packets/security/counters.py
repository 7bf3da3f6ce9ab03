"""Counters that are never used twice, whatever happens to the power.

A sender reserves a block of counters durably before it uses the first of them, and goes on at its end after a restart.
A receiver keeps a durable mark ahead of every counter that it takes, and refuses all up to it after a restart: the
telemetry shows it (`floor`), and the ground advances. While the store fails, commands go on up to the mark, half a
block or more; then they are refused, because a restart would let them be repeated. Counters move forward only.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

from fsw.packets.security.errors import CounterLost, Exhausted, StoreFailed

SEND_BLOCK = 256  # one write a few hundred frames
RECEIVE_BLOCK = 1024  # at least 512 commands, some days of them, while the store is away
WINDOW = 1 << 16  # frames that may be lost in a row; a forger gains nothing from a wide one, for it is behind the MAC
_OCTETS = 12
_LARGEST = (1 << 8 * _OCTETS) - 1


class CounterStore(Protocol):
    """A few octets under a name that outlive the power."""

    def load(self, name: str) -> bytes | None:
        """What was saved last; None where nothing ever was. Raises StoreFailed, also for damage."""
        ...

    def save(self, name: str, value: bytes) -> None:
        """Durable on return, and whole or not at all. Raises StoreFailed."""
        ...


class MemoryStore:
    """A store for keys that end with the session."""

    def __init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def load(self, name: str) -> bytes | None:
        return self._values.get(name)

    def save(self, name: str, value: bytes) -> None:
        self._values[name] = value


def provision(store: CounterStore, name: str, value: int = 0) -> None:
    """Begin a counter, together with a new key and never otherwise. Raises StoreFailed."""
    store.save(name, value.to_bytes(_OCTETS, "big"))


def _load(store: CounterStore, name: str) -> int | None:
    """The saved value; None where it is lost."""
    try:
        octets = store.load(name)
    except StoreFailed:
        return None
    return None if octets is None or len(octets) != _OCTETS else int.from_bytes(octets, "big")


class SendCounter:
    """Gives each counter once. `octets` is its size on the wire."""

    def __init__(self, store: CounterStore, name: str, octets: int, block: int = SEND_BLOCK) -> None:
        self._store = store
        self._name = name
        self._limit = 1 << 8 * octets
        self._block = block
        self._last = self._reserved = _load(store, name)

    @property
    def is_lost(self) -> bool:
        """True where nobody knows which counters were used."""
        return self._reserved is None

    def next(self) -> int:
        """A counter never given before. Raises CounterLost, Exhausted, StoreFailed, and then nothing is used."""
        if self._last is None or self._reserved is None:
            raise CounterLost(self._name)
        counter = self._last + 1
        if counter >= self._limit:
            raise Exhausted(self._name)
        if counter > self._reserved:
            reserved = min(counter + self._block - 1, self._limit - 1)
            provision(self._store, self._name, reserved)
            self._reserved = reserved
        self._last = counter
        return counter

    def advance(self, floor: int) -> None:
        """Use nothing up to `floor` any more, as the other end's telemetry asks. Raises CounterLost, StoreFailed."""
        if self._last is None or self._reserved is None:
            raise CounterLost(self._name)
        if floor > self._reserved:
            provision(self._store, self._name, floor)
            self._reserved = floor
        self._last = max(self._last, floor)


class Freshness(IntEnum):
    """What a counter says of what bears it."""

    FRESH = 0
    REPEATED = 1  # or older than the last one taken
    BEYOND = 2  # so far ahead that more than the window was lost
    UNKNOWN = 3  # our own counter is lost


class ReceiveCounter:
    """Takes each counter once, forward only."""

    def __init__(self, store: CounterStore, name: str, block: int = RECEIVE_BLOCK, window: int = WINDOW) -> None:
        self._store = store
        self._name = name
        self._block = block
        self._window = window
        self._last = self._mark = _load(store, name)
        self.unsaved = 0  # times that the store did not keep a new mark

    @property
    def floor(self) -> int | None:
        """The newest counter that is refused; None where it is lost."""
        return self._last

    def judge(self, counter: int) -> Freshness:
        """Whether `counter` may be taken; changes nothing."""
        if self._last is None:
            return Freshness.UNKNOWN
        if counter <= self._last:
            return Freshness.REPEATED
        return Freshness.FRESH if counter <= self._last + self._window else Freshness.BEYOND

    def commit(self, counter: int) -> bool:
        """Take `counter`; False where it is not fresh (any more), or no durable mark can be put ahead of it."""
        if self._mark is None or self.judge(counter) is not Freshness.FRESH:
            return False
        if counter > self._mark - self._block // 2:
            self._move_mark(counter)
        if counter > self._mark:
            return False
        self._last = counter
        return True

    def _move_mark(self, counter: int) -> None:
        mark = min(counter + self._block - 1, _LARGEST)
        try:
            provision(self._store, self._name, mark)
            self._mark = mark
        except StoreFailed:
            self.unsaved += 1

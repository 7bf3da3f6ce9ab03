"""Dump and check of named memory (ST06, ECSS-E-ST-70-41C, 6.6): one block a command, so many octets a step."""

from __future__ import annotations

import hashlib
from binascii import crc_hqx
from collections import deque
from collections.abc import Iterator, Mapping

from fsw.bus.codec import encode
from fsw.bus.contract import Bus, Policy
from fsw.bus.topics import COMMAND, HEARTBEAT, PRICES
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.rows import NAME_OCTETS
from fsw.memory.registry import Memory, Packaged, Registry, TableMemory
from fsw.messages import Command, Heartbeat
from fsw.replies import Replies
from hal.clock import SECOND_NS
from hal.errors import PortError

HEARTBEAT_NS = 10 * SECOND_NS
STEP_BYTES = 1 << 20  # read a step, as the scrub of the weights does: a few milliseconds
CHUNK_BYTES = 1 << 16
TASKS_MAX = 8  # checks and listings that wait; each may take a minute
UNREADABLE = "unreadable"  # instead of a hash
CRC_START = 0xFFFF  # CRC-16-CCITT, as packets have it


class EndsEarly(Exception):
    """The memory became smaller while it was read."""


class MemoryService:
    """Answers for the files of `packages`, for `tables`, and for the `prices` that the planner published last."""

    name = "memory"
    period_ns = SECOND_NS

    def __init__(self, bus: Bus, packages: Mapping[str, Packaged], tables: Mapping[str, Memory] | None = None) -> None:
        self._bus, self._replies = bus, Replies(bus)
        self._registry = Registry(packages, {"prices": TableMemory(self._price_octets), **(tables or {})})
        self._newest_prices = bus.subscribe(PRICES, self.name, Policy.LATEST)
        self._prices = b""
        self._commands = bus.subscribe(COMMAND, self.name, Policy.DROP_OLDEST)
        self._own = frozenset(row.name for row in COMMANDS if row.owner == self.name)
        self._tasks: deque[tuple[Command, Iterator[int]]] = deque()
        self._now_ns = self._heartbeat_ns = self._steps = 0

    @property
    def is_reading(self) -> bool:
        """Something is being read: steps are wanted as often as possible."""
        return bool(self._tasks)

    def step(self, now_ns: int) -> None:
        """Take commands; go on with what is being read."""
        self._now_ns = now_ns
        for command in self._commands.drain():
            if command.name in self._own:
                self._begin(command)
        self._go_on()
        self._replies.flush()
        self._steps += 1
        if now_ns >= self._heartbeat_ns:
            self._heartbeat_ns = now_ns + HEARTBEAT_NS
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def _price_octets(self) -> bytes:
        """The message as the bus has it; empty before the first."""
        prices = self._newest_prices.take()
        if prices is not None:
            self._prices = encode(prices)
        return self._prices

    def _begin(self, command: Command) -> None:
        """Refuse at once what cannot be done; a dump does not wait behind what takes long."""
        if command.name == "list_memories":
            self._queue(command, self._list())
            return
        name, address, length = str(command.arguments[0]), int(command.arguments[1]), int(command.arguments[2])
        memory = self._registry.find(name)
        if memory is None:
            self._replies.started(self._now_ns, command, "no_such_memory")
            return
        try:
            size = memory.size()
        except PortError:
            self._replies.started(self._now_ns, command, "no_such_memory")
            return
        if address + length > size:
            self._replies.started(self._now_ns, command, "bad_address", (float(size),))
        elif command.name == "check_memory":
            self._queue(command, self._check(name, memory, address, length))
        else:
            self._replies.started(self._now_ns, command)
            self._run(command, self._dump(name, memory, address, length), STEP_BYTES)

    def _queue(self, command: Command, task: Iterator[int]) -> None:
        if len(self._tasks) >= TASKS_MAX or self._replies.is_full:
            self._replies.started(self._now_ns, command, "busy")
            return
        self._replies.started(self._now_ns, command)
        self._tasks.append((command, task))

    def _go_on(self) -> None:
        budget = STEP_BYTES
        while self._tasks and budget > 0:
            command, task = self._tasks[0]
            budget = self._run(command, task, budget)
            if budget > 0:
                self._tasks.popleft()

    def _run(self, command: Command, task: Iterator[int], budget: int) -> int:
        """Go on with a task; what is left of the budget when it has ended, 0 when it has not."""
        try:
            for octets in task:
                budget -= octets
                if budget <= 0:
                    return 0
        except (PortError, EndsEarly):
            self._replies.completed(self._now_ns, command, "failed")
            return budget
        self._replies.completed(self._now_ns, command)
        return budget

    def _dump(self, name: str, memory: Memory, address: int, length: int) -> Iterator[int]:
        octets = _read(memory, address, length)
        self._replies.tell(self._now_ns, "memory_dump", (name, address, octets.hex(), crc_hqx(octets, CRC_START)))
        yield length

    def _check(self, name: str, memory: Memory, address: int, length: int) -> Iterator[int]:
        checksum = CRC_START
        for chunk in _chunks(memory, address, address + length):
            checksum = crc_hqx(chunk, checksum)
            yield len(chunk)
        self._replies.tell(self._now_ns, "memory_check", (name, address, length, checksum))

    def _list(self) -> Iterator[int]:
        """A row for each memory, with the hash of what it holds now."""
        for name in self._registry.names():
            memory = self._registry.find(name)
            if memory is not None:  # else its package was replaced meanwhile
                yield from self._row(name, memory)

    def _row(self, name: str, memory: Memory) -> Iterator[int]:
        digest, size = hashlib.sha256(), 0
        try:
            size = memory.size()
            for chunk in _chunks(memory, 0, size):
                digest.update(chunk)
                yield len(chunk)
        except (PortError, EndsEarly):
            self._replies.tell(self._now_ns, "memory_row", (name, size, UNREADABLE))
            return
        self._replies.tell(self._now_ns, "memory_row", (name, size, digest.hexdigest()[:NAME_OCTETS]))


def _chunks(memory: Memory, address: int, end: int) -> Iterator[bytes]:
    while address < end:
        chunk = _read(memory, address, min(CHUNK_BYTES, end - address))
        address += len(chunk)
        yield chunk


def _read(memory: Memory, address: int, length: int) -> bytes:
    """Exactly so many octets; raises EndsEarly, PortError."""
    octets = memory.read(address, length)
    if len(octets) < length:
        raise EndsEarly
    return octets

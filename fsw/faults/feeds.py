"""What brings watchpoints their values: the raw messages, each looked at once, before any filter.

A message without the value (a channel that is missing, a field that is not known) is no value: the age runs on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from fsw.bus.contract import Bus, Policy, Subscription
from fsw.bus.topics import BUS_STATUS, HEARTBEAT, Topic
from fsw.catalogue.parameters import PARAMETER_BY_NAME, ParameterRow
from fsw.catalogue.rows import Wire
from fsw.faults.watchpoint import NEVER_NS, Transition, Watch
from fsw.values import TEXTS, Health, Read, number, reader_of
from hal.clock import SECOND_NS

DEPTH = 64  # a minute of what comes each second, in case the process is held up
SLOW_NS = 10 * SECOND_NS  # services give a sign of life as often
HEALTH = ("beats", "accounts")  # subscriptions that the sums are made of
MAX_AGE_NS = 30 * SECOND_NS  # three of them
SUMS = ("bus.sent", "bus.delivered", "bus.dropped", "bus.in_flight", "health.alive", "health.silent")

ReadNumber = Callable[[Any], float | None]


def can_be_watched(parameter: str) -> bool:
    """True for a parameter that has numbers and comes over the bus."""
    row = PARAMETER_BY_NAME[parameter]
    return row.wire not in TEXTS and (row.source in SUMS or reader_of(row) is not None)


class Feeds:
    """Which watches each message serves. A topic is subscribed to when the first watch needs it."""

    def __init__(self, bus: Bus, reader: str) -> None:
        self._bus, self._reader = bus, reader
        self._health = Health(MAX_AGE_NS)
        self._inboxes: dict[str, Subscription[Any]] = {}
        self._plan: list[tuple[Subscription[Any], list[tuple[Watch, ReadNumber]]]] = []
        self._sums: list[tuple[Watch, Callable[[int], float | None]]] = []
        self._idle: list[Subscription[Any]] = []  # that no watch needs any more
        self._watches: tuple[Watch, ...] = ()
        self._stale_ns = NEVER_NS
        self._slow_ns = 0

    def connect(self, watches: Iterable[Watch]) -> None:
        """From now on serve these watches and no others."""
        self._watches = tuple(watches)
        plan: dict[str, list[tuple[Watch, ReadNumber]]] = {}
        self._sums = []
        for watch in self._watches:
            row = PARAMETER_BY_NAME[watch.point.parameter]
            found = reader_of(row)
            if found is None:
                self._sums.append((watch, self._sum(row)))
            else:
                self._subscribe(found[0])
                plan.setdefault(found[0].name, []).append((watch, _number_reader(row, found[1])))
        self._plan = [(self._inboxes[name], readers) for name, readers in plan.items()]
        self._idle = [inbox for name, inbox in self._inboxes.items() if name not in plan and name not in HEALTH]
        self._stale_ns = min((watch.stale_ns for watch in self._watches), default=NEVER_NS)

    def take(self, now_ns: int) -> list[Transition]:
        """What the values that came, and those that did not come, made of the watches."""
        changes: list[Transition] = []
        for inbox, readers in self._plan:
            for message in inbox.drain():
                for watch, read in readers:
                    value = read(message)
                    if value is not None and (change := watch.take(now_ns, value)) is not None:
                        changes.append(change)
        if now_ns >= self._slow_ns:
            self._slow_ns = now_ns + SLOW_NS
            self._look_slowly(now_ns, changes)
        if now_ns >= self._stale_ns:
            self._wait(now_ns, changes)
        return changes

    def _look_slowly(self, now_ns: int, changes: list[Transition]) -> None:
        """Sums over processes and services."""
        for inbox in self._idle:
            inbox.drain()
        for beat in self._drain(HEALTH[0]):
            self._health.take_beat(beat)
        for status in self._drain(HEALTH[1]):
            self._health.take_account(status)
        for watch, read_sum in self._sums:
            value = read_sum(now_ns)
            if value is not None and (change := watch.take(now_ns, value)) is not None:
                changes.append(change)

    def _wait(self, now_ns: int, changes: list[Transition]) -> None:
        """Values that are too old."""
        late = [watch.wait(now_ns) for watch in self._watches if now_ns >= watch.stale_ns]
        changes.extend(change for change in late if change is not None)
        self._stale_ns = min((watch.stale_ns for watch in self._watches), default=NEVER_NS)

    def _subscribe(self, topic: Topic[Any], name: str = "") -> None:
        name = name or topic.name
        if name not in self._inboxes:
            self._inboxes[name] = self._bus.subscribe(topic, self._reader, Policy.DROP_OLDEST, DEPTH)

    def _drain(self, name: str) -> list[Any]:
        return self._inboxes[name].drain() if name in self._inboxes else []

    def _sum(self, row: ParameterRow) -> Callable[[int], float | None]:
        kind, _, name = row.source.partition(".")
        if kind == "bus":
            self._subscribe(BUS_STATUS, HEALTH[1])
            return lambda _now_ns: self._health.bus_sum(name)
        self._subscribe(HEARTBEAT, HEALTH[0])
        return self._health.alive if name == "alive" else self._health.silent


def _number_reader(row: ParameterRow, read: Read) -> ReadNumber:
    """A measured float is one already (or None); anything else is turned into one."""
    is_plain = row.wire in (Wire.F32, Wire.F64) and not row.source.startswith("count.")
    return cast(ReadNumber, read) if is_plain else lambda message: number(row, read(message))

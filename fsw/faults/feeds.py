"""What brings watchpoints their values: the raw messages, each looked at once, before any filter.

A message without the value (a channel that is missing, a field that is not known) is no value: the age runs on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from fsw.bus.contract import Bus, Policy, Subscription
from fsw.bus.topics import BUS_STATUS, HEARTBEAT, PARAMETER, SAMPLES
from fsw.catalogue.parameters import PARAMETER_BY_NAME, ParameterRow
from fsw.catalogue.rows import Wire
from fsw.faults.watchpoint import NEVER_NS, Transition, Watch
from fsw.messages import ParameterSet
from fsw.values import LATEST, TEXTS, Health, Read, number, reader_of
from hal.clock import SECOND_NS

DEPTH = 64  # a second of the busiest topic, with a minute's grace where the process was held up
HEALTH_NS = 10 * SECOND_NS  # services give a sign of life as often
MAX_AGE_NS = 30 * SECOND_NS  # three of them
SUMS = ("bus.sent", "bus.delivered", "bus.dropped", "bus.in_flight", "health.alive", "health.silent")

ReadNumber = Callable[[Any], float | None]


def can_be_watched(parameter: str) -> bool:
    """True for a parameter that has numbers and comes over the bus."""
    row = PARAMETER_BY_NAME[parameter]
    return row.wire not in TEXTS and (row.source in SUMS or reader_of(row) is not None)


class Feeds:
    """Subscriptions of one reader, and which watches each message serves."""

    def __init__(self, bus: Bus, reader: str) -> None:
        self._health = Health(MAX_AGE_NS)
        self._inboxes: list[tuple[str, Subscription[Any]]] = [
            (topic.name, bus.subscribe(topic, reader, Policy.DROP_OLDEST, DEPTH))
            for topic in (*LATEST, SAMPLES, BUS_STATUS, HEARTBEAT, PARAMETER)
        ]
        self._plan: dict[str, list[tuple[Watch, ReadNumber]]] = {}
        self._sums: list[tuple[Watch, Callable[[int], float | None]]] = []
        self._watches: tuple[Watch, ...] = ()
        self._stale_ns = NEVER_NS
        self._health_ns = 0
        self.settings: list[ParameterSet] = []  # that came since somebody emptied it

    def connect(self, watches: Iterable[Watch]) -> None:
        """From now on serve these watches and no others."""
        self._watches = tuple(watches)
        self._plan, self._sums = {}, []
        for watch in self._watches:
            row = PARAMETER_BY_NAME[watch.point.parameter]
            found = reader_of(row)
            if found is not None:
                self._plan.setdefault(found[0].name, []).append((watch, _number_reader(row, found[1])))
            elif row.source in SUMS:
                self._sums.append((watch, self._sum(row)))
        self._stale_ns = min((watch.stale_ns for watch in self._watches), default=NEVER_NS)

    def take(self, now_ns: int) -> list[Transition]:
        """What the values that came, and those that did not come, made of the watches."""
        changes: list[Transition] = []
        plan = self._plan
        for name, inbox in self._inboxes:
            messages = inbox.drain()
            if not messages:
                continue
            if name in plan:
                for message in messages:
                    for watch, read in plan[name]:
                        _put(watch, now_ns, read(message), changes)
            if name == HEARTBEAT.name or name == BUS_STATUS.name or name == PARAMETER.name:
                self._note(name, messages)
        if now_ns >= self._health_ns:
            self._health_ns = now_ns + HEALTH_NS
            for watch, read_sum in self._sums:
                _put(watch, now_ns, read_sum(now_ns), changes)
        if now_ns >= self._stale_ns:
            self._wait(now_ns, changes)
        return changes

    def _wait(self, now_ns: int, changes: list[Transition]) -> None:
        """Values that are too old."""
        late = [watch.wait(now_ns) for watch in self._watches if now_ns >= watch.stale_ns]
        changes.extend(change for change in late if change is not None)
        self._stale_ns = min((watch.stale_ns for watch in self._watches), default=NEVER_NS)

    def _note(self, name: str, messages: list[Any]) -> None:
        if name == PARAMETER.name:
            self.settings.extend(messages)
            return
        take = self._health.take_beat if name == HEARTBEAT.name else self._health.take_account
        for message in messages:
            take(message)

    def _sum(self, row: ParameterRow) -> Callable[[int], float | None]:
        kind, _, name = row.source.partition(".")
        if kind == "bus":
            return lambda _now_ns: self._health.bus_sum(name)
        return self._health.alive if name == "alive" else self._health.silent


def _put(watch: Watch, now_ns: int, value: float | None, changes: list[Transition]) -> None:
    if value is not None and (change := watch.take(now_ns, value)) is not None:
        changes.append(change)


def _number_reader(row: ParameterRow, read: Read) -> ReadNumber:
    """A measured float is one already (or None); anything else is turned into one."""
    is_plain = row.wire in (Wire.F32, Wire.F64) and not row.source.startswith("count.")
    return cast(ReadNumber, read) if is_plain else lambda message: number(row, read(message))

"""The structures and traces of PUS ST03: which there are, when each is due. No I/O, no clock.

The dictionary's own keep the interval parameters that the dictionary names; those that the ground makes have their
interval here. A trace is a structure that is sampled for a look at something fast, at its shortest at every step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fsw.catalogue.check import PACKET_OCTETS
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.structures import STRUCTURE_BY_ID, STRUCTURE_BY_NAME, STRUCTURES
from fsw.catalogue.wire import Value, row_octets
from fsw.packets import housekeeping
from fsw.packets.pus import TM_OVERHEAD
from fsw.telemetry.choices import Created, Refused

CREATED_MAX = 32  # of the ground's making: a console full of them; bounds what is looked through and saved
ROW_OCTETS_MAX = PACKET_OCTETS - TM_OVERHEAD - housekeeping.STRUCTURE_OCTETS
SHORTEST_MS = 1000  # a step of telemetry, and of the sensing behind it
LONGEST_MS = 86_400_000  # a day: beyond, a one-shot is what one wants
MS = 1_000_000  # nanoseconds
EARLY_NS = 100 * MS  # so much earlier is on time: a step may be later than the one that was due to follow it
AT_ONCE = -1
INTERVAL_ARGUMENT, PARAMETERS_ARGUMENT = 1, 2  # places in the commands that create, and set an interval


@dataclass(slots=True, kw_only=True)
class Row:
    """One structure as it is now."""

    number: int
    is_trace: bool
    parameters: tuple[str, ...]
    interval_ns: int
    enabled: bool = True
    due_ns: int = AT_ONCE
    interval_parameter: str = ""  # of the dictionary's own

    @property
    def name(self) -> str:
        """As commands name it."""
        row = STRUCTURE_BY_ID.get(self.number)
        return row.name if row else str(self.number)

    def definition(self) -> tuple[Value, ...]:
        """The values of its report [3,10] or [3,12]."""
        enabled = "yes" if self.enabled else "no"
        return self.name, enabled, self.interval_ns // MS, ",".join(self.parameters)


class StructureTable:
    """All structures. `settings` are the values of the interval parameters, in seconds."""

    def __init__(self, settings: Mapping[str, float]) -> None:
        self._rows = {
            row.id: Row(
                number=row.id,
                is_trace=False,
                parameters=row.parameters,
                interval_ns=_interval_ns(settings[row.interval]),
                interval_parameter=row.interval,
            )
            for row in STRUCTURES
        }
        self._next_ns = 0

    @property
    def next_ns(self) -> int:
        """When the next of them is due."""
        return self._next_ns

    def restore(self, created: tuple[Created, ...], disabled: tuple[int, ...]) -> list[str]:
        """Take up what was saved; gives the names of what this dictionary has no parameters for any more."""
        unknown = []
        for item in created:
            try:
                self.create(item.number, item.is_trace, item.interval_ms, item.parameters)
                self._rows[item.number].enabled = item.enabled
            except Refused:
                unknown.append(str(item.number))
        for number in disabled:
            if number in self._rows:
                self._rows[number].enabled = False
        return unknown

    def saved(self) -> tuple[tuple[Created, ...], tuple[int, ...]]:
        """What `restore` takes."""
        rows = [row for row in self._rows.values() if not row.interval_parameter]
        created = tuple(
            Created(
                number=row.number,
                is_trace=row.is_trace,
                interval_ms=row.interval_ns // MS,
                parameters=row.parameters,
                enabled=row.enabled,
            )
            for row in rows
        )
        built_in = (row for row in self._rows.values() if row.interval_parameter)
        return created, tuple(row.number for row in built_in if not row.enabled)

    def find(self, name: Value, is_trace: bool) -> Row:
        """The structure of a name or number; raises Refused."""
        text = str(name)
        row = STRUCTURE_BY_NAME.get(text)
        number = row.id if row else int(text) if text.isascii() and text.isdigit() else -1
        found = self._rows.get(number)
        if found is None or found.is_trace is not is_trace:
            raise Refused("no_such_structure", float(number))
        return found

    def create(self, number: int, is_trace: bool, interval_ms: int, parameters: tuple[str, ...]) -> None:
        """A new one, disabled; raises Refused."""
        if number in self._rows:
            raise Refused("structure_exists", float(number))
        if len(self._rows) - len(STRUCTURES) >= CREATED_MAX:
            raise Refused("no_room", float(CREATED_MAX))
        _check_interval(interval_ms)
        _check_parameters(parameters)
        self._rows[number] = Row(
            number=number, is_trace=is_trace, parameters=parameters, interval_ns=interval_ms * MS, enabled=False
        )

    def delete(self, row: Row) -> None:
        """Forget one of the ground's making that is disabled; raises Refused."""
        if row.interval_parameter or row.enabled:
            raise Refused("not_deletable", float(row.number))
        del self._rows[row.number]

    def enable(self, row: Row, enabled: bool) -> None:
        """Report it at its interval from now on, or only when asked."""
        if enabled and not row.enabled:
            self._rush(row)
        row.enabled = enabled

    def set_interval(self, row: Row, interval_ms: int) -> None:
        """Another interval for one of the ground's making, from now on; raises Refused."""
        _check_interval(interval_ms)
        row.interval_ns = interval_ms * MS
        self._rush(row)

    def follow(self, name: str, value: float) -> None:
        """A parameter has another value: it may be the interval of one of the dictionary's own."""
        for row in self._rows.values():
            if row.interval_parameter == name and row.interval_ns != _interval_ns(value):
                row.interval_ns = _interval_ns(value)
                self._rush(row)

    def due(self, now_ns: int) -> list[Row]:
        """Those whose time has come; each is due again an interval later."""
        due = [row for row in self._rows.values() if row.enabled and now_ns >= row.due_ns - EARLY_NS]
        for row in due:
            following_ns = row.due_ns + row.interval_ns
            is_first = row.due_ns == AT_ONCE or following_ns <= now_ns  # after a pause nothing is made up for
            row.due_ns = now_ns + row.interval_ns if is_first else following_ns
        latest_ns = now_ns + LONGEST_MS * MS
        self._next_ns = min((row.due_ns - EARLY_NS for row in self._rows.values() if row.enabled), default=latest_ns)
        return due

    def _rush(self, row: Row) -> None:
        row.due_ns, self._next_ns = AT_ONCE, 0


def interval_setting(row: Row, interval_ms: int) -> float:
    """The value of the interval parameter, in seconds, for one of the dictionary's own; raises Refused."""
    parameter, seconds = PARAMETER_BY_NAME[row.interval_parameter], interval_ms / 1000
    low, high = parameter.low or 0.0, parameter.high or 0.0
    if not low <= seconds <= high:
        raise Refused("out_of_range", float(INTERVAL_ARGUMENT), float(interval_ms), 1000 * low, 1000 * high)
    return seconds


def _interval_ns(seconds: float) -> int:
    return round(seconds * 1000) * MS


def _check_interval(interval_ms: int) -> None:
    if not SHORTEST_MS <= interval_ms <= LONGEST_MS:
        limits = float(SHORTEST_MS), float(LONGEST_MS)
        raise Refused("out_of_range", float(INTERVAL_ARGUMENT), float(interval_ms), *limits)


def _check_parameters(parameters: tuple[str, ...]) -> None:
    """At least one, each once, all known, and not more than a packet holds."""
    if not parameters or len(set(parameters)) != len(parameters):
        raise Refused("bad_argument", float(PARAMETERS_ARGUMENT))
    if any(name not in PARAMETER_BY_NAME for name in parameters):
        raise Refused("bad_argument", float(PARAMETERS_ARGUMENT))
    if row_octets(parameters) > ROW_OCTETS_MAX:
        raise Refused("no_room", float(ROW_OCTETS_MAX))

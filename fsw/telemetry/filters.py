"""What is not reported: events that were disabled (PUS ST05) and reports that are not sent down (ST14)."""

from __future__ import annotations

from collections.abc import Iterable

from fsw.catalogue.events import EVENT_BY_NAME
from fsw.catalogue.rows import LIST_MOST, Severity
from fsw.messages import Event
from fsw.telemetry.choices import Refused
from fsw.telemetry.limiter import SUMMARY

WHOLE = 0  # stands for all subtypes of a service, which the standard numbers from 1
STOPPED_MAX = 256  # report types; the dictionary has some fifty


class EventSwitch:
    """The disabled events. One of high severity is still counted for the ground: a summary says how many there were."""

    def __init__(self) -> None:
        self._disabled: dict[str, int] = {}  # and how many of them since the last summary
        self.counted = 0

    @property
    def disabled(self) -> tuple[str, ...]:
        """Their names, as they were disabled."""
        return tuple(self._disabled)

    def disable(self, name: str) -> None:
        """Report it no more; raises Refused when the report of what is disabled would not hold another."""
        if name not in self._disabled and len(self._disabled) >= LIST_MOST:
            raise Refused("no_room", float(LIST_MOST))
        self._disabled.setdefault(name, 0)

    def enable(self, name: str) -> None:
        """Report it again."""
        self._disabled.pop(name, None)

    def restore(self, names: Iterable[str]) -> None:
        """Take up what was saved, as far as this dictionary has it."""
        self._disabled = {name: 0 for name in names if name in EVENT_BY_NAME}

    def admit(self, event: Event) -> bool:
        """True when the event is reported; else it is counted."""
        if event.name not in self._disabled:
            return True
        self._disabled[event.name] += 1
        self.counted += 1
        return False

    def turn(self, now_ns: int) -> list[Event]:
        """One summary for each disabled event of high severity that came since the last turn."""
        summaries = []
        for name, count in self._disabled.items():
            if count and EVENT_BY_NAME[name].severity is Severity.HIGH:
                summaries.append(Event(time_ns=now_ns, name=SUMMARY, values=(name, count)))
            self._disabled[name] = 0
        return summaries


class Forwarding:
    """Which reports are not sent down, as (service, subtype); packet stores have them all the same."""

    def __init__(self) -> None:
        self.stopped: set[tuple[int, int]] = set()

    def admits(self, kind: tuple[int, int]) -> bool:
        """True when reports of a service and subtype are sent down."""
        return not self.stopped or (kind not in self.stopped and (kind[0], WHOLE) not in self.stopped)

    def stop(self, service: int, subtypes: tuple[int, ...]) -> None:
        """Send them down no more; no subtypes: all of the service. Raises Refused."""
        added = {(service, subtype) for subtype in subtypes or (WHOLE,)}
        if len(self.stopped | added) > STOPPED_MAX:
            raise Refused("no_room", float(STOPPED_MAX))
        self.stopped |= added

    def forward(self, service: int, subtypes: tuple[int, ...]) -> None:
        """Send them down again; no subtypes: all of the service. One subtype of a service that was stopped whole cannot
        be told apart: raises Refused."""
        if subtypes and (service, WHOLE) in self.stopped:
            raise Refused("bad_argument", 1.0)
        wanted = {(service, subtype) for subtype in subtypes}
        self.stopped = {kind for kind in self.stopped if kind[0] != service or (wanted and kind not in wanted)}

    def restore(self, stopped: Iterable[tuple[int, int]]) -> None:
        """Take up what was saved."""
        self.stopped = set(stopped)

    def services(self) -> list[tuple[int, str]]:
        """The services with something stopped, and its subtypes as the report has them (empty: all)."""
        found: dict[int, list[int]] = {}
        for service, subtype in sorted(self.stopped):
            found.setdefault(service, []).append(subtype)
        return [
            (service, "" if WHOLE in subtypes else ",".join(map(str, subtypes))) for service, subtypes in found.items()
        ]

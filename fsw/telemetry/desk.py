"""The telecommands that telemetry carries out: services 3, 5, 9, 14, 17, 20, and functions of the mission's own.

`carry_out` answers through the voice and changes what it is given; a command that cannot be carried out raises Refused.
"""

from __future__ import annotations

from collections.abc import Callable

from fsw.bus.contract import Bus
from fsw.bus.topics import PARAMETER
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.wire import Value
from fsw.messages import Command, Event, ParameterSet, Report
from fsw.telemetry.as_flown import AsFlown
from fsw.telemetry.choices import Choices, Refused, listed
from fsw.telemetry.filters import Forwarding
from fsw.telemetry.sources import Sources
from fsw.telemetry.structures import StructureTable, interval_setting
from fsw.telemetry.voice import Voice

DROP_EVENTS_MAX = 32  # events of one dump_counts
OWN_COMMANDS = frozenset(row.name for row in COMMANDS if row.owner == "telemetry")
Do = Callable[[int, tuple[Value, ...]], None]


class Desk:
    """Carries out commands on the structures, the events, the forwarding and the time packets."""

    def __init__(
        self,
        bus: Bus,
        voice: Voice,
        sources: Sources,
        forwarding: Forwarding,
        as_flown: Callable[[], AsFlown] | None,
    ) -> None:
        self._bus = bus
        self._voice = voice
        self._sources = sources
        self._forwarding = forwarding
        self._as_flown = as_flown
        self.structures = StructureTable(sources.settings)
        self.time_rate: int | None = None
        self._own: dict[str, ParameterSet] = {}
        self._actions: dict[str, Do] = {
            "ping": lambda now_ns, _: voice.alive(now_ns),
            "get_parameter": lambda now_ns, values: voice.parameter(now_ns, str(values[0])),
            "report_structure": lambda now_ns, values: self._shoot(now_ns, values[0], is_trace=False),
            "dump_counts": self._dump_counts,
            "report_as_flown": lambda now_ns, _: self.report_as_flown(now_ns),
            "enable_event": lambda _, values: voice.switch.enable(str(values[0])),
            "disable_event": lambda _, values: voice.switch.disable(str(values[0])),
            "list_disabled_events": self._list_disabled,
            "set_time_report_rate": self._set_time_rate,
            "forward_report": lambda _, values: forwarding.forward(*_reports(values)),
            "stop_report": lambda _, values: forwarding.stop(*_reports(values)),
            "list_forwarded": self._list_stopped,
        }
        for kind, is_trace in (("structure", False), ("trace", True)):
            self._actions |= self._structure_actions(kind, is_trace)

    def carry_out(self, now_ns: int, command: Command) -> None:
        """Do what a command of ours says; raises Refused."""
        self._actions[command.name](now_ns, command.arguments)

    def set(self, setting: ParameterSet) -> None:
        """A parameter of ours has another value, which outlives a restart."""
        self._own[setting.name] = setting
        self.structures.follow(setting.name, setting.value)

    def restore(self, choices: Choices) -> list[str]:
        """Take up what was saved; gives the structures that name parameters which are no more."""
        for setting in choices.settings:
            self._sources.settings[setting.name] = setting.value
            self.set(setting)
        self._voice.switch.restore(choices.disabled_events)
        self._forwarding.restore(choices.stopped)
        self.time_rate = choices.time_rate
        return self.structures.restore(choices.created, choices.disabled_structures)

    def choices(self) -> Choices:
        """What `restore` takes."""
        created, disabled = self.structures.saved()
        return Choices(
            created=created,
            disabled_structures=disabled,
            disabled_events=self._voice.switch.disabled,
            stopped=tuple(sorted(self._forwarding.stopped)),
            time_rate=self.time_rate,
            settings=tuple(self._own.values()),
        )

    def holds(self, parameter: str) -> bool:
        """True when the ground gave a parameter of ours its value."""
        return parameter in self._own

    def report_as_flown(self, now_ns: int) -> None:
        """The digests of what flies, and the one over all as an event; raises Refused where they are not known."""
        if self._as_flown is None:
            raise Refused("failed")
        values = self._as_flown().report(self._sources.settings)
        self._voice.report(Report(time_ns=now_ns, name="as_flown", values=values))
        self._voice.event(Event(time_ns=now_ns, name="as_flown", values=values[:1]))

    def _structure_actions(self, kind: str, is_trace: bool) -> dict[str, Do]:
        table = self.structures

        def create(_: int, values: tuple[Value, ...]) -> None:
            table.create(int(values[0]), is_trace, int(values[1]), listed(values[2]))

        def enable(enabled: bool) -> Do:
            return lambda _, values: table.enable(table.find(values[0], is_trace), enabled)

        def describe(now_ns: int, values: tuple[Value, ...]) -> None:
            definition = table.find(values[0], is_trace).definition()
            self._voice.report(Report(time_ns=now_ns, name=f"{kind}_definition", values=definition))

        return {
            f"create_{kind}": create,
            f"delete_{kind}": lambda _, values: table.delete(table.find(values[0], is_trace)),
            f"enable_{kind}": enable(True),
            f"disable_{kind}": enable(False),
            f"describe_{kind}": describe,
            f"shoot_{kind}": lambda now_ns, values: self._shoot(now_ns, values[0], is_trace),
            f"set_{kind}_interval": lambda now_ns, values: self._set_interval(now_ns, values, is_trace),
        }

    def _shoot(self, now_ns: int, name: Value, is_trace: bool) -> None:
        self._voice.structure(now_ns, self.structures.find(name, is_trace), answers=True)

    def _set_interval(self, now_ns: int, values: tuple[Value, ...], is_trace: bool) -> None:
        """For one of the dictionary's own it is a parameter, which is set as any other."""
        row, interval_ms = self.structures.find(values[0], is_trace), int(values[1])
        if not row.interval_parameter:
            self.structures.set_interval(row, interval_ms)
            return
        value = interval_setting(row, interval_ms)
        self._bus.publish(PARAMETER, ParameterSet(time_ns=now_ns, name=row.interval_parameter, value=value))

    def _set_time_rate(self, _now_ns: int, values: tuple[Value, ...]) -> None:
        self.time_rate = int(values[0])

    def _list_disabled(self, now_ns: int, _values: tuple[Value, ...]) -> None:
        names = ",".join(self._voice.switch.disabled)
        self._voice.report(Report(time_ns=now_ns, name="disabled_events", values=(names,)))

    def _list_stopped(self, now_ns: int, _values: tuple[Value, ...]) -> None:
        for values in self._forwarding.services():
            self._voice.report(Report(time_ns=now_ns, name="forwarded_report", values=values))

    def _dump_counts(self, now_ns: int, _values: tuple[Value, ...]) -> None:
        self._shoot(now_ns, "health", is_trace=False)
        for count in self._sources.dropping()[:DROP_EVENTS_MAX]:
            values = (count.topic, count.subscriber, count.dropped)
            self._voice.event(Event(time_ns=now_ns, name="messages_dropped", values=values))


def _reports(values: tuple[Value, ...]) -> tuple[int, tuple[int, ...]]:
    """Service and subtypes in the arguments of ST14."""
    return int(values[0]), tuple(int(item) for item in listed(values[1]))

"""Commands for later: when is meant, what has to be sent for it, what is scheduled already, and what clashes. Pure.

A time is UTC of the on-board clock, a while from its now, or relative to what the orbit brings: `2026-11-20T21:00:00Z`,
`+90s`, `eclipse_entry+60s`, `pass_start#2-30s` for the one after the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from fsw.catalogue.commands import COMMAND_BY_FUNCTION, COMMAND_BY_SERVICE, FUNCTION_SERVICE, MOMENTS, CommandRow
from fsw.catalogue.wire import Value, WireError, decode_arguments
from fsw.packets.errors import PacketError
from fsw.packets.functions import FunctionRequest
from fsw.packets.pus import Telecommand
from hal.clock import SECOND_NS
from tools.ground.arguments import ArgumentError, find_command, find_name, parse_number
from tools.ground.clock import parse_iso, tai_of_utc_ns, utc_of_tai_ns
from tools.ground.hazard import is_hazardous
from tools.ground.output import shown

ARM_LEAD_S = 2.0  # two releases apart, and far less than the window
ARM_WINDOW_S = 60.0  # what is later than that after an outage, the board skips by default
CLASH_S = 1.0  # the schedule is looked at once a second: in which order is then a matter of loading
_MOMENT = re.compile(r"([A-Za-z_]+)(?:#(\d+))?([+-].+)?\Z")
Build = Callable[[CommandRow, tuple[Value, ...]], Telecommand]


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Either `at_ns` (UTC), or `after_s` from the on-board now, or the `nth` `moment` with an offset."""

    at_ns: int | None = None
    after_s: float | None = None
    moment: str = ""
    nth: int = 1
    offset_s: int = 0

    @property
    def needs_now(self) -> bool:
        """True where it counts from the on-board now."""
        return self.after_s is not None

    def release_ns(self, onboard_ns: int) -> int | None:
        """UTC nanoseconds; None where only the board knows."""
        return self.at_ns if self.after_s is None else onboard_ns + round(self.after_s * SECOND_NS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One scheduled command; `release_ns` as UTC. `row` is None for a packet that the dictionary does not know."""

    source: int
    sequence: int
    sub_schedule: int
    release_ns: int
    row: CommandRow | None
    values: tuple[Value, ...]

    @property
    def key(self) -> str:
        """What `sched delete` takes."""
        return f"{self.source}/{self.sequence}"

    @property
    def text(self) -> str:
        """As it is typed."""
        return "unknown" if self.row is None else typed(self.row, self.values)


def parse_when(text: str) -> When:
    """What is meant by `--at`; raises ArgumentError.

    >>> parse_when("eclipse_entry+60s")
    When(at_ns=None, after_s=None, moment='eclipse_entry', nth=1, offset_s=60)
    """
    if text.startswith("+"):
        return When(after_s=float(parse_number(text[1:], "s")))
    match = _MOMENT.match(text)
    if match is None:
        try:
            return When(at_ns=parse_iso(text))
        except ValueError as error:
            raise ArgumentError(
                f"{text!r} is no time; typed are 2026-11-20T21:00:00Z, +90s, eclipse_entry+60s, pass_start#2-30s"
            ) from error
    offset_s = float(parse_number(match[3] or "0", "s"))
    if offset_s != int(offset_s):
        raise ArgumentError(f"{text!r}: from a moment of the orbit on whole seconds are counted")
    moment = find_name(match[1], MOMENTS, "moment")
    return When(moment=moment, nth=int(match[2] or 1), offset_s=int(offset_s))


def orders(
    build: Build, row: CommandRow, values: tuple[Value, ...], when: When, onboard_ns: int, sub_schedule: int = 0
) -> list[tuple[CommandRow, tuple[Value, ...]]]:
    """The commands that put a command into the schedule: for a hazardous one its arming too, just before it."""
    steps = [(row, values, 0.0)]
    if is_hazardous(row):
        steps.insert(0, (find_command("arm"), (row.name, ARM_WINDOW_S), -ARM_LEAD_S))
    return [_order(build(*step[:2]).pack().hex(), when, onboard_ns, step[2], sub_schedule) for step in steps]


def activity_of(values: Mapping[str, Value]) -> Activity:
    """The activity that a report `scheduled_command` tells."""
    row, arguments, source, sequence = _carried(bytes.fromhex(str(values["packet"])))
    return Activity(
        source=source,
        sequence=sequence,
        sub_schedule=int(values["sub_schedule"]),
        release_ns=utc_of_tai_ns(int(values["release"])),
        row=row,
        values=arguments,
    )


def conflicts(activities: Iterable[Activity]) -> dict[str, str]:
    """What is wrong with activities, by their keys: too close to another, or hazardous and not armed by then."""
    found: dict[str, str] = {}
    armed_ns: dict[str, int] = {}
    before: Activity | None = None
    for activity in sorted(activities, key=lambda each: each.release_ns):
        if before is not None and activity.release_ns - before.release_ns < CLASH_S * SECOND_NS:
            found[activity.key] = f"within {CLASH_S:g} s of {before.key} ({before.text})"
        if activity.row is not None and activity.row.name == "arm":
            armed_ns[str(activity.values[0])] = activity.release_ns + round(float(activity.values[1]) * SECOND_NS)
        elif activity.row is not None and is_hazardous(activity.row):
            until_ns = armed_ns.pop(activity.row.name, None)
            if until_ns is None or activity.release_ns > until_ns:
                found[activity.key] = "hazardous, and nothing arms it before: it will be refused"
        before = activity
    return found


def clashes(release_ns: int, row: CommandRow, there: Sequence[Activity]) -> list[str]:
    """What would be too close to a new activity, or to the arming before it."""
    times = [release_ns, *([release_ns - round(ARM_LEAD_S * SECOND_NS)] if is_hazardous(row) else [])]
    near = [each for each in there if any(abs(each.release_ns - time) < CLASH_S * SECOND_NS for time in times)]
    return [f"{each.key} ({each.text})" for each in near]


def typed(row: CommandRow, values: tuple[Value, ...]) -> str:
    """A command as it is typed.

    >>> typed(find_command("set_mode"), ("SAFE",))
    'set_mode mode=SAFE'
    """
    words = [value if isinstance(value, str) else shown(value) for value in values]
    return " ".join([row.name, *(f"{field.name}={word}" for field, word in zip(row.fields, words, strict=True))])


def _order(
    packet: str, when: When, onboard_ns: int, shift_s: float, sub_schedule: int
) -> tuple[CommandRow, tuple[Value, ...]]:
    release_ns = when.release_ns(onboard_ns)
    if release_ns is None:
        values: tuple[Value, ...] = (when.moment, when.nth, when.offset_s + int(shift_s), sub_schedule, packet)
        return find_command("schedule_at"), values
    tai_ns = tai_of_utc_ns(release_ns) + round(shift_s * SECOND_NS)
    return find_command("schedule_command"), (sub_schedule, tai_ns, packet)


def _carried(packet: bytes) -> tuple[CommandRow | None, tuple[Value, ...], int, int]:
    """The command in a packet, its arguments, its source and its sequence count."""
    telecommand = Telecommand.unpack(packet)
    key = (telecommand.service, telecommand.subtype)
    try:
        function = FunctionRequest.unpack(telecommand.data).function if key == FUNCTION_SERVICE else 0
        row = COMMAND_BY_FUNCTION.get(function) if function else COMMAND_BY_SERVICE.get(key)
        values = decode_arguments(row.name, telecommand.data[len(row.prefix) :]) if row is not None else ()
    except (PacketError, WireError):
        row, values = None, ()
    return row, values, telecommand.source, telecommand.sequence

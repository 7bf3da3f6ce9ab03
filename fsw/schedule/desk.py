"""The commands of the schedule. Each is answered; a change is answered when it is durable."""

from __future__ import annotations

from collections.abc import Callable

from fsw.carried import PacketKey, check_carried
from fsw.catalogue.wire import Value, WireError
from fsw.messages import Command
from fsw.replies import Replies
from fsw.schedule.activity import Activity
from fsw.schedule.almanac import Almanac
from fsw.schedule.schedule import Schedule
from hal.clock import SECOND_NS

MS_NS = 1_000_000

Values = tuple[Value, ...]


class ScheduleDesk:
    """Carries out commands on the schedule. `owed` are the changes that wait until they are durable."""

    def __init__(self, schedule: Schedule, almanac: Almanac, replies: Replies) -> None:
        self._schedule, self._almanac, self._replies = schedule, almanac, replies
        self.owed: list[tuple[Command, PacketKey | None]] = []
        self._changes: dict[str, Callable[[int | None, Values], str]] = {
            "enable_schedule": self._enable,
            "disable_schedule": self._disable,
            "reset_schedule": self._reset,
            "schedule_command": self._insert,
            "schedule_at": self._insert_at,
            "delete_scheduled": self._delete,
            "shift_schedule": self._shift,
            "enable_sub_schedule": lambda _tai_ns, values: self._schedule.serve(int(values[0]), True),
            "disable_sub_schedule": lambda _tai_ns, values: self._schedule.serve(int(values[0]), False),
        }
        self._questions: dict[str, tuple[str, bool]] = {  # report, and whether it is about one activity
            "describe_scheduled": ("scheduled_command", True),
            "summarise_scheduled": ("scheduled_summary", True),
            "describe_schedule": ("scheduled_command", False),
            "summarise_schedule": ("scheduled_summary", False),
        }

    def obey(self, now_ns: int, tai_ns: int | None, command: Command) -> None:
        """Carry out one command; others' are left alone. `tai_ns` is None while the time is not known."""
        if command.name in self._changes:
            self._change(now_ns, tai_ns, command)
        elif command.name in self._questions:
            self._answer(now_ns, command)

    def settle(self, now_ns: int, durable: bool) -> None:
        """Answer what is owed. What could not be made durable is not scheduled; other changes hold until the power
        goes, so that a schedule can be stopped while the disk fails."""
        for command, inserted in self.owed:
            if inserted is not None and not durable:
                self._schedule.delete(inserted)
            self._replies.completed(now_ns, command, "" if durable else "store_degraded")
        self.owed.clear()

    def _change(self, now_ns: int, tai_ns: int | None, command: Command) -> None:
        values: tuple[float, ...] = ()
        before = len(self._schedule)
        try:
            label = self._changes[command.name](tai_ns, command.arguments)
        except WireError as error:
            label, values = error.label, error.values
        self._replies.started(now_ns, command, label, values)
        if not label:
            is_new = command.name in ("schedule_command", "schedule_at") and len(self._schedule) > before
            self.owed.append((command, self._newest(command.arguments) if is_new else None))

    @staticmethod
    def _newest(values: Values) -> PacketKey:
        return _activity(values[-1], 0, 0).key

    def _answer(self, now_ns: int, command: Command) -> None:
        report, is_about_one = self._questions[command.name]
        if self._replies.is_full:
            self._replies.started(now_ns, command, "busy")
            return
        found: tuple[Activity | None, ...] = self._schedule.activities
        if is_about_one:
            found = (self._schedule.find(_key(command.arguments)),)
        if None in found:
            self._replies.started(now_ns, command, "no_such_activity")
            return
        self._replies.started(now_ns, command)
        tell = _definition if report == "scheduled_command" else _summary
        for activity in found:
            if activity is not None:
                self._replies.tell(now_ns, report, tell(activity))
        self._replies.completed(now_ns, command)

    def _enable(self, _tai_ns: int | None, _values: Values) -> str:
        self._schedule.enabled = True
        return ""

    def _disable(self, _tai_ns: int | None, _values: Values) -> str:
        self._schedule.enabled = False
        return ""

    def _reset(self, _tai_ns: int | None, _values: Values) -> str:
        self._schedule.reset()
        return ""

    def _insert(self, tai_ns: int | None, values: Values) -> str:
        sub_schedule, release_ns, packet = values
        return self._schedule.insert(tai_ns, _activity(packet, int(sub_schedule), int(release_ns), place=2))

    def _insert_at(self, tai_ns: int | None, values: Values) -> str:
        moment, nth, offset_s, sub_schedule, packet = values
        if tai_ns is None:
            return "no_forecast"
        found_s = self._almanac.nth(str(moment), tai_ns / SECOND_NS, int(nth))
        if found_s is None:
            return "no_forecast"
        offset_ns = int(offset_s) * SECOND_NS
        release_ns = round((found_s - self._almanac.shift_s) * SECOND_NS) + offset_ns
        activity = _activity(packet, int(sub_schedule), release_ns, place=4)
        return self._schedule.insert(
            tai_ns,
            Activity(
                release_ns=release_ns,
                packet=activity.packet,
                sub_schedule=activity.sub_schedule,
                moment=str(moment),
                moment_ns=round(found_s * SECOND_NS),
                offset_ns=offset_ns,
            ),
        )

    def _delete(self, _tai_ns: int | None, values: Values) -> str:
        return self._schedule.delete(_key(values))

    def _shift(self, tai_ns: int | None, values: Values) -> str:
        return self._schedule.shift(tai_ns, int(values[0]) * MS_NS)


def _key(values: Values) -> PacketKey:
    source, apid, sequence = values
    return PacketKey(int(source), int(apid), int(sequence))


def _activity(packet: Value, sub_schedule: int, release_ns: int, place: int = 0) -> Activity:
    """An activity at an absolute time; raises WireError for a packet that is not to be carried."""
    octets = bytes.fromhex(str(packet))
    check_carried(octets, place)
    return Activity(release_ns=release_ns, packet=octets, sub_schedule=sub_schedule)


def _definition(activity: Activity) -> Values:
    return activity.sub_schedule, activity.release_ns, activity.packet.hex()


def _summary(activity: Activity) -> Values:
    return activity.sub_schedule, activity.release_ns, *activity.key

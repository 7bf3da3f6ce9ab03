"""The schedule itself: no clock, no bus, no disk. What is due leaves it once, and with a reason where it is skipped.

    at insertion    a time in the past is refused
    when its time   comes, an activity is released, in the order of times and, of equal ones, of insertion; it is
                    skipped where the schedule or its sub-schedule is disabled, as ECSS-E-ST-70-41C, 6.11, has it
    after an outage an activity later than `late_s` is skipped, a younger one released at once

A time that jumps ahead is an outage; one that jumps back makes what is left wait for its time again. Labels that
methods return are rows of `fsw.catalogue.failures`; an empty one is success.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass, replace

from fsw.carried import PacketKey
from fsw.schedule.activity import Activity, Outcome, ScheduleState
from hal.clock import SECOND_NS

NEVER_NS = 1 << 62  # in TAI a hundred years from now: the next time of an empty schedule

LATE = "its time was {0:.0f} s ago"
DISABLED = "the schedule is disabled"
SUB_DISABLED = "sub-schedule {0} is disabled"
OLDER = "it came from an older copy of the schedule and may have been released before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Bounds: the whole file stays under 300 KB, and a listing within a minute of the slowest link."""

    activities: int = 256
    sub_schedules: int = 16


class Schedule:
    """What is planned; `state` and the constructor carry it over a power cut."""

    def __init__(self, state: ScheduleState | None = None, room: Room | None = None) -> None:
        state = state or ScheduleState()
        self._room = room or Room()
        self.enabled = state.enabled
        self.late_s = state.late_s
        self._disabled = set(state.disabled)
        self._orders = state.orders
        self._in_time = sorted(state.activities, key=_when)
        self._by_key = {activity.key: activity for activity in self._in_time}
        self._releasing: tuple[Activity, ...] = ()

    def __len__(self) -> int:
        return len(self._in_time)

    @property
    def next_ns(self) -> int:
        """When the next activity is due; NEVER_NS where there is none."""
        return self._in_time[0].release_ns if self._in_time else NEVER_NS

    @property
    def activities(self) -> tuple[Activity, ...]:
        """All, in order of time."""
        return tuple(self._in_time)

    @property
    def state(self) -> ScheduleState:
        """What to keep."""
        return ScheduleState(
            enabled=self.enabled,
            disabled=tuple(sorted(self._disabled)),
            activities=tuple(self._in_time),
            releasing=self._releasing,
            orders=self._orders,
            late_s=self.late_s,
        )

    def find(self, key: PacketKey) -> Activity | None:
        """The activity with this packet, or None."""
        return self._by_key.get(key)

    def is_served(self, sub_schedule: int) -> bool:
        """True when activities of a sub-schedule are released as the schedule stands."""
        return self.enabled and sub_schedule not in self._disabled

    def insert(self, tai_ns: int | None, activity: Activity) -> str:
        """Add an activity; without the time its own cannot be judged, and it waits."""
        if tai_ns is not None and activity.release_ns < tai_ns:
            return "too_late"
        if activity.key in self._by_key:
            return "activity_exists"
        if len(self._in_time) >= self._room.activities or not self._has_room(activity.sub_schedule):
            return "no_room"
        self._orders += 1
        self._put(replace(activity, order=self._orders))
        return ""

    def delete(self, key: PacketKey) -> str:
        """Forget an activity."""
        activity = self._by_key.get(key)
        if activity is None:
            return "no_such_activity"
        self._take(activity)
        return ""

    def reset(self) -> None:
        """As the standard has it: disabled, empty, every sub-schedule enabled."""
        self.enabled = False
        self._disabled.clear()
        self._in_time.clear()
        self._by_key.clear()

    def shift(self, tai_ns: int | None, shift_ns: int) -> str:
        """Move all activities in time; none where one would be due in the past."""
        if tai_ns is not None and self._in_time and self.next_ns + shift_ns < tai_ns:
            return "too_late"
        self._set(
            [
                replace(each, release_ns=each.release_ns + shift_ns, offset_ns=each.offset_ns + shift_ns)
                for each in self._in_time
            ]
        )
        return ""

    def serve(self, sub_schedule: int, serves: bool) -> str:
        """Enable or disable a sub-schedule; one that is disabled keeps its place while it is empty."""
        if serves:
            self._disabled.discard(sub_schedule)
        elif not self._has_room(sub_schedule):
            return "no_room"
        else:
            self._disabled.add(sub_schedule)
        return ""

    def move(self, activity: Activity, release_ns: int, moment_ns: int) -> None:
        """Another time for an activity that follows the forecast."""
        self._take(activity)
        self._put(replace(activity, release_ns=release_ns, moment_ns=moment_ns))

    def due(self, tai_ns: int, is_older: bool = False) -> tuple[Outcome, ...]:
        """Take out what is due, in order. Of an older copy what is due already may have been released: skipped."""
        place = bisect_right(self._in_time, tai_ns, key=lambda activity: activity.release_ns)
        taken, self._in_time = self._in_time[:place], self._in_time[place:]
        outcomes = []
        for activity in taken:
            del self._by_key[activity.key]
            late_ns = tai_ns - activity.release_ns
            skipped = OLDER if is_older else self._why_not(activity, late_ns)
            outcomes.append(Outcome(activity=activity, late_ns=late_ns, skipped=skipped))
        self._releasing += tuple(outcome.activity for outcome in outcomes if not outcome.skipped)
        return tuple(outcomes)

    def released(self) -> bool:
        """What was due is on its way; True when that is to be kept."""
        had_some, self._releasing = bool(self._releasing), ()
        return had_some

    def _why_not(self, activity: Activity, late_ns: int) -> str:
        if not self.enabled:
            return DISABLED
        if activity.sub_schedule in self._disabled:
            return SUB_DISABLED.format(activity.sub_schedule)
        return LATE.format(late_ns / SECOND_NS) if late_ns > self.late_s * SECOND_NS else ""

    def _has_room(self, sub_schedule: int) -> bool:
        known = {activity.sub_schedule for activity in self._in_time} | self._disabled
        return sub_schedule in known or len(known) < self._room.sub_schedules

    def _put(self, activity: Activity) -> None:
        insort(self._in_time, activity, key=_when)
        self._by_key[activity.key] = activity

    def _take(self, activity: Activity) -> None:
        self._in_time.remove(activity)
        del self._by_key[activity.key]

    def _set(self, activities: list[Activity]) -> None:
        self._in_time = sorted(activities, key=_when)
        self._by_key = {activity.key: activity for activity in self._in_time}


def _when(activity: Activity) -> tuple[int, int]:
    return activity.release_ns, activity.order

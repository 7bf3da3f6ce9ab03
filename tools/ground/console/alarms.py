"""What a person must look at: grave events and values beyond limits, until somebody has acknowledged them. Pure.

An alarm is acknowledged by a person with a comment, and comes again when its cause does. A shelved one is out of the
way until an end that was named with it. What is played back from a store never gets here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from hal.clock import SECOND_NS

ALARMS_MOST = 200  # more than a person can look at: the rest is counted
ACTIONS_MOST = 200
SHELF_MOST_S = 86_400.0  # a shelf without an end is a hiding-place; a day is the longest watch
SEVERITIES = ("medium", "high")


@dataclass(slots=True)
class Alarm:
    """One cause, with its first and last time (UTC nanoseconds).

    `is_active` while a value is beyond its limit now; `over_ns` since when the spacecraft says that it is over.
    """

    number: int
    key: str
    severity: str
    text: str
    first_ns: int
    last_ns: int
    count: int = 1
    is_active: bool = False
    over_ns: int | None = None
    acknowledged_by: str = ""
    comment: str = ""
    shelved_until_ns: int | None = None

    @property
    def state(self) -> str:
        """In a word."""
        if self.shelved_until_ns is not None:
            return "shelved"
        return "acknowledged" if self.acknowledged_by else "NEW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a person did with an alarm."""

    utc_ns: int
    what: str
    number: int
    key: str
    text: str
    user: str
    comment: str
    until_ns: int | None = None


class AlarmError(ValueError):
    """There is no such alarm, or it cannot be shelved for so long."""


class Alarms:
    """The alarms in order of their numbers, and what was done with them."""

    def __init__(self) -> None:
        self.actions: deque[Action] = deque(maxlen=ACTIONS_MOST)
        self.uncounted = 0
        self._alarms: dict[str, Alarm] = {}
        self._next = 1

    @property
    def all(self) -> tuple[Alarm, ...]:
        """Those to be acknowledged first, high before medium, then by their number."""
        ranked = sorted(self._alarms.values(), key=lambda a: (a.state != "NEW", a.severity != "high", a.number))
        return tuple(ranked)

    @property
    def new(self) -> tuple[Alarm, ...]:
        """Those that nobody has acknowledged or shelved."""
        return tuple(alarm for alarm in self.all if alarm.state == "NEW")

    def raised(self, key: str, severity: str, text: str, utc_ns: int) -> None:
        """An event of the severities that count."""
        self._again(key, severity, text, utc_ns)

    def beyond(self, name: str, text: str, utc_ns: int) -> None:
        """A value beyond its limit; one alarm for as long as it stays there."""
        key = f"limit {name}"
        alarm = self._alarms.get(key)
        if alarm is not None and alarm.is_active:
            alarm.text, alarm.last_ns = text, utc_ns
            return
        self._again(key, "medium", text, utc_ns)
        if key in self._alarms:
            self._alarms[key].is_active = True

    def within(self, name: str, utc_ns: int) -> None:
        """A value within its limits (again): an alarm that was acknowledged goes, another waits to be."""
        key = f"limit {name}"
        alarm = self._alarms.get(key)
        if alarm is None:
            return
        if alarm.is_active:
            alarm.is_active, alarm.over_ns = False, utc_ns
        if alarm.acknowledged_by:
            del self._alarms[key]

    def over(self, key: str, utc_ns: int) -> None:
        """The spacecraft says that the cause is gone; somebody must see all the same that it was there."""
        if key in self._alarms:
            self._alarms[key].over_ns = utc_ns

    def acknowledge(self, number: int, user: str, comment: str, utc_ns: int) -> Action:
        """Somebody has seen it; it goes, unless its value is still beyond the limit. Raises AlarmError."""
        alarm = self._find(number)
        alarm.acknowledged_by, alarm.comment, alarm.shelved_until_ns = user, comment, None
        if not alarm.is_active:
            del self._alarms[alarm.key]
        return self._note("acknowledged", alarm, user, comment, utc_ns)

    def shelve(self, number: int, user: str, comment: str, utc_ns: int, seconds: float) -> Action:
        """Out of the way for so long; raises AlarmError."""
        if not 0.0 < seconds <= SHELF_MOST_S:
            raise AlarmError(f"an alarm is shelved for up to {SHELF_MOST_S / 3600.0:g} h, not {seconds:g} s")
        alarm = self._find(number)
        alarm.shelved_until_ns = utc_ns + round(seconds * SECOND_NS)
        return self._note("shelved", alarm, user, comment, utc_ns)

    def unshelve(self, number: int, user: str, utc_ns: int) -> Action:
        """Back before its end; raises AlarmError."""
        alarm = self._find(number)
        alarm.shelved_until_ns = None
        return self._note("unshelved", alarm, user, "", utc_ns)

    def tick(self, utc_ns: int) -> None:
        """Shelves whose end has come."""
        for alarm in self._alarms.values():
            if alarm.shelved_until_ns is not None and utc_ns >= alarm.shelved_until_ns:
                alarm.shelved_until_ns = None

    def _again(self, key: str, severity: str, text: str, utc_ns: int) -> None:
        alarm = self._alarms.get(key)
        if alarm is not None:
            alarm.count += 1
            alarm.severity, alarm.text, alarm.last_ns = severity, text, utc_ns
            alarm.acknowledged_by, alarm.over_ns = "", None
        elif len(self._alarms) >= ALARMS_MOST:
            self.uncounted += 1
        else:
            self._alarms[key] = Alarm(self._next, key, severity, text, utc_ns, utc_ns)
            self._next += 1

    def _find(self, number: int) -> Alarm:
        for alarm in self._alarms.values():
            if alarm.number == number:
                return alarm
        raise AlarmError(f"no alarm {number}")

    def _note(self, what: str, alarm: Alarm, user: str, comment: str, utc_ns: int) -> Action:
        action = Action(
            utc_ns=utc_ns,
            what=what,
            number=alarm.number,
            key=alarm.key,
            text=alarm.text,
            user=user,
            comment=comment,
            until_ns=alarm.shelved_until_ns,
        )
        self.actions.append(action)
        return action

"""One scheduled activity, and the whole schedule as it is kept on disk."""

from __future__ import annotations

from dataclasses import dataclass

from fsw.carried import PacketKey, key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """A telecommand packet and when it is due: `release_ns` in TAI nanoseconds since 1958.

    With a `moment` the time follows the forecast: it is `offset_ns` after the moment, which the forecast puts at
    `moment_ns` of its own time (see `fsw.schedule.almanac`). `order` is that of insertion.
    """

    release_ns: int
    packet: bytes
    sub_schedule: int = 0
    order: int = 0
    moment: str = ""
    moment_ns: int = 0
    offset_ns: int = 0

    @property
    def key(self) -> PacketKey:
        """Source, APID and sequence count of the packet: what the ground knows the activity by."""
        return key_of(self.packet)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """What outlives the power. `disabled` are sub-schedules; `releasing` were handed out when this was saved."""

    enabled: bool = True
    disabled: tuple[int, ...] = ()
    activities: tuple[Activity, ...] = ()
    releasing: tuple[Activity, ...] = ()
    orders: int = 0
    late_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an activity whose time has come: released, or skipped with the reason `skipped`."""

    activity: Activity
    late_ns: int
    skipped: str = ""

"""The schedule's shell: keeps the plan durable, hands out what is due, follows the forecast.

What is due is marked on disk before it is published, so nothing is released twice; what was marked and not seen to be
published when the power went is told as doubtful. While the disk fails the schedule goes on from memory and says so.
"""

from __future__ import annotations

from collections import deque

from fsw.bus.contract import Bus, BusFull, Policy
from fsw.bus.topics import COMMAND, EVENT, HEARTBEAT, HOST, PARAMETER, PLANT, STORED_COMMAND
from fsw.keeping import Found, Kept, StateFile
from fsw.messages import Event, Heartbeat, StoredCommand
from fsw.replies import Replies
from fsw.schedule.activity import Activity, Outcome, ScheduleState
from fsw.schedule.almanac import Almanac
from fsw.schedule.desk import ScheduleDesk
from fsw.schedule.schedule import Room, Schedule
from hal.clock import SECOND_NS, OnboardTime, TimeQuality

LOOK_NS = 10 * SECOND_NS  # at the light, and at one moment of the forecast: edges move by seconds an orbit
ORIGIN = "schedule"
DAMAGE = {Found.OLDER: "the copy before the newest serves", Found.LOST: "nothing can be read, the schedule is empty"}


class ScheduleService:
    """Serves one schedule, kept in `file`, by on-board time."""

    name = "schedule"
    period_ns = SECOND_NS

    def __init__(
        self,
        bus: Bus,
        time: OnboardTime,
        almanac: Almanac,
        file: StateFile[ScheduleState],
        room: Room | None = None,
    ) -> None:
        self._bus, self._time, self._almanac = bus, time, almanac
        self._kept = Kept(file)
        state, found = self._kept.load()
        self.schedule = Schedule(state, room)
        self._replies = Replies(bus)
        self._desk = ScheduleDesk(self.schedule, almanac, self._replies)
        self._commands = bus.subscribe(COMMAND, self.name, Policy.DROP_OLDEST, depth=256)
        self._parameters = bus.subscribe(PARAMETER, self.name, Policy.DROP_OLDEST, depth=16)
        self._plants = bus.subscribe(PLANT, self.name, Policy.LATEST)
        self._hosts = bus.subscribe(HOST, self.name, Policy.LATEST)
        self._ready: deque[Activity] = deque()  # marked as released, not yet on the bus
        self._is_older = found is Found.OLDER
        self._waits = self._failed = False
        self._failed_ns = self._look_ns = self._steps = self._turn = 0
        self._counts = dict.fromkeys(("released", "skipped", "in_doubt"), 0)
        self._news: list[tuple[str, tuple[float | int | str, ...]]] = []
        self._recall(state, found)

    def step(self, now_ns: int) -> None:
        """Hand out what is due, obey, keep, answer."""
        tai_ns = self._time.tai_ns(now_ns) if self._time.quality is not TimeQuality.UNKNOWN else None
        if now_ns >= self._look_ns:
            self._look(now_ns, tai_ns)
        if not self._ready and self.schedule.released():
            self._kept.touch()
        outcomes: tuple[Outcome, ...] = ()
        if tai_ns is not None and tai_ns >= self.schedule.next_ns:
            outcomes = self._take_due(now_ns, tai_ns)
        for command in self._commands.drain():
            self._desk.obey(now_ns, tai_ns, command)
        if self._desk.owed:
            self._kept.touch()
        if self._kept.is_due(now_ns):
            self._keep(now_ns)
        self._hand_out(now_ns, outcomes)
        if self._news:
            self._tell(now_ns)
        if self._replies.are_waiting:
            self._replies.flush()

    def counts(self) -> dict[str, int]:
        """What became of activities since start, and how many wait."""
        return {**self._counts, "waiting": len(self.schedule)}

    def _recall(self, state: ScheduleState, found: Found) -> None:
        """What the last run left behind."""
        if found in DAMAGE:
            self._news.append(("schedule_damaged", (DAMAGE[found],)))
        for activity in state.releasing:
            self._counts["in_doubt"] += 1
            self._news.append(("activity_in_doubt", tuple(activity.key)))
        if state.releasing:
            self._kept.touch()

    def _take_due(self, now_ns: int, tai_ns: int) -> tuple[Outcome, ...]:
        """What has to go out or be skipped now; moments are looked up once more before they are believed."""
        if any(each.moment for each in self.schedule.activities if each.release_ns <= tai_ns):
            self._look(now_ns, tai_ns)
            for activity in self.schedule.activities:
                if activity.moment and activity.release_ns <= tai_ns:
                    self._look_up(activity)
        outcomes = self.schedule.due(tai_ns, self._is_older)
        self._is_older = False
        if outcomes:
            self._kept.touch()
        return outcomes

    def _hand_out(self, now_ns: int, outcomes: tuple[Outcome, ...]) -> None:
        for outcome in outcomes:
            values = (*outcome.activity.key, outcome.late_ns / SECOND_NS)
            if outcome.skipped:
                self._counts["skipped"] += 1
                self._news.append(("activity_skipped", (*values, outcome.skipped)))
            else:
                self._ready.append(outcome.activity)
                self._news.append(("activity_released", values))
        while self._ready:
            message = StoredCommand(time_ns=now_ns, packet=self._ready[0].packet, origin=ORIGIN)
            try:
                self._bus.publish(STORED_COMMAND, message)
            except BusFull:
                return
            self._ready.popleft()
            self._counts["released"] += 1

    def _keep(self, now_ns: int) -> None:
        durable = self._kept.save(now_ns, self.schedule.state)
        self._desk.settle(now_ns, durable)
        if durable is self._failed:
            self._failed = not durable
            if self._failed:
                self._failed_ns = now_ns
                self._news.append(("store_degraded", ("the schedule cannot be saved",)))
            else:
                self._news.append(("store_back", ((now_ns - self._failed_ns) / SECOND_NS,)))

    def _look(self, now_ns: int, tai_ns: int | None) -> None:
        """Every ten seconds: the light, the forecast, settings, a sign of life."""
        self._look_ns = now_ns + LOOK_NS
        self._steps += 1
        self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))
        for change in self._parameters.drain():
            if change.name == "schedule_late_s" and change.value != self.schedule.late_s:
                self.schedule.late_s = change.value
                self._kept.touch()
        self._look_at_time(tai_ns)
        self._follow(now_ns, tai_ns)

    def _look_at_time(self, tai_ns: int | None) -> None:
        waits = tai_ns is None and len(self.schedule) > 0
        if waits is not self._waits:
            self._waits = waits
            self._news.append(("schedule_waits" if waits else "schedule_goes_on", (len(self.schedule),)))

    def _follow(self, now_ns: int, tai_ns: int | None) -> None:
        """A forecast that has shifted moves all that is tied to it; else one activity a look is looked up anew."""
        host, plant = self._hosts.take(), self._plants.take()
        before_s = self._almanac.shift_s
        sunlit = None if host is None else host.is_sunlit
        self._almanac.see(now_ns, None if tai_ns is None else tai_ns / SECOND_NS, plant, sunlit)
        tied = [activity for activity in self.schedule.activities if activity.moment]
        if not tied or tai_ns is None:
            return
        if self._almanac.shift_s != before_s:
            for activity in tied:
                self._place(activity, activity.moment_ns)
        else:
            self._turn += 1
            self._look_up(tied[self._turn % len(tied)])

    def _look_up(self, activity: Activity) -> None:
        moment_s = self._almanac.again(activity.moment, activity.moment_ns / SECOND_NS)
        self._place(activity, round(moment_s * SECOND_NS))

    def _place(self, activity: Activity, moment_ns: int) -> None:
        release_ns = moment_ns - round(self._almanac.shift_s * SECOND_NS) + activity.offset_ns
        if release_ns != activity.release_ns:
            self.schedule.move(activity, release_ns, moment_ns)

    def _tell(self, now_ns: int) -> None:
        for name, values in self._news:
            self._bus.publish(EVENT, Event(time_ns=now_ns, name=name, values=values))
        self._news.clear()

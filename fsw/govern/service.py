"""The governor's shell: reads the bus, steps dispatcher and mode, publishes orders, reports and reasons."""

from __future__ import annotations

from fsw.bus.contract import Bus, Policy
from fsw.bus.outbox import Outbox
from fsw.bus.topics import (
    BACKLOG,
    COMMAND,
    DECISION,
    DURABLE,
    ENVELOPE,
    EVENT,
    HEARTBEAT,
    HOST,
    HOST_REPORT,
    JOB,
    JOB_ACCEPTED,
    JOB_REPORT,
    MODE,
    ORDER,
    PLANT,
    POINTS,
    PRICES,
    QUEUE,
    RECOVERED,
    RESULT,
    TRIP,
)
from fsw.ephemeris import Sunwatch, shows_sun
from fsw.govern.closure import ALARM, Closure
from fsw.govern.commands import CommandDesk
from fsw.govern.dispatcher import Dispatcher
from fsw.govern.mode import Change, Condition, ModeMachine
from fsw.govern.policies import Choice, PricedPolicy
from fsw.govern.prices import PriceTable
from fsw.govern.table import SavedPrices
from fsw.govern.tally import Tally
from fsw.keeping import Found, StateFile
from fsw.messages import (
    Backlog,
    Decision,
    Envelope,
    Event,
    Heartbeat,
    HostReport,
    HostStatus,
    Job,
    JobReport,
    JobState,
    LearntPoint,
    LearntPoints,
    ModeStatus,
    Outcome,
    Plant,
    WorkOrder,
)
from fsw.mission import Mission
from hal.clock import SECOND_NS, OnboardTime

SLOW_STEPS = 10  # heartbeats, host reports and backlog go out every tenth step
MODE_STEPS = 60  # the mode is told again every minute, for those who were restarted since; points where they changed
LOW_ORBIT_S = 5_400.0  # an orbit where none is known
REFUSAL_NS = 60 * SECOND_NS  # an unchanged refusal is told again after this


class GovernService:
    """Dispatcher, mode and the commands that concern them."""

    name = "govern"

    def __init__(
        self, bus: Bus, mission: Mission, time: OnboardTime, prices: StateFile[SavedPrices] | None = None
    ) -> None:
        self.period_ns = int(mission.control_period_s * SECOND_NS)
        self._mission, self._bus, self._time = mission, bus, time
        self._out = Outbox(bus)
        sunlight = mission.ephemeris()
        self._watch = Sunwatch(sunlight, mission.guard.eclipse_margin_s) if sunlight else None
        self._array_w = mission.array.power_w if mission.array else 0.0
        self._closure = Closure(sunlight.period_s if sunlight else LOW_ORBIT_S)
        self._top_w = max(setting.watts for setting in mission.payload.settings)
        self.dispatcher = Dispatcher(mission)
        if prices is not None and isinstance(self.dispatcher.policy, PricedPolicy):
            saved, found = prices.load()
            self.dispatcher.policy.recall(None if found == Found.LOST else saved)
        self.mode = ModeMachine()
        self.tally = Tally()
        self._desk = CommandDesk(self.dispatcher, self.mode)
        self._plants = bus.subscribe(PLANT, self.name, Policy.LATEST)
        self._envelopes = bus.subscribe(ENVELOPE, self.name, Policy.LATEST)
        self._prices = bus.subscribe(PRICES, self.name, Policy.LATEST)
        self._hosts = bus.subscribe(HOST, self.name, Policy.LATEST)
        self._trips = bus.subscribe(TRIP, self.name, Policy.DROP_OLDEST, depth=16)
        self._jobs = bus.subscribe(JOB, self.name, Policy.MUST_DELIVER, depth=256)
        self._results = bus.subscribe(RESULT, self.name, Policy.MUST_DELIVER, depth=64)
        self._commands = bus.subscribe(COMMAND, self.name, Policy.MUST_DELIVER, depth=64)
        self._durable = bus.subscribe(DURABLE, self.name, Policy.MUST_DELIVER, depth=256)
        self._recovered = bus.subscribe(RECOVERED, self.name, Policy.MUST_DELIVER, depth=4)
        self._plant: Plant | None = None
        self._envelope: Envelope | None = None
        self._table: PriceTable | None = None
        self._host: HostStatus | None = None
        self._sunlit = True
        self._status: ModeStatus | None = None
        self._told: tuple[str, int] = ("", -REFUSAL_NS)
        self._learnt: tuple[LearntPoint, ...] = ()
        self._steps = 0
        self._due_ns = 0

    def step(self, now_ns: int) -> None:
        """Take in what came; at the control period also expire, change mode and report; then start what may start."""
        self._out.flush()
        fresh = self._read(now_ns)
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + self.period_ns
            self._control(now_ns)
        elif not fresh:
            return
        self._dispatch(now_ns)

    def _read(self, now_ns: int) -> bool:
        """Drain the subscriptions; True when something came that may change what runs next."""
        prices = self._prices.take()
        if prices is not None:
            self._table = PriceTable(prices)
        self._host = self._hosts.take() or self._host
        self._envelope = self._envelopes.take() or self._envelope
        fresh = False
        for recovered in self._recovered.drain():
            self._desk.recall(recovered.settings)
            checkpoints = {report.job_id: report for report in recovered.checkpoints}
            for job, attempts in zip(recovered.jobs, recovered.attempts, strict=True):
                report = self.dispatcher.resume(now_ns, job, attempts, checkpoints.get(job.job_id))
                self._finish(now_ns, report)
            if recovered.unclean and self.mode.mode == "BOOT":  # later it is the store alone that came back
                self._announce(now_ns, self.mode.unclean_boot(now_ns))
        for job in self._jobs.drain():
            fresh |= self._accept(now_ns, job)
        for result in self._results.drain():
            fresh = True
            self._finish(now_ns, self.dispatcher.finish(now_ns, result))
            if result.outcome is not Outcome.DONE and result.job_id in self.dispatcher.queue:
                values = (result.job_id, result.attempt, result.outcome.name.lower())
                self._bus.publish(EVENT, Event(time_ns=now_ns, name="job_retried", values=values))
        plant = self._plants.take()
        if plant is not None:
            self._plant = plant
            for report in self.dispatcher.settle(plant):
                self._finish(now_ns, report)
            self._tell_breaches(now_ns)
            self._balance(now_ns, plant)
        self._obey(now_ns)
        return fresh

    def _balance(self, now_ns: int, plant: Plant) -> None:
        """Close the books of energy, and say so where they do not close."""
        meter = self.dispatcher.meter
        balance = self._closure.add(plant, meter.idle_w, meter.charged_j)
        if balance is None:
            return
        self.tally.residual = balance.residual
        if balance.residual > ALARM:
            values = (balance.residual, balance.figures)
            self._bus.publish(EVENT, Event(time_ns=now_ns, name="energy_unbalanced", values=values))

    def _tell_breaches(self, now_ns: int) -> None:
        """Power caps that were not kept."""
        for breach in self.dispatcher.breaches:
            values = (breach.setting, breach.told_w, breach.watts)
            self._bus.publish(EVENT, Event(time_ns=now_ns, name="cap_not_kept", values=values))
        self.dispatcher.breaches.clear()

    def _accept(self, now_ns: int, job: Job) -> bool:
        """Queue a job, durable at the store before it may run; or refuse it with a reason."""
        if self.dispatcher.knows(job.job_id):
            return False
        if self.dispatcher.submit(job):
            self._out.publish(JOB_ACCEPTED, job)
            return True
        known = job.model in self.dispatcher.points.models()
        self.tally.refused += 1
        values = (job.model, "the queue is full" if known else "no such model")
        self._bus.publish(EVENT, Event(time_ns=now_ns, name="job_refused", values=values))
        return False

    def _finish(self, now_ns: int, report: JobReport | None) -> None:
        if report is None:
            return
        if report.state >= JobState.DONE:  # others are checkpoints
            self.tally.add(report)
        self._out.publish(JOB_REPORT, report)
        self._desk.ended(now_ns, report, self._out)

    def _obey(self, now_ns: int) -> None:
        """Carry out the commands that are ours."""
        for trip in self._trips.drain():
            self._announce(now_ns, self.mode.trip(now_ns, trip.limit))
        self._desk.confirm(now_ns, self._durable.drain(), self._out)
        for command in self._commands.drain():
            self._desk.obey(now_ns, command, self._out)
            for change in self._desk.changes():
                self._announce(now_ns, change)
            for report in self._desk.reports():
                self._finish(now_ns, report)

    def _control(self, now_ns: int) -> None:
        for report in self.dispatcher.expire(now_ns):
            self._finish(now_ns, report)
        for report in self.dispatcher.give_up(now_ns):
            self._finish(now_ns, report)
        self._sunlit = self._is_sunlit(now_ns)
        self._announce(now_ns, self.mode.step(self._condition(now_ns)))
        active = self.dispatcher.active
        self._bus.publish(
            QUEUE,
            self.tally.status(
                now_ns,
                queued=len(self.dispatcher.queue),
                running=active.job.job_id if active else 0,
                prediction_error=self.dispatcher.prediction_error,
                energy_price=self._joule_price(now_ns),
                bound_by=self._envelope.bound_by if self._envelope else "guard silent",
            ),
        )
        if self._steps % SLOW_STEPS == 0:
            self._report_slowly(now_ns)
        self._steps += 1

    def _report_slowly(self, now_ns: int) -> None:
        """What others need again after they were restarted, and what changes slowly."""
        if self._status is None or self._steps % MODE_STEPS == 0:
            self._status = self._status or _status(now_ns, _BOOT)
            self._bus.publish(MODE, self._status)
            self._tell_points(now_ns)
        plant, payload = self._plant, self._mission.payload
        self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))
        self._bus.publish(BACKLOG, Backlog(time_ns=now_ns, counts=self.dispatcher.queue.backlog(now_ns)))
        self._bus.publish(
            HOST_REPORT,
            HostReport(
                time_ns=now_ns,
                payload_power_w=plant.payload_power_w if plant else None,
                demand_w=payload.idle_w + (self._top_w if len(self.dispatcher.queue) else 0.0),
                mode=self.mode.mode,
                healthy=plant is not None and not plant.stale,
            ),
        )

    def _tell_points(self, now_ns: int) -> None:
        learnt = self.dispatcher.points.learnt()
        if learnt != self._learnt:
            self._learnt = learnt
            self._bus.publish(POINTS, LearntPoints(time_ns=now_ns, rows=learnt))

    def _dispatch(self, now_ns: int) -> None:
        """Start the job that the policy chooses, if it chooses one."""
        plant, envelope = self._plant, self._envelope
        if plant is None or envelope is None or not self.mode.may_work or self._desk.holds:
            return
        if now_ns - envelope.time_ns > self._mission.guard.envelope_s * SECOND_NS:
            return
        choice = self.dispatcher.choose(now_ns, plant, envelope, self._table, self._sunlit)
        if choice.notice is not None:
            values = (choice.notice.age_s, choice.notice.fallback)
            self._bus.publish(EVENT, Event(time_ns=now_ns, name="planner_late", values=values))
        order = None
        if choice.job is not None and choice.point is not None:
            order = self.dispatcher.start(now_ns, choice.job, choice.point)
            self._out.publish(ORDER, order)
        self._explain(now_ns, choice, order)

    def _explain(self, now_ns: int, choice: Choice, order: WorkOrder | None) -> None:
        """Publish why; a refusal only when it changed its subject or is a minute old."""
        subject = choice.because.split(",")[0].split(" 0")[0]
        if not choice.because or (
            choice.job is None and subject == self._told[0] and now_ns - self._told[1] < REFUSAL_NS
        ):
            return
        self._told = (subject, now_ns)
        self._bus.publish(
            DECISION,
            Decision(
                time_ns=now_ns,
                job_id=order.job_id if order else 0,
                admitted=order is not None,
                variant=order.variant if order else "",
                setting=order.setting if order else "",
                predicted_j=order.predicted_s * order.predicted_w if order else 0.0,
                because=choice.because + _extent(order),
            ),
        )

    def _announce(self, now_ns: int, change: Change | None) -> None:
        if change is None:
            return
        self._status = _status(now_ns, change)
        self._bus.publish(MODE, self._status)
        values = (change.previous, change.mode, change.who, change.why)
        self._bus.publish(EVENT, Event(time_ns=now_ns, name="mode_changed", values=values))

    def _condition(self, now_ns: int) -> Condition:
        plant, envelope, host = self._plant, self._envelope, self._host
        stale_ns = self._mission.guard.envelope_s * SECOND_NS
        fresh = plant is not None and envelope is not None and now_ns - envelope.time_ns <= stale_ns
        granted = host is not None and host.allocation is not None and now_ns < host.allocation.until_ns
        return Condition(
            now_ns=now_ns,
            healthy=fresh and plant is not None and not plant.stale,
            sunlit=self._sunlit,
            throttled=envelope is None or not envelope.run or max(envelope.power_w, envelope.burst_w) < self._top_w,
            host_safing=host is not None and host.safing,
            host_allows=self._mission.profile != "hosted" or granted,
        )

    def _is_sunlit(self, now_ns: int) -> bool:
        if self._host is not None and self._host.is_sunlit is not None:
            return self._host.is_sunlit
        watch, plant = self._watch, self._plant
        if watch is None:
            return True
        tai_s = self._time.known_tai_s(now_ns)
        if plant is not None:
            lit = shows_sun(self._array_w, plant.array_power_w, plant.bus_power_w, plant.battery_power_w)
            watch.see(now_ns / SECOND_NS, tai_s, lit)
        return watch.is_sunlit(tai_s)

    def _joule_price(self, now_ns: int) -> float:
        table = self._table
        return table.joule_price(now_ns) if table is not None and table.covers(now_ns) else 0.0


def _extent(order: WorkOrder | None) -> str:
    """What the order is for, where it is more or less than one job."""
    if order is None:
        return ""
    if order.others:
        return f", in a batch of {len(order.parts)}"
    has_segments = order.first_row or order.rows > order.unit
    return f", rows from {order.first_row + 1} to {order.first_row + order.rows}" if has_segments else ""


_BOOT = Change(mode="BOOT", previous="BOOT", who="govern", why="power on", exit_condition="every input has reported")


def _status(now_ns: int, change: Change) -> ModeStatus:
    return ModeStatus(
        time_ns=now_ns,
        mode=change.mode,
        previous=change.previous,
        who=change.who,
        why=change.why,
        exit_condition=change.exit_condition,
    )

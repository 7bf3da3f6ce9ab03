"""The dispatcher: holds the queue, reserves energy before a job starts, meters it, settles after. Pure, no bus."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fsw.govern.caps import Breach, CapWatch
from fsw.govern.meter import EnergyMeter, Run
from fsw.govern.points import OperatingPoint, OperatingPoints
from fsw.govern.policies import POLICIES, Choice, Situation
from fsw.govern.prices import PriceTable
from fsw.govern.queue import JobQueue
from fsw.messages import Envelope, Job, JobReport, JobState, Outcome, Plant, WorkOrder, WorkResult
from fsw.mission import Mission
from hal.clock import SECOND_NS

LOST_NS = 5 * SECOND_NS  # so long after an attempt should have been killed, nothing will be heard of it any more
ENDED_KEPT = 1024  # ended jobs remembered: more than end while the store is a moment behind
RETRIED = (Outcome.CRASHED, Outcome.TIMEOUT, Outcome.STOPPED, Outcome.LOST_POWER, Outcome.MODEL_ERROR)
NOT_ITS_FAULT = (Outcome.CRASHED, Outcome.STOPPED, Outcome.LOST_POWER)  # of an attempt that never ran
LONGEST_REST_NS = 16 * SECOND_NS  # about what a payload computer takes to boot


@dataclass(slots=True)
class Active:
    """The attempt that runs, or that has ended and waits for its meter."""

    job: Job
    order: WorkOrder
    point: OperatingPoint
    run: Run
    result: WorkResult | None = None
    is_cancelled: bool = False


class Dispatcher:
    """One slot of the payload computer."""

    def __init__(self, mission: Mission) -> None:
        governor = mission.governor
        self._governor = governor
        self.queue = JobQueue(governor.queue_depth)
        self.points = OperatingPoints(mission)
        self.policy = POLICIES[governor.policy](mission)
        self.meter = EnergyMeter(mission.payload.idle_w, mission.payload.most_w)
        self.caps = CapWatch(mission.payload.settings)
        self.breaches: list[Breach] = []  # of power caps, until they are taken to be told
        self.active: Active | None = None
        self._settling: dict[int, Active] = {}
        self._attempts: dict[int, int] = {}  # made, by job
        self._spared: dict[int, int] = {}  # of those, the ones that do not count: never ran, or ended by a restart
        self._lost_j: dict[int, float] = {}  # by the attempts that failed, by job
        self._failed_in_a_row = 0
        self._rest_until_ns = 0
        self._ended: dict[int, None] = {}  # oldest first
        self._envelope_ns = -1
        self._spent_j = 0.0
        self._missed_j = 0.0
        self._predicted_j = 0.0

    @property
    def prediction_error(self) -> float:
        """Sum of |measured - predicted| over the sum of predicted joules, of all jobs done."""
        return self._missed_j / self._predicted_j if self._predicted_j > 0.0 else 0.0

    def submit(self, job: Job) -> bool:
        """Queue a job; False when it is refused."""
        return job.model in self.points.models() and self.queue.add(job)

    def resume(self, now_ns: int, job: Job, attempts: int) -> JobReport | None:
        """Queue a job of an earlier run, which began `attempts` at it; its final report where it cannot run again."""
        if self.knows(job.job_id) or job.job_id in self._ended:  # the store may not have its end yet
            return None
        if attempts:
            self._attempts[job.job_id] = attempts
        if attempts >= self._governor.attempts:
            return self._report(now_ns, job, JobState.FAILED, reason="lost in its last attempt")
        if not self.submit(job):
            return self._report(now_ns, job, JobState.FAILED, reason="refused after a restart")
        return None

    def knows(self, job_id: int) -> bool:
        """True while the job waits, runs or settles."""
        running = self.active is not None and self.active.job.job_id == job_id
        return running or job_id in self.queue or job_id in self._settling

    def expire(self, now_ns: int) -> list[JobReport]:
        """Jobs whose deadline passed while they waited."""
        for setting, watts in self.caps.forgiven(now_ns):
            self.points.correct(setting, watts)
        late = self.queue.expire(now_ns)
        return [self._report(now_ns, job, JobState.EXPIRED, reason="deadline passed in the queue") for job in late]

    def cancel(self, now_ns: int, job_id: int) -> JobReport | None:
        """Take a waiting job out of the queue; a running one ends as soon as the worker's owner has stopped it."""
        if self.active is not None and self.active.job.job_id == job_id:
            self.active.is_cancelled = True
        job = self.queue.remove(job_id)
        return None if job is None else self._report(now_ns, job, JobState.CANCELLED, reason="command")

    def choose(self, now_ns: int, plant: Plant, envelope: Envelope, prices: PriceTable | None, sunlit: bool) -> Choice:
        """What the policy wants now; nothing while something runs or the guard says no."""
        if self.active is not None or len(self.queue) == 0:
            return Choice(None, None, "")
        if not envelope.run:
            return Choice(None, None, f"refused: guard: {envelope.bound_by}")
        if now_ns < self._rest_until_ns:
            return Choice(None, None, "refused: the computer failed, it is given time")
        if envelope.time_ns != self._envelope_ns:
            self._envelope_ns, self._spent_j = envelope.time_ns, 0.0
        situation = Situation(now_ns, plant, envelope, self._spent_j, prices, sunlit)
        needed = {model: now_ns + int(self.points.quickest_s(model) * SECOND_NS) for model in self.points.models()}
        return self.policy.choose(situation, self.queue.candidates(needed), self.points)

    def start(self, now_ns: int, job: Job, point: OperatingPoint) -> WorkOrder:
        """Reserve and order one attempt."""
        self.queue.remove(job.job_id)
        attempt = self._attempts.get(job.job_id, 0) + 1
        self._attempts[job.job_id] = attempt
        patience_s = max(self._governor.kill_floor_s, self._governor.kill_factor * point.seconds)
        order = WorkOrder(
            job_id=job.job_id,
            attempt=attempt,
            model=job.model,
            variant=point.variant,
            setting=point.setting,
            input_ref=job.input_ref,
            predicted_s=point.seconds,
            predicted_w=point.watts,
            kill_ns=now_ns + int(patience_s * SECOND_NS),
            duty=point.duty,
            threads=point.threads,
            spared=self._spared.get(job.job_id, 0),
        )
        run = self.meter.start(job.job_id, now_ns, point.watts)
        self.active = Active(job=job, order=order, point=point, run=run)
        self._spent_j += point.joules
        return order

    def finish(self, now_ns: int, result: WorkResult) -> JobReport | None:
        """An attempt ended. A failed one is retried while it has attempts and time; else its final report."""
        active = self.active
        if active is None or active.job.job_id != result.job_id or active.order.attempt != result.attempt:
            return None
        self.active = None
        self.meter.end(result.job_id, result.end_ns)
        self._rest(now_ns, result)
        if result.outcome is Outcome.DONE:
            active.result = result
            self._settling[result.job_id] = active
            return None
        lost_j = self.meter.so_far_j(active.run, result.end_ns)
        self._lost_j[result.job_id] = self._lost_j.get(result.job_id, 0.0) + lost_j
        if active.is_cancelled:
            return self._report(now_ns, active.job, JobState.CANCELLED, reason="command")
        is_spared = result.outcome is Outcome.HELD or (
            result.end_ns == result.start_ns and result.outcome in NOT_ITS_FAULT
        )
        spared = self._spared[result.job_id] = active.order.spared + is_spared
        may_retry = is_spared or (result.outcome in RETRIED and result.attempt - spared < self._governor.attempts)
        if may_retry and active.job.deadline_ns > now_ns and self.queue.add(active.job):
            return None
        reason = f"{result.outcome.name.lower()}: {result.detail}" if result.detail else result.outcome.name.lower()
        return self._report(now_ns, active.job, JobState.FAILED, reason=reason)

    def _rest(self, now_ns: int, result: WorkResult) -> None:
        """From the second failure in a row on, wait, longer each time: a computer that boots fails every order."""
        if result.outcome not in (Outcome.CRASHED, Outcome.LOST_POWER, Outcome.HELD):
            self._failed_in_a_row = 0
            return
        if self._failed_in_a_row:
            self._rest_until_ns = now_ns + min(LONGEST_REST_NS, SECOND_NS << min(self._failed_in_a_row, 8))
        self._failed_in_a_row += 1

    def give_up(self, now_ns: int) -> JobReport | None:
        """End an attempt whose worker and its owner are gone: nothing was heard of it long after its kill time."""
        active = self.active
        if active is None or now_ns < active.order.kill_ns + LOST_NS:
            return None
        lost = WorkResult(
            job_id=active.job.job_id,
            attempt=active.order.attempt,
            outcome=Outcome.CRASHED,
            start_ns=active.run.start_ns,
            end_ns=now_ns,
            detail="nothing was heard of it",
        )
        return self.finish(now_ns, lost)

    def settle(self, plant: Plant) -> list[JobReport]:
        """Meter by one sample of the rail; the reports of jobs whose energy is complete."""
        reports = []
        for run in self.meter.sample(plant.time_ns, plant.payload_power_w):
            active = self._settling.get(run.job_id)
            if active is not None and active.run is run and active.result is not None:
                del self._settling[run.job_id]
                reports.append(self._settle(plant.time_ns, active, active.result, run))
        return reports

    def _settle(self, now_ns: int, active: Active, result: WorkResult, run: Run) -> JobReport:
        order, point = active.order, active.point
        seconds = (result.end_ns - run.start_ns) / SECOND_NS
        predicted_j = order.predicted_s * order.predicted_w
        self._missed_j += abs(run.joules - predicted_j)
        self._predicted_j += predicted_j
        if run.sampled:
            self.points.learn(point, seconds, run.joules)
            breach = self.caps.see(now_ns, order.setting, seconds, run.joules)
            if breach is not None:
                self.points.correct(breach.setting, breach.watts)
                self.breaches.append(breach)
        in_time = result.end_ns <= active.job.deadline_ns
        return self._report(
            now_ns,
            active.job,
            JobState.DONE if in_time else JobState.EXPIRED,
            reason="" if in_time else "finished after its deadline",
            variant=order.variant,
            setting=order.setting,
            value=active.job.value * point.worth if in_time else 0.0,
            energy_j=run.joules,
            energy_sigma_j=math.sqrt(run.variance),
            energy_source="sampled" if run.sampled else "model",
            predicted_j=predicted_j,
            seconds=seconds,
            digest=result.digest,
            summary=result.summary,
        )

    def _report(self, now_ns: int, job: Job, state: JobState, **meter: object) -> JobReport:
        """The final report of a job."""
        if len(self._ended) >= ENDED_KEPT:
            del self._ended[next(iter(self._ended))]
        self._ended[job.job_id] = None
        self._spared.pop(job.job_id, None)
        return JobReport(
            time_ns=now_ns,
            job_id=job.job_id,
            kind=job.kind,
            model=job.model,
            state=state,
            attempts=self._attempts.pop(job.job_id, 0),
            lost_j=self._lost_j.pop(job.job_id, 0.0),
            **meter,  # type: ignore[arg-type]
        )

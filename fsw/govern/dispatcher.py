"""The dispatcher: holds the queue, reserves energy before a job starts, meters it, settles after. Pure, no bus."""

from __future__ import annotations

from dataclasses import replace

from fsw.govern.active import Active, Part
from fsw.govern.bundle import MOST_JOBS, batch, segment, share_of, unit_of
from fsw.govern.caps import Breach, CapWatch
from fsw.govern.course import Course
from fsw.govern.meter import EnergyMeter
from fsw.govern.points import OperatingPoint, OperatingPoints
from fsw.govern.policies import POLICIES, Choice, Situation
from fsw.govern.prices import PriceTable
from fsw.govern.queue import JobQueue
from fsw.messages import Envelope, Job, JobReport, JobState, Outcome, Plant, WorkOrder, WorkResult
from fsw.mission import Mission
from hal.clock import SECOND_NS

WAITS = 0.5  # of its time a job is kept for a batch; the rest of it is to run, see fsw.govern.menu
LOST_NS = 5 * SECOND_NS  # so long after an attempt should have been killed, nothing will be heard of it any more
ENDED_KEPT = 1024  # ended jobs remembered: more than end while the store is a moment behind
CRASHES = (Outcome.CRASHED, Outcome.LOST_POWER, Outcome.HELD)
RETRIED = (Outcome.CRASHED, Outcome.TIMEOUT, Outcome.STOPPED, Outcome.LOST_POWER, Outcome.MODEL_ERROR)
SUSPECT = (Outcome.CRASHED, Outcome.TIMEOUT, Outcome.LOST_POWER, Outcome.MODEL_ERROR)  # one input may be to blame
NOT_ITS_FAULT = (Outcome.CRASHED, Outcome.STOPPED, Outcome.LOST_POWER)  # of an attempt that never ran
LONGEST_REST_NS = 16 * SECOND_NS  # about what a payload computer takes to boot


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
        self._has_batches = self.points.has_batches
        self._situation: Situation | None = None  # of the last choice
        self._candidates: list[Job] = []
        self._courses: dict[int, Course] = {}  # of the jobs that have begun
        self._metered: dict[int, tuple[Active, Part]] = {}  # by run, those that are done and wait for their energy
        self._failed_in_a_row = 0
        self._rest_until_ns = 0
        self._ended: dict[int, None] = {}  # oldest first
        self._envelope_ns = -1
        self._spent_j = 0.0
        self._missed_j = 0.0
        self._predicted_j = 0.0

    @property
    def prediction_error(self) -> float:
        """Sum of |measured - predicted| over the sum of predicted joules, of all orders done."""
        return self._missed_j / self._predicted_j if self._predicted_j > 0.0 else 0.0

    def submit(self, job: Job) -> bool:
        """Queue a job; False when it is refused."""
        return job.model in self.points.models() and self.queue.add(job, self._units(job))

    def resume(self, now_ns: int, job: Job, attempts: int, checkpoint: JobReport | None = None) -> JobReport | None:
        """Queue a job of an earlier run, which began `attempts` at it and got as far as `checkpoint`; its final report
        where it cannot run again."""
        if self.knows(job.job_id) or job.job_id in self._ended:  # the store may not have its end yet
            return None
        if checkpoint is not None:
            self._courses[job.job_id] = Course.of_checkpoint(checkpoint, attempts)
        elif attempts:
            self._courses[job.job_id] = Course(attempts=attempts, is_alone=True)
        if attempts >= self._governor.attempts:
            return self._report(now_ns, job, JobState.FAILED, reason="lost in its last attempt")
        if not self.submit(job):
            return self._report(now_ns, job, JobState.FAILED, reason="refused after a restart")
        return None

    def knows(self, job_id: int) -> bool:
        """True while the job waits, runs or settles."""
        return job_id in self.queue or job_id in self._courses

    def runs(self, job_id: int) -> bool:
        """True while an order on the job is under way."""
        return self.active is not None and any(part.job.job_id == job_id for part in self.active.parts)

    def expire(self, now_ns: int) -> list[JobReport]:
        """Jobs whose deadline passed while they waited."""
        for setting, watts in self.caps.forgiven(now_ns):
            self.points.correct(setting, watts)
        late = self.queue.expire(now_ns)
        return [self._report(now_ns, job, JobState.EXPIRED, reason="deadline passed in the queue") for job in late]

    def cancel(self, now_ns: int, job_id: int) -> JobReport | None:
        """Take a waiting job out of the queue; a running one ends as soon as the worker's owner has stopped it, one in
        a batch with the batch."""
        for part in self.active.parts if self.active is not None else ():
            part.is_cancelled = part.is_cancelled or part.job.job_id == job_id
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
        self._situation = Situation(now_ns, plant, envelope, self._spent_j, prices, sunlit)
        quickest = {model: int(self.points.quickest_s(model) * SECOND_NS) for model in self.points.models()}
        self._candidates = self.queue.candidates(now_ns, quickest)
        if self._has_batches:
            self.points.offer(self._shares(self._situation))
        is_plain = not (self._has_batches or self.queue.long)
        seen = self._candidates if is_plain else [self._seen(now_ns, job) for job in self._candidates]
        choice = self.policy.choose(self._situation, seen, self.points)
        return choice if choice.job is None or is_plain else self._as_it_is(choice, choice.job)

    def _shares(self, situation: Situation) -> dict[str, list[OperatingPoint]]:
        """A unit's share of the batches that could run now: a job that is not worth its price alone may be in one."""
        self.points.offer({})
        shares: dict[str, list[OperatingPoint]] = {}
        for job in self._candidates:
            if job.model not in shares:
                bundles = [self._bundle(situation, job, point) for point in self.points.of(job.model) if point.larger]
                shares[job.model] = [share_of(point) for point, _, _ in bundles if point.batch > 1]
        return shares

    def _as_it_is(self, choice: Choice, seen: Job) -> Choice:
        """A choice with the job and the point that the policy was shown a unit of."""
        point = choice.point
        if point is not None and point.batch > 1:
            choice = replace(choice, point=self.points.single(point))
        return replace(choice, job=next(job for job in self._candidates if job.job_id == seen.job_id))

    def _seen(self, now_ns: int, job: Job) -> Job:
        """A job as the policy sees it: of a long one, a unit; of one that has waited long enough for others to run with
        it in a batch, one of a kind that has no price for keeping it."""
        units = self.queue.units(job.job_id)
        if units > 1:
            return unit_of(job, units, self.points.quickest_s(job.model), self._energy_j(job.job_id))
        has_waited = now_ns - job.release_ns > WAITS * (job.deadline_ns - job.release_ns)
        return replace(job, kind="") if self._has_batches and has_waited else job

    def start(self, now_ns: int, job: Job, point: OperatingPoint) -> WorkOrder:
        """Reserve and order one attempt: at a segment of the job where it is long, else at a batch if there is one."""
        count, others = 1, list[Job]()
        if self._situation is not None:
            point, count, others = self._bundle(self._situation, job, point)
        parts = [self._begin(now_ns, each, point.watts / (1 + len(others))) for each in (job, *others)]
        order = self._order(now_ns, parts, point, count)
        self.active = Active(order=order, point=point, parts=parts)
        self._spent_j += order.predicted_s * point.watts
        return order

    def _bundle(self, situation: Situation, job: Job, point: OperatingPoint) -> tuple[OperatingPoint, int, list[Job]]:
        """The point for as much work as may go into one order, its inferences, and the other jobs of a batch."""
        units = self._units(job)
        if units > 1:
            return (*segment(situation, job, point, units), [])
        if not point.larger or not self._may_join(job):
            return point, 1, []
        peers = [other for other in self.queue.peers(job, MOST_JOBS) if self._may_join(other)]
        point, others = batch(situation, job, point, peers, self._latest_start_ns(job))
        return point, 1, others

    def _may_join(self, job: Job) -> bool:
        """Whether a job may run in a batch: one that has begun does unless it is suspect, or not through."""
        course = self._courses.get(job.job_id)
        return course is None or not (course.is_alone or course.rows_done)

    def _latest_start_ns(self, job: Job) -> int | None:
        """When a job for another model must have begun."""
        return min(
            (
                other.deadline_ns
                - int(self.queue.units(other.job_id) * self.points.quickest_s(other.model) * SECOND_NS)
                for other in self._candidates
                if other.model != job.model
            ),
            default=None,
        )

    def _begin(self, now_ns: int, job: Job, watts: float) -> Part:
        """Take a job out of the queue and meter it."""
        self.queue.remove(job.job_id)
        course = self._courses.setdefault(job.job_id, Course())
        return Part(job, course.begin(), course, self.meter.start(job.job_id, now_ns, watts))

    def _order(self, now_ns: int, parts: list[Part], point: OperatingPoint, count: int) -> WorkOrder:
        """The order for `count` inferences on the point."""
        seconds, unit = count * point.seconds, self.points.unit_rows(point.model)
        patience_s = max(self._governor.kill_floor_s, self._governor.kill_factor * seconds)
        first, *others = parts
        job, course = first.job, first.course
        return WorkOrder(
            job_id=job.job_id,
            attempt=first.attempt,
            model=job.model,
            variant=point.variant,
            setting=point.setting,
            input_ref=job.input_ref,
            predicted_s=seconds,
            predicted_w=point.watts,
            kill_ns=now_ns + int(patience_s * SECOND_NS),
            duty=point.duty,
            threads=point.threads,
            spared=course.spared,
            first_row=course.rows_done,
            rows=unit if others else unit * count * point.batch,
            unit=unit,
            batch=point.batch,
            digest=course.digest,
            others=tuple([part.member() for part in others]),
        )

    def finish(self, now_ns: int, result: WorkResult) -> JobReport | None:
        """An order ended, for one of its jobs. A failed one is retried while it has attempts and time; else its final
        report. A job that is not through gets a report of how far it is, and waits for its next segment."""
        active = self.active
        part = None if active is None else active.part_of(result)
        if active is None or part is None:
            return None
        part.result = result
        if active.is_over:
            self.active = None
            self._rest(now_ns, active)
        self.meter.end(result.job_id, result.end_ns)
        ends_cancelled = part.is_cancelled and (result.outcome is not Outcome.DONE or bool(active.order.others))
        if result.outcome is Outcome.DONE and not ends_cancelled:
            return self._advance(now_ns, active, part, result)
        active.teaches = False
        return self._failed(now_ns, part, result)

    def _advance(self, now_ns: int, active: Active, part: Part, result: WorkResult) -> JobReport | None:
        """More rows are done: the last ones wait for their meter, after others the job waits for its next segment."""
        course, order, job = part.course, active.order, part.job
        course.rows = result.of_rows or course.rows or job.rows or order.first_row + order.rows
        course.take(result, min(result.rows or order.rows, course.rows - course.rows_done), active.point.worth)
        jobs = len(active.parts)
        seconds = (result.end_ns - part.run.start_ns) / SECOND_NS
        course.time(seconds / jobs, order.predicted_s / jobs, order.predicted_s * part.run.predicted_w)
        active.unmetered += 1
        self._metered[id(part.run)] = (active, part)
        if course.rows_done >= course.rows:
            part.is_last = True
            return None
        course.cut()
        if part.is_cancelled:
            return self._report(now_ns, job, JobState.CANCELLED, reason="command")
        self.queue.add(job, self._units(job), comes_back=True)
        return self._progress(now_ns, active, job, course)

    def _failed(self, now_ns: int, part: Part, result: WorkResult) -> JobReport | None:
        """An attempt that came to nothing."""
        job, course, outcome = part.job, part.course, result.outcome
        course.lost_j += self.meter.so_far_j(part.run, result.end_ns)
        course.is_alone = course.is_alone or outcome in SUSPECT
        if part.is_cancelled:
            return self._report(now_ns, job, JobState.CANCELLED, reason="command")
        is_spared = outcome is Outcome.HELD or (result.end_ns == result.start_ns and outcome in NOT_ITS_FAULT)
        course.spared += is_spared
        may_retry = is_spared or (outcome in RETRIED and course.held < self._governor.attempts)
        if may_retry and job.deadline_ns > now_ns and self.queue.add(job, self._units(job), comes_back=True):
            return None
        reason = f"{outcome.name.lower()}: {result.detail}" if result.detail else outcome.name.lower()
        return self._report(now_ns, job, JobState.FAILED, reason=reason)

    def _rest(self, now_ns: int, active: Active) -> None:
        """From the second failure in a row on, wait, longer each time: a computer that boots fails every order."""
        if not any(part.result is not None and part.result.outcome in CRASHES for part in active.parts):
            self._failed_in_a_row = 0
            return
        if self._failed_in_a_row:
            self._rest_until_ns = now_ns + min(LONGEST_REST_NS, SECOND_NS << min(self._failed_in_a_row, 8))
        self._failed_in_a_row += 1

    def give_up(self, now_ns: int) -> list[JobReport]:
        """End an order whose worker and its owner are gone: nothing was heard of it long after its kill time."""
        active = self.active
        if active is None or now_ns < active.order.kill_ns + LOST_NS:
            return []
        reports = []
        for part in active.parts:
            lost = WorkResult(
                job_id=part.job.job_id,
                attempt=part.attempt,
                outcome=Outcome.CRASHED,
                start_ns=part.run.start_ns,
                end_ns=now_ns,
                detail="nothing was heard of it",
            )
            reports.append(self.finish(now_ns, lost))
        return [report for report in reports if report is not None]

    def settle(self, plant: Plant) -> list[JobReport]:
        """Meter by one sample of the rail; the reports of jobs whose energy is complete."""
        reports = []
        for run in self.meter.sample(plant.time_ns, plant.payload_power_w, plant.payload_energy_j):
            active, part = self._metered.pop(id(run), (None, None))
            if active is None or part is None or part.result is None:
                continue
            self._charge(plant.time_ns, active, part)
            if part.is_last:
                reports.append(self._done(plant.time_ns, active, part, part.result))
        return reports

    def _charge(self, now_ns: int, active: Active, part: Part) -> None:
        """The energy of one job's share of an order is known; with that of the last one the order teaches."""
        run = part.run
        predicted_j = active.order.predicted_s * run.predicted_w
        part.course.charge(run)
        self._missed_j += abs(run.joules - predicted_j)
        self._predicted_j += predicted_j
        active.unmetered -= 1
        active.joules += run.joules
        active.teaches = active.teaches and run.sampled
        if active.teaches and active.unmetered == 0 and active.is_over:
            self._learn(now_ns, active, ((run.end_ns or run.start_ns) - run.start_ns) / SECOND_NS)

    def _learn(self, now_ns: int, active: Active, seconds: float) -> None:
        order, joules = active.order, active.joules
        self.points.learn(active.point, seconds / order.inferences, joules / order.inferences)
        breach = self.caps.see(now_ns, order.setting, seconds, joules)
        if breach is not None:
            self.points.correct(breach.setting, breach.watts)
            self.breaches.append(breach)

    def _units(self, job: Job) -> int:
        """Units of work that a job has to go, as far as anybody knows."""
        course = self._courses.get(job.job_id)
        rows, done = (job.rows or 0, 0) if course is None else (course.rows or job.rows or 0, course.rows_done)
        return max(1, -(-(rows - done) // self.points.unit_rows(job.model)))

    def _energy_j(self, job_id: int) -> float:
        """What a job has taken for what counts, with what is not metered yet as predicted."""
        course = self._courses.get(job_id)
        if course is None:
            return 0.0
        waiting = [part.run for _, part in self._metered.values() if part.course is course]
        return course.energy_j + sum(self.meter.so_far_j(run, run.end_ns or run.start_ns) for run in waiting)

    def _done(self, now_ns: int, active: Active, part: Part, result: WorkResult) -> JobReport:
        """The report of a job that is through."""
        order, job, course = active.order, part.job, part.course
        in_time = result.end_ns <= job.deadline_ns
        return self._report(
            now_ns,
            job,
            JobState.DONE if in_time else JobState.EXPIRED,
            reason="" if in_time else "finished after its deadline",
            variant=order.variant,
            setting=order.setting,
            value=job.value * course.worth if in_time else 0.0,
            batch=len(active.parts),
        )

    def _progress(self, now_ns: int, active: Active, job: Job, course: Course) -> JobReport:
        """The checkpoint of a job that is not through: `attempts` are those that were held against it."""
        return JobReport(
            time_ns=now_ns,
            job_id=job.job_id,
            kind=job.kind,
            model=job.model,
            state=JobState.RUNNING,
            variant=active.order.variant,
            setting=active.order.setting,
            attempts=course.held,
            lost_j=course.lost_j,
            worth=course.worth,
            **course.account(self._energy_j(job.job_id)),
        )

    def _report(self, now_ns: int, job: Job, state: JobState, **meter: object) -> JobReport:
        """The final report of a job."""
        if len(self._ended) >= ENDED_KEPT:
            del self._ended[next(iter(self._ended))]
        self._ended[job.job_id] = None
        course = self._courses.get(job.job_id)
        if course is not None and course.rows_done:
            meter = {**meter, **course.account(self._energy_j(job.job_id))}
        self._courses.pop(job.job_id, None)
        return JobReport(
            time_ns=now_ns,
            job_id=job.job_id,
            kind=job.kind,
            model=job.model,
            state=state,
            attempts=course.attempts - course.segments if course is not None else 0,
            lost_j=course.lost_j if course is not None else 0.0,
            **meter,  # type: ignore[arg-type]
        )

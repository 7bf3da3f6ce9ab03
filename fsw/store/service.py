"""The recorder's shell: takes what must last off the bus and makes it durable within the same step.

A disk that fails does not stop the flight: records wait in memory, the oldest are dropped and counted beyond a
bound, an event says so, and the log goes on with a fresh checkpoint when the disk is back. A disk that fails again
and again is asked less and less often, and its files are opened anew: those that were open may be of a mount that is
no more.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from fsw.bus.codec import encode
from fsw.bus.contract import Bus, Policy, Subscription
from fsw.bus.outbox import Outbox
from fsw.bus.topics import COMMAND, DURABLE, EVENT, HEARTBEAT, HOST, JOB_ACCEPTED, JOB_REPORT, MODE, ORDER, RECOVERED
from fsw.messages import Durable, Event, Heartbeat, JobState, RecoveredJobs
from fsw.store.ledger import JobLedger, Kind
from fsw.store.log import Entry, RecordLog
from hal.clock import SECOND_NS
from hal.errors import PortError
from hal.ports.disk import Disk

HEARTBEAT_STEPS = 10
# Every job that the governor can hold, in one step.
JOB_DEPTH = 1024
# A step's burst of the other kinds; more than that is dropped (events, orders) or waits with its sender.
DEPTH = 256
# Records kept in memory while the disk fails: some 500 kB, an hour of a busy flight.
WAITING_MAX = 4096
# No message of ours comes near this; what does is counted as lost rather than fill the memory.
PAYLOAD_MAX = 16_384
# Records in one write: bounds the time of a step after a stall to some 10 ms.
BATCH = 256
DOUBLINGS = 3
RETRY_NS = 10 * SECOND_NS  # after a failure; doubled each time, but no more often than that
RETRY_LAST_NS = RETRY_NS << DOUBLINGS
# Before an announced cut: the guard has stopped what ran by then, and its last results are recorded.
QUIET_NS = 3 * SECOND_NS
# Processes that hold jobs or settings in memory: when the supervisor restarts one, it needs them again.
HOLDERS = ("control", "infer", "guard", "comms")
RESTARTED = "service_restarted"  # the supervisor's event; its first value is the process


class StoreConfig(Protocol):
    """The store's table of the mission."""

    @property
    def segment_bytes(self) -> int: ...

    @property
    def segments(self) -> int: ...


@dataclass(slots=True)
class _Input:
    subscription: Subscription[Any]
    kind: Kind


class StoreService:
    """Records jobs, reports, orders, commands, events and modes; tells at start which jobs are still owed a result."""

    name = "store"
    period_ns = SECOND_NS

    def __init__(self, bus: Bus, disk: Disk, config: StoreConfig) -> None:
        self._bus, self._disk, self._config = bus, disk, config
        self._out = Outbox(bus)
        self._ledger = JobLedger()
        self._log: RecordLog | None = None
        self._waiting: deque[Entry] = deque()
        self._lost = 0
        self._written = 0
        self._degraded_ns: int | None = None
        self._failures = 0  # in a row
        self._has_read = False  # what the earlier run left is in the ledger
        self._has_told = False  # and was told
        self._needs_checkpoint = False
        self._retry_ns = 0
        self._steps = 0
        must, drop = Policy.MUST_DELIVER, Policy.DROP_OLDEST
        self._accepted = bus.subscribe(JOB_ACCEPTED, self.name, must, JOB_DEPTH)
        self._reports = bus.subscribe(JOB_REPORT, self.name, must, JOB_DEPTH)
        self._orders = bus.subscribe(ORDER, self.name, drop, DEPTH)
        self._has_restarted = False
        self._hosts = bus.subscribe(HOST, self.name, Policy.LATEST)
        self._power_off_ns: int | None = None
        self._is_quiet = False
        self._accepted_ids: list[int] = []
        self._cancelled: list[int] = []
        self._requests: deque[int] = deque(maxlen=DEPTH)  # of commands; who sent one of the oldest has given up
        self._others = (
            _Input(bus.subscribe(COMMAND, self.name, must, DEPTH), Kind.COMMAND),
            _Input(bus.subscribe(EVENT, self.name, drop, DEPTH), Kind.EVENT),
            _Input(bus.subscribe(MODE, self.name, drop, DEPTH), Kind.MODE),
        )

    def step(self, now_ns: int) -> None:
        """Record what came since the last step; it is durable when this returns, unless the store is degraded."""
        if self._steps == 0:
            self._start(now_ns)
        self._collect(now_ns)
        if self._waiting and now_ns >= self._retry_ns:
            self._commit(now_ns)
        self._follow_host(now_ns)
        if self._has_restarted:
            self._has_restarted = False
            self._tell_recovered(now_ns, unclean=False)
        self._out.flush()
        self._steps += 1
        if self._steps % HEARTBEAT_STEPS == 1:
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def close(self, now_ns: int) -> None:
        """End in order: record the rest and that this was no crash."""
        self._collect(now_ns)
        self._record(Kind.CLOSED, now_ns, b"")
        self._commit(now_ns)
        if self._log is not None:
            self._log.close()

    def _follow_host(self, now_ns: int) -> None:
        """Shortly before an announced cut, end every step with a record that this was no crash."""
        status = self._hosts.take()
        if status is not None:
            self._power_off_ns = status.power_off_ns
        if self._power_off_ns is None or not 0 <= self._power_off_ns - now_ns <= QUIET_NS:
            self._is_quiet = False
            return
        self._record(Kind.CLOSED, now_ns, b"")
        self._commit(now_ns)
        if not self._is_quiet:
            self._is_quiet = True
            self._tell(now_ns, "quiesced", (self._power_off_ns - now_ns) / SECOND_NS)

    def counts(self) -> dict[str, int]:
        """Records written, waiting, and lost: to the disk's failure, or to rotation."""
        return {
            "written": self._written,
            "waiting": len(self._waiting),
            "lost": self._lost + self._ledger.forgotten + self._ledger.unreadable,
            "rotated": self._log.dropped if self._log else 0,
        }

    def _start(self, now_ns: int) -> None:
        self._record(Kind.BOOT, now_ns, b"")
        self._commit(now_ns)
        self._tell_recovered(now_ns, unclean=not self._ledger.is_closed or self._degraded_ns is not None)

    def _tell_recovered(self, now_ns: int, unclean: bool) -> None:
        self._has_told = self._has_read
        jobs = self._ledger.open_jobs
        recovered = RecoveredJobs(
            time_ns=now_ns,
            jobs=tuple(item.job for item in jobs),
            attempts=tuple(item.attempts for item in jobs),
            next_job_id=self._ledger.next_job_id,
            unclean=unclean,
            settings=self._ledger.settings,
            checkpoints=tuple([item.checkpoint for item in jobs if item.checkpoint is not None]),
        )
        self._out.publish(RECOVERED, recovered)
        if jobs:
            self._tell(now_ns, "jobs_recovered", len(jobs), self._ledger.next_job_id)

    def _collect(self, now_ns: int) -> None:
        """Take everything off the bus, jobs before what became of them."""
        for job in self._accepted.drain():
            self._ledger.accept(job)
            self._record(Kind.JOB_ACCEPTED, now_ns, encode(job))
            self._accepted_ids.append(job.job_id)
        for order in self._orders.drain():
            self._ledger.order(order)
            self._record(Kind.ORDER, now_ns, encode(order))
        for report in self._reports.drain():
            self._ledger.report(report)
            self._record(Kind.JOB_REPORT, now_ns, encode(report))
            if report.state is JobState.CANCELLED:
                self._cancelled.append(report.job_id)
        for item in self._others:
            for message in item.subscription.drain():
                self._record(item.kind, now_ns, encode(message))
                if item.kind is Kind.COMMAND:
                    self._ledger.command(message)
                    self._requests.append(message.request)
                if item.kind is Kind.EVENT and message.name == RESTARTED and message.values[0] in HOLDERS:
                    self._has_restarted = True

    def _record(self, kind: Kind, now_ns: int, payload: bytes) -> None:
        if len(payload) > PAYLOAD_MAX:
            self._lost += 1
            return
        if len(self._waiting) >= WAITING_MAX:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append(Entry(kind=kind, time_ns=now_ns, payload=payload))

    def _commit(self, now_ns: int) -> None:
        """Write what waits; on failure all of it that is not durable waits on."""
        try:
            log = self._log if self._failures < 2 else None  # the first time it writes the same octets again
            self._write(log or self._open(), now_ns)
        except PortError as error:
            self._degrade(now_ns, error)
            return
        self._failures = 0
        self._tell_durable(now_ns)
        if self._degraded_ns is not None:
            self._tell(now_ns, "store_back", (now_ns - self._degraded_ns) / SECOND_NS)
            self._degraded_ns = None
            if not self._has_told:
                self._tell_recovered(now_ns, unclean=False)  # the earlier run could not be read until now

    def _tell_durable(self, now_ns: int) -> None:
        """What was waited for is recorded."""
        waited = (self._accepted_ids, self._requests, self._cancelled)
        if not any(waited):
            return
        jobs, requests, cancelled = map(tuple, waited)
        self._out.publish(DURABLE, Durable(time_ns=now_ns, job_ids=jobs, requests=requests, cancelled=cancelled))
        for done in waited:
            done.clear()

    def _write(self, log: RecordLog, now_ns: int) -> None:
        if self._needs_checkpoint or not log.is_begun:
            self._rotate(log, now_ns)
        while self._waiting:
            count = log.write(list(islice(self._waiting, BATCH)))
            for _ in range(count):
                self._waiting.popleft()
            self._written += count
            if count == 0:
                self._rotate(log, now_ns)

    def _open(self) -> RecordLog:
        """Open the log, for the first time or anew."""
        log = RecordLog(self._disk, "log", self._config.segment_bytes, self._config.segments)
        if not self._has_read:
            try:
                self._take_in(log)
            except PortError:
                log.close()
                raise
            self._has_read = True
        if self._log is not None:
            self._log.close()
        self._log = log
        return log

    def _take_in(self, log: RecordLog) -> None:
        """What the log says; what this run has seen before goes on top."""
        ledger = JobLedger()
        for record in log.recent():
            ledger.replay(record)
        for item in self._ledger.open_jobs:
            ledger.hold(item)
        for setting in self._ledger.settings:
            ledger.set(setting)
        self._ledger = ledger

    def _rotate(self, log: RecordLog, now_ns: int) -> None:
        log.rotate(Entry(kind=Kind.CHECKPOINT, time_ns=now_ns, payload=self._ledger.checkpoint()))
        self._needs_checkpoint = False

    def _degrade(self, now_ns: int, error: PortError) -> None:
        self._retry_ns = now_ns + (RETRY_NS << min(self._failures, DOUBLINGS))
        self._failures += 1
        self._needs_checkpoint = self._has_read  # records may be lost: the ledger in memory is the truth
        if self._degraded_ns is None:
            self._degraded_ns = now_ns
            self._tell(now_ns, "store_degraded", error.detail)

    def _tell(self, now_ns: int, name: str, *values: float | int | str) -> None:
        self._bus.publish(EVENT, Event(time_ns=now_ns, name=name, values=values))

"""The shell around the compute port: takes orders, loads their inputs, keeps their deadlines, publishes results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from fsw.bus.contract import Bus, Policy
from fsw.bus.outbox import Outbox
from fsw.bus.topics import COMMAND, ENVELOPE, EVENT, HEARTBEAT, ORDER, RESULT, TRIP
from fsw.infer.check import TensorError
from fsw.infer.compute import Compute
from fsw.infer.package import Package, PackageError
from fsw.messages import Event, Heartbeat, Outcome, WorkOrder, WorkResult
from hal.clock import SECOND_NS
from hal.errors import PortError
from hal.ports.intake import Intake
from hal.reading import Reason

ORDER_DEPTH = 16  # the dispatcher has one order in flight; more come only after it was restarted
HEARTBEAT_NS = 10 * SECOND_NS
HARD_AFTER_NS = SECOND_NS // 5  # a soft stop that was not heard in this time becomes a hard one
PASSING = (Reason.TIMEOUT, Reason.BUS)  # an intake that does not answer says nothing about the input
DETAILS = {Outcome.TIMEOUT: "not finished in its time", Outcome.HELD: "the guard is new, or gone"}
EVENT_TEXT = 80  # characters of an error that fit an event with its other values


@dataclass(frozen=True, slots=True, kw_only=True)
class InferConfig:
    """`period_s` bounds how late a deadline is noticed when no message comes; the guard's word holds for `word_s`."""

    period_s: float = 1.0
    word_s: float = 3.0


class InferService:
    """One order at a time. The guard's word (`TRIP`, or an `ENVELOPE` without `run`) stops it hard, at once.

    An attempt that a restart of ours keeps from running, or stops, ends as HELD: a worker that loads, a guard that is
    new and does not know what runs, or one that is gone, in which case the lease has stopped the worker.
    """

    name = "infer"

    def __init__(
        self,
        bus: Bus,
        compute: Compute,
        intake: Intake,
        packages: Mapping[str, Package],
        config: InferConfig | None = None,
    ) -> None:
        config = config or InferConfig()
        self.period_ns = int(config.period_s * SECOND_NS)
        self._word_ns = int(config.word_s * SECOND_NS)
        self._bus, self._out = bus, Outbox(bus)
        self._compute, self._intake, self._packages = compute, intake, packages
        self._orders = bus.subscribe(ORDER, self.name, Policy.MUST_DELIVER, depth=ORDER_DEPTH)
        self._envelopes = bus.subscribe(ENVELOPE, self.name, Policy.LATEST)
        self._trips = bus.subscribe(TRIP, self.name, Policy.DROP_OLDEST, depth=16)
        self._commands = bus.subscribe(COMMAND, self.name, Policy.DROP_OLDEST, depth=64)
        self._active: WorkOrder | None = None
        self._ends_as: Outcome | None = None  # what its stop means, once the active order is to stop
        self._may_run = True
        self._heard_ns: int | None = None  # of the guard's last word
        self._trip_ns = -1
        self._heartbeat_ns = 0
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Hear the guard, follow what runs, start what is ordered."""
        self._out.flush()
        self._hear_guard(now_ns)
        self._hear_commands(now_ns)
        if self._active is not None or self._compute.busy:
            self._follow(now_ns)
        while (not self._may_run or not self._compute.busy) and (order := self._orders.take()) is not None:
            self._begin(now_ns, order)
        self._steps += 1
        if now_ns >= self._heartbeat_ns:
            self._heartbeat_ns = now_ns + HEARTBEAT_NS
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))
            for name, values in self._compute.news():
                self._tell(now_ns, name, *values)

    def _hear_guard(self, now_ns: int) -> None:
        trips = self._trips.drain()
        for trip in trips:
            self._trip_ns = trip.time_ns
            self._may_run = False
        envelope = self._envelopes.take()
        if envelope is not None:
            self._heard_ns = envelope.time_ns
            self._may_run = envelope.run and envelope.time_ns > self._trip_ns
        if not self._may_run and self._active is not None:
            # A guard that knows what runs trips; one that closes without has just started.
            self._ends_as = self._ends_as or (Outcome.STOPPED if trips else Outcome.HELD)
            self._compute.stop(now_ns, hard=True)

    def _hear_commands(self, now_ns: int) -> None:
        for command in self._commands.drain():
            active = self._active
            if command.name == "cancel_job" and active is not None and command.arguments[:1] == (active.job_id,):
                self._compute.stop(now_ns, hard=False)

    def _follow(self, now_ns: int) -> None:
        """Publish what ended; stop what is past its `kill_ns`, softly first."""
        for result in self._compute.poll(now_ns):
            self._finish(now_ns, result)
        active = self._active
        if active is None or now_ns < active.kill_ns:
            return
        is_silent = self._heard_ns is not None and now_ns - self._heard_ns > self._word_ns
        self._ends_as = self._ends_as or (Outcome.HELD if is_silent else Outcome.TIMEOUT)
        self._compute.stop(now_ns, hard=now_ns >= active.kill_ns + HARD_AFTER_NS)
        for result in self._compute.poll(now_ns):
            self._finish(now_ns, result)

    def _begin(self, now_ns: int, order: WorkOrder) -> None:
        if not self._may_run:
            self._refuse(now_ns, order, Outcome.HELD, "the guard lets nothing run")
        elif now_ns >= order.kill_ns:
            self._refuse(now_ns, order, Outcome.HELD, "no time was left to start")
        elif order.model not in self._packages:
            self._refuse(now_ns, order, Outcome.MODEL_ERROR, "no such package")
        elif not self._compute.is_ready:
            self._refuse(now_ns, order, Outcome.HELD, "the worker is loading")
        else:
            self._start(now_ns, order)

    def _start(self, now_ns: int, order: WorkOrder) -> None:
        try:
            self._compute.start(order, self._load(order))
        except PortError as error:
            outcome = Outcome.HELD if error.reason in PASSING else Outcome.BAD_INPUT
            self._refuse(now_ns, order, outcome, str(error))
        except TensorError as error:
            self._refuse(now_ns, order, Outcome.BAD_INPUT, str(error))
        except PackageError as error:
            self._refuse(now_ns, order, Outcome.MODEL_ERROR, str(error))
        else:
            self._active, self._ends_as = order, None
            self._follow(now_ns)

    def _load(self, order: WorkOrder) -> NDArray[Any] | None:
        return self._intake.load(order.input_ref) if self._compute.needs_input else None

    def _refuse(self, now_ns: int, order: WorkOrder, outcome: Outcome, detail: str) -> None:
        """The result of an order that never ran."""
        result = WorkResult(
            job_id=order.job_id,
            attempt=order.attempt,
            outcome=outcome,
            start_ns=now_ns,
            end_ns=now_ns,
            model=order.model,
            variant=order.variant,
            detail=detail,
        )
        self._publish(now_ns, result, order.input_ref)

    def _finish(self, now_ns: int, result: WorkResult) -> None:
        order, self._active = self._active, None
        if self._ends_as is not None and result.outcome is Outcome.STOPPED:
            result = replace(result, outcome=self._ends_as, detail=DETAILS.get(self._ends_as, result.detail))
        self._publish(now_ns, result, order.input_ref if order is not None else "")

    def _publish(self, now_ns: int, result: WorkResult, input_ref: str) -> None:
        self._out.publish(RESULT, result)
        why = result.detail[:EVENT_TEXT]
        if result.outcome is Outcome.CRASHED:
            self._tell(now_ns, "worker_stopped", why)
        elif result.outcome is Outcome.BAD_INPUT:
            self._tell(now_ns, "input_unusable", input_ref, why)
        elif result.outcome is Outcome.MODEL_ERROR:
            self._tell(now_ns, "model_refused", result.model, why)

    def _tell(self, now_ns: int, name: str, *values: float | int | str) -> None:
        self._bus.publish(EVENT, Event(time_ns=now_ns, name=name, values=values))

"""The shell around the compute port: takes orders, loads their inputs, keeps their deadlines, publishes results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fsw.bus.contract import Bus, Policy
from fsw.bus.outbox import Outbox
from fsw.bus.topics import COMMAND, ENVELOPE, EVENT, HEARTBEAT, ORDER, RESULT, TRIP
from fsw.infer.check import TensorError
from fsw.infer.compute import Compute
from fsw.infer.inputs import Inputs, Loaded, failure
from fsw.infer.outcomes import results_of
from fsw.infer.package import Package, PackageError
from fsw.messages import Event, Heartbeat, Outcome, WorkOrder, WorkResult
from hal.clock import SECOND_NS
from hal.errors import PortError
from hal.ports.intake import Intake

ORDER_DEPTH = 16  # the dispatcher has one order in flight; more come only after it was restarted
HEARTBEAT_NS = 10 * SECOND_NS
HARD_AFTER_NS = SECOND_NS // 5  # a soft stop that was not heard in this time becomes a hard one
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

    Every job of a batch has a result of its own. They come together at its end, that of the order's own job last: who
    hears that one knows that nothing runs any more.
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
        self._compute, self._packages = compute, packages
        self._inputs = Inputs(intake, compute, packages)
        self._orders = bus.subscribe(ORDER, self.name, Policy.MUST_DELIVER, depth=ORDER_DEPTH)
        self._envelopes = bus.subscribe(ENVELOPE, self.name, Policy.LATEST)
        self._trips = bus.subscribe(TRIP, self.name, Policy.DROP_OLDEST, depth=16)
        self._commands = bus.subscribe(COMMAND, self.name, Policy.DROP_OLDEST, depth=64)
        self._active: WorkOrder | None = None
        self._loaded: Loaded | None = None  # what became of the active order's inputs
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
            if command.name != "cancel_job" or active is None or active.others:
                continue  # a batch goes on for its other jobs
            if command.arguments[:1] == (active.job_id,):
                self._compute.stop(now_ns, hard=False)

    def _follow(self, now_ns: int) -> None:
        """Publish what ended; stop what is past its `kill_ns`, softly first."""
        self._finish(now_ns, self._compute.poll(now_ns))
        active = self._active
        if active is None or now_ns < active.kill_ns:
            return
        is_silent = self._heard_ns is not None and now_ns - self._heard_ns > self._word_ns
        self._ends_as = self._ends_as or (Outcome.HELD if is_silent else Outcome.TIMEOUT)
        self._compute.stop(now_ns, hard=now_ns >= active.kill_ns + HARD_AFTER_NS)
        self._finish(now_ns, self._compute.poll(now_ns))

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
            loaded = self._inputs.load(now_ns, order)
            if loaded.order is None:
                self._publish(now_ns, order, loaded.refused)
                return
            self._compute.start(loaded.order, loaded.array, loaded.cuts)
        except (PortError, TensorError) as error:
            self._refuse(now_ns, order, failure(error), str(error))
        except PackageError as error:
            self._refuse(now_ns, order, Outcome.MODEL_ERROR, str(error))
        else:
            self._active, self._loaded, self._ends_as = order, loaded, None
            self._follow(now_ns)

    def _refuse(self, now_ns: int, order: WorkOrder, outcome: Outcome, detail: str) -> None:
        """The results of an order that never ran."""
        self._publish(now_ns, order, results_of(order, outcome, now_ns, now_ns, detail))

    def _finish(self, now_ns: int, results: Sequence[WorkResult]) -> None:
        """What runs has ended."""
        if not results:
            return
        order, self._active = self._active, None
        loaded, self._loaded = self._loaded, None
        if self._ends_as is not None and results[0].outcome is Outcome.STOPPED:
            outcome, detail = self._ends_as, DETAILS.get(self._ends_as, results[0].detail)
            results = [replace(result, outcome=outcome, detail=detail) for result in results]
        if loaded is not None and loaded.of_rows is not None:
            results = [replace(result, of_rows=loaded.of_rows[result.job_id]) for result in results]
        self._publish(now_ns, order, (*loaded.refused, *results) if loaded is not None else results)

    def _publish(self, now_ns: int, order: WorkOrder | None, results: Sequence[WorkResult]) -> None:
        """Tell what came of an order, its own job last."""
        parts = () if order is None else order.parts
        refs = {part.job_id: part.input_ref for part in parts}
        if len(parts) > 1:
            results = sorted(results, key=lambda row: row.job_id == parts[0].job_id)
        for result in results:
            self._out.publish(RESULT, result)
            if result.outcome is Outcome.BAD_INPUT:
                self._tell(now_ns, "input_unusable", refs.get(result.job_id, ""), result.detail[:EVENT_TEXT])
        last = results[-1]
        if last.outcome is Outcome.CRASHED:
            self._tell(now_ns, "worker_stopped", last.detail[:EVENT_TEXT])
        elif last.outcome is Outcome.MODEL_ERROR:
            self._tell(now_ns, "model_refused", last.model, last.detail[:EVENT_TEXT])

    def _tell(self, now_ns: int, name: str, *values: float | int | str) -> None:
        self._bus.publish(EVENT, Event(time_ns=now_ns, name=name, values=values))

"""The life of model packages on board: `activate_model` and `rollback_model`, trial, probation, and the scrub.

A trial runs while no job does, under the worker's own lease, and gives way to a job at once.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Protocol

from fsw.bus.contract import Bus, Policy
from fsw.bus.outbox import Outbox
from fsw.bus.topics import COMMAND, COMMAND_REPORT, ENVELOPE, EVENT, HEARTBEAT, RESULT, TRIP
from fsw.catalogue.failures import failure_code
from fsw.infer.client import WorkerConfig
from fsw.infer.package import Package, PackageError, Variant
from fsw.infer.scrub import Scrubber
from fsw.infer.shelf import FACTORY, Shelf
from fsw.infer.trial import Trial, TrialConfig, Verdict
from fsw.messages import Command, CommandReport, Envelope, Event, Heartbeat, Outcome, Stage
from hal.clock import SECOND_NS
from hal.config import ConfigError
from hal.errors import PortError

HEARTBEAT_NS = 10 * SECOND_NS
ENVELOPE_NS = 3 * SECOND_NS  # an older word of the guard is void
EVENT_TEXT = 80  # characters of an error that fit an event with its other values


class Server(Protocol):
    """What serves jobs: the worker's client."""

    @property
    def busy(self) -> bool:
        """A job runs."""
        ...

    def adopt(self, package: Package) -> None:
        """Serve this version from now on; only while not busy."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeConfig:
    """`trial_w` for `trial_s` must fit the guard's envelope before a trial starts; one that had to give way to a job or
    to the guard `given_way` times is given up, and wants a pause by hold_jobs. Of the first `probation` jobs of a new
    version `failures` may fail. The scrub reads `scrub_bytes` each `period_s`: 60 MiB a minute cost 0.1 % of a core.
    """

    period_s: float = 1.0
    trial_w: float = 0.0
    trial_s: float = 30.0
    probation: int = 20
    failures: int = 1
    scrub_bytes: int = 1 << 20
    wait_s: float = 0.0  # that a step waits for the trial's worker
    given_way: int = 100
    trial: TrialConfig = field(default_factory=TrialConfig)


class ModelService:
    """Owns the shelf. `packages` is what the inference service looks models up in; it is kept up to date here.

    Without a `server` nothing is executed but trials.
    """

    name = "models"

    def __init__(
        self,
        bus: Bus,
        shelf: Shelf,
        packages: MutableMapping[str, Package],
        server: Server | None = None,
        config: LifeConfig | None = None,
        worker: WorkerConfig | None = None,
    ) -> None:
        self._config = config or LifeConfig()
        self.period_ns = int(self._config.period_s * SECOND_NS)
        self._bus, self._out = bus, Outbox(bus)
        self._shelf, self._packages, self._server, self._worker = shelf, packages, server, worker
        self._scrubber = Scrubber(packages)
        self._commands = bus.subscribe(COMMAND, self.name, Policy.DROP_OLDEST, depth=64)
        self._results = bus.subscribe(RESULT, self.name, Policy.DROP_OLDEST, depth=256)
        self._envelopes = bus.subscribe(ENVELOPE, self.name, Policy.LATEST)
        self._trips = bus.subscribe(TRIP, self.name, Policy.DROP_OLDEST, depth=16)
        self._envelope: Envelope | None = None
        self._asked: dict[str, Command] = {}  # activations that wait for their verdict, by model
        self._adopted: dict[str, Package] = {}  # versions that the server is to take when it is free
        self._trial: tuple[str, Trial] | None = None
        self._given_way = 0
        self._due_ns = self._heartbeat_ns = self._steps = 0

    @property
    def is_trying(self) -> bool:
        """A trial runs: steps are wanted as often as possible."""
        return self._trial is not None

    def step(self, now_ns: int) -> None:
        """Hear guard, ground and results; go on with the trial; hand over; scrub."""
        self._out.flush()
        self._hear_guard()
        for command in self._commands.drain():
            self._obey(now_ns, command)
        for result in self._results.drain():
            self._judge(now_ns, result.model, result.outcome)
        self._go_on(now_ns)
        if self._adopted and not self._is_serving:
            self._hand_over()
        self._steps += 1
        if now_ns >= self._due_ns:
            self._due_ns = now_ns + self.period_ns
            self._scrub(now_ns)
        if now_ns >= self._heartbeat_ns:
            self._heartbeat_ns = now_ns + HEARTBEAT_NS
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def close(self) -> None:
        """End a trial that runs."""
        if self._trial is not None:
            self._trial[1].close()
            self._trial = None

    def _hear_guard(self) -> None:
        envelope = self._envelopes.take()
        if envelope is not None:
            self._envelope = envelope
        if self._trips.drain():
            self._envelope = None  # until the guard speaks again

    @property
    def _is_serving(self) -> bool:
        return self._server is not None and self._server.busy

    def _may_try(self, now_ns: int) -> bool:
        envelope, config = self._envelope, self._config
        if self._is_serving or envelope is None or not envelope.run or now_ns - envelope.time_ns > ENVELOPE_NS:
            return False
        return envelope.power_w >= config.trial_w and envelope.energy_j >= config.trial_w * config.trial_s

    def _obey(self, now_ns: int, command: Command) -> None:
        if command.name == "activate_model":
            label = self._activate(now_ns, command)
        elif command.name == "rollback_model":
            label = self._roll_back(now_ns, str(command.arguments[0]), "the ground asked for it")
        else:
            return
        self._report(now_ns, command, Stage.STARTED, label)
        if not label and command.name == "rollback_model":
            self._report(now_ns, command, Stage.COMPLETED, "")

    def _activate(self, now_ns: int, command: Command) -> str:
        """Install what is staged; the verdict completes the command. The label of what is wrong, or ""."""
        model = str(command.arguments[0])
        if model in self._asked or self._trial is not None:
            return "busy"
        try:
            package = self._shelf.install(model)
        except PortError as error:
            self._tell(now_ns, "model_refused", model, str(error)[:EVENT_TEXT])
            return "store_degraded"
        except (PackageError, ConfigError, OSError) as error:
            self._tell(now_ns, "model_refused", model, str(error)[:EVENT_TEXT])
            return "package_refused"
        lacks = [row.name for row in self._lacking(package)]
        if lacks:
            self._shelf.refuse(model)
            self._tell(
                now_ns, "model_refused", model, f"has no variant {', '.join(lacks)}, which is flown"[:EVENT_TEXT]
            )
            return "package_refused"
        self._asked[model], self._given_way = command, 0
        self._tell(now_ns, "model_installed", model, package.manifest.version)
        return ""

    def _lacking(self, package: Package) -> list[Variant]:
        """Variants of the present version that a new one must have too: the dispatcher will ask for them."""
        present = self._packages.get(package.name)
        names = {row.name for row in package.variants}
        return [row for row in present.variants if row.name not in names] if present is not None else []

    def _go_on(self, now_ns: int) -> None:
        """Begin, continue or break off the trial."""
        try:
            if self._trial is None:
                self._begin(now_ns)
            if self._trial is not None and not self._may_try(now_ns):
                self._break_off(now_ns)
            if self._trial is not None:
                verdict = self._trial[1].step(self._config.wait_s)
                if verdict is not None:
                    self._settle(now_ns, verdict)
        except PortError as error:
            model = self._trial[0] if self._trial is not None else "candidate"
            self.close()
            self._tell(now_ns, "model_refused", model, str(error)[:EVENT_TEXT])

    def _begin(self, now_ns: int) -> None:
        model = next(iter(self._shelf.candidates()), "")
        if not model or not self._may_try(now_ns):
            return
        package = self._shelf.begin_trial(model)
        if package is None:
            self._end(now_ns, model, Verdict(passed=False, why="its files are damaged, or it was tried too often"))
        else:
            self._trial = model, Trial(package, self._config.trial, self._worker)

    def _break_off(self, now_ns: int) -> None:
        """A job, or the guard, comes first; the trial begins again later."""
        model = self._trial[0] if self._trial is not None else ""
        self.close()
        self._given_way += 1
        self._shelf.suspend_trial(model)
        if self._given_way >= self._config.given_way:
            self._end(now_ns, model, Verdict(passed=False, why=f"no time for it in {self._given_way} attempts"))

    def _settle(self, now_ns: int, verdict: Verdict) -> None:
        model = self._trial[0] if self._trial is not None else ""
        self.close()
        self._end(now_ns, model, verdict)

    def _end(self, now_ns: int, model: str, verdict: Verdict) -> None:
        """Activate or refuse, and answer the ground."""
        if verdict.passed:
            self._shelf.accept(model, self._config.probation)
            package = self._shelf.open()[0][model]
            self._adopted[model] = package
            self._tell(now_ns, "model_activated", model, package.manifest.version, self._config.probation)
        else:
            self._shelf.refuse(model)
            self._tell(now_ns, "model_trial_failed", model, verdict.why[:EVENT_TEXT])
        command = self._asked.pop(model, None)
        if command is not None:
            self._report(now_ns, command, Stage.COMPLETED, "" if verdict.passed else "trial_failed")

    def _judge(self, now_ns: int, model: str, outcome: Outcome) -> None:
        """Count a job of a version on probation; roll back what fails."""
        if not self._shelf.entry(model).probation:
            return
        try:
            fails = self._shelf.judge(model, outcome, self._config.failures)
        except PortError:
            return  # a disk that fails for a moment costs one count, not the model
        if fails:
            self._roll_back(now_ns, model, f"more than {self._config.failures} of its first jobs failed")

    def _roll_back(self, now_ns: int, model: str, why: str) -> str:
        """The previous version, from the next job on; the label of what is wrong, or ""."""
        entry = self._shelf.entry(model)
        if entry.active == FACTORY:
            return "unknown_model"
        try:
            package = self._shelf.roll_back(model)
        except PortError:
            return "store_degraded"
        if package is not None:
            self._adopted[model] = package
        self._tell(now_ns, "model_rolled_back", model, entry.previous, why)
        return "" if package is not None else "failed"

    def _hand_over(self) -> None:
        for model, package in self._adopted.items():
            if self._server is not None:
                self._server.adopt(package)
            self._packages[model] = package
        self._adopted.clear()

    def _scrub(self, now_ns: int) -> None:
        """Hash on; mend what is damaged and load it anew, else fall back to a version that is whole."""
        for damage in self._scrubber.step(self._config.scrub_bytes):
            model = damage.package.name
            try:
                mended = self._shelf.slots.repair(damage.package)
            except PortError:
                mended = 0
            if mended:
                self._adopted[model] = damage.package
                self._tell(now_ns, "model_repaired", model, damage.file, mended)
            else:
                self._tell(now_ns, "model_damaged", model, damage.file)
                self._roll_back(now_ns, model, f"{damage.file} is damaged in both copies")

    def _report(self, now_ns: int, command: Command, stage: Stage, label: str) -> None:
        code = failure_code(label) if label else 0
        report = CommandReport(time_ns=now_ns, request=command.request, stage=stage, code=code, ack=command.ack)
        self._out.publish(COMMAND_REPORT, report)

    def _tell(self, now_ns: int, name: str, *values: float | int | str) -> None:
        self._out.publish(EVENT, Event(time_ns=now_ns, name=name, values=values))

"""The telecommands that the governor carries out: modes and jobs. Each ends in a verification report."""

from __future__ import annotations

from collections.abc import Sequence

from fsw.bus.outbox import Outbox
from fsw.bus.topics import COMMAND_REPORT, JOB_ACCEPTED
from fsw.catalogue.failures import failure_code
from fsw.govern.dispatcher import Dispatcher
from fsw.govern.mode import Change, ModeMachine
from fsw.jobs import JOBS_HELD
from fsw.messages import (
    COMMANDED_JOB_IDS,
    Command,
    CommandReport,
    Durable,
    Job,
    JobReport,
    JobState,
    ParameterSet,
    Stage,
)
from hal.clock import SECOND_NS

DURABLE_NS = 8 * SECOND_NS  # under the command's own time-out of 10 s, so that the answer says why
WAITING = ("submit_job", "cancel_job", "hold_jobs", "release_jobs")  # for the store
OURS = ("set_mode", "submit_job", "cancel_job", "clear_fault", "hold_jobs", "release_jobs")


class CommandDesk:
    """Carries out commands on the dispatcher and the mode; `changes` and `reports` hand over what came of them."""

    def __init__(self, dispatcher: Dispatcher, mode: ModeMachine) -> None:
        self._dispatcher, self._mode = dispatcher, mode
        self._changes: list[Change] = []
        self._reports: list[JobReport] = []
        self._undurable: dict[int, Command] = {}  # submissions that the store has not confirmed, by job
        self._cancelling: dict[int, Command] = {}  # cancellations whose job has not ended durably, by job
        self._recording: dict[int, Command] = {}  # commands that the store has not recorded, by request
        self.holds = False
        self._has_held = False  # or released: newer than what any earlier run has left

    def changes(self) -> list[Change]:
        """Mode changes since the last call."""
        taken, self._changes = self._changes, []
        return taken

    def reports(self) -> list[JobReport]:
        """Final job reports since the last call."""
        taken, self._reports = self._reports, []
        return taken

    def recall(self, settings: Sequence[ParameterSet]) -> None:
        """Hold jobs where an earlier run was told to, and nothing has been said in this one."""
        if not self._has_held:
            self.holds = any(setting.name == JOBS_HELD and setting.value for setting in settings)

    def obey(self, now_ns: int, command: Command, out: Outbox) -> None:
        """Carry out one command and report start and end; others' commands are left alone."""
        if command.name not in OURS:
            return
        label = getattr(self, f"_{command.name}")(now_ns, command, out)
        if not label and command.name in WAITING:
            out.publish(COMMAND_REPORT, _report(now_ns, command, Stage.STARTED, 0))
            return
        stage = Stage.COMPLETED
        if label:
            stage = Stage.STARTED
        else:
            out.publish(COMMAND_REPORT, _report(now_ns, command, Stage.STARTED, 0))
        values = (int(command.arguments[0]),) if label == "unknown_job" else ()
        out.publish(COMMAND_REPORT, _report(now_ns, command, stage, failure_code(label) if label else 0, values))

    def confirm(self, now_ns: int, durable: Sequence[Durable], out: Outbox) -> None:
        """Complete what is durable now; fail what the store could not take in time. A job that runs ends in its own."""
        for message in durable:
            self._complete(now_ns, self._undurable, message.job_ids, out)
            self._complete(now_ns, self._cancelling, message.cancelled, out)
            self._complete(now_ns, self._recording, message.requests, out)
        for waiting in (self._undurable, self._cancelling, self._recording):
            for job_id, command in list(waiting.items()):
                may_wait = waiting is self._cancelling and self._dispatcher.runs(job_id)
                if now_ns - command.time_ns > DURABLE_NS and not may_wait:
                    del waiting[job_id]
                    code = failure_code("store_degraded")
                    out.publish(COMMAND_REPORT, _report(now_ns, command, Stage.COMPLETED, code))

    def ended(self, now_ns: int, report: JobReport, out: Outbox) -> None:
        """A job has ended; where it was to be cancelled and came to its end before, the cancellation has failed."""
        if report.state < JobState.DONE or report.state is JobState.CANCELLED:
            return
        command = self._cancelling.pop(report.job_id, None)
        if command is not None:
            code = failure_code("job_final")
            out.publish(COMMAND_REPORT, _report(now_ns, command, Stage.COMPLETED, code, (report.job_id,)))

    @staticmethod
    def _complete(now_ns: int, waiting: dict[int, Command], done: Sequence[int], out: Outbox) -> None:
        for number in done:
            command = waiting.pop(number, None)
            if command is not None:
                out.publish(COMMAND_REPORT, _report(now_ns, command, Stage.COMPLETED, 0))

    def _set_mode(self, now_ns: int, command: Command, _out: Outbox) -> str:
        change = self._mode.request(now_ns, str(command.arguments[0]), "ground")
        if change is None:
            return "mode_refused"
        self._changes.append(change)
        return ""

    def _submit_job(self, now_ns: int, command: Command, out: Outbox) -> str:
        model, input_ref, value, deadline_s = command.arguments
        job = Job(
            job_id=COMMANDED_JOB_IDS + (command.request & 0x3FFF),
            kind="commanded",
            model=str(model),
            input_ref=str(input_ref),
            value=float(value),
            release_ns=now_ns,
            deadline_ns=now_ns + int(float(deadline_s) * SECOND_NS),
            tenant="ground",
        )
        if job.model not in self._dispatcher.points.models():
            return "unknown_model"
        if not self._dispatcher.submit(job):
            return "queue_full"
        out.publish(JOB_ACCEPTED, job)
        self._undurable[job.job_id] = command
        return ""

    def _cancel_job(self, now_ns: int, command: Command, _out: Outbox) -> str:
        job_id = int(command.arguments[0])
        if job_id in self._cancelling:
            return "not_wanted"
        report = self._dispatcher.cancel(now_ns, job_id)
        if report is not None:
            self._reports.append(report)
        elif not self._dispatcher.runs(job_id):
            return "unknown_job"
        self._cancelling[job_id] = command
        return ""

    def _clear_fault(self, now_ns: int, _command: Command, _out: Outbox) -> str:
        if self._mode.mode != "SAFE":
            return "unknown_fault"
        change = None if self._mode.has_fault else self._mode.request(now_ns, "OPERATIONAL", "ground")
        if change is None:
            return "fault_present"
        self._changes.append(change)
        return ""

    def _hold_jobs(self, _now_ns: int, command: Command, _out: Outbox) -> str:
        self.holds = self._has_held = True
        self._recording[command.request] = command
        return ""

    def _release_jobs(self, _now_ns: int, command: Command, _out: Outbox) -> str:
        self.holds, self._has_held = False, True
        self._recording[command.request] = command
        return ""


def _report(now_ns: int, command: Command, stage: Stage, code: int, values: tuple[int, ...] = ()) -> CommandReport:
    return CommandReport(
        time_ns=now_ns, request=command.request, stage=stage, code=code, values=values, ack=command.ack
    )

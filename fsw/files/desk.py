"""The commands about files: what is done at once, what is begun, and what each of them is told.

Lists and hashes take several steps, copies perhaps several passes; a copy is told to have started once it is durable.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from typing import ClassVar

from fsw.bus.outbox import Outbox
from fsw.bus.topics import COMMAND_REPORT, REPORT
from fsw.catalogue.failures import failure_code
from fsw.files.names import FileName, FileRefused, file_name
from fsw.files.operations import GROUND, Operation, Operations, failure_of
from fsw.files.repository import Repositories
from fsw.files.state import CopyOrder
from fsw.files.tasks import hashing
from fsw.messages import Command, CommandReport, Report, Stage

TASKS_MAX = 16  # lists and hashes under way
REPORTS_A_STEP = 16  # of a list: a quarter of what telemetry holds
Task = Generator[None, None, None]


class Desk:
    """Answers through `out`. `ground` is the entity to which files go for a command without a source."""

    def __init__(self, out: Outbox, files: Repositories, operations: Operations, ground: int) -> None:
        self._out, self._files, self._operations, self._ground = out, files, operations, ground
        self._tasks: deque[tuple[Command, Task]] = deque()
        self._begun: dict[int, Command] = {}
        self._now_ns = 0

    @property
    def is_busy(self) -> bool:
        """Lists or hashes are under way."""
        return bool(self._tasks)

    def obey(self, now_ns: int, command: Command) -> None:
        """Do it, or begin what takes longer; what is not about files is let pass."""
        self._now_ns = now_ns
        doer = self._DOERS.get(command.name)
        if doer is None:
            return
        try:
            task = doer(self, command)
        except OSError as error:
            self._report(command, Stage.STARTED, *failure_of(error))
        else:
            if command.name == "copy_file":
                self._begun[command.request] = command
                return
            self._report(command, Stage.STARTED)
            if task is not None:
                self._tasks.append((command, task))
            else:
                self._report(command, Stage.COMPLETED)

    def step(self, now_ns: int) -> None:
        """Go on with lists and hashes."""
        self._now_ns = now_ns
        for _ in range(len(self._tasks)):
            command, task = self._tasks.popleft()
            try:
                next(task)
            except StopIteration:
                self._report(command, Stage.COMPLETED)
            except OSError as error:
                self._report(command, Stage.COMPLETED, *failure_of(error))
            else:
                self._tasks.append((command, task))

    def _delete(self, command: Command) -> None:
        self._files.delete(_named(command))

    def _describe(self, command: Command) -> Task:
        name = _named(command)
        self._files.size(str(name))
        self._check_tasks()
        return self._describing(name)

    def _describing(self, name: FileName) -> Task:
        size, digest = yield from hashing(self._files, name)
        is_locked = self._operations.uses(name) or self._files.is_expected(name)
        self._say("file_attributes", name.repository, name.path, size, digest, "yes" if is_locked else "no")

    def _list(self, command: Command) -> Task:
        self._check_tasks()
        entries = self._files.entries(str(command.arguments[0]))
        return self._rows([("file_row", (*entry.name, entry.size)) for entry in entries])

    def _report_copies(self, _command: Command) -> Task:
        self._check_tasks()
        rows = self._operations.rows()
        return self._rows([("copy_status", (row.order.number, row.state, row.done, row.total)) for row in rows])

    def _rows(self, rows: list[tuple[str, tuple[float | int | str, ...]]]) -> Task:
        for place, (name, values) in enumerate(rows, 1):
            self._say(name, *values)
            if not place % REPORTS_A_STEP:
                yield

    def _check_tasks(self) -> None:
        if len(self._tasks) >= TASKS_MAX:
            raise FileRefused("busy", f"{TASKS_MAX} commands are being carried out")

    def _copy(self, command: Command) -> None:
        number, *names = command.arguments
        source_repository, source, target_repository, target = (str(name) for name in names)
        if target_repository != GROUND:
            file_name(target_repository, target)
        self._operations.add(
            CopyOrder(
                number=int(number),
                source=str(file_name(source_repository, source)),
                target=f"{target_repository}/{target}",
                request=command.request,
                ack=command.ack,
                entity=command.source or self._ground,
            )
        )

    def _suspend(self, command: Command) -> None:
        self._operations.suspend(self._now_ns, int(command.arguments[0]))

    def _resume(self, command: Command) -> None:
        self._operations.resume(self._now_ns, int(command.arguments[0]))

    def _abort(self, command: Command) -> None:
        self._operations.abort(self._now_ns, int(command.arguments[0]))

    _DOERS: ClassVar[dict[str, Callable[[Desk, Command], Task | None]]] = {
        "delete_file": _delete, "describe_file": _describe, "list_files": _list, "copy_file": _copy,
        "suspend_copy": _suspend, "resume_copy": _resume, "abort_copy": _abort, "report_copies": _report_copies,
    }  # fmt: skip

    def saved(self) -> None:
        """What was begun is durable."""
        for request in list(self._begun):
            self._tell_begun(request)

    def conclude(self, now_ns: int, operation: Operation) -> None:
        """A copy is over: its command ends with it."""
        self._now_ns = now_ns
        order = operation.order
        self._tell_begun(order.request)
        self._publish(order.request, order.ack, Stage.COMPLETED, operation.label, operation.values)

    def _tell_begun(self, request: int) -> None:
        command = self._begun.pop(request, None)
        if command is not None:
            self._report(command, Stage.STARTED)

    def _report(self, command: Command, stage: Stage, label: str = "", values: tuple[float, ...] = ()) -> None:
        self._publish(command.request, command.ack, stage, label, values)

    def _publish(self, request: int, ack: int, stage: Stage, label: str, values: tuple[float, ...]) -> None:
        code = failure_code(label) if label else 0
        report = CommandReport(time_ns=self._now_ns, request=request, stage=stage, code=code, values=values, ack=ack)
        self._out.publish(COMMAND_REPORT, report)

    def _say(self, name: str, *values: float | int | str) -> None:
        self._out.publish(REPORT, Report(time_ns=self._now_ns, name=name, values=values))


def _named(command: Command) -> FileName:
    return file_name(str(command.arguments[0]), str(command.arguments[1]))

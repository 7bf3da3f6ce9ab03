"""The files' shell: protocol data units in and out, ST23 commands, and where everything stands kept durable.

In a step: what came is taken in, what the ground asked for is done or begun, the state is saved, and only then is
anything sent: an acknowledgement never says more than the disk would say after a power cut.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass

from fsw.bus.contract import Bus, BusFull, Policy
from fsw.bus.outbox import Outbox
from fsw.bus.topics import COMMAND, COMMAND_REPORT, CONTACT, DOWNLINKED_PDU, EVENT, HEARTBEAT, REPORT, UPLINKED_PDU
from fsw.catalogue.failures import failure_code
from fsw.cfdp.directives import Condition
from fsw.cfdp.settings import CfdpSettings, Ended
from fsw.files.delivery import Delivery
from fsw.files.names import FileName, FileRefused, file_name
from fsw.files.operations import DONE, GROUND, Operation, Operations, failure_of
from fsw.files.repository import Repositories
from fsw.files.state import CopyOrder, FilesState, StateFile
from fsw.files.tasks import hashing
from fsw.messages import Command, CommandReport, Event, FilePdu, Heartbeat, Report, Stage
from hal.clock import SECOND_NS
from hal.errors import PortError

HEARTBEAT_NS = 10 * SECOND_NS
TASKS_MAX = 16  # lists and hashes under way
REPORTS_A_STEP = 16  # of a list: a quarter of what telemetry holds
PDUS_DEPTH = 256  # that may come between two steps; CFDP asks again for what is over
TEXT = 100  # characters of a reason
Task = Generator[None, None, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesConfig:
    """`entity` is our CFDP number, `ground` that of a ground which gives none with its command."""

    entity: int = 2
    ground: int = 1
    segment_octets: int = 900
    checkpoint_s: float = 10.0
    parallel: int = 2
    period_s: float = 1.0


class FilesService:
    """Owns the repositories. Without word of a contact (no CONTACT yet) the ground is taken to hear us."""

    name = "files"

    def __init__(
        self, bus: Bus, repositories: Repositories, state: StateFile, config: FilesConfig | None = None
    ) -> None:
        self._config = config or FilesConfig()
        self.period_ns = int(self._config.period_s * SECOND_NS)
        self._bus, self._out, self._files, self._state = bus, Outbox(bus), repositories, state
        self._past = state.load()[0]
        settings = CfdpSettings(entity=self._config.entity, segment_octets=self._config.segment_octets)
        self._delivery = Delivery(repositories, settings, self._past.next_sequence)
        self._operations = Operations(repositories, self._delivery, self._conclude, self._config.parallel)
        repositories.is_used = self._operations.uses
        self._pdus = bus.subscribe(UPLINKED_PDU, self.name, Policy.REJECT, depth=PDUS_DEPTH)
        self._commands = bus.subscribe(COMMAND, self.name, Policy.DROP_OLDEST, depth=64)
        self._contacts = bus.subscribe(CONTACT, self.name, Policy.LATEST)
        self._tasks: deque[tuple[Command, Task]] = deque()
        self._begun: dict[int, Command] = {}  # copies that are told to have started once they are durable
        self._going: deque[bytes] = deque()  # PDUs that telemetry had no room for
        self._saved: object = None
        self._is_new = True
        self._counts = dict.fromkeys(("received", "sent", "copied", "failed", "dropped", "unsaved"), 0)
        self._now_ns = self._checkpoint_ns = self._heartbeat_ns = self._steps = 0

    @property
    def is_busy(self) -> bool:
        """Steps are wanted as often as possible."""
        return bool(self._tasks) or self._delivery.is_active or self._operations.is_working

    def counts(self) -> dict[str, int]:
        """What became of files, and of protocol data units."""
        entity = self._delivery.entity
        return {**self._counts, "refused": entity.refused + entity.unclaimed, "untold": entity.untold}

    def step(self, now_ns: int) -> None:
        """Hear, do, save, send."""
        self._now_ns = now_ns
        self._out.flush()
        self._begin_anew(now_ns)
        self._delivery.hear(now_ns, self._contacts.take())
        for pdu in self._pdus.drain():
            self._delivery.entity.receive(now_ns, pdu.octets)
        self._hear_ends()
        for command in self._commands.drain():
            self._obey(command)
        self._go_on()
        if not self._going:  # where telemetry has no room, nothing new is made
            self._going.extend(self._delivery.pull(now_ns))
        self._save_if_due(now_ns)
        self._send(now_ns)
        self._steps += 1
        if now_ns >= self._heartbeat_ns:
            self._heartbeat_ns = now_ns + HEARTBEAT_NS
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def _begin_anew(self, now_ns: int) -> None:
        """Once: go on with what an earlier life of this process has left."""
        if not self._is_new:
            return
        self._is_new = False
        self._files.spool.keep_only({checkpoint.partial for checkpoint in self._past.receptions})
        resumed = self._delivery.restore(now_ns, self._past.receptions)
        resumed += self._operations.restore(now_ns, self._past.orders)
        if resumed:
            self._tell("transfers_resumed", resumed, 0)

    def _hear_ends(self) -> None:
        for indication in self._delivery.entity.indications():
            if isinstance(indication, Ended):
                if indication.is_sender:
                    self._operations.hear(indication)
                else:
                    self._received(indication)
        for name in self._files.take_dropped():
            self._counts["dropped"] += 1
            self._tell("file_dropped", str(name), "made room for another")

    def _received(self, ended: Ended) -> None:
        self._counts["received" if ended.is_delivered else "failed"] += 1
        if ended.is_delivered:
            self._tell("file_received", ended.name, ended.octets)
        else:
            why = Condition(ended.condition).name.lower()
            self._tell("file_failed", ended.name or f"transfer {ended.id[0]}.{ended.id[1]}", why)

    def _obey(self, command: Command) -> None:
        """Do it, or begin what takes longer."""
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

    def _go_on(self) -> None:
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
        self._operations.step()

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
                entity=command.source or self._config.ground,
            )
        )

    def _suspend(self, command: Command) -> None:
        self._operations.suspend(self._now_ns, int(command.arguments[0]))

    def _resume(self, command: Command) -> None:
        self._operations.resume(self._now_ns, int(command.arguments[0]))

    def _abort(self, command: Command) -> None:
        self._operations.abort(self._now_ns, int(command.arguments[0]))

    _DOERS: dict[str, Callable[[FilesService, Command], Task | None]] = {  # noqa: RUF012 - never written
        "delete_file": _delete, "describe_file": _describe, "list_files": _list, "copy_file": _copy,
        "suspend_copy": _suspend, "resume_copy": _resume, "abort_copy": _abort, "report_copies": _report_copies,
    }  # fmt: skip

    def _conclude(self, operation: Operation) -> None:
        """A copy is over: its command ends with it."""
        order = operation.order
        self._tell_begun(order.request)
        self._publish(order.request, order.ack, Stage.COMPLETED, operation.label, operation.values)
        if operation.state != DONE:
            self._counts["failed"] += 1
            self._tell("file_failed", order.source, operation.why[:TEXT])
        else:
            kind = "sent" if operation.is_delivery else "copied"
            self._counts[kind] += 1
            self._tell(f"file_{kind}", order.source, operation.total)

    def _tell_begun(self, request: int) -> None:
        command = self._begun.pop(request, None)
        if command is not None:
            self._report(command, Stage.STARTED)

    def _save_if_due(self, now_ns: int) -> None:
        """At once when something began or ended, else now and then while something comes in."""
        receiving = self._delivery.receiving()
        is_urgent = receiving != self._saved or self._operations.has_changed
        if not is_urgent and not (receiving and now_ns >= self._checkpoint_ns):
            return
        self._checkpoint_ns = now_ns + int(self._config.checkpoint_s * SECOND_NS)
        entity = self._delivery.entity
        try:
            state = FilesState(
                next_sequence=entity.next_sequence,
                receptions=tuple(entity.checkpoints()),
                orders=self._operations.orders(),
            )
            self._state.save(state)
        except (PortError, OSError):
            self._counts["unsaved"] += 1  # files go on; a restart now would begin them again
        self._saved, self._operations.has_changed = receiving, False
        for request in list(self._begun):
            self._tell_begun(request)

    def _send(self, now_ns: int) -> None:
        """What telemetry has no room for waits; without contact all does."""
        while self._going and not self._delivery.entity.is_suspended:
            try:
                self._bus.publish(DOWNLINKED_PDU, FilePdu(time_ns=now_ns, octets=self._going[0]))
            except BusFull:
                return
            self._going.popleft()

    def _report(self, command: Command, stage: Stage, label: str = "", values: tuple[float, ...] = ()) -> None:
        self._publish(command.request, command.ack, stage, label, values)

    def _publish(self, request: int, ack: int, stage: Stage, label: str, values: tuple[float, ...]) -> None:
        code = failure_code(label) if label else 0
        report = CommandReport(time_ns=self._now_ns, request=request, stage=stage, code=code, values=values, ack=ack)
        self._out.publish(COMMAND_REPORT, report)

    def _say(self, name: str, *values: float | int | str) -> None:
        self._out.publish(REPORT, Report(time_ns=self._now_ns, name=name, values=values))

    def _tell(self, name: str, *values: float | int | str) -> None:
        self._out.publish(EVENT, Event(time_ns=self._now_ns, name=name, values=values))


def _named(command: Command) -> FileName:
    return file_name(str(command.arguments[0]), str(command.arguments[1]))

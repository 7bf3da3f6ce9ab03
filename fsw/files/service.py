"""The files' shell: protocol data units in and out, ST23 commands, and where everything stands kept durable.

In a step: what came is taken in, what the ground asked for is done or begun, the state is saved, and only then is
anything sent: an acknowledgement never says more than the disk would say after a power cut.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from fsw.bus.contract import Bus, BusFull, Policy
from fsw.bus.outbox import Outbox
from fsw.bus.topics import COMMAND, CONTACT, DOWNLINKED_PDU, EVENT, HEARTBEAT, UPLINKED_PDU
from fsw.cfdp.directives import Condition
from fsw.cfdp.settings import CfdpSettings, Ended
from fsw.files.delivery import Delivery
from fsw.files.desk import Desk
from fsw.files.operations import DONE, Operation, Operations
from fsw.files.repository import Repositories
from fsw.files.state import FilesState, StateFile
from fsw.messages import Event, FilePdu, Heartbeat
from hal.clock import SECOND_NS
from hal.errors import PortError

HEARTBEAT_NS = 10 * SECOND_NS
RETRY_NS = 10 * SECOND_NS  # between two tries on a disk that fails: each may take as long as the disk likes
PDUS_DEPTH = 256  # that may come between two steps; CFDP asks again for what is over
TEXT = 100  # characters of a reason


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
        self._desk = Desk(self._out, repositories, self._operations, self._config.ground)
        self._going: deque[bytes] = deque()  # PDUs that telemetry had no room for
        self._saved: object = ()
        self._is_new = True
        self._counts = dict.fromkeys(("received", "sent", "copied", "failed", "dropped", "unsaved"), 0)
        self._now_ns = self._checkpoint_ns = self._retry_ns = self._heartbeat_ns = self._steps = 0

    @property
    def is_busy(self) -> bool:
        """Steps are wanted as often as possible."""
        return self._desk.is_busy or self._delivery.is_active or self._operations.is_working

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
            self._desk.obey(now_ns, command)
        self._desk.step(now_ns)
        self._operations.step()
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

    def _conclude(self, operation: Operation) -> None:
        """A copy is over."""
        order = operation.order
        self._desk.conclude(self._now_ns, operation)
        if operation.state != DONE:
            self._counts["failed"] += 1
            self._tell("file_failed", order.source, operation.why[:TEXT])
        else:
            kind = "sent" if operation.is_delivery else "copied"
            self._counts[kind] += 1
            self._tell(f"file_{kind}", order.source, operation.total)

    def _save_if_due(self, now_ns: int) -> None:
        """At once when something began or ended, else now and then while something comes in."""
        receiving = self._delivery.receiving()
        is_urgent = receiving != self._saved or self._operations.has_changed
        if now_ns >= self._retry_ns and (is_urgent or (receiving and now_ns >= self._checkpoint_ns)):
            self._checkpoint_ns = now_ns + int(self._config.checkpoint_s * SECOND_NS)
            self._save(now_ns, receiving)
        self._desk.saved()

    def _save(self, now_ns: int, receiving: object) -> None:
        """A disk that refuses is asked again later; files go on, and a restart meanwhile would begin them again."""
        entity = self._delivery.entity
        try:
            state = FilesState(
                next_sequence=entity.next_sequence,
                receptions=tuple(entity.checkpoints()),
                orders=self._operations.orders(),
            )
            self._state.save(state)
        except (PortError, OSError):
            self._counts["unsaved"] += 1
            self._retry_ns = now_ns + RETRY_NS
            return
        self._saved, self._operations.has_changed = receiving, False

    def _send(self, now_ns: int) -> None:
        """What telemetry has no room for waits; without contact all does."""
        while self._going and not self._delivery.entity.is_suspended:
            try:
                self._bus.publish(DOWNLINKED_PDU, FilePdu(time_ns=now_ns, octets=self._going[0]))
            except BusFull:
                return
            self._going.popleft()

    def _tell(self, name: str, *values: float | int | str) -> None:
        self._out.publish(EVENT, Event(time_ns=self._now_ns, name=name, values=values))

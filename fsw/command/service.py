"""The command shell: takes packets off the link, publishes commands and acceptance, watches over their end.

Packets whose time or cause has come on board take the same way as those from the ground. A hazardous command must have
been armed; one that a response of the fault table carries was armed when the table was loaded.
"""

from __future__ import annotations

from dataclasses import dataclass

from fsw.bus.contract import Bus, BusFull, Policy
from fsw.bus.topics import (
    COMMAND,
    COMMAND_REPORT,
    DURABLE,
    EVENT,
    HEARTBEAT,
    MODE,
    PARAMETER,
    STORED_COMMAND,
    UPLINKED_PDU,
)
from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.failures import failure_code
from fsw.catalogue.wire import Value
from fsw.command.arming import Arming, NotAllowed
from fsw.command.decoder import CommandDecoder, FilePart, Garbage, Refusal, Repeat
from fsw.command.tracker import CommandTracker
from fsw.messages import Command, CommandReport, Event, FilePdu, Heartbeat, ParameterSet, Stage
from hal.clock import SECOND_NS
from hal.ports.link import DatagramLink

HEARTBEAT_STEPS = 10
STORED_DEPTH = 64  # commands of one moment of the schedule
DURABLE_NS = 8 * SECOND_NS  # a store that has not recorded a command by then has lost its disk
UNDURABLE_MOST = 64  # commands that wait for it
RESPONSE = "response"  # origin of what the fault table releases
COUNTS = ("accepted", "refused", "repeated", "garbage", "untracked", "unanswered", "unarmed", "stored", "file_parts")


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandConfig:
    """`packets_per_step` bounds the work of one step; what is over waits in the link."""

    apid: int = PAYLOAD_APID
    packets_per_step: int = 16


class CommandService:
    """Receives on a link that telemetry may share for sending."""

    name = "command"
    period_ns = SECOND_NS

    def __init__(self, bus: Bus, link: DatagramLink, config: CommandConfig | None = None) -> None:
        self._config = config or CommandConfig()
        self._bus = bus
        self._link = link
        self._decoder = CommandDecoder(self._config.apid)
        self._tracker = CommandTracker()
        self._modes = bus.subscribe(MODE, self.name, Policy.LATEST)
        self._reports = bus.subscribe(COMMAND_REPORT, self.name)
        self._mode: str | None = None
        self._stored = bus.subscribe(STORED_COMMAND, self.name, Policy.MUST_DELIVER, STORED_DEPTH)
        self._durable = bus.subscribe(DURABLE, self.name, Policy.MUST_DELIVER, STORED_DEPTH)
        self._undurable: dict[int, Command] = {}  # set, and not recorded yet
        self._arming = Arming()
        self._counts = dict.fromkeys(COUNTS, 0)
        self._steps = 0

    def step(self, now_ns: int) -> None:
        """Handle what has arrived and what is overdue."""
        for _ in range(self._config.packets_per_step):
            packet = self._link.receive()
            if packet is None:
                break
            self._handle(now_ns, packet)
        for stored in self._stored.drain():
            self._counts["stored"] += 1
            self._handle(now_ns, stored.packet, stored.origin)
        for report in self._reports.drain():
            self._tracker.note(report)
        if self._tracker:
            self._give_up_overdue(now_ns)
        self._confirm(now_ns)
        self._steps += 1
        if self._steps % HEARTBEAT_STEPS == 1:
            self._bus.publish(HEARTBEAT, Heartbeat(time_ns=now_ns, service=self.name, steps=self._steps))

    def counts(self) -> dict[str, int]:
        """What became of the packets received."""
        return dict(self._counts)

    def _handle(self, now_ns: int, packet: bytes, origin: str = "") -> None:
        """One packet from the link, or from `origin` on board."""
        if (status := self._modes.take()) is not None:
            self._mode = status.mode
        match self._decoder.decode(now_ns, packet, self._mode, is_stored=bool(origin)):
            case Command() as command:
                self._consider(command, origin)
            case FilePart(octets=octets):
                self._pass_on(now_ns, octets)
            case Refusal() as refusal:
                self._refuse(now_ns, refusal)
            case Repeat(request=request):
                self._count(now_ns, "repeated", "command_repeated", request)
            case Garbage(octets=octets, text=text):
                self._count(now_ns, "garbage", "packet_refused", octets, text)

    def _consider(self, command: Command, origin: str) -> None:
        """Accept what may act: a hazardous command that is armed, an arming of one that has to be."""
        now_ns = command.time_ns
        if command.name == "arm":
            obstacle = self._arming.arm(now_ns, str(command.arguments[0]), float(command.arguments[1]))
        else:
            obstacle = None if origin == RESPONSE else self._arming.use(now_ns, command.name)
        if obstacle is None:
            self._accept(command)
        else:
            self._forbid(command, obstacle)

    def _forbid(self, command: Command, obstacle: NotAllowed) -> None:
        """Refuse a command, which may come again."""
        self._decoder.forget(command.request)
        self._counts["unarmed"] += 1
        code = failure_code(obstacle.label)
        refusal = Refusal(
            request=command.request, ack=command.ack, name=command.name, code=code, values=obstacle.values
        )
        self._refuse(command.time_ns, refusal)

    def _pass_on(self, now_ns: int, octets: bytes) -> None:
        """A part of a file: whoever transfers files asks again for what is lost."""
        try:
            self._bus.publish(UPLINKED_PDU, FilePdu(time_ns=now_ns, octets=octets))
            self._counts["file_parts"] += 1
        except BusFull:
            self._counts["refused"] += 1

    def _accept(self, command: Command) -> None:
        """Acceptance is published first, so that it leaves before anything that the command causes."""
        self._report(command, Stage.ACCEPTED)
        try:
            self._bus.publish(COMMAND, command)
        except BusFull:
            self._decoder.forget(command.request)
            self._counts["refused"] += 1
            self._report(command, Stage.STARTED, failure_code("busy"))
            return
        self._counts["accepted"] += 1
        row = COMMAND_BY_NAME[command.name]
        if command.name == "set_parameter":
            self._set_parameter(command)
        elif command.name == "arm":
            self._tell_armed(command)
        elif not self._tracker.begin(command, row.timeout_s):
            self._count(command.time_ns, "untracked", "command_untracked", command.request)

    def _set_parameter(self, command: Command) -> None:
        name, value = str(command.arguments[0]), float(command.arguments[1])
        self._report(command, Stage.STARTED)
        self._bus.publish(PARAMETER, ParameterSet(time_ns=command.time_ns, name=name, value=value))
        self._bus.publish(EVENT, Event(time_ns=command.time_ns, name="parameter_set", values=(name, value)))
        if len(self._undurable) >= UNDURABLE_MOST:
            oldest = self._undurable.pop(next(iter(self._undurable)))
            self._report(oldest, Stage.COMPLETED, failure_code("store_degraded"), command.time_ns)
        self._undurable[command.request] = command

    def _confirm(self, now_ns: int) -> None:
        """Complete what the store has recorded: a parameter that was set outlives the power then."""
        for durable in self._durable.drain():
            for request in durable.requests:
                if (command := self._undurable.pop(request, None)) is not None:
                    self._report(command, Stage.COMPLETED, now_ns=now_ns)
        for request, command in list(self._undurable.items()):
            if now_ns - command.time_ns > DURABLE_NS:
                del self._undurable[request]
                self._report(command, Stage.COMPLETED, failure_code("store_degraded"), now_ns)

    def _tell_armed(self, command: Command) -> None:
        self._report(command, Stage.STARTED)
        self._bus.publish(EVENT, Event(time_ns=command.time_ns, name="command_armed", values=command.arguments))
        self._report(command, Stage.COMPLETED)

    def _refuse(self, now_ns: int, refusal: Refusal) -> None:
        report = CommandReport(
            time_ns=now_ns,
            request=refusal.request,
            stage=refusal.stage,
            code=refusal.code,
            values=refusal.values,
            ack=refusal.ack,
        )
        self._bus.publish(COMMAND_REPORT, report)
        name = refusal.name or f"{refusal.request:#010x}"
        self._count(now_ns, "refused", "command_refused", name, refusal.text)

    def _give_up_overdue(self, now_ns: int) -> None:
        for request, pending in self._tracker.overdue(now_ns):
            self._counts["unanswered"] += 1
            report = CommandReport(
                time_ns=now_ns,
                request=request,
                stage=Stage.COMPLETED,
                code=failure_code("no_answer"),
                values=(pending.timeout_s,),
                ack=pending.ack,
            )
            self._bus.publish(COMMAND_REPORT, report)

    def _report(self, command: Command, stage: Stage, code: int = 0, now_ns: int | None = None) -> None:
        """A report as of now, or of when the command came."""
        time_ns = command.time_ns if now_ns is None else now_ns
        report = CommandReport(time_ns=time_ns, request=command.request, stage=stage, code=code, ack=command.ack)
        self._bus.publish(COMMAND_REPORT, report)

    def _count(self, now_ns: int, kind: str, event: str, *values: Value) -> None:
        self._counts[kind] += 1
        self._bus.publish(EVENT, Event(time_ns=now_ns, name=event, values=values))

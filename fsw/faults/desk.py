"""The commands of the fault table. Each is answered; a change is answered when it is durable, or cannot be."""

from __future__ import annotations

from collections.abc import Callable

from fsw.carried import check_carried
from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.events import EVENT_BY_NAME, WATCHPOINT_VALUES
from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.rows import YES_NO
from fsw.catalogue.wire import Value, WireError
from fsw.faults.feeds import can_be_watched
from fsw.faults.responses import Response
from fsw.faults.table import FaultTable
from fsw.faults.watchpoint import Watch, Watchpoint
from fsw.messages import Command
from fsw.replies import Replies

Values = tuple[Value, ...]
LOW_EVENT, HIGH, HIGH_EVENT, HYSTERESIS, EVENT, PACKET = 4, 5, 6, 8, 1, 2  # places of arguments
VALUES = tuple(value.split(":")[0] for value in WATCHPOINT_VALUES.split())


class FaultDesk:
    """Carries out commands on the table. `owed` are the changes that wait until they are durable."""

    def __init__(self, table: FaultTable, replies: Replies) -> None:
        self._table, self._replies = table, replies
        self.owed: list[Command] = []
        self._changes: dict[str, Callable[[int, Values], str]] = {
            "add_monitor": lambda now_ns, values: table.add(now_ns, _watchpoint(values)),
            "modify_monitor": lambda now_ns, values: table.modify(now_ns, _watchpoint(values)),
            "delete_monitor": lambda _now_ns, values: table.delete(int(values[0])),
            "enable_monitor": lambda now_ns, values: table.enable(now_ns, int(values[0]), True),
            "disable_monitor": lambda now_ns, values: table.enable(now_ns, int(values[0]), False),
            "enable_monitoring": lambda now_ns, _values: table.monitor(now_ns, True),
            "disable_monitoring": lambda now_ns, _values: table.monitor(now_ns, False),
            "add_response": lambda _now_ns, values: table.respond(_response(values)),
            "delete_response": lambda _now_ns, values: table.forget(str(values[EVENT])),
            "delete_responses": lambda _now_ns, _values: table.forget_all(),
            "enable_response": lambda _now_ns, values: table.arm(str(values[EVENT]), True),
            "disable_response": lambda _now_ns, values: table.arm(str(values[EVENT]), False),
            "enable_responses": lambda _now_ns, _values: table.respond_to_all(True),
            "disable_responses": lambda _now_ns, _values: table.respond_to_all(False),
        }
        self._questions: dict[str, Callable[[int, Values], None]] = {
            "describe_monitor": lambda now_ns, values: self._describe(now_ns, table.watches[int(values[0])]),
            "report_monitors": self._report_monitors,
            "report_responses": self._report_responses,
            "describe_responses": self._describe_responses,
        }

    def obey(self, now_ns: int, command: Command) -> None:
        """Carry out one command; others' are left alone."""
        if command.name in self._changes:
            self._change(now_ns, command)
        elif command.name in self._questions:
            self._answer(now_ns, command)

    def settle(self, now_ns: int, durable: bool) -> None:
        """Answer what is owed. What could not be made durable holds until the power goes."""
        for command in self.owed:
            self._replies.completed(now_ns, command, "" if durable else "store_degraded")
        self.owed.clear()

    def _change(self, now_ns: int, command: Command) -> None:
        values: tuple[float, ...] = ()
        try:
            label = self._changes[command.name](now_ns, command.arguments)
        except WireError as error:
            label, values = error.label, error.values
        if label in ("no_such_monitor", "monitor_exists"):
            values = (float(command.arguments[0]),)
        self._replies.started(now_ns, command, label, values)
        if not label:
            self.owed.append(command)

    def _answer(self, now_ns: int, command: Command) -> None:
        if self._replies.is_full:
            self._replies.started(now_ns, command, "busy")
            return
        if command.name == "describe_monitor" and command.arguments[0] not in self._table.watches:
            self._replies.started(now_ns, command, "no_such_monitor", (float(command.arguments[0]),))
            return
        self._replies.started(now_ns, command)
        self._questions[command.name](now_ns, command.arguments)
        self._replies.completed(now_ns, command)

    def _describe(self, now_ns: int, watch: Watch) -> None:
        point = watch.point
        limits = (point.low, point.low_event, point.high, point.high_event, point.age_limit_s, point.hysteresis)
        values = (point.number, point.parameter, point.repetitions, *limits, YES_NO[point.enabled])
        self._replies.tell(now_ns, "monitor_definition", values)

    def _report_monitors(self, now_ns: int, _values: Values) -> None:
        for watch in self._table.watches.values():
            values = (watch.point.number, self._table.status(watch), watch.trips)
            self._replies.tell(now_ns, "monitor_status", values)

    def _report_responses(self, now_ns: int, _values: Values) -> None:
        for event, responder in self._table.responders.items():
            values = (PAYLOAD_APID, event, YES_NO[responder.response.enabled], responder.fired)
            self._replies.tell(now_ns, "response_status", values)

    def _describe_responses(self, now_ns: int, _values: Values) -> None:
        for event, responder in self._table.responders.items():
            response = responder.response
            values = (PAYLOAD_APID, event, YES_NO[response.enabled], response.packet.hex())
            self._replies.tell(now_ns, "response_definition", values)


def _watchpoint(values: Values) -> Watchpoint:
    """A watchpoint out of the arguments of a command; raises WireError for one that could not work."""
    number, parameter, repetitions, low, low_event, high, high_event, age_limit_s, hysteresis = values
    point = Watchpoint(
        number=int(number),
        parameter=str(parameter),
        repetitions=int(repetitions),
        low=float(low),
        low_event=str(low_event),
        high=float(high),
        high_event=str(high_event),
        age_limit_s=float(age_limit_s),
        hysteresis=float(hysteresis),
    )
    if not can_be_watched(point.parameter):
        row = PARAMETER_BY_NAME[point.parameter]
        raise WireError(1, f"{row.name} has no number", "not_reportable", (float(row.id),))
    if point.low > point.high:
        raise WireError(HIGH, "the limits leave nothing between them")
    if point.hysteresis > point.high - point.low:
        raise WireError(HYSTERESIS, "never within the limits again")
    for place, event in ((LOW_EVENT, point.low_event), (HIGH_EVENT, point.high_event)):
        if event and tuple(field.name for field in EVENT_BY_NAME[event].fields) != VALUES:
            raise WireError(place, f"{event} is not told by a watchpoint")
    return point


def _response(values: Values) -> Response:
    """A response out of the arguments of a command; raises WireError for a packet that is not to be carried."""
    _apid, event, packet = values
    octets = bytes.fromhex(str(packet))
    check_carried(octets, PACKET)
    if not event:
        raise WireError(EVENT, "no event")
    return Response(event=str(event), packet=octets)

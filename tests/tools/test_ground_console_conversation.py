"""The console's conversation against the real command and telemetry services, over a link in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, COMMAND_REPORT, DURABLE
from fsw.command.service import CommandService
from fsw.messages import CommandReport, Durable, Stage
from fsw.telemetry.service import TelemetryService
from hal.clock import SECOND_NS, OnboardTime, SteppedClock
from hal.ports.link import memory_pair
from tools.ground import options
from tools.ground.arguments import find_command
from tools.ground.cli import gnd
from tools.ground.console.alarms import Alarms
from tools.ground.console.cli import note, reopened
from tools.ground.console.conversation import ORDERS_MOST, Conversation, Order
from tools.ground.console.operating import Operator
from tools.ground.console.picture import Picture
from tools.ground.history import History, HistoryError
from tools.ground.journal import Journal, author, commands_of
from tools.ground.link import LinkDown
from tools.ground.options import Station
from tools.ground.session import Session

TAI_AT_ZERO_NS = 2_173_824_037 * SECOND_NS
UTC_AT_ZERO_NS = 1_795_132_800 * SECOND_NS


class LabClock(SteppedClock):
    """A stepped clock that also tells UTC."""

    def utc_ns(self) -> int:
        return UTC_AT_ZERO_NS + self.now_ns()


@dataclass
class Flight:
    """Both services of the space link and a governor that obeys. Waiting for a packet makes time pass on board."""

    is_down: bool = False
    clock: LabClock = field(default_factory=LabClock)
    bus: MemoryBus = field(default_factory=MemoryBus)

    def __post_init__(self) -> None:
        on_board, self._ground = memory_pair(depth=4096)
        self._command = CommandService(self.bus, on_board)
        self._telemetry = TelemetryService(
            self.bus, on_board, OnboardTime(tai_at_zero_ns=TAI_AT_ZERO_NS), counters={"command": self._command.counts}
        )
        self._orders = self.bus.subscribe(COMMAND, "govern")
        self.obeyed: list[str] = []

    def send(self, packet: bytes) -> None:
        if self.is_down:
            raise LinkDown("nobody listens there")
        self._ground.send(packet)

    def receive(self, timeout_ns: int) -> bytes | None:
        if self.is_down:
            raise LinkDown("nobody listens there")
        waiting = self._ground.receive()
        if waiting is not None:
            return waiting
        self._step()
        self.clock.advance_to_ns(self.clock.now_ns() + timeout_ns)
        return None

    def close(self) -> None:
        self._ground.receive()

    def _step(self) -> None:
        now_ns = self.clock.now_ns()
        self._command.step(now_ns)
        for command in self._orders.drain():
            self.bus.publish(DURABLE, Durable(time_ns=now_ns, job_ids=(), requests=(command.request,)))
            if command.name == "set_mode":
                self.obeyed.append(str(command.arguments[0]))
                for stage in (Stage.STARTED, Stage.COMPLETED):
                    report = CommandReport(time_ns=now_ns, request=command.request, ack=command.ack, stage=stage)
                    self.bus.publish(COMMAND_REPORT, report)
        self._telemetry.step(now_ns)


@dataclass
class Desk:
    """A console without a screen."""

    flight: Flight = field(default_factory=Flight)
    history: Path = Path()

    def __post_init__(self) -> None:
        self.picture = Picture()
        self.session = Session(self.flight, self.flight.clock, sequence=7)
        journal = Journal(History(self.history), author("ada"), self.flight.clock) if self.history.name else None
        self.conversation = Conversation(self.session, self.picture, journal)
        self.operator = Operator(self.picture, self.conversation, "ada")

    def listen(self, seconds: float = 3.0) -> None:
        self.conversation.listen(self.flight.clock.now_ns() + round(seconds * SECOND_NS))


def order(name: str) -> Order:
    return Order(text=name, row=find_command(name), values=(), user="ada", queued_ns=0)


def test_what_is_ordered_goes_out_and_its_stages_come_back() -> None:
    desk = Desk()
    desk.operator.enter("ping")
    desk.listen()
    sent = desk.picture.commands.last
    assert sent is not None and (sent.text, sent.user, sent.verdict) == ("ping", "ada", "completed")
    assert [row.stage for row in sent.verifier.rows if row.state.value == "done"] == [
        "QUEUED", "RELEASED", "SENT", "ACCEPTED", "STARTED", "COMPLETED",
    ]  # fmt: skip


def test_a_hazardous_command_takes_two_enters_and_acts_once() -> None:
    desk = Desk()
    desk.operator.enter("set_mode mode=SAFE")
    desk.listen()
    assert desk.flight.obeyed == [] and "FIRES" in desk.operator.state()
    desk.operator.enter("set_mode mode=SAFE")
    desk.listen()
    assert desk.flight.obeyed == ["SAFE"]
    assert [sent.verdict for sent in desk.picture.commands] == ["completed", "completed"]


def test_what_the_board_refuses_is_told_with_code_label_and_values() -> None:
    desk = Desk()
    desk.conversation.order(
        Order(text="set_mode mode=SAFE", row=find_command("set_mode"), values=("SAFE",), user="ada", queued_ns=0)
    )
    desk.listen()
    sent = desk.picture.commands.last
    assert sent is not None and sent.verdict == "not accepted" and "not_armed" in sent.detail
    assert desk.flight.obeyed == []


def test_without_a_link_a_command_is_told_not_to_have_left_and_the_next_ones_go_when_it_is_back() -> None:
    desk = Desk(Flight(is_down=True))
    desk.conversation.order(order("ping"))
    desk.conversation.send_waiting()
    assert [sent.verdict for sent in desk.picture.commands] == ["not sent: nobody listens there"]
    desk.flight.is_down = False
    desk.conversation.order(order("ping"))
    desk.listen()
    assert [sent.verdict for sent in desk.picture.commands] == ["not sent: nobody listens there", "completed"]


def test_more_orders_than_a_person_types_are_refused_and_none_is_lost() -> None:
    desk = Desk()
    taken = [desk.conversation.order(order("ping")) for _ in range(ORDERS_MOST + 3)]
    assert taken == [True] * ORDERS_MOST + [False] * 3
    desk.listen(30.0)
    assert [sent.verdict for sent in desk.picture.commands] == ["completed"] * ORDERS_MOST


def test_its_thread_listens_until_it_is_stopped_and_waits_for_a_link_that_is_down() -> None:
    desk = Desk()
    desk.conversation.order(order("ping"))
    desk.conversation.start()
    desk.conversation.stop()
    assert desk.picture.trouble == ""
    down = Desk(Flight(is_down=True))
    down.conversation.start()
    down.conversation.stop()
    assert down.picture.trouble in ("", "nobody listens there")


def written(path: Path) -> list[tuple[object, object]]:
    History(path).verify()
    return [(row["typed"], row["verdict"]) for row in commands_of(History(path).entries())]


def test_what_is_sent_is_in_the_history_with_its_verdict(tmp_path: Path) -> None:
    desk = Desk(history=tmp_path / "commands.jsonl")
    desk.operator.enter("ping")
    desk.operator.enter("cancel_job job=5")
    desk.listen()
    assert written(desk.history) == [("ping", "completed"), ("cancel_job job=5", "open")]
    desk.conversation.stop()
    assert written(desk.history) == [("ping", "completed"), ("cancel_job job=5", "unknown")]


def test_what_cannot_be_written_down_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "no-folder").write_text("a file")
    desk = Desk(history=tmp_path / "no-folder" / "commands.jsonl")
    desk.operator.enter("ping")
    desk.listen()
    sent = desk.picture.commands.last
    assert sent is not None and sent.verdict.startswith("not sent: ")
    assert {row.stage for row in sent.verifier.rows if row.state.value == "done"} == {"QUEUED", "RELEASED"}


def test_of_a_command_that_met_a_dead_link_the_history_says_so(tmp_path: Path) -> None:
    desk = Desk(Flight(is_down=True), history=tmp_path / "commands.jsonl")
    desk.operator.enter("ping")
    desk.conversation.send_waiting()
    desk.conversation.stop()
    (row,) = commands_of(History(desk.history).entries())
    assert (row["verdict"], row["trouble"]) == ("unknown", "nobody listens there")


def test_what_is_done_with_an_alarm_is_in_the_same_chain(tmp_path: Path) -> None:
    history = History(tmp_path / "commands.jsonl")
    alarms = Alarms()
    alarms.raised("event guard_trip", "high", "guard stopped the payload", 0)
    note(history, author("ada"), alarms.acknowledge(1, "ada", "seen", UTC_AT_ZERO_NS))
    history.verify()
    (line,) = history.entries()
    assert (line["kind"], line["operator"], line["action"], line["alarm"], line["comment"], line["utc"]) == (
        "alarm", "ada", "acknowledged", "event guard_trip", "seen", "2026-11-20T00:00:00.000Z",
    )  # fmt: skip
    with pytest.raises(HistoryError):
        note(History(tmp_path), author("ada"), alarms.actions[0])


def test_after_a_link_that_was_down_a_new_session_is_opened_and_nothing_old_leaves() -> None:
    desk = Desk(Flight(is_down=True))
    opened: list[Session] = []

    def reopen() -> Session:
        if not opened:
            opened.append(desk.session)
            raise LinkDown("no keys yet")
        desk.flight.is_down = False
        opened.append(Session(desk.flight, desk.flight.clock, sequence=9))
        desk.conversation.order(order("ping"))
        return opened[-1]

    conversation = Conversation(desk.session, desk.picture, None, reopen)
    desk.conversation = conversation
    conversation.renew()
    assert desk.picture.trouble == "no keys yet"
    conversation.renew()
    desk.listen()
    assert (len(opened), desk.picture.trouble) == (2, "")
    assert [sent.verdict for sent in desk.picture.commands] == ["completed"]


def test_a_session_is_opened_again_in_another_thread_and_its_errors_are_those_of_the_link() -> None:
    flights = [Flight(), Flight()]
    station = Station(link=lambda: flights.pop(), clock=LabClock())
    context = click.Context(gnd, obj=station)
    with ExitStack() as sessions:
        with ThreadPoolExecutor(1) as pool:
            for _ in range(2):
                pool.submit(lambda: reopened(context, sessions, options.session(0, "", 1))).result()
        assert flights == []
        station = Station(link=down, clock=LabClock())
        context.obj = station
        with pytest.raises(LinkDown, match="nobody"):
            reopened(context, sessions, options.session(0, "", 1))


def down() -> Flight:
    raise LinkDown("nobody listens there")

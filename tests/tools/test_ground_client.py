"""The Python interface: the same verbs and history, waiting for telemetry and events, the manual's procedure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fsw.bus.topics import COMMAND, COMMAND_REPORT, EVENT
from fsw.messages import CommandReport, Event, Stage
from hal.clock import SECOND_NS
from tests.tools.test_ground_loop import Flight
from tools.ground.arguments import ArgumentError, RangeError
from tools.ground.client import Client, CommandFailed
from tools.ground.history import History
from tools.ground.journal import Journal, author, commands_of
from tools.ground.link import LinkDown
from tools.ground.session import Session

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "ground-api.md"
JOB_S = 30


class Working(Flight):
    """The flight with a dispatcher that does every job in half a minute."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._jobs = self.bus.subscribe(COMMAND, "test")
        self._due_ns: list[int] = []
        self.is_idle = False

    def _step(self) -> None:
        now_ns = self.clock.now_ns()
        for command in self._jobs.drain():
            if command.name in ("submit_job", "hold_jobs"):
                self._due_ns += [now_ns + JOB_S * SECOND_NS] if command.name == "submit_job" else []
                for stage in (Stage.STARTED, Stage.COMPLETED):
                    report = CommandReport(time_ns=now_ns, request=command.request, stage=stage, code=0, values=())
                    self.bus.publish(COMMAND_REPORT, report)
        for due_ns in [due_ns for due_ns in self._due_ns if due_ns <= now_ns]:
            self._due_ns.remove(due_ns)
            if self.is_idle:
                continue
            values = (7, "water", "full", 30.0, 1170.5, 53.0, 1200.0, 55.0)
            self.bus.publish(EVENT, Event(time_ns=now_ns, name="job_done", values=values))
        super()._step()


def client_of(flight: Flight, file: Path | None = None) -> Client:
    journal = None if file is None else Journal(History(file), author("ada", "test"), flight.clock)
    return Client(Session(flight, flight.clock, sequence=0), journal)


@pytest.fixture
def client() -> Iterator[Client]:
    with client_of(Working()) as client:
        yield client


def test_a_command_is_sent_and_its_outcome_is_a_value(tmp_path: Path) -> None:
    client = client_of(Working(), tmp_path / "h.jsonl")
    outcome = client.send("ping", comment="first light")
    assert (outcome.verdict, outcome.stages[-1].stage, outcome.failure) == (0, "COMPLETED", "")
    (row,) = commands_of(History(tmp_path / "h.jsonl").entries())
    assert (row["operator"], row["typed"], row["comment"]) == ("ada", "ping", "first light")


def test_a_failure_is_an_exception_with_code_label_and_parameters(client: Client) -> None:
    with pytest.raises(CommandFailed, match="unknown_job: job 4 is not known") as caught:
        client.send("cancel_job", job=4)
    failed = next(row for row in caught.value.outcome.stages if row.code)
    assert (failed.stage, failed.label, failed.values) == ("STARTED", "unknown_job", (4.0,))
    assert client.send("cancel_job", job=4, check=False).verdict == 5


def test_what_the_command_line_refuses_is_refused(client: Client) -> None:
    with pytest.raises(ArgumentError, match="did you mean ping"):
        client.send("pign")
    with pytest.raises(RangeError, match="accepted are 0 to 20"):
        client.send("set_parameter", parameter="temp_margin_c", value=99)
    with pytest.raises(RangeError, match="hazardous"):
        client.send("set_mode", mode="SAFE")
    with pytest.raises(RangeError, match="needs no arming"):
        client.arm("ping")


def test_a_hazardous_command_is_armed_and_fired_once(client: Client) -> None:
    token = client.arm("set_mode", mode="SAFE")
    assert client.fire(token).verdict == 0
    assert client.fire(token, check=False).verdict == 4
    with pytest.raises(ArgumentError, match="no token"):
        client.fire("1234")


def test_values_come_with_quality_and_both_times(client: Client) -> None:
    readings = client.get("uptime_s", "temp_margin_c", "soc")
    assert [readings[name].quality for name in readings] == ["valid", "valid", "missing"]
    assert (readings["temp_margin_c"].value, readings["temp_margin_c"].unit) == (0.0, "degC")
    assert readings["uptime_s"].generated_ns is not None
    silent = client_of(Flight(silent=True)).get("soc")
    assert (silent["soc"].quality, silent["soc"].value) == ("never", None)


def test_telemetry_is_waited_for_and_what_it_said_instead_is_told(client: Client) -> None:
    client.send("set_parameter", parameter="temp_margin_c", value="2.5degC")
    client.wait_for("temp_margin_c == 2.5", timeout_s=10.0)
    with pytest.raises(TimeoutError, match=r"temp_margin_c is 2\.5, wanted > 3"):
        client.wait_for("temp_margin_c > 3", timeout_s=10.0)


def test_an_event_that_comes_while_something_else_is_waited_for_is_kept(client: Client) -> None:
    client.send("submit_job", model="water", input="", value=1, deadline=600)
    client.listen(60.0)
    assert client.wait_for_event("job_done", 1.0).values[1] == "water"
    assert [event.name for event in client.events(5.0)].count("job_done") == 0
    with pytest.raises(TimeoutError, match="no event job_done"):
        client.wait_for_event("job_done", 5.0)
    with pytest.raises(ArgumentError, match="did you mean job_done"):
        client.wait_for_event("job_dun", 5.0)


def test_the_procedure_of_the_manual_runs_as_it_stands(client: Client) -> None:
    blocks = re.findall(r"```python\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    for block in blocks:
        compile(block, str(MANUAL), "exec")
    namespace: dict[str, Any] = {}
    exec(blocks[-1], namespace)
    assert namespace["check_out"](client) == 1170.5
    assert client.get("temp_margin_c")["temp_margin_c"].value == 0.0


def test_a_procedure_that_fails_leaves_the_board_as_it_found_it() -> None:
    flight = Working()
    client = client_of(flight)
    namespace: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)[-1], namespace)
    flight.is_idle = True
    with pytest.raises(TimeoutError):
        namespace["check_out"](client)
    assert client.get("temp_margin_c")["temp_margin_c"].value == 0.0


def test_nobody_there_is_told() -> None:
    class Nobody(Flight):
        def send(self, packet: bytes) -> None:
            raise LinkDown("no spacecraft")

    with pytest.raises(LinkDown):
        client_of(Nobody()).send("ping")

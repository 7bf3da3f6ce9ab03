"""What the tool sends is written down before it leaves, and again when its end is known; whoever is killed."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fsw.packets.cuc import Cuc
from fsw.packets.pus import Telemetry
from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tests.tools.test_ground_loop import TAI_AT_ZERO_NS, UTC_AT_ZERO_NS, Flight
from tools.ground.archive.archive import Archive
from tools.ground.archive.rawlog import Received
from tools.ground.cli import gnd
from tools.ground.history import History
from tools.ground.journal import commands_of
from tools.ground.options import Station


def run(flight: Flight, file: Path, *words: str, sequence: int = 0) -> Result:
    station = Station(link=lambda: flight, clock=flight.clock, sequence=sequence, history=file)
    return CliRunner().invoke(gnd, list(words), obj=station)


def told(file: Path) -> list[dict[str, object]]:
    words = ["cmd", "history", "--history", str(file), "--format", "json"]
    rows: list[dict[str, object]] = json.loads(CliRunner().invoke(gnd, words).stdout)
    return rows


def test_a_command_is_in_the_history_with_who_when_what_and_its_stages(tmp_path: Path) -> None:
    file = tmp_path / "history" / "commands.jsonl"
    words = ("cmd", "send", "cancel_job", "job=0x4", "--operator", "ada", "--comment", "made by mistake")
    assert run(Flight(), file, *words).exit_code == 5
    (row,) = told(file)
    assert (row["operator"], row["comment"], row["typed"]) == ("ada", "made by mistake", "cancel_job job=0x4")
    assert (row["utc"], row["verdict"], row["request"]) == ("2026-11-20T00:00:00.000Z", "failed", "0x1842c001")
    assert bytes.fromhex(str(row["octets"]))[:4].hex() == "1842c001"
    stages = {stage["stage"]: stage for stage in row["stages"]}  # type: ignore[attr-defined]
    assert (stages["STARTED"]["label"], stages["STARTED"]["values"]) == ("unknown_job", [4.0])
    assert stages["COMPLETED"]["state"] == "n/a" and row["host"]


def test_arming_and_firing_are_two_commands_of_the_history(tmp_path: Path) -> None:
    flight, file = Flight(), tmp_path / "h.jsonl"
    token = run(flight, file, "cmd", "arm", "set_mode", "mode=SAFE").stdout.splitlines()[-1]
    assert run(flight, file, "cmd", "fire", token, "--comment", "too hot", sequence=60).exit_code == 0
    rows = told(file)
    assert [row["command"] for row in rows] == ["arm", "set_mode"]
    assert [row["typed"] for row in rows] == ["arm set_mode mode=SAFE", f"fire {token}"]
    checked = CliRunner().invoke(gnd, ["cmd", "history", "--verify", "--history", str(file)])
    assert (checked.exit_code, "4 lines, whole to the last" in checked.stdout) == (0, True)


@pytest.mark.parametrize(("words", "lines"), [(("--dry-run",), 0), (("--ack", "0x1", "--wait", "accepted"), 2)])
def test_what_is_only_looked_at_is_not_in_the_history(tmp_path: Path, words: tuple[str, ...], lines: int) -> None:
    file = tmp_path / "h.jsonl"
    assert run(Flight(), file, "cmd", "send", "ping", *words).exit_code == 0
    assert len(list(History(file).entries())) == lines


def test_what_was_not_answered_is_unknown_and_an_interruption_is_told(tmp_path: Path) -> None:
    class Interrupted(Flight):
        def receive(self, timeout_ns: int) -> bytes | None:
            raise KeyboardInterrupt

    file = tmp_path / "h.jsonl"
    assert run(Flight(silent=True), file, "cmd", "send", "ping").exit_code == 6
    run(Interrupted(), file, "cmd", "send", "ping", sequence=7)
    assert [(row["verdict"], row["trouble"]) for row in told(file)] == [("unknown", ""), ("unknown", "interrupted")]


def test_reports_that_come_hours_late_decide_what_was_unknown(tmp_path: Path) -> None:
    file, folder = tmp_path / "h.jsonl", tmp_path / "archive"
    for sequence in (0, 10, 20):
        assert run(Flight(silent=True), file, "cmd", "send", "ping", sequence=sequence).exit_code == 6
    failed, late_ns = Verification(8, 0x1842C00B, 6, (1.0, 9.0, 0.0, 5.0)), UTC_AT_ZERO_NS + 3 * 3600 * SECOND_NS
    with Archive(folder) as archive:
        for report in (Verification(1, 0x1842C001), Verification(7, 0x1842C001), failed, Verification(1, 0x1842C015)):
            octets = Telemetry(0x42, 0, 1, report.subtype, Cuc.from_ns(TAI_AT_ZERO_NS), report.pack()).pack()
            archive.add(Received(late_ns, False, octets))
        archive.add(Received(0, True, octets[:-1]))  # what cannot be read changes nothing
    words = ["cmd", "history", "--history", str(file), "--archive", str(folder), "--format", "json"]
    rows = json.loads(CliRunner().invoke(gnd, words).stdout)
    assert [row["verdict"] for row in rows] == ["completed", "failed", "unknown"]
    assert (rows[0]["ended"], rows[1]["trouble"][:12]) == ("2026-11-20T03:00:00.000Z", "out_of_range")


def test_without_a_history_nothing_is_sent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way of a folder")
    flight = Flight()
    result = run(flight, tmp_path / "file" / "h.jsonl", "cmd", "send", "ping")
    assert (result.exit_code, "no command is sent without history" in result.stderr) == (3, True)
    assert flight.receive(0) is None


def test_the_history_is_asked_for_a_while_and_a_changed_one_is_found_out(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    run(Flight(), file, "cmd", "send", "ping")
    words = ["cmd", "history", "--history", str(file), "--format", "jsonl", "--since"]
    assert CliRunner().invoke(gnd, [*words, "2026-11-19T00:00:00Z"]).stdout.count("ping") == 2
    assert CliRunner().invoke(gnd, [*words, "2030-01-01T00:00:00Z"]).stdout == ""
    assert CliRunner().invoke(gnd, [*words, "yesterday"]).exit_code == 2
    file.write_text(file.read_text().replace("ping", "pong"))
    result = CliRunner().invoke(gnd, ["cmd", "history", "--verify", "--history", str(file)])
    assert (result.exit_code, "line 1" in result.stderr) == (5, True)
    assert CliRunner().invoke(gnd, ["cmd", "history", "--history", str(tmp_path / "none")]).exit_code == 3


def test_a_tool_killed_while_it_waits_leaves_an_open_command_with_its_octets(tmp_path: Path) -> None:
    file = tmp_path / "h.jsonl"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as board:
        board.bind(("127.0.0.1", 0))
        board.settimeout(30.0)
        port = str(board.getsockname()[1])
        words = ["gnd", "cmd", "send", "ping", "--tm-port", "0", "--tc-port", port, "--history", str(file)]
        code = f"from tools.cli import main; main({words!r})"
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL) as process:
            packet = board.recv(4096)
            process.send_signal(signal.SIGKILL)
    History(file).verify()
    (row,) = commands_of(History(file).entries())
    assert (row["verdict"], row["octets"]) == ("open", packet.hex())

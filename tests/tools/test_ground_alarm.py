"""Alarms from archive and history: raised by what came live, acknowledged and shelved by somebody, with a comment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fsw.catalogue.wire import encode_event, encode_report, encode_structure
from fsw.packets import events, housekeeping
from fsw.packets.cuc import Cuc
from fsw.packets.pus import Telemetry
from hal.clock import SECOND_NS
from tests.tools.test_ground_loop import TAI_AT_ZERO_NS
from tools.ground.archive.archive import Archive
from tools.ground.archive.rawlog import Received
from tools.ground.cli import gnd
from tools.ground.history import History

RECEIVED_NS = 1_700_000_000 * SECOND_NS


def packet(second: int, service: int, subtype: int, data: bytes, is_live: bool = True) -> Received:
    time = Cuc.from_ns(TAI_AT_ZERO_NS + second * SECOND_NS)
    octets = Telemetry(0x42, second % 16384, service, subtype, time, data).pack()
    return Received(RECEIVED_NS + second * SECOND_NS, is_live, octets)


def silent(second: int, is_live: bool = True) -> Received:
    return packet(second, 5, 3, events.EventReport(42, encode_event("host_silent", (30.5,))).pack(), is_live)


def soc(second: int, value: float, is_live: bool = True) -> Received:
    row = encode_structure(1, {"soc": value})
    return packet(second, 3, 25, housekeeping.HousekeepingReport(1, row).pack(), is_live)


def limit(second: int = 0) -> Received:
    watchpoint = (4, "soc", 3, 0.7, "battery_too_low", float("inf"), "", 900.0, 0.0, "yes")
    return packet(second, 12, 9, encode_report("monitor_definition", watchpoint))


def keep(folder: Path, *packets: Received) -> None:
    with Archive(folder / "archive") as archive:
        for received in packets:
            archive.add(received)


def run(folder: Path, *words: str) -> Result:
    places = ("--archive", str(folder / "archive"), "--history", str(folder / "h.jsonl"))
    return CliRunner().invoke(gnd, ["alarm", *words, *places])


def listed(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(run(folder, "list", "--format", "json").stdout)
    return rows


def test_grave_events_and_values_beyond_limits_are_alarms_until_acknowledged(tmp_path: Path) -> None:
    keep(tmp_path, limit(), soc(10, 0.8), silent(20), soc(30, 0.6), silent(40), soc(50, 0.65))
    rows = {row["alarm"]: row for row in listed(tmp_path)}
    assert set(rows) == {"event host_silent", "limit soc"}
    assert (rows["event host_silent"]["count"], rows["limit soc"]["is_active"]) == (2, True)
    done = run(tmp_path, "ack", "host_silent", "--comment", "its update", "--operator", "ada")
    assert (done.exit_code, done.stdout) == (0, "event host_silent: acknowledged by ada\n")
    assert run(tmp_path, "ack", "limit soc", "--comment", "a long night", "--operator", "ada").exit_code == 0
    (left,) = listed(tmp_path)  # it is still beyond its limit
    assert (left["state"], left["acknowledged_by"], left["comment"]) == ("acknowledged", "ada", "a long night")
    entries = list(History(tmp_path / "h.jsonl").entries())
    assert [(entry["kind"], entry["alarm"], entry["operator"]) for entry in entries] == [
        ("alarm", "event host_silent", "ada"), ("alarm", "limit soc", "ada"),
    ]  # fmt: skip
    History(tmp_path / "h.jsonl").verify()


def test_what_was_imported_raises_nothing(tmp_path: Path) -> None:
    keep(tmp_path, limit(), soc(10, 0.9), silent(20, is_live=False), soc(30, 0.1, is_live=False))
    assert listed(tmp_path) == []


def test_what_is_played_back_late_raises_nothing(tmp_path: Path) -> None:
    keep(tmp_path, limit(), soc(5000, 0.9))
    late = silent(20)
    keep(tmp_path, Received(RECEIVED_NS + 5010 * SECOND_NS, True, late.octets))
    assert listed(tmp_path) == []


def test_a_shelf_has_an_end_and_a_reason(tmp_path: Path) -> None:
    keep(tmp_path, silent(20))
    assert run(tmp_path, "shelve", "host_silent", "--for", "2h").exit_code == 2
    assert run(tmp_path, "shelve", "host_silent", "--for", "2d", "--comment", "x").exit_code == 3
    assert run(tmp_path, "shelve", "host_silent", "--for", "2h", "--comment", "its update").exit_code == 0
    (row,) = listed(tmp_path)
    assert row["state"] == "shelved" and row["shelved_until"] is not None


@pytest.mark.parametrize("name", ["event nothing", "host", ""])
def test_an_alarm_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    keep(tmp_path, silent(20))
    result = run(tmp_path, "ack", name, "--comment", "x")
    assert (result.exit_code, "no alarm" in result.stderr) == (2, True)

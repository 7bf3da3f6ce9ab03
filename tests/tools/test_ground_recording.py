"""What is received live is kept as received, and asked for as parameters, events and pictures."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fsw.catalogue.wire import encode_event, encode_report, encode_structure
from fsw.messages import Event
from fsw.packets import events, housekeeping
from fsw.packets.cuc import Cuc
from fsw.packets.pus import Telemetry
from hal.clock import SECOND_NS
from tests.tools.test_ground_loop import TAI_AT_ZERO_NS, Flight
from tools.ground.archive.archive import Archive, ask, connect
from tools.ground.archive.rawlog import Received
from tools.ground.archive.series import last, limits, nights, series
from tools.ground.cli import gnd
from tools.ground.link import LinkDown
from tools.ground.options import Station


def packet(second: int, service: int, subtype: int, data: bytes) -> Received:
    time = Cuc.from_ns(TAI_AT_ZERO_NS + second * SECOND_NS)
    return Received(second, True, Telemetry(0x42, second % 16384, service, subtype, time, data).pack())


def power(second: int, **values: object) -> Received:
    row = encode_structure(1, values)  # type: ignore[arg-type]
    return packet(second, 3, 25, housekeeping.HousekeepingReport(1, row).pack())


@pytest.fixture
def orbit(tmp_path: Path) -> Path:
    """An orbit of power reports every 30 s, with an eclipse, an event, and the definition of a watchpoint."""
    folder = tmp_path / "archive"
    watchpoint = (4, "soc", 3, 0.7, "battery_too_low", float("inf"), "", 900.0, 0.0, "yes")
    trip = events.EventReport(42, encode_event("host_silent", (30.5,))).pack()
    with Archive(folder) as archive:
        archive.add(packet(0, 12, 9, encode_report("monitor_definition", watchpoint)))
        archive.add(packet(3000, 5, 3, trip))
        for second in range(0, 5700, 30):
            is_lit = not 1800 <= second < 3900
            archive.add(power(second, soc=0.9, bus_power_w=20.0 + second / 100, array_power_w=80.0 * is_lit))
    return folder


def invoke(*words: str, station: Station | None = None) -> Result:
    return CliRunner().invoke(gnd, list(words), obj=station)


def test_everything_that_is_heard_is_recorded_until_the_time_is_over(tmp_path: Path) -> None:
    flight = Flight(babble=Event(time_ns=0, name="guard_trip", values=("payload_temp_c", 46.0, 45.0)))
    station = Station(link=lambda: flight, clock=flight.clock)
    result = invoke("archive", "record", "--seconds", "40", "--archive", str(tmp_path), station=station)
    (counted,) = ask(tmp_path, "SELECT count(*) AS packets, bool_and(is_live) AS live FROM packets")
    assert (result.exit_code, result.stdout) == (0, f"{counted['packets']} packets kept in {tmp_path}\n")
    assert counted["live"] is True and int(str(counted["packets"])) > 40
    told = invoke("event", "log", "--last", "1h", "--severity", "high", "--archive", str(tmp_path), "--count", "3")
    assert told.stdout.count("guard stopped the payload: payload_temp_c is 46.000, bound 45.000") == 3


def test_a_recorder_waits_for_a_link_that_is_down(tmp_path: Path) -> None:
    class Late(Flight):
        def send(self, packet: bytes) -> None:
            greeted.append(self.clock.now_ns())

        def receive(self, timeout_ns: int) -> bytes | None:
            if self.clock.now_ns() < 10 * SECOND_NS:
                raise LinkDown("nobody listens there")
            return super().receive(timeout_ns)

    greeted: list[int] = []

    flight = Late()
    station = Station(link=lambda: flight, clock=flight.clock)
    result = invoke("archive", "record", "--seconds", "90", "--archive", str(tmp_path), station=station)
    assert result.stderr.count("nobody listens there") == 1
    assert min(at_ns for at_ns in greeted if at_ns >= 10 * SECOND_NS) < 12 * SECOND_NS  # at once, not when it is due
    silent = Flight(silent=True)
    station = Station(link=lambda: silent, clock=silent.clock)
    words = ("archive", "record", "--seconds", "9", "--archive", str(tmp_path / "none"))
    assert invoke(*words, station=station).exit_code == 7


def test_what_is_recorded_is_on_the_disk_within_a_second(tmp_path: Path) -> None:
    kept: list[int] = []

    class Looked(Flight):
        def receive(self, timeout_ns: int) -> bytes | None:
            if self.clock.now_ns() == 30 * SECOND_NS:
                kept.append(sum(path.stat().st_size for path in (tmp_path / "raw").iterdir()))
            return super().receive(timeout_ns)

    flight = Looked(babble=Event(time_ns=0, name="guard_trip", values=("payload_temp_c", 46.0, 45.0)))
    station = Station(link=lambda: flight, clock=flight.clock)
    invoke("archive", "record", "--seconds", "31", "--archive", str(tmp_path), station=station)
    assert kept[0] > 20 * 60


def test_samples_are_exported_in_the_order_of_on_board_time(orbit: Path) -> None:
    words = ("tlm", "export", "soc", "bus_power_w", "--archive", str(orbit), "--last", "10min")
    rows = list(csv.DictReader(io.StringIO(invoke(*words).stdout)))
    assert len(rows) == 2 * 21
    assert (rows[0]["generated"], rows[-1]["generated"]) == ("2026-11-20T01:24:30.000Z", "2026-11-20T01:34:30.000Z")
    lines = [json.loads(line) for line in invoke(*words, "--format", "jsonl").stdout.splitlines()]
    assert (lines[-1]["name"], lines[-1]["value"], lines[-1]["unit"], lines[-1]["is_live"]) == (
        "bus_power_w", pytest.approx(76.7), "W", True
    )  # fmt: skip


def test_eclipses_and_limits_are_found_in_the_archive(orbit: Path) -> None:
    connection = connect(orbit)
    span = last(connection, None)
    assert span is not None
    (night,) = nights(connection, span)
    assert ((night.begin_ns - span.begin_ns) / 1e9, (night.end_ns - span.begin_ns) / 1e9) == (1800.0, 3900.0)
    assert (limits(connection, "soc"), limits(connection, "bus_power_w")) == ([0.7], [])
    assert len(series(connection, "soc", span).values) == 190


def test_the_night_is_drawn(orbit: Path, tmp_path: Path) -> None:
    out = tmp_path / "night.png"
    result = invoke("tlm", "plot", "soc", "bus_power_w", "mode", "--out", str(out), "--archive", str(orbit))
    assert (result.exit_code, out.read_bytes()[:4]) == (0, b"\x89PNG")
    assert "mode: never received" in result.stderr
    assert invoke("tlm", "plot", "mode", "--archive", str(orbit)).exit_code == 3
    assert invoke("tlm", "plot", "soc", "--out", str(tmp_path / "x.nonsense"), "--archive", str(orbit)).exit_code == 2
    assert invoke("tlm", "plot", "sok", "--archive", str(orbit)).exit_code == 2


def test_files_are_imported_under_either_noun(tmp_path: Path, orbit: Path) -> None:
    file = tmp_path / "late.bin"
    file.write_bytes(power(9000, soc=0.5).octets)
    result = invoke("tlm", "import", str(file), "--archive", str(orbit), "--format", "jsonl")
    assert json.loads(result.stdout)["new"] == 1
    rows = invoke("tlm", "export", "soc", "--last", "1s", "--archive", str(orbit), "--format", "jsonl").stdout
    assert json.loads(rows)["is_live"] is False

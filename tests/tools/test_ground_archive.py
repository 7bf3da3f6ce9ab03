"""The archive: nothing that was synced is lost, whatever is killed and whenever; the tables are what was sent."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from fsw.catalogue.wire import encode_event, encode_report, encode_row, encode_structure
from fsw.packets import events, housekeeping
from fsw.packets.cuc import Cuc
from fsw.packets.pus import Telemetry
from fsw.packets.verification import Verification
from tools.ground.archive.archive import Archive, ask, known
from tools.ground.archive.packets_file import packets_in
from tools.ground.archive.rawlog import ArchiveError, RawLog, Received, pack, read, segment_path
from tools.ground.cli import gnd

NOON_NS = 2_173_824_037_500_000_000


def telemetry(service: int, subtype: int, data: bytes, place: int = 0) -> bytes:
    return Telemetry(0x42, place, service, subtype, Cuc.from_ns(NOON_NS + place * 10**9), data, time_status=2).pack()


def thermal(place: int) -> bytes:
    row = encode_structure(2, {"payload_temp_c": 20.0 + place})
    return telemetry(3, 25, housekeeping.HousekeepingReport(2, row).pack(), place)


def rows(folder: Path, question: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in ask(folder, question)]


def test_every_kind_of_packet_has_its_table(tmp_path: Path) -> None:
    silent = events.EventReport(42, encode_event("host_silent", (30.5,))).pack()
    failed = Verification(8, 0x1842C005, 6, (1.0, 250.0, 0.0, 200.0)).pack()
    status = encode_report("monitor_status", (7, "above", 2))
    with Archive(tmp_path) as archive:
        for place, octets in enumerate(
            (thermal(0), telemetry(5, 3, silent), telemetry(1, 8, failed), telemetry(12, 14, status), b"noise")
        ):
            archive.add(Received(place, True, octets))
    assert rows(tmp_path, "SELECT kind FROM packets") == [
        ("samples",), ("happened",), ("verification",), ("reported",), ("garbage",)
    ]  # fmt: skip
    assert rows(tmp_path, "SELECT name, value, quality FROM samples WHERE name LIKE '%payload_temp_c'") == [
        ("payload_temp_c", 20.0, "valid"), ("worst_payload_temp_c", None, "missing"),
    ]  # fmt: skip
    assert rows(tmp_path, "SELECT text, details FROM events") == [("no word from the host for 30 s", "[30.5]")]
    ((stage, failure),) = rows(tmp_path, "SELECT stage, failure FROM stages")
    assert (stage, failure) == ("completed", "out_of_range: argument 1 is 250, accepted are 0 to 200")
    ((details,),) = rows(tmp_path, "SELECT details FROM reports")
    assert json.loads(str(details)) == {"monitor": 7, "state": "above", "trips": 2}


def test_full_segments_become_parquet_and_answer_like_the_last_one(tmp_path: Path) -> None:
    with Archive(tmp_path, segment_octets=2_000) as archive:
        for place in range(100):
            archive.add(Received(place, True, thermal(place)))
        before = rows(tmp_path, "SELECT n FROM packets")
    assert len(list((tmp_path / "parquet").glob("samples-*.parquet"))) > 2
    assert len(before) < 100  # what is in the buffer of the writer nobody has promised
    values = rows(tmp_path, "SELECT value FROM samples WHERE name = 'payload_temp_c'")
    assert values == [(20.0 + place,) for place in range(100)]
    assert rows(tmp_path, "SELECT count(*), min(generated_ns) FROM packets")[0] == (
        100, rows(tmp_path, "SELECT generated_ns FROM packets LIMIT 1")[0][0],
    )  # fmt: skip


def test_tables_that_are_missing_are_made_at_the_next_start(tmp_path: Path) -> None:
    with Archive(tmp_path, segment_octets=2_000) as archive:
        for place in range(60):
            archive.add(Received(place, True, thermal(place)))
    for path in list((tmp_path / "parquet").glob("packets-*"))[:2]:
        path.unlink()  # as after a crash between a segment's end and its tables
    Archive(tmp_path, segment_octets=2_000).close()
    assert rows(tmp_path, "SELECT count(*) FROM packets") == [(60,)]


def test_a_structure_made_up_in_flight_is_read_by_the_definition_of_an_earlier_segment(tmp_path: Path) -> None:
    definition = encode_report("structure_definition", ("150", "yes", 1000, "soc"))
    row = housekeeping.HousekeepingReport(150, encode_row(("soc",), {"soc": 0.5})).pack()
    with Archive(tmp_path, segment_octets=500) as archive:
        archive.add(Received(0, True, telemetry(3, 10, definition)))
        for place in range(20):
            archive.add(Received(place, True, telemetry(3, 25, row, place)))
    assert rows(tmp_path, "SELECT DISTINCT structure, value FROM samples") == [("150", 0.5)]


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_log_that_was_torn_or_damaged_gives_what_is_whole(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    packets = [Received(place, place % 2 == 0, bytes([place]) * (3 + place)) for place in range(10)]
    data = bytearray(b"".join(map(pack, packets)))
    at = cut % len(data)
    damaged = bytes(data[:at]) + bytes([data[at] ^ flip]) + (b"" if cut % 2 else bytes(data[at + 1 :]))
    path = segment_path(folder, 1)
    (folder / "raw").mkdir()
    path.write_bytes(damaged)
    found = list(read(path))
    assert found == packets[: len(found)]
    segment_path(folder / "raw", 1).write_bytes(damaged)
    log = RawLog(folder)
    log.append(packets[0])
    log.close()
    assert list(read(segment_path(folder / "raw", 1))) == [*found, packets[0]]


def test_two_processes_do_not_write_one_archive(tmp_path: Path) -> None:
    with Archive(tmp_path), pytest.raises(ArchiveError, match="another process"):
        Archive(tmp_path)


WRITER = """
import sys
from pathlib import Path
from tools.ground.archive.archive import Archive
from tools.ground.archive.rawlog import Received
archive = Archive(Path(sys.argv[1]), segment_octets=3000)
for place in range(int(sys.argv[2]), 1_000_000):
    archive.add(Received(place, True, place.to_bytes(4, "big") * 20))
    archive.sync()
    print(place, flush=True)
"""


def test_what_was_synced_survives_kill_9_at_any_moment(tmp_path: Path) -> None:
    source, promised = random.Random(7), -1
    for _trial in range(4):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(promised + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _line in range(source.randrange(1, 120)):
                promised = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            promised = max([promised, *(int(line) for line in process.stdout.read().splitlines() if line)])
        kept = {int(str(number)) for (number,) in rows(tmp_path, "SELECT received_ns FROM packets")}
        assert kept >= set(range(promised + 1))
        promised = max(kept)


def test_files_come_late_shuffled_damaged_and_twice(tmp_path: Path) -> None:
    packets = [thermal(place) for place in range(30)]
    random.Random(1).shuffle(packets)
    damaged = b"".join(packets[:10]) + b"\x08\x42noise" + b"".join(packets[10:])
    assert [piece for piece in packets_in(damaged) if isinstance(piece, bytes)] == packets
    file, archive = tmp_path / "pass.bin", tmp_path / "archive"
    file.write_bytes(damaged)
    arguments = ["archive", "import", str(file), "--archive", str(archive), "--format", "jsonl"]
    first = json.loads(CliRunner().invoke(gnd, arguments).output)
    again = json.loads(CliRunner().invoke(gnd, arguments).output)
    assert (first["new"], first["skipped_octets"], again["new"]) == (30, 7, 0)
    assert all(known(archive, packets)) and known(archive, [thermal(31)]) == [False]
    ordered = "SELECT value FROM samples WHERE name = 'payload_temp_c' ORDER BY generated"
    assert rows(archive, ordered) == [(20.0 + place,) for place in range(30)]
    assert rows(archive, "SELECT DISTINCT is_live FROM packets") == [(False,)]


@pytest.mark.parametrize(
    ("question", "code", "said"),
    [("SELECT nam FROM samples", 2, "name"), ("DROP", 2, "syntax error")],
)
def test_a_wrong_question_is_answered_in_words(tmp_path: Path, question: str, code: int, said: str) -> None:
    Archive(tmp_path).close()
    result = CliRunner().invoke(gnd, ["query", question, "--archive", str(tmp_path)])
    assert result.exit_code == code and said in result.output
    result = CliRunner().invoke(gnd, ["query", "SELECT 1", "--archive", str(tmp_path / "none")])
    assert result.exit_code == 3 and "no archive" in result.output

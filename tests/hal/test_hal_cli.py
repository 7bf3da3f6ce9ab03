"""`python -m hal`: what it prints, what it leaves alone, and its exit codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from hal.cli import main
from hal.clock import SteppedClock
from hal.ports.files import MemoryFiles
from hal.ports.i2c import MemoryI2c

HWMON = {
    "class/hwmon/hwmon0/name": "payload_cpu\n",
    "class/hwmon/hwmon0/temp1_label": "die\n",
    "class/hwmon/hwmon0/temp1_input": "41500\n",
}
OTHERS = {
    "devices/system/edac/mc/mc0/ce_count": "3\n",
    "devices/system/edac/mc/mc0/ue_count": "0\n",
    "devices/payload_rail/state": "disabled\n",
    "cgroup/infer/cpu.max": "25000 100000\n",
    "dev/watchdog": "",
}


def satellite() -> dict[str, object]:
    return {"i2c0": MemoryI2c({}), "i2c1": MemoryI2c({}), "sys": MemoryFiles(HWMON | OTHERS)}


def run(*argv: str, ports: dict[str, object] | None = None) -> int:
    return main([*argv, "--board", "satellite"], satellite() if ports is None else ports, SteppedClock())


def test_list_shows_channels_actuators_and_the_native_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list", "--format", "json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["die_temp_c"]["owner"] == "payload" and rows["die_temp_c"]["range"] == "-40 to 125"
    assert rows["payload_rail"]["kind"] == "switch" and rows["payload_duty"]["kind"] == "cap"
    assert rows["native functions"]["source"] in ("c", "python")


def test_read_gives_values_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("read", "--format", "jsonl") == 0
    rows = {row["channel"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["die_temp_c"]["value"] == 41.5 and rows["die_temp_c"]["quality"] == "GOOD"
    assert rows["payload_temp_c"]["value"] is None and rows["payload_temp_c"]["reason"] == "ABSENT"


def test_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    run("read")
    head, *lines = capsys.readouterr().out.splitlines()
    column = head.index("unit")
    assert all(line[column - 1] == " " and line[column] != " " for line in lines)


def test_csv_has_a_row_for_each_channel(capsys: pytest.CaptureFixture[str]) -> None:
    run("read", "--format", "csv")
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert len(rows) == 19 and rows[0]["reason"] == "ABSENT" and rows[0]["value"] == ""


def test_test_passes_what_is_there_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    ports = satellite()
    assert run("test", "--format", "json", ports=ports) == 0
    results = {row["part"]: row["result"] for row in json.loads(capsys.readouterr().out)}
    assert results["die_thermometer"] == results["payload_rail"] == results["payload_duty"] == "ok"
    assert results["array_monitor"] == "absent" and results["payload_watchdog"] == "not tried"
    files = ports["sys"]
    assert isinstance(files, MemoryFiles)
    assert files.read_text("devices/payload_rail/state") == "disabled"
    assert files.read_text("cgroup/infer/cpu.max") == "25000 100000"
    assert files.read_text("dev/watchdog") == ""


def test_failed_check_gives_1(capsys: pytest.CaptureFixture[str]) -> None:
    broken = MemoryFiles(HWMON | OTHERS | {"class/hwmon/hwmon0/temp1_input": "900000\n"})
    assert run("test", ports=satellite() | {"sys": broken}) == 1
    assert "IMPLAUSIBLE" in capsys.readouterr().out


def test_nothing_readable_gives_1(capsys: pytest.CaptureFixture[str]) -> None:
    empty: dict[str, object] = {"i2c0": MemoryI2c({}), "i2c1": MemoryI2c({}), "sys": MemoryFiles({})}
    assert run("read", ports=empty) == 1
    assert run("test", ports=empty) == 1
    assert "ABSENT" in capsys.readouterr().out


def test_root_puts_file_ports_under_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, text in HWMON.items():
        (tmp_path / "sys" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys" / path).write_text(text)
    argv = ["read", "--board", "satellite", "--root", str(tmp_path), "--format", "jsonl"]
    assert main(argv, None, SteppedClock()) == 0
    assert '"value": 41.5' in capsys.readouterr().out


def test_wrong_board_gives_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.toml").write_text("name = 3")
    for board in (str(tmp_path / "bad.toml"), str(tmp_path / "none.toml"), "nowhere"):
        assert main(["list", "--board", board]) == 2
    assert "bad.toml: name" in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0 and "examples:" in capsys.readouterr().out

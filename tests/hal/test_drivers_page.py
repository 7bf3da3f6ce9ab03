"""The page on how to write a driver: its example runs as it stands there, and is as short as it says."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from hal import registry
from hal.board import load_board, open_board
from hal.clock import SECOND_NS, SteppedClock
from hal.config import ConfigError
from hal.ports.files import MemoryFiles, RealFiles
from hal.reading import Missing, Reading, Reason
from hal.scan import scan

PAGE = Path(__file__).resolve().parents[2] / "docs" / "drivers.md"
LINES = 60


def blocks(language: str) -> list[str]:
    return re.findall(f"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The driver of the page, in the registry under the row that the page gives."""
    whole, method = blocks("python")
    made = types.ModuleType("hal.drivers.load_average")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    exec(compile(f"{whole}\n{method}", str(PAGE), "exec"), made.__dict__)
    name, row = re.findall(r'`"([a-z_]+)": "([a-zA-Z_.:]+)"` in `SENSORS`', PAGE.read_text(encoding="utf-8"))[0]
    for table in (registry.SENSORS, registry.DRIVERS):
        monkeypatch.setitem(table, name, row)
    return made


@pytest.fixture
def board_file(tmp_path: Path) -> Path:
    (tmp_path / "desk.toml").write_text(blocks("toml")[0])
    return tmp_path / "desk.toml"


def test_the_example_is_short() -> None:
    assert len(blocks("python")[0].splitlines()) < LINES


def test_the_example_reads_and_tells_what_it_cannot(module: Any, board_file: Path) -> None:
    files = MemoryFiles({"loadavg": "0.20 0.18 0.12 1/80 11206\n"})
    board = open_board(load_board(board_file), {"proc": files}, SteppedClock(SECOND_NS))
    assert board.sensors[0].read() == (Reading(channel="load_cores", time_ns=SECOND_NS, value=0.18),)
    for text, reason in (("none", Reason.CORRUPT), ("1 nan 2", Reason.CORRUPT), ("1 99999 2", Reason.IMPLAUSIBLE)):
        files.nodes["loadavg"] = text
        (sample,) = board.sensors[0].read()
        assert isinstance(sample, Missing) and sample.reason is reason
    files.nodes.clear()
    (sample,) = board.sensors[0].read()
    assert isinstance(sample, Missing) and sample.reason is Reason.ABSENT


def test_the_example_is_found_by_a_scan_and_refuses_wrong_options(module: Any, board_file: Path) -> None:
    found = scan({"proc": MemoryFiles({"loadavg": "0 0 0"}), "sys": MemoryFiles({})})
    assert [(finding.name, list(finding.channels)) for finding in found] == [("load", ["load"])]
    board_file.write_text(board_file.read_text().replace("minutes = 5", "minutes = 7"))
    with pytest.raises(ConfigError, match=r"minutes must be one of"):
        load_board(board_file)


def test_the_example_reads_this_machine(module: Any, board_file: Path) -> None:
    if not Path("/proc/loadavg").exists():
        pytest.skip("no Linux /proc here")
    files = RealFiles(Path("/proc"))
    (sample,) = open_board(load_board(board_file), {"proc": files}, SteppedClock()).sensors[0].read()
    files.close()
    assert isinstance(sample, Reading) and sample.value >= 0.0


def test_the_page_names_only_what_is_there() -> None:
    text, root = PAGE.read_text(encoding="utf-8"), PAGE.parents[1]
    for path in re.findall(r"hal/[a-z_/]+\.py|tests/[a-z_/]+\.py", text):
        assert (root / path).exists(), path

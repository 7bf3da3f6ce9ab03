"""`hal watch`, `hal record` and `hal test`: live views, recordings that play back, and actuators left as they were."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from hal.board import find_board
from hal.cli import main
from hal.clock import SteppedClock
from hal.errors import Denied, PortError
from hal.ports.files import FileNode, FileTree, MemoryFiles
from hal.ports.restoring import RestoringFiles
from hal.reading import Reason
from hal.watch import Watch, spark

Tree = Callable[[str], dict[str, MemoryFiles]]
LIMIT = "class/powercap/intel-rapl:0/constraint_0_power_limit_uw"


class Heating:
    """A temperature that rises by a degree a read."""

    def __init__(self) -> None:
        self._degrees = 40

    def read(self) -> str:
        self._degrees += 1
        return f"{self._degrees}000"

    def write(self, text: str) -> None:
        raise PortError(Reason.BUS, "read only")


def heating() -> dict[str, object]:
    nodes: dict[str, str | FileNode] = {
        "class/hwmon/hwmon0/name": "coretemp\n",
        "class/hwmon/hwmon0/temp1_label": "Package id 0\n",
        "class/hwmon/hwmon0/temp1_input": Heating(),
    }
    return {"sys": MemoryFiles(nodes), "proc": MemoryFiles({}), "dev": MemoryFiles({})}


def test_watch_shows_values_reasons_and_how_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--count", "3"], heating(), SteppedClock()) == 0
    lines = capsys.readouterr().out.splitlines()
    last = [line for line in lines if line.startswith("intel_cpu_temp_c")][-1]
    assert last.split() == ["intel_cpu_temp_c", "43", "degC", "▁▅█"]
    assert any(line.split() == ["amd_cpu_temp_c", "ABSENT", "degC", "···"] for line in lines)


def test_a_line_of_bars_spans_its_own_values() -> None:
    assert spark([0.0, 7.0, None, 3.0]) == "▁█·▄"
    assert spark([5.0, 5.0]) == "▁▁" and spark([None]) == "·" and spark([]) == ""
    assert Watch({}).frame() == "\n"


def test_a_recording_plays_back_with_its_own_board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run.jsonl"
    assert main(["record", "--output", str(run), "--count", "4", "--period", "2"], heating(), SteppedClock()) == 0
    values = [row["value"] for row in rows(run) if row.get("channel") == "intel_cpu_temp_c" and "value" in row]
    assert values == [41.0, 42.0, 43.0, 44.0]
    assert main(["watch", "--replay", str(run), "--board", "nowhere", "--period", "2"]) == 0
    shown = [line.split()[1] for line in capsys.readouterr().out.splitlines() if line.startswith("intel_cpu_temp_c")]
    assert shown == ["41", "42", "43", "44"]
    assert main(["list", "--replay", str(run), "--format", "json"]) == 0
    assert main(["test", "--replay", str(run)]) == 0


def test_recordings_and_replays_that_cannot_be_are_wrong_usage(tmp_path: Path) -> None:
    run = tmp_path / "run.jsonl"
    assert main(["record"], heating(), SteppedClock()) == 2
    run.write_text('{"recording": "penumbra", "version": 1, "board": "[x"}\n')
    assert main(["record", "--output", str(run)], heating(), SteppedClock()) == 2
    assert main(["read", "--replay", str(run)]) == 2
    with pytest.raises(SystemExit):
        main(["watch", "--period", "0"])


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def scanned(ports: dict[str, MemoryFiles], path: Path) -> Path:
    given: dict[str, object] = {**ports}
    assert main(["scan", "--output", str(path)], given, SteppedClock()) == 0
    return path


def results_of(
    ports: dict[str, MemoryFiles], board: Path, capsys: pytest.CaptureFixture[str]
) -> dict[str, dict[str, str]]:
    given: dict[str, object] = {**ports}
    capsys.readouterr()
    main(["test", "--board", str(board), "--format", "json"], given, SteppedClock())
    return {row["part"]: row for row in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize("machine", ["laptop", "server", "jetson-orin"])
def test_the_contract_suite_leaves_every_file_as_it_was(
    machine: str, tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ports = tree(machine)
    board = scanned(ports, tmp_path / "board.toml")
    before = {name: dict(files.nodes) for name, files in ports.items()}
    results = {part: row["result"] for part, row in results_of(ports, board, capsys).items()}
    # The tree writes no newline after itself, as the kernel does; its content is the same.
    assert {n: {p: str(t).rstrip() for p, t in f.nodes.items()} for n, f in ports.items()} == {
        n: {p: str(t).rstrip() for p, t in nodes.items()} for n, nodes in before.items()
    }
    assert results.pop("machine_watchdog") == "not tried"
    assert results.pop("zone_cv0_thermal", "failed") == "failed"  # a part without power does not answer
    assert set(results.values()) == {"ok"}


def test_an_actuator_that_only_root_may_set_is_not_tried_and_one_that_is_deaf_has_failed(
    tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Keeping:
        def __init__(self, error: PortError | None) -> None:
            self._error = error

        def read(self) -> str:
            return "15000000"

        def write(self, text: str) -> None:
            if self._error is not None:
                raise self._error

    ports = tree("laptop")
    board = scanned(ports, tmp_path / "board.toml")
    ports["sys"].nodes[LIMIT] = Keeping(Denied("Permission denied"))
    row = results_of(ports, board, capsys)["limit_package_0"]
    assert row["result"] == "not tried" and "only root may set it" in row["detail"]
    ports["sys"].nodes[LIMIT] = Keeping(None)
    row = results_of(ports, board, capsys)["limit_package_0"]
    assert row["result"] == "failed" and "the hardware keeps 15 W" in row["detail"]


def test_what_the_host_owns_is_not_set(tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ports = tree("laptop")
    board = scanned(ports, tmp_path / "board.toml")
    text = board.read_text()
    head, tail = text.split('name = "limit_package_0"')
    board.write_text(head + 'name = "limit_package_0"' + tail.replace('"payload"', '"host"', 1))
    assert find_board(board).actuators[1].owner == "host"
    assert "not set, the host owns it" in results_of(ports, board, capsys)["limit_package_0"]["detail"]


def test_a_test_that_is_ended_puts_back_what_it_changed(tree: Tree, tmp_path: Path) -> None:
    class Ending:
        """A limit in whose second reading after a write somebody ends the process."""

        def __init__(self) -> None:
            self.text = "15000000"
            self._is_armed = True

        def read(self) -> str:
            return self.text

        def write(self, text: str) -> None:
            self.text = text
            if self._is_armed:
                self._is_armed = False
                os.kill(os.getpid(), signal.SIGTERM)

    ports, limit = tree("laptop"), Ending()
    board = scanned(ports, tmp_path / "board.toml")
    ports["sys"].nodes[LIMIT] = limit
    given: dict[str, object] = {**ports}
    with pytest.raises(SystemExit):
        main(["test", "--board", str(board)], given, SteppedClock())
    assert limit.text == "15000000"


def test_what_cannot_be_put_back_is_told(tmp_path: Path) -> None:
    files = MemoryFiles({"a": "1", "b": "2"})
    restoring: FileTree = RestoringFiles(files)
    assert isinstance(restoring, RestoringFiles)
    restoring.write_text("a", "3")
    restoring.write_text("b", "4")
    files.fault = lambda path: Reason.BUS if path == "b" else None
    assert restoring.restore() == ("b",)
    assert files.read_text("a") == "1" and restoring.restore() == ()
    with pytest.raises(PortError):  # what cannot be read could not be put back
        restoring.write_text("b", "5")

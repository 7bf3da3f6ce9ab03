"""Files through the real processes of the board, over UDP; the process of files is killed on the way."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fsw.link.settings import SECURED, Link
from hal.clock import SECOND_NS, MonotonicClock
from tools.flight.keys import BENCH_LINK, make_keys
from tools.ground.cli import gnd
from tools.ground.link import UdpGroundLink

ROOT = Path(__file__).resolve().parents[2]
OCTETS = 400_000
RATE = 1500
pytestmark = pytest.mark.timeout(300)


class Board:
    """The processes comms and files, and what an operator types."""

    def __init__(self, folder: Path, profile: str) -> None:
        probe = UdpGroundLink(tm_port=0, tc_port=9)
        self.port = probe.port
        probe.close()
        table = {"profile": profile, "tc_port": self.port, **BENCH_LINK["link"]}
        settings = Link(**table)  # type: ignore[arg-type]
        (folder / "overrides.json").write_text(json.dumps({"link": table}))
        make_keys(settings, folder)
        self.folder = folder
        self._link = ["--link", profile, "--tc-port", str(self.port), "--tm-port", "0"]
        if settings.is_secured:
            self._link += ["--keys", str(folder / settings.keys)]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.kills = 0

    def start(self, name: str) -> None:
        command = [sys.executable, "-m", "fsw", "run", name, "--mission", "owned.toml"]
        command += ["--run-folder", str(self.folder), "--overrides", str(self.folder / "overrides.json")]
        self._processes[name] = subprocess.Popen(command, cwd=ROOT)

    def kill(self, name: str) -> None:
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def type(self, *words: object) -> Result:
        return CliRunner().invoke(gnd, ["file", *map(str, words), *self._link])

    def wait(self) -> None:
        """Until both answer."""
        clock = MonotonicClock()
        end_ns = clock.now_ns() + 90 * SECOND_NS
        while self.type("ls", "results").exit_code != 0:
            assert clock.now_ns() < end_ns
            clock.sleep_until_ns(clock.now_ns() + SECOND_NS // 2)

    def kill_when(self, name: str, path: Path, octets: int) -> threading.Thread:
        """In the background: kill and restart a process as soon as a file has grown so far."""

        def watch() -> None:
            clock = MonotonicClock()
            end_ns = clock.now_ns() + 60 * SECOND_NS
            while clock.now_ns() < end_ns:
                if sum(part.stat().st_size for part in path.glob("*.part")) >= octets:
                    self.kill(name)
                    self.kills += 1
                    self.start(name)
                    return
                clock.sleep_until_ns(clock.now_ns() + SECOND_NS // 200)

        thread = threading.Thread(target=watch)
        thread.start()
        return thread

    def close(self) -> None:
        for name in list(self._processes):
            self.kill(name)


@pytest.fixture(params=SECURED)
def board(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Board]:
    found = Board(tmp_path, request.param)
    found.start("comms")
    found.start("files")
    try:
        yield found
    finally:
        found.close()


def test_a_file_gets_there_and_back_although_the_process_of_files_is_killed(board: Board, tmp_path: Path) -> None:
    board.wait()
    (tmp_path / "ground").mkdir()
    content = random.Random(1).randbytes(OCTETS)
    (tmp_path / "ground" / "tile").write_bytes(content)
    killer = board.kill_when("files", tmp_path / "files" / "spool", OCTETS // 3)
    result = board.type("put", tmp_path / "ground" / "tile", "results", "--rate", RATE, "--seconds", 120)
    killer.join()
    assert (result.exit_code, board.kills) == (0, 1), result.output
    assert (tmp_path / "results" / "tile").read_bytes() == content
    (tmp_path / "back").mkdir()
    result = board.type("get", "results/tile", tmp_path / "back", "--seconds", 120)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "back" / "tile").read_bytes() == content

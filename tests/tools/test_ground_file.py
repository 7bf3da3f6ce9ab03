"""`penumbra gnd file` against the real services of the board: files get there and back, and exit codes say how."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fsw.bus.memory import MemoryBus
from fsw.command.service import CommandService
from fsw.files.repository import flight_repositories
from fsw.files.service import FilesService
from fsw.files.state import FilesState
from fsw.store.state import NamedState
from fsw.telemetry.service import TelemetryService
from hal.clock import SECOND_NS, OnboardTime, SteppedClock
from hal.ports.link import memory_pair
from hal.ports.memory_disk import MemoryDisk
from tools.ground.cli import gnd
from tools.ground.link import LinkDown
from tools.ground.options import Station

TAI_AT_ZERO_NS = 2_173_824_037 * SECOND_NS


class StationInTheLab(SteppedClock):
    """A stepped clock that also tells UTC."""

    def utc_ns(self) -> int:
        return 1_795_132_800 * SECOND_NS + self.now_ns()


class Flight:
    """Command, files and telemetry, behind a link that loses; it goes down after `lasts` packets up."""

    def __init__(self, folder: Path, loss: float = 0.0, lasts: int = 1 << 30) -> None:
        self.run_folder = folder / "run"
        self.clock = StationInTheLab()
        self.loss, self.lasts = loss, lasts
        self._random = random.Random(1)
        self._disk = MemoryDisk()
        self.start()

    def start(self) -> None:
        """Fresh processes on board."""
        bus = MemoryBus()
        on_board, self._ground = memory_pair(depth=4096)
        state = NamedState(self._disk, "files", FilesState())
        self.files = FilesService(bus, flight_repositories(self.run_folder), state)
        time = OnboardTime(tai_at_zero_ns=TAI_AT_ZERO_NS)
        self._services = (CommandService(bus, on_board), self.files, TelemetryService(bus, on_board, time))

    def send(self, packet: bytes) -> None:
        self.lasts -= 1
        if self.lasts < 0:
            raise LinkDown("the cable was pulled")
        if self._random.random() >= self.loss:
            self._ground.send(packet)

    def receive(self, timeout_ns: int) -> bytes | None:
        while (packet := self._ground.receive()) is not None:
            if self._random.random() >= self.loss:
                return packet
        for service in self._services:
            service.step(self.clock.now_ns())
        self.clock.advance_to_ns(self.clock.now_ns() + timeout_ns)
        return None

    def close(self) -> None: ...

    def place(self, name: str, content: bytes) -> None:
        path = self.run_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def run(flight: Flight, *words: object) -> Result:
    station = Station(link=lambda: flight, clock=flight.clock)
    return CliRunner().invoke(gnd, ["file", *map(str, words)], obj=station)


def contents(octets: int) -> bytes:
    return random.Random(octets).randbytes(octets)


def package(folder: Path) -> Path:
    folder = folder / "water"
    folder.mkdir()
    for name, octets in (("full.onnx", 5000), ("golden.npz", 3000), ("manifest.toml", 500)):
        (folder / name).write_bytes(contents(octets))
    return folder


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_a_package_gets_on_board_its_manifest_last_and_is_checked_there(tmp_path: Path, loss: float) -> None:
    flight = Flight(tmp_path, loss)
    folder = package(tmp_path)
    result = run(flight, "put", folder, "models")
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert (result.exit_code, names[-1]) == (0, "models/water/manifest.toml"), result.output
    for path in folder.iterdir():
        assert (flight.run_folder / "models" / "staging" / "water" / path.name).read_bytes() == path.read_bytes()
    again = run(flight, "put", folder, "models")
    assert (again.exit_code, again.stdout.count("is there already")) == (0, 3)


def test_one_file_gets_the_name_that_was_asked_for(tmp_path: Path) -> None:
    flight = Flight(tmp_path)
    (tmp_path / "tile.npy").write_bytes(contents(100))
    assert run(flight, "put", tmp_path / "tile.npy", "inbox/7.npy").exit_code == 0
    assert run(flight, "put", tmp_path / "tile.npy", "inbox").exit_code == 0
    assert sorted(path.name for path in (flight.run_folder / "intake").iterdir()) == ["7.npy", "tile.npy"]


@pytest.mark.parametrize("loss", [0.0, 0.1])
def test_a_result_is_fetched(tmp_path: Path, loss: float) -> None:
    flight = Flight(tmp_path, loss)
    flight.place("results/7/output.npy", contents(20_000))
    result = run(flight, "get", "results/7/output.npy", tmp_path)
    assert (result.exit_code, "delivered, 20000 octets" in result.stdout) == (0, True), result.output
    assert (tmp_path / "output.npy").read_bytes() == contents(20_000)
    assert run(flight, "get", "results/7/output.npy", tmp_path / "other.npy").exit_code == 0


def test_files_are_listed_and_deleted_and_copies_shown(tmp_path: Path) -> None:
    flight = Flight(tmp_path)
    for number in range(30):
        flight.place(f"results/{number:02}", bytes(number))
    rows = json.loads(run(flight, "ls", "results", "--format", "json").stdout)
    assert [(row["file"], row["size"]) for row in rows] == [(f"{number:02}", number) for number in range(30)]
    assert run(flight, "rm", "results/07").exit_code == 0
    assert len(json.loads(run(flight, "ls", "results", "--format", "json").stdout)) == 29
    run(flight, "get", "results/08", tmp_path)
    (row,) = json.loads(run(flight, "status", "--format", "json").stdout)
    assert (row["state"], row["done"], row["total"]) == ("done", 8, 8)


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("ls", "nowhere"), 5, "no such repository"),
        (("rm", "results/none"), 5, "no such file"),
        (("rm", "results"), 2, "no REPOSITORY/FILE"),
        (("get", "results/none"), 5, "no such file"),
        (("put", __file__, "stores"), 5, "filestore_rejection"),
    ],
)
def test_what_cannot_be_done_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(Flight(tmp_path), *words)
    assert (result.exit_code, why in result.stderr) == (code, True), result.output


def test_what_arrived_in_part_says_so(tmp_path: Path) -> None:
    flight = Flight(tmp_path)
    (tmp_path / "good").write_bytes(contents(10))
    (tmp_path / "bad name").write_bytes(contents(10))
    assert run(flight, "put", tmp_path / "good", tmp_path / "bad name", "inbox").exit_code == 9


def test_a_put_that_was_interrupted_is_gone_on_with(tmp_path: Path) -> None:
    flight = Flight(tmp_path, lasts=60)
    (tmp_path / "big").write_bytes(contents(100_000))
    broken = run(flight, "put", tmp_path / "big", "inbox")
    assert broken.exit_code == 7
    number = broken.stderr.split("--resume ")[1].split()[0]
    flight.lasts = 100
    result = run(flight, "put", tmp_path / "big", "inbox", "--resume", number)
    assert result.exit_code == 0, result.output
    assert (flight.run_folder / "intake" / "big").read_bytes() == contents(100_000)


def test_a_get_that_was_interrupted_is_gone_on_with(tmp_path: Path) -> None:
    flight = Flight(tmp_path)
    flight.place("results/big", contents(400_000))
    broken = run(flight, "get", "results/big", tmp_path, "--seconds", "0.05")
    assert broken.exit_code == 6, broken.output
    number = broken.stderr.split("--resume ")[1].split()[0]
    begun = next((tmp_path / ".partial").glob("*.part")).stat().st_size
    assert 0 < begun < 400_000
    result = run(flight, "get", "results/big", tmp_path, "--resume", number)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "big").read_bytes() == contents(400_000)
    assert not (tmp_path / ".partial" / "checkpoints.json").exists()


def test_a_board_that_is_restarted_goes_on(tmp_path: Path) -> None:
    flight = Flight(tmp_path)
    (tmp_path / "big").write_bytes(contents(100_000))
    assert run(flight, "put", tmp_path / "big", "inbox", "--seconds", "0.3").exit_code == 6
    flight.start()
    result = run(flight, "put", tmp_path / "big", "inbox")
    assert result.exit_code == 0, result.output

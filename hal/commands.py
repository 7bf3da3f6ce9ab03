"""The commands of `hal`: each takes a session, prints, and gives an exit code."""

from __future__ import annotations

import signal
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TextIO, cast

from hal import printing
from hal.board import Board, BoardConfig, board_path, find_board, open_board, read_board
from hal.clock import SECOND_NS, Clock
from hal.config import ConfigError
from hal.listing import list_rows, sample_rows
from hal.ports.files import FileTree, RealFiles
from hal.ports.kinds import Folder
from hal.ports.recorder import HeldClock, Recorder
from hal.ports.replay import ReplayClock, load_recording
from hal.ports.restoring import RestoringFiles
from hal.reading import Reading, Sample
from hal.scan import ROOTS, board_text, i2c_buses
from hal.scan import scan as scan_trees
from hal.selftest import ABSENT, FAILED, UNTRIED, check_board
from hal.watch import CLEAR, Watch

SUCCESS, FAILURE, USAGE = 0, 1, 2
SETTLING_NS = 250_000_000  # the slowest first conversion of the shipped boards: 8 averages of a TMP117, 8 SPS
RECORDED = 60  # rounds of a recording that is told no number


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What the command line asked for. `given` ports replace those of the board file."""

    board: str
    root: Path | None
    format_: str
    output: Path | None
    replay: Path | None
    period_s: float
    count: int | None
    given: dict[str, object]
    clock: Clock

    def config(self) -> BoardConfig:
        """The board file, its file ports moved under `root`."""
        config = find_board(self.board)
        root = self.root
        if root is None:
            return config
        moved = {
            name: replace(port, root=str(root / port.root.lstrip("/"))) if isinstance(port, Folder) else port
            for name, port in config.ports.items()
        }
        return replace(config, ports=moved)

    def replayed(self) -> tuple[BoardConfig, Session]:
        """The board, and the session with the ports and the clock of its recording, where there is one."""
        if self.replay is None:
            return self.config(), self
        recording = load_recording(self.replay)
        try:
            config = read_board(tomllib.loads(recording.board_text), self.replay.name)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(self.replay.name, "board", f"is not TOML: {error}") from error
        return config, replace(self, given={**recording.ports, **self.given}, clock=recording.clock)


Wrap = Callable[[dict[str, object]], Mapping[str, object]]


@contextmanager
def _opened(config: BoardConfig, session: Session, wrap: Wrap = lambda ports: ports) -> Iterator[Board]:
    """The board on its ports, which are closed afterwards; `wrap` may put something between ports and drivers."""
    own = {name: port.open(name) for name, port in config.ports.items() if name not in session.given}
    try:
        yield open_board(config, wrap({**own, **session.given}), session.clock)
    finally:
        for port in own.values():
            cast(RealFiles, port).close()


def _settled(board: Board, clock: Clock) -> tuple[Sample, ...]:
    """One sample a channel, when the first conversions are over."""
    clock.sleep_until_ns(clock.now_ns() + SETTLING_NS)
    return _samples(board)


def _samples(board: Board) -> tuple[Sample, ...]:
    return tuple(sample for sensor in board.sensors for sample in sensor.read())


def list_parts(session: Session) -> int:
    config, session = session.replayed()
    with _opened(config, session) as board:
        samples = _settled(board, session.clock)
        printing.show(list_rows(config, board, samples, session.clock), session.format_)
    return SUCCESS


def read(session: Session) -> int:
    config, session = session.replayed()
    with _opened(config, session) as board:
        samples = _settled(board, session.clock)
        printing.show(sample_rows(samples, board), session.format_)
    return SUCCESS if any(isinstance(sample, Reading) for sample in samples) else FAILURE


def watch(session: Session) -> int:
    """Live until the count, the end of a recording, or an interruption."""
    config, session = session.replayed()
    with _opened(config, session) as board:
        view = Watch(board.channels)
        for samples in _rounds(session, board, session.count):
            view.take(samples)
            print((CLEAR if sys.stdout.isatty() else "") + view.frame(), end="", flush=True)
    return SUCCESS


def record(session: Session) -> int:
    """Rounds of samples with what the ports showed, to a file."""
    config, source = session.config(), board_path(session.board).read_text(encoding="utf-8")
    held = replace(session, clock=HeldClock(session.clock))
    with _new_file(session.output) as sink:
        recorder = Recorder(sink, source, held.clock)
        with _opened(config, held, recorder.ports) as board:
            for samples in _rounds(held, board, RECORDED if session.count is None else session.count):
                recorder.samples(samples)
    return SUCCESS


def scan(session: Session) -> int:
    """What this machine has, as a board file."""
    root = session.root or Path("/")
    own = {} if session.given else {name: RealFiles(root / place.lstrip("/")) for name, place in ROOTS.items()}
    trees = {name: cast(FileTree, port) for name, port in (own or session.given).items() if name in ROOTS}
    found = scan_trees(trees)
    text = board_text(session.output.stem if session.output else "scanned", found, i2c_buses(trees))
    for tree in own.values():
        tree.close()
    if session.output is None:
        print(text, end="")
    else:
        with _new_file(session.output) as file:
            file.write(text)
    sensors = sum(1 for finding in found if finding.channels)
    print(f"hal: found {sensors} sensors and {len(found) - sensors} actuators", file=sys.stderr)
    return SUCCESS if found else FAILURE


def test(session: Session) -> int:
    """Each part against its contract; whatever is tried is put back, also when the test is ended."""
    config, session = session.replayed()
    restoring: list[RestoringFiles] = []

    def restore() -> tuple[str, ...]:
        return tuple(path for files in restoring for path in files.restore())

    def wrap(ports: dict[str, object]) -> Mapping[str, object]:
        wrapped = {name: RestoringFiles(cast(FileTree, p)) for name, p in ports.items() if hasattr(p, "read_text")}
        restoring.extend(wrapped.values())
        return {**ports, **wrapped}

    with _opened(config, session, wrap) as board, _ended_by_signal(), _afterwards(restore):
        session.clock.sleep_until_ns(session.clock.now_ns() + SETTLING_NS)
        checks = list(check_board(config, board, session.clock, restore))
    printing.show([asdict(check) for check in checks], session.format_)
    has_failed = any(check.result == FAILED for check in checks)
    has_nothing = all(check.result in (ABSENT, UNTRIED) for check in checks)
    return FAILURE if has_failed or has_nothing else SUCCESS


def _rounds(session: Session, board: Board, count: int | None) -> Iterator[tuple[Sample, ...]]:
    """A round of samples each period; deadlines do not drift."""
    clock, done = session.clock, 0
    due_ns = clock.now_ns() + min(SETTLING_NS, round(session.period_s * SECOND_NS))
    while (count is None or done < count) and not (isinstance(clock, ReplayClock) and clock.is_over):
        clock.sleep_until_ns(due_ns)
        yield _samples(board)
        done += 1
        due_ns = max(due_ns + round(session.period_s * SECOND_NS), clock.now_ns())


@contextmanager
def _new_file(path: Path | None) -> Iterator[TextIO]:
    """A file that was not there; raises ConfigError."""
    if path is None:
        raise ConfigError("--output", "", "is missing: the file to write")
    try:
        file = path.open("x", encoding="utf-8")
    except OSError as error:
        raise ConfigError(path.name, "", f"cannot be written: {error.strerror}") from error
    with file:
        yield file


@contextmanager
def _afterwards(call: Callable[[], object]) -> Iterator[None]:
    try:
        yield
    finally:
        call()


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """SIGTERM ends what is inside as an interruption does, so that everything is put back."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

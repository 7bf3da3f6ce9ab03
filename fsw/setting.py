"""What a process is told on its command line, and what follows from it alone: folders, clocks, mission."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsw.mission import Mission, load_mission, utc_to_tai_ns
from hal.board import BoardConfig, find_board
from hal.clock import Clock, MonotonicClock, OnboardTime, ScaledClock, TimeQuality, utc_ns
from hal.config import ConfigError, read_toml

COMPUTES = ("worker", "paced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The command line. `clock_start_ns` and `speed` are those of a bench's clock; without, the computer's own rules.

    `ports` is where a bench serves the board's ports, the host and the intake; with `host_link` the host speaks over
    UDP all the same. `compute` "paced" lets a device of the
    bench say when a result is there. `notify` is the supervisor's socket and `parent` the process to die with.
    """

    mission: str
    run_folder: Path
    overrides: Path | None = None
    board: Path | None = None
    ports: str = ""
    clock_start_ns: int | None = None
    speed: float = 1.0
    compute: str = "worker"
    execute: bool = True
    host_link: bool = False
    notify: Path | None = None
    parent: int | None = None

    @property
    def volatile(self) -> Path:
        """The folder of sockets and lease: worth nothing after a run."""
        return self.run_folder / "run"

    def load_mission(self) -> Mission:
        """The mission with its overrides. Raises ConfigError."""
        return load_mission(self.mission, _read_table(self.overrides) if self.overrides else None)

    def load_board(self, mission: Mission) -> BoardConfig:
        """The board given, or the mission's. Raises ConfigError."""
        return find_board(self.board or mission.board)

    def clock(self) -> Clock:
        """The flight's clock."""
        return MonotonicClock() if self.clock_start_ns is None else ScaledClock(self.clock_start_ns, self.speed)

    def time(self, mission: Mission, clock: Clock) -> OnboardTime:
        """On-board time: from the mission's epoch on a bench's clock, else as this computer has it."""
        if self.clock_start_ns is not None:
            return OnboardTime(tai_at_zero_ns=mission.epoch_tai_ns())
        tai_ns = utc_to_tai_ns("1970-01-01T00:00:00Z") + utc_ns()
        return OnboardTime(
            tai_at_zero_ns=tai_ns - clock.now_ns(), quality=TimeQuality.FREE_RUNNING, source="computer's clock"
        )

    def arguments(self) -> tuple[str, ...]:
        """The command line of this setting, without `notify` and `parent`, which are each process's own."""
        given = {
            "--overrides": self.overrides,
            "--board": self.board,
            "--ports": self.ports or None,
            "--clock-start": self.clock_start_ns,
        }
        optional = [text for name, value in given.items() if value is not None for text in (name, str(value))]
        execute = "--execute" if self.execute else "--no-execute"
        host_link = ("--host-link",) if self.host_link else ()
        return (
            *("--mission", self.mission, "--run-folder", str(self.run_folder)),
            *optional,
            *("--speed", repr(self.speed), "--compute", self.compute, execute),
            *host_link,
        )


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that `Setting` is made of."""
    parser.add_argument("--mission", required=True, metavar="FILE", help="mission file, or the name of a shipped one")
    parser.add_argument("--overrides", type=Path, metavar="FILE", help="tables laid over the mission (.toml or .json)")
    parser.add_argument("--board", type=Path, metavar="FILE", help="board file (default: the mission's)")
    parser.add_argument("--run-folder", type=Path, required=True, metavar="DIR", help="store, sockets and lease")
    parser.add_argument("--ports", default="", metavar="ENDPOINT", help="a bench that serves ports, host and intake")
    parser.add_argument("--clock-start", type=int, dest="clock_start_ns", metavar="NS", help="zero of a bench's clock")
    parser.add_argument("--speed", type=_speed, default=1.0, help="of a bench's clock, times real time")
    parser.add_argument("--compute", choices=COMPUTES, default="worker", help="at whose pace results come")
    parser.add_argument("--execute", action=argparse.BooleanOptionalAction, default=True, help="run the models")
    parser.add_argument("--host-link", action="store_true", help="the host bus over UDP, also on a bench")
    parser.add_argument("--notify", type=Path, metavar="SOCKET", help="sd_notify socket of whoever started this")
    parser.add_argument("--parent", type=int, metavar="PID", help="end at once when this process does")


def setting_of(options: argparse.Namespace) -> Setting:
    """The setting in parsed options."""
    values = {name: getattr(options, name) for name in Setting.__dataclass_fields__}
    return Setting(**{**values, "run_folder": options.run_folder.resolve()})


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.0 < speed <= 1000.0:
        raise argparse.ArgumentTypeError(f"must be in 0..1000, is {text}")
    return speed


def _read_table(path: Path) -> dict[str, Any]:
    if path.suffix != ".json":
        return read_toml(path)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path.name, "", f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(path.name, "", f"is not JSON: {error}") from error
    if not isinstance(table, dict):
        raise ConfigError(path.name, "", f"must be a table, is {type(table).__name__}")
    return table

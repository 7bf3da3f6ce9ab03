"""`python -m hal` and `penumbra hal`: what this board can sense and switch."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from hal import native
from hal.board import BOARDS, Board, BoardConfig, find_board, open_board
from hal.clock import Clock, MonotonicClock
from hal.config import ConfigError
from hal.ports.kinds import Folder
from hal.reading import Reading, Sample
from hal.selftest import ABSENT, FAILED, UNTRIED, check_board

SUCCESS, FAILURE, USAGE = 0, 1, 2
SETTLING_NS = 250_000_000  # the slowest first conversion of the shipped boards: 8 averages of a TMP117, 8 SPS

Row = dict[str, object]

EXAMPLES = """\
examples:
  python -m hal list                         what a Linux machine offers
  python -m hal read --format jsonl          one sample of each channel, a JSON object a line
  python -m hal read --board satellite       a board that ships with the package
  python -m hal test --board bench.toml      does each part keep its contract?
  python -m hal read --root /tmp/tree        file ports under a copy of the kernel's files

exit codes: 0 fine, 1 a check failed or nothing could be read, 2 wrong usage or board file
"""


def main(argv: Sequence[str], ports: Mapping[str, object] | None = None, clock: Clock | None = None) -> int:
    """Run the command `argv`; returns its exit code. `ports` replace those of the board file, as simulated ones do."""
    arguments = _parser().parse_args(argv)
    clock = clock or MonotonicClock()
    try:
        config = _config(arguments.board, arguments.root)
        board = open_board(config, ports, clock)
    except ConfigError as error:
        print(f"hal: {error}", file=sys.stderr)
        return USAGE
    try:
        rows, code = _COMMANDS[arguments.command](config, board, clock)
    finally:
        board.close()
    _print(rows, arguments.format)
    return code


def _parser() -> argparse.ArgumentParser:
    shipped = ", ".join(sorted(path.stem for path in BOARDS.glob("*.toml")))
    parser = argparse.ArgumentParser(
        prog="hal", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=sorted(_COMMANDS), help="list parts, read samples, or test the contracts")
    parser.add_argument("--board", default="linux", help=f"a board file, or one of: {shipped} (default linux)")
    parser.add_argument("--root", type=Path, help="put the roots of file ports under this folder")
    parser.add_argument("--format", choices=("table", "json", "jsonl", "csv"), default="table")
    return parser


def _config(board: str, root: Path | None) -> BoardConfig:
    config = find_board(board)
    if root is None:
        return config
    moved = {
        name: Folder(root=str(root / port.root.lstrip("/"))) if isinstance(port, Folder) else port
        for name, port in config.ports.items()
    }
    return replace(config, ports=moved)


def _list(config: BoardConfig, board: Board, clock: Clock) -> tuple[list[Row], int]:
    rows = [
        _part("channel", c.name, row.driver, row.port, c.owner, f"{c.low:g} to {c.high:g}", c.unit, c.period_s)
        for row in config.devices
        for c in row.channels.values()
    ]
    rows += [_part(_kind(board, row.name), row.name, row.driver, row.port, row.owner) for row in config.actuators]
    rows.append(_part("native", "native functions", native.IMPLEMENTATION))
    return rows, SUCCESS


def _part(
    kind: str,
    name: str,
    driver: str,
    port: str = "",
    owner: str = "",
    range_: str = "",
    unit: str = "",
    period_s: float | None = None,
) -> Row:
    return {
        "kind": kind,
        "name": name,
        "driver": driver,
        "port": port,
        "owner": owner,
        "range": range_,
        "unit": unit,
        "period_s": period_s,
    }


def _kind(board: Board, name: str) -> str:
    if name in board.switches:
        return "switch"
    if name in board.caps:
        return "cap"
    if name in board.limits:
        return "limit"
    return "pump" if name in board.pumps else "watchdog"


def _read(config: BoardConfig, board: Board, clock: Clock) -> tuple[list[Row], int]:
    clock.sleep_until_ns(clock.now_ns() + SETTLING_NS)
    samples = [sample for sensor in board.sensors for sample in sensor.read()]
    is_readable = any(isinstance(sample, Reading) for sample in samples)
    return [_sample(sample, board) for sample in samples], SUCCESS if is_readable else FAILURE


def _sample(sample: Sample, board: Board) -> Row:
    unit = board.channels[sample.channel].unit
    if isinstance(sample, Reading):
        told: Row = {"value": sample.value, "unit": unit, "quality": sample.quality.name, "reason": "", "detail": ""}
    else:
        told = {"value": None, "unit": unit, "quality": "", "reason": sample.reason.name, "detail": sample.detail}
    return {"channel": sample.channel, "time_ns": sample.time_ns} | told


def _test(config: BoardConfig, board: Board, clock: Clock) -> tuple[list[Row], int]:
    clock.sleep_until_ns(clock.now_ns() + SETTLING_NS)
    checks = list(check_board(config, board, clock))
    has_failed = any(check.result == FAILED for check in checks)
    has_nothing = all(check.result in (ABSENT, UNTRIED) for check in checks)
    return [asdict(check) for check in checks], FAILURE if has_failed or has_nothing else SUCCESS


_COMMANDS = {"list": _list, "read": _read, "test": _test}


def _print(rows: list[Row], format_: str) -> None:
    if format_ == "json":
        print(json.dumps(rows, indent=2))
    elif format_ == "jsonl":
        for row in rows:
            print(json.dumps(row))
    elif format_ == "csv":
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print_table(rows)


def _print_table(rows: list[Row]) -> None:
    if not rows:
        return
    lines = [list(rows[0]), *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)

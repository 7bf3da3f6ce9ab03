"""`python -m hal` and `penumbra hal`: what this board can sense and switch."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hal.board import BOARDS
from hal.clock import Clock, MonotonicClock
from hal.commands import SUCCESS, USAGE, Session, list_parts, read, record, scan, test, watch
from hal.config import ConfigError

EXAMPLES = """\
examples:
  python -m hal scan --output my-board.toml  what this machine has, as a board file with comments
  python -m hal list --board my-board.toml   each part with value, unit, quality, age, source and range
  python -m hal read --format jsonl          one sample of each channel, a JSON object a line
  python -m hal read --board satellite       a board that ships with the package
  python -m hal watch --period 0.5           live, until interrupted
  python -m hal record --output run.jsonl    a minute of samples and raw contents
  python -m hal watch --replay run.jsonl     the same again from the recording, with its board
  python -m hal test --board bench.toml      does each part keep its contract? Puts back what it tries
  python -m hal read --root /tmp/tree        file ports under a copy of the kernel's files

exit codes: 0 fine, 1 a check failed or nothing could be read, 2 wrong usage or board file
"""

COMMANDS: dict[str, Callable[[Session], int]] = {
    "list": list_parts,
    "read": read,
    "record": record,
    "scan": scan,
    "test": test,
    "watch": watch,
}


def main(argv: Sequence[str], ports: Mapping[str, object] | None = None, clock: Clock | None = None) -> int:
    """Run the command `argv`; returns its exit code. `ports` replace those of the board file, as simulated ones do."""
    arguments = _parser().parse_args(argv)
    session = Session(
        board=arguments.board,
        root=arguments.root,
        format_=arguments.format,
        output=arguments.output,
        replay=arguments.replay,
        period_s=arguments.period,
        count=arguments.count,
        given=dict(ports or {}),
        clock=clock or MonotonicClock(),
    )
    try:
        return COMMANDS[arguments.command](session)
    except ConfigError as error:
        print(f"hal: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return SUCCESS
    except BrokenPipeError:  # whoever read us has seen enough; nothing more may be written, at exit neither
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCESS


def _parser() -> argparse.ArgumentParser:
    shipped = ", ".join(sorted(path.stem for path in BOARDS.glob("*.toml")))
    parser = argparse.ArgumentParser(
        prog="hal", description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=sorted(COMMANDS), help="what to do; see the examples")
    parser.add_argument("--board", default="linux", help=f"a board file, or one of: {shipped} (default linux)")
    parser.add_argument("--root", type=Path, help="put the roots of file ports under this folder")
    parser.add_argument("--format", choices=("table", "json", "jsonl", "csv"), default="table")
    parser.add_argument("--output", type=Path, help="scan, record: the file to write; never over one that is there")
    parser.add_argument("--replay", type=Path, help="list, read, watch, test: a recording instead of hardware")
    parser.add_argument(
        "--period", type=_period, default=1.0, help="watch, record: seconds between samples (default 1)"
    )
    parser.add_argument("--count", type=int, default=None, help="watch, record: how many (watch: no end; record: 60)")
    return parser


def _period(text: str) -> float:
    period_s = float(text)
    if not 0.001 <= period_s <= 3_600.0:
        raise argparse.ArgumentTypeError(f"must be 0.001 to 3600 s, is {text}")
    return period_s

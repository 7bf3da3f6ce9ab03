"""`python -m fsw`: one process of the flight, or the supervisor that starts them all.

Everything that a process needs to know stands on its command line. DIR/store holds what outlives the power, DIR/run the
sockets and the lease of a run, and DIR/intake the inputs where no bench brings them.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence

from fsw.compose import MissingPart
from fsw.keeper import keep_processes
from fsw.packets.security.errors import SecurityError
from fsw.process import counter_store, run_process
from fsw.processes import PROCESS_BY_NAME, PROCESSES
from fsw.setting import Setting, add_options, setting_of
from fsw.shell import ProcessFailed
from fsw.supervise.child import die_with_parent
from hal.config import ConfigError
from hal.errors import HalError

SUCCESS, FAILURE, USAGE = 0, 1, 2

EXAMPLES = """\
processes:
{processes}

examples:
  python -m fsw launch --mission owned.toml --run-folder flight       (once, with new keys in flight/keys)
  python -m fsw supervise --mission owned.toml --run-folder flight
  python -m fsw run guard --mission owned.toml --board bench.toml --run-folder flight

exit codes: 0 ended as asked, 1 failed, 2 wrong usage, mission or board
"""


def main(argv: Sequence[str], may_go_on: Callable[[], bool]) -> int:
    """Run the command `argv` while it may go on; returns its exit code."""
    options = _parser().parse_args(argv)
    if options.parent is not None:
        die_with_parent(options.parent)
    setting = setting_of(options)
    try:
        if options.verb == "run":
            run_process(PROCESS_BY_NAME[options.process], setting, may_go_on)
        elif options.verb == "launch":
            launch(setting)
        else:
            _check_keys(setting)
            keep_processes(setting, may_go_on)
    except (ConfigError, MissingPart, SecurityError) as error:
        print(f"fsw: {error}", file=sys.stderr)
        return USAGE
    except (HalError, OSError, ProcessFailed, ValueError) as error:
        print(f"fsw: {type(error).__name__}: {error}", file=sys.stderr)
        return FAILURE
    return SUCCESS


def launch(setting: Setting) -> None:
    """Begin the counters of the keys in the run folder. Raises ConfigError, SecurityError, FileExistsError."""
    from fsw.link.opening import launch_link, load_mission_ring  # brings the ciphers, which only comms needs in flight

    settings = setting.load_mission().link
    ring = load_mission_ring(settings, setting.run_folder, setting.mission)
    if ring is not None:
        launch_link(settings, ring, counter_store(setting.run_folder))


def _check_keys(setting: Setting) -> None:
    """Raises ConfigError, before anything starts, where the link's keys are not there."""
    from fsw.link.opening import check_keys

    check_keys(setting.load_mission().link, setting.run_folder, setting.mission)


def until_signalled() -> Callable[[], bool]:
    """False once SIGTERM or SIGINT came."""
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: signals.append(received))
    return lambda: not signals


def _parser() -> argparse.ArgumentParser:
    listing = "\n".join(f"  {row.name:<9}{', '.join(row.services):<32}{row.about}" for row in PROCESSES)
    parser = argparse.ArgumentParser(
        prog="python -m fsw",
        description="Penumbra's flight software: one process, or all of them under a supervisor.",
        epilog=EXAMPLES.format(processes=listing),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="one process of the table")
    run.add_argument("process", choices=tuple(PROCESS_BY_NAME))
    add_options(run)
    add_options(verbs.add_parser("supervise", help="all processes, restarted when they fail"))
    add_options(verbs.add_parser("launch", help="begin the counters of new keys, once"))
    return parser

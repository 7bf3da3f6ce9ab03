"""`penumbra gnd cmd stack`: a file of commands, one after the other."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tools.ground import options
from tools.ground.hazard import is_hazardous
from tools.ground.output import Writer
from tools.ground.procedure import REFUSED, Step, carry_out, read_stack
from tools.ground.session import telecommand_of
from tools.ground.verifier import UNKNOWN

RUN_WIDTHS = {"step": 4, "verdict": 9, "elapsed_s": 10, "command": 56, "detail": 0}
DRY_WIDTHS = {"step": 4, "delay_s": 7, "command": 56, "advance_on": 10, "expect": 30, "hazard": 8, "packet": 0}
EXIT_PARTIAL = 9


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--resume-from", type=options.COUNT, default=1, show_default=True, help="Number of the first step.")
@click.option("--dry-run", is_flag=True, help="Check and show the whole file, send nothing.")
@options.format_option
@options.history_options
@options.link_options
@click.pass_context
def stack(
    context: click.Context,
    file: Path,
    resume_from: int,
    dry_run: bool,
    style: str,
    tm_port: int,
    tc_host: str,
    tc_port: int,
) -> None:
    """Send the commands of a JSON file one after the other, each when the one before is as it should be.

    A step has name and args; advance_on (accepted, started, completed), delay_s before it, expect (a condition on
    telemetry) within_s, stop_on_failure, timeout_s, comment. A hazardous step ends the run: a person arms and fires it.

    Exit code 0 all done, 9 some, 2 wrong file; else that of the first step.

    Example: penumbra gnd cmd stack morning.json --dry-run
    """
    with options.told():
        steps = read_stack(file)
    if resume_from > len(steps):
        raise options.Misunderstood(f"{file} has {len(steps)} steps")
    if dry_run:
        _show(steps[resume_from - 1 :], style)
        return
    codes: list[int] = []
    writer = Writer(sys.stdout, style, RUN_WIDTHS)
    with options.session(tm_port, tc_host, tc_port) as session:
        try:
            for result in carry_out(options.sender(session), steps[resume_from - 1 :]):
                verdict = {0: "done", UNKNOWN: "unknown"}.get(result.code, "failed")
                row = {"step": result.step.number, "verdict": verdict, "elapsed_s": round(result.elapsed_s, 3)}
                writer.write({**row, "command": result.step.typed, "code": result.code, "detail": result.detail})
                codes.append(result.code)
        finally:
            writer.close()
            _tell(file, resume_from, len(steps), codes)
    context.exit(_exit_code(codes))


def _exit_code(codes: list[int]) -> int:
    if not any(codes):
        return 0
    return EXIT_PARTIAL if 0 in codes else next(code for code in codes if code)


def _tell(file: Path, first: int, count: int, codes: list[int]) -> None:
    """Where it stopped, and how to go on; a hazardous step has told that itself."""
    is_failed = bool(codes) and codes[-1] != 0
    if (codes and codes[-1] == REFUSED) or (not is_failed and first + len(codes) > count):
        return
    at = first + len(codes) - is_failed
    again = ", which sends it again" if is_failed else ""
    click.echo(f"stopped at step {at}; to go on: penumbra gnd cmd stack {file} --resume-from {at}{again}", err=True)


def _show(steps: tuple[Step, ...], style: str) -> None:
    writer = Writer(sys.stdout, style, DRY_WIDTHS)
    for step in steps:
        row = {"step": step.number, "delay_s": step.delay_s, "command": step.typed, "advance_on": step.advance_on}
        hazard = step.row.hazard.name.lower() if is_hazardous(step.row) else None
        packet = telecommand_of(step.row, step.values, 0).pack().hex()
        writer.write({**row, "expect": step.expect or None, "hazard": hazard, "packet": packet})
    writer.close()

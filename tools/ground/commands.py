"""`penumbra gnd cmd`: list, describe, send, arm, fire, stack, history."""

from __future__ import annotations

import shlex
import sys

import click

from fsw.catalogue.commands import COMMANDS, CommandRow
from fsw.catalogue.wire import Value
from fsw.packets.pus import Telecommand
from tools.ground import completing, options
from tools.ground.arguments import find_command, parse_arguments, usage
from tools.ground.following import Order, follow
from tools.ground.hazard import arm, fire, is_hazardous
from tools.ground.history_cli import history
from tools.ground.lazy import LazyGroup
from tools.ground.output import Writer, shown
from tools.ground.session import telecommand_of
from tools.ground.verifier import FLIGHT_STAGES, WAITABLE


@click.group(cls=LazyGroup, lazy={"stack": "tools.ground.stack_cli:stack"})
def cmd() -> None:
    """Commands: what there is, what it takes, and what became of one."""


cmd.add_command(arm)
cmd.add_command(fire)
cmd.add_command(history)


@cmd.command("list")
@options.format_option
def list_commands(style: str) -> None:
    """All commands.  Example: penumbra gnd cmd list --format json"""
    writer = Writer(sys.stdout, style, {"name": 17, "service": 8, "hazard": 8, "meaning": 0})
    for row in COMMANDS:
        service = f"{row.service},{row.subtype}" + (f",{row.function}" if row.function else "")
        line = {"name": row.name, "service": service, "hazard": row.hazard.name.lower()}
        writer.write({**line, "usage": usage(row), "meaning": row.meaning})
    writer.close()


@cmd.command()
@click.argument("name", shell_complete=completing.commands)
@options.format_option
def describe(name: str, style: str) -> None:
    """The arguments of one command.  Example: penumbra gnd cmd describe submit_job"""
    with options.told():
        row = find_command(name)
    if style == "table":
        click.echo(f"{row.name}: {row.meaning}")
        click.echo(f"usage: {usage(row)}")
        click.echo(f"hazard: {row.hazard.name.lower()}; modes: {', '.join(row.modes)}; ends within {row.timeout_s:g} s")
    writer = Writer(sys.stdout, style, {"argument": 12, "type": 10, "unit": 6, "low": 8, "high": 8, "meaning": 0})
    for field in row.fields:
        line = {"argument": field.name, "type": field.wire.value, "unit": field.unit, "low": field.low}
        meaning = field.meaning or f"one of {', '.join(field.labels)}"
        writer.write({**line, "high": field.high, "labels": list(field.labels), "meaning": meaning})
    writer.close()
    if style == "table" and row.name == "set_parameter":
        click.echo("What can be set, and to what: penumbra gnd tlm list --settable")


def _ack(_context: click.Context, _parameter: click.Parameter, text: str) -> int:
    try:
        flags = int(text, 0)
    except ValueError:
        flags = -1
    if not 0 <= flags <= 15:
        raise click.BadParameter(f"{text!r} is not within 0x0 to 0xF")
    return flags


@cmd.command()
@click.argument("name", shell_complete=completing.commands)
@click.argument("arguments", nargs=-1, metavar="[ARG=VALUE]...", shell_complete=completing.arguments)
@click.option("--wait", type=click.Choice(WAITABLE), default="completed", show_default=True, help="Stage to wait for.")
@click.option(
    "--timeout",
    type=options.SECONDS,
    default=15.0,
    show_default=True,
    help="Seconds to wait; after them the outcome is unknown.",
)
@click.option("--ack", default="0xF", callback=_ack, help="Reports to ask for: 1 accept, 2 start, 4 progress, 8 end.")
@click.option("--source", type=click.IntRange(0, 0xFFFF), default=0, help="Source identifier in the telecommand.")
@click.option("--at", "when", default=None, help="Not now: as of penumbra gnd sched add.")
@click.option("--dry-run", is_flag=True, help="Show the packet, send nothing.")
@options.format_option
@options.history_options
@options.link_options
@click.pass_context
def send(
    context: click.Context,
    name: str,
    arguments: tuple[str, ...],
    wait: str,
    timeout: float,
    ack: int,
    source: int,
    when: str | None,
    dry_run: bool,
    style: str,
    tm_port: int,
    tc_host: str,
    tc_port: int,
) -> None:
    """Send one command and follow it; a hazardous one is armed first, and then fired.

    Example: penumbra gnd cmd send set_parameter parameter=temp_margin_c value=2.5degC

    Exit code 0 completed as asked, 2 usage, 3 refused here, 4 not accepted, 5 failed later, 6 unknown, 7 link down,
    8 keys.
    """
    if not ack & FLIGHT_STAGES[wait.upper()][1] and not dry_run:
        raise click.UsageError(f"--ack {ack:#x} asks for no report of {wait}, so --wait {wait} would never end")
    with options.told():
        row = find_command(name)
        values = parse_arguments(row, arguments)
    if dry_run:
        _show_packet(row, values, telecommand_of(row, values, 0, ack, source), style)
        return
    if when is not None:
        from tools.ground.sched_cli import WHEN, schedule  # not before it is needed: a ping is quick

        with options.session(tm_port, tc_host, tc_port, source) as session:
            words = shlex.join([name, *arguments])
            context.exit(schedule(session, row, values, words, WHEN.convert(when, None, context), timeout, style))
    if is_hazardous(row):
        typed = " ".join([row.name, *arguments])
        raise options.Refused(f"{row.name} is hazardous: first penumbra gnd cmd arm {typed}, then fire what it says")
    with options.session(tm_port, tc_host, tc_port, source) as session:
        typed = shlex.join([name, *arguments])
        order = Order(row=row, values=values, typed=typed, ack=ack, wait=wait, timeout_s=timeout)
        context.exit(follow(options.sender(session), order, style))


def _show_packet(row: CommandRow, values: tuple[Value, ...], packet: Telecommand, style: str) -> None:
    arguments = {field.name: value for field, value in zip(row.fields, values, strict=True)}
    if style == "table":
        words = [f"{name}={value if isinstance(value, str) else shown(value)}" for name, value in arguments.items()]
        click.echo(f"TC[{row.service},{row.subtype}] {' '.join([row.name, *words])}")
        click.echo(f"packet, with sequence count 0: {packet.pack().hex()}")
        return
    header = {"name": row.name, "service": row.service, "subtype": row.subtype, "ack": packet.ack}
    writer = Writer(sys.stdout, style, dict.fromkeys((*header, "packet"), 0))
    writer.write({**header, "source": packet.source, "arguments": arguments, "packet": packet.pack().hex()})
    writer.close()

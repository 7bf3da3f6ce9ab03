"""`penumbra gnd sched`: list, add, delete: commands that the board sends to itself when their time has come."""

from __future__ import annotations

import shlex
import sys

import click

from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import CommandRow
from fsw.catalogue.wire import Value
from hal.clock import SECOND_NS
from tools.ground import completing, options
from tools.ground.arguments import find_command, parse_arguments
from tools.ground.clock import iso
from tools.ground.decoder import FilePart
from tools.ground.following import Order, Sender, follow
from tools.ground.hazard import is_hazardous
from tools.ground.link import LinkDown
from tools.ground.output import Writer
from tools.ground.scheduling import Activity, When, activity_of, clashes, conflicts, orders, parse_when
from tools.ground.session import Session

LIST_WIDTHS = {"release": 24, "activity": 11, "sub": 3, "command": 56, "conflict": 0}
ANSWER_S, LATE_S = 20.0, 1.0  # reports may come behind the word that all of them were sent
_timeout = click.option("--timeout", type=options.SECONDS, default=15.0, show_default=True, help="Seconds to wait.")


class WhenType(click.ParamType[When]):
    """What `--at` takes."""

    name = "when"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> When:
        if isinstance(value, When):
            return value
        with options.told():
            return parse_when(str(value))


WHEN = WhenType()


@click.group()
def sched() -> None:
    """The schedule on board: commands that wait for their time, or for an eclipse or a pass."""


@sched.command("list")
@options.format_option
@options.link_options
def list_activities(style: str, tm_port: int, tc_host: str, tc_port: int) -> None:
    """What is scheduled, when, and what clashes.  Example: penumbra gnd sched list"""
    with options.session(tm_port, tc_host, tc_port) as session:
        _show(scheduled(session), style)


@sched.command()
@click.argument("name", shell_complete=completing.commands)
@click.argument("arguments", nargs=-1, metavar="[ARG=VALUE]...", shell_complete=completing.arguments)
@click.option("--at", "when", type=WHEN, required=True, help="UTC, +90s, eclipse_entry+60s, pass_start#2-30s.")
@click.option("--sub", type=click.IntRange(0, 15), default=0, show_default=True, help="Sub-schedule.")
@click.option("--anyway", is_flag=True, help="Even where it clashes with another.")
@_timeout
@options.format_option
@options.history_options
@options.link_options
@click.pass_context
def add(
    context: click.Context,
    name: str,
    arguments: tuple[str, ...],
    when: When,
    sub: int,
    anyway: bool,
    timeout: float,
    style: str,
    tm_port: int,
    tc_host: str,
    tc_port: int,
) -> None:
    """Have a command sent on board later; a hazardous one together with its arming, and its name typed once more.

    Times count by the on-board clock. A moment of the orbit is looked up again until it has come.

    Example: penumbra gnd sched add submit_job model=water input=scene:42 value=30 deadline=1h --at eclipse_entry+60s
    """
    with options.told():
        row = find_command(name)
        values = parse_arguments(row, arguments)
    with options.session(tm_port, tc_host, tc_port) as session:
        words = shlex.join([row.name, *arguments])
        context.exit(schedule(session, row, values, words, when, timeout, style, sub, anyway))


@sched.command()
@click.argument("activities", nargs=-1, required=True, metavar="ACTIVITY...")
@_timeout
@options.format_option
@options.history_options
@options.link_options
@click.pass_context
def delete(
    context: click.Context,
    activities: tuple[str, ...],
    timeout: float,
    style: str,
    tm_port: int,
    tc_host: str,
    tc_port: int,
) -> None:
    """Forget scheduled commands, named as `sched list` does.  Example: penumbra gnd sched delete 0/11475"""
    keys = [_key(text) for text in activities]
    row = find_command("delete_scheduled")
    code = 0
    with options.session(tm_port, tc_host, tc_port) as session:
        sender = options.sender(session)
        for (source, sequence), text in zip(keys, activities, strict=True):
            values = (source, PAYLOAD_APID, sequence)
            order = Order(row=row, values=values, typed=f"sched delete {text}", timeout_s=timeout)
            code = follow(sender, order, style) or code
    context.exit(code)


def schedule(
    session: Session, row: CommandRow, values: tuple[Value, ...], words: str, when: When, timeout_s: float, style: str,
    sub: int = 0, anyway: bool = False,
) -> int:  # fmt: skip
    """Put a command into the schedule and follow that; gives the exit code. Raises click exceptions, LinkDown."""
    if is_hazardous(row):
        click.echo(f"{row.name} ({row.hazard.name.lower()}): {row.meaning}", err=True)
        if click.prompt("to schedule it with its arming, type its name", err=True) != row.name:
            raise options.Refused("that is not its name; nothing was sent")
    onboard_ns = onboard_utc_ns(session) if when.needs_now else 0
    _check(scheduled(session), row, when.release_ns(onboard_ns), anyway)
    sender = options.sender(session)
    for place, (order_row, order_values) in enumerate(orders(session.build, row, values, when, onboard_ns, sub)):
        order = Order(row=order_row, values=order_values, typed=f"sched add {words}", timeout_s=timeout_s)
        code = follow(sender, order, style)
        if code and place:
            click.echo("its arming is scheduled all the same: penumbra gnd sched list", err=True)
        if code:
            return code
    return 0


def scheduled(session: Session) -> list[Activity]:
    """Everything that waits on board. Raises LinkDown where the board does not answer, SecurityError."""
    order = Order(row=find_command("describe_schedule"), values=(), typed="sched list", timeout_s=ANSWER_S)
    outcome = Sender(session, None).send(order, linger_s=LATE_S)
    if outcome.verdict:
        raise LinkDown(f"the board does not tell its schedule: {outcome.failure or 'no answer'}")
    return [activity_of(report.values) for report in outcome.reports if report.name == "scheduled_command"]


def onboard_utc_ns(session: Session) -> int:
    """The on-board clock now, by a packet that was asked for. Raises LinkDown, SecurityError."""
    session.ping()
    for record in session.records(session.clock.now_ns() + round(ANSWER_S * SECOND_NS)):
        if record is not None and not isinstance(record.content, FilePart) and record.time_quality != "unknown":
            return record.generated_ns
    raise LinkDown("no packet tells the on-board time, from which this would count")


def _check(there: list[Activity], row: CommandRow, release_ns: int | None, anyway: bool) -> None:
    """Raises Refused where something is scheduled at about that time already."""
    if release_ns is None:
        return
    click.echo(f"at {iso(release_ns)}, by the on-board clock", err=True)
    near = clashes(release_ns, row, there)
    if near and not anyway:
        raise options.Refused(f"within a second of {', '.join(near)}; another time, or --anyway")


def _show(activities: list[Activity], style: str) -> None:
    wrong = conflicts(activities)
    writer = Writer(sys.stdout, style, LIST_WIDTHS)
    for activity in sorted(activities, key=lambda each: each.release_ns):
        row = {"release": iso(activity.release_ns), "activity": activity.key, "sub": activity.sub_schedule}
        writer.write({**row, "command": activity.text, "conflict": wrong.get(activity.key)})
    writer.close()


def _key(text: str) -> tuple[int, int]:
    source, _, sequence = text.rpartition("/")
    if not sequence.isdecimal() or not (source or "0").isdecimal() or int(sequence) > 16_383:
        raise options.Misunderstood(f"{text!r} is no activity; sched list names them, as 0/11475")
    return int(source or "0"), int(sequence)

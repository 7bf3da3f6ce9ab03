"""`penumbra gnd alarm`: list, ack, shelve, by what was received and what the history says people did."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hal.clock import utc_ns
from tools.ground import options
from tools.ground.alarms_replay import replay
from tools.ground.archive_cli import folder_option, told
from tools.ground.arguments import find_name
from tools.ground.clock import iso
from tools.ground.console.alarms import AlarmError, Alarms
from tools.ground.console.cli import note
from tools.ground.history import History
from tools.ground.journal import DEFAULT, author
from tools.ground.output import Writer
from tools.ground.since import SPAN

WIDTHS = {"alarm": 28, "severity": 8, "state": 12, "last": 24, "count": 6, "text": 0}
DAY_S = 86_400.0
_last = click.option(
    "--last", "span_s", type=SPAN, default=DAY_S, show_default="1d", help="How far back from the newest packet."
)
_operator = click.option("--operator", default=None, help="Who does it.  [default: the login name]")


@click.group()
def alarm() -> None:
    """Alarms: what somebody must look at, until somebody has said so."""


@alarm.command("list")
@_last
@folder_option
@options.format_option
@options.history_option
def list_alarms(span_s: float, folder: Path, style: str) -> None:
    """Alarms that stand, new ones first; what is played back raises none.  Example: penumbra gnd alarm list"""
    with options.told(), told():
        alarms = _alarms(folder, span_s)
    writer = Writer(sys.stdout, style, WIDTHS)
    for each in alarms.all:
        until = None if each.shelved_until_ns is None else iso(each.shelved_until_ns)
        times = {"first": iso(each.first_ns), "last": iso(each.last_ns), "shelved_until": until}
        rest = {"acknowledged_by": each.acknowledged_by, "comment": each.comment, "is_active": each.is_active}
        row = {"alarm": each.key, "severity": each.severity, "state": each.state, "count": each.count}
        writer.write({**row, **times, **rest, "text": each.text})
    writer.close()


@alarm.command()
@click.argument("name")
@click.option("--comment", required=True, help="What was found, for those who come after.")
@_operator
@_last
@folder_option
@options.history_option
def ack(name: str, comment: str, operator: str | None, span_s: float, folder: Path) -> None:
    """Say that an alarm was seen; it comes again when its cause does.

    Example: penumbra gnd alarm ack "limit soc" --comment "known, the night was long"
    """
    with options.told(), told():
        alarms = _alarms(folder, span_s)
        person = author(operator)
        action = alarms.acknowledge(_number(alarms, name), person.operator, comment, utc_ns())
        note(_history(), person, action)
    click.echo(f"{action.key}: acknowledged by {action.user}")


@alarm.command()
@click.argument("name")
@click.option("--for", "seconds", type=SPAN, required=True, help="How long: 30min, 2h; a day at most.")
@click.option("--comment", required=True, help="Why.")
@_operator
@_last
@folder_option
@options.history_option
def shelve(name: str, seconds: float, comment: str, operator: str | None, span_s: float, folder: Path) -> None:
    """Put an alarm out of the way, until an end.

    Example: penumbra gnd alarm shelve "event host_silent" --for 2h --comment "host is being updated"
    """
    with options.told(), told():
        alarms = _alarms(folder, span_s)
        person = author(operator)
        try:
            action = alarms.shelve(_number(alarms, name), person.operator, comment, utc_ns(), seconds)
        except AlarmError as error:
            raise options.Refused(str(error)) from error
        note(_history(), person, action)
    click.echo(f"{action.key}: shelved by {action.user} until {iso(action.until_ns or 0)}")


def _history() -> History:
    return History(options.history_file() or DEFAULT)


def _alarms(folder: Path, span_s: float) -> Alarms:
    return replay(folder, _history().entries(), span_s, utc_ns())


def _number(alarms: Alarms, name: str) -> int:
    """By the whole name, or its last word alone; raises ArgumentError with a suggestion."""
    numbers = {each.key: each.number for each in alarms.all}
    short = {key.split(" ", 1)[1]: key for key in numbers}
    return numbers[short.get(name) or find_name(name, numbers, "alarm")]

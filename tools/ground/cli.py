"""`penumbra gnd NOUN VERB`: the nouns, each imported only when it is called."""

from __future__ import annotations

import importlib

import click
from click.shell_completion import CompletionItem

NOUNS = {
    "cmd": ("tools.ground.commands", "Commands: list, describe, send, arm, fire, stack, history."),
    "tlm": ("tools.ground.telemetry", "Telemetry: list, watch, get, plot, export, import."),
    "event": ("tools.ground.events", "Events: log."),
    "alarm": ("tools.ground.alarm_cli", "Alarms: list, ack, shelve."),
    "link": ("tools.ground.status", "The link: status, unlock, set-vr, recover."),
    "key": ("tools.ground.key_cli", "Keys: make, status, swap."),
    "file": ("tools.ground.cfdp_cli", "Files on board: put, get, ls, rm, status; peer for other CFDP entities."),
    "time": ("tools.ground.time_cli", "On-board time: status, correlate."),
    "sched": ("tools.ground.sched_cli", "The schedule on board: list, add, delete."),
    "archive": ("tools.ground.archive_cli", "What was received: record, import, info."),
    "query": ("tools.ground.archive_cli", "The archive in SQL."),
    "console": ("tools.ground.console.cli", "Everything on one screen."),
    "web": ("tools.ground.web.cli", "The mission page for browsers, read-only."),
    "config": ("tools.ground.config_cli", "What flies against what should: save, diff."),
    "completion": ("tools.ground.completion_cli", "What a shell reads so that Tab knows the dictionary."),
    "mdb": ("tools.ground.mdb", "The dictionary: check, export-xtce, doc."),
}


class NounTable(click.Group):
    """A group whose commands are the rows of `NOUNS`; listing them imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS and ctx.resilient_parsing:
            return None
        if cmd_name not in NOUNS:
            raise click.exceptions.NoSuchCommand(cmd_name, possibilities=NOUNS, ctx=ctx)
        command: click.Command = getattr(importlib.import_module(NOUNS[cmd_name][0]), cmd_name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        nouns = [CompletionItem(name, help=about) for name, (_module, about) in NOUNS.items()]
        return [noun for noun in nouns if str(noun.value).startswith(incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_module, about) in NOUNS.items()])


@click.group(cls=NounTable, epilog="Example: penumbra gnd cmd send ping   (needs penumbra fly --realtime)")
def gnd() -> None:
    """Talk to a flying spacecraft by space packets over UDP: commands, telemetry, events."""

"""The lines that are always there: link, mode and alarms; the pages; the last command with its stages. Pure."""

from __future__ import annotations

from rich.text import Text

from tools.ground.clock import iso
from tools.ground.console.drawing import Lines, age, cut, mark_of
from tools.ground.console.hearing import SILENCE_S
from tools.ground.console.language import PAGES
from tools.ground.console.lists import stages
from tools.ground.console.picture import Moment, Picture

KEYS = "1-9 pages · Tab completes · Enter sends · ↑↓ past · PgUp/PgDn · Esc · ^Q quits"


def banner(picture: Picture, moment: Moment, width: int) -> Text:
    """One line that must be true at a glance: is anybody there, in which mode, what waits to be acknowledged."""
    words, is_grave = _link(picture, moment)
    mode = picture.values.shown("mode", moment.now_ns)
    alarms = len(picture.alarms.new)
    parts = [
        words,
        f"mode {mode.value or '-'} {mark_of(mode)}".rstrip(),
        f"{alarms} NEW ALARM{'S' if alarms != 1 else ''}" if alarms else "no new alarm",
        f"lost {picture.hearing.missed} bad {picture.hearing.bad}",
        f"{picture.hearing.rate(moment.now_ns):.0f}/s",
        "-" if picture.hearing.newest is None else f"on board {iso(picture.end_ns)[:19]}Z",
    ]
    style = "bold white on red" if is_grave else "bold black on yellow" if alarms else "bold white on dark_green"
    return Text(cut(" " + " │ ".join(parts), width).ljust(width), style=style)


def _link(picture: Picture, moment: Moment) -> tuple[str, bool]:
    silent_s = picture.hearing.silent_s(moment.now_ns)
    if picture.trouble:
        return f"LINK DOWN: {picture.trouble}", True
    if silent_s is None:
        return "NOTHING HEARD YET", True
    if silent_s > SILENCE_S:
        return f"NO TELEMETRY FOR {age(silent_s)}", True
    return f"last packet {age(silent_s)} ago", False


def pages(picture: Picture, page: str, width: int) -> Text:
    """The pages with the digits that lead there; brackets stand around the one that is shown."""
    counts = {"alarms": len(picture.alarms.new), "sent": len(picture.commands)}
    names = [f"{number} {name}" for number, name in enumerate(PAGES, 1)]
    counted = [
        f"{words}({counts[name]})" if counts.get(name) else words for words, name in zip(names, PAGES, strict=True)
    ]
    line = Text()
    for words, name in zip(counted if sum(map(len, counted)) + len(PAGES) < width else names, PAGES, strict=True):
        line.append(f"[{words}]" if name == page else f" {words}", style="bold reverse" if name == page else "")
    return line


def last_command(picture: Picture, width: int) -> Lines:
    """The last command in two lines: what and how it is, and its stages."""
    sent = picture.commands.last
    if sent is None:
        return [Text("no command was sent from here", style="dim"), Text()]
    words = f"{sent.text}: {sent.verdict}" + (f" - {sent.detail}" if sent.detail else "")
    if sent.verdict != "completed" and "rejected" in picture.link:
        words += f" - {picture.link['rejected']}"  # the board says it of the link, not of a command
    return [Text(cut(words, width), style="bold"), stages(sent, width)]

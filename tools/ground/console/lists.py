"""The panes that are lists: events, alarms, the link, every value, every command sent. Pure.

`back` is how far a person has scrolled: up from the newest event or command, down from the first of anything else.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from fsw.catalogue.parameters import PARAMETERS
from fsw.catalogue.structures import STRUCTURE_BY_NAME
from hal.clock import SECOND_NS
from tools.ground.clock import iso
from tools.ground.console.alarms import Alarm
from tools.ground.console.drawing import (
    STYLES,
    Lines,
    age,
    clock,
    cut,
    mark_of,
    number,
    scrolled,
    style_of,
    value_line,
    window,
)
from tools.ground.console.picture import Entry, Moment, Picture
from tools.ground.console.sent import Sent
from tools.ground.console.values import Shown
from tools.ground.output import shown
from tools.ground.verifier import StageRow, State

MARKS = {State.DONE: "✓", State.FAILED: "✗", State.UNKNOWN: "?", State.NOT_APPLICABLE: "–", State.PENDING: "…"}
WIDE = 120  # columns from which a table shows everything
HEADS = ("name", "value", "unit", "quality", "generated", "received", "limits")


def events(picture: Picture, _moment: Moment, width: int, height: int, back: int) -> Lines:
    """The last events, newest at the bottom."""
    return [_event_line(entry, width) for entry in window(list(picture.events), height, back)]


def _event_line(entry: Entry, width: int) -> Text:
    severity = entry.severity.upper() if entry.severity in ("medium", "high") else entry.severity
    late = "played back: " if entry.is_late else ""
    words = f"{clock(entry.generated_ns)[:8]} {severity:<6} {late}{entry.text}"
    return Text(cut(words, width), style="dim" if entry.is_late else STYLES[entry.severity])


def alarms(picture: Picture, _moment: Moment, width: int, height: int, back: int) -> Lines:
    """What is to be acknowledged, then what is acknowledged or shelved, then what people did."""
    rows = [_alarm_line(alarm, width) for alarm in picture.alarms.all] or [Text("no alarm", style="dim")]
    if picture.alarms.uncounted:
        rows.append(Text(cut(f"and {picture.alarms.uncounted} more have no room here", width), style="bold red"))
    for action in reversed(picture.alarms.actions):
        until = f" until {clock(action.until_ns)[:8]}" if action.until_ns is not None else ""
        words = f"{clock(action.utc_ns)[:8]} {action.what} {action.number}{until} by {action.user}: {action.key}"
        rows.append(Text(cut(f"{words} - {action.comment}" if action.comment else words, width), style="dim"))
    return scrolled(rows, height, back)


def _alarm_line(alarm: Alarm, width: int) -> Text:
    times = f" {alarm.count} times" if alarm.count > 1 else ""
    state = alarm.state
    if alarm.shelved_until_ns is not None:
        state += f" until {clock(alarm.shelved_until_ns)[:8]}"
    elif alarm.acknowledged_by:
        state += f" by {alarm.acknowledged_by}"
    over = "" if alarm.over_ns is None else f" (over {clock(alarm.over_ns)[:8]})"
    when = f"{clock(alarm.last_ns)[:8]}{over}{times}"
    words = f"{alarm.number:>3} {alarm.severity.upper():<6} {state} {when} {alarm.text}"
    return Text(cut(words, width), style=STYLES[alarm.severity] if alarm.state == "NEW" else "dim")


def link(picture: Picture, moment: Moment, width: int, height: int, back: int) -> Lines:
    """What is heard, what was lost, and the board's own counts of the uplink."""
    rows = [_pair(name, value, width) for name, value in _heard(picture, moment).items()]
    rows += [_pair(f"ground {name}", value, width) for name, value in picture.link.items()]
    names = STRUCTURE_BY_NAME["link"].parameters
    counted = sorted(names, key=lambda name: picture.values.number(name) in (None, 0.0))  # what has counted comes first
    rows += [value_line(picture, name, moment, width) for name in counted]
    return scrolled(rows, height, back)


def _heard(picture: Picture, moment: Moment) -> dict[str, object]:
    hearing, newest = picture.hearing, picture.hearing.newest
    offset_s = None if newest is None else (newest.generated_ns - newest.received_ns) / SECOND_NS
    return {
        **({"trouble": picture.trouble} if picture.trouble else {}),
        "last packet": age(hearing.silent_s(moment.now_ns)) + (" ago" if hearing.heard_ns is not None else ""),
        "packets": f"{hearing.packets} ({hearing.rate(moment.now_ns):.1f}/s)",
        "lost, bad": f"{hearing.missed}, {hearing.bad}",
        "played back": hearing.late,
        "without words": f"{hearing.undecoded} {hearing.last_undecoded}".rstrip(),
        "on-board time": "-" if newest is None else f"{iso(newest.generated_ns)} {newest.time_quality}",
        "on-board less ground": "-" if offset_s is None else f"{offset_s:+.3f} s",
    }


def _pair(name: str, value: object, width: int) -> Text:
    return Text(cut(f"{name:<20} {shown(value)}", width))


def values(picture: Picture, moment: Moment, width: int, height: int, back: int) -> Lines:
    """Every parameter of the dictionary, those that were heard first."""
    rows = [picture.values.shown(row.name, moment.now_ns) for row in PARAMETERS]
    rows.sort(key=lambda value: value.generated_ns is None)
    head = Text(cut(_columns(HEADS, width), width))
    head.stylize("underline")
    return [head, *scrolled([_value_row(value, width) for value in rows], height - 1, back)]


def _value_row(value: Shown, width: int) -> Text:
    ends = [None if limit is None else f"{limit:g}" for limit in (value.low, value.high)]
    limits = f"{ends[0] or ''}..{ends[1] or ''}" if any(ends) else ""
    times = ["-" if at_ns is None else clock(at_ns) for at_ns in (value.generated_ns, value.received_ns)]
    quality = mark_of(value) or "valid"
    if value.time_quality not in ("synchronised", ""):
        times[0] += "~"  # on-board time that nobody has set
    words = _columns((value.name, number(value), value.unit, quality, *times, limits), width)
    return Text(cut(words, width), style=style_of(value))


def _columns(cells: Sequence[str], width: int) -> str:
    """Name, value, unit, quality, generated, received and limits, side by side; received only where there is room."""
    name, value, unit, quality, generated, received, limits = cells
    head = f"{name:<27}{value:>11} {unit:<6} {quality:<8} {generated:<12}"
    return f"{head} {received:<12} {limits}" if width >= WIDE - 30 else f"{head} {limits}"


def sent(picture: Picture, _moment: Moment, width: int, height: int, back: int) -> Lines:
    """The commands of this console with all their stages, newest first; then what services answered."""
    rows: Lines = []
    for command in reversed(list(picture.commands)):
        rows.append(Text(cut(f"{command.text}  [{command.user}]: {command.verdict}", width), style="bold"))
        rows += [_stage_line(row, width) for row in command.verifier.rows]
        if command.detail:
            rows.append(Text(cut(command.detail, width), style="bold red"))
    for received_ns, words in reversed(picture.answers):
        rows.append(Text(cut(f"{clock(received_ns)[:8]} {words}", width), style="dim"))
    return scrolled(rows or [Text("no command was sent from here", style="dim")], height, back)


def _stage_line(row: StageRow, width: int) -> Text:
    at = "-" if row.utc_ns is None else iso(row.utc_ns)
    elapsed = "" if row.elapsed_ns is None else f"{row.elapsed_ns / SECOND_NS:.3f} s"
    words = f"  {row.stage:<10} {MARKS[row.state]} {row.state.value:<8} {at:<24} {elapsed:>10} {row.text}"
    return Text(cut(words.rstrip(), width), style=_stage_style(row.state))


def _stage_style(state: State) -> str:
    return {State.FAILED: "bold red", State.UNKNOWN: "yellow", State.DONE: "green"}.get(state, "dim")


def stages(command: Sent, width: int) -> Text:
    """The eight stages in one line; with the seconds they took where there is room."""
    line = Text()
    for row in command.verifier.rows:
        line.append(f"{row.stage}{MARKS[row.state]}", style=_stage_style(row.state))
        if width >= WIDE and row.elapsed_ns is not None:
            line.append(f"{row.elapsed_ns / SECOND_NS:.3f}")
        line.append(" ")
    line.truncate(width)
    return line

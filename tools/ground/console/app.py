"""The screen: draws the picture a few times a second, whatever comes, and hands what is typed to the operator."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.geometry import Size
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input

from tools.ground.console import bars, lists, panes
from tools.ground.console.conversation import Desk
from tools.ground.console.drawing import Lines, fitted
from tools.ground.console.language import PAGES, agreement, complete, hint
from tools.ground.console.operating import Operator
from tools.ground.console.picture import Moment, Picture

REFRESH_S = 0.25  # people see no more; the model takes every packet whatever this is
PAST_MOST = 100
SCROLL = 10
HINT_MOST = 4  # lines
LEAST = (80, 24)  # what every terminal has
Draw = Callable[[Picture, Moment, int, int, int], Lines]
PANES: dict[str, Draw] = {
    "power": panes.power,
    "thermal": panes.thermal,
    "governor": panes.governor,
    "events": lists.events,
    "alarms": lists.alarms,
    "link": lists.link,
    "values": lists.values,
    "sent": lists.sent,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Which panes of the page `all` fit a size."""

    least_width: int
    least_height: int
    columns: int
    panes: tuple[str, ...]


ARRANGEMENTS = (
    Arrangement(
        least_width=150, least_height=36, columns=3,
        panes=("power", "thermal", "governor", "events", "alarms", "link"),
    ),
    Arrangement(
        least_width=100, least_height=44, columns=2,
        panes=("power", "thermal", "governor", "events", "alarms", "link"),
    ),
    Arrangement(least_width=150, least_height=0, columns=3, panes=("power", "thermal", "governor")),
    Arrangement(least_width=70, least_height=0, columns=2, panes=("power", "thermal", "governor", "events")),
    Arrangement(least_width=0, least_height=0, columns=1, panes=("power", "governor")),
)  # fmt: skip


def arrangement(width: int, height: int) -> Arrangement:
    """The first that fits."""
    return next(row for row in ARRANGEMENTS if width >= row.least_width and height >= row.least_height)


class Drawn(Widget):
    """A widget that is nothing but lines, drawn from the picture under its lock."""

    def __init__(self, lock: AbstractContextManager[object], draw: Callable[[int, int], Lines], name: str) -> None:
        super().__init__(id=name)
        self._lock, self._draw = lock, draw

    def render(self) -> Text:
        width, height = self.size
        with self._lock:
            return fitted(self._draw(width, height), width, height)


class Completion(Suggester):
    """What the line may become, shown behind the cursor."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        found = complete(value) if value else ()
        return found[0] if found else None


class CommandLine(Input):
    """One line to type in, with completion and with what was typed before."""

    BINDINGS: ClassVar = [
        Binding("tab", "complete", show=False),
        Binding("up", "past(-1)", show=False),
        Binding("down", "past(1)", show=False),
        Binding("escape", "clear", show=False),
    ]

    def __init__(self, past: deque[str]) -> None:
        super().__init__(placeholder="a command of the dictionary, ack, shelve, page, quit", compact=True, id="line")
        self.suggester = Completion()
        self._past = past
        self._place = 0

    def remember(self, line: str) -> None:
        """A line was entered."""
        if line and (not self._past or self._past[-1] != line):
            self._past.append(line)
        self._place = 0

    def action_complete(self) -> None:
        """As far as all that is possible agrees; a word that is whole gets its blank."""
        found = complete(self.value)
        agreed = agreement(found)
        if len(found) == 1 and not agreed.endswith("="):
            agreed += " "
        if len(agreed) > len(self.value):
            self._put(agreed)

    def action_past(self, step: int) -> None:
        """Another line of before; beyond the last is an empty one."""
        self._place = min(max(self._place + step, -len(self._past)), 0)
        self._put(self._past[self._place] if self._place else "")

    def action_clear(self) -> None:
        """An empty line."""
        self._place = 0
        self._put("")

    async def _on_key(self, event: events.Key) -> None:
        """A digit on an empty line turns to a page: no command begins with one."""
        if not self.value and event.key.isdecimal() and 1 <= int(event.key) <= len(PAGES):
            event.prevent_default()
            event.stop()
            self.app.call_later(self.app.run_action, f"page('{PAGES[int(event.key) - 1]}')")
            return
        await super()._on_key(event)

    def _put(self, line: str) -> None:
        self.value = line
        self.cursor_position = len(line)


class Console(App[None]):
    """Penumbra's console. `picture` is filled by others; `desk` takes what is to be sent."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    #banner, #pages, #line, #hint { height: 1; }
    #last { height: 2; }
    #body { height: 1fr; layout: grid; grid-gutter: 0 1; }
    #body Drawn { border-top: solid $primary; border-title-style: bold; padding: 0; }
    #line { border: none; padding: 0; }
    #hint { color: $text-muted; }
    """
    BINDINGS: ClassVar = [
        Binding("ctrl+q", "quit", priority=True),
        Binding("ctrl+c", "quit", priority=True),
        Binding("pageup", "scroll(1)", priority=True),
        Binding("pagedown", "scroll(-1)", priority=True),
        *(Binding(f"f{number}", f"page('{name}')", show=False) for number, name in enumerate(PAGES, 1)),
    ]

    def __init__(self, operator: Operator, picture: Picture, desk: Desk) -> None:
        super().__init__()
        self.operator, self.picture, self.desk = operator, picture, desk
        self.page = "all"
        self.notice = ""
        self._back = 0
        self._terminal = Size(*LEAST)
        self.line = CommandLine(deque(maxlen=PAST_MOST))
        self.body = Container(id="body")
        self.panes = {name: self._drawn(self._pane(name), name) for name in PANES}
        self.hint = self._drawn(self._hint, "hint")

    def compose(self) -> ComposeResult:
        yield self._drawn(lambda width, _: [bars.banner(self.picture, self.desk.moment(), width)], "banner")
        yield self._drawn(lambda width, _: [bars.pages(self.picture, self.page, width)], "pages")
        with self.body:
            yield from self.panes.values()
        yield self._drawn(lambda width, _: bars.last_command(self.picture, width), "last")
        yield self.line
        yield self.hint

    def on_mount(self) -> None:
        for name, pane in self.panes.items():
            pane.border_title = name
        self.line.focus()
        self._arrange()
        self.set_interval(REFRESH_S, self.redraw)

    def on_resize(self, event: events.Resize) -> None:
        self._terminal = event.size
        self._arrange()

    def redraw(self) -> None:
        """Draw what is known now."""
        with self.picture.lock:
            self.picture.tick(self.desk.moment())
        for drawn in self.query(Drawn):
            if drawn.display:
                drawn.refresh()
        self._fit_hint()

    def action_page(self, name: str) -> None:
        """Show another page, from its beginning."""
        self.page, self._back = name, 0
        self._arrange()
        self.redraw()

    def action_scroll(self, step: int) -> None:
        """Further from the newest, or nearer; in a list that begins with what matters, up and down."""
        is_upside_down = self.page in ("alarms", "link", "values", "sent")
        self._back = max(0, self._back + (-step if is_upside_down else step) * SCROLL)
        self.redraw()

    def on_input_changed(self, message: Input.Changed) -> None:
        if self.operator.armed is not None and message.value.strip() != self.operator.armed.command.text:
            self.operator.forget()
        self.notice = ""
        self._fit_hint()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        outcome = self.operator.enter(message.value)
        if outcome.is_end:
            self.exit()
            return
        if not outcome.keeps_line:
            self.line.remember(message.value.strip())
            with self.prevent(Input.Changed):
                self.line.action_clear()
        self.notice = outcome.notice
        if outcome.page:
            self.action_page(outcome.page)
        self.redraw()

    def _drawn(self, draw: Callable[[int, int], Lines], name: str) -> Drawn:
        return Drawn(self.picture.lock, draw, name)

    def _pane(self, name: str) -> Callable[[int, int], Lines]:
        return lambda width, height: PANES[name](self.picture, self.desk.moment(), width, height, self._back)

    def _hint(self, width: int, _height: int) -> Lines:
        words = self.notice or self.operator.state() or hint(self.line.value) or bars.KEYS
        style = "bold yellow" if self.notice or self.operator.armed else ""
        return [Text(line, style=style) for line in wrap(words, max(width, 1), max_lines=HINT_MOST, placeholder=" …")]

    def _fit_hint(self) -> None:
        """What a hazardous command does is read whole, however narrow the terminal."""
        with self.picture.lock:
            self.hint.styles.height = max(1, len(self._hint(self._terminal.width, 0)))
        self.hint.refresh()

    def _arrange(self) -> None:
        """The panes of this page, side by side as the size allows."""
        chosen = arrangement(*self._terminal)
        names = chosen.panes if self.page == "all" else (self.page,)
        columns = chosen.columns if self.page == "all" else 1
        for name, pane in self.panes.items():
            pane.display = name in names
        self.body.styles.grid_size_columns = columns
        self.body.styles.grid_size_rows = -(-len(names) // columns)

"""The live view of a flight: where it is, how the limits stand, what runs; a few plain lines where no one watches.

Wall time serves display alone: nothing here reaches the flight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hal.clock import SECOND_NS, Clock, MonotonicClock

REFRESH_NS = SECOND_NS // 10  # a person sees no more, and drawing costs a few milliseconds
PLAIN_STEP = 0.1  # of the flight between two lines where no terminal is
SPARK_CELLS = 60
SPARKS = "▁▂▃▄▅▆▇█"
EVENTS_SHOWN = 5
NEAR_FLOOR = 0.03  # of state of charge: from here on the battery is shown as near its floor
NEAR_CEILING_C = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRow:
    """What the view shows of one moment. `running` is a text, `events` are the newest last."""

    time_s: float
    mode: str
    sunlit: bool
    soc: float | None
    soc_floor: float
    payload_temp_c: float | None
    ceiling_c: float
    array_w: float | None
    bus_w: float | None
    payload_w: float | None
    allowed_w: float
    queued: int
    running: str
    done: int
    value: float
    price: float
    events: tuple[str, ...] = ()


class LiveView:
    """Shows rows as they come, at most ten times a wall second. Use as a context manager; `update` is cheap."""

    def __init__(self, total_s: float, console: Console, clock: Clock | None = None) -> None:
        self._total_s = max(total_s, 1e-9)
        self._console = console
        self._clock = clock or MonotonicClock()
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
        self._history = History(self._total_s)
        self._start_ns = self._next_ns = self._clock.now_ns()
        self._next_plain_s = PLAIN_STEP * self._total_s
        self._last: LiveRow | None = None

    def __enter__(self) -> LiveView:
        self._start_ns = self._clock.now_ns()
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, row: LiveRow) -> None:
        """Take note of a row, and show it when it is time."""
        self._history.add(row)
        if self._live is None:
            if row.time_s >= self._next_plain_s:
                self._next_plain_s = (
                    (int(row.time_s / self._total_s / PLAIN_STEP + 1e-9) + 1) * PLAIN_STEP * self._total_s
                )
                self._console.print(self._plain(row), highlight=False, markup=False, soft_wrap=True)
            return
        now_ns = self._clock.now_ns()
        if now_ns >= self._next_ns:
            self._next_ns = now_ns + REFRESH_NS
            self._live.update(self.render(row), refresh=True)

    def render(self, row: LiveRow) -> RenderableType:
        """The whole view of one row."""
        parts = [self._progress(row), Text(""), _state(row), Text(""), self._sparks(row)]
        if row.events:
            parts += [
                Text(""),
                *(Text(text, "dim", no_wrap=True, overflow="ellipsis") for text in row.events[-EVENTS_SHOWN:]),
            ]
        light = Text(" sun ", "black on yellow") if row.sunlit else Text(" eclipse ", "white on blue")
        return Panel(Group(*parts), title=Text.assemble((row.mode, "bold"), " ", light), border_style="dim", width=96)

    def _speed(self, row: LiveRow) -> float:
        """Simulated seconds per wall second so far; 0 while nothing can be said."""
        wall_s = (self._clock.now_ns() - self._start_ns) / SECOND_NS
        return row.time_s / wall_s if wall_s > 0.0 else 0.0

    def _progress(self, row: LiveRow) -> RenderableType:
        speed = self._speed(row)
        left_s = (self._total_s - row.time_s) / speed if speed > 0.0 else 0.0
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(no_wrap=True)
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True)
        minutes = f"{row.time_s / 60.0:6.1f} of {self._total_s / 60.0:.0f} min"
        grid.add_row(minutes, ProgressBar(self._total_s, row.time_s), f"{speed:,.0f}x, {max(left_s, 0.0):.0f} s left")
        return grid

    def _sparks(self, row: LiveRow) -> RenderableType:
        grid = Table.grid(padding=(0, 1))
        history = self._history
        low = min((soc for soc in history.soc if soc is not None), default=row.soc_floor)
        grid.add_row("battery", Text(spark(history.soc, min(low, row.soc_floor), 1.0), "green"))
        grid.add_row("temperature", Text(spark(history.temp_c, -20.0, row.ceiling_c), "red"))
        grid.add_row("payload W", Text(spark(history.payload_w, 0.0, None), "bright_red"))
        grid.add_row("array W", Text(spark(history.array_w, 0.0, None), "yellow"))
        grid.add_row("eclipse", Text("".join("━" if dark else " " for dark in history.dark), "blue"))
        return grid

    def _plain(self, row: LiveRow) -> str:
        state = f"battery {_number(row.soc, 100.0)} %, payload {_number(row.payload_temp_c)} C"
        share = row.time_s / self._total_s
        return (
            f"{share:4.0%}  {row.time_s / 60.0:.0f} min  {row.mode}  {'sun' if row.sunlit else 'eclipse'}  {state}  "
            f"{row.done} done, value {row.value:.1f}, {row.queued} waiting  ({self._speed(row):,.0f}x)"
        )


class History:
    """The flight so far in `SPARK_CELLS` cells of equal time; as small for a year as for an orbit."""

    def __init__(self, total_s: float) -> None:
        self._cell_s = total_s / SPARK_CELLS
        self.soc: list[float | None] = []
        self.temp_c: list[float | None] = []
        self.payload_w: list[float | None] = []
        self.array_w: list[float | None] = []
        self.dark: list[bool] = []

    def add(self, row: LiveRow) -> None:
        """Put a row into its cell; the last of a cell stands for it, but the payload's highest power does."""
        cell = min(int(row.time_s / self._cell_s), SPARK_CELLS - 1)
        if cell < len(self.dark) - 1:
            return
        while len(self.dark) <= cell:
            self.dark.append(not row.sunlit)
            for column in (self.soc, self.temp_c, self.payload_w, self.array_w):
                column.append(None)
        self.soc[cell], self.temp_c[cell], self.array_w[cell] = row.soc, row.payload_temp_c, row.array_w
        self.payload_w[cell] = max(self.payload_w[cell] or 0.0, row.payload_w or 0.0)
        self.dark[cell] = not row.sunlit


def spark(values: Sequence[float | None], low: float, high: float | None) -> str:
    """One character a value between `low` and `high` (the largest value where None); a blank for an unknown one.

    >>> spark([0.0, None, 5.0, 10.0], 0.0, None)
    '▁ ▅█'
    """
    top = high if high is not None else max((value for value in values if value is not None), default=1.0)
    scale = (len(SPARKS) - 1) / (top - low) if top > low else 0.0
    cells = (" " if value is None else SPARKS[min(max(round((value - low) * scale), 0), 7)] for value in values)
    return "".join(cells)


def _state(row: LiveRow) -> RenderableType:
    grid = Table.grid(padding=(0, 2), expand=True)
    for _ in range(4):
        grid.add_column(ratio=1, no_wrap=True)
    soc_style = "" if row.soc is None else "bold red" if row.soc < row.soc_floor + NEAR_FLOOR else "green"
    is_hot = row.payload_temp_c is not None and row.payload_temp_c > row.ceiling_c - NEAR_CEILING_C
    grid.add_row(
        _figure("battery", f"{_number(row.soc, 100.0)} %", f"floor {100.0 * row.soc_floor:.0f}", soc_style),
        _figure(
            "payload", f"{_number(row.payload_temp_c)} C", f"ceiling {row.ceiling_c:.0f}", "bold red" if is_hot else ""
        ),
        _figure("array", f"{_number(row.array_w)} W", f"all loads {_number(row.bus_w)}", "yellow"),
        _figure("payload", f"{_number(row.payload_w)} W", f"allowed +{row.allowed_w:.1f}", ""),
    )
    grid.add_row(
        _figure("done", str(row.done), f"{row.queued} waiting", "bold"),
        _figure("value", f"{row.value:.1f}", "so far", "bold"),
        _figure("price", f"{1e3 * row.price:.2f}", "value per kJ", ""),
        _figure("running", "", row.running or "-", ""),
    )
    return grid


def _figure(name: str, value: str, detail: str, style: str) -> Text:
    return Text.assemble((f"{name} ", "dim"), (value, style), (f"\n{detail}", "dim"))


def _number(value: float | None, factor: float = 1.0) -> str:
    return "-" if value is None else f"{round(factor * value, 1) + 0.0:.1f}"

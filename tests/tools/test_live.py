"""The live view: what it shows, how seldom it draws, and what is left of it where no terminal is."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from hal.clock import SECOND_NS, SteppedClock
from tools.flight.live import SPARK_CELLS, SPARKS, History, LiveRow, LiveView, spark

ROW = LiveRow(
    time_s=600.0,
    mode="NOMINAL",
    sunlit=True,
    soc=0.853,
    soc_floor=0.7,
    payload_temp_c=31.4,
    ceiling_c=45.0,
    array_w=70.1,
    bus_w=52.0,
    payload_w=37.2,
    allowed_w=44.0,
    queued=12,
    running="water/full",
    done=57,
    value=48.25,
    price=0.0021,
    events=("job 57 done by water/full",),
)


def shown(row: LiveRow, *, is_terminal: bool = True) -> str:
    console = Console(file=io.StringIO(), width=110, force_terminal=is_terminal, color_system=None)
    console.print(LiveView(1_200.0, console, SteppedClock()).render(row))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


class CountingConsole(Console):
    """A terminal that counts how often something is drawn on it."""

    def __init__(self) -> None:
        super().__init__(file=io.StringIO(), width=110, force_terminal=True)
        self.drawn = 0

    def print(self, *objects: object, **options: object) -> None:
        self.drawn += 1


def test_shows_the_state_against_its_limits() -> None:
    text = shown(ROW)
    for wanted in ("NOMINAL", "sun", "85.3 %", "floor 70", "31.4 C", "ceiling 45", "allowed +44.0", "57", "water/full"):
        assert wanted in text
    assert "2.10" in text and "job 57 done" in text


def test_an_unknown_value_is_a_dash_and_never_a_number() -> None:
    text = shown(replace(ROW, soc=None, payload_temp_c=None, sunlit=False, events=()))
    assert "battery - %" in text and "payload - C" in text and "eclipse" in text


def test_draws_at_most_ten_times_a_wall_second() -> None:
    console, clock = CountingConsole(), SteppedClock()
    with LiveView(1_000.0, console, clock) as view:
        before = console.drawn
        for step in range(1_000):  # a thousand rows in one wall second
            view.update(replace(ROW, time_s=float(step)))
            clock.advance_to_ns(clock.now_ns() + SECOND_NS // 1_000)
        drawn = console.drawn - before
    assert 1 <= drawn <= 11


def test_without_a_terminal_there_is_a_line_every_tenth() -> None:
    console = Console(file=io.StringIO(), width=200, force_terminal=False)
    clock = SteppedClock()
    with LiveView(1_000.0, console, clock) as view:
        for step in range(1, 1_001):
            clock.advance_to_ns(step * SECOND_NS // 1_000)
            view.update(replace(ROW, time_s=float(step)))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split()[0] for line in lines] == [f"{tenth}0%" for tenth in range(1, 11)]
    assert lines[0].endswith("(1,000x)") and "57 done" in lines[0]


def test_an_error_in_the_flight_leaves_the_terminal_in_order() -> None:
    console = CountingConsole()
    with pytest.raises(ZeroDivisionError), LiveView(1.0, console, SteppedClock()):
        raise ZeroDivisionError
    assert console.file.getvalue().endswith("\x1b[?25h")  # type: ignore[attr-defined]  # the cursor is back


def test_history_keeps_the_peak_of_the_payload_and_its_size() -> None:
    history = History(600.0)
    for step in range(700):
        history.add(replace(ROW, time_s=float(step), payload_w=90.0 if step == 3 else 10.0, sunlit=step < 300))
    assert history.payload_w[:2] == [90.0, 10.0]
    assert len(history.soc) == len(history.dark) == SPARK_CELLS
    assert history.dark.index(True) == SPARK_CELLS // 2


@given(st.lists(st.none() | st.floats(-1e6, 1e6)), st.floats(-1e3, 1e3), st.none() | st.floats(-1e3, 1e3))
def test_a_spark_has_one_cell_a_value(values: list[float | None], low: float, high: float | None) -> None:
    text = spark(values, low, high)
    assert len(text) == len(values)
    assert set(text) <= set(SPARKS) | {" "}

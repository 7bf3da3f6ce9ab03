"""Curves in Unicode braille: two by four dots a character (Unicode standard, block U+2800). Pure.

Where it is dark, empty places are filled with `░`; where a limit runs, with `┈`: without colour nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EMPTY = 0x2800
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # by column, from the top
DOTS_WIDE, DOTS_HIGH = 2, 4
LITTLE = 0.02  # of a step
SHADE, LIMIT = "░", "┈"

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a curve is drawn: characters, and the values at its edges."""

    width: int
    height: int
    low: float
    high: float

    def dot(self, value: float) -> int:
        """The row of dots of a value, 0 at the top; a value beyond an edge stands at the edge."""
        rows = self.height * DOTS_HIGH - 1
        share = (value - self.low) / (self.high - self.low)
        return round(rows * (1.0 - min(max(share, 0.0), 1.0)))


def curve(frame: Frame, ranges: Sequence[Range | None]) -> list[str]:
    """The rows of a curve of `DOTS_WIDE * frame.width` ranges, each drawn from its low to its high value.

    Neighbours are joined, so that a jump is a line and not two lonely dots.

    >>> curve(Frame(width=2, height=1, low=0.0, high=3.0), [(0.0, 0.0), (1.0, 1.0), (3.0, 3.0), None])
    ['⡠⠃']
    """
    cells = [[EMPTY] * frame.width for _ in range(frame.height)]
    before: tuple[int, int] | None = None
    for column, span in enumerate(ranges[: frame.width * DOTS_WIDE]):
        rows = None if span is None else (frame.dot(span[1]), frame.dot(span[0]))
        if rows is not None:
            for dot in range(*_joined(rows, before)):
                cells[dot // DOTS_HIGH][column // DOTS_WIDE] |= DOTS[column % DOTS_WIDE][dot % DOTS_HIGH]
        before = rows
    return ["".join(chr(cell) if cell != EMPTY else " " for cell in row) for row in cells]


def _joined(rows: tuple[int, int], before: tuple[int, int] | None) -> tuple[int, int]:
    """First dot and the one behind the last of a column, drawn to where the column before it ends."""
    top, bottom = rows
    if before is not None:
        top, bottom = min(top, before[1] + 1), max(bottom, before[0] - 1)
    return top, bottom + 1


def shaded(rows: Sequence[str], dark: Sequence[bool], limit_rows: Sequence[int] = ()) -> list[str]:
    """The rows with limits, and shade where it is dark, in what a curve left empty.

    >>> shaded(["⡠ ", "  "], [False, True], limit_rows=[1])
    ['⡠░', '┈░']
    """
    return [
        "".join(
            mark if mark != " " else SHADE if is_dark else LIMIT if place in limit_rows else " "
            for mark, is_dark in zip(row, dark, strict=True)
        )
        for place, row in enumerate(rows)
    ]


def edges(low: float, high: float, least: float) -> Range:
    """Round values around what is to be drawn, at least `least` apart.

    >>> edges(0.71, 0.93, 0.05), edges(20.0, 20.0, 2.0)
    ((0.7, 1.0), (19.0, 21.0))

    What is beyond a round value by little does not buy another step: noise around nothing is nothing.

    >>> edges(-0.01, 75.0, 5.0)
    (0.0, 80.0)
    """
    if high - low < least:
        middle = (low + high) / 2.0
        low, high = middle - least / 2.0, middle + least / 2.0
    step = _step((high - low) / 4.0)
    first, last = (low / step + LITTLE) // 1.0, -((LITTLE - high / step) // 1.0)
    return round(first * step, 9), round(last * step, 9)


def _step(wanted: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten that is no smaller."""
    power = 1.0
    while power > wanted:
        power /= 10.0
    while power * 10.0 <= wanted:
        power *= 10.0
    return next((power * factor for factor in (1.0, 2.0, 2.5, 5.0) if power * factor >= wanted), power * 10.0)

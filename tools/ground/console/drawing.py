"""Lines of text out of the picture: values with their quality, and curves over two orbits with the eclipses. Pure.

What colour says is said in words or signs as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from rich.text import Text

from fsw.catalogue.parameters import PARAMETER_BY_NAME
from hal.clock import SECOND_NS
from tools.ground.clock import iso
from tools.ground.console.braille import DOTS_HIGH, DOTS_WIDE, LIMIT, SHADE, Frame, curve, edges, shaded
from tools.ground.console.picture import Moment, Picture
from tools.ground.console.sunlight import Nights, is_dark
from tools.ground.console.trend import Trend
from tools.ground.console.values import Quality, Shown
from tools.ground.output import shown

COLUMNS_LEAST = 8  # of a curve
GUTTER = 7  # characters for the values at the edges of a plot
LEAST_SPAN = {"1": 0.05, "W": 5.0, "degC": 4.0, "J": 10.0}  # so that noise does not fill a plot
LEAST_NS = 600 * SECOND_NS  # what a plot shows at least
AXIS_FROM = 7  # rows of a plot that has a line for the time
STYLES = {"high": "bold red", "medium": "yellow", "low": "cyan", "info": ""}

Lines = list[Text]
Item = TypeVar("Item")


def cut(text: str, width: int) -> str:
    """At most `width` characters, with a sign where something is left out.

    >>> cut("temperature", 5)
    'temp…'
    """
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def window(items: Sequence[Item], count: int, back: int) -> list[Item]:
    """The last `count` items, or those so many before them; as far back as there are some.

    >>> window([1, 2, 3, 4], 2, 1), window([1, 2], 2, 5), window([1, 2], 0, 0)
    ([2, 3], [1, 2], [])
    """
    end = max(len(items) - back, min(count, len(items)))
    return list(items[max(end - count, 0) : end]) if count > 0 else []


def scrolled(lines: Lines, height: int, back: int) -> Lines:
    """So many lines from a place on, or the last ones where it is beyond them."""
    first = min(back, max(len(lines) - height, 0))
    return lines[first : first + height]


def fitted(lines: Lines, width: int, height: int) -> Text:
    """Lines as one text that fits, whatever the size."""
    for line in lines:
        line.truncate(max(width, 0))
    return Text("\n", no_wrap=True).join(lines[: max(height, 0)])


def clock(utc_ns: int) -> str:
    """The time of day of a UTC time, to a tenth of a second.

    >>> clock(1_795_132_800_250_000_000)
    '00:00:00.2'
    """
    return iso(utc_ns)[11:21]


def age(seconds: float | None) -> str:
    """How long ago, for a person.

    >>> age(0.31), age(75.0), age(7300.0), age(None)
    ('0.3 s', '75 s', '2.0 h', 'never')
    """
    if seconds is None:
        return "never"
    if seconds < 10.0:
        return f"{seconds:.1f} s"
    if seconds < 600.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.1f} h"


def number(value: Shown) -> str:
    """A value in words; a float's negative zero is zero."""
    return shown(0.0 if value.value == 0.0 else value.value)


def mark_of(value: Shown) -> str:
    """What a person must know of a value beside the number; nothing where it is valid and within its limits."""
    quality = "" if value.quality is Quality.VALID else value.quality.value.upper()
    return " ".join(word for word in (quality, value.beyond.upper()) if word)


def style_of(value: Shown) -> str:
    """The colour that goes with the mark."""
    if value.beyond:
        return "bold red"
    return {Quality.VALID: "", Quality.STALE: "yellow", Quality.MISSING: "yellow", Quality.NEVER: "dim"}[value.quality]


def value_line(picture: Picture, name: str, moment: Moment, width: int) -> Text:
    """One parameter in a line: name, mark, value and unit."""
    value = picture.values.shown(name, moment.now_ns)
    mark = mark_of(value)
    unit = "" if value.unit == "1" else value.unit
    right = " ".join(word for word in (mark, number(value).rjust(8), unit.ljust(4)) if word)
    left = cut(name, width - len(right) - 1)
    return Text(left.ljust(width - len(right)) + right, style=style_of(value))


def plot(picture: Picture, name: str, moment: Moment, width: int, height: int) -> Lines:
    """The course of a parameter over two orbits, under a line with its last value."""
    head = value_line(picture, name, moment, width)
    least = LEAST_SPAN.get(PARAMETER_BY_NAME[name].unit, 1.0)
    return course(picture, picture.trends[name], head, height, least, picture.values.limits(name))


def course(
    picture: Picture, trend: Trend, head: Text, height: int, least: float, limits: tuple[float | None, ...] = ()
) -> Lines:
    """A curve over two orbits, as wide as its head; `least` is what it spans at least."""
    rows = height - 1 - (height >= AXIS_FROM)
    columns = len(head) - GUTTER
    if rows < 1 or columns < COLUMNS_LEAST:
        return [head]
    nights, end_ns = picture.nights(), picture.end_ns
    begin_ns = end_ns - _span_ns(trend, end_ns, nights)
    buckets = trend.columns(begin_ns, end_ns, columns * DOTS_WIDE)
    known = [bucket for bucket in buckets if bucket is not None]
    if not known:
        return [head, *(Text() for _ in range(height - 1))]
    low, high = edges(min(b.low for b in known), max(b.high for b in known), least)
    frame = Frame(width=columns, height=rows, low=low, high=high)
    drawn = curve(frame, [None if bucket is None else (bucket.low, bucket.high) for bucket in buckets])
    limit_rows = [frame.dot(limit) // DOTS_HIGH for limit in limits if limit is not None and low < limit < high]
    body = shaded(drawn, _dark(nights, begin_ns, end_ns, columns), limit_rows)
    axis = [_axis(end_ns - begin_ns, len(head))] if height >= AXIS_FROM else []
    return [head, *_with_gutter(body, frame), *axis]


def _dark(nights: Nights, begin_ns: int, end_ns: int, columns: int) -> list[bool]:
    step_ns = (end_ns - begin_ns) / columns
    edges_ns = [begin_ns + round(step_ns * place) for place in range(columns + 1)]
    return [is_dark(nights, left, right) for left, right in pairwise(edges_ns)]


def _with_gutter(body: Sequence[str], frame: Frame) -> Lines:
    labels = [f"{frame.high:g}", *[""] * (len(body) - 2), f"{frame.low:g}"] if len(body) > 1 else [f"{frame.high:g}"]
    lines = []
    for label, row in zip(labels, body, strict=True):
        line = Text(f"{cut(label, GUTTER - 1):>{GUTTER - 1}} ", style="dim")
        line.append(row, style="not dim")
        line.highlight_regex(f"{SHADE}+", "dim")
        line.highlight_regex(f"{LIMIT}+", "red")
        lines.append(line)
    return lines


def _span_ns(trend: Trend, end_ns: int, nights: Nights) -> int:
    """Two orbits; less while not so much is known, so that a beginning is seen."""
    known_ns = 0 if trend.first_ns is None else end_ns - trend.first_ns
    return min(max(known_ns, LEAST_NS), nights.span_ns)


def _axis(span_ns: int, width: int) -> Text:
    minutes = span_ns / SECOND_NS / 60.0
    left, middle, right = f"-{minutes:.0f} min", f"{SHADE} eclipse", "now"
    columns = width - GUTTER
    return Text(" " * GUTTER + left + middle.center(max(columns - len(left) - len(right), 0)) + right, style="dim")


def sky_line(picture: Picture, width: int) -> Text:
    """Sun or eclipse, and when it changes, as far as two orbits tell."""
    nights, now_ns = picture.nights(), picture.end_ns
    last = nights.all[-1] if nights.all else None
    if last is not None and last.end_ns is None:
        words = f"in eclipse for {age((now_ns - last.begin_ns) / SECOND_NS)}"
    else:
        is_told = len(picture.sunlit) or len(picture.trends["array_power_w"])
        words = "in sunlight" if is_told else "Sun or eclipse: nothing tells"
    if nights.next_ns is not None and nights.next_ns > now_ns:
        words += f"; next eclipse in {age((nights.next_ns - now_ns) / SECOND_NS)}, if as the last orbit"
    return Text(cut(words, width), style="dim")

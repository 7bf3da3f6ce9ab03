"""Times and spans as they are typed at the command line."""

from __future__ import annotations

import click

from hal.clock import SECOND_NS
from tools.ground.arguments import ArgumentError, parse_number
from tools.ground.clock import parse_iso


class Span(click.ParamType[float]):
    """A duration: `90s`, `10min`, `3h`, `2d`; gives seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        try:
            seconds = float(parse_number(str(value), "s"))
        except ArgumentError as error:
            self.fail(str(error), param, ctx)
        if not 0.0 < seconds < 1e9:
            self.fail(f"{value!r} is no duration; typed are 90s, 10min, 3h, 2d", param, ctx)
        return seconds


class Since(click.ParamType["Moment"]):
    """A moment: UTC, or how long ago; gives a function from now to it, both UTC nanoseconds."""

    name = "utc|duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        if isinstance(value, Moment):
            return value
        try:
            return Moment(at_ns=parse_iso(str(value)))
        except ValueError:
            return Moment(ago_s=SPAN.convert(value, param, ctx))


class Moment:
    """Either a time or how long ago."""

    def __init__(self, at_ns: int | None = None, ago_s: float = 0.0) -> None:
        self._at_ns, self._ago_s = at_ns, ago_s

    def utc_ns(self, now_ns: int) -> int:
        """The time that is meant at `now_ns`."""
        return now_ns - round(self._ago_s * SECOND_NS) if self._at_ns is None else self._at_ns


SPAN, SINCE = Span(), Since()

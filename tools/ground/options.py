"""What every verb of `penumbra gnd` shares: the link's options, the output's format, and how errors end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from hal.clock import SECOND_NS
from tools.ground.arguments import ArgumentError, RangeError
from tools.ground.clock import GroundClock, StationClock
from tools.ground.link import TC_PORT, TM_PORT, GroundLink, LinkDown, UdpGroundLink
from tools.ground.output import FORMATS
from tools.ground.session import Session

EXIT_REFUSED, EXIT_LINK_DOWN = 3, 7
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """What the tool talks through; given as the context's object it takes the place of UDP and the real clock."""

    link: Callable[[], GroundLink]
    clock: GroundClock
    sequence: int | None = None


class Refused(click.ClickException):
    """The tool itself refuses to send this."""

    exit_code = EXIT_REFUSED


class Unreachable(click.ClickException):
    """There is no link."""

    exit_code = EXIT_LINK_DOWN


def link_options(function: Function) -> Function:
    """Where the spacecraft is."""
    options = (
        click.option("--tm-port", default=TM_PORT, show_default=True, help="UDP port here that telemetry comes to."),
        click.option("--tc-host", default="127.0.0.1", show_default=True, help="Host that takes telecommands."),
        click.option("--tc-port", default=TC_PORT, show_default=True, help="UDP port there that takes telecommands."),
    )
    for option in reversed(options):
        function = option(function)
    return function


def format_option(function: Function) -> Function:
    """How rows are written."""
    option = click.option(
        "--format", "style", type=click.Choice(FORMATS), default="table", help="How rows are written."
    )
    return option(function)


@contextmanager
def session(tm_port: int, tc_host: str, tc_port: int, source: int = 0) -> Iterator[Session]:
    """A session over UDP, or over the station of the context; closed at the end, its errors told in a line."""
    station = click.get_current_context().obj
    if not isinstance(station, Station):
        station = Station(link=lambda: UdpGroundLink(tm_port, tc_host, tc_port), clock=StationClock())
    with told():
        conversation = Session(station.link(), station.clock, source, station.sequence)
        try:
            yield conversation
        finally:
            conversation.close()


@contextmanager
def told() -> Iterator[None]:
    """Errors of the user and of the link become one line and an exit code."""
    try:
        yield
    except RangeError as error:
        raise Refused(str(error)) from error
    except ArgumentError as error:
        raise click.UsageError(str(error)) from error
    except LinkDown as error:
        raise Unreachable(str(error)) from error


def deadline_ns(clock: GroundClock, seconds: float | None) -> int | None:
    """The monotonic time `seconds` from now; None for ever."""
    return None if seconds is None else clock.now_ns() + int(seconds * SECOND_NS)

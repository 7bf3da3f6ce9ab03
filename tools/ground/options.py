"""What every verb of `penumbra gnd` shares: the link's options, the output's format, and how errors end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from fsw.packets.security.errors import SecurityError
from hal.clock import SECOND_NS
from tools.ground.arguments import ArgumentError, RangeError
from tools.ground.clock import GroundClock, StationClock
from tools.ground.decoder import Record
from tools.ground.finding import PROFILES, choose, profiled
from tools.ground.following import Sender
from tools.ground.history import History, HistoryError
from tools.ground.journal import DEFAULT, Journal, author
from tools.ground.link import TC_PORT, TM_PORT, GroundLink, LinkDown, UdpGroundLink
from tools.ground.output import FORMATS
from tools.ground.session import Session

EXIT_USAGE, EXIT_REFUSED, EXIT_LINK_DOWN, EXIT_KEYS = 2, 3, 7, 8
PORT, ANY_PORT = click.IntRange(1, 65_535), click.IntRange(0, 65_535)
SECONDS, COUNT = click.FloatRange(0.0, 1e6), click.IntRange(1)
SILENCE_S = 40.0  # banner: longer than the slowest default structure
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """What the tool talks through; given as the context's object it takes the place of UDP and the real clock."""

    link: Callable[[], GroundLink]
    clock: GroundClock
    sequence: int | None = None
    history: Path | None = None  # None: nothing is written down, unless --history says where


class Misunderstood(click.ClickException):
    """Something typed that the dictionary does not know."""

    exit_code = EXIT_USAGE


class Refused(click.ClickException):
    """The tool itself refuses to send this."""

    exit_code = EXIT_REFUSED


class Unreachable(click.ClickException):
    """There is no link."""

    exit_code = EXIT_LINK_DOWN


class Unauthorised(click.ClickException):
    """Keys or counters that cannot be used."""

    exit_code = EXIT_KEYS


def _keep(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Options that `session` looks up, so that no verb has to hand them on."""
    context.meta[f"{__name__}.{parameter.name}"] = value


def link_options(function: Function) -> Function:
    """Where the spacecraft is, and how its link is spoken."""
    options = (
        click.option("--tm-port", type=ANY_PORT, default=TM_PORT, show_default=True, help="UDP port here, 0: any."),
        click.option("--tc-host", default="127.0.0.1", show_default=True, help="Host that takes telecommands."),
        click.option("--tc-port", type=PORT, default=TC_PORT, show_default=True, help="UDP port of that host."),
        click.option(
            "--link", "profile", type=click.Choice(PROFILES), expose_value=False, callback=_keep,
            help="How the link is spoken; without, as a flight in runs/ says.",
        ),
        click.option(
            "--keys", type=click.Path(file_okay=False, path_type=Path), expose_value=False, callback=_keep,
            help="Folder of the keys; without, as a flight in runs/ says.",
        ),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def history_option(function: Function) -> Function:
    """Where commands are written down."""
    option = click.option(
        "--history", type=click.Path(dir_okay=False, path_type=Path), expose_value=False, callback=_keep,
        help=f"File of what was sent.  [default: {DEFAULT}]",
    )  # fmt: skip
    return option(function)


def history_options(function: Function) -> Function:
    """Where commands are written down, and who sends them."""
    options = (
        history_option,
        click.option(
            "--operator", expose_value=False, callback=_keep, help="Who sends it.  [default: the login name]"
        ),
        click.option("--comment", default="", expose_value=False, callback=_keep, help="Why, for the history."),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def history_file() -> Path | None:
    """The history that the context names; None for a rehearsal that names none."""
    context = click.get_current_context()
    typed: Path | None = context.meta.get(f"{__name__}.history")
    return typed or (context.obj.history if isinstance(context.obj, Station) else DEFAULT)


def sender(session: Session) -> Sender:
    """Sends in the name of who calls the tool, and writes down what."""
    meta, path = click.get_current_context().meta, history_file()
    if path is None:
        return Sender(session, None)
    name, comment = meta.get(f"{__name__}.operator"), meta.get(f"{__name__}.comment") or ""
    return Sender(session, Journal(History(path), author(name, comment), session.clock))


def format_option(function: Function) -> Function:
    """How rows are written."""
    option = click.option(
        "--format", "style", type=click.Choice(FORMATS), default="table", help="How rows are written."
    )
    return option(function)


@contextmanager
def session(tm_port: int, tc_host: str, tc_port: int, source: int = 0) -> Iterator[Session]:
    """A session over UDP, or over the station of the context; closed at the end, its errors told in a line."""
    context = click.get_current_context()
    station = context.obj
    if not isinstance(station, Station):
        choice = choose(context.meta.get(f"{__name__}.profile"), context.meta.get(f"{__name__}.keys"), tc_port)
        clock = StationClock()
        station = Station(
            link=lambda: profiled(UdpGroundLink(tm_port, tc_host, tc_port), choice, clock), clock=clock
        )  # fmt: skip
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
        raise Misunderstood(str(error)) from error
    except LinkDown as error:
        raise Unreachable(str(error)) from error
    except HistoryError as error:
        raise Refused(str(error)) from error
    except SecurityError as error:
        raise Unauthorised(str(error)) from error


def watched(session: Session, seconds: float | None) -> Iterator[Record | None]:
    """The records of a session; silence is told once each time. Raises LinkDown when nothing at all was heard."""
    is_silent = False
    for record in session.records(deadline_ns(session.clock, seconds)):
        yield record
        was_silent, is_silent = is_silent, session.silent_s() > SILENCE_S
        if is_silent and not was_silent:
            click.echo(f"no telemetry for {session.silent_s():.0f} s", err=True)
    if not session.decoder.packets:
        raise LinkDown(f"no telemetry was heard in {seconds:g} s")


def deadline_ns(clock: GroundClock, seconds: float | None) -> int | None:
    """The monotonic time `seconds` from now; None for ever."""
    return None if seconds is None else clock.now_ns() + int(seconds * SECOND_NS)

"""`penumbra gnd web`."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import click

from fsw.packets.frames.acceptance import ChannelConfig
from tools.ground import options
from tools.ground.archive.rawlog import ArchiveError, Received
from tools.ground.clock import StationClock
from tools.ground.console.picture import Picture
from tools.ground.finding import PROFILES, choose, mission_told
from tools.ground.link import TC_PORT, TM_PORT, LinkDown, UdpGroundLink
from tools.ground.profiled import ProfiledLink
from tools.ground.session import Session
from tools.ground.stack import FrameStack, MuteStack, PlainStack, Stack
from tools.ground.web.feed import Feed
from tools.ground.web.past import last_received, remember
from tools.ground.web.server import LOOPBACK, Documents, application, server_of
from tools.ground.web.sky import MissionError, Sky, read_sky, sky_of

PORT = 8025


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where browsers may come from; 0.0.0.0: anywhere.")
@click.option("--port", type=options.ANY_PORT, default=PORT, show_default=True, help="TCP port of the page, 0: any.")
@click.option(
    "--mission",
    "missions",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    multiple=True,
    help="Mission file (TOML or JSON) with orbit and stations, for the map; a second one is laid over the first. "
    "Without, as a flight in runs/ says.",
)
@click.option(
    "--archive",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Archive whose last hours the plots begin with.",
)
@click.option("--tm-port", type=options.ANY_PORT, default=TM_PORT, show_default=True, help="UDP port here, 0: any.")
@click.option("--tc-host", default="127.0.0.1", show_default=True, help="Host of the spacecraft's link.")
@click.option("--tc-port", type=options.PORT, default=TC_PORT, show_default=True, help="UDP port of that host.")
@click.option("--link", "profile", type=click.Choice(PROFILES), help="How the link is spoken; else as a flight says.")
@click.pass_context
def web(
    context: click.Context, host: str, port: int, missions: tuple[Path, ...], archive: Path | None, tm_port: int,
    tc_host: str, tc_port: int, profile: str | None,
) -> None:  # fmt: skip
    """Serve the mission page: values, plots, map, jobs, events. Read-only; opens no key, sends no command.

    Example: penumbra gnd web --archive archive
    """
    sky, past = _sky(missions, tc_port), _past(archive)
    with options.told(), closing(_listen(host, port)) as listening:
        session = _listener(context, tm_port, tc_host, tc_port, profile)
        if host not in LOOPBACK:
            click.echo("whoever reaches this computer can read the page", err=True)
        click.echo(f"mission page at http://{_address(listening)}/ (read-only); Ctrl-C stops")
        serve(session, sky, past, listening, LOOPBACK if host in LOOPBACK else ("*",))


def serve(
    session: Session, sky: Sky | None, past: list[Received], listening: socket.socket, hosts: tuple[str, ...]
) -> None:
    """Listen to the spacecraft and serve the page until a signal; plots begin with what is `past`."""
    picture = Picture()
    feed = Feed(session, picture)
    remember(picture, past, feed.moment())
    feed.start()
    try:
        server_of(application(Documents(picture, feed, sky, session.clock), hosts)).run(sockets=[listening])
    finally:
        feed.stop()
        session.close()


def _listener(context: click.Context, tm_port: int, tc_host: str, tc_port: int, profile: str | None) -> Session:
    """A session that can only hear, over UDP or over the station of the context. Raises LinkDown."""
    station = context.obj
    choice = choose(profile, None, tc_port)
    clock = station.clock if isinstance(station, options.Station) else StationClock()
    link = station.link() if isinstance(station, options.Station) else UdpGroundLink(tm_port, tc_host, tc_port)
    has_frames = choice.profile.startswith("frames")
    heard: Stack = FrameStack(ChannelConfig(scid=choice.scid, vcid=choice.vcid)) if has_frames else PlainStack()
    return Session(ProfiledLink(link, MuteStack(heard, choice.profile), clock), clock)


def _sky(missions: tuple[Path, ...], port: int) -> Sky | None:
    """As typed, else as the flight in runs/ says; without either there is no map."""
    told = mission_told(port)
    try:
        if missions or told is None or "orbit" not in told:
            return read_sky(missions) if missions else None
        return sky_of(told, f"the flight at port {port}")
    except MissionError as error:
        raise options.Misunderstood(str(error)) from error


def _past(archive: Path | None) -> list[Received]:
    try:
        return last_received(archive) if archive is not None else []
    except ArchiveError as error:
        raise options.Misunderstood(str(error)) from error


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise LinkDown(f"{host}:{port}: {error.strerror or error}; give another --port") from error
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else an answer's second part waits 40 ms
    return listening


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

"""`penumbra gnd link`: status, unlock, set-vr, recover."""

from __future__ import annotations

import sys

import click

from fsw.packets.security.errors import KeyRefused, SecurityError
from hal.clock import SECOND_NS
from tools.ground import options
from tools.ground.clock import iso
from tools.ground.decoder import Alive, Happened
from tools.ground.link import LinkDown
from tools.ground.output import Writer
from tools.ground.profiled import ProfiledLink
from tools.ground.ring import GroundRing
from tools.ground.session import Session
from tools.ground.stack import FrameStack

WIDTHS = {"item": 20, "value": 0}
CHALLENGE_S = 45.0  # the board repeats it every 30 s
ANSWER_S = 10.0


@click.group()
def link() -> None:
    """The link itself: is anybody there, what was lost, and how to get it back."""


@link.command()
@click.option(
    "--seconds", type=options.SECONDS, default=5.0, show_default=True, help="How long to listen after the ping."
)
@options.format_option
@options.link_options
@click.pass_context
def status(context: click.Context, seconds: float, style: str, tm_port: int, tc_host: str, tc_port: int) -> None:
    """Ping, listen, and count. Exit code 7 when nothing was heard.

    Example: penumbra gnd link status
    """
    with options.session(tm_port, tc_host, tc_port) as session:
        rows = _listen(session, seconds)
    writer = Writer(sys.stdout, style, WIDTHS)
    for item, value in rows.items():
        writer.write({"item": item, "value": value})
    writer.close()
    context.exit(0 if session.decoder.packets else options.EXIT_LINK_DOWN)


@link.command()
@options.link_options
def unlock(tm_port: int, tc_host: str, tc_port: int) -> None:
    """End a lockout of the ordered service, and say so.  Example: penumbra gnd link unlock --link frames+sdls"""
    with options.session(tm_port, tc_host, tc_port) as session:
        _control(session, None)


@link.command("set-vr")
@click.argument("number", type=click.IntRange(0, 255))
@options.link_options
def set_vr(number: int, tm_port: int, tc_host: str, tc_port: int) -> None:
    """Make NUMBER the next sequence number that the board expects.  Example: penumbra gnd link set-vr 0"""
    with options.session(tm_port, tc_host, tc_port) as session:
        _control(session, number)


@link.command()
@click.option("--key", "number", type=click.IntRange(0, 255), default=None, help="Contingency key; the next by itself.")
@options.link_options
def recover(number: int | None, tm_port: int, tc_host: str, tc_port: int) -> None:
    """Answer the challenge of a board that has lost its counter; uses up one contingency key.

    Example: penumbra gnd link recover
    """
    with options.session(tm_port, tc_host, tc_port) as session:
        ground = session.link
        if not isinstance(ground, ProfiledLink) or ground.ring is None:
            raise KeyRefused("there is nothing to recover without keys: give --keys FOLDER")
        _recover(session, ground, ground.ring, number)


def _listen(session: Session, seconds: float) -> dict[str, object]:
    round_trip_s: float | None = None
    generated, time_quality = None, None
    start_ns = session.clock.now_ns()
    _call(session)
    for record in session.records(options.deadline_ns(session.clock, seconds)):
        if record is None:
            continue
        generated, time_quality = iso(record.generated_ns), record.time_quality
        if round_trip_s is None and isinstance(record.content, Alive):
            round_trip_s = round((session.clock.now_ns() - start_ns) / SECOND_NS, 3)
    last_ns = session.last_received_ns
    return {
        "packets": session.decoder.packets,
        "packets_missed": session.decoder.missed,
        "packets_bad": session.decoder.bad,
        "ping_round_trip_s": round_trip_s,
        "last_packet_age_s": None if last_ns is None else round(session.silent_s(), 3),
        "onboard_time": generated,
        "onboard_time_quality": time_quality,
        **(session.link.status() if isinstance(session.link, ProfiledLink) else {}),
        **({"rejected": session.rejected} if session.rejected else {}),
    }


def _call(session: Session) -> None:
    """Ping, or say hello where we may not command."""
    try:
        session.ping()
    except SecurityError as error:
        click.echo(f"no ping: {error}", err=True)
        session.hello()
    except LinkDown as error:  # frames that nobody hears cannot begin; what is heard is shown all the same
        click.echo(f"no ping: {error}", err=True)


def _control(session: Session, number: int | None) -> None:
    """Have one control frame carried out. Raises LinkDown when no report says that it was."""
    ground = session.link
    if not isinstance(ground, ProfiledLink) or not isinstance(ground.stack, FrameStack):
        raise LinkDown("control frames are of the profiles with frames: give --link frames or frames+sdls")
    fop = ground.stack.fop
    if number is None:
        fop.set_sequence(ground.order(ground.stack).next_sequence)
        fop.initiate_with_unlock()
    else:
        fop.initiate_with_set_vr(number)
    session.hello()
    for _record in session.records(options.deadline_ns(session.clock, ANSWER_S)):
        if ground.stack.is_active:
            click.echo(f"done: the board expects frame {fop.next_sequence}")
            return
    raise LinkDown("no report says that it was done")


def _recover(session: Session, ground: ProfiledLink, ring: GroundRing, number: int | None) -> None:
    """Hear the challenge, answer it, hear that it is recovered. Raises LinkDown, SecurityError."""
    session.hello()
    for _record in session.records(options.deadline_ns(session.clock, CHALLENGE_S)):
        if session.challenge is not None:
            break
    challenge = session.challenge
    if challenge is None:
        _take_as_done(session, ring)
        return
    used = ring.next_contingency(challenge) if number is None else number
    ground.send_answer(ring.answer(challenge, used))
    for record in session.records(options.deadline_ns(session.clock, ANSWER_S)):
        content = None if record is None else record.content
        if not isinstance(content, Happened) or content.name != "link_recovered":
            continue
        if content.values[:2] == (challenge.channel, used):
            ring.recovered(challenge, used, is_kept=content.values[2] == "kept")
            click.echo(content.text)
            return
    raise LinkDown(f"nothing says whether contingency key {used} was taken; ask again")


def _take_as_done(session: Session, ring: GroundRing) -> None:
    """Nothing is asked: the answer of before was accepted, where there was one. Raises LinkDown."""
    pending = ring.pending()
    if pending is None or not session.decoder.packets:
        raise LinkDown(f"no challenge was heard in {CHALLENGE_S:g} s: the board has not lost its counter")
    ring.recovered(*pending, is_kept=True)
    click.echo(f"nothing is asked any more: contingency key {pending[1]} is taken as accepted, and kept")

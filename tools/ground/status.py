"""`penumbra gnd link`: status."""

from __future__ import annotations

import sys

import click

from hal.clock import SECOND_NS
from tools.ground import options
from tools.ground.clock import iso
from tools.ground.decoder import Alive
from tools.ground.output import Writer
from tools.ground.session import Session

WIDTHS = {"item": 20, "value": 0}


@click.group()
def link() -> None:
    """The link itself: is anybody there, and what was lost."""


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


def _listen(session: Session, seconds: float) -> dict[str, object]:
    round_trip_s: float | None = None
    generated, time_quality = None, None
    start_ns = session.clock.now_ns()
    session.hello()
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
    }

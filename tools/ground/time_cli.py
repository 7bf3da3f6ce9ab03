"""`penumbra gnd time`: status, correlate."""

from __future__ import annotations

import sys

import click

from tools.ground import options
from tools.ground.clock import iso
from tools.ground.correlation import Correlation
from tools.ground.decoder import TimeTold
from tools.ground.link import LinkDown
from tools.ground.output import Writer

STATUS_WIDTHS = {"onboard": 26, "received": 26, "behind_s": 10, "quality": 14, "rate_s": 0}
CORRELATE_WIDTHS = {"at": 26, "offset_s": 12, "drift_ppm": 11, "sigma_s": 12, "packets": 8, "jumps": 0}
RATE_HINT = "no time packet came in {:g} s; how often they do: penumbra gnd cmd send set_time_report_rate exponent=2"

JUMP_HINT = "the on-board clock jumped {} times, so no line can be laid: a flight at another speed than real time?"


@click.group("time")
def time() -> None:
    """On-board time: what it is, and how far it is from the ground's."""


@time.command()
@click.option("--seconds", type=options.SECONDS, default=60.0, show_default=True, help="How long to wait for one.")
@options.format_option
@options.link_options
def status(seconds: float, style: str, tm_port: int, tc_host: str, tc_port: int) -> None:
    """The next time packet: on-board time, its quality, and how old it is.  Example: penumbra gnd time status"""
    with options.session(tm_port, tc_host, tc_port) as session:
        writer = Writer(sys.stdout, style, STATUS_WIDTHS)
        for record in options.watched(session, seconds):
            if record is not None and isinstance(record.content, TimeTold):
                row = {"onboard": iso(record.generated_ns), "received": iso(record.received_ns)}
                behind_s = (record.received_ns - record.generated_ns) / 1e9
                told = {"quality": record.time_quality, "rate_s": 1 << record.content.rate}
                writer.write({**row, "behind_s": behind_s, **told})
                writer.close()
                return
        raise LinkDown(RATE_HINT.format(seconds))


@time.command()
@click.option("--seconds", type=options.SECONDS, default=120.0, show_default=True, help="How long to listen.")
@click.option(
    "--delay", "delay_s", type=options.SECONDS, default=0.0, show_default=True,
    help="Seconds that the shortest way from spacecraft to here takes.",
)  # fmt: skip
@options.format_option
@options.link_options
def correlate(seconds: float, delay_s: float, style: str, tm_port: int, tc_host: str, tc_port: int) -> None:
    """Offset and drift of the on-board clock, by its time packets, better with each of them.

    Example: penumbra gnd time correlate --seconds 300 --delay 0.004
    """
    correlation = Correlation(delay_s)
    with options.session(tm_port, tc_host, tc_port) as session:
        writer = Writer(sys.stdout, style, CORRELATE_WIDTHS)
        for record in options.watched(session, seconds):
            if record is None or not isinstance(record.content, TimeTold):
                continue
            if record.time_quality == "unknown":
                click.echo("the on-board clock was never set: its packet is left out", err=True)
                continue
            correlation.add(record.content.onboard_tai_ns, record.received_ns)
            if (found := correlation.estimate()) is not None:
                figures = {"offset_s": found.offset_s, "drift_ppm": found.drift_ppm, "sigma_s": found.sigma_s}
                counts = {"packets": found.packets, "jumps": found.jumps}
                writer.write({"at": iso(found.at_utc_ns), **figures, **counts})
        writer.close()
        if correlation.estimate() is None:
            raise LinkDown(JUMP_HINT.format(correlation.jumps) if correlation.jumps else RATE_HINT.format(seconds))

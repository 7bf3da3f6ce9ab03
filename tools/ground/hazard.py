"""`penumbra gnd cmd arm` and `fire`: a hazardous command in two steps, on the ground as on board.

A token holds the command, octet for octet, who armed it and until when:
user 32 | end of the window 64 (seconds of UTC since 1970, IEEE 754) | command 16 | arguments | CRC 16
"""

from __future__ import annotations

import os
import shlex
import struct
from binascii import crc_hqx

import click

from fsw.catalogue.commands import COMMANDS, CommandRow
from fsw.catalogue.rows import Hazard
from fsw.catalogue.wire import Value, WireError, decode_arguments, encode_arguments
from hal.clock import SECOND_NS
from tools.ground import completing, options
from tools.ground.arguments import ArgumentError, RangeError, find_command, parse_arguments
from tools.ground.clock import iso
from tools.ground.following import Order, follow
from tools.ground.verifier import WAITABLE

ARMED_FROM = Hazard.WARNING  # as on board
WINDOW_S = 60.0
_HEAD = struct.Struct(">IdH")
_CRC = struct.Struct(">H")


def is_hazardous(row: CommandRow) -> bool:
    """True where the board wants the command armed."""
    return row.hazard >= ARMED_FROM


def token_of(row: CommandRow, values: tuple[Value, ...], until_s: float, user: int) -> str:
    """What `fire` takes."""
    octets = _HEAD.pack(user, until_s, row.id) + encode_arguments(row.name, values)
    return (octets + _CRC.pack(crc_hqx(octets, 0xFFFF))).hex()


def command_of(token: str, now_s: float, user: int) -> tuple[CommandRow, tuple[Value, ...]]:
    """The command in a token; raises ArgumentError for one that is wrong, RangeError where it is old or others'."""
    try:
        octets = bytes.fromhex(token)
        if len(octets) < _HEAD.size + _CRC.size or crc_hqx(octets, 0xFFFF):
            raise ValueError("it is damaged")
        armed_by, until_s, number = _HEAD.unpack_from(octets)
        row = next(row for row in COMMANDS if row.id == number)
        values = decode_arguments(row.name, octets[_HEAD.size : -_CRC.size])
    except (ValueError, WireError, StopIteration) as error:
        raise ArgumentError(f"that is no token of cmd arm: {error}") from error
    if armed_by != user:
        raise RangeError("somebody else has armed it")
    if now_s > until_s:
        raise RangeError(f"its window ended {now_s - until_s:.0f} s ago; arm it again")
    return row, values


@click.command()
@click.argument("name", shell_complete=completing.commands)
@click.argument("arguments", nargs=-1, metavar="[ARG=VALUE]...", shell_complete=completing.arguments)
@click.option("--window", type=click.FloatRange(1.0, 600.0), default=WINDOW_S, show_default=True, help="Seconds.")
@click.option("--timeout", type=options.SECONDS, default=15.0, show_default=True, help="Seconds to wait.")
@options.format_option
@options.history_options
@options.link_options
@click.pass_context
def arm(
    context: click.Context,
    name: str,
    arguments: tuple[str, ...],
    window: float,
    timeout: float,
    style: str,
    tm_port: int,
    tc_host: str,
    tc_port: int,
) -> None:
    """Arm a hazardous command on board, and get the token that fires it, once, within the window.

    Example: penumbra gnd cmd arm set_mode mode=SAFE
    """
    with options.told():
        row = find_command(name)
        values = parse_arguments(row, arguments)
    if not is_hazardous(row):
        raise options.Refused(f"{row.name} needs no arming: penumbra gnd cmd send {row.name}")
    click.echo(f"{row.name} ({row.hazard.name.lower()}): {row.meaning}", err=True)
    typed = shlex.join(["arm", row.name, *arguments])
    with options.session(tm_port, tc_host, tc_port) as session:
        until_s = session.clock.utc_ns() / SECOND_NS + window
        order = Order(row=find_command("arm"), values=(row.name, window), typed=typed, timeout_s=timeout)
        code = follow(options.sender(session), order, style)
    if code == 0:
        click.echo(f"until {iso(int(until_s * SECOND_NS))}: penumbra gnd cmd fire", err=True)
        click.echo(token_of(row, values, until_s, os.getuid()))
    context.exit(code)


@click.command()
@click.argument("token")
@click.option("--wait", type=click.Choice(WAITABLE), default="completed", show_default=True, help="Stage to wait for.")
@click.option("--timeout", type=options.SECONDS, default=15.0, show_default=True, help="Seconds to wait.")
@options.format_option
@options.history_options
@options.link_options
@click.pass_context
def fire(
    context: click.Context,
    token: str,
    wait: str,
    timeout: float,
    style: str,
    tm_port: int,
    tc_host: str,
    tc_port: int,
) -> None:
    """Send the command that was armed, and follow it; exit codes as of `cmd send`.

    Example: penumbra gnd cmd fire 0000000041da...
    """
    with options.session(tm_port, tc_host, tc_port) as session:
        row, values = command_of(token, session.clock.utc_ns() / SECOND_NS, os.getuid())
        order = Order(row=row, values=values, typed=f"fire {token}", wait=wait, timeout_s=timeout)
        context.exit(follow(options.sender(session), order, style))

"""Telecommand packets that are kept on board until their time or their cause comes: checked when they are loaded.

Such a packet was authenticated with the command that brought it. A response was armed when it was loaded, whatever it
does, and is not asked to arm again: nobody is there to do so. What the schedule releases is armed as from the ground,
by an activity just before it (see `fsw.command.arming`).
"""

from __future__ import annotations

from typing import NamedTuple

from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import COMMAND_BY_FUNCTION, COMMAND_BY_NAME, COMMAND_BY_SERVICE, FUNCTION_SERVICE
from fsw.catalogue.wire import Value, WireError, decode_arguments, encode_arguments
from fsw.packets.errors import PacketError
from fsw.packets.functions import FunctionRequest
from fsw.packets.pus import Telecommand

CARRIED_OCTETS = 1024  # as long as a packet may be that comes up in one TC frame
ONBOARD_SOURCE = 0xFFFF  # the sender of what flight software itself puts together; ground systems count from 0


class PacketKey(NamedTuple):
    """What tells one carried packet from another: its sender, application process and sequence count."""

    source: int
    apid: int
    sequence: int


def key_of(packet: bytes) -> PacketKey:
    """The key in the headers of a sound telecommand.

    >>> key_of(bytes.fromhex("1842c00500062f110100009d76"))
    PacketKey(source=0, apid=66, sequence=5)
    """
    return PacketKey(packet[9] << 8 | packet[10], (packet[0] & 7) << 8 | packet[1], (packet[2] & 0x3F) << 8 | packet[3])


def check_carried(packet: bytes, place: int) -> str:
    """The name of the command in `packet`, argument `place` of the command that brought it.

    Raises WireError when it is no sound telecommand of ours, or one whose arguments cannot be read: better now than
    when its time has come.
    """
    if len(packet) > CARRIED_OCTETS:
        raise WireError(place, f"a packet of {len(packet)} octets")
    try:
        telecommand = Telecommand.unpack(packet)
        key = (telecommand.service, telecommand.subtype)
        is_function = key == FUNCTION_SERVICE
        function = FunctionRequest.unpack(telecommand.data).function if is_function else 0
    except PacketError as error:
        raise WireError(place, str(error)) from error
    if telecommand.apid != PAYLOAD_APID:
        raise WireError(place, "APID", "wrong_apid", (float(telecommand.apid),))
    row = COMMAND_BY_FUNCTION.get(function) if is_function else COMMAND_BY_SERVICE.get(key)
    if row is None or not telecommand.data.startswith(row.prefix):
        raise WireError(place, "service", "unknown_service", (float(key[0]), float(key[1])))
    try:
        decode_arguments(row.name, telecommand.data[len(row.prefix) :])
    except WireError as error:
        raise WireError(place, str(error)) from error
    return row.name


def carry(name: str, arguments: tuple[Value, ...], count: int) -> bytes:
    """A packet of flight software's own, which asks for no success reports: `count` tells it from its like."""
    row = COMMAND_BY_NAME[name]
    return Telecommand(
        apid=PAYLOAD_APID,
        sequence=count,
        service=row.service,
        subtype=row.subtype,
        data=row.prefix + encode_arguments(name, arguments),
        ack=0,
        source=ONBOARD_SOURCE,
    ).pack()

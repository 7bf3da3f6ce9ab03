"""Authentic packets where the frames end at somebody else's bus: a telecommand that carries another one, protected.

    TC[130,1] data   SPI 16 | counter 32 | telecommand packet | MAC 128       (HMAC-SHA-256, cut to 128 bits)
    TC[130,1] data   SPI 16 | counter 96 | encrypted packet   | MAC 128       (AES-256-GCM)

Service 130 is the mission's own (ECSS-E-ST-70-41C leaves 128 to 255 to the mission). The construction is that of the
frames (CCSDS 355.0-B-2) and so are associations and counters; SPI and key are others. The MAC covers the two octets
82 01, SPI, counter and the whole carried packet. It leaves out the outer headers: a bus may number packets
again, and nothing in them has an effect. The outer packet asks for no reports; the carried one does.
"""

from __future__ import annotations

from fsw.packets.errors import UnknownService
from fsw.packets.pus import Telecommand
from fsw.packets.security.association import Opened, Receiver, Rejected, SendAssociation

SERVICE = 130
PROTECTED = 1
PREFIX = bytes([SERVICE, PROTECTED])  # so that what is protected for a frame is nothing as a packet


def seal_packet(association: SendAssociation, packet: bytes, apid: int, sequence: int, source: int = 0) -> Telecommand:
    """The telecommand that carries `packet`. Raises CounterLost, Exhausted, StoreFailed."""
    return Telecommand(apid, sequence, SERVICE, PROTECTED, association.seal(PREFIX, packet), ack=0, source=source)


def open_packet(receiver: Receiver, octets: bytes) -> Opened | Rejected:
    """The packet carried in the telecommand `octets`; commit it, then unpack and carry it out.

    Raises PacketError for what is no telecommand, UnknownService for one that is not TC[130,1].
    """
    return open_telecommand(receiver, Telecommand.unpack(octets))


def open_telecommand(receiver: Receiver, outer: Telecommand) -> Opened | Rejected:
    """As `open_packet`, from the unpacked telecommand."""
    if (outer.service, outer.subtype) != (SERVICE, PROTECTED):
        raise UnknownService(outer.service, outer.subtype)
    return receiver.open(PREFIX, outer.data)

"""Files of space packets end to end, as ground stations hand them over: late, shuffled, now and then damaged."""

from __future__ import annotations

from collections.abc import Iterator

from fsw.catalogue.apids import FILE_APID, PAYLOAD_APID, TIME_APID
from fsw.packets.errors import PacketError
from fsw.packets.pus import Telemetry
from fsw.packets.space_packet import HEADER_OCTETS, TELEMETRY, PrimaryHeader
from fsw.packets.time_report import TimeReport

APIDS = (PAYLOAD_APID, TIME_APID, FILE_APID)


def packets_in(data: bytes) -> Iterator[bytes | int]:
    """The sound packets of ours in `data`; between them, how many octets were skipped because they are none."""
    offset = skipped = 0
    while offset < len(data):
        packet = _packet_at(data, offset)
        if packet is None:
            offset, skipped = offset + 1, skipped + 1
            continue
        if skipped:
            yield skipped
        yield packet
        offset, skipped = offset + len(packet), 0
    if skipped:
        yield skipped


def _packet_at(data: bytes, offset: int) -> bytes | None:
    try:
        header = PrimaryHeader.unpack(data[offset : offset + HEADER_OCTETS])
        packet = data[offset : offset + HEADER_OCTETS + header.length]
        if header.type != TELEMETRY or header.apid not in APIDS or len(packet) != HEADER_OCTETS + header.length:
            return None
        if header.apid == PAYLOAD_APID:
            Telemetry.unpack(packet)
        elif header.apid == TIME_APID:
            TimeReport.unpack(packet)
    except PacketError:
        return None
    return packet

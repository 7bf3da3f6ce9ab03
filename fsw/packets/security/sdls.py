"""Space data link security on telecommand frames. Source: CCSDS 355.0-B-2, 4.2 and 6.2 (telecommand), 232.0-B-4, 6.

    frame header 5 | segment header 1 | SPI 2 | counter 12 or 4 | data | MAC 16 | frame error control 2

The MAC covers VCID, segment header, SPI, counter and data. It does not cover the rest of the frame header: the sequence
number there is the channel's own and is guarded by COP-1 only. Control frames (BC) are never protected.
"""

from __future__ import annotations

from fsw.packets.frames.tc import HEADER_OCTETS, TcFrame
from fsw.packets.security.association import Opened, Reason, Receiver, Rejected, SendAssociation

_VCID_OCTET, _VCID_BITS = 2, 0xFC


def seal_frame(association: SendAssociation, frame: TcFrame, has_segment_header: bool = True) -> TcFrame:
    """`frame` with its data protected; a BC frame as it is. Raises CounterLost, Exhausted, StoreFailed."""
    if frame.is_control:
        return frame
    start = 1 if has_segment_header else 0
    segment_header = frame.data[:start]
    sealed = association.seal(_prefix(frame, segment_header), frame.data[start:])
    return frame._replace(data=segment_header + sealed)


def open_frame(
    receiver: Receiver, frame: TcFrame, has_segment_header: bool = True
) -> tuple[TcFrame, Opened] | Rejected:  # fmt: skip
    """The frame as it was before `seal_frame`, and the counter to commit once FARM-1 has accepted it.

    Not for BC frames, which bear no protection and may be handed to FARM-1 as they are.
    """
    start = 1 if has_segment_header else 0
    if len(frame.data) < start:
        return Rejected(reason=Reason.TRUNCATED)
    segment_header = frame.data[:start]
    opened = receiver.open(_prefix(frame, segment_header), frame.data[start:])
    if isinstance(opened, Rejected):
        return opened
    return frame._replace(data=segment_header + opened.data), opened


def _prefix(frame: TcFrame, segment_header: bytes) -> bytes:
    """The frame header under the mask that leaves the VCID alone, and the segment header whole."""
    masked = bytearray(HEADER_OCTETS)
    masked[_VCID_OCTET] = frame.vcid << 2 & _VCID_BITS
    return bytes(masked) + segment_header

"""The ground's end of the command channel: packets in, units for the radio out. One virtual channel, no I/O.

packets -> segments -> FOP-1 -> [security, anew for each transmission] -> [randomiser] -> code blocks
"""

from __future__ import annotations

from fsw.packets.frames.acceptance import ChannelConfig
from fsw.packets.frames.cltu import encode_cltu
from fsw.packets.frames.randomiser import TC_SEQUENCE, randomise
from fsw.packets.frames.segments import cut
from fsw.packets.frames.tc import MOST_DATA
from fsw.packets.security.association import SendAssociation
from fsw.packets.security.sdls import seal_frame
from tools.ground.fop import Fop


class Uplink:
    """Sends the packets of one channel. `security` may be another association at any moment: a change of keys."""

    def __init__(self, config: ChannelConfig, fop: Fop, security: SendAssociation | None) -> None:
        self._config = config
        self.fop = fop
        self.security = security

    @property
    def room(self) -> int:
        """Octets of one frame for a packet or a part of one, its segment header included."""
        return MOST_DATA - (self.security.overhead if self.security else 0)

    def send(self, packet: bytes, map_id: int = 0) -> tuple[int, ...]:
        """Ask for `packet` in order; the tickets of its parts, as `fop.notices` tells them; () where it was not taken.

        Raises ValueError for one that is too long for a channel without segments.
        """
        parts = self._parts(packet, map_id)
        if not self.fop.has_room(len(parts)):
            return ()
        return tuple(ticket for part in parts if (ticket := self.fop.request(part)) is not None)

    def send_bypass(self, packet: bytes, map_id: int = 0) -> bool:
        """Send `packet` once, past the order: for an emergency, when the order is lost. False where too many wait.

        Raises ValueError for one that needs more than one frame, of which some may get lost.
        """
        parts = self._parts(packet, map_id)
        if len(parts) > 1:
            raise ValueError(f"{len(packet)} octets do not fit one frame with {self.room}")
        return self.fop.request_bypass(parts[0])

    def next_unit(self, now_ns: int) -> bytes | None:
        """The next unit for the radio; None where there is nothing to send. Raises SecurityError: no counter, no frame.

        A frame that could not be sealed counts as lost on the way, and FOP-1 sends it again.
        """
        frame = self.fop.transmit(now_ns)
        if frame is None:
            return None
        if self.security is not None:
            frame = seal_frame(self.security, frame, self._config.has_segment_header)
        octets = frame.pack()
        if not self._config.is_coded:
            return octets
        return encode_cltu(randomise(octets, TC_SEQUENCE) if self._config.is_randomised else octets)

    def _parts(self, packet: bytes, map_id: int) -> list[bytes]:
        if self._config.has_segment_header:
            return cut(packet, self.room, map_id)
        if len(packet) > self.room:
            raise ValueError(f"{len(packet)} octets do not fit a frame with {self.room}, and there are no segments")
        return [packet]

"""One conversation with the spacecraft: sends commands, gives decoded records, keeps the link awake."""

from __future__ import annotations

import random
from collections.abc import Iterator

from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import CommandRow
from fsw.catalogue.wire import Value, encode_arguments
from fsw.packets.connection import are_you_alive
from fsw.packets.pus import ACK_ALL, Telecommand
from fsw.packets.space_packet import COUNT_MODULUS
from hal.clock import SECOND_NS
from tools.ground.clock import GroundClock
from tools.ground.decoder import Decoder, Record
from tools.ground.link import GroundLink

HELLO_NS = 20 * SECOND_NS  # the spacecraft forgets who it has not heard from for 60 s
POLL_NS = SECOND_NS // 5  # Ctrl-C and time-outs are noticed this soon


def telecommand_of(
    row: CommandRow, values: tuple[Value, ...], sequence: int, ack: int = ACK_ALL, source: int = 0
) -> Telecommand:
    """The packet of a command with its arguments."""
    data = row.prefix + encode_arguments(row.name, values)
    return Telecommand(PAYLOAD_APID, sequence, row.service, row.subtype, data, ack, source)


class Session:
    """Sequence counts start anywhere, so that two tools, or two runs of one, hardly ever use the same."""

    def __init__(self, link: GroundLink, clock: GroundClock, source: int = 0, sequence: int | None = None) -> None:
        self.decoder = Decoder()
        self.clock = clock
        self.last_received_ns: int | None = None
        self._start_ns = clock.now_ns()
        self._link = link
        self._source = source
        self._sequence = random.SystemRandom().randrange(COUNT_MODULUS) if sequence is None else sequence
        self._hello_ns: int | None = None

    def build(self, row: CommandRow, values: tuple[Value, ...], ack: int = ACK_ALL) -> Telecommand:
        """The next telecommand, not sent yet."""
        return telecommand_of(row, values, self._next(), ack, self._source)

    def send(self, telecommand: Telecommand) -> None:
        """Send it; raises LinkDown."""
        self._link.send(telecommand.pack())
        self._hello_ns = self.clock.now_ns()

    def hello(self) -> None:
        """A ping that asks for no reports; the spacecraft now knows where to send telemetry."""
        self.send(are_you_alive(PAYLOAD_APID, self._next(), ack=0, source=self._source))

    def records(self, until_ns: int | None) -> Iterator[Record | None]:
        """Records as they come until `until_ns` (monotonic; None: for ever), and None where a moment brought none."""
        while until_ns is None or self.clock.now_ns() < until_ns:
            now_ns = self.clock.now_ns()
            if self._hello_ns is None or now_ns - self._hello_ns >= HELLO_NS:
                self.hello()
            wait_ns = POLL_NS if until_ns is None else min(POLL_NS, until_ns - now_ns)
            yield self._receive(wait_ns)

    def silent_s(self) -> float:
        """Seconds since the last packet, or since the conversation began."""
        last_ns = self._start_ns if self.last_received_ns is None else self.last_received_ns
        return (self.clock.now_ns() - last_ns) / SECOND_NS

    def close(self) -> None:
        """End the conversation."""
        self._link.close()

    def _receive(self, wait_ns: int) -> Record | None:
        octets = self._link.receive(wait_ns)
        if octets is None:
            return None
        self.last_received_ns = self.clock.now_ns()
        record = self.decoder.decode(octets, self.clock.utc_ns())
        return record if isinstance(record, Record) else None

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) % COUNT_MODULUS
        return self._sequence

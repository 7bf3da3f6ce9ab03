"""One conversation with the spacecraft: sends commands, gives decoded records, keeps the link awake."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import CommandRow
from fsw.catalogue.wire import Value, encode_arguments
from fsw.packets.connection import are_you_alive
from fsw.packets.errors import PacketError
from fsw.packets.pus import ACK_ALL, Telecommand, Telemetry
from fsw.packets.security.contingency import CHALLENGE, Challenge
from fsw.packets.security.packet_mac import SERVICE as SECURITY_SERVICE
from fsw.packets.space_packet import COUNT_MODULUS
from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from tools.ground.clock import GroundClock
from tools.ground.decoder import Decoder, Happened, Record, Samples
from tools.ground.link import GroundLink, LinkDown
from tools.ground.profiled import ProfiledLink

HELLO_NS = 20 * SECOND_NS  # the spacecraft forgets who it has not heard from for 60 s
POLL_NS = SECOND_NS // 5  # Ctrl-C and time-outs are noticed this soon


def telecommand_of(
    row: CommandRow, values: tuple[Value, ...], sequence: int, ack: int = ACK_ALL, source: int = 0
) -> Telecommand:
    """The packet of a command with its arguments."""
    data = row.prefix + encode_arguments(row.name, values)
    return Telecommand(PAYLOAD_APID, sequence, row.service, row.subtype, data, ack, source)


class Session:
    """Sequence counts start anywhere, so that two tools, or two runs of one, hardly ever use the same.

    Where the board says that our counter is behind, it is advanced, and the command that nobody has answered goes out
    again: on board the same packet acts once. `challenge` is what a board that has lost its counter asks, `rejected`
    why it has rejected something last. `on_octets` is told of every packet as received, and when (UTC nanoseconds),
    `on_record` of every one that was understood, whoever waits for what.
    """

    def __init__(self, link: GroundLink, clock: GroundClock, source: int = 0, sequence: int | None = None) -> None:
        self.decoder = Decoder()
        self.clock = clock
        self.last_received_ns: int | None = None
        self.challenge: Challenge | None = None
        self.rejected = ""
        self.on_octets: Callable[[bytes, int], None] | None = None
        self.on_record: Callable[[Record], None] | None = None
        self._profiled = link if isinstance(link, ProfiledLink) else None
        self._unanswered: Telecommand | None = None
        self._start_ns = clock.now_ns()
        self._link = link
        self._source = source
        self._sequence = random.SystemRandom().randrange(COUNT_MODULUS) if sequence is None else sequence
        self._hello_ns: int | None = None

    def build(self, row: CommandRow, values: tuple[Value, ...], ack: int = ACK_ALL) -> Telecommand:
        """The next telecommand, not sent yet."""
        return telecommand_of(row, values, self._next(), ack, self._source)

    @property
    def link(self) -> GroundLink:
        """What it speaks through."""
        return self._link

    @property
    def has_acks(self) -> bool:
        """True where the link itself says that the board has a command."""
        return self._profiled is not None and self._profiled.has_acks

    def send(self, telecommand: Telecommand) -> None:
        """Send it; raises LinkDown, SecurityError."""
        self._unanswered = telecommand
        self._link.send(telecommand.pack())
        self._hello_ns = self.clock.now_ns()

    def send_packet(self, packet: bytes) -> bool:
        """Send a packet that is no command, as parts of files are; False while the link has no room for it."""
        if self._profiled is not None and not self._profiled.stack.has_room:
            return False
        self._link.send(packet)
        self._hello_ns = self.clock.now_ns()
        return True

    def hello(self) -> None:
        """The spacecraft now knows where to send telemetry; raises LinkDown."""
        if self._profiled is None:
            self.ping()
        else:
            self._profiled.hello()
        self._hello_ns = self.clock.now_ns()

    def ping(self) -> None:
        """A ping that asks for no reports; raises LinkDown, SecurityError."""
        self._link.send(are_you_alive(PAYLOAD_APID, self._next(), ack=0, source=self._source).pack())
        self._hello_ns = self.clock.now_ns()

    def acknowledged(self) -> list[int]:
        """Requests that the board has, as the link says, since the last call."""
        return [] if self._profiled is None else self._profiled.acknowledged()

    def records(self, until_ns: int | None) -> Iterator[Record | None]:
        """Records as they come until `until_ns` (monotonic; None: for ever), and None where a moment brought none."""
        while until_ns is None or self.clock.now_ns() < until_ns:
            now_ns = self.clock.now_ns()
            if self._hello_ns is None or now_ns - self._hello_ns >= HELLO_NS:
                self.hello()
            wait_ns = POLL_NS if until_ns is None else min(POLL_NS, until_ns - now_ns)
            yield self.take(wait_ns)

    def take(self, wait_ns: int) -> Record | None:
        """The next record within `wait_ns`; None where there was none. Raises LinkDown, SecurityError."""
        try:
            octets = self._link.receive(wait_ns)
        except LinkDown:
            self._hello_ns = None  # who comes up there has not heard of us
            raise
        if octets is None:
            return None
        self.last_received_ns = self.clock.now_ns()
        received_ns = self.clock.utc_ns()
        if self.on_octets is not None:
            self.on_octets(octets, received_ns)
        record = self.decoder.decode(octets, received_ns)
        if not isinstance(record, Record):
            return None
        self._heed(record, octets)
        if self.on_record is not None:
            self.on_record(record)
        return record

    def silent_s(self) -> float:
        """Seconds since the last packet, or since the conversation began."""
        last_ns = self._start_ns if self.last_received_ns is None else self.last_received_ns
        return (self.clock.now_ns() - last_ns) / SECOND_NS

    def close(self) -> None:
        """End the conversation."""
        self._link.close()

    def _heed(self, record: Record, octets: bytes) -> None:
        """What a record means for the link itself."""
        content = record.content
        if (record.service, record.subtype) == (SECURITY_SERVICE, CHALLENGE):
            self.challenge = _challenge(octets)
        elif isinstance(content, Verification):
            if self._unanswered is not None and content.request == self._unanswered.request:
                self._unanswered = None
        elif isinstance(content, Happened) and content.name == "link_rejected":
            self.rejected = content.text
        told = _floor(content)
        if told is not None and self._profiled is not None and self._profiled.advance(*told):
            self._repeat()

    def _repeat(self) -> None:
        """Send again what was sealed under a counter that the board refuses; frames are sent again by FOP-1."""
        if self._unanswered is not None and not self.has_acks:
            self._link.send(self._unanswered.pack())

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) % COUNT_MODULUS
        return self._sequence


def _floor(content: object) -> tuple[int, int] | None:
    """Association, and the newest counter that the board refuses under it, where a record tells them."""
    if isinstance(content, Happened) and content.name in ("link_rejected", "link_ready"):
        return int(content.values[1]), int(content.values[2])
    if isinstance(content, Samples) and content.structure == "link":
        values = {item.name: item.value for item in content.values}
        spi, floor = values.get("link_spi"), values.get("link_floor")
        if spi is not None and floor is not None:
            return int(spi), int(floor)
    return None


def _challenge(octets: bytes) -> Challenge | None:
    try:
        return Challenge.unpack(Telemetry.unpack(octets).data)
    except PacketError:
        return None

"""Where octets come in, each with valid examples, and a way to make what was mutated sound again.

`feed` takes octets as the outside world gives them and tells whether they had an effect; None where that cannot be
seen from outside, and the entrance's own counters decide. What it raises is an escape.
"""

from __future__ import annotations

from binascii import crc_hqx
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from fsw.bus.contract import Policy
from fsw.bus.memory import MemoryBus
from fsw.bus.topics import COMMAND, UPLINKED_PDU
from fsw.catalogue.apids import PAYLOAD_APID
from fsw.catalogue.commands import COMMANDS
from fsw.catalogue.events import EVENTS
from fsw.catalogue.wire import WireError, encode_arguments, encode_event
from fsw.cfdp.directives import (
    Ack,
    Condition,
    Directive,
    Eof,
    FileData,
    FileStatus,
    Finished,
    KeepAlive,
    Metadata,
    Nak,
    Prompt,
    TransactionStatus,
    unpack,
)  # fmt: skip
from fsw.cfdp.entity import Entity
from fsw.cfdp.header import Header
from fsw.cfdp.settings import CfdpSettings, PutRequest
from fsw.command.service import CommandService
from fsw.packets.cuc import Cuc
from fsw.packets.errors import PacketError
from fsw.packets.events import EventReport
from fsw.packets.frames.clcw import Clcw
from fsw.packets.frames.tm_stream import TmReceiver, TmSender
from fsw.packets.pus import Telecommand, Telemetry
from hal.clock import SECOND_NS
from tools.ground.decoder import Decoder, Undecoded

SCID = 0xAB
MOMENT_NS = SECOND_NS // 1000  # between two inputs: a thousand a second, so that time-outs come to pass
WITHOUT_EFFECT = ("refused", "repeated", "garbage", "unarmed")  # counts of the command service
TIME = Cuc.from_ns(2_173_824_037 * SECOND_NS)


class Entrance(Protocol):
    """One place where octets come in. `seeds` are valid inputs, `inner` what `repair` makes some of."""

    seeds: tuple[bytes, ...]
    inner: tuple[bytes, ...]

    def feed(self, octets: bytes) -> bool | None:
        """Whether they had an effect."""
        ...

    def repair(self, octets: bytes) -> bytes:
        """The same with a sound checksum, or seal, and a number not used before, so that they get further in."""
        ...

    def counted(self) -> int:
        """Rejects as the entrance counts them itself."""
        ...

    def close(self) -> None:
        """Give back what was opened."""
        ...


class Box:
    """A datagram link that holds one datagram."""

    def __init__(self) -> None:
        self.waiting: deque[bytes] = deque()
        self.sent = self.received = self.dropped = 0

    def send(self, _datagram: bytes) -> None:
        self.sent += 1

    def receive(self) -> bytes | None:
        return self.waiting.popleft() if self.waiting else None


def example(field: Any) -> float | int | str:
    """A value that the field accepts, as far as its row says."""
    kind = field.wire.name
    if kind == "LABEL":
        return str(field.labels[0])
    texts = {"NAME": "water", "TEXT": "a/b", "PARAMETER": "temp_margin_c", "PARAMETERS": "", "EVENTS": "",
             "EVENT": "boot", "NUMBERS": "1,2", "STRUCTURE": "power", "OCTETS": "00ff",
             "PACKET": "1842c00500062f110100009d76"}  # fmt: skip
    return texts.get(kind, 1 if field.low is None else field.low)


def examples_of(rows: Any, make: Callable[[Any, tuple[Any, ...]], bytes]) -> tuple[bytes, ...]:
    """One packet of each row for which an example can be made."""
    made = []
    for row in rows:
        try:
            made.append(make(row, tuple(example(field) for field in row.fields)))
        except (WireError, KeyError):
            continue  # needs a value that only a flight knows
    return tuple(made)


def telecommands() -> tuple[bytes, ...]:
    """Packets of the commands of the dictionary."""

    def make(row: Any, values: tuple[Any, ...]) -> bytes:
        data = row.prefix + encode_arguments(row.name, values)
        return Telecommand(PAYLOAD_APID, row.subtype, row.service, row.subtype, data, 15, 0).pack()

    return examples_of(COMMANDS, make)


def with_crc(octets: bytes) -> bytes:
    """A packet whose length and error control are right."""
    if len(octets) < 9:
        return octets
    body = octets[:4] + (len(octets) - 7).to_bytes(2, "big") + octets[6:-2]
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "big")


class Telecommands:
    """The command service: packets after the link's security."""

    def __init__(self) -> None:
        self.seeds = self.inner = telecommands()
        self._number = 0
        self._bus, self._link = MemoryBus(), Box()
        self._taken = [self._bus.subscribe(topic, "fuzz", Policy.LATEST) for topic in (COMMAND, UPLINKED_PDU)]
        self._service = CommandService(self._bus, self._link)
        self._now_ns = 0

    def feed(self, octets: bytes) -> bool | None:
        self._now_ns += MOMENT_NS
        self._link.waiting.append(octets)
        self._service.step(self._now_ns)
        return sum(inbox.take() is not None for inbox in self._taken) > 0

    def repair(self, octets: bytes) -> bytes:
        self._number = (self._number + 1) % (1 << 14)
        return with_crc(octets[:2] + (0xC000 | self._number).to_bytes(2, "big") + octets[4:])

    def counted(self) -> int:
        counts = self._service.counts()
        return sum(counts[name] for name in WITHOUT_EFFECT)

    def close(self) -> None:
        """Nothing is open."""


class GroundTelemetry:
    """The ground's decoder of telemetry packets."""

    def __init__(self) -> None:
        def make(row: Any, values: tuple[Any, ...]) -> bytes:
            data = EventReport(row.id, encode_event(row.name, values)).pack()
            return Telemetry(PAYLOAD_APID, row.id, 5, int(row.severity), TIME, data).pack()

        self.seeds = self.inner = examples_of(EVENTS, make)
        self._decoder = Decoder()

    def feed(self, octets: bytes) -> bool | None:
        return not isinstance(self._decoder.decode(octets, 0), Undecoded)

    def repair(self, octets: bytes) -> bytes:
        return with_crc(octets)

    def counted(self) -> int:
        return self._decoder.bad

    def close(self) -> None:
        """Nothing is open."""


class TelemetryFrames:
    """The ground's receiver of telemetry frames."""

    def __init__(self) -> None:
        sender, packets = TmSender(SCID, 128), telecommands()
        frames = []
        for packet in packets[:40]:
            sender.add(0, packet)
            frames.append(sender.next_frame(0, Clcw(0, 0).pack()))
        self.seeds = self.inner = tuple(frames)
        self._receiver = TmReceiver(SCID)

    def feed(self, octets: bytes) -> bool | None:
        try:
            return self._receiver.receive(octets).frame is not None
        except PacketError:
            return False

    def repair(self, octets: bytes) -> bytes:
        return octets[:-2] + crc_hqx(octets[:-2], 0xFFFF).to_bytes(2, "big")

    def counted(self) -> int:
        return self._receiver.counts["refused"] + self._receiver.counts["late"]

    def close(self) -> None:
        """Nothing is open."""


class ShelfOfOctets:
    """The `Files` of an entity, in memory and bounded: what is over is refused, as by a full disk."""

    LIMIT = 1 << 16

    def __init__(self) -> None:
        self._partials: dict[str, bytearray] = {}

    def size(self, name: str) -> int:
        return len(self.read(name, 0, self.LIMIT))

    def read(self, _name: str, offset: int, octets: int) -> bytes:
        return bytes(range(256))[offset : offset + octets]

    def begin(self, _partial: str, name: str, size: int) -> None:
        if size > self.LIMIT or not name.isprintable():
            raise OSError(name)

    def write(self, partial: str, offset: int, data: bytes) -> None:
        if offset + len(data) > self.LIMIT:
            raise OSError(partial)
        held = self._partials.setdefault(partial, bytearray())
        held.extend(bytes(max(0, offset + len(data) - len(held))))
        held[offset : offset + len(data)] = data

    def read_back(self, partial: str, offset: int, octets: int) -> bytes:
        return bytes(self._partials[partial][offset : offset + octets])

    def sync(self, partial: str) -> None:
        """All there is."""

    def commit(self, partial: str, _name: str) -> None:
        self.discard(partial)

    def discard(self, partial: str) -> None:
        self._partials.pop(partial, None)


class FileUnits:
    """The CFDP entity: protocol data units to its sender and to its receiver."""

    OWN, OTHER = 2, 1

    def __init__(self) -> None:
        up, active = Header(self.OTHER, 7, self.OWN), TransactionStatus.ACTIVE
        said: tuple[Directive, ...] = (
            Metadata(100, "a", "inbox/a", 3), FileData(0, bytes(50)), FileData(50, bytes(50)), Prompt(True),
            Eof(Condition.NO_ERROR, 0, 100), Eof(Condition.CANCELLED, 0, 50), Ack(5, Condition.NO_ERROR, active),
        )  # fmt: skip
        answered: tuple[Directive, ...] = (
            Nak(0, 256, ((0, 0), (10, 60))), KeepAlive(50), Ack(4, Condition.NO_ERROR, active),
            Finished(Condition.NO_ERROR, True, FileStatus.RETAINED),
        )  # fmt: skip
        down = Header(self.OWN, 0, self.OTHER, towards_sender=True)
        variants = (up, up._replace(has_crc=True), up._replace(is_large=True), up._replace(is_unacknowledged=True))
        units = [directive.pack(header) for header in variants for directive in said]
        self.seeds = self.inner = tuple(units + [directive.pack(down) for directive in answered])
        settings = CfdpSettings(entity=self.OWN, segment_octets=64, transactions=64, inactivity_s=10.0)
        self._entity = Entity(settings, ShelfOfOctets())
        self._now_ns = 0

    def feed(self, octets: bytes) -> bool | None:
        self._now_ns += 100 * MOMENT_NS
        self._entity.receive(self._now_ns, octets)
        if self._now_ns % (1600 * MOMENT_NS) == 0:
            self._live_on()
        try:
            header, _ = unpack(octets)
        except PacketError:
            return False
        is_ours = (header.source if header.towards_sender else header.destination) == self.OWN
        return None if is_ours else False

    def repair(self, octets: bytes) -> bytes:
        if len(octets) < 12:
            return octets
        number = self._entity.next_sequence - 1 if octets[0] & 8 else self._now_ns // (3200 * MOMENT_NS)
        octets = octets[:6] + (number % (1 << 16)).to_bytes(2, "big") + octets[8:]
        head = 4 + 2 * ((octets[3] >> 4 & 7) + 1) + (octets[3] & 7) + 1
        unit = octets[:1] + max(0, len(octets) - head).to_bytes(2, "big") + octets[3:]
        return unit[:-2] + crc_hqx(unit[:-2], 0xFFFF).to_bytes(2, "big") if unit[0] & 2 else unit

    def counted(self) -> int:
        return self._entity.refused + self._entity.unclaimed

    def close(self) -> None:
        """Nothing is open."""

    def _live_on(self) -> None:
        """Between the inputs it sends, and has always something of its own under way."""
        status = self._entity.status()
        if len(status) < 64 and not any(one.is_sender for one in status):
            self._entity.put(self._now_ns, PutRequest(destination=self.OTHER, source_name="a", destination_name="a"))
        self._entity.poll(self._now_ns, 8)
        self._entity.indications()

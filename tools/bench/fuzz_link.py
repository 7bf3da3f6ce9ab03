"""The entrances with keys and sockets: the link in each of its profiles, and the bus between processes."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Any

import zmq

from fsw.bus.codec import CodecError, encode
from fsw.bus.contract import Policy
from fsw.bus.frames import Parcel, read_head
from fsw.bus.topics import COMMAND, EVENT, JOB, PARAMETER, PRICES, TOPICS, Topic
from fsw.bus.wiring import Wiring
from fsw.bus.zmq import ZmqBus
from fsw.link.channel import launch
from fsw.link.opening import open_link
from fsw.link.settings import Link
from fsw.messages import Command, Event, Job, ParameterSet, Prices
from fsw.packets.frames.cltu import encode_cltu
from fsw.packets.frames.tc import MOST_DATA, TcFrame
from fsw.packets.security.association import SendAssociation
from fsw.packets.security.counters import MemoryStore, SendCounter, provision
from fsw.packets.security.keyring import CHANNEL_OF_PROFILE, AssociationRow, KeyRing, new_ring
from fsw.packets.security.packet_mac import seal_packet
from fsw.packets.security.sdls import seal_frame
from tools.bench.fuzz_entrances import SCID, Box, telecommands

WHOLE = b"\xc0"  # segment header of a whole packet, MAP 0


class SecuredLink:
    """The board's link in one profile. What is repaired is sealed under the right key, with a fresh counter."""

    def __init__(self, profile: str) -> None:
        settings = Link(profile=profile, scid=SCID)
        self._box, self._association = Box(), None
        entropy = random.Random(1).randbytes  # keys of a bench: they guard nothing
        ring, store = None, MemoryStore()
        if settings.is_secured:
            channel = CHANNEL_OF_PROFILE[profile]
            ring = new_ring(channel, entropy)
            launch(channel, ring, store)
            self._association = _sender(channel.rows[0], ring)
        self._has_frames = settings.has_frames
        self._link = open_link(settings, self._box, ring, store, entropy)
        self.inner = telecommands()
        self.seeds = tuple(self.repair(packet) for packet in self.inner)

    def feed(self, octets: bytes) -> bool | None:
        before = self._state()
        self._box.waiting.append(octets)
        has_packet = False
        while self._link.receive() is not None:
            has_packet = True
        self._link.news()
        self._link.flush()
        return has_packet or self._state() != before or not octets

    def repair(self, octets: bytes) -> bytes:
        if not self._has_frames:
            return octets if self._association is None else seal_packet(self._association, octets, 0x42, 0).pack()
        frame = TcFrame(SCID, 0, WHOLE + octets[: MOST_DATA - 64], is_bypass=True)
        if self._association is not None:
            frame = seal_frame(self._association, frame)
        return encode_cltu(frame.pack())

    def counted(self) -> int:
        return self._link.counts()["rejected"]

    def close(self) -> None:
        """Nothing is open."""

    def _state(self) -> tuple[int, bytes]:
        farm = getattr(self._link, "farm", None)
        return self._link.counts()["control"], farm.clcw().pack() if farm is not None else b""


def _sender(row: AssociationRow, ring: KeyRing) -> SendAssociation:
    cipher = row.make_cipher(ring.launched[row.spi])
    store = MemoryStore()
    provision(store, "counter")
    return SendAssociation(row.spi, cipher, SendCounter(store, "counter", cipher.counter_octets))


class BusMessages:
    """The bus between processes: what a peer pushes, over a real socket. An input is two parts, with their lengths."""

    WRITER, READER = "writer", "reader"
    KEPT: tuple[tuple[Topic[Any], object], ...] = (
        (COMMAND, Command(time_ns=1, name="ping", arguments=(1, 2.0, "x"), request=3, ack=15, source=0)),
        (EVENT, Event(time_ns=1, name="boot", values=("a", 1.5))),
        (JOB, Job(job_id=1, kind="k", model="m", input_ref="i", value=1.0, release_ns=1, deadline_ns=2)),
        (PARAMETER, ParameterSet(time_ns=1, name="temp_margin_c", value=1.0)),
        (
            PRICES,
            Prices(
                time_ns=1, start_ns=1, slot_s=60.0, joule_price=(1.0, 2.0), time_price=(1.0,), kinds=("k",),
                job_price=((1.0,),),
            ),
        ),
    )  # fmt: skip

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        names = [topic.name for topic, _ in self.KEPT]
        writers = {topic.name: (self.WRITER,) for topic in TOPICS}
        wiring = Wiring(writers=writers, keepers=dict.fromkeys(names, (self.READER,)))
        self._bus = ZmqBus(self.READER, Path(self._folder.name), wiring)
        self._inboxes = [self._bus.subscribe(topic, "fuzz", Policy.MUST_DELIVER, depth=4) for topic, _ in self.KEPT]
        self._context = zmq.Context()
        self._push = self._context.socket(zmq.PUSH)
        self._push.connect(f"ipc://{self._folder.name}/{self.READER}.in")
        self._sequences = dict.fromkeys(names, 0)
        self.seeds = self.inner = tuple(
            self._joined(self._head(topic.name), encode(message)) for topic, message in self.KEPT
        )

    def feed(self, octets: bytes) -> bool | None:
        parts = _split(octets)
        self._push.send_multipart(parts)
        while not self._bus.poll(1000):
            pass
        is_delivered = sum(inbox.take() is not None for inbox in self._inboxes) > 0
        if is_delivered or len(parts) != 2:
            return is_delivered
        try:
            read_head(Parcel, parts[0])
        except CodecError:
            return False
        return None

    def repair(self, octets: bytes) -> bytes:
        """The next parcel of a topic, with what `octets` have for a message."""
        name = self.KEPT[sum(octets) % len(self.KEPT)][0].name
        head = self._head(name)
        self._sequences[name] += 1
        return self._joined(head, _split(octets)[-1])

    def counted(self) -> int:
        return self._bus.malformed

    def close(self) -> None:
        self._push.close(linger=0)
        self._context.term()
        self._bus.close()
        self._folder.cleanup()

    def _head(self, topic: str) -> bytes:
        sequence = self._sequences[topic]
        return encode(Parcel(process=self.WRITER, topic=topic, epoch=5, sequence=sequence, oldest=sequence))

    @staticmethod
    def _joined(head: bytes, body: bytes) -> bytes:
        return len(head).to_bytes(1, "big") + head + body


def _split(octets: bytes) -> list[bytes]:
    """One part where the length of the first says more than there is."""
    if not octets or octets[0] >= len(octets):
        return [octets]
    return [octets[1 : 1 + octets[0]], octets[1 + octets[0] :]]

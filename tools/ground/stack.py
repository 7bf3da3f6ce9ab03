"""The ground's side of each profile: packets in, datagrams for the radio out, and back. No I/O but of counters."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from fsw.catalogue.apids import PAYLOAD_APID
from fsw.packets.errors import PacketError
from fsw.packets.frames.acceptance import ChannelConfig
from fsw.packets.frames.clcw import Clcw
from fsw.packets.frames.cltu import encode_cltu
from fsw.packets.frames.segments import cut
from fsw.packets.frames.tc import MOST_DATA, TcFrame
from fsw.packets.frames.tm_stream import TmReceiver
from fsw.packets.pus import Telecommand
from fsw.packets.security.association import SendAssociation
from fsw.packets.security.contingency import ANSWER
from fsw.packets.security.errors import KeyRefused
from fsw.packets.security.packet_mac import SERVICE, seal_packet
from fsw.packets.space_packet import COUNT_MODULUS
from hal.clock import SECOND_NS
from tools.ground.fop import Fop
from tools.ground.fop_values import Acknowledged, Alert, FopConfig, FopState, Initiated, Undelivered
from tools.ground.uplink import Uplink

TIMER_NS = SECOND_NS  # T1 of FOP-1: some round trips of a low orbit
WAITING_MOST = 256  # packets before the ordered service has begun
UNFINISHED_MOST = 32  # three windows of FOP-1: a command behind a file waits no longer
Sealing = Callable[[], SendAssociation]


class Stack(Protocol):
    """One profile."""

    has_acks: bool  # the link itself says that the board has a packet

    @property
    def has_room(self) -> bool:
        """False while so much is under way that whoever sends a file should wait."""
        ...

    def send(self, packet: bytes, now_ns: int) -> list[bytes]:
        """The datagrams that carry a packet now. Raises SecurityError, OrderLost."""
        ...

    def recover(self, data: bytes) -> list[bytes]:
        """The datagrams that carry the answer to a challenge."""
        ...

    def turn(self, now_ns: int) -> list[bytes]:
        """The datagrams that are due by now. Raises SecurityError."""
        ...

    def take(self, datagram: bytes, now_ns: int) -> list[bytes]:
        """The packets that a datagram brings."""
        ...

    def acknowledged(self) -> list[int]:
        """Requests that the board has, as the link says, since the last call."""
        ...

    def status(self) -> dict[str, object]:
        """What a person wants to know of it."""
        ...


class OrderLost(Exception):
    """The ordered service has ended; what was sent may have arrived or not."""


class PlainStack:
    """`packets`: a datagram is a packet."""

    has_acks = False
    has_room = True

    def send(self, packet: bytes, _now_ns: int) -> list[bytes]:
        return [packet]

    def recover(self, data: bytes) -> list[bytes]:
        return [Telecommand(PAYLOAD_APID, 0, SERVICE, ANSWER, data, ack=0).pack()]

    def turn(self, _now_ns: int) -> list[bytes]:
        return []

    def take(self, datagram: bytes, _now_ns: int) -> list[bytes]:
        return [datagram]

    def acknowledged(self) -> list[int]:
        return []

    def status(self) -> dict[str, object]:
        return {}


class MacStack(PlainStack):
    """`packets+mac`: a command is carried in TC[130,1]. `sealing` gives the association in use."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing
        self._sequence = 0

    def send(self, packet: bytes, _now_ns: int) -> list[bytes]:
        self._sequence = (self._sequence + 1) % COUNT_MODULUS
        return [seal_packet(self._sealing(), packet, PAYLOAD_APID, self._sequence).pack()]


class FrameStack:
    """`frames` and `frames+sdls`: CLTUs up, in the order that FOP-1 keeps; frames with the CLCW down."""

    has_acks = True

    def __init__(self, config: ChannelConfig, sealing: Sealing | None = None, timer_ns: int = TIMER_NS) -> None:
        self._config, self._sealing = config, sealing
        fop = Fop(FopConfig(scid=config.scid, vcid=config.vcid, timer_ns=timer_ns))
        self._uplink = Uplink(config, fop, None)
        self._receiver = TmReceiver(config.scid)
        self._waiting: deque[bytes] = deque()
        self._tickets: dict[int, int] = {}  # of the parts of packets, to their requests
        self._acknowledged: list[int] = []
        self.clcw: Clcw | None = None
        self.alert: str = ""

    @property
    def has_room(self) -> bool:
        return len(self._waiting) + self._uplink.fop.unfinished < UNFINISHED_MOST

    @property
    def is_active(self) -> bool:
        """The ordered service is on."""
        return self._uplink.fop.state in (FopState.ACTIVE, FopState.RETRANSMIT, FopState.RETRANSMIT_WAIT)

    @property
    def fop(self) -> Fop:
        """The procedure, for Unlock and Set V(R)."""
        return self._uplink.fop

    def forget_order(self) -> None:
        """Wait for the next word of where the board's order stands."""
        self.clcw = None

    def send(self, packet: bytes, now_ns: int) -> list[bytes]:
        if len(self._waiting) >= WAITING_MOST:
            raise OrderLost("too many packets wait for the ordered service")
        self._waiting.append(packet)
        return self.turn(now_ns)

    def send_bypass(self, packet: bytes, now_ns: int) -> list[bytes]:
        """Past the order, once: for an emergency."""
        self._seal()
        self._uplink.send_bypass(packet)
        return self.turn(now_ns)

    def recover(self, data: bytes) -> list[bytes]:
        """On the next virtual channel, which has no security and takes nothing else."""
        packet = Telecommand(PAYLOAD_APID, 0, SERVICE, ANSWER, data, ack=0).pack()
        frames = (
            TcFrame(self._config.scid, self._config.vcid + 1, part, is_bypass=True) for part in cut(packet, MOST_DATA)
        )
        return [encode_cltu(frame.pack()) for frame in frames]

    def turn(self, now_ns: int) -> list[bytes]:
        self._begin(now_ns)
        fop = self._uplink.fop
        fop.tick(now_ns)
        self._seal()
        while self._waiting and fop.has_room():
            packet = self._waiting[0]
            tickets = self._uplink.send(packet)
            if not tickets:
                break
            self._waiting.popleft()
            self._tickets |= dict.fromkeys(tickets, int.from_bytes(packet[:4], "big"))
        units = list(self._units(now_ns))
        self._note()
        return units

    def take(self, datagram: bytes, now_ns: int) -> list[bytes]:
        try:
            reception = self._receiver.receive(datagram)
        except PacketError:
            return []
        frame = reception.frame
        if frame is not None and frame.control is not None:
            self._hear(frame.control, now_ns)
        return list(reception.packets)

    def acknowledged(self) -> list[int]:
        told, self._acknowledged = self._acknowledged, []
        return told

    def status(self) -> dict[str, object]:
        counts, clcw = self._receiver.counts, self.clcw
        rows: dict[str, object] = {
            "frames": counts["frames"],
            "frames_refused": counts["refused"],
            "frames_lost": counts["lost"],
        }
        if clcw is not None:
            rows |= {
                "clcw_next_sequence": clcw.next_sequence,
                "clcw_lockout": clcw.is_locked_out,
                "clcw_wait": clcw.wants_wait,
                "clcw_retransmit": clcw.wants_retransmission,
                "clcw_farm_b": clcw.farm_b_count,
            }
        return rows

    def _hear(self, control: bytes, now_ns: int) -> None:
        try:
            self.clcw = Clcw.unpack(control)
        except PacketError:
            return
        self._uplink.fop.clcw(now_ns, self.clcw)
        self._note()

    def _begin(self, now_ns: int) -> None:
        """Begin the ordered service at what the board expects, once something is to be sent and that is known."""
        fop, clcw = self._uplink.fop, self.clcw
        if not self._waiting or clcw is None or fop.state is not FopState.INITIAL or self.alert:
            return
        if clcw.is_locked_out:
            raise OrderLost("the board is locked out: penumbra gnd link unlock")
        fop.set_sequence(clcw.next_sequence)
        fop.initiate(now_ns)
        fop.clcw(now_ns, clcw)

    def _seal(self) -> None:
        if self._sealing is not None:
            self._uplink.security = self._sealing()

    def _units(self, now_ns: int) -> Iterator[bytes]:
        while (unit := self._uplink.next_unit(now_ns)) is not None:
            yield unit

    def _note(self) -> None:
        """What FOP-1 tells: a packet is there when all its parts are."""
        for notice in self._uplink.fop.notices():
            match notice:
                case Acknowledged(ticket=ticket):
                    request = self._tickets.pop(ticket)
                    if request not in self._tickets.values():
                        self._acknowledged.append(request)
                case Undelivered(ticket=ticket):
                    self._tickets.pop(ticket, None)
                case Alert(reason=reason):
                    self.alert = reason.name.lower()
                case Initiated():
                    self.alert = ""


class MuteStack:
    """Any profile without its keys: hears all and sends no command."""

    has_acks = False
    has_room = True

    def __init__(self, stack: Stack, profile: str) -> None:
        self._stack, self._profile = stack, profile

    def send(self, _packet: bytes, _now_ns: int) -> list[bytes]:
        raise KeyRefused(f"the link takes authentic commands only ({self._profile}): give --keys FOLDER")

    def recover(self, data: bytes) -> list[bytes]:
        return self._stack.recover(data)

    def turn(self, _now_ns: int) -> list[bytes]:
        return []

    def take(self, datagram: bytes, now_ns: int) -> list[bytes]:
        return self._stack.take(datagram, now_ns)

    def acknowledged(self) -> list[int]:
        return []

    def status(self) -> dict[str, object]:
        return self._stack.status()

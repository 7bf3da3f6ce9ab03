"""Flights in virtual time, commanded over each profile of the link: commands act once, an enemy's never."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from fsw.bus.topics import COMMAND
from fsw.catalogue.commands import COMMAND_BY_NAME
from fsw.catalogue.wire import Value, encode_arguments
from fsw.link.contract import REASONS
from fsw.link.settings import PROFILES
from fsw.packets.frames.acceptance import ChannelConfig
from fsw.packets.pus import Telecommand
from fsw.packets.security.association import SendAssociation
from fsw.packets.security.counters import MemoryStore, SendCounter, provision
from fsw.packets.security.keyring import CHANNEL_OF_PROFILE, KeyRing
from fsw.packets.verification import Verification
from hal.clock import SECOND_NS
from sim.radio import RadioConfig
from sim.scenario import Scenario, load_scenario
from tools.flight.loop import Options, VirtualFlight
from tools.ground.decoder import Decoder, Happened, Record, Samples
from tools.ground.stack import FrameStack, MacStack, PlainStack, Stack

SECURED = tuple(CHANNEL_OF_PROFILE)
TIMER_NS = 5 * SECOND_NS  # the control loop looks once a second, so a round trip takes two


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return replace(load_scenario("default"), demand=())


def command(sequence: int, name: str = "ping", *values: Value) -> bytes:
    row = COMMAND_BY_NAME[name]
    data = row.prefix + encode_arguments(name, values)
    return Telecommand(0x42, sequence, row.service, row.subtype, data).pack()


def sealing(profile: str, ring: KeyRing, spi: int | None = None) -> Callable[[], SendAssociation]:
    """The ground's association, with a counter of its own."""
    channel = CHANNEL_OF_PROFILE[profile]
    row = next(row for row in channel.rows if spi in (None, row.spi))
    store = MemoryStore()
    provision(store, "send")
    cipher = row.make_cipher(ring.launched[row.spi])
    association = SendAssociation(row.spi, cipher, SendCounter(store, "send", cipher.counter_octets))
    return lambda: association


def stack_of(profile: str, ring: KeyRing | None, spi: int | None = None) -> Stack:
    seal = None if ring is None else sealing(profile, ring, spi)
    if profile.startswith("frames"):
        return FrameStack(ChannelConfig(scid=0xAB, vcid=0), seal, timer_ns=TIMER_NS)
    return PlainStack() if seal is None else MacStack(seal)


class Control:
    """A flight and those who command it; `enemy` may speak at every second, and hears all that goes up."""

    def __init__(
        self, scenario: Scenario, profile: str, radio: RadioConfig | None = None, spi: int | None = None
    ) -> None:
        options = Options(
            execute=False, plan=False, radio=radio, mission={"link": {"profile": profile}}, duration_s=1e6
        )
        self.flight = VirtualFlight(scenario, options)
        self.flight.hear = self._hear
        self.stack = stack_of(profile, self.flight.ring, spi)
        self.sent: list[bytes] = []
        self.records: list[Record] = []
        self.enemy: Callable[[list[bytes]], list[bytes]] = lambda _heard: []
        self._decoder = Decoder()
        self._ticks: Iterator[int] = self.flight.ticks()
        self.now_ns = 0
        self.now_ns = next(self._ticks)
        assert self.flight._bus is not None
        self._commands = self.flight._bus.subscribe(COMMAND, "test", depth=4096)

    def send(self, packet: bytes) -> None:
        self._radiate(self.stack.send(packet, self.now_ns))

    def fly(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now_ns = next(self._ticks)
            self._radiate(self.stack.turn(self.now_ns))
            for octets in self.enemy(self.sent):
                self.flight.ground.send(octets)

    def acted(self) -> list[int]:
        """Sequence counts of the commands that were handed to their owners, in order."""
        return [command.request & 0x3FFF for command in self._commands.drain()]

    def stages(self, sequence: int) -> list[int]:
        contents = (record.content for record in self.records)
        return [
            item.subtype for item in contents if isinstance(item, Verification) and item.request & 0x3FFF == sequence
        ]  # fmt: skip

    def events(self, name: str) -> list[tuple[Value, ...]]:
        contents = (record.content for record in self.records)
        return [item.values for item in contents if isinstance(item, Happened) and item.name == name]

    def link(self) -> dict[str, Value | None]:
        """The last structure of the link that came down."""
        contents = [record.content for record in self.records]
        last = [item for item in contents if isinstance(item, Samples) and item.structure == "link"][-1]
        return {item.name: item.value for item in last.values}

    def close(self) -> None:
        self._ticks.close()  # type: ignore[attr-defined]

    def _radiate(self, units: list[bytes]) -> None:
        for unit in units:
            self.sent.append(unit)
            self.flight.ground.send(unit)

    def _hear(self, datagram: bytes) -> None:
        for packet in self.stack.take(datagram, self.now_ns):
            record = self._decoder.decode(packet, self.now_ns)
            assert isinstance(record, Record), record
            self.records.append(record)


@pytest.fixture
def control(scenario: Scenario) -> Iterator[Callable[..., Control]]:
    made: list[Control] = []

    def make(profile: str, radio: RadioConfig | None = None, spi: int | None = None) -> Control:
        made.append(Control(scenario, profile, radio, spi))
        return made[-1]

    yield make
    for item in made:
        item.close()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_command_goes_up_and_its_reports_come_down(control: Callable[..., Control], profile: str) -> None:
    mission = control(profile)
    mission.fly(2)
    mission.send(command(7))
    mission.fly(4)
    assert mission.acted() == [7]
    assert mission.stages(7) == [1, 3, 7]
    assert mission.stack.acknowledged() == ([0x1842C007] if mission.stack.has_acks else [])
    mission.fly(40)
    figures = mission.link()
    assert (figures["link_profile"], figures["link_taken"], figures["link_rejected"]) == (profile, 1, 0)
    is_open = profile not in SECURED
    assert len(mission.events("link_insecure")) == is_open
    assert len(mission.events("link_ready")) == (not is_open)


def test_a_packet_for_another_process_fails_its_routing(control: Callable[..., Control]) -> None:
    mission = control("packets+mac")
    mission.fly(2)
    mission.send(Telecommand(0x43, 9, 17, 1).pack())
    mission.fly(3)
    assert (mission.acted(), mission.stages(9)) == ([], [10])


@pytest.mark.parametrize(("profile", "spi"), [("packets+mac", 10), ("frames+sdls", 5), ("frames+sdls", 6)])
def test_each_association_of_a_channel_commands(control: Callable[..., Control], profile: str, spi: int) -> None:
    mission = control(profile, spi=spi)
    mission.fly(2)
    mission.send(command(1))
    mission.fly(40)
    assert mission.acted() == [1]
    assert (mission.link()["link_spi"], mission.link()["link_floor"]) == (spi, 1)


@pytest.mark.parametrize("profile", ["frames", "frames+sdls"])
def test_frames_bring_every_command_once_and_in_order_where_a_fifth_is_lost(
    control: Callable[..., Control], profile: str
) -> None:
    mission = control(profile, RadioConfig(delay_s=0.3, loss=0.2))
    mission.fly(15)
    numbers = list(range(100))
    for number in numbers:
        mission.send(command(number))
        mission.fly(1)
    mission.fly(200)
    assert mission.acted() == numbers
    assert len(mission.stack.acknowledged()) == len(numbers)
    assert mission.link()["link_taken"] == len(numbers)


class Enemy:
    """Repeats what went up, changes it, cuts it, and makes commands without a key; a few each second."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.spoken = 0

    def __call__(self, heard: list[bytes]) -> list[bytes]:
        draw = self._random
        if not heard:
            return []
        unit = bytearray(draw.choice(heard))
        unit[draw.randrange(len(unit))] ^= 1 << draw.randrange(8)
        old = draw.choice(heard)
        said = [bytes(unit), old, old[: draw.randrange(1, len(old))], command(9000), draw.randbytes(40)]
        self.spoken += len(said)
        return said


@pytest.mark.parametrize("profile", SECURED)
def test_what_is_forged_repeated_cut_or_made_up_has_no_effect_and_is_counted(
    control: Callable[..., Control], profile: str
) -> None:
    mission = control(profile)
    mission.fly(2)
    mission.enemy = enemy = Enemy(5)
    numbers = list(range(40))
    for number in numbers:
        mission.send(command(number))
        mission.fly(1)
    mission.enemy = lambda _heard: []
    mission.fly(60)
    assert mission.acted() == numbers
    figures = mission.link()
    assert figures["link_taken"] == len(numbers)
    rejected = int(figures["link_rejected"] or 0)
    assert rejected == sum(int(figures[f"link_{name}"] or 0) for name in REASONS)
    retransmitted = len(mission.sent) - len(numbers)
    assert rejected + int(figures["link_control"] or 0) >= enemy.spoken - retransmitted
    assert mission.events("link_rejected")


def test_a_key_that_was_stopped_commands_no_more(control: Callable[..., Control]) -> None:
    mission = control("packets+mac")
    mission.fly(2)
    mission.send(command(1, "arm", "stop_key", 60.0))
    mission.send(command(2, "stop_key", 10))
    mission.fly(4)
    assert mission.stages(2) == [1, 3, 7]
    assert mission.flight.ring is not None
    other = MacStack(sealing("packets+mac", mission.flight.ring, spi=10))
    for unit in other.send(command(3), 0):
        mission.flight.ground.send(unit)
    mission.fly(40)
    assert mission.acted() == [1, 2]
    assert mission.link()["link_stopped"] == 1
    mission.send(command(4, "arm", "stop_key", 60.0))
    mission.send(command(5, "stop_key", 9))
    mission.fly(4)
    assert mission.stages(5) == [1, 4], "the last one is not stopped"

"""The board's end of each profile: what may act, what a lost counter costs, how keys are stopped, what is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.bus.memory import MemoryBus
from fsw.bus.topics import EVENT, REPORT
from fsw.catalogue.wire import encode_report
from fsw.counter_store import DiskCounterStore
from fsw.link.channel import launch
from fsw.link.contract import REASONS, Profile
from fsw.link.opening import check_keys, load_mission_ring, open_link
from fsw.link.service import CHALLENGE_NS, LinkService
from fsw.link.settings import PROFILES, Link
from fsw.packets.frames.acceptance import ChannelConfig
from fsw.packets.frames.cltu import encode_cltu
from fsw.packets.frames.tc import TcFrame, unlock
from fsw.packets.pus import Telecommand
from fsw.packets.security.association import SendAssociation
from fsw.packets.security.contingency import Challenge, answer, traffic_key
from fsw.packets.security.counters import CounterStore, MemoryStore, SendCounter, provision
from fsw.packets.security.errors import KeyRefused
from fsw.packets.security.keyring import CHANNEL_OF_PROFILE, KeyRing, counter_name, load_ring, new_ring, write_ring
from fsw.packets.security.keys import Secret
from hal.config import ConfigError
from hal.ports.link import MemoryLink, memory_pair
from hal.ports.memory_disk import MemoryDisk
from hal.reading import Reason as DiskReason
from tools.flight.keys import seeded_entropy
from tools.ground.stack import FrameStack, MacStack, PlainStack, Stack

SECURED = tuple(CHANNEL_OF_PROFILE)
PING = Telecommand(0x42, 5, 17, 1).pack()


def ring_of(profile: str) -> KeyRing:
    return new_ring(CHANNEL_OF_PROFILE[profile], seeded_entropy(1))


def sealing(profile: str, key: Secret, store: CounterStore | None = None) -> Callable[[], SendAssociation]:
    """The first association of the profile's channel, under `key`."""
    row = CHANNEL_OF_PROFILE[profile].rows[0]
    cipher, store = row.make_cipher(key), store or MemoryStore()
    if store.load("send") is None:
        provision(store, "send")
    association = SendAssociation(row.spi, cipher, SendCounter(store, "send", cipher.counter_octets))
    return lambda: association


def stack_of(profile: str, seal: Callable[[], SendAssociation] | None) -> Stack:
    if profile.startswith("frames"):
        return FrameStack(ChannelConfig(scid=0xAB, vcid=0), seal)
    return PlainStack() if seal is None else MacStack(seal)


@dataclass
class Board:
    """A link in a profile, on a disk that outlives it, and the far end of its radio."""

    profile: str = "packets+mac"
    disk: MemoryDisk = field(default_factory=MemoryDisk)
    boots: int = 0

    def __post_init__(self) -> None:
        self.ring = ring_of(self.profile) if self.profile in SECURED else None
        if self.ring is not None:
            launch(CHANNEL_OF_PROFILE[self.profile], self.ring, DiskCounterStore(self.disk))
        self.boot()

    def boot(self) -> None:
        """The process starts anew."""
        self.boots += 1
        onboard, self.radio = memory_pair(depth=4096)
        self.link: Profile = open_link(
            Link(profile=self.profile),
            onboard,
            self.ring,
            DiskCounterStore(self.disk),
            seeded_entropy(100 + self.boots),
        )

    def stack(self, key: Secret | None = None) -> Stack:
        """A ground that begins anew, under the key of the launch or another."""
        if self.ring is None:
            return stack_of(self.profile, None)
        launched = self.ring.launched[CHANNEL_OF_PROFILE[self.profile].rows[0].spi]
        return stack_of(self.profile, sealing(self.profile, key or launched))

    def take(self, *units: bytes) -> list[bytes]:
        """What of `units` may act."""
        for unit in units:
            self.radio.send(unit)
        packets = []
        while (packet := self.link.receive()) is not None:
            packets.append(packet)
        return packets

    def command(self, stack: Stack, packet: bytes = PING, now_ns: int = 0) -> list[bytes]:
        """Send one packet; with frames after the ground has heard where the order stands."""
        units = stack.send(packet, now_ns)
        if isinstance(stack, FrameStack) and not units:
            self.link.flush()
            self.hear(stack)
            units = stack.turn(now_ns)
        return self.take(*units)

    def hear(self, stack: Stack) -> list[bytes]:
        """What has come down."""
        packets = []
        while (datagram := self.radio.receive()) is not None:
            packets += stack.take(datagram, 0)
        return packets

    def lose_counters(self) -> None:
        for row in CHANNEL_OF_PROFILE[self.profile].rows:
            self.disk.write_file_atomic(f"security/{counter_name(row.spi)}", b"damaged")
        self.boot()


@pytest.mark.parametrize("profile", PROFILES)
def test_packets_go_both_ways_and_a_listener_s_hello_is_none(profile: str) -> None:
    board = Board(profile)
    stack = board.stack()
    assert board.take(b"") == []
    assert board.command(stack) == [PING]
    board.link.send(b"\x08\x42\xc0\x00\x00\x00\x00")
    board.link.flush()
    assert board.hear(stack) == [b"\x08\x42\xc0\x00\x00\x00\x00"]
    assert (board.link.counts()["taken"], board.link.counts()["rejected"]) == (1, 0)


def test_packets_span_frames_and_a_frame_that_is_full_leaves_at_once() -> None:
    board = Board("frames")
    stack = board.stack()
    packets = [Telecommand(0x42, number, 3, 25, bytes(700)).pack() for number in range(5)]
    for packet in packets:
        board.link.send(packet)
    assert board.link.counts()["frames_sent"] == 3
    board.link.flush()
    assert board.hear(stack) == packets
    assert board.link.counts()["frames_sent"] == 4
    board.link.flush()
    assert board.link.counts()["frames_sent"] == 4, "nothing is owed"


@pytest.mark.parametrize("profile", SECURED)
def test_a_command_of_before_does_not_act_after_a_restart_and_the_ground_goes_on_above_the_floor(profile: str) -> None:
    board = Board(profile)
    sealed = sealing(profile, board.ring.launched[CHANNEL_OF_PROFILE[profile].rows[0].spi])  # type: ignore[union-attr]
    stack = stack_of(profile, sealed)
    heard = []
    board.radio = _Tap(board.radio, heard)  # type: ignore[assignment]
    assert board.command(stack) == [PING]
    board.boot()
    assert board.take(*heard) == []
    floor = board.link.counts()["floor"]
    assert (board.link.counts()["repeated"], floor) == (1, 1024)
    fresh = stack_of(profile, sealed)
    assert board.command(fresh) == []
    sealed().counter.advance(floor)
    fresh = stack_of(profile, sealed)
    assert board.command(fresh) == [PING]


class _Tap:
    """A radio link that notes what goes up."""

    def __init__(self, link: MemoryLink, heard: list[bytes]) -> None:
        self._link, self._heard = link, heard

    def send(self, datagram: bytes) -> None:
        self._heard.append(datagram)
        self._link.send(datagram)

    def receive(self) -> bytes | None:
        return self._link.receive()


@pytest.mark.parametrize("profile", SECURED)
def test_a_lost_counter_is_recovered_by_a_contingency_key_and_nothing_old_acts(profile: str) -> None:
    board = Board(profile)
    assert board.link.challenge() is None
    board.lose_counters()
    challenge = board.link.challenge()
    assert challenge is not None and challenge.first_key == 0
    old = board.stack()
    assert board.command(old) == []
    assert board.link.counts()["counter_lost"] == board.link.counts()["lost"] == 1
    ring, channel = board.ring, CHANNEL_OF_PROFILE[profile]
    assert ring is not None
    forged = answer(challenge, Secret(bytes(32)), 0)
    said = answer(challenge, ring.contingency[3], 3)
    assert board.take(*old.recover(forged), *old.recover(said), *old.recover(said)) == []
    assert board.link.challenge() is None
    assert (board.link.counts()["answers_refused"], board.link.counts()["lost"]) == (
        2 - profile.startswith("frames"),
        0,
    )
    assert board.command(board.stack()) == [], "the key of the launch is worth nothing now"
    key = traffic_key(ring.contingency[3], channel.number, channel.rows[0].spi, challenge.nonce)
    board.boot()
    assert board.command(board.stack(key)) == [PING]


def test_a_dead_store_is_recovered_for_the_session() -> None:
    board = Board("packets+mac")
    board.disk.fault = DiskReason.BUS
    board.boot()
    challenge = board.link.challenge()
    assert challenge is not None and board.ring is not None
    board.take(*board.stack().recover(answer(challenge, board.ring.contingency[0], 0)))
    channel = CHANNEL_OF_PROFILE["packets+mac"]
    key = traffic_key(board.ring.contingency[0], channel.number, channel.rows[0].spi, challenge.nonce, is_kept=False)
    assert board.command(board.stack(key)) == [PING]
    board.boot()
    assert board.link.challenge() not in (None, challenge)


def test_commands_go_on_while_the_store_is_away_until_a_restart_could_repeat_them() -> None:
    board = Board("packets+mac")
    stack = board.stack()
    assert board.command(stack) == [PING]
    board.disk.fault = DiskReason.BUS
    taken = sum(len(board.command(stack)) for _ in range(1100))
    assert 512 <= taken < 1024
    counts = board.link.counts()
    assert counts["not_kept"] == 1100 - taken
    assert counts["unsaved"] > 0


def test_a_stopped_key_stays_stopped_over_a_restart_and_starts_again() -> None:
    board = Board("packets+mac")
    assert board.link.set_running(9, False) == ""
    board.boot()
    stack = board.stack()
    assert board.command(stack) == [] and board.link.counts()["stopped"] == 1
    assert board.link.set_running(10, False) == "last_key"
    assert board.link.set_running(77, False) == "unknown_key"
    assert board.link.set_running(9, True) == ""
    assert board.command(stack) == [PING]
    board.disk.fault = DiskReason.BUS
    assert board.link.set_running(10, False) == "store_degraded"


def test_a_rejection_is_told_with_the_association_that_it_was_under() -> None:
    board = Board("frames+sdls")
    assert board.command(board.stack()) == [PING]
    row = CHANNEL_OF_PROFILE["frames+sdls"].rows[1]
    assert board.ring is not None
    cipher, store = row.make_cipher(Secret(bytes(32))), MemoryStore()
    provision(store, "send")
    forged = SendAssociation(row.spi, cipher, SendCounter(store, "send", cipher.counter_octets))
    board.command(FrameStack(ChannelConfig(scid=0xAB, vcid=0), lambda: forged))
    assert board.link.news()[-1] == ("forged", row.spi, 0)


def test_on_the_emergency_channel_nothing_but_an_answer_is_heard() -> None:
    board = Board("frames+sdls")
    emergency = TcFrame(0xAB, 1, b"\xc0" + PING, is_bypass=True)
    assert board.take(encode_cltu(emergency.pack())) == []
    assert board.link.counts()["bad_frame"] == 1
    board.lose_counters()
    assert board.take(encode_cltu(emergency.pack())) == []
    assert board.link.counts()["unprotected"] == 1


@settings(max_examples=60)
@given(st.sampled_from(PROFILES[1:]), st.lists(st.binary(max_size=80), max_size=8))
def test_whatever_is_received_nothing_escapes_and_all_is_counted(profile: str, received: list[bytes]) -> None:
    board = Board(profile)
    assert board.take(*received) == []
    counts = board.link.counts()
    assert counts["rejected"] == sum(counts[name] for name in REASONS)
    assert counts["rejected"] + counts["control"] >= sum(map(bool, received))


@given(st.binary(max_size=200))
def test_a_protected_packet_of_anything_is_handed_on_whole(data: bytes) -> None:
    board = Board("packets+mac")
    assert board.command(board.stack(), data) == [data]


@dataclass
class Told:
    """The link's service, and what it says on the bus."""

    board: Board

    def __post_init__(self) -> None:
        bus = MemoryBus()
        self._events, self._reports = bus.subscribe(EVENT, "test"), bus.subscribe(REPORT, "test")
        self.service = LinkService(bus, self.board.link)

    def step(self, now_ns: int = 0) -> list[str]:
        self.service.step(now_ns)
        return [event.name for event in self._events.drain()]

    def challenges(self) -> list[Challenge]:
        return [Challenge.unpack(encode_report(item.name, item.values)) for item in self._reports.drain()]


def test_the_profile_is_told_and_rejections_and_control_frames_are() -> None:
    assert Told(Board("packets")).step() == ["link_insecure"]
    told = Told(Board("frames+sdls"))
    assert told.step() == ["link_ready"]
    told.board.take(encode_cltu(unlock(0xAB, 0).pack()), b"noise")
    assert told.step() == ["link_rejected", "link_control_frame"]
    assert told.step() == []


def test_a_challenge_is_shown_at_once_and_again_until_it_is_answered() -> None:
    board = Board("packets+mac")
    board.lose_counters()
    told = Told(board)
    assert told.step() == ["link_ready", "link_counter_lost"]
    (shown,) = told.challenges()
    assert shown == board.link.challenge()
    assert (told.step(CHALLENGE_NS - 1), told.challenges()) == ([], [])
    assert (told.step(CHALLENGE_NS), told.challenges()) == ([], [shown])
    assert board.ring is not None
    board.take(*board.stack().recover(answer(shown, board.ring.contingency[0], 0)))
    assert told.step(2 * CHALLENGE_NS) == ["link_recovered"]
    assert told.challenges() == []


def test_keys_are_launched_once(tmp_path: Path) -> None:
    channel, ring, store = CHANNEL_OF_PROFILE["packets+mac"], ring_of("packets+mac"), MemoryStore()
    launch(channel, ring, store)
    with pytest.raises(FileExistsError):
        launch(channel, ring, store)


def test_a_mission_that_wants_keys_names_file_field_and_cure(tmp_path: Path) -> None:
    for refuse in (load_mission_ring, check_keys):
        with pytest.raises(ConfigError, match=r"owned.toml: link.profile: packets\+mac needs keys") as caught:
            refuse(Link(), tmp_path, "owned.toml")
        assert "spi-9.key" in str(caught.value) and "penumbra gnd key make" in str(caught.value)
    assert load_mission_ring(Link(profile="packets"), tmp_path, "owned.toml") is None
    write_ring(tmp_path / "keys", CHANNEL_OF_PROFILE["packets+mac"], ring_of("packets+mac"))
    check_keys(Link(), tmp_path, "owned.toml")
    assert load_mission_ring(Link(), tmp_path, "owned.toml") == ring_of("packets+mac")
    (tmp_path / "keys" / "spi-10.key").chmod(0o640)
    with pytest.raises(ConfigError, match="make it 0600"):
        load_mission_ring(Link(), tmp_path, "owned.toml")


def test_a_key_file_holds_one_key(tmp_path: Path) -> None:
    channel = CHANNEL_OF_PROFILE["frames+sdls"]
    write_ring(tmp_path, channel, ring_of("frames+sdls"))
    (tmp_path / "spi-5.key").write_bytes(bytes(64))
    with pytest.raises(KeyRefused, match="2 keys"):
        load_ring(tmp_path, channel)


@pytest.mark.parametrize("table", [{"profile": "telepathy"}, {"scid": 0}, {"vcid": 63}, {"frame_octets": 10}])
def test_a_table_that_cannot_be_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Link(**table)  # type: ignore[arg-type]


def test_a_secured_profile_opens_with_keys_or_not_at_all() -> None:
    with pytest.raises(ValueError, match="needs keys"):
        open_link(Link(), memory_pair()[0])

"""The ground tool over each profile: keys, counters that tools share, COP-1, a board that lost its counter."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fsw.bus.memory import MemoryBus
from fsw.command.service import CommandService
from fsw.counter_store import DiskCounterStore
from fsw.link.opening import launch_link, open_link
from fsw.link.service import LinkService
from fsw.link.settings import PROFILES, Link
from fsw.packets.frames.cltu import encode_cltu
from fsw.packets.frames.tc import TcFrame
from fsw.packets.security.counters import SEND_BLOCK, provision
from fsw.packets.security.errors import CounterLost
from fsw.packets.security.keyring import CHANNEL_OF_PROFILE, load_ring
from fsw.telemetry.service import TelemetryService
from hal.clock import SECOND_NS, OnboardTime, SteppedClock
from hal.ports.link import memory_pair
from hal.ports.memory_disk import MemoryDisk
from tools.flight.keys import seeded_entropy
from tools.ground.cli import gnd
from tools.ground.counters import FileStore, Locked, SharedCounter
from tools.ground.finding import Choice, choose, profiled
from tools.ground.options import Station
from tools.ground.ring import GroundRing, make_keys

TAI_AT_ZERO_NS = 2_173_824_037 * SECOND_NS
UTC_AT_ZERO_NS = 1_795_132_800 * SECOND_NS
SECURED = tuple(CHANNEL_OF_PROFILE)


class Clock(SteppedClock):
    """A stepped clock that also tells UTC."""

    def utc_ns(self) -> int:
        return UTC_AT_ZERO_NS + self.now_ns()


@dataclass
class Board:
    """The services of comms on a disk that outlives them, and the radio. Waiting for a datagram makes time pass."""

    profile: str
    keys: Path
    clock: Clock = field(default_factory=Clock)
    disk: MemoryDisk = field(default_factory=MemoryDisk)
    drops: Callable[[int], bool] = lambda number: False  # of the datagrams up
    boots: int = 0
    ups: int = 0

    def __post_init__(self) -> None:
        settings = Link(profile=self.profile)
        if settings.is_secured:
            ring = load_ring(self.keys, CHANNEL_OF_PROFILE[self.profile])
            launch_link(settings, ring, DiskCounterStore(self.disk))
        self.boot()

    def boot(self) -> None:
        """The process starts anew; whoever sends to it is not told."""
        settings = Link(profile=self.profile)
        ring = load_ring(self.keys, CHANNEL_OF_PROFILE[self.profile]) if settings.is_secured else None
        self.boots += 1
        onboard, self._ground = memory_pair(depth=4096)
        store = DiskCounterStore(self.disk)
        self.link = open_link(settings, onboard, ring, store, seeded_entropy(self.boots))
        bus = MemoryBus()
        command = CommandService(bus, self.link)
        time = OnboardTime(tai_at_zero_ns=TAI_AT_ZERO_NS)
        counters = {"command": command.counts, "link": self.link.counts}
        telemetry = TelemetryService(bus, self.link, time, counters=counters)
        self._services = (command, telemetry, LinkService(bus, self.link))

    def send(self, packet: bytes) -> None:
        self.ups += 1
        if not self.drops(self.ups):
            self._ground.send(packet)

    def receive(self, timeout_ns: int) -> bytes | None:
        waiting = self._ground.receive()
        if waiting is None:
            for service in self._services:
                service.step(self.clock.now_ns())
            self.clock.advance_to_ns(self.clock.now_ns() + max(timeout_ns, SECOND_NS // 50))
        return waiting

    def close(self) -> None:
        self._ground.receive()


@pytest.fixture
def board(tmp_path: Path) -> Callable[[str], Board]:
    make_keys(tmp_path / "keys", seeded_entropy(1))
    return lambda profile: Board(profile, tmp_path / "keys")


def run(board: Board, *words: str, keys: bool = True, sequence: int = 0) -> Result:
    choice = Choice(profile=board.profile, keys=board.keys if keys else None)
    station = Station(link=lambda: profiled(board, choice, board.clock), clock=board.clock, sequence=sequence)
    return CliRunner().invoke(gnd, list(words), obj=station)


def stages(result: Result) -> dict[str, str]:
    return {row["stage"]: row["state"] for row in json.loads(result.stdout)}


def items(result: Result) -> dict[str, object]:
    return {row["item"]: row["value"] for row in json.loads(result.stdout)}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_ping_completes_over_each_profile(board: Callable[[str], Board], profile: str) -> None:
    result = run(board(profile), "cmd", "send", "ping", "--format", "json")
    assert result.exit_code == 0, result.output
    told = stages(result)
    assert told["COMPLETED"] == "done"
    assert told["LINK-ACK"] == ("done" if profile.startswith("frames") else "n/a")


@pytest.mark.parametrize("profile", SECURED)
def test_one_tool_after_another_uses_one_counter(board: Callable[[str], Board], profile: str) -> None:
    there = board(profile)
    for number in range(3):
        assert run(there, "cmd", "send", "ping", sequence=10 * number).exit_code == 0
    assert there.link.counts()["floor"] == 3


@pytest.mark.parametrize("profile", SECURED)
def test_a_command_that_a_restarted_board_refuses_for_its_counter_goes_out_again(
    board: Callable[[str], Board], profile: str
) -> None:
    there = board(profile)
    assert run(there, "cmd", "send", "ping").exit_code == 0
    there.boot()
    result = run(there, "cmd", "send", "ping", "--timeout", "30", sequence=50)
    assert result.exit_code == 0, result.output
    assert there.link.counts()["floor"] > 1024


@pytest.mark.parametrize("profile", SECURED)
def test_without_keys_telemetry_is_heard_and_nothing_is_commanded(board: Callable[[str], Board], profile: str) -> None:
    there = board(profile)
    refused = run(there, "cmd", "send", "ping", keys=False)
    assert (refused.exit_code, "give --keys FOLDER" in refused.stderr) == (8, True)
    heard = run(there, "link", "status", "--format", "json", keys=False)
    assert heard.exit_code == 0
    assert items(heard)["packets"] and items(heard)["ping_round_trip_s"] is None
    assert there.link.counts()["rejected"] == 0


def test_the_status_shows_counters_and_control_word(board: Callable[[str], Board]) -> None:
    shown = items(run(board("frames+sdls"), "link", "status", "--format", "json"))
    assert (shown["spi"], shown["counter_used"], shown["clcw_lockout"], shown["frames_lost"]) == (4, 1, False, 0)
    assert shown["clcw_next_sequence"] == 1
    assert shown["last_packet_age_s"] is not None


@pytest.mark.parametrize("profile", SECURED)
def test_a_board_that_lost_its_counter_is_recovered_and_commanded_again(
    board: Callable[[str], Board], profile: str
) -> None:
    there = board(profile)
    assert run(there, "cmd", "send", "ping").exit_code == 0
    for row in CHANNEL_OF_PROFILE[profile].rows:
        there.disk.write_file_atomic(f"security/counter.{row.spi}", b"")
    there.boot()
    lost = run(there, "cmd", "send", "ping", "--timeout", "5", sequence=30)
    assert (lost.exit_code, there.link.counts()["counter_lost"] > 0) == (6, True)
    recovered = run(there, "link", "recover", sequence=40)
    assert recovered.exit_code == 0, recovered.output
    assert "is recovered with contingency key 0 (kept)" in recovered.stdout
    assert run(there, "cmd", "send", "ping", sequence=50).exit_code == 0
    assert run(there, "link", "recover", "--key", "0", sequence=60).exit_code == 7, "nothing is lost"


def test_a_recovery_of_which_no_word_came_down_is_taken_as_done(board: Callable[[str], Board]) -> None:
    there = board("packets+mac")
    there.disk.write_file_atomic("security/counter.9", b"")
    there.boot()
    ring = GroundRing(there.keys, CHANNEL_OF_PROFILE["packets+mac"])
    challenge = there.link.challenge()
    assert challenge is not None
    link = profiled(there, Choice(profile="packets+mac", keys=there.keys), there.clock)
    link.send_answer(ring.answer(challenge, 0))
    assert there.link.receive() is None and there.link.challenge() is None
    result = run(there, "link", "recover", sequence=10)
    assert (result.exit_code, "taken as accepted" in result.stdout) == (0, True)
    assert run(there, "cmd", "send", "ping", sequence=20).exit_code == 0


def test_a_contingency_key_is_used_once(board: Callable[[str], Board]) -> None:
    there = board("packets+mac")
    for used in range(2):
        there.disk.write_file_atomic("security/counter.9" + (f".{used - 1}" if used else ""), b"")
        there.boot()
        if used:
            assert run(there, "link", "recover", "--key", "0", sequence=500).exit_code == 8
        assert run(there, "link", "recover", sequence=100 * used).exit_code == 0
    assert run(there, "cmd", "send", "ping", sequence=900).exit_code == 0


@pytest.mark.parametrize("words", [("unlock",), ("set-vr", "17")])
def test_control_frames_are_carried_out(board: Callable[[str], Board], words: tuple[str, ...]) -> None:
    there = board("frames")
    assert run(there, "cmd", "send", "ping", sequence=40).exit_code == 0  # the order stands at 1 now
    result = run(there, "link", *words)
    assert result.exit_code == 0, result.output
    assert there.link.counts()["control"] == 1
    assert run(there, "cmd", "send", "ping").exit_code == 0
    assert run(board_of_packets(there), "link", *words).exit_code == 7


def test_a_lockout_is_told_and_ended_by_unlock(board: Callable[[str], Board]) -> None:
    there = board("frames")
    assert run(there, "cmd", "send", "ping").exit_code == 0
    there.send(encode_cltu(TcFrame(0xAB, 0, b"\xc0far out of the window", sequence=129).pack()))
    there.receive(SECOND_NS)
    refused = run(there, "cmd", "send", "ping", sequence=10)
    assert (refused.exit_code, "gnd link unlock" in refused.stderr) == (7, True)
    assert run(there, "link", "unlock").exit_code == 0
    assert run(there, "cmd", "send", "ping", sequence=20).exit_code == 0


def board_of_packets(other: Board) -> Board:
    return Board("packets", other.keys)


def test_frames_are_sent_again_where_every_third_is_lost(board: Callable[[str], Board]) -> None:
    there = board("frames+sdls")
    there.drops = lambda number: number % 3 == 2
    for number in range(4):
        assert run(there, "cmd", "send", "ping", sequence=10 * number).exit_code == 0
    assert there.link.counts()["taken"] == 4


def test_keys_are_swapped(board: Callable[[str], Board]) -> None:
    there = board("packets+mac")
    assert CliRunner().invoke(gnd, ["key", "swap", str(there.keys), "10"]).exit_code == 0
    assert run(there, "cmd", "send", "ping").exit_code == 0
    assert there.link.counts()["spi"] == 10
    assert CliRunner().invoke(gnd, ["key", "swap", str(there.keys), "77"]).exit_code == 8


def test_keys_are_made_once_and_shown_by_their_fingerprints(tmp_path: Path) -> None:
    folder = str(tmp_path / "keys")
    made = CliRunner().invoke(gnd, ["key", "make", folder, "--format", "json"])
    rows = json.loads(made.stdout)
    assert (made.exit_code, [row["spi"] for row in rows]) == (0, [4, 5, 6, 9, 10])
    assert all((tmp_path / "keys" / f"spi-{row['spi']}.key").stat().st_mode & 0o777 == 0o600 for row in rows)
    assert json.loads(CliRunner().invoke(gnd, ["key", "status", folder, "--format", "json"]).stdout) == rows
    again = CliRunner().invoke(gnd, ["key", "make", folder])
    assert (again.exit_code, "File exists" in again.stderr) == (8, True)
    assert CliRunner().invoke(gnd, ["key", "status", str(tmp_path)]).exit_code == 8


def counter(folder: Path) -> SharedCounter:
    return SharedCounter(FileStore(folder), "counter.9", 4)


def test_tools_that_take_turns_never_use_a_counter_twice(tmp_path: Path) -> None:
    provision(FileStore(tmp_path), "counter.9")
    tools = [counter(tmp_path) for _ in range(3)]
    taken = [tools[number % 3].next() for number in range(2 * SEND_BLOCK)]
    assert taken == list(range(1, 2 * SEND_BLOCK + 1))


def test_after_a_crash_of_the_computer_the_counter_goes_on_at_its_durable_mark(tmp_path: Path) -> None:
    provision(FileStore(tmp_path), "counter.9")
    used = counter(tmp_path).next()
    for damage in ("", "other-boot 1 5", "nonsense"):
        (tmp_path / "counter.9.now").write_text(damage)
        following = counter(tmp_path).next()
        assert following > used
        used = following
    assert used > 2 * SEND_BLOCK


def test_a_lost_counter_is_not_guessed(tmp_path: Path) -> None:
    provision(FileStore(tmp_path), "counter.9")
    counter(tmp_path).next()
    (tmp_path / "counter.9").write_bytes(b"damaged")
    with pytest.raises(CounterLost):
        counter(tmp_path).next()


def test_the_counter_s_lock_is_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    store, clock = FileStore(tmp_path), Clock()
    with store.locked(clock), pytest.raises(Locked), FileStore(tmp_path).locked(clock):
        pass
    with store.locked(clock):
        assert clock.now_ns() >= 5 * SECOND_NS


def test_telemetry_cannot_use_the_counters_up(board: Callable[[str], Board]) -> None:
    there = board("packets+mac")
    ring = GroundRing(there.keys, CHANNEL_OF_PROFILE["packets+mac"])
    link = profiled(there, Choice(profile="packets+mac", keys=there.keys), there.clock)
    assert not link.advance(9, 1 << 30)
    assert not link.advance(10, 500), "another association"
    assert link.advance(9, 500) and not link.advance(9, 500)
    assert ring.association().counter.next() == 501


def test_a_flight_tells_how_its_link_is_spoken(tmp_path: Path) -> None:
    told = {"profile": "frames+sdls", "scid": 7, "vcid": 3, "keys": "/k"}
    (tmp_path / "link-10.json").write_text(json.dumps(told))
    assert choose(None, None, 10, tmp_path) == Choice(profile="frames+sdls", keys=Path("/k"), scid=7, vcid=3)
    assert choose("packets", None, 10, tmp_path).keys is None
    assert choose(None, None, 11, tmp_path) == Choice()
    assert choose(None, Path("/mine"), 11, tmp_path) == Choice(profile="packets+mac", keys=Path("/mine"))
    for damage in ("[]", "{", '{"profile": "telepathy"}', '{"profile": "packets"}'):
        (tmp_path / "link-10.json").write_text(damage)
        assert choose(None, None, 10, tmp_path) == Choice()

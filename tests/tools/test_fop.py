"""COP-1 end to end: FOP-1 on the ground, FARM-1 on board, and a radio that loses, repeats and reorders between them."""

from __future__ import annotations

import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.packets.frames.clcw import Clcw
from fsw.packets.frames.cltu import decode_cltu, encode_cltu
from fsw.packets.frames.farm import Farm, FarmState, Verdict
from fsw.packets.frames.tc import TcFrame, set_vr, split_frames, unlock
from fsw.packets.frames.tm_stream import TmReceiver, TmSender
from hal.clock import SECOND_NS
from tools.ground.fop import Fop
from tools.ground.fop_values import (
    Acknowledged,
    Alert,
    AlertReason,
    FopConfig,
    FopState,
    Initiated,
    Suspended,
    Undelivered,
)

SCID, VCID = 0xAB, 1
CONFIG = FopConfig(scid=SCID, vcid=VCID, timer_ns=SECOND_NS, window=20, transmission_limit=100)
REORDER_DEPTH = 16  # frames that one may be overtaken by


class Radio:
    """Loses, repeats and holds back what passes, seeded. Loss and repetition are probabilities."""

    def __init__(self, random_source: random.Random, loss: float, repetition: float, delay_steps: int) -> None:
        self._random = random_source
        self._loss, self._repetition, self._delay_steps = loss, repetition, delay_steps
        self._flying: list[tuple[int, int, bytes]] = []
        self._step = self._sent = 0

    def send(self, octets: bytes) -> None:
        for _ in range(1 + (self._random.random() < self._repetition)):
            if self._random.random() >= self._loss:
                self._sent += 1
                due = self._step + self._random.randint(0, self._delay_steps)
                self._flying.append((due, self._sent, octets))

    def arrive(self) -> list[bytes]:
        """What arrives in this step."""
        self._step += 1
        arrived = sorted(item for item in self._flying if item[0] < self._step)
        self._flying = [item for item in self._flying if item[0] >= self._step]
        return [octets for _, _, octets in arrived]


class Link:
    """Ground, radio both ways, board. Telemetry is full frames with the control word, telecommand full CLTUs."""

    def __init__(self, seed: int, loss: float = 0.2, repetition: float = 0.1, delay_steps: int = 2) -> None:
        self._random = random.Random(seed)
        self.fop, self.farm = Fop(CONFIG), Farm(SCID, VCID)
        self._up, self._down = (Radio(self._random, loss, repetition, delay_steps) for _ in range(2))
        self._sender, self._receiver = TmSender(SCID, 32), TmReceiver(SCID, 32, reorder_depth=REORDER_DEPTH)
        self.executed: list[bytes] = []
        self.now_ns = 0

    def step(self, room_probability: float = 1.0) -> None:
        """A tenth of a second: up to four frames up, one down."""
        self.now_ns += SECOND_NS // 10
        for _ in range(4):
            frame = self.fop.transmit(self.now_ns)
            if frame is not None:
                self._up.send(encode_cltu(frame.pack()))
        if self._random.random() < room_probability:
            self.farm.release()
        for unit in self._up.arrive():
            for octets in split_frames(decode_cltu(unit).octets):
                self._board(TcFrame.unpack(octets), self._random.random() < room_probability)
        self._down.send(self._sender.next_frame(0, self.farm.clcw().pack()))
        for octets in self._down.arrive():
            received = self._receiver.receive(octets).frame
            if received is not None and received.control is not None:
                self.fop.clcw(self.now_ns, Clcw.unpack(received.control))
        self.fop.tick(self.now_ns)

    def _board(self, frame: TcFrame, has_room: bool) -> None:
        if self.farm.receive(frame, has_room).is_accepted:
            self.executed.append(frame.data)


def deliver(link: Link, commands: list[bytes], room_probability: float = 1.0) -> None:
    """Every command requested in order, steps until all are acknowledged; fails where that takes for ever."""
    assert link.fop.initiate(link.now_ns, checks_clcw=False)
    waiting = deque(commands)
    for _ in range(20 * len(commands) + 1000):
        while waiting and link.fop.request(waiting[0]) is not None:
            waiting.popleft()
        if not waiting and not link.fop.unfinished:
            return
        link.step(room_probability)
    pytest.fail(f"{len(waiting)} and {link.fop.unfinished} commands left, {link.fop.state!r}")


def test_ten_thousand_commands_each_once_and_in_order() -> None:
    """20 % of frames are lost in both directions, 10 % repeated, and any may overtake those of two steps before."""
    commands = [number.to_bytes(4, "big") for number in range(10_000)]
    link = Link(seed=1)
    deliver(link, commands)
    assert link.executed == commands
    notices = link.fop.notices()
    assert link.fop.state is FopState.ACTIVE
    assert notices[-1] == Acknowledged(ticket=10_000)
    assert link.fop.retransmissions > 2000
    assert min(link.farm.counts[kind] for kind in (Verdict.REPEATED, Verdict.MISSING_BEFORE)) > 1000


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**32 - 1),
    loss=st.floats(0.0, 0.4),
    repetition=st.floats(0.0, 0.5),
    delay_steps=st.integers(0, 3),
    room=st.sampled_from([1.0, 0.7]),
)
def test_any_radio_gives_each_command_once_and_in_order(
    seed: int, loss: float, repetition: float, delay_steps: int, room: float
) -> None:
    commands = [number.to_bytes(4, "big") for number in range(300)]
    link = Link(seed, loss, repetition, delay_steps)
    deliver(link, commands, room)
    assert link.executed == commands


def started() -> Fop:
    fop = Fop(CONFIG)
    assert fop.initiate(0, checks_clcw=False)
    assert fop.notices() == [Initiated()]
    return fop


def clcw(next_sequence: int, **flags: bool) -> Clcw:
    return Clcw(VCID, next_sequence, **flags)  # type: ignore[arg-type]


def test_acknowledgement_is_told_once_for_each_request() -> None:
    fop = started()
    tickets = [fop.request(bytes([n])) for n in range(3)]
    assert [frame.sequence for frame in iter(lambda: fop.transmit(0), None)] == [0, 1, 2]
    fop.clcw(1, clcw(2))
    fop.clcw(2, clcw(2))
    assert fop.notices() == [Acknowledged(ticket=ticket) for ticket in tickets[:2] if ticket is not None]
    assert fop.unfinished == 1


def test_a_board_that_asks_gets_everything_unacknowledged_again() -> None:
    fop = started()
    for number in range(3):
        fop.request(bytes([number]))
    assert len(list(iter(lambda: fop.transmit(0), None))) == 3
    fop.clcw(1, clcw(1, wants_retransmission=True))
    assert fop.state is FopState.RETRANSMIT
    assert [frame.sequence for frame in iter(lambda: fop.transmit(1), None)] == [1, 2]
    fop.clcw(2, clcw(1, wants_retransmission=True))  # the same wish, before the answer can have arrived
    assert fop.transmit(2) is None


def test_a_board_that_asked_must_have_got_something_before_it_asks_no_more() -> None:
    fop = started()
    for _ in range(2):
        fop.request(b"x")
        fop.transmit(0)
    fop.clcw(1, clcw(0, wants_retransmission=True))
    fop.clcw(2, clcw(0))
    assert fop.notices()[-1] == Alert(reason=AlertReason.SYNCHRONISATION)


def test_at_the_limit_the_timer_decides_and_not_the_board() -> None:
    fop = Fop(FopConfig(scid=SCID, vcid=VCID, timer_ns=10, transmission_limit=2))
    fop.initiate(0, checks_clcw=False)
    fop.request(b"x")
    assert fop.transmit(0) is not None
    fop.tick(10)
    assert fop.state is FopState.ACTIVE and fop.transmit(10) is not None
    fop.clcw(11, clcw(0, wants_retransmission=True))
    assert fop.state is FopState.RETRANSMIT and fop.transmit(11) is None
    fop.tick(20)
    assert fop.notices()[-1] == Alert(reason=AlertReason.TIMER)


def test_a_board_that_waits_gets_nothing_until_it_has_room() -> None:
    fop = started()
    fop.request(b"x")
    assert fop.transmit(0) is not None
    fop.clcw(1, clcw(0, wants_retransmission=True, wants_wait=True))
    fop.tick(2 * CONFIG.timer_ns)
    assert fop.state is FopState.RETRANSMIT_WAIT and fop.transmit(2 * CONFIG.timer_ns) is None
    fop.clcw(2 * CONFIG.timer_ns, clcw(0, wants_retransmission=True))
    assert fop.transmit(2 * CONFIG.timer_ns) is not None


def test_silence_repeats_and_then_gives_up_with_what_is_unknown() -> None:
    fop = Fop(FopConfig(scid=SCID, vcid=VCID, timer_ns=10, transmission_limit=3, window=1))
    fop.initiate(0, checks_clcw=False)
    sent, waiting = fop.request(b"a"), fop.request(b"b")
    assert sent is not None and waiting is not None
    frames = 0
    for now_ns in range(0, 100, 10):
        fop.tick(now_ns)
        frames += fop.transmit(now_ns) is not None
    assert frames == 3
    assert fop.notices()[1:] == [
        Undelivered(ticket=sent, is_sent=True),
        Undelivered(ticket=waiting, is_sent=False),
        Alert(reason=AlertReason.TIMER),
    ]
    assert fop.request(b"c") is None


def test_a_suspended_service_goes_on_at_the_next_pass() -> None:
    fop = Fop(FopConfig(scid=SCID, vcid=VCID, timer_ns=10, transmission_limit=1, suspends=True))
    fop.initiate(0, checks_clcw=False)
    ticket = fop.request(b"a")
    assert ticket is not None and fop.transmit(0) is not None
    fop.tick(10)
    assert fop.notices()[-1] == Suspended()
    assert fop.resume(1000)
    fop.clcw(1001, clcw(1))
    assert fop.notices() == [Acknowledged(ticket=ticket)]


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (clcw(1, is_locked_out=True), AlertReason.LOCKOUT),
        (clcw(3), AlertReason.SEQUENCE),
        (clcw(255), AlertReason.SEQUENCE),
        (clcw(1, wants_wait=True), AlertReason.CLCW),
        (clcw(2, wants_wait=True, wants_retransmission=True), AlertReason.CLCW),
        (clcw(2, wants_retransmission=True), AlertReason.SYNCHRONISATION),
    ],
)
def test_reports_that_cannot_be_end_the_service(report: Clcw, reason: AlertReason) -> None:
    fop = started()
    for _ in range(2):
        fop.request(b"x")
        fop.transmit(0)
    fop.clcw(1, report)
    assert fop.state is FopState.INITIAL
    assert fop.notices()[-1] == Alert(reason=reason)


def test_after_an_alert_a_report_of_before_acknowledges_nothing_new() -> None:
    fop = started()
    for _ in range(3):
        fop.request(b"old")
        fop.transmit(0)
    fop.terminate()
    assert fop.initiate(0, checks_clcw=False)
    fop.request(b"new")
    assert fop.transmit(0) is not None
    fop.notices()
    fop.clcw(1, clcw(2))
    assert [type(notice) for notice in fop.notices()] == [Undelivered, Alert]


def test_another_channels_report_is_ignored() -> None:
    fop = started()
    fop.clcw(1, Clcw(VCID + 1, 9, is_locked_out=True))
    assert fop.state is FopState.ACTIVE


def test_service_begins_when_the_board_agrees() -> None:
    fop = Fop(CONFIG)
    assert fop.set_sequence(7)
    assert fop.initiate(0)
    assert fop.request(b"early") is None
    fop.clcw(1, clcw(7))
    assert fop.notices() == [Initiated()]
    assert fop.request(b"now") is not None


def test_unlock_and_set_vr_are_repeated_until_the_board_shows_them() -> None:
    fop, farm = Fop(CONFIG), Farm(SCID, VCID)
    assert farm.receive(TcFrame(SCID, VCID, b"x", 127)) is Verdict.LOCKED_OUT
    assert farm.receive(set_vr(SCID, VCID, 9)) is Verdict.CONTROL
    assert (farm.next_sequence, farm.state) == (0, FarmState.LOCKOUT)
    assert fop.initiate_with_unlock()
    assert fop.transmit(0) == unlock(SCID, VCID)
    assert fop.transmit(0) is None
    fop.clcw(1, farm.clcw())
    fop.tick(CONFIG.timer_ns)
    frame = fop.transmit(CONFIG.timer_ns)
    assert frame is not None
    farm.receive(frame)
    fop.clcw(2, farm.clcw())
    assert (fop.state, farm.state) == (FopState.ACTIVE, FarmState.OPEN)
    fop.terminate()
    assert fop.initiate_with_set_vr(9)
    frame = fop.transmit(3)
    assert frame is not None
    farm.receive(frame)
    fop.clcw(4, farm.clcw())
    assert (fop.state, farm.next_sequence, farm.farm_b_count) == (FopState.ACTIVE, 9, 3)


def test_bypass_frames_go_in_every_state_and_ask_nothing() -> None:
    fop, farm = Fop(CONFIG), Farm(SCID, VCID)
    assert fop.request_bypass(b"safe")
    frame = fop.transmit(0)
    assert frame is not None and frame.is_bypass
    farm.receive(TcFrame(SCID, VCID, b"x", 127))
    assert farm.receive(frame) is Verdict.BYPASSED
    assert farm.clcw().is_locked_out


def test_queues_are_bounded() -> None:
    fop = started()
    limit = CONFIG.waiting_limit
    assert [fop.request(b"x") is not None for _ in range(limit + 1)] == [True] * limit + [False]
    assert [fop.request_bypass(b"x") for _ in range(limit + 1)] == [True] * limit + [False]


@given(st.integers(0, 255), st.integers(0, 255))
def test_farm_takes_only_the_next_frame(vr: int, sequence: int) -> None:
    """Table 6-1 over every difference: 0 taken, 1 to 126 early, 127 and 128 outside, 129 to 255 repeated."""
    farm = Farm(SCID, VCID)
    farm.receive(set_vr(SCID, VCID, vr))
    difference = sequence - vr & 255
    verdict = farm.receive(TcFrame(SCID, VCID, b"x", sequence))
    expected = Verdict.ORDERED if difference == 0 else Verdict.MISSING_BEFORE
    expected = Verdict.LOCKED_OUT if difference in (127, 128) else expected
    assert verdict is (Verdict.REPEATED if difference > 128 else expected)
    assert farm.clcw().wants_retransmission is (verdict is Verdict.MISSING_BEFORE)


def test_frames_of_others_and_unknown_control_commands_are_invalid() -> None:
    farm = Farm(SCID, VCID)
    for frame in (TcFrame(SCID, 2, b"x"), TcFrame(1, VCID, b"x"), unlock(SCID, VCID)._replace(data=b"\x01")):
        assert farm.receive(frame) is Verdict.INVALID
    assert farm.counts[Verdict.INVALID] == 3

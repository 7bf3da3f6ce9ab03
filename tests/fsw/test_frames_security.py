"""The secured link: forged, replayed, reordered, truncated and stale commands have no effect and are counted."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.packets.errors import PacketError, UnknownService
from fsw.packets.frames.tc import TcFrame, unlock
from fsw.packets.pus import Telecommand
from fsw.packets.security.association import Opened, Reason, ReceiveAssociation, Receiver, Rejected, SendAssociation
from fsw.packets.security.cipher import AesGcm, Cipher, HmacSha256
from fsw.packets.security.counters import WINDOW, MemoryStore, ReceiveCounter, SendCounter, provision
from fsw.packets.security.errors import CounterLost, Exhausted, KeyRefused
from fsw.packets.security.keys import KEY_OCTETS, MOST_KEYS, Secret, load_keys, write_keys
from fsw.packets.security.packet_mac import open_packet, seal_packet
from fsw.packets.security.sdls import open_frame, seal_frame

KEY, OTHER_KEY = Secret(bytes(range(32))), Secret(bytes(range(1, 33)))
SPI, SPARE_SPI = 2, 3
FRAME = TcFrame(scid=0xAB, vcid=1, data=b"\xc0packet", sequence=3)
PACKET = Telecommand(0x42, 1, 8, 1, b"\x00\x01").pack()
CIPHERS = [AesGcm, HmacSha256]


def sender_of(cipher: Cipher, spi: int = SPI, first: int = 0) -> SendAssociation:
    store = MemoryStore()
    provision(store, "send", first)
    return SendAssociation(spi, cipher, SendCounter(store, "send", cipher.counter_octets))


def receiver_of(cipher: Cipher, *spis: int) -> Receiver:
    store = MemoryStore()
    for spi in spis or (SPI,):
        provision(store, str(spi))
    associations = (ReceiveAssociation(spi, cipher, ReceiveCounter(store, str(spi))) for spi in spis or (SPI,))
    return Receiver(tuple(associations))


def take(receiver: Receiver, frame: TcFrame) -> bytes | Reason:
    """What the board does with a frame that its FARM-1 accepts: the data, or why not."""
    result = open_frame(receiver, frame)
    if isinstance(result, Rejected):
        return result.reason
    opened_frame, opened = result
    return opened_frame.data if receiver.commit(opened) else Reason.NOT_KEPT


@pytest.mark.parametrize("cipher", CIPHERS)
@given(data=st.binary(min_size=1, max_size=300), has_segment_header=st.booleans(), is_bypass=st.booleans())
def test_what_is_sealed_opens_once(
    cipher: Callable[[Secret], Cipher], data: bytes, has_segment_header: bool, is_bypass: bool
) -> None:
    sender, receiver = sender_of(cipher(KEY)), receiver_of(cipher(KEY))
    frame = TcFrame(1, 2, data, is_bypass=is_bypass)
    sealed = TcFrame.unpack(seal_frame(sender, frame, has_segment_header).pack())
    result = open_frame(receiver, sealed, has_segment_header)
    assert not isinstance(result, Rejected)
    assert result[0] == frame
    assert len(sealed.data) == len(data) + sender.overhead
    assert receiver.commit(result[1]) and not receiver.commit(result[1])
    assert open_frame(receiver, sealed, has_segment_header) == Rejected(reason=Reason.REPEATED, spi=SPI)


@pytest.mark.parametrize("cipher", CIPHERS)
@given(choice=st.data())
def test_any_changed_bit_is_a_forgery(cipher: Callable[[Secret], Cipher], choice: st.DataObject) -> None:
    """Of the data field; the frame's own check is made anew, as an attacker would."""
    sealed = seal_frame(sender_of(cipher(KEY)), FRAME)
    receiver = receiver_of(cipher(KEY))
    bit = choice.draw(st.integers(0, 8 * len(sealed.data) - 1))
    data = bytearray(sealed.data)
    data[bit // 8] ^= 0x80 >> bit % 8
    assert take(receiver, sealed._replace(data=bytes(data))) in (Reason.FORGED, Reason.UNKNOWN_SPI)
    assert sum(receiver.counts.values()) == 1
    assert take(receiver, sealed) == FRAME.data


@pytest.mark.parametrize("cipher", CIPHERS)
@given(choice=st.data())
def test_truncated_frames_have_no_effect(cipher: Callable[[Secret], Cipher], choice: st.DataObject) -> None:
    sealed = seal_frame(sender_of(cipher(KEY)), FRAME)
    receiver = receiver_of(cipher(KEY))
    cut = choice.draw(st.integers(0, len(sealed.data) - 1))
    assert take(receiver, sealed._replace(data=sealed.data[:cut])) in (Reason.TRUNCATED, Reason.FORGED)


@pytest.mark.parametrize("cipher", CIPHERS)
@given(octets=st.binary(max_size=80))
def test_any_octets_are_rejected_and_counted(cipher: Callable[[Secret], Cipher], octets: bytes) -> None:
    receiver = receiver_of(cipher(KEY))
    assert isinstance(take(receiver, FRAME._replace(data=octets)), Reason)
    if octets:
        assert sum(receiver.counts.values()) == 1


@pytest.mark.parametrize("cipher", CIPHERS)
def test_another_channel_or_key_does_not_open(cipher: Callable[[Secret], Cipher]) -> None:
    sealed = seal_frame(sender_of(cipher(KEY)), FRAME)
    assert take(receiver_of(cipher(KEY)), sealed._replace(vcid=2)) is Reason.FORGED
    assert take(receiver_of(cipher(OTHER_KEY)), sealed) is Reason.FORGED
    assert take(receiver_of(cipher(KEY), SPARE_SPI), sealed) is Reason.UNKNOWN_SPI


def test_a_frame_refused_for_its_order_may_come_again_and_an_older_one_may_not() -> None:
    cipher = AesGcm(KEY)
    sender, receiver = sender_of(cipher), receiver_of(cipher)
    first, second, third = (seal_frame(sender, FRAME) for _ in range(3))
    assert not isinstance(open_frame(receiver, second), Rejected)  # FARM-1 said no, so nothing is committed
    assert take(receiver, second) == FRAME.data
    assert take(receiver, first) is Reason.REPEATED
    assert take(receiver, third) == FRAME.data
    assert take(receiver, second) is Reason.REPEATED


def test_two_copies_opened_before_either_acts_act_once() -> None:
    cipher = HmacSha256(KEY)
    receiver = receiver_of(cipher)
    sealed = seal_frame(sender_of(cipher), FRAME)
    copies = [open_frame(receiver, sealed) for _ in range(2)]
    assert [receiver.commit(copy[1]) for copy in copies if not isinstance(copy, Rejected)] == [True, False]
    assert receiver.counts[Reason.REPEATED] == 1


def test_a_forged_counter_moves_nothing_and_one_beyond_the_window_is_rejected() -> None:
    cipher = HmacSha256(KEY)
    receiver = receiver_of(cipher)
    far = seal_frame(sender_of(cipher, first=WINDOW), FRAME)
    assert take(receiver, far) is Reason.BEYOND_WINDOW
    association = receiver.association(SPI)
    assert association is not None and association.counter.floor == 0
    assert take(receiver, seal_frame(sender_of(cipher, first=WINDOW - 1), FRAME)) == FRAME.data


def test_keys_are_changed_by_a_swap_of_associations() -> None:
    old, new = AesGcm(KEY), AesGcm(OTHER_KEY)
    store = MemoryStore()
    for name in ("old", "new"):
        provision(store, name)
    receiver = Receiver((
        ReceiveAssociation(SPI, old, ReceiveCounter(store, "old")),
        ReceiveAssociation(SPARE_SPI, new, ReceiveCounter(store, "new"), is_running=False),
    ))  # fmt: skip
    before, after = sender_of(old), sender_of(new, SPARE_SPI)
    assert take(receiver, seal_frame(after, FRAME)) is Reason.STOPPED
    spare, used = receiver.association(SPARE_SPI), receiver.association(SPI)
    assert spare is not None and used is not None
    spare.is_running, used.is_running = True, False
    assert take(receiver, seal_frame(before, FRAME)) is Reason.STOPPED
    assert take(receiver, seal_frame(after, FRAME)) == FRAME.data


def test_control_frames_are_never_protected() -> None:
    frame = unlock(1, 1)
    assert seal_frame(sender_of(AesGcm(KEY)), frame) is frame


def test_a_counter_that_has_run_out_seals_no_more() -> None:
    sender = sender_of(HmacSha256(KEY), first=2**32 - 2)
    seal_frame(sender, FRAME)
    with pytest.raises(Exhausted):
        seal_frame(sender, FRAME)


def test_without_its_counter_a_sender_refuses() -> None:
    cipher = AesGcm(KEY)
    sender = SendAssociation(SPI, cipher, SendCounter(MemoryStore(), "send", 12))
    assert sender.counter.is_lost
    with pytest.raises(CounterLost):
        seal_frame(sender, FRAME)
    with pytest.raises(CounterLost):
        sender.counter.advance(9)


@pytest.mark.parametrize("cipher", CIPHERS)
def test_packets_are_carried_and_bound_to_their_wrapper(cipher: Callable[[Secret], Cipher]) -> None:
    sender, receiver = sender_of(cipher(KEY)), receiver_of(cipher(KEY))
    outer = seal_packet(sender, PACKET, apid=0x42, sequence=9)
    renumbered = outer._replace(sequence=77)  # as a bus may do
    opened = open_packet(receiver, renumbered.pack())
    assert isinstance(opened, Opened) and opened.data == PACKET
    assert receiver.commit(opened)
    assert open_packet(receiver, outer.pack()) == Rejected(reason=Reason.REPEATED, spi=SPI)
    with pytest.raises(UnknownService):
        open_packet(receiver, PACKET)
    with pytest.raises(PacketError):
        open_packet(receiver, outer.pack()[:-1])
    framed = sender.seal(bytes(6), PACKET)  # sealed for a frame, put into a packet
    assert open_packet(receiver, outer._replace(data=framed).pack()) == Rejected(reason=Reason.FORGED, spi=SPI)


def test_a_key_does_not_show_itself(caplog: pytest.LogCaptureFixture) -> None:
    texts = [repr(KEY), str(KEY), f"{KEY}", f"{[KEY]}", "%s" % KEY]  # noqa: UP031
    with caplog.at_level(logging.INFO):
        logging.getLogger().info("key %s", KEY)
    for text in [*texts, caplog.text]:
        assert KEY.fingerprint() in text
        assert KEY.reveal().hex() not in text and repr(KEY.reveal()) not in text
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    assert KEY == Secret(bytes(range(32))) != OTHER_KEY
    assert KEY.reveal() != KEY


def test_key_files_are_private_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "tc.key"
    write_keys(path, (KEY, OTHER_KEY))
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_keys(path) == (KEY, OTHER_KEY)
    with pytest.raises(KeyRefused):
        write_keys(path, (KEY,))
    for mode in (0o640, 0o604, 0o601, 0o620):
        path.chmod(mode)
        with pytest.raises(KeyRefused, match="chmod 600"):
            load_keys(path)
    path.chmod(0o400)
    link = tmp_path / "link.key"
    link.symlink_to(path)
    for other in (link, tmp_path, tmp_path / "absent"):
        with pytest.raises(KeyRefused):
            load_keys(other)


@pytest.mark.parametrize("octets", [0, KEY_OCTETS - 1, KEY_OCTETS + 1, KEY_OCTETS * (MOST_KEYS + 1)])
def test_key_files_of_another_length_are_refused(tmp_path: Path, octets: int) -> None:
    path = tmp_path / "tc.key"
    path.touch(0o600)
    path.write_bytes(bytes(octets))
    with pytest.raises(KeyRefused):
        load_keys(path)
    with pytest.raises(KeyRefused):
        Secret(bytes(KEY_OCTETS - 1))

"""spacepackets and puslib read every packet that we write, we read theirs, and nobody takes a flipped bit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsw.packets.cuc import AGENCY_EPOCH, TAI_1958, Cuc
from fsw.packets.errors import PacketError
from fsw.packets.pus import Telecommand, Telemetry

pytest.importorskip("spacepackets")
pytest.importorskip("puslib")

from puslib.exceptions import CrcException, IncompletePacketException, InvalidPacketException
from puslib.packet import PusTcPacket, PusTmPacket
from puslib.time import CucTime
from spacepackets import BytesTooShortError
from spacepackets.ecss.tc import InvalidTcCrc16Error, PusTc
from spacepackets.ecss.tm import InvalidTmCrc16Error, MiscParams, PusTm

TIME_OCTETS = 8
EXAMPLES = settings(max_examples=300)
octet, word = st.integers(0, 255), st.integers(0, 0xFFFF)
apids, sequences, data = st.integers(0, 0x7FF), st.integers(0, 0x3FFF), st.binary(max_size=300)
times = st.builds(
    Cuc, st.integers(0, 2**32 - 1), st.integers(0, 2**24 - 1), st.sampled_from([TAI_1958, AGENCY_EPOCH])
)  # fmt: skip
telecommands = st.builds(Telecommand, apids, sequences, octet, octet, data, st.integers(0, 15), word)
telemetries = st.builds(Telemetry, apids, sequences, octet, octet, times, data, word, word, st.integers(0, 15))


@EXAMPLES
@given(telecommands)
def test_spacepackets_and_we_agree_on_telecommands(ours: Telecommand) -> None:
    theirs = PusTc(
        service=ours.service, message_subtype=ours.subtype, apid=ours.apid, app_data=ours.data,
        seq_count=ours.sequence, source_id=ours.source, ack_flags=ours.ack,
    )  # fmt: skip
    assert bytes(theirs.pack()) == ours.pack()
    assert PusTc.unpack(ours.pack()) == theirs
    assert Telecommand.unpack(bytes(theirs.pack())) == ours


@EXAMPLES
@given(telemetries)
def test_spacepackets_and_we_agree_on_telemetry(ours: Telemetry) -> None:
    theirs = PusTm(
        service=ours.service, message_subtype=ours.subtype, timestamp=ours.time.pack(), source_data=ours.data,
        apid=ours.apid, seq_count=ours.sequence, message_counter=ours.counter, destination_id=ours.destination,
        misc_params=MiscParams(spacecraft_time_ref=ours.time_status),
    )  # fmt: skip
    assert bytes(theirs.pack()) == ours.pack()
    assert PusTm.unpack(ours.pack(), TIME_OCTETS) == theirs
    assert Telemetry.unpack(bytes(theirs.pack())) == ours


@EXAMPLES
@given(telecommands)
def test_puslib_and_we_agree_on_telecommands(ours: Telecommand) -> None:
    theirs = PusTcPacket.create(
        apid=ours.apid, name=ours.sequence, ack_flags=ours.ack, service_type=ours.service,
        service_subtype=ours.subtype, source=ours.source, data=ours.data,
    )  # fmt: skip
    assert theirs.serialize() == ours.pack()
    assert Telecommand.unpack(theirs.serialize()) == ours
    read = PusTcPacket.deserialize(ours.pack())
    assert (read.apid, read.name, read.service, read.subservice, read.source, read.app_data or b"") == (
        ours.apid, ours.sequence, ours.service, ours.subtype, ours.source, ours.data,
    )  # fmt: skip
    assert read.secondary_header.ack_flags == ours.ack


@EXAMPLES
@given(telemetries)
def test_puslib_and_we_agree_on_telemetry(ours: Telemetry) -> None:
    theirs = PusTmPacket.create(
        apid=ours.apid, seq_count_or_name=ours.sequence, seq_count=ours.sequence, service_type=ours.service,
        service_subtype=ours.subtype, msg_type_counter=ours.counter, destination=ours.destination,
        spacecraft_time_ref_status=ours.time_status, time=CucTime.deserialize(ours.time.pack()), data=ours.data,
    )  # fmt: skip
    assert theirs.serialize() == ours.pack()
    read = PusTmPacket.deserialize(ours.pack())
    assert (read.apid, read.seq_count, read.service, read.subservice, read.counter, read.destination) == (
        ours.apid, ours.sequence, ours.service, ours.subtype, ours.counter, ours.destination,
    )  # fmt: skip
    assert (bytes(read.time), read.source_data or b"") == (ours.time.pack(), ours.data)


@EXAMPLES
@given(st.one_of(telecommands, telemetries), st.data())
def test_one_flipped_bit_is_refused_by_all(ours: Telecommand | Telemetry, choice: st.DataObject) -> None:
    packet = bytearray(ours.pack())
    bit = choice.draw(st.integers(0, 8 * len(packet) - 1))
    packet[bit // 8] ^= 0x80 >> bit % 8
    is_command = isinstance(ours, Telecommand)
    with pytest.raises(PacketError):
        type(ours).unpack(bytes(packet))
    with pytest.raises((CrcException, IncompletePacketException, InvalidPacketException)):
        (PusTcPacket if is_command else PusTmPacket).deserialize(bytes(packet))
    assert not _is_taken_by_spacepackets(bytes(packet), is_command)


def _is_taken_by_spacepackets(packet: bytes, is_command: bool) -> bool:
    """False when it refuses, by one of its own errors."""
    try:
        PusTc.unpack(packet) if is_command else PusTm.unpack(packet, TIME_OCTETS)
    except (InvalidTcCrc16Error, InvalidTmCrc16Error, BytesTooShortError, ValueError):
        return False
    return True

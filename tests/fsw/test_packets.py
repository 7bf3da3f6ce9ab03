"""Codecs: what is packed comes back, what is broken is refused with a PacketError and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsw.packets.cuc import AGENCY_EPOCH, TAI_1958, Cuc
from fsw.packets.errors import BadChecksum, BadLength, PacketError, TooShort, UnknownService, WrongType
from fsw.packets.events import EventReport
from fsw.packets.functions import FunctionRequest
from fsw.packets.housekeeping import HousekeepingReport
from fsw.packets.parameters import ParameterChange, ParameterReport, ParameterRequest
from fsw.packets.pus import PUS_C, Telecommand, Telemetry
from fsw.packets.space_packet import PrimaryHeader
from fsw.packets.verification import Verification

octet, word = st.integers(0, 255), st.integers(0, 0xFFFF)
times = st.builds(
    Cuc, st.integers(0, 2**32 - 1), st.integers(0, 2**24 - 1), st.sampled_from([TAI_1958, AGENCY_EPOCH])
)  # fmt: skip
apids, sequences, data = st.integers(0, 0x7FE), st.integers(0, 0x3FFF), st.binary(max_size=64)
telecommands = st.builds(Telecommand, apids, sequences, octet, octet, data, st.integers(0, 15), word)
telemetries = st.builds(Telemetry, apids, sequences, octet, octet, times, data, word, word, st.integers(0, 15))
doubles = st.floats(allow_nan=False)
NO_CODE, NO_VALUES, NO_STEP = st.just(0), st.just(()), st.just(0)
verifications = st.one_of(
    st.builds(Verification, st.sampled_from([1, 3, 7]), st.integers(0, 2**32 - 1), NO_CODE, NO_VALUES, NO_STEP),
    st.builds(Verification, st.just(5), st.integers(0, 2**32 - 1), NO_CODE, NO_VALUES, word),
    st.builds(
        Verification,
        st.sampled_from([2, 4, 8, 10]),
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**32 - 1),
        st.lists(doubles, max_size=8).map(tuple),
        NO_STEP,
    ),
)
UNPACKERS: list[Callable[[bytes], object]] = [
    PrimaryHeader.unpack,
    Telecommand.unpack,
    Telemetry.unpack,
    Cuc.unpack,
    HousekeepingReport.unpack,
    EventReport.unpack,
    FunctionRequest.unpack,
    ParameterRequest.unpack,
    ParameterReport.unpack,
    ParameterChange.unpack,
]


@given(telecommands)
def test_telecommand_comes_back(telecommand: Telecommand) -> None:
    assert Telecommand.unpack(telecommand.pack()) == telecommand


@given(telemetries)
def test_telemetry_comes_back(telemetry: Telemetry) -> None:
    assert Telemetry.unpack(telemetry.pack()) == telemetry


@given(verifications)
def test_verification_comes_back(report: Verification) -> None:
    assert Verification.unpack(report.subtype, report.pack()) == report


@given(st.lists(st.tuples(word, st.none() | doubles), max_size=20).map(tuple))
def test_parameter_report_keeps_missing_values_missing(values: tuple[tuple[int, float | None], ...]) -> None:
    assert ParameterReport.unpack(ParameterReport(values).pack()).values == values


@given(st.lists(st.tuples(word, doubles), max_size=20).map(tuple))
def test_parameter_change_and_request_come_back(values: tuple[tuple[int, float], ...]) -> None:
    assert ParameterChange.unpack(ParameterChange(values).pack()).values == values
    request = ParameterRequest(tuple(number for number, _ in values))
    assert ParameterRequest.unpack(request.pack()) == request


@given(st.one_of(telecommands, telemetries), st.data())
def test_one_flipped_bit_is_refused(value: Telecommand | Telemetry, choice: st.DataObject) -> None:
    packet = bytearray(value.pack())
    bit = choice.draw(st.integers(0, 8 * len(packet) - 1))
    packet[bit // 8] ^= 0x80 >> bit % 8
    with pytest.raises(PacketError):
        type(value).unpack(bytes(packet))


@given(st.one_of(telecommands, telemetries), st.data())
def test_truncated_or_extended_is_refused(value: Telecommand | Telemetry, choice: st.DataObject) -> None:
    packet = value.pack()
    cut = choice.draw(st.integers(0, len(packet) - 1))
    for broken in (packet[:cut], packet + b"\x00"):
        with pytest.raises(PacketError):
            type(value).unpack(broken)


@pytest.mark.parametrize("unpack", UNPACKERS)
@given(octets=st.binary(max_size=80))
def test_any_octets_give_a_value_or_a_packet_error(unpack: Callable[[bytes], object], octets: bytes) -> None:
    try:
        unpack(octets)
    except PacketError:
        return


@given(octet, st.binary(max_size=80))
def test_any_verification_gives_a_value_or_a_packet_error(subtype: int, octets: bytes) -> None:
    try:
        Verification.unpack(subtype, octets)
    except PacketError:
        return


@given(st.integers(0, 2**32 * 1_000_000_000 - 1), st.integers(0, 2**32 * 1_000_000_000 - 1))
def test_time_keeps_order_and_loses_less_than_a_fraction(first_ns: int, second_ns: int) -> None:
    first, second = Cuc.from_ns(first_ns), Cuc.from_ns(second_ns)
    assert 0 <= first_ns - first.to_ns() + 60 <= 120
    assert Cuc.from_ns(first.to_ns()) == first
    assert (first_ns <= second_ns) or first >= second


def test_errors_say_what_was_wrong() -> None:
    ping = Telecommand(0x42, 5, 17, 1).pack()
    with pytest.raises(TooShort, match="12 octets, at least 13 needed"):
        Telecommand.unpack(ping[:-1])
    with pytest.raises(BadLength, match="13 octets declared, 14 there"):
        Telecommand.unpack(ping + b"\x00")
    with pytest.raises(BadChecksum, match="not 0"):
        Telecommand.unpack(ping[:-1] + b"\x00")
    with pytest.raises(WrongType, match="version, type and secondary header flag"):
        Telecommand.unpack(Telemetry(0x42, 0, 17, 2, Cuc(0, 0)).pack())
    with pytest.raises(UnknownService, match="service 1 subtype 9"):
        Verification.unpack(9, b"\x00" * 8)


@pytest.mark.parametrize(("octet_at", "value", "field"), [(6, 0x1F, "PUS version"), (2, 0x00, "sequence flags")])
def test_headers_that_are_sound_and_not_ours_are_refused(octet_at: int, value: int, field: str) -> None:
    from binascii import crc_hqx

    packet = bytearray(Telecommand(0x42, 5, 17, 1).pack()[:-2])
    packet[octet_at] = value
    packet += crc_hqx(bytes(packet), 0xFFFF).to_bytes(2, "big")
    with pytest.raises(WrongType, match=field):
        Telecommand.unpack(bytes(packet))
    assert PUS_C == 2

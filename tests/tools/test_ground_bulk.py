"""The bulk decoder gives what the one-by-one decoder gives, and refuses what it refuses."""

from __future__ import annotations

import math
import random
from binascii import crc_hqx

import numpy as np
import pytest

from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.rows import Wire
from fsw.catalogue.structures import STRUCTURES, StructureRow
from fsw.catalogue.wire import Value, decode_structure, encode_structure
from fsw.packets.cuc import Cuc
from fsw.packets.errors import PacketError
from fsw.packets.housekeeping import HousekeepingReport
from fsw.packets.pus import Telemetry
from tools.bench.codec import run
from tools.ground.bulk import BulkDecoder, remainders


def some(name: str, source: random.Random) -> Value:
    row = PARAMETER_BY_NAME[name]
    match row.wire:
        case Wire.LABEL:
            return source.choice(row.labels)
        case Wire.NAME:
            return source.choice(["", "floor", "temperature"])
        case Wire.F32 | Wire.F64:
            return source.uniform(-1e3, 1e3)
        case _:
            return source.randrange(256)


def packets(row: StructureRow, number: int, seed: int = 1) -> list[bytes]:
    source = random.Random(seed)
    made = []
    for sequence in range(number):
        values = {name: some(name, source) for name in row.parameters if source.random() < 0.8}
        data = HousekeepingReport(row.id, encode_structure(row.id, values)).pack()
        made.append(Telemetry(0x42, sequence, 3, 25, Cuc(sequence * 7, source.randrange(1 << 24)), data).pack())
    return made


@pytest.mark.parametrize("row", STRUCTURES, ids=lambda row: row.name)
@pytest.mark.parametrize("workers", [1, 2])
def test_columns_are_what_the_decoder_says(row: StructureRow, workers: int) -> None:
    made = packets(row, 300)
    columns = BulkDecoder(row.name).decode(b"".join(made), workers)
    assert columns.refused == 0
    for place, packet in enumerate(made):
        one = Telemetry.unpack(packet)
        assert (columns.apid[place], columns.sequence[place], columns.time_ns[place]) == (
            one.apid, one.sequence, one.time.to_ns(),
        )  # fmt: skip
        for name, value in decode_structure(row.id, HousekeepingReport.unpack(one.data).row).items():
            assert columns.known[name][place] == (value is not None)
            bulk = columns.values[name][place]
            labels = PARAMETER_BY_NAME[name].labels
            if value is None:
                assert bulk.dtype.kind != "f" or math.isnan(bulk)
            elif labels:
                assert labels[bulk] == value
            else:
                assert (bulk.decode() if isinstance(bulk, bytes) else bulk) == value


def test_every_flipped_bit_is_refused_and_counted() -> None:
    (packet,) = packets(STRUCTURES[1], 1)
    broken = [
        bytes(octet ^ (0x80 >> bit % 8 if place == bit // 8 else 0) for place, octet in enumerate(packet))
        for bit in range(8 * len(packet))
    ]
    columns = BulkDecoder(STRUCTURES[1].name).decode(b"".join([packet, *broken, packet]))
    assert (len(columns.sequence), columns.refused) == (2, len(broken))


@pytest.mark.parametrize("place", [0, 2, 4, 6, 7, 8, 13, 21])
def test_sound_packets_of_another_kind_are_refused(place: int) -> None:
    (packet,) = packets(STRUCTURES[0], 1)
    other = bytearray(packet[:-2])
    other[place] ^= 0x40
    other += crc_hqx(bytes(other), 0xFFFF).to_bytes(2, "big")
    assert BulkDecoder(STRUCTURES[0].name).decode(bytes(other)).refused == 1
    with pytest.raises((PacketError, AssertionError)):
        one = Telemetry.unpack(bytes(other))
        assert (one.service, one.subtype, HousekeepingReport.unpack(one.data).structure) == (3, 25, 1)


def test_nothing_and_half_a_packet() -> None:
    decoder = BulkDecoder("power")
    assert len(decoder.decode(b"").sequence) == 0
    with pytest.raises(ValueError, match="multiple"):
        decoder.decode(bytes(decoder.packet_octets - 1))


@pytest.mark.parametrize("octets", [7, 8, 91])
def test_remainders_are_those_of_the_codec(octets: int) -> None:
    source = random.Random(octets)
    made = [source.randbytes(octets) for _ in range(50)]
    array = np.frombuffer(b"".join(made), np.dtype([("octets", "u1", (octets,))]))
    assert remainders(array).tolist() == [crc_hqx(one, 0xFFFF) for one in made]


def test_bench_gives_one_rate_a_codec() -> None:
    rates = run(turns=1, bulk_packets=1000)
    assert {f"{kind}_{way}_per_s" for kind in ("tc", "tm") for way in ("pack", "unpack")} <= rates.keys()
    assert rates["bulk_packets"] == 1000
    assert min(rates.values()) > 0

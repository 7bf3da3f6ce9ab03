"""Housekeeping packets by the million: one structure, packets end to end, into columns. The same values as the decoder.

Checks of every packet what the one-by-one decoder checks: length, packet error control, headers, time code, structure.
A packet that fails is left out and counted. The CRC goes two octets at a time over all packets at once: for a CRC of
16 bits the next remainder is a table's row for (remainder xor word).
"""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsw.catalogue.parameters import PARAMETER_BY_NAME
from fsw.catalogue.rows import NAME_OCTETS, Wire
from fsw.catalogue.structures import STRUCTURE_BY_NAME
from fsw.packets import housekeeping
from fsw.packets.cuc import AGENCY_EPOCH, TAI_1958
from fsw.packets.pus import PUS_C

CHUNK_PACKETS = 8192  # a chunk of the longest structure stays within a core's second-level cache
_PRIMARY_OCTETS = 7  # of a packet beyond its length field
_TYPES = {
    Wire.U8: "u1", Wire.U16: ">u2", Wire.U32: ">u4", Wire.U64: ">u8", Wire.I32: ">i4", Wire.F32: ">f4",
    Wire.F64: ">f8", Wire.LABEL: "u1", Wire.NAME: f"S{NAME_OCTETS}", Wire.PARAMETER: ">u2",
}  # fmt: skip
_HEADER = [
    ("identification", ">u2"), ("sequence", ">u2"), ("length", ">u2"), ("status", "u1"), ("service", "u1"),
    ("subtype", "u1"), ("counter", ">u2"), ("destination", ">u2"), ("p_field", "u1"), ("seconds", ">u4"),
    ("fraction_high", ">u2"), ("fraction_low", "u1"), ("structure", ">u2"),
]  # fmt: skip
Array = NDArray[Any]
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """One row a sound packet. `time_ns` since the epoch of the time code; `known` is False where a value is missing.

    Numbers have the parameter's own width and are NaN where missing, if they can be; labels are their places in the
    list; names are octets. `refused` counts packets that were left out.
    """

    apid: Array
    sequence: Array
    time_ns: Array
    values: dict[str, Array]
    known: dict[str, Array]
    refused: int


class BulkDecoder:
    """Decodes the reports of the structure called `structure`; raises KeyError where there is none."""

    def __init__(self, structure: str) -> None:
        row = STRUCTURE_BY_NAME[structure]
        self._number = row.id
        self._names = row.parameters
        bitmap = (len(row.parameters) + 7) // 8
        fields = [(name, _TYPES[PARAMETER_BY_NAME[name].wire]) for name in row.parameters]
        self._type = np.dtype([*_HEADER, ("bitmap", "u1", (bitmap,)), *fields, ("check", ">u2")])

    @property
    def packet_octets(self) -> int:
        """The length of each packet."""
        return self._type.itemsize

    def decode(self, octets: bytes, workers: int = 1) -> Columns:
        """The columns of `octets`, packets end to end; raises ValueError where the last one is cut short."""
        packets = np.frombuffer(octets, self._type)
        columns, sound = self._blank(len(packets)), np.empty(len(packets), bool)
        chunks = [slice(start, start + CHUNK_PACKETS) for start in range(0, len(packets), CHUNK_PACKETS)]

        def fill(chunk: slice) -> None:
            sound[chunk] = self._sound(packets[chunk])
            self._fill(packets[chunk], columns, chunk)

        if workers == 1:
            for chunk in chunks:
                fill(chunk)
        else:
            with ThreadPoolExecutor(workers) as pool:
                list(pool.map(fill, chunks))
        return columns if sound.all() else _only(columns, sound)

    def _blank(self, packets: int) -> Columns:
        """Columns of this machine's own types, with room for so many packets."""
        return Columns(
            apid=np.empty(packets, np.uint16),
            sequence=np.empty(packets, np.uint16),
            time_ns=np.empty(packets, np.int64),
            values={name: np.empty(packets, self._type[name].newbyteorder("=")) for name in self._names},
            known={name: np.empty(packets, bool) for name in self._names},
            refused=0,
        )

    def _fill(self, packets: Array, columns: Columns, chunk: slice) -> None:
        np.bitwise_and(packets["identification"], 0x7FF, out=columns.apid[chunk])
        np.bitwise_and(packets["sequence"], 0x3FFF, out=columns.sequence[chunk])
        fraction = packets["fraction_high"].astype(np.int64) << 8 | packets["fraction_low"]
        columns.time_ns[chunk] = packets["seconds"] * np.int64(SECOND_NS) - (-fraction * SECOND_NS >> 24)
        for place, name in enumerate(self._names):
            known, values = columns.known[name][chunk], columns.values[name][chunk]
            np.not_equal(packets["bitmap"][:, place // 8] & (0x80 >> place % 8), 0, out=known)
            values[:] = packets[name]
            if values.dtype.kind == "f" and not known.all():
                values[~known] = np.nan

    def _sound(self, packets: Array) -> Array:
        p_field = packets["p_field"]
        sound: Array = (
            (remainders(packets) == 0)
            & (packets["identification"] & 0xF800 == 0x0800)
            & (packets["sequence"] >= 0xC000)
            & (packets["length"] == self.packet_octets - _PRIMARY_OCTETS)
            & (packets["status"] >> 4 == PUS_C)
            & (packets["service"] == housekeeping.SERVICE)
            & (packets["subtype"] == housekeeping.REPORT)
            & ((p_field == TAI_1958) | (p_field == AGENCY_EPOCH))
            & (packets["structure"] == self._number)
        )
        return sound


def _only(columns: Columns, sound: Array) -> Columns:
    """The rows of sound packets."""
    return Columns(
        apid=columns.apid[sound],
        sequence=columns.sequence[sound],
        time_ns=columns.time_ns[sound],
        values={name: values[sound] for name, values in columns.values.items()},
        known={name: known[sound] for name, known in columns.known.items()},
        refused=len(sound) - int(np.count_nonzero(sound)),
    )


def remainders(packets: Array) -> Array:
    """CRC-16-CCITT over each packet, its packet error control included: 0 where it is sound."""
    octets = packets.view(np.uint8).reshape(len(packets), packets.dtype.itemsize)
    even = octets.shape[1] & ~1
    words = np.ascontiguousarray(octets[:, :even].view(">u2").T).astype(np.uint16)
    table, remainder = _table(), np.full(len(packets), 0xFFFF, np.uint16)
    index = np.empty(len(packets), np.intp)
    for word in words:
        np.bitwise_xor(remainder, word, out=index, casting="unsafe")
        np.take(table, index, out=remainder, mode="wrap")
    if even < octets.shape[1]:
        high = (remainder >> 8) ^ octets[:, even]
        remainder = (remainder << 8) ^ table[high]
    return remainder


@cache
def _table() -> Array:
    """The remainder of every word of 16 bits."""
    words: Iterator[bytes] = (word.to_bytes(2, "big") for word in range(1 << 16))
    return np.fromiter(map(crc_hqx, words, repeat(0)), np.uint16, 1 << 16)

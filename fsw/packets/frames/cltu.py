"""Communications link transmission unit: a telecommand frame in BCH code blocks. Source: CCSDS 231.0-B-4, 3 and 5.

    start EB90 | n x (information 7 octets | parity 7 bits, complemented | filler bit 0) | tail C5C5 C5C5 C5C5 C579

The code is BCH (63,56), g(x) = x^7 + x^6 + x^2 + 1. Its smallest distance is 4: one wrong bit in a block is corrected
and two are seen. The last block is filled up with 0x55. Reception ends with the first block that cannot be corrected:
the tail is one by design, and so is the older tail of eight 0x55.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from fsw.packets.errors import PacketError

START = bytes.fromhex("eb90")
TAIL = bytes.fromhex("c5c5c5c5c5c5c579")
FILL = 0x55
_BLOCK, _INFORMATION = 8, 7  # octets
_GENERATOR = 0x8A  # x^6 + x^2 + 1, the generator without its highest term, in the seven upper bits of an octet
_PARITY_BITS = 0xFE


def _remainders() -> tuple[int, ...]:
    table = []
    for octet in range(256):
        remainder = octet
        for _ in range(8):
            remainder = (remainder << 1 ^ (_GENERATOR if remainder & 0x80 else 0)) & 0xFF
        table.append(remainder)
    return tuple(table)


_TABLE = _remainders()


def _remainder(information: bytes) -> int:
    table = _TABLE
    register = 0
    for octet in information:
        register = table[register ^ octet]
    return register


def _single_errors() -> dict[int, int]:
    """Syndrome to the number of the wrong bit, the first of a block being 0 (62 is the last of the parity)."""
    positions = {_remainder((1 << 55 - bit).to_bytes(_INFORMATION, "big")): bit for bit in range(56)}
    return positions | {0x80 >> bit: 56 + bit for bit in range(7)}


_WRONG_BIT = _single_errors()


class NoCltu(PacketError):
    """No start sequence, or no sound block after it."""


class Cltu(NamedTuple):
    """What was received: the information `octets`, fill included, and how many bits were `corrected`."""

    octets: bytes
    corrected: int


def encode_cltu(frame: bytes) -> bytes:
    """The transmission unit of one frame.

    >>> encode_cltu(bytes.fromhex("00ab001400c018")).hex()
    'eb9000ab001400c01848c5c5c5c5c5c5c579'
    """
    filled = frame + bytes([FILL]) * (-len(frame) % _INFORMATION)
    parts = [START]
    for offset in range(0, len(filled), _INFORMATION):
        information = filled[offset : offset + _INFORMATION]
        parts.append(information)
        parts.append(bytes([_remainder(information) ^ _PARITY_BITS]))
    parts.append(TAIL)
    return b"".join(parts)


def decode_cltu(octets: bytes, corrects: bool = True) -> Cltu:
    """The first unit in `octets`, whatever stands before it; `corrects` one bit a block, else any error ends it.

    Raises NoCltu where there is no start sequence or no sound block follows.
    """
    start = octets.find(START)
    if start < 0:
        raise NoCltu(f"no start sequence in {len(octets)} octets")
    received, corrected = [], 0
    for block in _blocks(octets[start + len(START) :]):
        information, wrong = _decode_block(block, corrects)
        if information is None:
            break
        received.append(information)
        corrected += wrong
    if not received:
        raise NoCltu("no sound code block after the start sequence")
    return Cltu(b"".join(received), corrected)


def _blocks(octets: bytes) -> Iterator[bytes]:
    for offset in range(0, len(octets) - _BLOCK + 1, _BLOCK):
        yield octets[offset : offset + _BLOCK]


def _decode_block(block: bytes, corrects: bool) -> tuple[bytes | None, int]:
    """The information and the number of wrong bits (0 or 1); None where it cannot be told. Ignores the filler bit."""
    information = block[:_INFORMATION]
    syndrome = _remainder(information) ^ (block[_INFORMATION] ^ _PARITY_BITS) & _PARITY_BITS
    if not syndrome:
        return information, 0
    bit = _WRONG_BIT.get(syndrome) if corrects else None
    if bit is None:
        return None, 0
    if bit < 56:
        information = (int.from_bytes(information, "big") ^ 1 << 55 - bit).to_bytes(_INFORMATION, "big")
    return information, 1

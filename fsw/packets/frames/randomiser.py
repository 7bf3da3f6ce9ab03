"""Pseudo-random sequences that keep bit transitions in a signal. The same operation puts them on and takes them off.

Source: telecommand CCSDS 231.0-B-4, 6.3 (x^8 + x^6 + x^4 + x^3 + x^2 + x + 1); telemetry CCSDS 131.0-B, section 10
(x^8 + x^7 + x^5 + x^3 + 1). Both start again from all ones with each frame and repeat after 255 bits. Telecommand
frames are randomised before they are encoded into code blocks.
"""

from __future__ import annotations

PERIOD_BITS = 255


def _sequence(taps: tuple[int, ...]) -> bytes:
    """255 octets of the register s[n + 8] = the sum of s[n + tap], which starts with ones."""
    bits = [1] * 8
    while len(bits) < 8 * PERIOD_BITS:
        bits.append(sum(bits[len(bits) - 8 + tap] for tap in taps) & 1)
    return int("".join(map(str, bits)), 2).to_bytes(PERIOD_BITS, "big")


TC_SEQUENCE = _sequence((0, 1, 2, 3, 4, 6))
TM_SEQUENCE = _sequence((0, 3, 5, 7))


def randomise(octets: bytes, sequence: bytes) -> bytes:
    """`octets` with `sequence` added bit by bit.

    >>> randomise(bytes(4), TC_SEQUENCE).hex(), randomise(bytes(4), TM_SEQUENCE).hex()
    ('ff399e5a', 'ff480ec0')
    """
    repeated = sequence * (len(octets) // PERIOD_BITS + 1)
    mixed = int.from_bytes(octets, "big") ^ int.from_bytes(repeated[: len(octets)], "big")
    return mixed.to_bytes(len(octets), "big")

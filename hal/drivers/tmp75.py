"""TMP75 temperature sensor and its relatives (TMP175, TMP105, LM75), 62.5 m°C a bit. Source: TI SBOS288, section 7.5.

The chip has no identity, so a word with one of its four lowest bits set, which are always 0, is another chip's.
Its configuration is left as it is: it powers up converting, with 9 bits (0.5 degrees).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.sampling import all_missing, sample, signed_word
from hal.errors import PortError
from hal.ports.i2c import I2cBus
from hal.reading import Channel, Reason, Sample

TEMPERATURE = 0x00
ALWAYS_ZERO = 0x000F
CELSIUS_PER_BIT = 1.0 / 256.0  # of the whole word: 12 bits, left-justified


@dataclass(frozen=True, slots=True, kw_only=True)
class Tmp75Options:
    address: int


def decode(word: int) -> float:
    """Degrees Celsius; raises PortError for a word that no TMP75 gives."""
    if word & ALWAYS_ZERO:
        raise PortError(Reason.CORRUPT, f"{word:#06x} is no temperature of a TMP75")
    return signed_word(word) * CELSIUS_PER_BIT


class Tmp75:
    """Role: `temperature` (degC)."""

    ROLES = ("temperature",)
    Options = Tmp75Options

    def __init__(self, port: I2cBus, clock: Clock, channels: Mapping[str, Channel], options: Tmp75Options) -> None:
        self._bus, self._clock, self._address = port, clock, options.address
        self.channels = (channels["temperature"],)

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        try:
            (word,) = self._bus.read_words(self._address, (TEMPERATURE,))
            celsius = decode(word)
        except PortError as error:
            return all_missing(self.channels, now_ns, error)
        return (sample(self.channels[0], now_ns, celsius),)

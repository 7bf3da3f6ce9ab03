"""TMP117 temperature sensor, 7.8125 m°C a bit. Source: TI SNOSD82, section 7.6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.sampling import all_missing, sample, signed_word
from hal.errors import PortError
from hal.ports.i2c import I2cBus
from hal.reading import Channel, Reason, Sample

TEMPERATURE = 0x00
CONFIGURATION = 0x01
DEVICE_ID = 0x0F
DEVICE = 0x117  # bits 11..0 of DEVICE_ID; the others are the revision
NO_CONVERSION = 0x8000  # -256 degrees Celsius: after a reset, until the first conversion

CELSIUS_PER_BIT = 1.0 / 128.0
AVERAGES = (1, 8, 32, 64)  # code 0 to 3, bits 6..5
CYCLE_S = (0.0155, 0.125, 0.25, 0.5, 1.0, 4.0, 8.0, 16.0)  # code 0 to 7, bits 9..7; averages may lengthen it
WRITABLE = 0x0FE0  # mode, cycle and averages; the rest are flags and the alert pin, which is not used


@dataclass(frozen=True, slots=True, kw_only=True)
class Tmp117Options:
    """The defaults are the chip's own: 8 averages, a conversion each second."""

    address: int
    averages: int = 8
    cycle_s: float = 1.0

    def __post_init__(self) -> None:
        if self.averages not in AVERAGES or self.cycle_s not in CYCLE_S:
            raise ValueError(f"averages must be one of {AVERAGES}, cycle_s one of {CYCLE_S}")

    @property
    def configuration(self) -> int:
        """Mode 0, continuous conversion, with the cycle and the averages."""
        return CYCLE_S.index(self.cycle_s) << 7 | AVERAGES.index(self.averages) << 5


def decode(word: int) -> float:
    """Degrees Celsius."""
    return signed_word(word) * CELSIUS_PER_BIT


class Tmp117:
    """Role: `temperature` (degC)."""

    ROLES = ("temperature",)
    Options = Tmp117Options

    def __init__(self, port: I2cBus, clock: Clock, channels: Mapping[str, Channel], options: Tmp117Options) -> None:
        self._bus = port
        self._clock = clock
        self._address = options.address
        self._configuration = options.configuration
        self._channel = channels["temperature"]
        self._is_set_up = False
        self.channels = (self._channel,)
        self._try_set_up()

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        try:
            word = self._measure()
        except PortError as error:
            self._is_set_up = False
            return all_missing(self.channels, now_ns, error)
        return (sample(self._channel, now_ns, word),)

    def _measure(self) -> float:
        if not self._is_set_up:
            self._set_up()
        (word,) = self._bus.read_words(self._address, (TEMPERATURE,))
        if word == NO_CONVERSION:
            raise PortError(Reason.TIMEOUT, "the first conversion is not finished")
        return decode(word)

    def _try_set_up(self) -> None:
        """Set up at once, so that the first conversion ends before the first read; an absent chip may come later."""
        try:
            self._set_up()
        except PortError:
            self._is_set_up = False

    def _set_up(self) -> None:
        device, configuration = self._bus.read_words(self._address, (DEVICE_ID, CONFIGURATION))
        if device & 0x0FFF != DEVICE:
            raise PortError(Reason.CORRUPT, f"identifies as {device:#06x}, a TMP117 as 0x?117")
        if configuration & WRITABLE != self._configuration:
            self._bus.write_word(self._address, CONFIGURATION, self._configuration)
        self._is_set_up = True

"""A dosimeter with an analogue output (RADFET or dose-rate amplifier) behind an ADS1115 converter.

Source: TI SBAS444, section 8.1 (registers); the scale comes from the dosimeter's calibration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.sampling import all_missing, sample, signed_word
from hal.errors import PortError
from hal.ports.i2c import I2cBus
from hal.reading import Channel, Quality, Reason, Sample

CONVERSION = 0x00
CONFIGURATION = 0x01
START = 0x8000  # write: begin a single conversion; read: no conversion is under way
SINGLE_ENDED = 0x4000  # bits 14..12: 4 + input, against ground
SINGLE_SHOT = 0x0100
NO_COMPARATOR = 0x0003
RANGES_V = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256)  # code 0 to 5, bits 11..9
RATES_SPS = (8, 16, 32, 64, 128, 250, 475, 860)  # code 0 to 7, bits 7..5
SATURATED = 0x7FFF


@dataclass(frozen=True, slots=True, kw_only=True)
class DosimeterOptions:
    """`single_shot` lets the converter sleep between reads; a read gives the conversion that the read before began."""

    address: int
    ugy_s_per_v: float
    offset_v: float = 0.0
    input: int = 0
    range_v: float = 2.048
    rate_sps: int = 8  # the quietest
    single_shot: bool = False

    def __post_init__(self) -> None:
        if self.range_v not in RANGES_V or self.rate_sps not in RATES_SPS:
            raise ValueError(f"range_v must be one of {RANGES_V}, rate_sps one of {RATES_SPS}")
        if not 0 <= self.input <= 3:
            raise ValueError(f"input must be 0 to 3, is {self.input}")

    @property
    def configuration(self) -> int:
        mode = SINGLE_SHOT if self.single_shot else 0
        scale = RANGES_V.index(self.range_v) << 9 | RATES_SPS.index(self.rate_sps) << 5
        return SINGLE_ENDED | self.input << 12 | scale | mode | NO_COMPARATOR

    @property
    def conversion_ns(self) -> int:
        """One conversion at the nominal rate, and the 10 % by which the chip's oscillator may be slow."""
        return 1_100_000_000 // self.rate_sps


def decode(word: int, options: DosimeterOptions) -> float:
    """Dose rate in microgray a second."""
    volts = signed_word(word) * options.range_v / 32_768
    return (volts - options.offset_v) * options.ugy_s_per_v


class Dosimeter:
    """Role: `dose_rate` (uGy/s)."""

    ROLES = ("dose_rate",)
    Options = DosimeterOptions

    def __init__(self, port: I2cBus, clock: Clock, channels: Mapping[str, Channel], options: DosimeterOptions) -> None:
        self._bus = port
        self._clock = clock
        self._options = options
        self._channel = channels["dose_rate"]
        self._started_ns: int | None = None
        self.channels = (self._channel,)
        self._try_start()

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        try:
            word, time_ns = self._measure(now_ns)
        except PortError as error:
            return all_missing(self.channels, now_ns, error)
        quality = Quality.SUSPECT if word == SATURATED else Quality.GOOD
        return (sample(self._channel, time_ns, decode(word, self._options), quality),)

    def _measure(self, now_ns: int) -> tuple[int, int]:
        """The conversion and its time: that of its start for a single shot."""
        if self._started_ns is None:
            self._start(now_ns)
        started_ns = now_ns if self._started_ns is None else self._started_ns
        try:
            configuration, word = self._bus.read_words(self._options.address, (CONFIGURATION, CONVERSION))
            if (configuration ^ self._options.configuration) & ~START:
                raise PortError(Reason.CORRUPT, f"configuration is {configuration:#06x}: chip reset")
        except PortError:
            self._started_ns = None
            raise
        if now_ns - started_ns < self._options.conversion_ns:
            raise PortError(Reason.TIMEOUT, "the first conversion is not finished")
        if not self._options.single_shot:
            return word, now_ns
        self._start(now_ns)
        return word, started_ns

    def _try_start(self) -> None:
        """Start at once, so that the first conversion ends before the first read; an absent chip may come later."""
        try:
            self._start(self._clock.now_ns())
        except PortError:
            self._started_ns = None

    def _start(self, now_ns: int) -> None:
        self._started_ns = None  # stays so when the transfer fails
        self._bus.write_word(self._options.address, CONFIGURATION, self._options.configuration | START)
        self._started_ns = now_ns

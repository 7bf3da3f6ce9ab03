"""INA226 power monitor: bus voltage, current both ways and power over a shunt. Source: TI SBOS547B, section 7."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.sampling import all_missing, sample, signed_word
from hal.errors import PortError
from hal.ports.i2c import I2cBus
from hal.reading import Channel, Quality, Reason, Sample

CONFIGURATION = 0x00
BUS_VOLTAGE = 0x02
POWER = 0x03
CURRENT = 0x04
CALIBRATION = 0x05
MANUFACTURER_ID = 0xFE
DIE_ID = 0xFF
TEXAS_INSTRUMENTS = 0x5449  # "TI"
DIE = 0x226  # bits 15..4 of DIE_ID; the others are the revision

BUS_VOLTAGE_LSB_V = 1.25e-3
POWER_PER_CURRENT_LSB = 25.0  # volts: one bit of power is 25 bits of current
CALIBRATION_SCALE = 0.00512  # equation 1: CAL = 0.00512 / (current LSB x shunt)
SHUNT_FULL_SCALE_V = 81.92e-3
AVERAGES = (1, 4, 16, 64, 128, 256, 512, 1024)  # code 0 to 7, bits 11..9
CONVERSION_US = (140, 204, 332, 588, 1100, 2116, 4156, 8244)  # code 0 to 7, bits 8..6 (bus) and 5..3 (shunt)
CONTINUOUS = 0x4007  # bit 14 reads as 1; mode 7: shunt and bus, continuously

_RESULTS = (CALIBRATION, BUS_VOLTAGE, POWER, CURRENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ina226Options:
    """`is_reversed`: the shunt is mounted the other way. Power is what flows, with the sign of the current.

    On a bus of more volts and amperes than the chip bears, `bus_divider` is the ratio of the divider before its voltage
    input (10: a tenth of the bus), and `shunt_ohm` the burden of a current transducer over its ratio: 1 ohm behind
    5,000:1 acts as 0.2 mOhm in the line.
    """

    address: int
    shunt_ohm: float
    max_current_a: float
    averages: int = 16
    conversion_us: int = 1100
    is_reversed: bool = False
    bus_divider: float = 1.0

    def __post_init__(self) -> None:
        if self.averages not in AVERAGES or self.conversion_us not in CONVERSION_US:
            raise ValueError(f"averages must be one of {AVERAGES}, conversion_us one of {CONVERSION_US}")
        if self.shunt_ohm <= 0.0 or self.max_current_a <= 0.0:
            raise ValueError("shunt_ohm and max_current_a must be positive; is_reversed turns the direction")
        if self.bus_divider < 1.0:
            raise ValueError(f"bus_divider is bus volts over volts at the chip, at least 1, is {self.bus_divider}")
        if self.shunt_ohm * self.max_current_a > SHUNT_FULL_SCALE_V * 1.0001:
            raise ValueError(f"shunt_ohm x max_current_a is over the {SHUNT_FULL_SCALE_V} V that the chip can measure")
        if not 1 <= self.calibration <= 0x7FFF:
            raise ValueError(f"shunt_ohm and max_current_a give calibration {self.calibration}, not in 1 to 32767")

    @property
    def calibration(self) -> int:
        """The calibration register, rounded down: a smaller value only widens the range."""
        return int(CALIBRATION_SCALE * 32_768 / (self.max_current_a * self.shunt_ohm) + 1e-9)

    @property
    def current_lsb_a(self) -> float:
        """What one bit of current is, with the rounded calibration."""
        return CALIBRATION_SCALE / (self.calibration * self.shunt_ohm)

    @property
    def configuration(self) -> int:
        conversion = CONVERSION_US.index(self.conversion_us)
        return CONTINUOUS | AVERAGES.index(self.averages) << 9 | conversion << 6 | conversion << 3

    @property
    def settling_ns(self) -> int:
        """Until both registers hold a whole average; a tenth more, since the chip's oscillator is no better."""
        return 2 * self.averages * self.conversion_us * 1_100


def decode(
    bus_voltage: int, power: int, current: int, current_lsb_a: float, bus_divider: float = 1.0
) -> tuple[float, float, float]:
    """Volts, amperes and watts of the three registers. The power register has no sign; it gets the current's."""
    amperes = signed_word(current) * current_lsb_a
    watts = power * POWER_PER_CURRENT_LSB * abs(current_lsb_a) * bus_divider
    return bus_voltage * BUS_VOLTAGE_LSB_V * bus_divider, amperes, -watts if amperes < 0.0 else watts


class Ina226:
    """Roles: `voltage` (V), `current` (A), `power` (W).

    Each read checks the calibration register: a chip that lost its power answers with 0 A until it is set up anew.
    """

    ROLES = ("voltage", "current", "power")
    Options = Ina226Options

    def __init__(self, port: I2cBus, clock: Clock, channels: Mapping[str, Channel], options: Ina226Options) -> None:
        self._bus = port
        self._clock = clock
        self._address = options.address
        self._options = options
        self._calibration = options.calibration
        self._bus_divider = options.bus_divider
        self._current_lsb_a = -options.current_lsb_a if options.is_reversed else options.current_lsb_a
        self._picks = tuple((channels[role], index) for index, role in enumerate(self.ROLES) if role in channels)
        self._is_set_up = False
        self._valid_from_ns = 0
        self.channels = tuple(channel for channel, _ in self._picks)
        self._try_set_up()

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        try:
            bus_voltage, power, current = self._measure(now_ns)
        except PortError as error:
            return all_missing(self.channels, now_ns, error)
        values = decode(bus_voltage, power, current, self._current_lsb_a, self._bus_divider)
        quality = Quality.SUSPECT if current in (0x7FFF, 0x8000) else Quality.GOOD  # saturated
        return tuple([sample(channel, now_ns, values[index], quality) for channel, index in self._picks])

    def _measure(self, now_ns: int) -> tuple[int, int, int]:
        if not self._is_set_up:
            self._set_up(now_ns)
        try:
            calibration, bus_voltage, power, current = self._bus.read_words(self._address, _RESULTS)
        except PortError:
            self._is_set_up = False
            raise
        if calibration != self._calibration:
            self._is_set_up = False
            raise PortError(Reason.CORRUPT, f"calibration is {calibration}, was set to {self._calibration}: chip reset")
        if now_ns < self._valid_from_ns:
            raise PortError(Reason.TIMEOUT, "the first conversion is not finished")
        return bus_voltage, power, current

    def _try_set_up(self) -> None:
        """Set up at once, so that the first conversion ends before the first read; an absent chip may come later."""
        try:
            self._set_up(self._clock.now_ns())
        except PortError:
            self._is_set_up = False

    def _set_up(self, now_ns: int) -> None:
        maker, die, calibration, configuration = self._bus.read_words(
            self._address, (MANUFACTURER_ID, DIE_ID, CALIBRATION, CONFIGURATION)
        )
        if maker != TEXAS_INSTRUMENTS or die >> 4 != DIE:
            raise PortError(Reason.CORRUPT, f"identifies as {maker:#06x} {die:#06x}, an INA226 as 0x5449 0x226x")
        if (calibration, configuration) != (self._calibration, self._options.configuration):
            self._bus.write_word(self._address, CONFIGURATION, self._options.configuration)
            self._bus.write_word(self._address, CALIBRATION, self._calibration)
            self._valid_from_ns = now_ns + self._options.settling_ns
        self._is_set_up = True

"""INA3221: voltage and current of one of its three inputs, over I2C. Source: TI SBOS576, section 8.6 (registers).

Where the kernel drives the chip (Jetson), its bus answers EBUSY: `ina3221_rail` reads it through hwmon instead. The
chip converts all inputs when it is powered (configuration 0x7127), and its configuration is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hal.clock import Clock
from hal.drivers.sampling import all_missing, sample, signed_word
from hal.errors import PortError
from hal.ports.i2c import I2cBus
from hal.reading import Channel, Reason, Sample

SHUNT, BUS = 0x01, 0x02  # of input 1; the next input's stand two further on
MANUFACTURER_ID, DIE_ID = 0xFE, 0xFF
TEXAS_INSTRUMENTS, DIE = 0x5449, 0x3220
INPUTS = 3
VOLTS_PER_BIT = 8e-3  # bus voltage, in bits 15..3
SHUNT_VOLTS_PER_BIT = 40e-6  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Ina3221Options:
    """`input` is 1 to 3, `shunt_ohm` the resistor at it."""

    address: int
    input: int
    shunt_ohm: float

    def __post_init__(self) -> None:
        if not 1 <= self.input <= INPUTS:
            raise ValueError(f"input must be 1 to {INPUTS}, is {self.input}")
        if self.shunt_ohm <= 0.0:
            raise ValueError(f"shunt_ohm must be more than 0, is {self.shunt_ohm}")


def decode(shunt: int, bus: int, shunt_ohm: float) -> tuple[float, float, float]:
    """Volts, amperes and watts from the two registers of an input."""
    volts = (signed_word(bus) >> 3) * VOLTS_PER_BIT
    amperes = (signed_word(shunt) >> 3) * SHUNT_VOLTS_PER_BIT / shunt_ohm
    return volts, amperes, volts * amperes


class Ina3221:
    """Roles: `voltage` (V), `current` (A), `power` (W), all of one read."""

    ROLES = ("voltage", "current", "power")
    Options = Ina3221Options

    def __init__(self, port: I2cBus, clock: Clock, channels: Mapping[str, Channel], options: Ina3221Options) -> None:
        self._bus, self._clock, self._options = port, clock, options
        step = 2 * (options.input - 1)
        self._registers = (SHUNT + step, BUS + step)
        self._rows = tuple((role, channels[role]) for role in self.ROLES if role in channels)
        self.channels = tuple(channel for _, channel in self._rows)
        self._is_known = False

    def read(self) -> tuple[Sample, ...]:
        now_ns = self._clock.now_ns()
        try:
            if not self._is_known:
                self._identify()
            shunt, bus = self._bus.read_words(self._options.address, self._registers)
        except PortError as error:
            self._is_known = False  # another chip may answer there when one answers again
            return all_missing(self.channels, now_ns, error)
        values = dict(zip(self.ROLES, decode(shunt, bus, self._options.shunt_ohm), strict=True))
        return tuple([sample(channel, now_ns, values[role]) for role, channel in self._rows])

    def _identify(self) -> None:
        maker, die = self._bus.read_words(self._options.address, (MANUFACTURER_ID, DIE_ID))
        if (maker, die) != (TEXAS_INSTRUMENTS, DIE):
            raise PortError(Reason.CORRUPT, f"identifies as {maker:#06x} {die:#06x}, an INA3221 as 0x5449 0x3220")
        self._is_known = True
